// The whole scheduler on a fake server, in simulated time.
#include "cluster/scheduler/scheduler.h"

#include <QtTest>

#include "tests/cluster/scheduler/builders.h"
#include "tests/support/fake_client.h"

using namespace qd;
using namespace qd::scheduler;
using namespace qd::scheduler::testing;
using namespace std::chrono_literals;
using scheduler::testing::boundTo;

namespace {

using Lines = std::vector<std::string>;

struct Bench {
    explicit Bench(Configuration configuration = defaultConfiguration())
        : client(executor),
          informers(client, executor),
          scheduler(client, informers, executor, random, Options{.configuration = std::move(configuration)}) {}
    ~Bench() {
        scheduler.stop();
        informers.stop();
        executor.runReady();
    }

    void settle(base::Duration length = 1s) {
        if (!std::exchange(started, true)) {
            informers.start();
            scheduler.start();
        }
        executor.runFor(length);
    }
    std::string nodeOf(const std::string& name) const {
        const auto pod = client.stored<corev1::Pod>("default", name);
        return pod ? pod->spec.nodeName : "gone";
    }
    corev1::PodCondition conditionOf(const std::string& name) const {
        for (const auto& each : client.stored<corev1::Pod>("default", name)->status.conditions) {
            if (each.type == "PodScheduled") return each;
        }
        return {};
    }

    base::SimulatedExecutor executor{1};
    tests::FakeClient client;
    client::InformerFactory informers;
    base::Random random{1};
    Scheduler scheduler;
    bool started = false;
};

ProfileConfiguration profileNamed(const std::string& name) {
    ProfileConfiguration profile = defaultProfile();
    profile.schedulerName = name;
    return profile;
}

}  // namespace

class SchedulerTest : public QObject {
    Q_OBJECT
private slots:
    void podsGetNodes() {
        Bench bench;
        bench.client.put(node("n"));
        bench.client.put(pod("a", "1"));
        bench.settle();
        QCOMPARE(bench.nodeOf("a"), std::string("n"));
        QCOMPARE(bench.client.takeEvents(), (Lines{"Normal Scheduled Successfully assigned default/a to n"}));
        QCOMPARE(bench.scheduler.metrics().scheduled.load(), std::uint64_t{1});
    }

