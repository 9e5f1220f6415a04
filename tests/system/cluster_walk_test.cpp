// The whole path on virtual machines: a cluster of two nodes is made, a shop is applied, its Service answers by name from
// Pods on both nodes, things are killed, changed, stopped, started and deleted. The tests are steps: each needs those before.
#include <signal.h>

#include <QDir>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QSet>
#include <QTcpSocket>
#include <QtTest>

#include "tests/system/libvirt_things.h"
#include "tests/system/vm_cluster.h"

using namespace qd::test;

namespace {

constexpr int kCreateSeconds = 600;  // emulated; with KVM seconds
constexpr int kPodsMs = 180'000;
constexpr const char* kRollout = "rollout status -n shop deployment/web --timeout=180s";

const QByteArray kShop = R"yaml(apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, version: blue}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - name: lab
        image: quarterdeck.dev/lab:1
        env: [{name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 2}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
)yaml";

const QByteArray kVisitor = R"yaml(apiVersion: v1
kind: Pod
metadata: {name: visitor, namespace: shop}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: lab, image: "quarterdeck.dev/lab:1", command: [/lab, sleep, 24h]}
)yaml";

const QByteArray kOtherKubeconfig = R"yaml(apiVersion: v1
kind: Config
clusters: [{name: work, cluster: {server: "https:\/\/work.example:6443"}}]
users: [{name: me, user: {token: secret}}]
contexts: [{name: work, context: {cluster: work, user: me}}]
current-context: work
)yaml";

}  // namespace

class ClusterWalkTest : public QObject {
    Q_OBJECT

    VmCluster m_cluster{"walk"};
    QStringList m_before;
    bool m_broken = false;

    static QSet<QString> setOf(const QStringList& list) { return {list.begin(), list.end()}; }
    QStringList readyAddresses() const {
        QStringList addresses = m_cluster.value("get pods -n shop -l app=web -o jsonpath={.items[?(@.status.containerStatuses[0].ready==true)].status.podIP}").split(' ', Qt::SkipEmptyParts);
        addresses.sort();
        return addresses;
    }
    QStringList endpointAddresses() const {
        QStringList addresses = m_cluster.value("get endpoints -n shop web -o jsonpath={.subsets[*].addresses[*].ip}").split(' ', Qt::SkipEmptyParts);
        addresses.sort();
        return addresses;
    }
    QStringList sliceAddresses() const {
        QStringList addresses = m_cluster.value("get endpointslices -n shop -l kubernetes.io/service-name=web -o jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].addresses[0]}").split(' ', Qt::SkipEmptyParts);
        addresses.sort();
        return addresses;
    }
    bool endpointsAreTheReadyPods(int count) const {
        const QStringList ready = readyAddresses();
        return ready.size() == count && endpointAddresses() == ready && sliceAddresses() == ready;
    }
    // 20 requests by name from the visitor; the values of one key of lab's answers.
    QSet<QString> askedByName(const QString& key) const {
        QSet<QString> values;
        const QRegularExpression pattern(key + "=(\\S+)");
        for (const QString& line : m_cluster.lines("exec -n shop visitor -- /lab get -n 20 http://web.shop.svc.cluster.local/"))
            values << pattern.match(line).captured(1);
        return values;
    }

