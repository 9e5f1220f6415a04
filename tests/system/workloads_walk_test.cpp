// Workloads on virtual machines: a DaemonSet on every node, an indexed Job, a StatefulSet that goes up and down in order,
// and an autoscaler that follows what the nodes' cgroups say of real CPU. The tests are steps on one cluster; the first
// one makes it.
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QSet>
#include <QtTest>

#include "tests/system/vm_cluster.h"
#include "tests/system/workloads_walk_texts.h"

using namespace qd::test;

namespace {

constexpr int kCreateSeconds = 600;  // emulated; with KVM seconds
constexpr int kPodsMs = 180'000;
constexpr int kScaleMs = 240'000;  // an autoscaler looks every 15 s at figures that are some seconds old

}  // namespace

class WorkloadsWalkTest : public QObject {
    Q_OBJECT

    VmCluster m_cluster{"work"};
    bool m_broken = false;

    void apply(const char* name, const char* yaml) {
        VERIFY_OK(m_cluster.kubectl("apply -f " + m_cluster.write(name, yaml)));
    }
    QJsonArray items(const QString& line) const {
        const auto list = QJsonDocument::fromJson(m_cluster.kubectl(line + " -o json").out.toUtf8()).object();
        return list["items"].toArray();
    }
    // The Pods of the StatefulSet by name, each with when it was made and when it became ready.
    QMap<QString, std::pair<QString, QString>> databasePods() const {
        QMap<QString, std::pair<QString, QString>> pods;
        for (const QJsonValue& pod : items("get pods -n shop -l app=db")) {
            QString ready;
            for (const QJsonValue& condition : pod["status"]["conditions"].toArray())
                if (condition["type"] == "Ready" && condition["status"] == "True")
                    ready = condition["lastTransitionTime"].toString();
            pods[pod["metadata"]["name"].toString()] = {pod["metadata"]["creationTimestamp"].toString(), ready};
        }
        return pods;
    }
    // What the controllers said about an object, the oldest first.
    QStringList said(const QString& name, const QString& reason) const {
        QJsonArray events = items("get events -n shop --field-selector involvedObject.name=" + name + ",reason=" + reason);
        QList<QJsonObject> sorted;
        for (const QJsonValue& event : events) sorted << event.toObject();
        std::sort(sorted.begin(), sorted.end(), [](const QJsonObject& a, const QJsonObject& b) {
            const auto revision = [](const QJsonObject& event) {
                return event["metadata"]["resourceVersion"].toString().toLongLong();
            };
            return revision(a) < revision(b);
        });
        QStringList messages;
        for (const QJsonObject& event : sorted) messages << event["message"].toString();
        return messages;
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

    void createMakesTheCluster() {
        VERIFY_OK(m_cluster.qdeck("create work --nodes 2 --memory 1024", kCreateSeconds));
        VERIFY_OK(m_cluster.qdeck("kubeconfig work --merge --current"));
        apply("visitor.yaml", kWalkVisitor);
        VERIFY_OK(m_cluster.kubectl("wait -n shop pod/visitor --for=condition=Ready --timeout=120s", {}, 130));
    }

    void aDaemonSetRunsOnEveryNodeAndIsExchangedNodeByNode() {
        apply("collector.yaml", kWalkCollector);
        VERIFY_OK(m_cluster.kubectl("rollout status -n shop daemonset/collector --timeout=180s", {}, 200));
        const QString nodes = "get pods -n shop -l app=collector -o jsonpath={.items[*].spec.nodeName}";
        const QStringList where = m_cluster.value(nodes).split(' ');
        QCOMPARE(QSet<QString>(where.begin(), where.end()), (QSet<QString>{"node-1", "node-2"}));
        QCOMPARE(where.size(), 2);

        VERIFY_OK(m_cluster.kubectl("set env -n shop daemonset/collector LAB_VERSION=green"));
        VERIFY_OK(m_cluster.kubectl("rollout status -n shop daemonset/collector --timeout=180s", {}, 200));
        const QString versions = "get pods -n shop -l app=collector -o jsonpath={.items[*].spec.containers[0].env[0].value}";
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value(versions), QString("green green"), 20'000);
        QVERIFY(m_cluster.value("rollout history -n shop daemonset/collector").contains("2 "));
    }

    void anIndexedJobGivesEachPodItsPiece() {
        apply("pieces.yaml", kWalkPieces);
        VERIFY_OK(m_cluster.kubectl("wait -n shop job/pieces --for=condition=Complete --timeout=180s", {}, 190));
        QCOMPARE(m_cluster.value("get job -n shop pieces -o jsonpath={.status.completedIndexes}"), QString("0-3"));
        for (int index = 0; index < 4; ++index) {
            const QString log = m_cluster.value(
                QString("logs -n shop -l batch.kubernetes.io/job-completion-index=%1,job-name=pieces").arg(index));
            QCOMPARE(log, QString("piece %1").arg(index));
        }
    }

    void aStatefulSetGoesUpInOrderWithNamesOfItsOwn() {
        apply("db.yaml", kWalkDatabase);
        VERIFY_OK(m_cluster.kubectl("rollout status -n shop statefulset/db --timeout=180s", {}, 200));
        VERIFY_OK(m_cluster.kubectl("exec -n shop db-1 -- /lab write /data/mark kept"));
        VERIFY_OK(m_cluster.kubectl("scale -n shop statefulset/db --replicas=3"));
        VERIFY_OK(m_cluster.kubectl("rollout status -n shop statefulset/db --timeout=180s", {}, 200));
        const auto pods = databasePods();
        QCOMPARE(pods.keys(), (QStringList{"db-0", "db-1", "db-2"}));
        QVERIFY2(pods["db-0"].second <= pods["db-1"].first, "db-1 waits until db-0 is ready");
        QVERIFY2(pods["db-1"].second <= pods["db-2"].first, "db-2 waits until db-1 is ready");
        const QString address = m_cluster.value("get pod -n shop db-1 -o jsonpath={.status.podIP}");
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("exec -n shop visitor -- /lab lookup db-1.db.shop.svc.cluster.local"),
                                  address, 60'000);
        QCOMPARE(m_cluster.value("exec -n shop db-1 -- /lab cat /data/mark"), QString("kept"));
    }

    void itGoesDownFromTheHighestOrdinal() {
        VERIFY_OK(m_cluster.kubectl("scale -n shop statefulset/db --replicas=1"));
        QTRY_COMPARE_WITH_TIMEOUT(databasePods().keys(), QStringList{"db-0"}, kPodsMs);
        const QStringList gone = said("db", "SuccessfulDelete");
        QCOMPARE(gone.size(), 2);
        QVERIFY2(gone[0].contains("db-2") && gone[1].contains("db-1"), qPrintable(gone.join('\n')));
    }

    void aPodThatItsNodeRefusesIsMadeAgainUntilThereIsRoom() {
        apply("holder.yaml", kWalkHolder);
        VERIFY_OK(m_cluster.kubectl("wait -n shop pod/holder --for=condition=Ready --timeout=120s", {}, 130));
        apply("guest.yaml", kWalkGuest);
        QTRY_VERIFY_WITH_TIMEOUT(!said("guest-0", "NodePorts").isEmpty(), kPodsMs);
        QCOMPARE(said("guest-0", "NodePorts").first(),
                 QString("Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"));
        QTRY_VERIFY_WITH_TIMEOUT(!said("guest", "SuccessfulDelete").isEmpty(), kPodsMs);
        VERIFY_OK(m_cluster.kubectl("delete pod -n shop holder --timeout=60s", {}, 70));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get pod -n shop guest-0 -o jsonpath={.status.phase}"),
                                  QString("Running"), kPodsMs);
        VERIFY_OK(m_cluster.kubectl("delete statefulset -n shop guest --timeout=60s", {}, 70));
    }

