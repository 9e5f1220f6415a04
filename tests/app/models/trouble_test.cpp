// What the window says when Pods do not come up: the reason's word, what is wrong, and what to do about it.
#include <QtTest>

#include "app/models/deployment_summary.h"
#include "app/models/pod_summary.h"
#include "tests/app/support/shop.h"

using namespace qd;
using namespace qd::models;
using namespace qd::tests;
using qd::views::State;

namespace {

corev1::ContainerStatus waiting(const std::string& reason, const std::string& message = {}) {
    corev1::ContainerStatus status;
    status.name = "web";
    status.state.waiting.emplace().reason = reason;
    status.state.waiting->message = message;
    return status;
}

corev1::ContainerStatus crashed(int code, const std::string& reason = "Error", int restarts = 4) {
    corev1::ContainerStatus status = waiting("CrashLoopBackOff", "back-off 40s restarting failed container=web");
    status.restartCount = restarts;
    status.lastState.terminated.emplace().exitCode = code;
    status.lastState.terminated->reason = reason;
    return status;
}

std::unique_ptr<corev1::Pod> podWith(const corev1::ContainerStatus& status, const std::string& suffix = "abcde") {
    auto pod = shopPod(7, suffix, PodLife::Running, 1, 20);
    pod->status.containerStatuses = {status};
    return pod;
}

std::unique_ptr<corev1::Pod> unplaced(const std::string& message) {
    auto pod = shopPod(7, "abcde", PodLife::Pending, 1, 20);
    corev1::PodCondition scheduled;
    scheduled.type = "PodScheduled";
    scheduled.status = "False";
    scheduled.reason = "Unschedulable";
    scheduled.message = message;
    pod->status.conditions.push_back(scheduled);
    return pod;
}

}  // namespace

class TroubleTest : public QObject {
    Q_OBJECT
private slots:
    void aContainerThatCannotRunSaysWhatIsWrongAndWhatToDo_data() {
        QTest::addColumn<corev1::ContainerStatus>("status");
        QTest::addColumn<QString>("word");
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("remedy");
        const auto row = [](const char* name, const corev1::ContainerStatus& status, const char* word, const char* what,
                            const char* remedy) {
            QTest::newRow(name) << status << QString::fromUtf8(word) << QString::fromUtf8(what)
                                << QString::fromUtf8(remedy);
        };
        row("it fails", crashed(1), "CrashLoopBackOff", "container web ended with exit code 1, 5 times so far",
            "Last run");
        row("its command is missing", crashed(127), "CrashLoopBackOff", "exit code 127", "command was not found");
        row("it ends well", crashed(0, "Completed"), "CrashLoopBackOff", "exit code 0", "is a Job's");
        row("it takes too much", crashed(137, "OOMKilled"), "CrashLoopBackOff", "more memory than it may",
            "resources.limits.memory");
        row("it cannot be executed", crashed(128, "StartError"), "CrashLoopBackOff", "could not be started", "command");
        row("no such image", waiting("ErrImagePull", "failed to resolve reference: not found"), "ErrImagePull",
            "container web: the image registry.example.com/shop/web:1.5.0 cannot be pulled: failed to resolve",
            "slip in its name");
        row("waiting, and why",
            waiting(
                "ImagePullBackOff",
                "Back-off pulling image \"web\": ErrImagePull: rpc error: code = NotFound desc = failed to pull and "
                "unpack image \"web\": failed to resolve reference \"web\": not found"),
            "ImagePullBackOff", "cannot be pulled: failed to resolve reference \"web\": not found", "slip in its name");
        row("waiting to pull", waiting("ImagePullBackOff", "Back-off pulling image \"web\""), "ImagePullBackOff",
            "the image registry.example.com/shop/web:1.5.0 cannot be pulled", "imagePullSecrets");
        row("never pulled", waiting("ErrImageNeverPull"), "ErrImageNeverPull", "must not be pulled",
            "qdeck image load");
        row("no name", waiting("InvalidImageName"), "InvalidImageName", "no name of an image", "Correct the image");
        row("no ConfigMap", waiting("CreateContainerConfigError", "configmap \"settings\" not found"),
            "CreateContainerConfigError", "container web: configmap \"settings\" not found", "Make what it names");
    }

    void aContainerThatCannotRunSaysWhatIsWrongAndWhatToDo() {
        QFETCH(corev1::ContainerStatus, status);
        QFETCH(QString, what);
        QFETCH(QString, remedy);
        const PodSummary summary = summarize(*podWith(status), shopNow());
        QCOMPARE(summary.state, State::Failed);
        QTEST(summary.word, "word");
        QVERIFY2(summary.why.contains(what), qPrintable(summary.why));
        QVERIFY2(summary.remedy.contains(remedy), qPrintable(summary.remedy));
    }

