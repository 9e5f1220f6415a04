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

    // All of them at once: a Deployment behind a Service, in a namespace that is then deleted.
    void allControllersTogetherBringAnApplicationUpAndTakeItDown() {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            Options options;
            options.rootCa = "PEM";
            Scene scene(controllerDescriptors(options), seed);
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
