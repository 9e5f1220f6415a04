// Whom preemption chooses: which Pods of a node, and which node.
#include <QtTest>

#include "cluster/scheduler/framework/framework.h"
#include "cluster/scheduler/plugins/default_preemption.h"
#include "cluster/scheduler/plugins/inter_pod_affinity.h"
#include "cluster/scheduler/plugins/node_resources_fit.h"
#include "cluster/scheduler/plugins/node_unschedulable.h"
#include "cluster/scheduler/scheduling_algorithm.h"
#include "tests/cluster/scheduler/fake_handle.h"
#include "tests/cluster/scheduler/scene.h"

using namespace qd;
using namespace qd::scheduler;
using namespace qd::scheduler::testing;

namespace {

corev1::Pod started(corev1::Pod pod, std::int64_t seconds) {
    pod.status.startTime = api::Time::fromUnix(1'767'000'000 + seconds);
    return pod;
}

policyv1::PodDisruptionBudget budget(const std::string& name, const std::string& app, std::int32_t allowed) {
    policyv1::PodDisruptionBudget budget;
    budget.metadata.namespace_ = "default";
    budget.metadata.name = name;
    budget.spec.selector.emplace().matchLabels["app"] = app;
    budget.status.disruptionsAllowed = allowed;
    return budget;
}

// Nodes of 4 CPUs with Pods on them, and one that fits nowhere.
struct Bench {
    Bench() {
        scene.framework = std::make_unique<Framework>();
        scene.framework->add(std::make_unique<NodeUnschedulable>());
        scene.framework->add(std::make_unique<NodeResourcesFit>());
        scene.framework->add(std::make_unique<InterPodAffinity>(handle.informers()));
        scene.framework->add(std::make_unique<DefaultPreemption>(handle));
        handle.start();
    }

    // "node: victim victim", or what is said instead.
    std::string preempt(corev1::Pod pod) {
        handle.settle();
        const auto subject = scene.info(std::move(pod));
        CycleState state(scene.framework->size());
        const auto outcome = algorithm.schedule(*scene.framework, state, *subject, scene.cache);
        if (outcome.node) return "fits on " + outcome.node->name();
        if (outcome.nominatedNode.value_or("").empty()) return outcome.diagnosis->postFilterMessage;
        handle.client().takeWrites();
        handle.settle();
        std::string said = *outcome.nominatedNode + ":";
        for (const auto& line : handle.client().takeWrites()) {
            if (line.starts_with("remove pods default/")) said += " " + line.substr(20);
        }
        return said;
    }
    // On the server and in the cache.
    void put(corev1::Pod pod) {
        handle.put(pod);
        scene.add(std::move(pod));
    }

    FakeHandle handle;
    Scene scene;
    base::Random random{1};
    SchedulingAlgorithm algorithm{random};
};

}  // namespace

class PreemptionTest : public QObject {
    Q_OBJECT
private slots:
    void onlyAsManyGoAsHaveTo() {
        Bench bench;
        bench.scene.add(node("n"));
        bench.put(onNode(withPriority(pod("low", "1"), 1), "n"));
        bench.put(onNode(withPriority(pod("mid", "1"), 5), "n"));
        bench.put(onNode(withPriority(pod("mid2", "2"), 5), "n"));
        QCOMPARE(bench.preempt(withPriority(pod("urgent", "1"), 10)), std::string("n: low"));
    }

    void equalsAreNotPreempted() {
        Bench bench;
        bench.scene.add(node("n"));
        bench.put(onNode(withPriority(pod("a", "4"), 10), "n"));
        QCOMPARE(bench.preempt(withPriority(pod("b", "1"), 10)),
                 std::string("preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."));
    }

    void aPodThatPreemptsNobodySaysSo() {
        Bench bench;
        bench.scene.add(node("n"));
        bench.put(onNode(pod("a", "4"), "n"));
        auto polite = withPriority(pod("b", "1"), 10);
        polite.spec.preemptionPolicy = "Never";
        QCOMPARE(bench.preempt(polite), std::string("preemption: not eligible due to preemptionPolicy=Never."));
    }

    void whatRemovingPodsDoesNotHelpIsNotTried() {
        Bench bench;
        auto closed = node("closed");
        closed.spec.unschedulable = true;
        bench.scene.add(closed);
        bench.scene.add(node("small", "1"));
        bench.put(onNode(pod("a", "1"), "closed"));
        bench.put(onNode(pod("b", "1"), "small"));
        QCOMPARE(bench.preempt(withPriority(pod("c", "2"), 10)),
                 std::string("preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."));
    }

