#include <QtTest>

#include "cluster/base/simulation.h"
#include "cluster/client/typed.h"
#include "tests/support/fake_client.h"
#include "vmnodes/hollow/address_pool.h"
#include "vmnodes/hollow/hollow_nodes.h"
#include "vmnodes/hollow/pod_run.h"

using namespace qd;
using namespace qd::hollow;
using namespace std::chrono_literals;

namespace {

corev1::Pod podOn(const std::string& node, const std::string& name, const std::string& policy = "Always") {
    corev1::Pod pod;
    pod.metadata.namespace_ = "default";
    pod.metadata.name = name;
    pod.spec.nodeName = node;
    pod.spec.restartPolicy = policy;
    pod.spec.terminationGracePeriodSeconds = 30;
    pod.spec.containers.resize(1);
    pod.spec.containers[0].name = "c";
    pod.spec.containers[0].image = "app:1";
    return pod;
}

corev1::Pod annotated(corev1::Pod pod, const std::string& key, const std::string& value) {
    pod.metadata.annotations["hollow.quarterdeck.dev/" + key] = value;
    return pod;
}

struct Bench {
    explicit Bench(unsigned count = 1, const char* script = "")
        : informers(server, executor),
          nodes(server, informers, executor, random,
                {.count = count, .script = std::make_shared<const Script>(Script::read(script).value())}) {
        server.deletesPodsGracefully = true;
        informers.start();
        nodes.start();
        executor.runFor(1s);
        for (const auto& name : nodes.names()) {
            auto node = *server.stored<corev1::Node>("", name);
            node.spec.podCIDR = "10.244.7.0/24";
            server.put(node);
        }
        executor.runFor(1s);
    }
    client::Ptr<corev1::Pod> pod(const std::string& name) { return server.stored<corev1::Pod>("default", name); }
    std::string phase(const std::string& name) { return pod(name) ? pod(name)->status.phase : "gone"; }
    std::string ready(const std::string& name) { return condition(pod(name)->status.conditions, "Ready"); }
    template <typename Conditions>
    static std::string condition(const Conditions& conditions, const std::string& type) {
        for (const auto& each : conditions) {
            if (each.type == type) return each.status;
        }
        return "";
    }

    base::SimulatedExecutor executor{1};
    base::Random random{1};
    tests::FakeClient server{executor};
    client::InformerFactory informers;
    HollowNodes nodes;
};

}  // namespace

class HollowNodesTest : public QObject {
    Q_OBJECT
private slots:
    void nodesRegisterAndSendHeartbeats() {
        Bench bench(3);
        QCOMPARE(bench.server.all<corev1::Node>().size(), std::size_t{3});
        const auto node = bench.server.stored<corev1::Node>("", "hollow-node-2");
        QCOMPARE(Bench::condition(node->status.conditions, "Ready"), std::string("True"));
        QCOMPARE(node->status.allocatable.at("pods").value(), std::int64_t{110});
        const auto lease = bench.server.stored<coordinationv1::Lease>("kube-node-lease", "hollow-node-2");
        bench.executor.runFor(30s);
        const auto later = bench.server.stored<coordinationv1::Lease>("kube-node-lease", "hollow-node-2");
        QVERIFY(*later->spec.renewTime > *lease->spec.renewTime);
        bench.executor.runFor(5min);
        const auto reported = bench.server.stored<corev1::Node>("", "hollow-node-2");
        QVERIFY(reported->status.conditions[0].lastHeartbeatTime > node->status.conditions[0].lastHeartbeatTime);
        QVERIFY(reported->status.conditions[0].lastTransitionTime == node->status.conditions[0].lastTransitionTime);
    }

    void advertisedResourcesBecomeAllocatableAndStay() {
        Bench bench;
        auto node = *bench.server.stored<corev1::Node>("", "hollow-node-0");
        node.status.capacity["example.com/dongle"] = api::Quantity(4);
        bench.server.put(node);
        const auto dongles = [&] {
            const auto found = bench.server.stored<corev1::Node>("", "hollow-node-0");
            return found->status.allocatable.contains("example.com/dongle") ? found->status.allocatable.at("example.com/dongle").value() : 0;
        };
        bench.executor.runFor(20s);
        QCOMPARE(dongles(), std::int64_t{4});
        bench.executor.runFor(6min);
        QCOMPARE(dongles(), std::int64_t{4});
        node = *bench.server.stored<corev1::Node>("", "hollow-node-0");
        QCOMPARE(node.status.capacity.at("example.com/dongle").value(), std::int64_t{4});
        QCOMPARE(node.status.allocatable.at("pods").value(), std::int64_t{110});
        node.status.capacity.erase("example.com/dongle");
        bench.server.put(node);
        bench.executor.runFor(20s);
        QCOMPARE(dongles(), std::int64_t{0});
    }

