// Which Pods a hollow node takes. The rules themselves are tested in tests/cluster/api/placement.
#include <QtTest>

#include "cluster/base/simulation.h"
#include "cluster/client/typed.h"
#include "tests/support/fake_client.h"
#include "vmnodes/hollow/hollow_nodes.h"

using namespace qd;
using namespace qd::hollow;
using namespace std::chrono_literals;

namespace {

const std::string kNode = "hollow-node-0";

corev1::Pod podOf(const std::string& name, const std::string& cpu = "") {
    corev1::Pod pod;
    pod.metadata.namespace_ = "default";
    pod.metadata.name = name;
    pod.spec.nodeName = kNode;
    pod.spec.restartPolicy = "Always";
    pod.spec.terminationGracePeriodSeconds = 30;
    pod.spec.containers.resize(1);
    pod.spec.containers[0].name = "c";
    pod.spec.containers[0].image = "app:1";
    if (!cpu.empty()) pod.spec.containers[0].resources.requests["cpu"] = api::Quantity::of(cpu);
    return pod;
}

corev1::Pod opening(corev1::Pod pod, int port) {
    auto& one = pod.spec.containers[0].ports.emplace_back();
    one.containerPort = one.hostPort = port;
    one.protocol = "TCP";
    return pod;
}

// One node of 4 CPUs.
struct Bench {
    Bench() { start(); }
    ~Bench() { end(); }

    void start() {
        informers = std::make_unique<client::InformerFactory>(server, executor);
        nodes = std::make_unique<HollowNodes>(server, *informers, executor, random, Options{.capacity = {.cpu = "4"}});
        informers->start();
        nodes->start();
        executor.runFor(10s);  // without a Pod CIDR it takes one of its own after a while
    }
    void end() {
        nodes->stop();
        informers->stop();
    }
    void restart() {
        end();
        start();
    }
    void put(const corev1::Pod& pod) {
        server.put(pod);
        executor.runFor(1s);
    }
    void remove(const std::string& name) {
        server.erase(client::resourceOf<corev1::Pod>(), "default", name);
        executor.runFor(1s);
    }
    corev1::PodStatus status(const std::string& name) {
        const auto pod = server.stored<corev1::Pod>("default", name);
        return pod ? pod->status : corev1::PodStatus();
    }
    // "Running", or "Failed: OutOfcpu".
    std::string how(const std::string& name) {
        const auto found = status(name);
        return found.phase + (found.reason.empty() ? "" : ": " + found.reason);
    }

    base::SimulatedExecutor executor{1};
    base::Random random{1};
    tests::FakeClient server{executor};
    std::unique_ptr<client::InformerFactory> informers;
    std::unique_ptr<HollowNodes> nodes;
};

}  // namespace

class HollowAdmissionTest : public QObject {
    Q_OBJECT
private slots:
    void aPodThatDoesNotFitIsRefusedWithAnEvent() {
        Bench bench;
        bench.put(podOf("big", "3"));
        (void)bench.server.takeEvents();
        bench.put(podOf("late", "2"));
        QCOMPARE(bench.how("big"), std::string("Running"));
        QCOMPARE(bench.how("late"), std::string("Failed: OutOfcpu"));
        const auto status = bench.status("late");
        const std::string words = "Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000";
        QCOMPARE(status.message, "Pod was rejected: " + words);
        QVERIFY(status.containerStatuses.empty() && status.podIP.empty());
        QVERIFY(bench.server.takeEvents() == std::vector<std::string>{"Warning OutOfcpu " + words});
        bench.executor.runFor(1min);
        QVERIFY(bench.status("late") == status);
        QVERIFY(bench.server.takeEvents().empty());
    }

    void whatHasEndedOrWasRefusedIsNotCounted() {
        Bench bench;
        auto job = podOf("job", "3");
        job.spec.restartPolicy = "Never";
        bench.put(job);
        bench.put(podOf("refused", "2"));
        QCOMPARE(bench.how("refused"), std::string("Failed: OutOfcpu"));
        bench.put(podOf("fits", "1"));
        QCOMPARE(bench.how("fits"), std::string("Running"));
        bench.executor.runFor(10s);
        QCOMPARE(bench.how("job"), std::string("Succeeded"));
        bench.put(podOf("after", "3"));
        QCOMPARE(bench.how("after"), std::string("Running"));
    }

    void aPodThatIsBeingDeletedCountsUntilItIsGone() {
        Bench bench;
        bench.server.deletesPodsGracefully = true;
        auto slow = podOf("slow", "3");
        slow.metadata.annotations["hollow.quarterdeck.dev/stops-after"] = "20s";
        bench.put(slow);
        (void)bench.server.remove(client::resourceOf<corev1::Pod>(), "default", "slow", {});
        bench.executor.runFor(1s);
        bench.put(podOf("early", "2"));
        QCOMPARE(bench.how("early"), std::string("Failed: OutOfcpu"));
        bench.executor.runFor(20s);
        QVERIFY(!bench.server.stored<corev1::Pod>("default", "slow"));
        bench.put(podOf("late", "2"));
        QCOMPARE(bench.how("late"), std::string("Running"));
    }

