// A script that tells hollow nodes and their Pods what to do, from the command line to what kubectl shows.
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;

namespace {

const QByteArray kScript = R"(nodes:
- {name: hollow-node-1, ready: false}
pods:
- selector: app=crash
  runs: [{for: 500ms, exitCode: 3}]
- selector: app=late
  startsAfter: 100ms
  readiness: false
)";

const QByteArray kPods = R"(apiVersion: v1
kind: Pod
metadata: {name: crash, labels: {app: crash}}
spec: {nodeName: hollow-node-0, containers: [{name: c, image: quarterdeck.dev/lab:1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: late, labels: {app: late}}
spec: {nodeName: hollow-node-0, containers: [{name: c, image: quarterdeck.dev/lab:1}]}
)";

QString scriptFile(const QByteArray& text) {
    static QTemporaryDir folder;
    QFile file(folder.filePath("script.yaml"));
    if (!file.open(QIODevice::WriteOnly)) return {};
    file.write(text);
    return file.fileName();
}

}  // namespace

class HollowScriptTest : public QObject {
    Q_OBJECT

private slots:
    void nodesAndPodsDoAsTheScriptSays() {
        ControlPlaneProcess cluster({"--hollow-nodes", "2", "--hollow-script", scriptFile(kScript)});
        QVERIFY2(cluster.start(), qPrintable(cluster.log()));
        QTRY_VERIFY_WITH_TIMEOUT(cluster.value("get nodes --no-headers").contains("NotReady"), 30'000);
        QTRY_VERIFY_WITH_TIMEOUT(!cluster.value("get serviceaccount default -o name").startsWith("error"), 30'000);
        VERIFY_OK(cluster.kubectl({"apply", "-f", cluster.write("pods.yaml", kPods)}));
        QTRY_COMPARE_WITH_TIMEOUT(
            cluster.value("get pod crash -o jsonpath={.status.containerStatuses[0].state.waiting.reason}"),
            QString("CrashLoopBackOff"), 30'000);
        QCOMPARE(
            cluster.value("get pod crash -o jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}"),
            QString("3"));
        QTRY_COMPARE_WITH_TIMEOUT(cluster.value("get pod late -o jsonpath={.status.phase}"), QString("Running"),
                                  30'000);
        QVERIFY(cluster.value("get pod late --no-headers").contains("0/1"));
        QVERIFY(cluster.terminate());
    }

    void aScriptThatIsNotRightIsRefusedWithItsPlaces() {
        const QString file = scriptFile("pods:\n- selector: app=web\n  runs: [{for: soon}]\n");
        QTemporaryDir data;
        const auto outcome = qd::test::runProgram(
            QD_QDECK,
            {"control-plane", "--data-dir", data.path(), "--port", "0", "--hollow-nodes", "1", "--hollow-script", file},
            QProcessEnvironment::systemEnvironment());
        QVERIFY(outcome.code != 0);
        QVERIFY2(outcome.error.contains("line 3: pods[0].runs[0].for: Invalid value: \"soon\""),
                 outcome.text().constData());
    }
};

QTEST_GUILESS_MAIN(HollowScriptTest)
#include "hollow_script_test.moc"
