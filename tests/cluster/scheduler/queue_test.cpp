#include <QtTest>

#include "cluster/base/simulation.h"
#include "cluster/scheduler/plugins/node_resources_fit.h"
#include "cluster/scheduler/plugins/scheduling_gates.h"
#include "cluster/scheduler/plugins/taint_toleration.h"
#include "cluster/scheduler/scheduling_queue.h"
#include "tests/cluster/scheduler/builders.h"

using namespace qd;
using namespace qd::scheduler;
using namespace qd::scheduler::testing;
using namespace std::chrono_literals;

namespace {

struct Bench {
    Bench() : queue(profiles, executor.clock()) {
        Framework& framework = profiles.add("default-scheduler", std::make_unique<Framework>());
        framework.add(std::make_unique<SchedulingGates>());
        framework.add(std::make_unique<TaintToleration>());
        framework.add(std::make_unique<NodeResourcesFit>());
    }
    PodInfoPtr info(corev1::Pod pod) { return makePodInfo(shared(std::move(pod)), classes); }
    void add(corev1::Pod pod) { queue.add(info(std::move(pod))); }
    std::string pop() {
        const auto next = queue.pop();
        return next ? next->pod->pod->metadata.name : "";
    }
    void reject(const std::string& name, std::string_view plugin) {
        queue.returnUnschedulable("pod-" + name, {plugin});
    }

    base::SimulatedExecutor executor{1};
    Profiles profiles;
    PodClasses classes;
    SchedulingQueue queue;
};

corev1::Pod important(corev1::Pod pod, std::int32_t priority) {
    pod.spec.priority = priority;
    return pod;
}

ClusterEvent podLeft() {
    return {Happening::PodRemoved, shared(onNode(pod("gone", "1"), "n")), nullptr};
}
ClusterEvent nodeAppeared(corev1::Node node) {
    return {Happening::NodeAdded, nullptr, shared(std::move(node))};
}

}  // namespace

class QueueTest : public QObject {
    Q_OBJECT
private slots:
    void thePriorityDecidesThenTheTime() {
        Bench bench;
        bench.add(pod("first"));
        bench.executor.runFor(1s);
        bench.add(pod("second"));
        bench.add(important(pod("urgent"), 1000));
        QCOMPARE(bench.pop(), std::string("urgent"));
        QCOMPARE(bench.pop(), std::string("first"));
        QCOMPARE(bench.pop(), std::string("second"));
        QCOMPARE(bench.pop(), std::string());
    }

    void anUnschedulablePodWaitsForAnEventThatMayHelp() {
        Bench bench;
        bench.add(pod("a", "2"));
        QCOMPARE(bench.pop(), std::string("a"));
        bench.reject("a", "NodeResourcesFit");
        QCOMPARE(bench.pop(), std::string());
        bench.queue.moveFor(nodeAppeared(node("small", "1")));
        QCOMPARE(bench.pop(), std::string());
        bench.queue.moveFor(nodeAppeared(node("big", "4")));
        QCOMPARE(bench.pop(), std::string("a"));
    }

    void anEventThatHelpsAnotherPluginDoesNotMoveThePod() {
        Bench bench;
        bench.add(pod("a"));
        bench.pop();
        bench.reject("a", "TaintToleration");
        bench.queue.moveFor(podLeft());
        QCOMPARE(bench.queue.sizes().unschedulable, std::size_t{1});
        bench.queue.moveFor(nodeAppeared(node("clean")));
        QCOMPARE(bench.pop(), std::string("a"));
    }

    void errorsBackOffFromOneSecondToTen() {
        Bench bench;
        bench.add(pod("a"));
        for (const auto& wait : {1s, 2s, 4s, 8s, 10s, 10s}) {
            QCOMPARE(bench.pop(), std::string("a"));
            bench.queue.returnAfterError("pod-a");
            const auto next = bench.queue.advance();
            QVERIFY(next && *next == wait);
            QCOMPARE(bench.pop(), std::string());
            bench.executor.runFor(wait - 1us);
            bench.queue.advance();
            QCOMPARE(bench.pop(), std::string());
            bench.executor.runFor(1us);
            bench.queue.advance();
        }
    }

    void aPodThatWasTurnedAwayIsTriedEarlyWhenNothingElseWaits() {
        Bench bench;
        bench.add(pod("a", "1"));
        bench.pop();
        bench.reject("a", "NodeResourcesFit");
        bench.queue.moveFor(podLeft());
        QCOMPARE(bench.queue.sizes().backoff, std::size_t{1});
        bench.add(pod("fresh"));
        QCOMPARE(bench.pop(), std::string("fresh"));
        QCOMPARE(bench.pop(), std::string("a"));
    }

    void nobodyWaitsLongerThanFiveMinutesForAnEvent() {
        Bench bench;
        bench.add(pod("a"));
        bench.pop();
        bench.reject("a", "NodeResourcesFit");
        const auto next = bench.queue.advance();
        QVERIFY(next && *next == 5min);
        bench.executor.runFor(5min);
        bench.queue.advance();
        QCOMPARE(bench.pop(), std::string("a"));
    }

    void gatesHoldUntilTheyAreLifted() {
        Bench bench;
        auto gated = pod("a");
        gated.spec.schedulingGates.resize(1);
        bench.add(gated);
        QCOMPARE(bench.queue.sizes().gated, std::size_t{1});
        QVERIFY(!bench.queue.advance());
        bench.queue.moveFor(podLeft());
        QCOMPARE(bench.pop(), std::string());
        bench.queue.update(shared(gated), bench.info(pod("a")));
        QCOMPARE(bench.pop(), std::string("a"));
        QCOMPARE(bench.queue.sizes().gated, std::size_t{0});
    }

    void aPodThatIsGoneWhileItWasTriedDoesNotComeBack() {
        Bench bench;
        bench.add(pod("a"));
        bench.pop();
        QCOMPARE(bench.queue.sizes().inFlight, std::size_t{1});
        bench.queue.remove("pod-a");
        bench.reject("a", "NodeResourcesFit");
        bench.queue.returnAfterError("pod-a");
        QCOMPARE(bench.queue.sizes().inFlight, std::size_t{0});
        QVERIFY(!bench.queue.contains("pod-a"));
    }

    void aWaitingPodThatGetsATolerationIsTriedAgain() {
        Bench bench;
        const auto before = pod("a");
        bench.add(before);
        bench.pop();
        bench.reject("a", "TaintToleration");
        auto after = before;
        after.spec.tolerations.push_back(toleration("k", "Exists"));
        bench.queue.update(shared(before), bench.info(after));
        QCOMPARE(bench.pop(), std::string("a"));
    }
};

QTEST_APPLESS_MAIN(QueueTest)
#include "queue_test.moc"