    void aHostPortIsForOnePodAtATime() {
        Bench bench;
        bench.put(opening(podOf("a"), 8080));
        bench.put(opening(podOf("b"), 8080));
        QCOMPARE(bench.how("b"), std::string("Failed: NodePorts"));
        bench.remove("a");
        bench.put(opening(podOf("c"), 8080));
        QCOMPARE(bench.how("c"), std::string("Running"));
    }

    void theNodeIsLookedAtOnceMoreBeforeAPodIsRefused() {
        Bench bench;
        auto wanting = podOf("a");
        wanting.spec.nodeSelector["zone"] = "b";
        bench.server.holdWatches(true);
        auto node = *bench.server.stored<corev1::Node>("", kNode);
        node.metadata.labels["zone"] = "b";
        bench.server.put(node);
        bench.server.holdWatches(false);
        bench.server.put(wanting);
        bench.executor.runFor(1s);
        QCOMPARE(bench.how("a"), std::string("Running"));
        wanting.metadata.name = "b";
        wanting.spec.nodeSelector["zone"] = "c";
        bench.put(wanting);
        QCOMPARE(bench.how("b"), std::string("Failed: NodeAffinity"));
    }

    void aRefusedPodThatIsDeletedGoes() {
        Bench bench;
        bench.server.deletesPodsGracefully = true;
        bench.put(podOf("big", "5"));
        QCOMPARE(bench.how("big"), std::string("Failed: OutOfcpu"));
        (void)bench.server.remove(client::resourceOf<corev1::Pod>(), "default", "big", {});
        bench.executor.runFor(1s);
        QVERIFY(!bench.server.stored<corev1::Pod>("default", "big"));
    }

    void aRefusalThatCouldNotBeWrittenStands() {
        Bench bench;
        int refused = 0;
        bench.server.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (!request.starts_with("update pods/status") || refused == 3) return std::nullopt;
            ++refused;
            return Error{Reason::ServiceUnavailable, "not now"};
        };
        bench.put(podOf("big", "5"));
        bench.executor.runFor(30s);
        QCOMPARE(refused, 3);
        QCOMPARE(bench.how("big"), std::string("Failed: OutOfcpu"));
        QCOMPARE(bench.server.takeEvents().size(), 1U);
    }

    void whoeverMakesARefusedPodAnewAgainAndAgainIsSlowedDown() {
        Bench bench;
        int made = 0;
        const auto make = [&] { bench.server.put(podOf("big-" + std::to_string(made++), "5")); };
        make();
        for (int i = 0; i < 1000; ++i) {
            bench.executor.runFor(10ms);
            if (bench.how("big-" + std::to_string(made - 1)).starts_with("Failed")) make();
        }
        QVERIFY2(made > 30 && made < 40, qPrintable(QString::number(made)));
        bench.put(podOf("fits", "1"));
        QCOMPARE(bench.how("fits"), std::string("Running"));
    }

    void afterARestartWhatRanRunsOnAndTheOldestComesFirst() {
        Bench bench;
        bench.put(podOf("z-running", "3"));
        bench.end();
        // Written while nobody looked: in the order of names the younger would come first.
        auto old = podOf("m-old", "1");
        old.metadata.creationTimestamp = api::Time(bench.executor.clock().now() - 1min);
        bench.server.put(podOf("a-young", "1"));
        bench.server.put(old);
        bench.start();
        QCOMPARE(bench.how("z-running"), std::string("Running"));
        QCOMPARE(bench.how("m-old"), std::string("Running"));
        QCOMPARE(bench.how("a-young"), std::string("Failed: OutOfcpu"));
        bench.restart();
        QCOMPARE(bench.how("z-running"), std::string("Running"));
        QCOMPARE(bench.how("m-old"), std::string("Running"));
        QCOMPARE(bench.how("a-young"), std::string("Failed: OutOfcpu"));
    }

    void aNodeThatShrankKeepsWhatRuns() {
        Bench bench;
        bench.put(podOf("a", "2"));
        bench.put(podOf("b", "2"));
        auto node = *bench.server.stored<corev1::Node>("", kNode);
        node.status.allocatable["cpu"] = api::Quantity::of("1");
        bench.server.put(node);
        bench.executor.runFor(1s);
        bench.put(podOf("c", "1"));
        QCOMPARE(bench.how("c"), std::string("Failed: OutOfcpu"));
        QCOMPARE(bench.how("a"), std::string("Running"));
        QCOMPARE(bench.how("b"), std::string("Running"));
    }
};

QTEST_APPLESS_MAIN(HollowAdmissionTest)
#include "hollow_admission_test.moc"
