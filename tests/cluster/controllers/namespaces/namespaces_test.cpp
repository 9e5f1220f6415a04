#include <QtTest>

#include "cluster/controllers/namespaces/namespace_controller.h"
#include "cluster/controllers/root_ca/root_ca_publisher.h"
#include "cluster/controllers/serviceaccount/serviceaccount_controller.h"
#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

std::vector<Resource> fewResources() {
    return {{client::resourceOf<corev1::ConfigMap>(), "ConfigMap", true}, {client::resourceOf<corev1::Pod>(), "Pod", true}, {client::resourceOf<corev1::Node>(), "Node", false}};
}

Descriptor deleter() {
    return {.name = "namespace-controller", .alias = "namespace", .make = [](Context& context) { return std::make_unique<NamespaceController>(context, fewResources); }};
}

corev1::Namespace shop() {
    corev1::Namespace ns;
    ns.metadata.name = "shop";
    ns.spec.finalizers = {"kubernetes"};
    ns.status.phase = "Active";
    return ns;
}

corev1::ConfigMap configMap(const std::string& name) {
    corev1::ConfigMap map;
    map.metadata.namespace_ = "shop";
    map.metadata.name = name;
    return map;
}

class Deletion : public Scene {
public:
    Deletion() : Scene({deleter()}) { client.put(shop()); }
    void begin() { QVERIFY(client.remove(client::resourceOf<corev1::Namespace>(), "", "shop")); }
    client::Ptr<corev1::Namespace> ns() { return client.stored<corev1::Namespace>("", "shop"); }
    QString condition(const std::string& type) {
        for (const auto& each : ns()->status.conditions) {
            if (each.type == type) return QString::fromStdString(each.status + " " + each.reason + ": " + each.message);
        }
        return "none";
    }
};

}  // namespace

class NamespacesTest : public QObject {
    Q_OBJECT
private slots:
    void everyActiveNamespaceGetsADefaultServiceAccountAndTheRootCa() {
        Scene scene({{.name = "serviceaccount-controller", .alias = "serviceaccount", .make = [](Context& context) { return std::make_unique<ServiceAccountController>(context); }},
                     {.name = "root-ca", .alias = "root-ca", .make = [](Context& context) { return std::make_unique<RootCaPublisher>(context, "PEM"); }}});
        scene.client.put(shop());
        scene.settle();
        QVERIFY(scene.client.stored<corev1::ServiceAccount>("shop", "default"));
        const auto map = scene.client.stored<corev1::ConfigMap>("shop", "kube-root-ca.crt");
        QVERIFY(map);
        QCOMPARE(map->data.at("ca.crt"), std::string("PEM"));
        QVERIFY(map->metadata.annotations.contains("kubernetes.io/description"));

        scene.client.erase(client::resourceOf<corev1::ServiceAccount>(), "shop", "default");
        auto forged = *map;
        forged.data = {{"ca.crt", "other"}};
        scene.client.put(forged);
        scene.settle();
        QVERIFY(scene.client.stored<corev1::ServiceAccount>("shop", "default"));
        QCOMPARE(scene.client.stored<corev1::ConfigMap>("shop", "kube-root-ca.crt")->data.at("ca.crt"), std::string("PEM"));
    }

    void aTerminatingNamespaceGetsNothing() {
        Scene scene({{.name = "serviceaccount-controller", .alias = "serviceaccount", .make = [](Context& context) { return std::make_unique<ServiceAccountController>(context); }}});
        auto going = shop();
        going.status.phase = "Terminating";
        scene.client.put(going);
        scene.settle();
        QVERIFY(!scene.client.stored<corev1::ServiceAccount>("shop", "default"));
    }

    void anEmptyNamespaceGoesAtOnce() {
        Deletion scene;
        scene.settle();
        scene.begin();
        scene.settle();
        QVERIFY(!scene.ns());
    }

    void contentGoesBeforeTheNamespacePodsFirst() {
        Deletion scene;
        scene.client.put(configMap("a"));
        auto leaving = pod("web");
        leaving.metadata.namespace_ = "shop";
        leaving.spec.nodeName = "n1";
        leaving.spec.terminationGracePeriodSeconds = 30;
        scene.client.put(leaving);
        scene.client.deletesPodsGracefully = true;
        scene.settle();
        scene.begin();
        scene.settle();
        QVERIFY(scene.ns());
        QCOMPARE(scene.ns()->status.phase, std::string("Terminating"));
        QVERIFY(scene.client.stored<corev1::ConfigMap>("shop", "a"));  // waits for the Pod
        scene.client.erase(client::resourceOf<corev1::Pod>(), "shop", "web");
        scene.settle();
        QVERIFY(!scene.client.stored<corev1::ConfigMap>("shop", "a"));
        QVERIFY(!scene.ns());
    }

    void finalizersHoldTheNamespaceAndAreNamed() {
        Deletion scene;
        auto held = configMap("held");
        held.metadata.finalizers = {"example.com/wait"};
        scene.client.put(held);
        scene.settle();
        scene.begin();
        scene.settle();
        QCOMPARE(scene.condition("NamespaceContentRemaining"), QString("True SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances"));
        QCOMPARE(scene.condition("NamespaceFinalizersRemaining"),
                 QString("True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/wait in 1 resource instances"));
        QCOMPARE(scene.condition("NamespaceDeletionContentFailure"), QString("False ContentDeleted: All content successfully deleted, may be waiting on finalization"));
        QCOMPARE(scene.condition("NamespaceDeletionDiscoveryFailure"), QString("False ResourcesDiscovered: All resources successfully discovered"));
        scene.client.erase(client::resourceOf<corev1::ConfigMap>(), "shop", "held");
        scene.runFor(20s);
        QVERIFY(!scene.ns());
    }

    void theThreeThatMustStayKeepTheirContent() {
        Deletion scene;
        auto system = shop();
        system.metadata.name = "kube-system";
        system.metadata.deletionTimestamp = api::Time::fromUnix(1);
        scene.client.put(system);
        auto map = configMap("a");
        map.metadata.namespace_ = "kube-system";
        scene.client.put(map);
        scene.settle();
        QVERIFY(scene.client.stored<corev1::ConfigMap>("kube-system", "a"));
    }
};

QTEST_APPLESS_MAIN(NamespacesTest)
#include "namespaces_test.moc"