    void anAutoscalerFollowsRealCpuUp() {
        apply("burner.yaml", kWalkBurner);
        VERIFY_OK(m_cluster.kubectl("rollout status -n shop deployment/burner --timeout=180s", {}, 200));
        const QString active = "get hpa -n shop burner -o jsonpath={.status.conditions[?(@.type=='ScalingActive')].status}";
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value(active), QString("True"), kScaleMs);
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get deployment -n shop burner -o jsonpath={.spec.replicas}"),
                                  QString("1"), kScaleMs);

        apply("load.yaml", kWalkLoad);
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get deployment -n shop burner -o jsonpath={.spec.replicas}"),
                                  QString("3"), kScaleMs);
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get deployment -n shop burner -o jsonpath={.status.readyReplicas}"),
                                  QString("3"), kPodsMs);
        const QStringList rescaled = said("burner", "SuccessfulRescale");
        QVERIFY2(rescaled.last().contains("cpu resource utilization (percentage of request) above target"),
                 qPrintable(rescaled.join('\n')));
        QVERIFY(m_cluster.value("top pods -n shop -l app=burner").contains("burner-"));
    }

    void andDownAgainWhenTheLoadIsGone() {
        VERIFY_OK(m_cluster.kubectl("delete pod -n shop load --timeout=60s", {}, 70));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get deployment -n shop burner -o jsonpath={.spec.replicas}"),
                                  QString("1"), kScaleMs);
        const QStringList rescaled = said("burner", "SuccessfulRescale");
        QVERIFY2(rescaled.last().contains("All metrics below target"), qPrintable(rescaled.join('\n')));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get pods -n shop -l app=burner -o name").split('\n').size(), 1, kPodsMs);
    }
};

QTEST_GUILESS_MAIN(WorkloadsWalkTest)
#include "workloads_walk_test.moc"
