// The life of Pods over a runtime in memory, in simulated time: nothing here waits or depends on the machine's speed.
#include "vmnodes/agent/sync/pod_worker.h"

#include <QTemporaryDir>
#include <QtTest>

#include "cluster/base/simulation.h"
#include "tests/vmnodes/agent/fake_cluster.h"
#include "tests/vmnodes/agent/fake_runtime.h"
#include "vmnodes/agent/sync/pod_workers.h"

using namespace qd;
using namespace qd::agent;
using namespace qd::agent::sync;
using namespace std::chrono_literals;

namespace {

class NoMounts final : public volumes::Mounter {
public:
    Result<void> mountMemory(const std::string&, std::uint64_t) override { return {}; }
    Result<void> bindBelow(const std::string&, const std::string&, const std::string&) override { return {}; }
    Result<void> unmount(const std::string&) override { return {}; }
};

class TableOfProbes final : public ProbeSource {
public:
    void follow(const std::shared_ptr<const corev1::Pod>&, const Observed&) override {}
    void forget(const std::string&) override {}
    ProbeTable verdicts(const std::string&) override { return table; }
    ProbeTable table;
};

}  // namespace

class PodWorkerTest : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        const std::string root = m_folder->path().toStdString();
        m_executor = std::make_unique<base::SimulatedExecutor>(7);
        m_runtime = std::make_unique<FakeRuntime>(m_executor->clock());
        m_cluster = std::make_unique<FakeCluster>();
        m_images = std::make_unique<ImagePuller>(*m_runtime, *m_cluster, *m_cluster, m_executor->clock());
        m_volumes = std::make_unique<volumes::Volumes>(root, m_mounts, *m_cluster);
        m_probes.table.clear();
        m_node.reset();
        m_context.reset(new PodContext{.runtime = *m_runtime,
                                       .images = *m_images,
                                       .volumes = *m_volumes,
                                       .cgroups = nullptr,
                                       .cluster = *m_cluster,
                                       .events = *m_cluster,
                                       .probes = m_probes,
                                       .executor = *m_executor,
                                       .root = root,
                                       .sandbox = {.dns = {}, .logRoot = root + "/logs"},
                                       .containerLogLinks = root + "/links",
                                       .node = [] {
                                           return NodeFacts{{"192.168.77.11"}, 1 << 30, 2000, 1 << 30};
                                       }});
        m_workers = std::make_unique<PodWorkers>(*m_context);
        m_pod = std::make_shared<corev1::Pod>();
        m_pod->metadata.name = "web";
        m_pod->metadata.namespace_ = "default";
        m_pod->metadata.uid = "u1";
        m_pod->metadata.generation = 1;
        m_pod->spec.restartPolicy = "Always";
        m_pod->spec.terminationGracePeriodSeconds = 30;
        addContainer(m_pod->spec.containers, "main");
        m_runtime->addImage("image:1");
    }
    void cleanup() {
        m_workers.reset();
        m_executor.reset();
    }

    void aPodRunsAndIsReported() {
        start();
        QCOMPARE(m_runtime->running(), 1);
        const corev1::PodStatus status = m_cluster->lastStatus("u1");
        QCOMPARE(status.phase, std::string("Running"));
        QCOMPARE(status.qosClass, std::string("BestEffort"));
        QCOMPARE(status.hostIP, std::string("192.168.77.11"));
        QVERIFY(status.podIP.starts_with("10.244.1."));
        QVERIFY(status.containerStatuses.at(0).ready);
        QVERIFY(status.containerStatuses.at(0).containerID.starts_with("containerd://"));
        QCOMPARE(condition(status, "Ready"), std::string("True"));
        QCOMPARE(status.observedGeneration, 1);
        QCOMPARE(m_cluster->reasons(), std::string("Pulled Created Started"));
    }

    void anAbsentImageIsPulled() {
        m_pod->spec.containers[0].image = "other";
        start();
        QCOMPARE(m_cluster->reasons(), std::string("Pulling Pulled Created Started"));
        QCOMPARE(m_runtime->calls().at(1), std::string("pull other:latest"));
    }

    void aPullThatFailsBacksOffAndSucceedsLater() {
        m_pod->spec.containers[0].image = "other:2";
        m_runtime->failPulls("rpc error: code = NotFound desc = no such image");
        start();
        QCOMPARE(waiting(), std::string("ErrImagePull"));
        m_executor->runFor(5s);
        m_workers->poke("u1");
        m_executor->runFor(1s);
        QCOMPARE(waiting(), std::string("ImagePullBackOff"));
        QCOMPARE(pulls(), 1);
        m_executor->runFor(10s);
        QCOMPARE(pulls(), 2);
        m_runtime->failPulls("");
        m_executor->runFor(60s);
        QCOMPARE(m_runtime->running(), 1);
    }

    void anImageThatMustNotBePulledIsAnError() {
        m_pod->spec.containers[0].image = "other:2";
        m_pod->spec.containers[0].imagePullPolicy = "Never";
        start();
        QCOMPARE(waiting(), std::string("ErrImageNeverPull"));
    }

    void aContainerThatCrashesIsStartedAgainEachTimeLater() {
        start();
        crash();
        QCOMPARE(m_runtime->running(), 1);  // the first time at once
        crash();
        QCOMPARE(waiting(), std::string("CrashLoopBackOff"));
        const auto status = m_cluster->lastStatus("u1").containerStatuses.at(0);
        QCOMPARE(status.state.waiting->message,
                 std::string("back-off 10s restarting failed container=main pod=web_default(u1)"));
        QCOMPARE(status.lastState.terminated->exitCode, 1);
        QCOMPARE(m_cluster->lastStatus("u1").phase, std::string("Running"));
        m_executor->runFor(9s);
        QCOMPARE(m_runtime->running(), 0);
        m_executor->runFor(2s);
        QCOMPARE(m_runtime->running(), 1);
        crash();
        m_executor->runFor(18s);
        QCOMPARE(m_runtime->running(), 0);
        m_executor->runFor(3s);
        QCOMPARE(m_runtime->running(), 1);
        QCOMPARE(m_cluster->lastStatus("u1").containerStatuses.at(0).restartCount, 3);
        m_executor->runFor(21min);  // long enough to be forgiven
        crash();
        QCOMPARE(m_runtime->running(), 1);
    }

    void initContainersRunOneAfterAnotherAndThenTheOthers() {
        addContainer(m_pod->spec.initContainers, "first");
        addContainer(m_pod->spec.initContainers, "second");
        start();
        QCOMPARE(m_cluster->lastStatus("u1").phase, std::string("Pending"));
        QCOMPARE(condition(m_cluster->lastStatus("u1"), "Initialized"), std::string("False"));
        endAndLook("first", 0);
        endAndLook("second", 0);
        const std::vector<std::string> expected = {"sandbox web", "run first", "run second", "run main"};
        QVERIFY(m_runtime->calls() == expected);
        QCOMPARE(m_cluster->lastStatus("u1").phase, std::string("Running"));
        QCOMPARE(condition(m_cluster->lastStatus("u1"), "Initialized"), std::string("True"));
    }

    void aSidecarStartsBeforeAndEndsAfterTheOthers() {
        addContainer(m_pod->spec.initContainers, "proxy");
        m_pod->spec.initContainers[0].restartPolicy = "Always";
        start();
        m_executor->runFor(2s);
        look();
        QCOMPARE(m_runtime->running(), 2);
        deletePod(30);
        m_executor->runFor(10s);
        const auto calls = m_runtime->calls();
        const auto main = std::ranges::find(calls, "stop main 30"),
                   proxy = std::ranges::find_if(calls,
                                                [](const std::string&call) { return call.starts_with("stop proxy"); });
        QVERIFY(main != calls.end() && proxy != calls.end() && main < proxy);
    }

    void aFailedInitContainerEndsAPodThatNeverRestarts() {
        m_pod->spec.restartPolicy = "Never";
        addContainer(m_pod->spec.initContainers, "first");
        start();
        endAndLook("first", 3);
        QCOMPARE(m_cluster->lastStatus("u1").phase, std::string("Failed"));
        QCOMPARE(m_runtime->running(), 0);
    }

    void aPodThatRanToItsEndHasSucceeded() {
        m_pod->spec.restartPolicy = "OnFailure";
        start();
        endAndLook("main", 0);
        const auto status = m_cluster->lastStatus("u1");
        QCOMPARE(status.phase, std::string("Succeeded"));
        QCOMPARE(status.containerStatuses.at(0).state.terminated->reason, std::string("Completed"));
        for (const auto& one : status.conditions)
            if (one.type == "Ready") QCOMPARE(one.reason, std::string("PodCompleted"));
        QVERIFY(!status.podIP.empty());
    }

    void aDeletedPodEndsInOrderAndItsObjectGoesLast() {
        m_pod->spec.containers[0].lifecycle.emplace().preStop.emplace().exec.emplace().command = {"drain"};
        start();
        deletePod(30);
        m_executor->runFor(5s);
        const auto calls = m_runtime->calls();
        QVERIFY(std::ranges::find(calls, "exec main drain") < std::ranges::find(calls, "stop main 30"));
        QVERIFY(m_cluster->deleted == std::vector<std::string>{"u1"});
        QVERIFY(!QDir(m_folder->filePath("pods/u1")).exists());
        QVERIFY(m_cluster->reasons().ends_with("Killing"));
        QVERIFY(m_workers->allOver());
        m_workers->remove("u1");
        m_executor->runFor(5s);
        QCOMPARE(m_runtime->containerCount(), 0U);
        QVERIFY(m_workers->all().at(0)->isGone());
    }

    void aPreStopSleepIsWaitedForAndCounted() {
        m_pod->spec.containers[0].lifecycle.emplace().preStop.emplace().sleep.emplace().seconds = 12;
        start();
        deletePod(30);
        m_executor->runFor(11s);
        QCOMPARE(m_runtime->running(), 1);
        m_executor->runFor(3s);
        QCOMPARE(m_runtime->running(), 0);
        QVERIFY(std::ranges::count(m_runtime->calls(), "stop main 18") == 1);
    }

    void aLostSandboxIsReplacedAndTheContainersStartAnew() {
        start();
        m_runtime->loseSandboxes();
        look();
        QCOMPARE(m_runtime->running(), 1);
        QCOMPARE(std::ranges::count(m_runtime->calls(), "sandbox web"), 2);
        QVERIFY(m_cluster->reasons().find("SandboxChanged") != std::string::npos);
        QCOMPARE(m_cluster->lastStatus("u1").containerStatuses.at(0).restartCount, 1);
    }

    void aNewAgentAdoptsWhatRuns() {
        start();
        m_workers = std::make_unique<PodWorkers>(*m_context);  // as after a restart
        m_workers->update(m_pod);
        m_executor->runFor(3s);
        QCOMPARE(m_runtime->running(), 1);
        QCOMPARE(std::ranges::count(m_runtime->calls(), "run main"), 1);
    }

    void whatBelongsToNoPodIsEnded() {
        start();
        m_workers = std::make_unique<PodWorkers>(*m_context);
        m_workers->endOrphans({});
        m_executor->runFor(60s);
        QCOMPARE(m_runtime->containerCount(), 0U);
    }

    void aPodThatDoesNotFitIsRefusedAndNeverBegun() {
        admitTo(2000);
        const auto first = asking("first", "1500m"), late = asking("late", "1");
        m_workers->open();
        m_workers->update(first);
        m_workers->update(late);
        m_executor->runFor(2s);
        QCOMPARE(m_cluster->lastStatus("first").phase, std::string("Running"));
        const auto status = m_cluster->lastStatus("late");
        QCOMPARE(status.phase, std::string("Failed"));
        QCOMPARE(status.reason, std::string("OutOfcpu"));
        QCOMPARE(status.message, std::string("Pod was rejected: Node didn't have enough resource: cpu, requested: 1000, "
                                             "used: 1500, capacity: 2000"));
        QVERIFY(status.containerStatuses.empty());
        QCOMPARE(m_cluster->events.at(0).reason, std::string("OutOfcpu"));
        QVERIFY(m_cluster->events.at(0).warning);
        QCOMPARE(m_runtime->running(), 1);
        QCOMPARE(std::ranges::count(m_runtime->calls(), "sandbox late"), 0);
        const std::size_t reports = m_cluster->statuses["late"].size();
        m_executor->runFor(2min);
        QCOMPARE(m_cluster->statuses["late"].size(), reports);
        // Deleted, it goes.
        auto deleted = std::make_shared<corev1::Pod>(*late);
        deleted->metadata.deletionTimestamp = api::Time(m_executor->clock().now());
        m_workers->update(deleted);
        m_executor->runFor(5s);
        QVERIFY(m_cluster->deleted == std::vector<std::string>{"late"});
    }

    void aPodThatHasEndedOrIsGoneMakesRoom() {
        admitTo(1000);
        m_workers->open();
        auto job = asking("job", "1");
        job->spec.restartPolicy = "Never";
        m_workers->update(job);
        m_executor->runFor(1s);
        m_runtime->endContainer("main", 0);
        m_workers->poke("job");
        m_executor->runFor(2s);
        QCOMPARE(m_cluster->lastStatus("job").phase, std::string("Succeeded"));
        const auto next = asking("next", "1");
        m_workers->update(next);
        m_executor->runFor(1s);
        QCOMPARE(m_cluster->lastStatus("next").phase, std::string("Running"));
        m_workers->remove("next");
        m_workers->update(asking("last", "1"));
        m_executor->runFor(1s);
        QCOMPARE(m_cluster->lastStatus("last").phase, std::string("Running"));
    }

    void podsWaitForTheNodeAndTheOldestIsFirst() {
        m_context->nodeObject = [this](NodeCopy) { return m_node; };
        auto young = asking("a-young", "1"), old = asking("z-old", "1");
        young->metadata.creationTimestamp = api::Time(m_executor->clock().now() + 5s);
        old->metadata.creationTimestamp = api::Time(m_executor->clock().now());
        m_workers->update(young);
        m_workers->update(old);
        m_workers->admitWaiting();  // not all Pods are known
        QVERIFY(m_workers->all().empty());
        QVERIFY(m_workers->open());
        QVERIFY(m_workers->all().empty());
        admitTo(1000);
        m_workers->admitWaiting();
        m_executor->runFor(2s);
        QCOMPARE(m_cluster->lastStatus("z-old").phase, std::string("Running"));
        QCOMPARE(m_cluster->lastStatus("a-young").reason, std::string("OutOfcpu"));
    }

    void whoeverMakesARefusedPodAnewAgainAndAgainIsSlowedDown() {
        admitTo(1000);
        m_workers->open();
        int made = 0;
        const auto make = [&] { m_workers->update(asking("big-" + std::to_string(made++), "5")); };
        make();
        for (int i = 0; i < 1000; ++i) {
            m_executor->runFor(10ms);
            if (m_cluster->lastStatus("big-" + std::to_string(made - 1)).phase == "Failed") make();
        }
        QVERIFY2(made > 30 && made < 40, qPrintable(QString::number(made)));
        m_workers->update(asking("fits", "1"));
        m_executor->runFor(1s);
        QCOMPARE(m_cluster->lastStatus("fits").phase, std::string("Running"));
    }

    void aNewAgentDoesNotRefuseWhatRuns() {
        admitTo(2000);
        m_workers->open();
        auto known = asking("known", "1"), unreported = asking("unreported", "1");
        m_workers->update(known);
        m_workers->update(unreported);
        m_executor->runFor(2s);
        QCOMPARE(m_runtime->running(), 2);
        // The server has heard of one of them; meanwhile an older Pod has come, and the node has shrunk.
        known->status = m_cluster->lastStatus("known");
        auto other = asking("a-other", "500m");
        m_workers = std::make_unique<PodWorkers>(*m_context);
        admitTo(1000);
        for (const auto& pod : {other, unreported, known}) m_workers->update(pod);
        QVERIFY(m_workers->open());
        m_executor->runFor(3s);
        QCOMPARE(m_runtime->running(), 2);
        QCOMPARE(m_cluster->lastStatus("known").phase, std::string("Running"));
        QCOMPARE(m_cluster->lastStatus("unreported").phase, std::string("Running"));
        QCOMPARE(m_cluster->lastStatus("a-other").reason, std::string("OutOfcpu"));
    }

    void aNewAgentLeavesARefusedPodAsItIs() {
        admitTo(1000);
        auto refused = asking("refused", "2");
        m_workers->open();
        m_workers->update(refused);
        m_executor->runFor(1s);
        refused->status = m_cluster->lastStatus("refused");
        QCOMPARE(refused->status.phase, std::string("Failed"));
        m_workers = std::make_unique<PodWorkers>(*m_context);
        m_workers->update(refused);
        m_workers->open();
        m_executor->runFor(1min);
        QVERIFY(m_cluster->lastStatus("refused") == refused->status);
    }

    void theNewestNodeIsAskedForBeforeAPodIsRefused() {
        admitTo(1000);
        auto node = std::make_shared<corev1::Node>(*m_node);
        node->metadata.labels["zone"] = "a";
        m_context->nodeObject = [this, node](NodeCopy copy) -> std::shared_ptr<const corev1::Node> {
            if (copy == NodeCopy::Newest) return node;
            return m_node;
        };
        m_workers->open();
        auto pod = asking("a", "1");
        pod->spec.nodeSelector["zone"] = "a";
        m_workers->update(pod);
        m_executor->runFor(1s);
        QCOMPARE(m_cluster->lastStatus("a").phase, std::string("Running"));
    }

    void staticPodsAreTakenAtOnceAndCounted() {
        admitTo(1000);
        auto pod = asking("static", "1");
        pod->metadata.annotations[kConfigSourceAnnotation] = "file";
        m_workers->update(pod);
        m_executor->runFor(1s);
        QCOMPARE(m_runtime->running(), 1);
        m_workers->open();
        m_workers->update(asking("late", "1"));
        m_executor->runFor(1s);
        QCOMPARE(m_cluster->lastStatus("late").reason, std::string("OutOfcpu"));
    }

    void aNodeThatGoesDownBeginsNothingMore() {
        admitTo(1000);
        m_workers->open();
        m_workers->endAll(1s);
        m_workers->update(asking("late", "1"));
        m_executor->runFor(5s);
        QCOMPARE(m_runtime->running(), 0);
        QCOMPARE(m_cluster->lastStatus("late").phase, std::string());
    }

    void aContainerThatFailsItsLivenessProbeIsRestarted() {
        m_pod->spec.containers[0].livenessProbe.emplace().terminationGracePeriodSeconds = 5;
        start();
        const std::string id =
            m_cluster->lastStatus("u1").containerStatuses.at(0).containerID.substr(std::string("containerd://").size());
        m_probes.table[id].liveness = Verdict::Failure;
        look();
        QVERIFY(std::ranges::count(m_runtime->calls(), "stop main 5") == 1);
        QCOMPARE(m_runtime->running(), 1);
        QCOMPARE(m_cluster->lastStatus("u1").containerStatuses.at(0).restartCount, 1);
    }

    void readinessDecidesWhetherThePodIsReady() {
        m_pod->spec.containers[0].readinessProbe.emplace();
        start();
        QCOMPARE(condition(m_cluster->lastStatus("u1"), "Ready"), std::string("False"));
        const std::string id =
            m_cluster->lastStatus("u1").containerStatuses.at(0).containerID.substr(std::string("containerd://").size());
        m_probes.table[id].readiness = Verdict::Success;
        look();
        QCOMPARE(condition(m_cluster->lastStatus("u1"), "Ready"), std::string("True"));
    }

    void aFailedPostStartHookKillsTheContainer() {
        m_pod->spec.containers[0].lifecycle.emplace().postStart.emplace().exec.emplace().command = {"false"};
        start();
        QVERIFY(m_cluster->reasons().find("FailedPostStartHook Killing") != std::string::npos);
        look();
        QCOMPARE(waiting(), std::string("CrashLoopBackOff"));  // it failed again at once
    }

    void aMissingConfigMapIsWaitedFor() {
        corev1::Volume volume;
        volume.name = "config";
        volume.configMap.emplace().name = "cm";
        m_pod->spec.volumes = {volume};
        start();
        QCOMPARE(m_runtime->running(), 0);
        QVERIFY(m_cluster->reasons().starts_with("FailedMount"));
        QCOMPARE(m_cluster->lastStatus("u1").containerStatuses.at(0).state.waiting->reason,
                 std::string("ContainerCreating"));
        m_cluster->configMaps["cm"];
        m_executor->runFor(30s);
        QCOMPARE(m_runtime->running(), 1);
    }

    void aPodPastItsDeadlineFails() {
        m_pod->spec.activeDeadlineSeconds = 60;
        start();
        m_executor->runFor(70s);
        QCOMPARE(m_runtime->running(), 0);
        QCOMPARE(m_cluster->lastStatus("u1").phase, std::string("Failed"));
        QCOMPARE(m_cluster->lastStatus("u1").reason, std::string("DeadlineExceeded"));
    }

