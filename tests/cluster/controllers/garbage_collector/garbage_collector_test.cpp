#include "cluster/controllers/garbage_collector/garbage_collector.h"

#include <QtTest>

#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

std::vector<Resource> fewResources() {
    return {{client::resourceOf<appsv1::ReplicaSet>(), "ReplicaSet", true},
            {client::resourceOf<corev1::Pod>(), "Pod", true},
            {client::resourceOf<corev1::ConfigMap>(), "ConfigMap", true},
            {client::resourceOf<corev1::Node>(), "Node", false}};
}

class Garbage : public Scene {
public:
    explicit Garbage(std::uint64_t seed = 1)
        : Scene({{.name = "garbage-collector-controller", .alias = "garbagecollector", .make = [](Context& context) { return std::make_unique<GarbageCollector>(context, fewResources); }}}, seed) {
        owner = client.put(replicaSet("web", 2));
        for (const char* name : {"web-1", "web-2"}) client.put(owned(pod(name), *owner));
    }
    template <typename T>
    T owned(T object, const api::Object& by) {
        object.metadata.ownerReferences.push_back(controllerReference(by));
        return object;
    }
    Result<void> removeOwner(const std::string& policy) {
        client::DeleteOptions options;
        options.propagationPolicy = policy;
        return client.remove(client::resourceOf<appsv1::ReplicaSet>(), "default", "web", options);
    }
    std::size_t pods() { return client.all<corev1::Pod>().size(); }
    client::Ptr<appsv1::ReplicaSet> web() { return client.stored<appsv1::ReplicaSet>("default", "web"); }
    api::ObjectPtr owner;
};

}  // namespace

class GarbageCollectorTest : public QObject {
    Q_OBJECT
private slots:
    void nothingIsTouchedWhileTheOwnerLives() {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            Garbage scene(seed);
            scene.runFor(60s);
            QCOMPARE(joined(scene.client.takeWrites()), QString());
        }
    }

    void inTheBackgroundDependentsGoAfterTheirOwner() {
        Garbage scene;
        scene.settle();
        QVERIFY(scene.removeOwner("Background"));
        QVERIFY(!scene.web());
        scene.settle();
        QCOMPARE(scene.pods(), 0U);
    }

    void inTheForegroundTheOwnerWaitsForItsDependents() {
        Garbage scene;
        scene.client.deletesPodsGracefully = true;
        for (const char* name : {"web-1", "web-2"}) {
            auto scheduled = *scene.client.stored<corev1::Pod>("default", name);
            scheduled.spec.nodeName = "n1";
            scene.client.put(scheduled);
        }
        scene.settle();
        QVERIFY(scene.removeOwner("Foreground"));
        scene.settle();
        QVERIFY(scene.web());
        QVERIFY(scene.client.stored<corev1::Pod>("default", "web-1")->metadata.deletionTimestamp);
        scene.client.erase(client::resourceOf<corev1::Pod>(), "default", "web-1");
        scene.settle();
        QVERIFY(scene.web());
        scene.client.erase(client::resourceOf<corev1::Pod>(), "default", "web-2");
        scene.settle();
        QVERIFY(!scene.web());
    }

    void orphansAreLeftWithoutTheirOwner() {
        Garbage scene;
        scene.settle();
        QVERIFY(scene.removeOwner("Orphan"));
        scene.settle();
        QVERIFY(!scene.web());
        QCOMPARE(scene.pods(), 2U);
        for (const auto& each : scene.client.all<corev1::Pod>()) QVERIFY(each->metadata.ownerReferences.empty());
        scene.runFor(60s);
        QCOMPARE(scene.pods(), 2U);
    }

    void anOwnerThatNeverWasOrIsAnotherNowIsAbsent() {
        Garbage scene;
        appsv1::ReplicaSet ghost = replicaSet("ghost", 1);
        ghost.metadata.uid = "uid-of-a-ghost";
        scene.client.put(scene.owned(pod("haunted"), ghost));
        appsv1::ReplicaSet earlier = replicaSet("web", 1);
        earlier.metadata.uid = "uid-of-an-earlier-web";
        scene.client.put(scene.owned(pod("left-over"), earlier));
        scene.settle();
        QVERIFY(!scene.client.stored<corev1::Pod>("default", "haunted"));
        QVERIFY(!scene.client.stored<corev1::Pod>("default", "left-over"));
        QCOMPARE(scene.pods(), 2U);
    }

    void anObjectStaysWhileOneOfItsOwnersLives() {
        Garbage scene;
        const auto other = scene.client.put(replicaSet("other", 1));
        auto shared = scene.owned(pod("shared"), *scene.owner);
        shared.metadata.ownerReferences.push_back(controllerReference(*other));
        shared.metadata.ownerReferences[1].controller.reset();
        scene.client.put(shared);
        scene.settle();
        QVERIFY(scene.removeOwner("Background"));
        scene.settle();
        const auto left = scene.client.stored<corev1::Pod>("default", "shared");
        QVERIFY(left);
        QCOMPARE(left->metadata.ownerReferences.size(), 1U);
        QCOMPARE(left->metadata.ownerReferences[0].name, std::string("other"));
    }

    void deletionGoesDownThroughTheGenerations() {
        Garbage scene;
        const auto parent = scene.client.stored<corev1::Pod>("default", "web-1");
        corev1::ConfigMap child;
        child.metadata.namespace_ = "default";
        child.metadata.name = "child";
        scene.client.put(scene.owned(child, *parent));
        scene.settle();
        QVERIFY(scene.removeOwner("Foreground"));
        scene.settle();
        QVERIFY(!scene.web());
        QVERIFY(!scene.client.stored<corev1::ConfigMap>("default", "child"));
        QCOMPARE(scene.pods(), 0U);
    }

    void twoThatOwnEachOtherCanStillBeDeleted() {
        Garbage scene;
        auto circular = *scene.web();
        circular.metadata.ownerReferences.push_back(controllerReference(*scene.client.stored<corev1::Pod>("default", "web-1")));
        scene.client.put(circular);
        scene.settle();
        QVERIFY(scene.removeOwner("Foreground"));
        scene.runFor(10s);
        QVERIFY(!scene.web());
        QCOMPARE(scene.pods(), 0U);
    }

    void aReferenceOfAKindThatNobodyKnowsDeletesNothing() {
        Garbage scene;
        auto odd = pod("odd");
        auto& reference = odd.metadata.ownerReferences.emplace_back();
        reference.apiVersion = "example.com/v1";
        reference.kind = "Widget";
        reference.name = "w";
        reference.uid = "uid-w";
        scene.client.put(odd);
        scene.runFor(60s);
        QVERIFY(scene.client.stored<corev1::Pod>("default", "odd"));
    }

    void aClusterScopedObjectWithANamespacedOwnerStaysAndIsReported() {
        Garbage scene;
        corev1::Node node;
        node.metadata.name = "n1";
        auto& reference = node.metadata.ownerReferences.emplace_back();
        reference.apiVersion = "apps/v1";
        reference.kind = "ReplicaSet";
        reference.name = "nowhere";
        reference.uid = "uid-nowhere";
        scene.client.put(node);
        scene.runFor(10s);
        QVERIFY(scene.client.stored<corev1::Node>("", "n1"));
        QVERIFY(joined(scene.client.takeEvents()).contains("Warning OwnerRefInvalidNamespace"));
    }
};

QTEST_APPLESS_MAIN(GarbageCollectorTest)
#include "garbage_collector_test.moc"
