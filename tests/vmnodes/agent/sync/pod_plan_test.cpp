#include "vmnodes/agent/sync/pod_plan.h"

#include <QtTest>

#include "vmnodes/agent/sync/back_off.h"

using namespace qd;
using namespace qd::agent::sync;
using namespace std::chrono_literals;
using qd::agent::cri::ContainerState;

namespace {

// A Pod and its containers from a line: "Always | i:init s:side | a b | init=exited:0 a=running".
//   restart policy | init containers (i:) and sidecars (s:) | regular containers | states
struct Case {
    corev1::Pod pod;
    Observed observed;
};

Case parse(const QString& text) {
    const QStringList parts = text.split('|');
    Case result;
    result.pod.metadata.uid = "u1";
    result.pod.spec.restartPolicy = parts[0].trimmed().toStdString();
    for (const QString& word : parts[1].split(' ', Qt::SkipEmptyParts)) {
        auto& container = result.pod.spec.initContainers.emplace_back();
        container.name = word.mid(2).toStdString();
        if (word.startsWith("s:")) container.restartPolicy = "Always";
    }
    for (const QString& word : parts[2].split(' ', Qt::SkipEmptyParts))
        result.pod.spec.containers.emplace_back().name = word.toStdString();
    for (const QString& word : parts[3].split(' ', Qt::SkipEmptyParts)) {
        const QStringList pair = word.split('=');
        if (pair[0] == "sandbox") {
            auto& sandbox = result.observed.sandboxes.emplace_back();
            sandbox.id = "s1";
            sandbox.ready = pair[1] == "ready";
            sandbox.ips = {"10.244.1.2"};
            continue;
        }
        auto& status = result.observed.containers.emplace_back();
        status.id = "id-" + pair[0].toStdString();
        status.metadata.name = pair[0].toStdString();
        const QStringList state = pair[1].split(':');
        status.state = state[0] == "running"   ? ContainerState::Running
                       : state[0] == "created" ? ContainerState::Created
                       : state[0] == "exited"  ? ContainerState::Exited
                                               : ContainerState::Unknown;
        status.exitCode = state.size() > 1 ? state[1].toInt() : 0;
    }
    return result;
}

// "sandbox:1 kill-pod kill:a start:a,b"
QString shown(const PodPlan& plan) {
    QStringList words;
    if (plan.killPod) words << "kill-pod";
    if (plan.createSandbox) words << QString("sandbox:%1").arg(plan.attempt);
    for (const Kill& kill : plan.kill) words << "kill:" + QString::fromStdString(kill.name);
    for (const ContainerRef& ref : plan.start) words << "start:" + QString::fromStdString(ref.container->name);
    return words.join(' ');
}

}  // namespace

class PodPlanTest : public QObject {
    Q_OBJECT
private slots:
    void whatToDoFollowsFromWhatIsThere_data() {
        QTest::addColumn<QString>("given");
        QTest::addColumn<QString>("plan");
        const auto row = [](const char* name, const char* given, const char* plan) {
            QTest::newRow(name) << QString(given) << QString(plan);
        };
        row("nothing yet", "Always | | a b | ", "kill-pod sandbox:0 start:a start:b");
        row("nothing yet, with init", "Always | i:i1 i:i2 | a | ", "kill-pod sandbox:0 start:i1");
        row("sandbox there", "Always | | a | sandbox=ready", "start:a");
        row("all run", "Always | | a b | sandbox=ready a=running b=running", "");
        row("sandbox lost", "Always | | a | sandbox=lost a=exited:255", "kill-pod sandbox:1 start:a");
        row("sandbox lost, never restarts", "Never | | a | sandbox=lost a=exited:1", "kill-pod");
        row("sandbox lost before anything ran", "Never | | a | sandbox=lost", "kill-pod sandbox:1 start:a");
        row("sandbox lost, all succeeded", "OnFailure | | a | sandbox=lost a=exited:0", "kill-pod");
        row("sandbox lost, one succeeded", "OnFailure | | a b | sandbox=lost a=exited:0 b=exited:1",
            "kill-pod sandbox:1 start:b");
        row("always restarts a success", "Always | | a | sandbox=ready a=exited:0", "start:a");
        row("on failure keeps a success", "OnFailure | | a b | sandbox=ready a=exited:0 b=running", "");
        row("on failure restarts a failure", "OnFailure | | a b | sandbox=ready a=exited:2 b=running", "start:a");
        row("never", "Never | | a b | sandbox=ready a=exited:2 b=running", "");
        row("all over", "Never | | a b | sandbox=ready a=exited:2 b=exited:0", "kill-pod");
        row("state unknown", "Always | | a | sandbox=ready a=unknown", "kill:a start:a");
        row("first init container", "Always | i:i1 i:i2 | a | sandbox=ready", "start:i1");
        row("init container runs", "Always | i:i1 i:i2 | a | sandbox=ready i1=running", "");
        row("next init container", "Always | i:i1 i:i2 | a | sandbox=ready i1=exited:0", "start:i2");
        row("last init container is done", "Always | i:i1 i:i2 | a | sandbox=ready i1=exited:0 i2=exited:0", "start:a");
        row("first one forgotten", "Always | i:i1 i:i2 | a | sandbox=ready i2=exited:0", "start:a");
        row("init container failed", "Always | i:i1 | a | sandbox=ready i1=exited:1", "start:i1");
        row("init container failed for good", "Never | i:i1 | a | sandbox=ready i1=exited:1", "kill-pod");
        row("init container was made but not started", "Always | i:i1 | a | sandbox=ready i1=created", "start:i1");
        row("initialised before", "Always | i:i1 | a | sandbox=ready a=running", "");
        row("sidecar starts", "Always | s:s1 i:i2 | a | sandbox=ready", "start:s1");
        row("sidecar runs, next one", "Always | s:s1 i:i2 | a | sandbox=ready s1=running", "start:i2");
        row("sidecar is last", "Always | i:i1 s:s2 | a | sandbox=ready i1=exited:0 s2=running", "start:a");
        row("sidecar ended while init runs", "Always | s:s1 i:i2 | a | sandbox=ready s1=exited:0 i2=running",
            "start:s1");
        row("sidecar ended later", "Always | s:s1 | a | sandbox=ready s1=exited:0 a=running", "start:s1");
        row("sidecar alone keeps nothing alive", "Never | s:s1 | a | sandbox=ready s1=running a=exited:0", "kill-pod");
    }
    void whatToDoFollowsFromWhatIsThere() {
        QFETCH(QString, given);
        QFETCH(QString, plan);
        const Case one = parse(given);
        QCOMPARE(shown(planPod(one.pod, one.observed, {})), plan);
    }