    // The node of the Pod that answers at an address of the cluster, asked from the host.
    static QString answerOf(const QString& address, quint16 port) {
        QTcpSocket socket;
        socket.connectToHost(address, port);
        if (!socket.waitForConnected(5'000)) return {};
        socket.write("GET / HTTP/1.0\r\n\r\n");
        while (socket.state() == QTcpSocket::ConnectedState && socket.waitForReadyRead(5'000)) {
        }
        static const QRegularExpression node("node=(\\S+)");
        return node.match(QString::fromUtf8(socket.readAll())).captured(1);
    }

private slots:
    void initTestCase() { m_before = libvirtThings(); }

    // A step needs those before it.
    void init() {
        if (m_broken) QFAIL("a step before this one failed");
    }
    void cleanup() {
        if (!QTest::currentTestFailed() || m_broken) return;
        m_broken = true;
        qWarning().noquote() << m_cluster.logs();
    }

    void createMakesAClusterOfReadyNodesWithDns() {
        const Outcome created = m_cluster.qdeck("create walk --nodes 2 --memory 1024", kCreateSeconds);
        VERIFY_OK(created);
        QVERIFY2(created.error.contains("node-2 Ready"), created.text());
        QVERIFY(m_cluster.write("kube/config", kOtherKubeconfig).size() > 0);
        VERIFY_OK(m_cluster.qdeck("kubeconfig walk --merge --current"));
        QCOMPARE(m_cluster.value("get nodes -o jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}"), QString("True True"));
        QCOMPARE(m_cluster.value("get deployment -n kube-system coredns -o jsonpath={.status.readyReplicas}"), QString("2"));
        QVERIFY(m_cluster.value("get service -n kube-system kube-dns -o jsonpath={.spec.clusterIP}").endsWith(".0.10"));
    }

    // Each asked for its certificate once, with the cluster's token; volumes of theirs are attached by the controller.
    void nodesHaveJoinedByToken() {
        const QStringList askers = m_cluster.value("get csr -o jsonpath={.items[*].spec.username}").split(' ');
        QCOMPARE(askers.size(), 2);
        for (const QString& asker : askers) QVERIFY2(asker.startsWith("system:bootstrap:"), qPrintable(asker));
        QCOMPARE(m_cluster.value("get csr -o jsonpath={.items[*].status.conditions[*].type}"), QString("Approved Approved"));
        QCOMPARE(m_cluster.value("get nodes -o jsonpath={.items[*].metadata.annotations.volumes\\.kubernetes\\.io/controller-managed-attach-detach}"),
                 QString("true true"));
    }

    void mergingKeepsWhatTheKubeconfigHad() {
        const QString contexts = m_cluster.value("config get-contexts -o name");
        QCOMPARE(contexts, QString("quarterdeck-walk\nwork"));
        QCOMPARE(m_cluster.value("config current-context"), QString("quarterdeck-walk"));
        QVERIFY(!QDir(m_cluster.folder() + "/kube").entryList({"config.*"}).isEmpty());  // the backup
    }

    void theShopIsAppliedByTheClientAndByTheServer() {
        const QString file = m_cluster.write("shop.yaml", kShop);
        VERIFY_OK(m_cluster.kubectl("apply -f " + file));
        VERIFY_OK(m_cluster.kubectl(kRollout, {}, 200));
        VERIFY_OK(m_cluster.kubectl("apply --server-side --force-conflicts -f " + file));
        QCOMPARE(m_cluster.kubectl("diff -f " + file).code, 0);
        QSet<QString> nodes;
        for (const QString& node : m_cluster.value("get pods -n shop -l app=web -o jsonpath={.items[*].spec.nodeName}").split(' ')) nodes << node;
        QCOMPARE(nodes.size(), 2);
        QTRY_VERIFY_WITH_TIMEOUT(endpointsAreTheReadyPods(3), 20'000);
    }

    void aServiceAnswersByNameFromPodsOnBothNodes() {
        VERIFY_OK(m_cluster.kubectl("apply -f " + m_cluster.write("visitor.yaml", kVisitor)));
        VERIFY_OK(m_cluster.kubectl("wait -n shop pod/visitor --for=condition=Ready --timeout=120s", {}, 130));
        const QString address = m_cluster.value("get service -n shop web -o jsonpath={.spec.clusterIP}");
        QCOMPARE(m_cluster.value("exec -n shop visitor -- /lab lookup web.shop.svc.cluster.local"), address);
        QCOMPARE(askedByName("node"), (QSet<QString>{"node-1", "node-2"}));
        QCOMPARE(askedByName("address"), setOf(readyAddresses()));
    }

    void logsAndExecReachTheContainer() {
        const QString pod = m_cluster.value("get pods -n shop -l app=web -o jsonpath={.items[0].metadata.name}");
        QVERIFY(!m_cluster.value("logs -n shop " + pod).startsWith("error"));
        QVERIFY(m_cluster.value("exec -n shop " + pod + " -- /lab env").contains("HOSTNAME=" + pod));
        const Outcome fed = m_cluster.kubectl("exec -i -n shop visitor -- /lab cat", "through standard input");
        QCOMPARE(fed.out, QString("through standard input"));
        QCOMPARE(m_cluster.kubectl("exec -n shop visitor -- /lab exit 7").code, 7);
    }

    void nodePortsPortForwardsAndProxiesReachThePods() {
        VERIFY_OK(m_cluster.kubectl("create service nodeport door -n shop --tcp=80:8080"));
        VERIFY_OK(m_cluster.kubectl("set selector -n shop service/door app=web"));
        const auto port = m_cluster.value("get service -n shop door -o jsonpath={.spec.ports[0].nodePort}").toUShort();
        for (const char* node : {"node-1", "node-2"}) {
            const QString address = m_cluster.value(QString("get node %1 -o jsonpath={.status.addresses[0].address}").arg(node));
            QTRY_VERIFY_WITH_TIMEOUT(!answerOf(address, port).isEmpty(), 20'000);
        }
        QVERIFY(m_cluster.value("get --raw /api/v1/namespaces/shop/services/web/proxy/").contains("web-"));
        const auto forward = m_cluster.startKubectl("port-forward -n shop service/web 18080:80");
        QTRY_COMPARE_WITH_TIMEOUT(answerOf("127.0.0.1", 18080).left(5), QString("node-"), 20'000);
        forward->terminate();
        QVERIFY(forward->waitForFinished(10'000));
    }

    void aDeletedPodIsReplaced() {
        const QString victim = m_cluster.value("get pods -n shop -l app=web -o jsonpath={.items[0].metadata.name}");
        VERIFY_OK(m_cluster.kubectl("delete pod -n shop --timeout=60s " + victim, {}, 70));
        QTRY_VERIFY_WITH_TIMEOUT(endpointsAreTheReadyPods(3), kPodsMs);
        QVERIFY(!m_cluster.value("get pods -n shop -o name").contains(victim));
    }

    void aChangedTemplateRollsOut() {
        VERIFY_OK(m_cluster.kubectl("set env -n shop deployment/web LAB_VERSION=green"));
        VERIFY_OK(m_cluster.kubectl(kRollout, {}, 200));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get replicasets -n shop -o jsonpath={.items[*].spec.replicas}").split(' ').size(), 2, 10'000);
        QTRY_VERIFY_WITH_TIMEOUT(endpointsAreTheReadyPods(3), kPodsMs);
        QCOMPARE(askedByName("version"), QSet<QString>{"green"});
    }

    void everythingIsThereAgainAfterStopAndStart() {
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.lines("get pods -n shop -o name").size(), 4, kPodsMs);  // no old one is still ending
        const QString pods = m_cluster.value("get pods -n shop -o name");
        VERIFY_OK(m_cluster.qdeck("stop walk", 180));
        QVERIFY(!m_cluster.kubectl("get nodes --request-timeout=3s").ok());
        VERIFY_OK(m_cluster.qdeck("start walk", kCreateSeconds));
        QCOMPARE(m_cluster.value("get pods -n shop -o name"), pods);
        QTRY_VERIFY_WITH_TIMEOUT(endpointsAreTheReadyPods(3), kPodsMs);
        QTRY_COMPARE_WITH_TIMEOUT(askedByName("node"), (QSet<QString>{"node-1", "node-2"}), kPodsMs);
    }

    void podsAndServicesServeOnWhileTheControlPlaneIsAway() {
        const QString address = m_cluster.value("get service -n shop web -o jsonpath={.spec.clusterIP}");
        const auto status = QJsonDocument::fromJson(m_cluster.qdeck("status walk --output json").out.toUtf8()).object();
        const int owner = status["ownerPid"].toInt();
        QVERIFY(owner > 1);
        QCOMPARE(::kill(owner, SIGKILL), 0);
        QSet<QString> nodes;
        for (int i = 0; i < 12; ++i) nodes << answerOf(address, 80);
        nodes.remove({});
        QCOMPARE(nodes, (QSet<QString>{"node-1", "node-2"}));
        VERIFY_OK(m_cluster.qdeck("start walk", kCreateSeconds));
        QTRY_VERIFY_WITH_TIMEOUT(endpointsAreTheReadyPods(3), kPodsMs);
        QCOMPARE(m_cluster.value("get pods -n shop -o jsonpath={.items[*].status.containerStatuses[0].restartCount}"), QString("0 0 0 0"));
    }

    void deleteLeavesNothingBehind() {
        VERIFY_OK(m_cluster.qdeck("delete walk", 120));
        QCOMPARE(libvirtThings(), m_before);
        QVERIFY(!QDir(m_cluster.dataFolder()).exists());
        QCOMPARE(m_cluster.value("config get-contexts -o name"), QString("work"));
        QCOMPARE(m_cluster.qdeck("list --output json").out.trimmed(), QString("[]"));
    }
};

QTEST_GUILESS_MAIN(ClusterWalkTest)
#include "cluster_walk_test.moc"