    void budgetsAreSparedBeforePriorities() {
        Bench bench;
        bench.handle.put(budget("guard", "guarded", 0));
        bench.scene.add(node("a"));
        bench.scene.add(node("b"));
        bench.put(onNode(withPriority(labelled(pod("guarded", "4"), "app", "guarded"), 1), "a"));
        bench.put(onNode(withPriority(labelled(pod("free", "4"), "app", "free"), 5), "b"));
        QCOMPARE(bench.preempt(withPriority(pod("urgent", "1"), 10)), std::string("b: free"));
    }

    void budgetsDoNotHoldWhenThereIsNoOtherWay() {
        Bench bench;
        bench.handle.put(budget("guard", "guarded", 0));
        bench.scene.add(node("a"));
        bench.put(onNode(labelled(pod("guarded", "4"), "app", "guarded"), "a"));
        QCOMPARE(bench.preempt(withPriority(pod("urgent", "1"), 10)), std::string("a: guarded"));
    }

    void onOneNodeThoseWithoutBudgetGoFirst() {
        Bench bench;
        bench.handle.put(budget("guard", "guarded", 0));
        bench.scene.add(node("a"));
        bench.put(onNode(withPriority(labelled(pod("guarded", "2"), "app", "guarded"), 1), "a"));
        bench.put(onNode(withPriority(labelled(pod("free", "2"), "app", "free"), 5), "a"));
        QCOMPARE(bench.preempt(withPriority(pod("urgent", "2"), 10)), std::string("a: free"));
    }

    void theChosenNodeCostsLeast_data() {
        QTest::addColumn<QString>("expected");
        QTest::newRow("the least important first victim") << "b: b1";
        QTest::newRow("the least sum of priorities") << "b: b1 b2";
        QTest::newRow("the fewest victims") << "b: b1 b2";
        QTest::newRow("the latest start") << "b: b1";
    }

    void theChosenNodeCostsLeast() {
        QFETCH(QString, expected);
        const std::string what = QTest::currentDataTag();
        Bench bench;
        bench.scene.add(node("a"));
        bench.scene.add(node("b"));
        const auto put = [&](const std::string& name, const std::string& cpu, std::int32_t priority,
                             std::int64_t start) {
            bench.put(onNode(started(withPriority(pod(name, cpu), priority), start), name.substr(0, 1)));
        };
        if (what == "the least important first victim") {
            put("a1", "4", 5, 0);
            put("b1", "4", 4, 0);
        } else if (what == "the least sum of priorities") {
            put("a1", "2", 5, 0);
            put("a2", "2", 4, 0);
            put("b1", "2", 5, 0);
            put("b2", "2", 3, 0);
        } else if (what == "the fewest victims") {
            // Three of -2^31+2 and two whose sum is the same, raised above zero.
            put("a1", "2", 5, 0);
            put("a2", "1", -2147483647, 0);
            put("a3", "1", -2147483647, 0);
            put("b1", "2", 5, 0);
            put("b2", "2", -2147483646, 0);
        } else {
            put("a1", "4", 5, 10);
            put("b1", "4", 5, 20);
        }
        QCOMPARE(QString::fromStdString(bench.preempt(withPriority(pod("urgent", "4"), 10))), expected);
    }

    void amongEqualsTheLongestAtWorkStays() {
        Bench bench;
        bench.scene.add(node("n"));
        bench.put(onNode(started(pod("old", "2"), 0), "n"));
        bench.put(onNode(started(pod("new", "2"), 100), "n"));
        QCOMPARE(bench.preempt(withPriority(pod("urgent", "2"), 10)), std::string("n: new"));
    }

    void theVictimsSayWhyTheyGo() {
        Bench bench;
        bench.scene.add(node("n"));
        bench.handle.client().deletesPodsGracefully = true;
        bench.put(onNode(pod("low", "4"), "n"));
        QCOMPARE(bench.preempt(withPriority(pod("urgent", "1"), 10)), std::string("n: low"));
        const auto victim = bench.handle.client().stored<corev1::Pod>("default", "low");
        QVERIFY(victim->metadata.deletionTimestamp);
        QCOMPARE(victim->status.conditions.size(), std::size_t{1});
        const auto& condition = victim->status.conditions.front();
        QCOMPARE(condition.type, std::string("DisruptionTarget"));
        QCOMPARE(condition.status, std::string("True"));
        QCOMPARE(condition.reason, std::string("PreemptionByScheduler"));
        QCOMPARE(condition.message, std::string("default-scheduler: preempting to accommodate a higher priority pod"));
        QCOMPARE(bench.handle.events,
                 (std::vector<std::string>{"Normal Preempted low: Preempted by pod pod-urgent on node n"}));
        QCOMPARE(bench.handle.reconsidered, (std::vector<std::string>{"pod-urgent"}));
    }