    void aPodIsMadeRunsAndGetsAnAddressOfItsNode() {
        Bench bench;
        bench.server.put(podOn("hollow-node-0", "a"));
        bench.executor.runFor(50ms);
        QCOMPARE(bench.phase("a"), std::string("Pending"));
        QCOMPARE(bench.pod("a")->status.containerStatuses.at(0).state.waiting->reason,
                 std::string("ContainerCreating"));
        bench.executor.runFor(1s);
        QCOMPARE(bench.phase("a"), std::string("Running"));
        QCOMPARE(bench.ready("a"), std::string("True"));
        QCOMPARE(bench.pod("a")->status.podIP, std::string("10.244.7.2"));
        QCOMPARE(bench.pod("a")->status.hostIP,
                 bench.server.stored<corev1::Node>("", "hollow-node-0")->status.addresses[0].address);
        bench.server.put(podOn("another-node", "b"));
        bench.executor.runFor(1s);
        QCOMPARE(bench.phase("b"), std::string());
    }

    void aDeletedPodStopsWithinItsGraceAndGoes() {
        Bench bench;
        bench.server.put(annotated(podOn("hollow-node-0", "slow"), "stops-after", "20s"));
        bench.executor.runFor(1s);
        (void)bench.server.remove(client::resourceOf<corev1::Pod>(), "default", "slow", {});
        bench.executor.runFor(19s);
        QCOMPARE(bench.phase("slow"), std::string("Running"));
        bench.executor.runFor(2s);
        QCOMPARE(bench.phase("slow"), std::string("gone"));
    }

    void aGracePeriodMayStillBeShortened() {
        Bench bench;
        bench.server.put(annotated(podOn("hollow-node-0", "slow"), "stops-after", "1h"));
        bench.executor.runFor(1s);
        const auto resource = client::resourceOf<corev1::Pod>();
        (void)bench.server.remove(resource, "default", "slow", {});
        bench.executor.runFor(5s);
        client::DeleteOptions sooner;
        sooner.gracePeriodSeconds = 3;
        (void)bench.server.remove(resource, "default", "slow", sooner);
        bench.executor.runFor(2s);
        QCOMPARE(bench.phase("slow"), std::string("Running"));
        bench.executor.runFor(2s);
        QCOMPARE(bench.phase("slow"), std::string("gone"));
    }

    void podsThatAreNotToBeRestartedEnd() {
        Bench bench;
        bench.server.put(podOn("hollow-node-0", "good", "Never"));
        bench.server.put(annotated(podOn("hollow-node-0", "bad", "Never"), "exit-code", "3"));
        bench.executor.runFor(10s);
        QCOMPARE(bench.phase("good"), std::string("Succeeded"));
        QCOMPARE(bench.phase("bad"), std::string("Failed"));
        QCOMPARE(bench.pod("bad")->status.containerStatuses.at(0).state.terminated->exitCode, 3);
        QCOMPARE(bench.ready("good"), std::string("False"));
    }

    void containersThatKeepEndingBackOff() {
        Bench bench;
        bench.server.put(annotated(annotated(podOn("hollow-node-0", "crash"), "exits-after", "1s"), "exit-code", "1"));
        bench.executor.runFor(3s);
        QCOMPARE(bench.phase("crash"), std::string("Running"));
        QCOMPARE(bench.pod("crash")->status.containerStatuses.at(0).state.waiting->reason,
                 std::string("CrashLoopBackOff"));
        QCOMPARE(bench.pod("crash")->status.containerStatuses.at(0).restartCount, 1);
        const std::string backOff = "Warning BackOff Back-off restarting failed container c in pod crash_default(" +
                                    bench.pod("crash")->metadata.uid + ")";
        QVERIFY(bench.server.takeEvents() == std::vector{backOff});
        bench.executor.runFor(10s);
        QCOMPARE(bench.pod("crash")->status.containerStatuses.at(0).restartCount, 2);
        QCOMPARE(bench.pod("crash")->status.containerStatuses.at(0).lastState.terminated->exitCode, 1);
    }

    void aNodeThatLostContactSaysNothingUntilItIsBack() {
        Bench bench;
        bench.server.put(podOn("hollow-node-0", "a"));
        bench.executor.runFor(1s);
        bench.nodes.loseContact("hollow-node-0");
        bench.executor.runFor(1s);
        const auto lease = bench.server.stored<coordinationv1::Lease>("kube-node-lease", "hollow-node-0");
        (void)bench.server.remove(client::resourceOf<corev1::Pod>(), "default", "a", {});
        bench.server.put(podOn("hollow-node-0", "b"));
        bench.executor.runFor(10min);
        QCOMPARE(bench.phase("a"), std::string("Running"));
        QCOMPARE(bench.phase("b"), std::string());
        QVERIFY(bench.server.stored<coordinationv1::Lease>("kube-node-lease", "hollow-node-0")->spec.renewTime ==
                lease->spec.renewTime);
        bench.nodes.regainContact("hollow-node-0");
        bench.executor.runFor(2s);
        QCOMPARE(bench.phase("a"), std::string("gone"));
        QCOMPARE(bench.phase("b"), std::string("Running"));
    }

