#include "cluster/controllers/replicaset/replica_plan.h"

#include <QtTest>

#include "tests/cluster/controllers/builders.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;

namespace {

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

using Change = std::function<void(corev1::Pod&)>;

client::Ptr<corev1::Pod> runningPod(const std::string& name, const Change& change = {}) {
    corev1::Pod made = pod(name);
    made.metadata.uid = "uid-" + name;
    made.metadata.creationTimestamp = api::Time(kNow - std::chrono::hours(1));
    made.spec.nodeName = "n1";
    markReady(made, api::Time(kNow - std::chrono::hours(1)));
    if (change) change(made);
    return std::make_shared<const corev1::Pod>(made);
}

std::string names(const Pods& pods) {
    std::string text;
    for (const auto& pod : pods) text += (text.empty() ? "" : " ") + pod->metadata.name;
    return text;
}

}  // namespace

class ReplicaPlanTest : public QObject {
    Q_OBJECT
private slots:
    void missingPodsAreCreatedUpToTheBurst() {
        QCOMPARE(planReplicas(3, {}, {}, kNow).create, 3);
        QCOMPARE(planReplicas(3, {runningPod("a")}, {}, kNow).create, 2);
        QCOMPARE(planReplicas(3, {runningPod("a"), runningPod("b"), runningPod("c")}, {}, kNow).create, 0);
        QCOMPARE(planReplicas(5000, {}, {}, kNow).create, kBurstReplicas);
    }

    void allPodsGoWhenNoneIsWanted() {
        QCOMPARE(names(planReplicas(0, {runningPod("a"), runningPod("b")}, {}, kNow).remove), std::string("a b"));
    }

    void podsThatAreWorthLeastAreDeletedFirst_data() {
        QTest::addColumn<QString>("rule");
        for (const char* rule : {"unscheduled", "pending", "unready", "cheap", "crowded", "ready later", "restarted", "sidecar restarted", "younger"}) {
            QTest::newRow(rule) << rule;
        }
    }
    void podsThatAreWorthLeastAreDeletedFirst() {
        static const std::map<QString, Change> kRules = {
            {"unscheduled", [](corev1::Pod& p) { p.spec.nodeName.clear(); }},
            {"pending", [](corev1::Pod& p) { p.status.phase = corev1::PodPending; }},
            {"unready", [](corev1::Pod& p) { markReady(p, {}, false); }},
            {"cheap", [](corev1::Pod& p) { p.metadata.annotations[corev1::PodDeletionCost] = "-1"; }},
            {"crowded", [](corev1::Pod& p) { p.spec.nodeName = "full"; }},
            {"ready later", [](corev1::Pod& p) { markReady(p, api::Time(kNow - std::chrono::minutes(1))); }},
            {"restarted", [](corev1::Pod& p) { p.status.containerStatuses.emplace_back().restartCount = 2; }},
            {"sidecar restarted",
             [](corev1::Pod& p) {
                 auto& sidecar = p.spec.initContainers.emplace_back();
                 sidecar.name = "side";
                 sidecar.restartPolicy = "Always";
                 auto& status = p.status.initContainerStatuses.emplace_back();
                 status.name = "side";
                 status.restartCount = 1;
             }},
            {"younger", [](corev1::Pod& p) { p.metadata.creationTimestamp = api::Time(kNow - std::chrono::minutes(1)); }},
        };
        QFETCH(QString, rule);
        const Pods pods{runningPod("a"), runningPod("chosen", kRules.at(rule)), runningPod("z")};
        Pods related = pods;
        for (const char* name : {"other-1", "other-2", "other-3"}) {
            related.push_back(runningPod(name, [](corev1::Pod& p) { p.spec.nodeName = "full"; }));
        }
        QCOMPARE(names(planReplicas(2, pods, related, kNow).remove), std::string("chosen"));
    }

    void podsOfAboutTheSameAgeGoByTheirUids() {
        const auto aged = [](const std::string& name, std::chrono::minutes age) {
            return runningPod(name, [age](corev1::Pod& p) { markReady(p, api::Time(kNow - age)); });
        };
        // 40 and 60 minutes lie between the same powers of two of nanoseconds; 10 minutes do not.
        QCOMPARE(names(inDeletionOrder({aged("b", std::chrono::minutes(40)), aged("a", std::chrono::minutes(60)), aged("c", std::chrono::minutes(10))}, {}, kNow)), std::string("c a b"));
    }
};

QTEST_APPLESS_MAIN(ReplicaPlanTest)
#include "replica_plan_test.moc"