    void thePodWaitsUntilItsVictimsAreDeleted() {
        Bench bench;
        bench.scene.add(node("n"));
        bench.put(onNode(pod("low", "4"), "n"));
        const auto subject = bench.scene.info(withPriority(pod("urgent", "1"), 10));
        CycleState state(bench.scene.framework->size());
        bench.algorithm.schedule(*bench.scene.framework, state, *subject, bench.scene.cache);
        QCOMPARE(bench.scene.framework->preEnqueue(*subject).message(),
                 std::string("waiting for the preemption for this pod to be finished"));
        bench.handle.settle();
        QVERIFY(bench.scene.framework->preEnqueue(*subject).ok());
    }

    void aVictimThatCannotBeDeletedLetsThePodTryAgain() {
        Bench bench;
        bench.scene.add(node("n"));
        bench.put(onNode(pod("low", "4"), "n"));
        bench.handle.client().refuse = [](const std::string& request) -> std::optional<Error> {
            if (request == "remove pods default/low") return Error{Reason::InternalError, "no"};
            return std::nullopt;
        };
        bench.preempt(withPriority(pod("urgent", "1"), 10));
        QCOMPARE(bench.handle.reconsidered, (std::vector<std::string>{"pod-urgent now"}));
    }

    void nobodyMoreIsPreemptedWhileVictimsLeave() {
        Bench bench;
        bench.scene.add(node("n"));
        auto leaving = onNode(pod("low", "4"), "n");
        leaving.metadata.deletionTimestamp = api::Time::fromUnix(1);
        corev1::PodCondition condition;
        condition.type = "DisruptionTarget";
        condition.status = "True";
        condition.reason = "PreemptionByScheduler";
        leaving.status.conditions.push_back(condition);
        bench.put(leaving);
        auto urgent = withPriority(pod("urgent", "1"), 10);
        urgent.status.nominatedNodeName = "n";
        QCOMPARE(bench.preempt(urgent),
                 std::string("preemption: not eligible due to a terminating pod on the nominated node."));
    }

    void roomThatIsBeingMadeIsNotTakenByOthers() {
        Bench bench;
        bench.scene.add(node("n"));
        bench.scene.cache.nominations().set(bench.scene.info(withPriority(pod("urgent", "3"), 10)), "n");
        QCOMPARE(bench.preempt(withPriority(pod("same", "2"), 10)),
                 std::string("preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."));
        QCOMPARE(bench.preempt(withPriority(pod("less", "1"), 0)), std::string("fits on n"));
        QCOMPARE(bench.preempt(withPriority(pod("more", "4"), 20)), std::string("fits on n"));
        QCOMPARE(bench.preempt(withPriority(pod("urgent", "3"), 10)), std::string("fits on n"));
    }

    void lessImportantPodsLoseTheirNomination() {
        Bench bench;
        bench.scene.add(node("n"));
        bench.put(onNode(pod("low", "4"), "n"));
        auto waiting = withPriority(pod("waiting", "1"), 5);
        waiting.status.nominatedNodeName = "n";
        bench.handle.put(waiting);
        bench.scene.cache.nominations().set(bench.scene.info(waiting), "n");
        QCOMPARE(bench.preempt(withPriority(pod("urgent", "4"), 10)), std::string("n: low"));
        QCOMPARE(bench.handle.dropped, (std::vector<std::string>{"pod-waiting"}));
        QVERIFY(bench.handle.client().stored<corev1::Pod>("default", "waiting")->status.nominatedNodeName.empty());
    }

    void theTrialLeavesEverythingAsItWas() {
        Bench bench;
        bench.scene.add(node("n"));
        bench.put(onNode(pod("a", "1"), "n"));
        bench.put(onNode(pod("b", "3"), "n"));
        bench.preempt(withPriority(pod("urgent", "2"), 10));
        QCOMPARE(bench.scene.cache.find("n")->pods().size(), std::size_t{2});
        QCOMPARE(bench.scene.cache.find("n")->requested().milliCpu, std::int64_t{4000});
    }

    void aPodThatDoesNotWantTheOthersNearIsHelpedToo() {
        Bench bench;
        bench.scene.add(node("n"));
        bench.put(onNode(labelled(pod("noisy", "1"), "app", "noisy"), "n"));
        auto quiet = withPriority(pod("quiet", "1"), 10);
        auto& term = quiet.spec.affinity.ensure()
                         .podAntiAffinity.ensure()
                         .requiredDuringSchedulingIgnoredDuringExecution.emplace_back();
        term.topologyKey = "kubernetes.io/hostname";
        term.labelSelector.emplace().matchLabels["app"] = "noisy";
        QCOMPARE(bench.preempt(quiet), std::string("n: noisy"));
    }
};

QTEST_APPLESS_MAIN(PreemptionTest)
#include "preemption_test.moc"