    void readinessIsWhatItIsToldToBe() {
        Bench bench;
        bench.server.put(podOn("hollow-node-0", "a"));
        bench.executor.runFor(1s);
        bench.nodes.setPodReady("default", "a", false);
        bench.nodes.setNodeReady("hollow-node-0", false);
        bench.executor.runFor(1s);
        QCOMPARE(bench.ready("a"), std::string("False"));
        QCOMPARE(Bench::condition(bench.server.stored<corev1::Node>("", "hollow-node-0")->status.conditions, "Ready"),
                 std::string("False"));
        bench.nodes.setPodReady("default", "a", true);
        bench.executor.runFor(1s);
        QCOMPARE(bench.ready("a"), std::string("True"));
    }

    void nodesAndPodsFollowTheScript() {
        Bench bench(2, R"y(
nodes:
- {name: hollow-node-1, from: 30s, until: 90s, contact: false}
- {name: hollow-node-0, from: 40s, ready: false}
pods:
- {name: a, from: 10s, until: 20s, readiness: false}
- {name: a, from: 35s, runs: [{for: 3s, exitCode: 1}]}
- {name: a, usage: {cpu: 700m}}
)y");
        bench.server.put(podOn("hollow-node-0", "a"));
        bench.server.put(annotated(podOn("hollow-node-0", "b"), "cpu", "5m"));
        bench.executor.runFor(2s);  // 4 s since the start
        QCOMPARE(bench.ready("a"), std::string("True"));
        QCOMPARE(bench.nodes.usageOf(*bench.pod("a"))->containers.at(0).usage.at("cpu").toString(),
                 std::string("700m"));
        QCOMPARE(bench.nodes.usageOf(*bench.pod("b"))->containers.at(0).usage.at("cpu").toString(), std::string("5m"));
        bench.executor.runFor(8s);
        QCOMPARE(bench.ready("a"), std::string("False"));
        QCOMPARE(bench.ready("b"), std::string("True"));
        bench.executor.runFor(10s);
        QCOMPARE(bench.ready("a"), std::string("True"));
        bench.executor.runFor(14s);
        QCOMPARE(bench.pod("a")->status.containerStatuses.at(0).restartCount, 1);
        QCOMPARE(bench.pod("b")->status.containerStatuses.at(0).restartCount, 0);
        const auto lease = bench.server.stored<coordinationv1::Lease>("kube-node-lease", "hollow-node-1");
        bench.executor.runFor(50s);
        QVERIFY(bench.server.stored<coordinationv1::Lease>("kube-node-lease", "hollow-node-1")->spec.renewTime ==
                lease->spec.renewTime);
        QCOMPARE(Bench::condition(bench.server.stored<corev1::Node>("", "hollow-node-0")->status.conditions, "Ready"),
                 std::string("False"));
        bench.executor.runFor(5s);
        QVERIFY(*bench.server.stored<coordinationv1::Lease>("kube-node-lease", "hollow-node-1")->spec.renewTime >
                *lease->spec.renewTime);
    }

    void aPodThatSomebodyElseEndedIsStoppedAndLeftAsItIs() {
        Bench bench;
        bench.server.put(podOn("hollow-node-0", "a"));
        bench.executor.runFor(1s);
        auto failed = *bench.pod("a");
        failed.status.phase = "Failed";
        failed.status.reason = "NodeLost";
        bench.server.put(failed);
        bench.executor.runFor(1min);
        QCOMPARE(bench.phase("a"), std::string("Failed"));
        QCOMPARE(bench.pod("a")->status.reason, std::string("NodeLost"));
    }

    void refusedWritesAreTriedAgain() {
        Bench bench;
        int refused = 0;
        bench.server.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (!request.starts_with("update pods/status") || refused == 6) return std::nullopt;
            ++refused;
            return Error{refused % 2 == 0 ? Reason::Conflict : Reason::ServiceUnavailable, "not now"};
        };
        bench.server.put(podOn("hollow-node-0", "a"));
        bench.executor.runFor(30s);
        QCOMPARE(refused, 6);
        QCOMPARE(bench.phase("a"), std::string("Running"));
    }

    void addressesRestBeforeTheyAreUsedAgain() {
        auto pool = AddressPool::of("10.1.2.0/29").value();
        QCOMPARE(pool.take(), std::string("10.1.2.2"));
        pool.release("10.1.2.2");
        pool.mark("10.1.2.3");
        for (const auto* next : {"10.1.2.4", "10.1.2.5", "10.1.2.6", "10.1.2.2", ""})
            QCOMPARE(pool.take(), std::string(next));
        QVERIFY(!AddressPool::of("10.1.2.0"));
        QVERIFY(!AddressPool::of("fd00::/64"));
    }
};

QTEST_APPLESS_MAIN(HollowNodesTest)
#include "hollow_nodes_test.moc"
