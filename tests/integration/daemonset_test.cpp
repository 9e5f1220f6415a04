// DaemonSets by kubectl: on every node that is meant, rolling updates and rollbacks as
// https://kubernetes.io/docs/tasks/manage-daemon/ walks through them.
#include <QtTest>
#include <algorithm>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;

namespace {

constexpr int kPatience = 30'000;  // ms; seldom needed

QByteArray daemonSet(const QByteArray& strategy, const QByteArray& ofPod = {}) {
    return "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n"
           "  selector: {matchLabels: {app: agent}}\n" +
           strategy + "  template:\n    metadata: {labels: {app: agent}}\n    spec:\n" + ofPod +
           "      terminationGracePeriodSeconds: 1\n"
           "      containers: [{name: agent, image: \"quarterdeck.dev/lab:1\"}]\n";
}

}  // namespace

class DaemonSetTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{{"--hollow-nodes", "3"}};

    QString pods(const QString& path) {
        return m_cluster.value("get pods -l app=agent --sort-by=.spec.nodeName -o jsonpath={.items[*]." + path + "}");
    }
    QString nodes() {
        QStringList names = pods("spec.nodeName").split(' ', Qt::SkipEmptyParts);
        names.sort();
        return names.join(' ');
    }
    QString images() { return pods("spec.containers[0].image"); }
    void applyAndWait(const QByteArray& manifest) {
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("agent.yaml", manifest)}));
        VERIFY_OK(m_cluster.kubectl("rollout status daemonset/agent --timeout=60s"));
    }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get nodes").count(" Ready ") == 3, kPatience);
    }
    void cleanup() {
        VERIFY_OK(m_cluster.kubectl("delete daemonset agent --ignore-not-found --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get pods -o name"), QString(), kPatience);
    }

    void anUpdateRollsOverAllNodesAndCanBeUndone() {
        applyAndWait(daemonSet("  updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}\n"));
        QCOMPARE(nodes(), QString("hollow-node-0 hollow-node-1 hollow-node-2"));
        VERIFY_OK(m_cluster.kubectl("set image daemonset/agent agent=quarterdeck.dev/lab:2"));
        VERIFY_OK(m_cluster.kubectl("rollout status daemonset/agent --timeout=60s"));
        QCOMPARE(images(), QString("quarterdeck.dev/lab:2 quarterdeck.dev/lab:2 quarterdeck.dev/lab:2"));
        const QString history = m_cluster.value("rollout history daemonset/agent");
        QVERIFY2(history.contains("\n1 ") && history.contains("\n2 "), qPrintable(history));
        VERIFY_OK(m_cluster.kubectl("rollout undo daemonset/agent --to-revision=1"));
        VERIFY_OK(m_cluster.kubectl("rollout status daemonset/agent --timeout=60s"));
        QCOMPARE(images(), QString("quarterdeck.dev/lab:1 quarterdeck.dev/lab:1 quarterdeck.dev/lab:1"));
        const QString after = m_cluster.value("rollout history daemonset/agent");
        QVERIFY2(!after.contains("\n1 ") && after.contains("\n3 "), qPrintable(after));
    }

    void aSurgingUpdateHasTheNewPodReadyFirst() {
        applyAndWait(
            daemonSet("  updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}\n"));
        const QStringList before = pods("metadata.name").split(' ');
        // The status speaks of the oldest Pod of each node. Those of one second are told apart by their names alone,
        // here as upstream: the new Pod must be of a later one.
        QStringList created = pods("metadata.creationTimestamp").split(' ');
        const QDateTime newest = QDateTime::fromString(*std::ranges::max_element(created), Qt::ISODate);
        QTRY_VERIFY(QDateTime::currentSecsSinceEpoch() > newest.toSecsSinceEpoch());
        // The new Pods never become ready: every old one must stay.
        const QByteArray never =
            R"({"spec":{"template":{"metadata":{"annotations":{"hollow.quarterdeck.dev/never-ready":"true"}}}}})";
        VERIFY_OK(m_cluster.kubectl({"patch", "daemonset", "agent", "-p", never}));
        QTRY_COMPARE_WITH_TIMEOUT(pods("metadata.name").split(' ').size(), 4, kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(pods("status.phase"), QString("Running Running Running Running"), kPatience);
        for (const QString& name : before)
            VERIFY_OK(m_cluster.kubectl("wait --for=condition=Ready --timeout=0s pod/" + name));
        QCOMPARE(m_cluster.value("get daemonset agent -o jsonpath={.status.numberAvailable}"), QString("3"));
        VERIFY_OK(m_cluster.kubectl("annotate pods -l app=agent hollow.quarterdeck.dev/never-ready-"));
        VERIFY_OK(m_cluster.kubectl({"patch", "daemonset", "agent", "--type=json", "-p",
                                     R"([{"op":"remove","path":"/spec/template/metadata/annotations"}])"}));
        VERIFY_OK(m_cluster.kubectl("rollout status daemonset/agent --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(pods("metadata.name").split(' ').size(), 3, kPatience);
    }

    void onDeleteUpdatesWhatSomebodyDeletes() {
        VERIFY_OK(m_cluster.kubectl(
            {"apply", "-f", m_cluster.write("agent.yaml", daemonSet("  updateStrategy: {type: OnDelete}\n"))}));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get daemonset agent -o jsonpath={.status.numberReady}"),
                                  QString("3"), kPatience);
        VERIFY_OK(m_cluster.kubectl("set image daemonset/agent agent=quarterdeck.dev/lab:2"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get controllerrevisions -l app=agent -o name").split('\n').size(), 2,
                                  kPatience);
        const QString victim = pods("metadata.name").section(' ', 1, 1);
        VERIFY_OK(m_cluster.kubectl("delete pod " + victim + " --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(
            images(), QString("quarterdeck.dev/lab:1 quarterdeck.dev/lab:2 quarterdeck.dev/lab:1"), kPatience);
    }

    void labelsOfNodesDecideWhereItRuns() {
        VERIFY_OK(m_cluster.kubectl("label node hollow-node-0 disk=ssd"));
        applyAndWait(daemonSet({}, "      nodeSelector: {disk: ssd}\n"));
        QCOMPARE(nodes(), QString("hollow-node-0"));
        VERIFY_OK(m_cluster.kubectl("label node hollow-node-2 disk=ssd"));
        QTRY_COMPARE_WITH_TIMEOUT(nodes(), QString("hollow-node-0 hollow-node-2"), kPatience);
        VERIFY_OK(m_cluster.kubectl("label node hollow-node-0 disk-"));
        QTRY_COMPARE_WITH_TIMEOUT(nodes(), QString("hollow-node-2"), kPatience);
        VERIFY_OK(m_cluster.kubectl("label node hollow-node-2 disk-"));
    }

    void taintsKeepItAwayUnlessItToleratesThem() {
        VERIFY_OK(m_cluster.kubectl("taint node hollow-node-1 dedicated=db:NoSchedule"));
        applyAndWait(daemonSet({}));
        QCOMPARE(nodes(), QString("hollow-node-0 hollow-node-2"));
        VERIFY_OK(m_cluster.kubectl({"patch", "daemonset", "agent", "-p",
                                     R"({"spec":{"template":{"spec":{"tolerations":[{"operator":"Exists"}]}}}})"}));
        QTRY_COMPARE_WITH_TIMEOUT(nodes(), QString("hollow-node-0 hollow-node-1 hollow-node-2"), kPatience);
        VERIFY_OK(m_cluster.kubectl("taint node hollow-node-1 dedicated-"));
    }

    void getAndDescribeShowTheSet() {
        applyAndWait(daemonSet({}));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get daemonset agent --no-headers").simplified().section(' ', 1, 6),
                                  QString("3 3 3 3 3 <none>"), kPatience);
        const QString described = m_cluster.value("describe daemonset agent");
        QVERIFY2(described.contains("Desired Number of Nodes Scheduled: 3"), qPrintable(described));
        QVERIFY2(described.contains("SuccessfulCreate"), qPrintable(described));
    }
};

QTEST_GUILESS_MAIN(DaemonSetTest)
#include "daemonset_test.moc"