    void aSidecarWithAStartupProbeHoldsTheNextOneBack() {
        Case one = parse("Always | s:s1 i:i2 | a | sandbox=ready s1=running");
        one.pod.spec.initContainers[0].startupProbe.emplace();
        QCOMPARE(shown(planPod(one.pod, one.observed, {})), QString());
        QCOMPARE(shown(planPod(one.pod, one.observed, {{"id-s1", {.startup = Verdict::Success}}})),
                 QString("start:i2"));
        QCOMPARE(shown(planPod(one.pod, one.observed, {{"id-s1", {.startup = Verdict::Failure}}})),
                 QString("kill:s1 start:s1"));
    }

    void failedProbesAndChangedImagesReplaceAContainer() {
        Case one = parse("Always | | a | sandbox=ready a=running");
        auto plan = planPod(one.pod, one.observed, {{"id-a", {.liveness = Verdict::Failure}}});
        QCOMPARE(plan.kill.at(0).message, std::string("Container a failed liveness probe, will be restarted"));
        one.pod.spec.restartPolicy = "Never";
        plan = planPod(one.pod, one.observed, {{"id-a", {.liveness = Verdict::Failure}}});
        QCOMPARE(plan.kill.at(0).message, std::string("Container a failed liveness probe"));
        one.observed.containers[0].annotations[kHashAnnotation] = "other";
        plan = planPod(one.pod, one.observed, {});
        QCOMPARE(plan.kill.at(0).message, std::string("Container a definition changed, will be restarted"));
    }

    void exitCodeRulesComeBeforeThePolicy() {
        Case one = parse("Never | | a | sandbox=ready a=exited:42");
        auto& rule = one.pod.spec.containers[0].restartPolicyRules.emplace_back();
        rule.action = "Restart";
        rule.exitCodes.emplace().operator_ = "In";
        rule.exitCodes->values = {42};
        QCOMPARE(shown(planPod(one.pod, one.observed, {})), QString("start:a"));
    }

    void theWaitDoublesAndIsForgotten() {
        BackOff backOff(10s, 300s);
        base::WallTime now{1000s};
        QVERIFY(backOff.remaining("a", now, now) == 0s);
        for (const auto wait : {10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
            backOff.next("a", now, now);
            QVERIFY(backOff.remaining("a", now, now + 1s) == wait - 1s);
            now += wait;
            QVERIFY(backOff.remaining("a", now - wait, now) == 0s);
        }
        now += 601s;
        QVERIFY(backOff.remaining("a", now, now) == 0s);
        backOff.next("a", now, now);
        QVERIFY(backOff.current("a") == 10s);
    }
};

QTEST_APPLESS_MAIN(PodPlanTest)
#include "pod_plan_test.moc"