    // The report of an attempt that failed is on its way while the next attempt binds the Pod.
    void aFailureSaysNothingOfAPodThatIsBoundMeanwhile() {
        Bench bench;
        bench.client.put(pod("a", "1"));
        bench.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (request == "patch pods/status default/a" && bench.nodeOf("a").empty()) {
                auto bound = *bench.client.stored<corev1::Pod>("default", "a");
                bound.spec.nodeName = "n";
                bench.client.put(bound);
            }
            return std::nullopt;
        };
        bench.settle();
        QCOMPARE(bench.nodeOf("a"), std::string("n"));
        QCOMPARE(bench.conditionOf("a").status, std::string());
    }

    void aFailureIsSaidOfAPodThatChangesMeanwhile() {
        Bench bench;
        bench.client.put(pod("a", "1"));
        bench.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (request == "patch pods/status default/a" && !bench.client.stored<corev1::Pod>("default", "a")->metadata.labels.contains("new")) {
                auto changed = *bench.client.stored<corev1::Pod>("default", "a");
                changed.metadata.labels["new"] = "yes";
                bench.client.put(changed);
            }
            return std::nullopt;
        };
        bench.settle();
        QCOMPARE(bench.conditionOf("a").reason, std::string("Unschedulable"));
        QVERIFY(bench.client.stored<corev1::Pod>("default", "a")->metadata.labels.contains("new"));
    }

    void podsOfOtherSchedulersAreLeftAlone() {
        Bench bench;
        bench.client.put(node("n"));
        auto other = pod("a", "1");
        other.spec.schedulerName = "somebody-else";
        bench.client.put(other);
        bench.settle();
        QCOMPARE(bench.nodeOf("a"), std::string());
        QCOMPARE(bench.client.takeWrites(), Lines{});
    }

    void eachProfileServesItsPods() {
        Configuration configuration = defaultConfiguration();
        auto packing = profileNamed("packing");
        packing.arguments.fit.strategy = FitArguments::Strategy::MostAllocated;
        packing.points[Point::Score].disabled = {"*"};
        packing.points[Point::Score].enabled = {{"NodeResourcesFit", 1}};
        configuration.profiles.push_back(packing);
        Bench bench(configuration);
        bench.client.put(node("empty"));
        bench.client.put(node("used"));
        bench.client.put(onNode(pod("there", "2", "4Gi"), "used"));
        auto packed = pod("packed", "1", "1Gi");
        packed.spec.schedulerName = "packing";
        bench.client.put(packed);
        bench.client.put(pod("spread", "1", "1Gi"));
        bench.settle();
        QCOMPARE(bench.nodeOf("packed"), std::string("used"));
        QCOMPARE(bench.nodeOf("spread"), std::string("empty"));
    }

    void aDisabledPluginIsNotAsked() {
        Configuration configuration;
        auto fearless = profileNamed("default-scheduler");
        fearless.points[Point::Filter].disabled = {"TaintToleration"};
        configuration.profiles.push_back(fearless);
        Bench bench(configuration);
        bench.client.put(tainted(node("n"), "k", "NoSchedule"));
        bench.client.put(pod("a"));
        bench.settle();
        QCOMPARE(bench.nodeOf("a"), std::string("n"));
    }

    void theUrgentTakeTheRoomOfOthers() {
        Bench bench;
        bench.client.deletesPodsGracefully = true;
        bench.client.put(node("n"));
        bench.client.put(onNode(pod("low", "4"), "n"));
        bench.client.put(withPriority(pod("urgent", "2"), 10));
        bench.settle();
        QCOMPARE(bench.nodeOf("urgent"), std::string());
        QCOMPARE(bench.client.stored<corev1::Pod>("default", "urgent")->status.nominatedNodeName, std::string("n"));
        QCOMPARE(bench.conditionOf("urgent").message, std::string("0/1 nodes are available: 1 Insufficient cpu."));
        QVERIFY(bench.client.stored<corev1::Pod>("default", "low")->metadata.deletionTimestamp);
        // While the victim leaves, the room is kept for whom it is made.
        bench.client.put(withPriority(pod("sly", "2"), 9));
        bench.settle();
        QCOMPARE(bench.nodeOf("sly"), std::string());
        bench.client.erase(client::resourceOf<corev1::Pod>(), "default", "low");
        bench.settle(10s);
        QCOMPARE(bench.nodeOf("urgent"), std::string("n"));
        QCOMPARE(bench.nodeOf("sly"), std::string("n"));
    }

    void theVictimsLeaveOnceWhenTheyGoAtOnce() {
        Bench bench;
        bench.client.put(node("n"));
        for (const std::string name : {"l1", "l2", "l3", "l4"}) bench.client.put(onNode(pod(name, "1"), "n"));
        bench.client.put(withPriority(pod("urgent", "2"), 10));
        bench.settle(10s);
        QCOMPARE(bench.nodeOf("urgent"), std::string("n"));
        QCOMPARE(bench.client.all<corev1::Pod>().size(), std::size_t{3});
    }

    void volumesAreBoundBeforeTheirPod() {
        Bench bench;
        bench.client.put(node("n"));
        bench.client.put(storageClass("any", "example.com/disk"));
        bench.client.put(claim("c", "any"));
        bench.client.put(withClaim(pod("a"), "c"));
        bench.settle();
        QCOMPARE(bench.nodeOf("a"), std::string());
        QCOMPARE(bench.client.stored<corev1::Pod>("default", "a")->status.nominatedNodeName, std::string("n"));
        auto made = *bench.client.stored<corev1::PersistentVolumeClaim>("default", "c");
        QCOMPARE(made.metadata.annotations.at("volume.kubernetes.io/selected-node"), std::string("n"));
        bench.client.put(volume("v", "any"));
        bench.client.put(boundTo(made, "v"));
        bench.settle();
        QCOMPARE(bench.nodeOf("a"), std::string("n"));
    }

    void aPodWhoseVolumesFailTriesElsewhere() {
        Bench bench;
        bench.client.put(node("n"));
        bench.client.put(storageClass("any", "example.com/disk"));
        bench.client.put(claim("c", "any"));
        bench.client.put(withClaim(pod("a"), "c"));
        bench.settle();
        auto refused = *bench.client.stored<corev1::PersistentVolumeClaim>("default", "c");
        refused.metadata.annotations.clear();
        bench.client.put(refused);
        bench.settle(500ms);
        QCOMPARE(bench.conditionOf("a").reason, std::string("SchedulerError"));
        QCOMPARE(bench.conditionOf("a").message,
                 std::string(
                     "running PreBind plugin \"VolumeBinding\": binding volumes: provisioning failed for PVC \"c\""));
        bench.settle(2s);
        QCOMPARE(bench.client.stored<corev1::PersistentVolumeClaim>("default", "c")
                     ->metadata.annotations.at("volume.kubernetes.io/selected-node"),
                 std::string("n"));
    }

    void aClaimThatAppearsLetsItsPodGo() {
        Bench bench;
        bench.client.put(node("n"));
        bench.client.put(withClaim(pod("a"), "c"));
        bench.settle();
        QCOMPARE(bench.conditionOf("a").message,
                 std::string("0/1 nodes are available: persistentvolumeclaim \"c\" not found. not found"));
        bench.client.put(boundTo(claim("c", ""), "v"));
        bench.client.put(volume("v", ""));
        bench.settle(10s);
        QCOMPARE(bench.nodeOf("a"), std::string("n"));
    }

    void aPodThatCannotFitCostsNothingUntilSomethingHelps() {
        Bench bench;
        constexpr int nodes = 1000;
        for (int i = 0; i < nodes; ++i) bench.client.put(tainted(node("n" + std::to_string(i)), "k", "NoSchedule"));
        for (int i = 0; i < 10; ++i) bench.client.put(pod("big" + std::to_string(i), "64"));
        bench.settle();
        const auto attempts = [&] { return bench.scheduler.metrics().attempts(); };
        QCOMPARE(attempts(), std::uint64_t{10});
        // Pods come and go, nodes report: nothing that helps against a taint and a size.
        for (int i = 0; i < 50; ++i) {
            bench.client.put(onNode(pod("p" + std::to_string(i), "1"), "n" + std::to_string(i)));
            auto beating = *bench.client.stored<corev1::Node>("", "n" + std::to_string(i));
            beating.status.conditions.resize(1);
            bench.client.put(beating);
            bench.client.put(labelled(*bench.client.stored<corev1::Node>("", "n" + std::to_string(i)), "disk", "fast"));
        }
        bench.settle(1min);
        QCOMPARE(attempts(), std::uint64_t{10});
        QCOMPARE(bench.scheduler.metrics().pendingUnschedulable.load(), std::size_t{10});
        // Without its taint the node is still too small; NodeResourcesFit was not what turned them away there.
        bench.client.put(node("large", "128"));
        bench.settle(10s);
        QCOMPARE(bench.nodeOf("big0"), std::string("large"));
        QCOMPARE(bench.nodeOf("big1"), std::string("large"));
    }

    void whyAPodIsWhereItIsCanBeAsked() {
        Bench bench;
        bench.client.put(node("a"));
        bench.client.put(node("b"));
        bench.client.put(tainted(node("c"), "k", "NoSchedule"));
        bench.client.put(pod("p", "1"));
        bench.client.put(pod("big", "64"));
        bench.settle();
        const auto placed = bench.scheduler.placements().find("default", "p");
        QVERIFY(placed);
        QCOMPARE(placed->node, bench.nodeOf("p"));
        QCOMPARE(placed->scores->nodes.size(), std::size_t{2});
        QCOMPARE(placed->diagnosis->of("c").message(), std::string("node(s) had untolerated taint(s)"));
        std::set<std::string_view> plugins;
        for (const auto& each : placed->scores->scores.byPlugin) plugins.insert(each.plugin);
        QVERIFY(plugins.contains("NodeResourcesFit") && plugins.contains("NodeResourcesBalancedAllocation"));
        const auto waiting = bench.scheduler.placements().find("default", "big");
        QVERIFY(waiting && waiting->node.empty());
        QCOMPARE(waiting->message, bench.conditionOf("big").message);
        QCOMPARE(std::string(waiting->diagnosis->of("a").plugin), std::string("NodeResourcesFit"));
        bench.client.erase(client::resourceOf<corev1::Pod>(), "default", "big");
        bench.settle();
        QVERIFY(!bench.scheduler.placements().find("default", "big"));
    }

    void memoryForTheReasonsIsBounded() {
        PlacementLog log;
        const auto diagnosis = std::make_shared<const Diagnosis>();
        for (int i = 0; i < 1000; ++i) {
            log.record("default", "waiting" + std::to_string(i), {.message = "no", .diagnosis = diagnosis});
            log.record("default", "placed" + std::to_string(i), {.node = "n", .diagnosis = diagnosis});
        }
        QVERIFY(log.find("default", "waiting0") && !log.find("default", "waiting0")->diagnosis);
        QVERIFY(!log.find("default", "placed0"));
        QVERIFY(log.find("default", "placed999")->diagnosis);
        QCOMPARE(diagnosis.use_count(), 1L + 256L);
    }
};

QTEST_APPLESS_MAIN(SchedulerTest)
#include "scheduler_test.moc"
