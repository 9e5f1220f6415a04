#include "cluster/controllers/replicaset/replicaset_controller.h"

#include <QtTest>

#include "cluster/controllers/replication/replication_kind.h"
#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

Descriptor descriptor() {
    return {.name = "replicaset-controller", .alias = "replicaset", .make = [](Context& context) { return std::make_unique<ReplicaSetController>(context, replicaSetKind()); }};
}

void markAllReady(Scene& scene) {
    for (const auto& found : scene.client.all<corev1::Pod>()) {
        corev1::Pod changed = *found;
        changed.spec.nodeName = "n1";
        markReady(changed, api::Time(scene.executor.clock().now()));
        scene.client.put(changed);
    }
}

}  // namespace

class ReplicaSetControllerTest : public QObject {
    Q_OBJECT
private slots:
    void aNewReplicaSetGetsItsPodsAndStatus() {
        Scene scene({descriptor()});
        scene.client.put(replicaSet("web", 3));
        scene.settle();
        const auto pods = scene.client.all<corev1::Pod>();
        QCOMPARE(pods.size(), 3U);
        QCOMPARE(pods[0]->metadata.generateName, std::string("web-"));
        QCOMPARE(pods[0]->metadata.labels.at("app"), std::string("web"));
        const auto& reference = pods[0]->metadata.ownerReferences.at(0);
        QCOMPARE(reference.kind, std::string("ReplicaSet"));
        QCOMPARE(reference.apiVersion, std::string("apps/v1"));
        QVERIFY(*reference.controller && *reference.blockOwnerDeletion);
        const auto set = scene.client.stored<appsv1::ReplicaSet>("default", "web");
        QCOMPARE(set->status.replicas, 3);
        QCOMPARE(set->status.fullyLabeledReplicas, 3);
        QCOMPARE(set->status.readyReplicas, 0);
        QCOMPARE(set->status.observedGeneration, 1);
        QCOMPARE(*set->status.terminatingReplicas, 0);
        QCOMPARE(joined(scene.client.takeEvents()), QString("Normal SuccessfulCreate Created pod: web-1\nNormal SuccessfulCreate Created pod: web-2\n"
                                                            "Normal SuccessfulCreate Created pod: web-3\n"));
    }

    void aStaleCopyNeverMakesItCreatePodsTwice() {
        Scene scene({descriptor()});
        scene.settle();
        scene.client.put(replicaSet("web", 3));
        scene.settle();
        scene.client.holdWatches(true);
        // The set changes again and again while its controller does not see the Pods that it deleted and made.
        auto changed = *scene.client.stored<appsv1::ReplicaSet>("default", "web");
        scene.client.holdWatches(false);
        for (int i = 0; i < 5; ++i) {
            changed.metadata.annotations["touched"] = std::to_string(i);
            changed.spec.replicas = 3 + i % 2;
            scene.client.put(changed);
            scene.executor.runReady(3);
            scene.client.holdWatches(true);
            scene.settle();
            scene.client.holdWatches(false);
        }
        changed.spec.replicas = 4;
        scene.client.put(changed);
        scene.runFor(10s);
        std::size_t created = 0;
        for (const auto& line : scene.client.takeWrites()) created += line.starts_with("create pods") ? 1 : 0;
        QCOMPARE(scene.client.all<corev1::Pod>().size(), 4U);
        QVERIFY2(created <= 6, qPrintable(QString::number(created)));
    }