    void aPodThatNoNodeTakesSaysWhatTheSchedulerFound_data() {
        QTest::addColumn<QString>("message");
        QTest::addColumn<QString>("remedy");
        QTest::newRow("room") << QStringLiteral("0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes.")
                              << QStringLiteral("resources.requests");
        QTest::newRow("taint") << QStringLiteral(
                                      "0/1 nodes are available: 1 node(s) had untolerated taint(s). preemption: none")
                               << QStringLiteral("tolerate it");
        QTest::newRow("cordoned") << QStringLiteral("0/1 nodes are available: 1 node(s) were unschedulable.")
                                  << QStringLiteral("Uncordon");
        QTest::newRow("selector")
            << QStringLiteral("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")
            << QStringLiteral("nodeSelector");
        QTest::newRow("claim") << QStringLiteral(
                                      "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.")
                               << QStringLiteral("claims");
    }

    void aPodThatNoNodeTakesSaysWhatTheSchedulerFound() {
        QFETCH(QString, message);
        QFETCH(QString, remedy);
        const PodSummary summary = summarize(*unplaced(message.toStdString()), shopNow());
        QCOMPARE(summary.word, QStringLiteral("Unschedulable"));
        QVERIFY(message.startsWith(summary.why));
        QVERIFY(!summary.why.contains(QStringLiteral("preemption")));
        QVERIFY2(summary.remedy.contains(remedy), qPrintable(summary.remedy));
    }

    void aDeploymentWhosePodsCrashIsNotRollingOut() {
        const auto one = podWith(crashed(1), "aaaaa"), two = podWith(crashed(1), "bbbbb");
        const auto good = shopPod(7, "ccccc", PodLife::Ready, 1, 22);
        const DeploymentSummary summary = summarize(*shopDeployment(), {one.get(), two.get(), good.get()}, shopNow());
        QCOMPARE(summary.state, State::Failed);
        QCOMPARE(summary.word, QStringLiteral("CrashLoopBackOff"));
        QCOMPARE(summary.trouble.what,
                 QStringLiteral("2 of 3 Pods: container web ended with exit code 1, 5 times so far"));
        QVERIFY(!summary.trouble.remedy.isEmpty());
        QVERIFY(summary.headline.contains(QStringLiteral("of 10 updated")));
    }

    void aContainerThatRunsOnceMoreIsStillInTrouble() {
        corev1::ContainerStatus status = crashed(1);
        status.state.waiting.reset();
        status.state.running.emplace();
        QCOMPARE(summarize(*podWith(status), shopNow()).state, State::Failed);
        status.restartCount = 1;
        QCOMPARE(summarize(*podWith(status), shopNow()).state, State::Starting);
    }

    void aDeploymentThatWaitsForANodeSaysSo() {
        const auto pod = unplaced("0/2 nodes are available: 2 Insufficient memory.");
        const DeploymentSummary summary = summarize(*shopDeployment(), {pod.get()}, shopNow());
        QCOMPARE(summary.word, QStringLiteral("Unschedulable"));
        QVERIFY(summary.trouble.what.contains(QStringLiteral("Insufficient memory")));
    }

    void aDeadlineThatPassedIsSaidBesideTheReason() {
        auto deployment = shopDeployment();
        appsv1::DeploymentCondition condition;
        condition.type = "Progressing";
        condition.status = "False";
        condition.reason = "ProgressDeadlineExceeded";
        deployment->status.conditions.push_back(condition);
        deployment->spec.progressDeadlineSeconds = 120;
        const DeploymentSummary plain = summarize(*deployment, {}, shopNow());
        QCOMPARE(plain.word, QStringLiteral("Stuck"));
        QCOMPARE(plain.trouble.what, QStringLiteral("no progress within its deadline of 2 min"));
        const auto pod = podWith(waiting("ImagePullBackOff"));
        const DeploymentSummary reason = summarize(*deployment, {pod.get()}, shopNow());
        QCOMPARE(reason.word, QStringLiteral("ImagePullBackOff"));
        QVERIFY(reason.trouble.what.startsWith(QStringLiteral("no progress within its deadline of 2 min: 1 of 1 Pod")));
        QVERIFY(reason.trouble.remedy.endsWith(QStringLiteral("Undo goes back to the revision before.")));
    }
};

QTEST_GUILESS_MAIN(TroubleTest)
#include "trouble_test.moc"
