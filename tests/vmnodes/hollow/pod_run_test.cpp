#include <QtTest>

#include "vmnodes/hollow/image_name.h"
#include "vmnodes/hollow/pod_run.h"
#include "vmnodes/hollow/pod_status.h"

using namespace qd;
using namespace qd::hollow;
using namespace std::chrono_literals;

namespace {

const Moment kStart{base::SteadyTime(1000s), base::WallTime(std::chrono::seconds(1'767'225'600))};

corev1::Container container(const std::string& name) {
    corev1::Container made;
    made.name = name;
    made.image = "app:1";
    return made;
}

// A Pod on a node of its own, and the time.
struct Life {
    explicit Life(const std::string& policy = "Always") {
        pod.metadata.namespace_ = "default";
        pod.metadata.name = "p";
        pod.metadata.uid = "u";
        pod.spec.restartPolicy = policy;
        pod.spec.containers.push_back(container("main"));
    }
    void plans() {
        plan = planOf(pod, timing);
        run = newRun(pod, kStart);
    }
    void goTo(base::Duration since) {
        now = kStart.at(kStart.steady + since);
        next = advance(run, plan, pod, timing, now);
        const auto conditions = pod.status.conditions;
        pod.status = statusOf(pod, run, timing, "10.0.0.1", now.wall);
    }
    std::string condition(const std::string& type) const {
        for (const auto& each : pod.status.conditions) {
            if (each.type == type) return each.status;
        }
        return "";
    }
    const corev1::ContainerStatus& main() const { return pod.status.containerStatuses.at(0); }
    const corev1::ContainerStatus& init(std::size_t i) const { return pod.status.initContainerStatuses.at(i); }

    corev1::Pod pod;
    Timing timing;
    RunPlan plan;
    PodRun run;
    Moment now = kStart;
    std::optional<base::SteadyTime> next;
};

}  // namespace

class PodRunTest : public QObject {
    Q_OBJECT
private slots:
    void initContainersRunOneAfterAnotherAndSidecarsBeside() {
        Life life;
        life.pod.spec.initContainers = {container("first"), container("proxy"), container("second")};
        life.pod.spec.initContainers[1].restartPolicy = "Always";
        life.pod.spec.initContainers[1].startupProbe.emplace().initialDelaySeconds = 4;
        life.plans();
        life.plan.init[0].runs = {{.length = 2s}};
        life.plan.init[2].runs = {{.length = 3s}};
        life.goTo(1s);
        QCOMPARE(life.pod.status.phase, std::string("Pending"));
        QVERIFY(life.init(0).state.running.has_value());
        QCOMPARE(life.init(1).state.waiting->reason, std::string("PodInitializing"));
        QCOMPARE(life.main().state.waiting->reason, std::string("PodInitializing"));
        QCOMPARE(life.condition("Initialized"), std::string("False"));
        life.goTo(5s);
        QCOMPARE(life.init(0).state.terminated->reason, std::string("Completed"));
        QVERIFY(life.init(1).state.running.has_value());
        QVERIFY2(life.init(2).state.waiting.has_value(), "it waits until the sidecar has started");
        life.goTo(7s);
        QVERIFY(life.init(2).state.running.has_value());
        life.goTo(10s);
        QCOMPARE(life.pod.status.phase, std::string("Running"));
        QCOMPARE(life.condition("Initialized"), std::string("True"));
        QCOMPARE(life.condition("Ready"), std::string("True"));
        QVERIFY(life.init(1).state.running.has_value());
        QVERIFY(!life.next);
    }

    void sidecarsEndWithTheContainersThatTheyServe() {
        Life life("Never");
        life.pod.spec.initContainers = {container("proxy")};
        life.pod.spec.initContainers[0].restartPolicy = "Always";
        life.plans();
        life.goTo(1s);
        QCOMPARE(life.pod.status.phase, std::string("Running"));
        life.goTo(10s);
        QCOMPARE(life.pod.status.phase, std::string("Succeeded"));
        QCOMPARE(life.init(0).state.terminated->exitCode, 0);
    }

    void anInitContainerThatFailsFailsAPodThatIsNotToBeRestarted() {
        Life life("Never");
        life.pod.spec.initContainers = {container("first")};
        life.plans();
        life.plan.init[0].runs = {{.length = 1s, .exitCode = 2}};
        life.goTo(5s);
        QCOMPARE(life.pod.status.phase, std::string("Failed"));
        QCOMPARE(life.init(0).state.terminated->exitCode, 2);
        QVERIFY(life.main().state.waiting.has_value());
    }

    void anInitContainerThatFailsIsTriedAgainInOthers() {
        Life life;
        life.pod.spec.initContainers = {container("first")};
        life.plans();
        life.plan.init[0].runs = {{.length = 1s, .exitCode = 2}, {.length = 1s, .exitCode = 2}, {.length = 1s}};
        life.goTo(4s);
        QCOMPARE(life.pod.status.phase, std::string("Pending"));
        QCOMPARE(life.init(0).state.waiting->reason, std::string("CrashLoopBackOff"));
        life.goTo(20s);
        QCOMPARE(life.pod.status.phase, std::string("Running"));
        QCOMPARE(life.init(0).restartCount, 2);
    }

    void containersThatKeepFailingBackOffAsAKubeletHasThem() {
        Life life;
        life.plans();
        life.plan.containers[0].runs = {{.length = 1s, .exitCode = 1}};
        life.goTo(1500ms);
        QVERIFY2(life.main().state.running.has_value(), "the first time it starts again at once");
        QCOMPARE(life.main().restartCount, 1);
        QCOMPARE(life.main().lastState.terminated->exitCode, 1);
        life.goTo(3s);
        QCOMPARE(life.main().state.waiting->reason, std::string("CrashLoopBackOff"));
        QCOMPARE(life.main().state.waiting->message,
                 std::string("back-off 10s restarting failed container=main pod=p_default(u)"));
        QCOMPARE(life.pod.status.phase, std::string("Running"));
        QCOMPARE(life.condition("Ready"), std::string("False"));
        life.goTo(14s);
        QCOMPARE(life.main().restartCount, 2);
        QVERIFY(life.main().state.waiting->message.starts_with("back-off 20s "));
        life.goTo(1h);
        QVERIFY(life.main().state.waiting->message.starts_with("back-off 5m0s "));
    }

    void whoHasRunForLongBacksOffFromTheBeginning() {
        Life life;
        life.plans();
        life.plan.containers[0].runs = {
            {.length = 1s, .exitCode = 1}, {.length = 1s, .exitCode = 1}, {.length = 11min, .exitCode = 1}};
        life.goTo(12min);
        QCOMPARE(life.main().restartCount, 3);
        QVERIFY(life.main().state.running.has_value());
    }

    void eachStartRunsAsPlanned() {
        Life life("OnFailure");
        life.plans();
        life.plan.containers[0].runs = {{.length = 3s, .exitCode = 1}, {.length = 5s}};
        life.goTo(4s);
        QCOMPARE(life.main().restartCount, 1);
        life.goTo(9s);
        QCOMPARE(life.pod.status.phase, std::string("Succeeded"));
    }

    void aFailingLivenessProbeRestartsItsContainer() {
        Life life;
        life.pod.spec.containers.push_back(container("other"));
        life.pod.spec.containers[0].livenessProbe.emplace();
        life.plans();
        life.goTo(5s);
        for (auto& each : life.plan.containers) each.livenessFails = true;
        life.goTo(8s);
        QCOMPARE(life.main().lastState.terminated->exitCode, 137);
        QCOMPARE(life.main().lastState.terminated->finishedAt.unixSeconds() - kStart.wall.time_since_epoch() / 1s, 8L);
        QCOMPARE(life.pod.status.containerStatuses.at(1).restartCount, 0);
    }

    void aFailingStartupProbeKillsAfterItsLimit() {
        Life life;
        auto& probe = life.pod.spec.containers[0].startupProbe.emplace();
        probe.periodSeconds = 5;
        probe.failureThreshold = 3;
        life.plans();
        life.plan.containers[0].startupFails = true;
        life.goTo(15s);
        QCOMPARE(life.main().started, std::optional<bool>(false));
        QCOMPARE(life.condition("Ready"), std::string("False"));
        life.goTo(16s);
        QCOMPARE(life.main().restartCount, 1);
    }

    void aPodThatIsActiveForTooLongFails() {
        Life life;
        life.pod.spec.activeDeadlineSeconds = 60;
        life.plans();
        life.goTo(10s);
        QCOMPARE(*life.next, kStart.steady + 60s);
        life.goTo(61s);
        QCOMPARE(life.pod.status.phase, std::string("Failed"));
        QCOMPARE(life.pod.status.reason, std::string("DeadlineExceeded"));
        QCOMPARE(life.main().state.terminated->exitCode, 137);
    }

    void howContainersEndWhenTheyAreStopped_data() {
        QTest::addColumn<QString>("policy");
        QTest::addColumn<int>("stopsAfter");
        QTest::addColumn<int>("exitCode");
        QTest::addColumn<QString>("phase");
        QTest::newRow("asked") << "Always" << 5 << 0 << "Succeeded";
        QTest::newRow("asked, with work left") << "Never" << 1 << 143 << "Failed";
        QTest::newRow("killed") << "Always" << 31 << 137 << "Failed";
    }
    void howContainersEndWhenTheyAreStopped() {
        QFETCH(QString, policy);
        QFETCH(int, stopsAfter);
        QFETCH(int, exitCode);
        QFETCH(QString, phase);
        Life life(policy.toStdString());
        life.plans();
        life.plan.stopsAfter = std::chrono::seconds(stopsAfter);
        life.goTo(1s);
        QCOMPARE(stopTakes(life.run, life.plan), base::Duration(std::chrono::seconds(std::min(stopsAfter, 30))));
        stop(life.run, life.plan, life.pod, life.now);
        const auto status = statusOf(life.pod, life.run, life.timing, "10.0.0.1", life.now.wall);
        QCOMPARE(status.containerStatuses.at(0).state.terminated->exitCode, exitCode);
        QCOMPARE(QString::fromStdString(status.phase), phase);
    }

    void hooksRunBeforeContainersStop_data() {
        QTest::addColumn<int>("hook");  // seconds
        QTest::addColumn<QStringList>("command");
        QTest::addColumn<int>("stopsAfter");
        QTest::addColumn<int>("takes");
        QTest::addColumn<int>("exitCode");
        QTest::newRow("a pause") << 20 << QStringList() << 5 << 25 << 0;
        QTest::newRow("the rest of the grace period is for the container") << 20 << QStringList() << 15 << 30 << 137;
        QTest::newRow("a moment is left in any case") << 30 << QStringList() << 1 << 31 << 0;
        QTest::newRow("and no more than that") << 40 << QStringList() << 3 << 32 << 137;
        QTest::newRow("a command") << 0 << QStringList{"sh", "-c", "sleep 7; echo bye"} << 5 << 12 << 0;
        QTest::newRow("one without end") << 0 << QStringList{"sleep", "infinity"} << 1 << 31 << 0;
        QTest::newRow("one that cannot be followed") << 0 << QStringList{"/deregister"} << 5 << 5 << 0;
    }
    void hooksRunBeforeContainersStop() {
        QFETCH(int, hook);
        QFETCH(QStringList, command);
        QFETCH(int, stopsAfter);
        Life life;
        auto& preStop = life.pod.spec.containers[0].lifecycle.emplace().preStop.emplace();
        if (hook > 0) preStop.sleep.emplace().seconds = hook;
        if (!command.isEmpty()) preStop.exec.emplace();
        for (const QString& word : command) preStop.exec->command.push_back(word.toStdString());
        life.plans();
        life.plan.stopsAfter = std::chrono::seconds(stopsAfter);
        life.goTo(1s);
        QTEST(static_cast<int>(stopTakes(life.run, life.plan) / 1s), "takes");
        stop(life.run, life.plan, life.pod, life.now);
        QTEST(life.run.containers[0].ending->exitCode, "exitCode");
    }

    void noHookRunsOfAContainerThatDoesNotRun() {
        Life life;
        life.pod.spec.containers[0].lifecycle.emplace().preStop.emplace().sleep.emplace().seconds = 20;
        life.plans();
        life.plan.containers[0].runs = {{.length = 1s, .exitCode = 1}};
        life.goTo(5s);
        QCOMPARE(life.main().state.waiting->reason, std::string("CrashLoopBackOff"));
        QCOMPARE(stopTakes(life.run, life.plan), life.timing.stop);
    }

    void aPodThatIsStoppedBeforeItRanHasNotSucceeded() {
        Life life("Never");
        life.plans();
        life.goTo(100ms);
        stop(life.run, life.plan, life.pod, life.now);
        const auto status = statusOf(life.pod, life.run, life.timing, "10.0.0.1", life.now.wall);
        QCOMPARE(status.phase, std::string("Failed"));
        QCOMPARE(status.containerStatuses.at(0).state.terminated->reason, std::string("ContainerStatusUnknown"));
    }

    void aRunIsFoundAgainInItsStatus() {
        Life life;
        life.plans();
        life.plan.containers[0].runs = {{.length = 1s, .exitCode = 1}};
        life.goTo(40s);
        QCOMPARE(life.main().restartCount, 3);
        life.run = resumed(life.pod, life.now);
        const auto before = life.pod.status;
        life.goTo(41s);
        QVERIFY(life.pod.status == before);
        life.goTo(75s);
        QCOMPARE(life.main().restartCount, 4);
    }

    void containersWhoseTurnHadNotComeStayWaitingWhenThePodIsStopped() {
        Life life;
        life.pod.spec.initContainers = {container("first"), container("second"), container("third")};
        life.plans();
        life.plan.init[1].runs = {{.length = base::Duration(0), .exitCode = 1}};
        life.goTo(1s);
        QCOMPARE(life.init(1).lastState.terminated->exitCode, 1);
        stop(life.run, life.plan, life.pod, life.now);
        life.pod.status = statusOf(life.pod, life.run, life.timing, "10.0.0.1", life.now.wall);
        QCOMPARE(life.pod.status.phase, std::string("Failed"));
        QCOMPARE(life.init(0).state.terminated->exitCode, 0);
        QCOMPARE(life.init(1).state.terminated->exitCode, 1);
        QVERIFY(life.init(2).state.waiting);
        QVERIFY(life.main().state.waiting);
    }

    void anImageThatIsNotThereIsWaitedForUntilAnotherIsNamed() {
        Life life;
        life.pod.spec.containers[0].image = "web:404";
        life.plans();
        life.goTo(60s);
        QCOMPARE(life.main().state.waiting->reason, std::string("ImagePullBackOff"));
        QCOMPARE(life.pod.status.phase, std::string("Pending"));
        life.pod.spec.containers[0].image = "web:1";
        life.plan = planOf(life.pod, life.timing);
        life.goTo(61s);
        QCOMPARE(life.pod.status.phase, std::string("Running"));
        QCOMPARE(life.main().state.running->startedAt, api::Time(life.now.wall));
        for (const char* name : {"registry.invalid/a:1", "invalid.registry.example/a", "a:non-existent", "host:5000/a:does-not-exist@sha256:00", "localhost/image-that-doesnt-exist"})
            QVERIFY2(isMissing(name), name);
        for (const char* name : {"404", "404:1", "registry.example:404/a", "invalid/a"}) QVERIFY2(!isMissing(name), name);
    }

    void setClocksDoNotMoveWhatHappens() {
        Life life;
        life.plans();
        life.plan.containers[0].runs = {{.length = 60s}};
        life.goTo(1s);
        const auto started = life.main().state.running->startedAt;
        const Moment set{kStart.steady + 30s, kStart.wall - 1h};
        const auto due = advance(life.run, life.plan, life.pod, life.timing, set);
        QCOMPARE(*due, kStart.steady + 60s + life.timing.start);
        QCOMPARE(statusOf(life.pod, life.run, life.timing, "10.0.0.1", set.wall)
                     .containerStatuses.at(0)
                     .state.running->startedAt,
                 started);
    }
};

QTEST_APPLESS_MAIN(PodRunTest)
#include "pod_run_test.moc"
