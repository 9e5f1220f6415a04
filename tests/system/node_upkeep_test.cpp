// What a node does without being told: it keeps its Pods and Services over a restart of its agent and while the control
// plane is away; and it runs images that were brought to it. One emulated node; the tests are steps.
#include <signal.h>

#include <QCryptographicHash>
#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTcpSocket>
#include <QtTest>

#include "tests/system/vm_cluster.h"

using namespace qd::test;

namespace {

constexpr int kCreateSeconds = 600;  // emulated; with KVM seconds
constexpr int kPodsMs = 180'000;

// A Service of two Pods with a readiness probe, and a Pod that reaches into the node.
const QByteArray kScene = R"yaml(apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: lab
        image: myapp:dev
        imagePullPolicy: Never
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 5}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: port}
spec:
  containers:
  - {name: lab, image: "quarterdeck.dev/lab:1", ports: [{containerPort: 8080, hostPort: 18080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: host}
spec:
  hostPID: true
  terminationGracePeriodSeconds: 1
  containers:
  - name: lab
    image: quarterdeck.dev/lab:1
    command: [/lab, sleep, 24h]
    securityContext: {privileged: true, runAsUser: 0}
    volumeMounts: [{name: host, mountPath: /host}]
  volumes: [{name: host, hostPath: {path: /}}]
)yaml";

bool answers(const QString& address, quint16 port) {
    QTcpSocket socket;
    socket.connectToHost(address, port);
    if (!socket.waitForConnected(5'000)) return false;
    socket.write("GET / HTTP/1.0\r\n\r\n");
    QByteArray answer;
    while (socket.state() == QTcpSocket::ConnectedState && socket.waitForReadyRead(5'000)) answer += socket.readAll();
    return answer.contains("pod=");
}

}  // namespace

class NodeUpkeepTest : public QObject {
    Q_OBJECT

    VmCluster m_cluster{"upkeep"};
    QString m_archive;
    bool m_broken = false;

    // Runs a line of the node's own shell.
    QString onNode(const QString& line) const {
        return m_cluster.value("exec host -- /host/usr/bin/busybox chroot /host /usr/bin/busybox sh -c \"" + line + "\"");
    }
    QString agentPid() const { return onNode("pidof qdeck-agent || pidof ld.so"); }
    // What would change if a Pod, or what a Service leads to, were reported otherwise.
    QString versions() const {
        return m_cluster.value("get pods -l app=web -o jsonpath={.items[*].metadata.resourceVersion}") + " " +
               m_cluster.value("get endpointslices -l kubernetes.io/service-name=web -o jsonpath={.items[*].metadata.resourceVersion}");
    }
    QString restarts() const {
        return m_cluster.value("get pods -l app=web -o jsonpath={.items[*].status.containerStatuses[0].restartCount}");
    }
    // As `docker save myapp:dev` writes it: a layer with lab, a configuration, a list of both.
    void makeArchive() {
        const QDir folder(m_cluster.folder());
        folder.mkpath("image/files");
        QProcess go;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("GOTOOLCHAIN", QD_GO_TOOLCHAIN);
        environment.insert("CGO_ENABLED", "0");
        go.setProcessEnvironment(environment);
        go.setProcessChannelMode(QProcess::ForwardedChannels);
        go.setWorkingDirectory(QStringLiteral(QD_SOURCE_DIR "/vmnodes/image/lab"));
        go.start(QD_GO, {"build", "-buildvcs=false", "-trimpath", "-o", folder.filePath("image/files/lab"), "."});
        QVERIFY(go.waitForFinished(300'000));
        QCOMPARE(go.exitCode(), 0);
        const QString layer = folder.filePath("image/layer.tar");
        QCOMPARE(QProcess::execute("tar", {"--format=ustar", "-cf", layer, "-C", folder.filePath("image/files"), "lab"}), 0);
        QFile file(layer);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCryptographicHash hash(QCryptographicHash::Sha256);
        QVERIFY(hash.addData(&file));
        const QByteArray digest = hash.result().toHex();
        m_cluster.write("image/config.json",
                        R"({"architecture":"amd64","os":"linux","config":{"Entrypoint":["/lab"],"Env":["PATH=/"]},)"
                        R"("rootfs":{"type":"layers","diff_ids":["sha256:)" + digest + R"("]}})");
        m_cluster.write("image/manifest.json",
                        R"([{"Config":"config.json","RepoTags":["myapp:dev"],"Layers":["layer.tar"]}])");
        m_archive = folder.filePath("myapp.tar");
        QCOMPARE(QProcess::execute("tar", {"--format=ustar", "-cf", m_archive, "-C", folder.filePath("image"), "layer.tar",
                                           "config.json", "manifest.json"}),
                 0);
    }

private slots:
    void init() {
        if (m_broken) QFAIL("a step before this one failed");
    }
    void cleanup() {
        if (!QTest::currentTestFailed() || m_broken) return;
        m_broken = true;
        qWarning().noquote() << m_cluster.logs();
    }

    void aClusterIsMade() {
        makeArchive();
        VERIFY_OK(m_cluster.qdeck("create upkeep --nodes 1 --memory 1024", kCreateSeconds));
        VERIFY_OK(m_cluster.qdeck("kubeconfig upkeep --merge --current"));
    }

    void anArchiveThatIsNoneIsRefusedWithTheReason() {
        const Outcome absent = m_cluster.qdeck("image load upkeep myapp:dev");
        QCOMPARE(absent.code, 3);
        QVERIFY2(absent.error.contains("docker save myapp:dev -o FILE.tar"), absent.text());
        QFile whole(m_archive);
        QVERIFY(whole.open(QIODevice::ReadOnly));
        const Outcome cut = m_cluster.qdeck("image load upkeep " + m_cluster.write("cut.tar", whole.read(100'000)), 120);
        QCOMPARE(cut.code, 5);
        QVERIFY2(cut.error.contains("was not loaded into node-1: containerd cannot import the archive"), cut.text());
    }

    void anImageIsLoadedAndListed() {
        const Outcome loaded = m_cluster.qdeck("image load upkeep " + m_archive + " --output json", 300);
        VERIFY_OK(loaded);
        const QJsonObject one = QJsonDocument::fromJson(loaded.out.toUtf8())["loaded"].toArray().at(0).toObject();
        QCOMPARE(one["node"].toString(), QString("node-1"));
        QCOMPARE(one["images"].toArray().at(0).toString(), QString("docker.io/library/myapp:dev"));
    }

    void podsOfTheLoadedImageServe() {
        VERIFY_OK(m_cluster.kubectl("apply -f " + m_cluster.write("scene.yaml", kScene)));
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/web --timeout=180s", {}, 200));
        VERIFY_OK(m_cluster.kubectl("wait pod/host pod/port --for=condition=Ready --timeout=120s", {}, 130));
        QTRY_VERIFY_WITH_TIMEOUT(answers(m_cluster.value("get service web -o jsonpath={.spec.clusterIP}"), 80), kPodsMs);
    }

    void whatNodesAndPodsUseIsMeasured() {
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("top nodes --no-headers").startsWith("node-1 "), kPodsMs);
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("top pods --no-headers").contains(QRegularExpression("^web-\\S+ +\\d+m +[1-9]\\d*Mi", QRegularExpression::MultilineOption)), kPodsMs);
    }

    void aRestartOfTheAgentIsNotNoticed() {
        const QString service = m_cluster.value("get service web -o jsonpath={.spec.clusterIP}");
        const QString node = m_cluster.value("get pod port -o jsonpath={.status.hostIP}");
        QVERIFY(answers(node, 18080));
        const QString before = agentPid(), known = versions();
        QVERIFY2(before.toInt() > 1, qPrintable(before));
        onNode("(sleep 1; kill " + before + ") > /dev/null 2>&1 &");
        int asked = 0, answered = 0, since = 0;  // since: rounds after the new agent gave its first answer
        QString now = before;
        QElapsedTimer timer;
        for (timer.start(); since < 30 && timer.elapsed() < kPodsMs;) {
            asked += 2;
            answered += answers(service, 80) + answers(node, 18080);
            if (since > 0 || ((now = agentPid()).toInt() > 1 && now != before)) ++since;
        }
        QCOMPARE(since, 30);
        QCOMPARE(answered, asked);
        QCOMPARE(versions(), known);
        QCOMPARE(restarts(), QString("0 0"));
        QCOMPARE(m_cluster.lines("get csr -o name").size(), 1);  // it went on with the certificate that it had
    }

    void aContainerThatDiesWhileTheControlPlaneIsAwayIsStartedAgain() {
        const QString id = m_cluster.value("get pods -l app=web -o jsonpath={.items[0].status.containerStatuses[0].containerID}").section("//", 1);
        const QString address = m_cluster.value("get pods -l app=web -o jsonpath={.items[0].status.podIP}");
        QVERIFY(!id.isEmpty() && answers(address, 8080));
        onNode("(sleep 5; /usr/bin/ctr -n k8s.io tasks kill -s SIGKILL " + id + ") > /dev/null 2>&1 &");
        const auto status = QJsonDocument::fromJson(m_cluster.qdeck("status upkeep --output json").out.toUtf8()).object();
        const int owner = status["ownerPid"].toInt();
        QVERIFY(owner > 1);
        QCOMPARE(::kill(owner, SIGKILL), 0);
        QElapsedTimer timer;
        timer.start();
        while (answers(address, 8080) && timer.elapsed() < kPodsMs) {
        }
        QTRY_VERIFY_WITH_TIMEOUT(answers(address, 8080), kPodsMs);
        VERIFY_OK(m_cluster.qdeck("start upkeep", kCreateSeconds));
        QTRY_COMPARE_WITH_TIMEOUT(restarts().split(' ').count("1"), 1, kPodsMs);
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/web --timeout=180s", {}, 200));
    }
};

QTEST_GUILESS_MAIN(NodeUpkeepTest)
#include "node_upkeep_test.moc"