    void everySeedMakesTheSameNumberOfPods() {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            Scene scene({descriptor()}, seed);
            for (int i = 0; i < 5; ++i) {
                auto set = replicaSet("web-" + std::to_string(i), 7);
                set.spec.selector = selecting({{"app", set.metadata.name}});
                set.spec.template_.metadata.labels = {{"app", set.metadata.name}};
                scene.client.put(set);
            }
            scene.settle();
            std::size_t created = 0;
            for (const auto& line : scene.client.takeWrites()) created += line.starts_with("create pods") ? 1 : 0;
            QCOMPARE(created, 35U);
        }
    }

    void readyPodsAreCountedAndAvailableOnesAfterMinReadySeconds() {
        Scene scene({descriptor()});
        auto set = replicaSet("web", 2);
        set.spec.minReadySeconds = 10;
        scene.client.put(set);
        scene.settle();
        markAllReady(scene);
        scene.settle();
        QCOMPARE(scene.client.stored<appsv1::ReplicaSet>("default", "web")->status.readyReplicas, 2);
        QCOMPARE(scene.client.stored<appsv1::ReplicaSet>("default", "web")->status.availableReplicas, 0);
        scene.runFor(12s);
        QCOMPARE(scene.client.stored<appsv1::ReplicaSet>("default", "web")->status.availableReplicas, 2);
    }

    void aDeletedOrFinishedPodIsReplaced() {
        Scene scene({descriptor()});
        scene.client.put(replicaSet("web", 2));
        scene.settle();
        scene.client.erase(client::resourceOf<corev1::Pod>(), "default", "web-1");
        scene.settle();
        QCOMPARE(scene.client.all<corev1::Pod>().size(), 2U);
        auto failed = *scene.client.stored<corev1::Pod>("default", "web-2");
        failed.status.phase = corev1::PodFailed;
        scene.client.put(failed);
        scene.settle();
        QCOMPARE(scene.client.all<corev1::Pod>().size(), 3U);
        QCOMPARE(scene.client.stored<appsv1::ReplicaSet>("default", "web")->status.replicas, 2);
    }

    void scalingDownDeletesPodsAndCountsThoseThatAreStillGoing() {
        Scene scene({descriptor()});
        scene.client.deletesPodsGracefully = true;
        scene.client.put(replicaSet("web", 3));
        scene.settle();
        markAllReady(scene);
        scene.settle();
        scene.client.takeEvents();
        auto smaller = *scene.client.stored<appsv1::ReplicaSet>("default", "web");
        smaller.spec.replicas = 1;
        scene.client.put(smaller);
        scene.settle();
        const auto set = scene.client.stored<appsv1::ReplicaSet>("default", "web");
        QCOMPARE(set->status.replicas, 1);
        QCOMPARE(*set->status.terminatingReplicas, 2);
        QCOMPARE(scene.client.takeEvents().size(), 2U);
    }

    void orphansAreAdoptedAndStraysReleased() {
        Scene scene({descriptor()});
        scene.client.put(pod("lonely"));
        scene.client.put(replicaSet("web", 1));
        scene.settle();
        QCOMPARE(scene.client.all<corev1::Pod>().size(), 1U);
        const auto adopted = scene.client.stored<corev1::Pod>("default", "lonely");
        QCOMPARE(adopted->metadata.ownerReferences.size(), 1U);
        auto relabelled = *adopted;
        relabelled.metadata.labels = {{"app", "debug"}};
        scene.client.put(relabelled);
        scene.settle();
        QVERIFY(scene.client.stored<corev1::Pod>("default", "lonely")->metadata.ownerReferences.empty());
        QCOMPARE(scene.client.all<corev1::Pod>().size(), 2U);
    }

    void aReplicationControllerWorksAlike() {
        Scene scene({{.name = "replicationcontroller-controller", .alias = "replicationcontroller", .make = [](Context& context) {
                          return std::make_unique<ReplicaSetController>(context, replicationControllerKind());
                      }}});
        corev1::ReplicationController made;
        made.metadata.namespace_ = "default";
        made.metadata.name = "web";
        made.spec.replicas = 2;
        made.spec.selector = {{"app", "web"}};
        made.spec.template_ = templateOf("lab:1");
        scene.client.put(made);
        scene.settle();
        const auto pods = scene.client.all<corev1::Pod>();
        QCOMPARE(pods.size(), 2U);
        QCOMPARE(pods[0]->metadata.ownerReferences.at(0).kind, std::string("ReplicationController"));
        QCOMPARE(pods[0]->metadata.ownerReferences.at(0).apiVersion, std::string("v1"));
        QCOMPARE(scene.client.stored<corev1::ReplicationController>("default", "web")->status.replicas, 2);
    }

    void aRefusedPodIsReportedAndTriedAgain() {
        Scene scene({descriptor()});
        bool refuses = true;
        scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (refuses && request.starts_with("create pods")) return Error{Reason::Forbidden, "pods \"web-\" is forbidden: exceeded quota: few"};
            return std::nullopt;
        };
        scene.client.put(replicaSet("web", 3));
        scene.settle();
        const auto set = scene.client.stored<appsv1::ReplicaSet>("default", "web");
        QCOMPARE(set->status.conditions.size(), 1U);
        QCOMPARE(set->status.conditions[0].type, std::string("ReplicaFailure"));
        QCOMPARE(set->status.conditions[0].reason, std::string("FailedCreate"));
        QCOMPARE(set->status.conditions[0].message, std::string("pods \"web-\" is forbidden: exceeded quota: few"));
        QCOMPARE(scene.client.takeEvents().at(0), std::string("Warning FailedCreate Error creating: pods \"web-\" is forbidden: exceeded quota: few"));
        refuses = false;
        scene.runFor(60s);
        QCOMPARE(scene.client.all<corev1::Pod>().size(), 3U);
        QVERIFY(scene.client.stored<appsv1::ReplicaSet>("default", "web")->status.conditions.empty());
    }
};

QTEST_APPLESS_MAIN(ReplicaSetControllerTest)
#include "replicaset_controller_test.moc"