private:
    static void addContainer(std::vector<corev1::Container>& list, const char* name) {
        corev1::Container& container = list.emplace_back();
        container.name = name;
        container.image = "image:1";
    }
    // From now on Pods are admitted, to a node of so much CPU.
    void admitTo(int milliCpu) {
        auto node = std::make_shared<corev1::Node>();
        node->metadata.name = "n1";
        node->status.allocatable["cpu"] = api::Quantity::milli(milliCpu);
        node->status.allocatable["memory"] = api::Quantity(1 << 30);
        node->status.allocatable["pods"] = api::Quantity(10);
        m_node = node;
        m_context->nodeObject = [this](NodeCopy) { return m_node; };
    }
    std::shared_ptr<corev1::Pod> asking(const std::string& name, const std::string& cpu) const {
        auto pod = std::make_shared<corev1::Pod>(*m_pod);
        pod->metadata.name = pod->metadata.uid = name;
        pod->spec.containers[0].resources.requests["cpu"] = api::Quantity::of(cpu);
        return pod;
    }
    void start() {
        m_workers->update(m_pod);
        m_executor->runFor(1s);
    }
    // What the runtime's events would cause.
    void look() {
        for (int i = 0; i < 4; ++i) {
            m_workers->poke("u1");
            m_executor->runFor(100ms);
        }
    }
    void endAndLook(const char* container, int exitCode) {
        m_runtime->endContainer(container, exitCode);
        look();
    }
    void crash() { endAndLook("main", 1); }
    void deletePod(std::int64_t grace) {
        auto deleted = std::make_shared<corev1::Pod>(*m_pod);
        deleted->metadata.deletionTimestamp = api::Time(m_executor->clock().now() + std::chrono::seconds(grace));
        deleted->metadata.deletionGracePeriodSeconds = grace;
        m_workers->update(deleted);
    }
    std::string waiting() {
        const auto status = m_cluster->lastStatus("u1").containerStatuses.at(0);
        return status.state.waiting ? status.state.waiting->reason : std::string("(does not wait)");
    }
    int pulls() {
        int count = 0;
        for (const std::string& call : m_runtime->calls()) count += call.starts_with("pull ") ? 1 : 0;
        return count;
    }
    static std::string condition(const corev1::PodStatus& status, const char* type) {
        for (const auto& one : status.conditions)
            if (one.type == type) return one.status;
        return "(absent)";
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<base::SimulatedExecutor> m_executor;
    std::unique_ptr<FakeRuntime> m_runtime;
    std::unique_ptr<FakeCluster> m_cluster;
    std::unique_ptr<ImagePuller> m_images;
    NoMounts m_mounts;
    TableOfProbes m_probes;
    std::unique_ptr<volumes::Volumes> m_volumes;
    std::unique_ptr<PodContext> m_context;
    std::unique_ptr<PodWorkers> m_workers;
    std::shared_ptr<corev1::Pod> m_pod;
    std::shared_ptr<const corev1::Node> m_node;
};

QTEST_APPLESS_MAIN(PodWorkerTest)
#include "pod_worker_test.moc"
