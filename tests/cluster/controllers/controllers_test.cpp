#include "cluster/controllers/controllers.h"

#include <QtTest>
#include <set>

#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

QString enabled(const std::vector<std::string>& list) {
    QStringList names;
    for (const auto& descriptor : controllerDescriptors()) {
        if (isEnabled(list, descriptor)) names << QString::fromStdString(std::string(descriptor.alias));
    }
    return names.join(' ');
}

}  // namespace

class ControllersTest : public QObject {
    Q_OBJECT
private slots:
    void namesAndAliasesAreUnique() {
        std::set<std::string_view> names;
        std::set<std::string_view> aliases;
        const auto all = controllerDescriptors();
        for (const auto& descriptor : all) {
            names.insert(descriptor.name);
            aliases.insert(descriptor.alias);
        }
        QCOMPARE(names.size(), all.size());
        QCOMPARE(aliases.size(), all.size());
    }

    void theListOfControllersIsReadAsUpstreamReadsIt() {
        QCOMPARE(enabled({"deployment", "replicaset-controller"}), QString("deployment replicaset"));
        QVERIFY(!enabled({"*", "-namespace"}).split(' ').contains("namespace"));
        QVERIFY(enabled({"*", "-namespace"}).split(' ').contains("podgc"));
        QCOMPARE(enabled({}), QString());
    }

    void whatIsOffByDefaultIsOnWhenNamed() {
        QVERIFY(!enabled({"*"}).split(' ').contains("bootstrapsigner"));
        QVERIFY(enabled({"*", "bootstrap-signer-controller"}).split(' ').contains("bootstrapsigner"));
        QVERIFY(!enabled({"*"}).split(' ').contains("service"));  // nobody gives addresses here
    }

    void aListOfControllersIsChecked_data() {
        QTest::addColumn<QString>("list");
        QTest::addColumn<QString>("problem");
        QTest::newRow("all") << "*" << "";
        QTest::newRow("none") << "none" << "";
        QTest::newRow("names and aliases") << "*,-ttl,bootstrapsigner,job-controller" << "";
        QTest::newRow("nobody's name") << "*,jobs" << "\"jobs\" is not in the list of known controllers";
        QTest::newRow("nobody's name left out") << "*,-jobs" << "\"jobs\" is not in the list of known controllers";
        QTest::newRow("one that is absent") << "*,selinux-warning-controller" << "the controller \"selinux-warning-controller\" is not there yet: nodes have no SELinux";
        QTest::newRow("by its alias") << "resource-claim-controller" << "the controller \"resourceclaim-controller\" is not there yet: it comes with dynamic resource allocation";
        QTest::newRow("an absent one left out") << "*,-resourceclaim-controller" << "";
        QTest::newRow("one that lacks something") << "service" << "the controller \"service-lb-controller\" is not there yet: there is no range of load balancer addresses";
    }
    void aListOfControllersIsChecked() {
        QFETCH(QString, list);
        std::vector<std::string> items;
        for (const auto& item : list.split(',')) items.push_back(item.toStdString());
        const auto checked = checkControllerList(items);
        QTEST(QString::fromStdString(checked ? "" : checked.error().message), "problem");
    }

    void noControllerIsBothThereAndAbsent() {
        std::set<std::string_view> names;
        for (const auto& descriptor : controllerDescriptors()) names.insert({descriptor.name, descriptor.alias});
        for (const auto& absent : absentControllers()) QVERIFY2(!names.contains(absent.name) && !names.contains(absent.alias), absent.name.data());
    }

    // All of them at once: a Deployment behind a Service, in a namespace that is then deleted.
    void allControllersTogetherBringAnApplicationUpAndTakeItDown() {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            Options options;
            options.rootCa = "PEM";
            auto chosen = controllerDescriptors(options);
            std::erase_if(chosen, [](const auto& descriptor) { return !isEnabled({"*"}, descriptor); });
            Scene scene(chosen, seed);
            corev1::Namespace ns;
            ns.metadata.name = "default";
            ns.status.phase = "Active";
            scene.client.put(ns);
            ns.metadata.name = "shop";
            ns.spec.finalizers = {"kubernetes"};
            scene.client.put(ns);
            corev1::Node node;
            node.metadata.name = "n1";
            auto& ready = node.status.conditions.emplace_back();
            ready.type = "Ready";
            ready.status = "True";
            scene.client.put(node);
            auto web = deployment("web", 3);
            web.metadata.namespace_ = "shop";
            scene.client.put(web);
            corev1::Service service;
            service.metadata.namespace_ = "shop";
            service.metadata.name = "web";
            service.spec.clusterIP = "10.96.0.9";
            service.spec.selector = {{"app", "web"}};
            auto& port = service.spec.ports.emplace_back();
            port.port = 80;
            port.protocol = "TCP";
            port.targetPort = 8080;
            scene.client.put(service);
            scene.settle();
            int host = 1;
            for (const auto& found : scene.client.all<corev1::Pod>()) {
                corev1::Pod running = *found;
                running.spec.nodeName = "n1";
                running.status.podIP = "10.244.0." + std::to_string(++host);
                running.status.podIPs.emplace_back().ip = running.status.podIP;
                markReady(running, api::Time(scene.executor.clock().now()));
                scene.client.put(running);
            }
            scene.runFor(3s);
            QCOMPARE(scene.client.stored<appsv1::Deployment>("shop", "web")->status.availableReplicas, 3);
            QCOMPARE(scene.client.stored<corev1::Endpoints>("shop", "web")->subsets.at(0).addresses.size(), 3U);
            QCOMPARE(scene.client.stored<corev1::Node>("", "n1")->spec.podCIDR, std::string("10.244.0.0/24"));
            QVERIFY(scene.client.stored<corev1::ConfigMap>("shop", "kube-root-ca.crt"));

            QVERIFY(scene.client.remove(client::resourceOf<corev1::Namespace>(), "", "shop"));
            scene.runFor(30s);
            QVERIFY(!scene.client.stored<corev1::Namespace>("", "shop"));
            QVERIFY(scene.client.all<corev1::Pod>().empty());
            QVERIFY(scene.client.all<appsv1::ReplicaSet>().empty());
        }
    }
};

QTEST_APPLESS_MAIN(ControllersTest)
#include "controllers_test.moc"
