// Disruption budgets with drain, and quotas, by kubectl on hollow nodes.
// Sources: https://kubernetes.io/docs/tasks/run-application/configure-pdb/,
// https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/,
// https://kubernetes.io/docs/tasks/administer-cluster/manage-resources/quota-pod-namespace/.
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;

namespace {

constexpr int kPatience = 30'000;  // ms; seldom needed

const QByteArray kZookeeper = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: zk}
spec:
  replicas: 4
  selector: {matchLabels: {app: zk}}
  template:
    metadata: {labels: {app: zk}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: zk, image: "quarterdeck.dev/lab:1"}]
)";

}  // namespace

class DisruptionTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{{"--hollow-nodes", "2"}};

    QString budget(const QString& path) { return m_cluster.value("get pdb zk -o jsonpath={.status." + path + "}"); }
    int podsOn(const QString& node) {
        return m_cluster.value("get pods -l app=zk -o name --field-selector spec.nodeName=" + node)
            .split('\n', Qt::SkipEmptyParts)
            .size();
    }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get nodes").count(" Ready ") == 2, kPatience);
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("zk.yaml", kZookeeper)}));
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/zk --timeout=60s"));
    }
    void cleanup() {
        VERIFY_OK(m_cluster.kubectl("uncordon -l quarterdeck.dev/hollow"));
        VERIFY_OK(m_cluster.kubectl("delete pdb --all --timeout=60s"));
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/zk --timeout=60s"));
    }

    void aBudgetTellsHowManyMayGo() {
        VERIFY_OK(m_cluster.kubectl("create pdb zk --selector=app=zk --max-unavailable=1"));
        QTRY_COMPARE_WITH_TIMEOUT(budget("disruptionsAllowed"), QString("1"), kPatience);
        QCOMPARE(budget("currentHealthy") + "/" + budget("desiredHealthy") + "/" + budget("expectedPods"),
                 QString("4/3/4"));
        QCOMPARE(m_cluster.value("get pdb zk --no-headers").simplified().section(' ', 1, 3), QString("N/A 1 1"));
        QVERIFY(m_cluster.value("describe pdb zk").contains("Allowed disruptions:  1"));
    }

    void aDrainMovesPodsAsFastAsTheBudgetLetsIt() {
        VERIFY_OK(m_cluster.kubectl("create pdb zk --selector=app=zk --max-unavailable=50%"));
        QTRY_COMPARE_WITH_TIMEOUT(budget("disruptionsAllowed"), QString("2"), kPatience);
        const auto drained = m_cluster.kubectl("drain hollow-node-0 --timeout=60s", {}, 90);
        VERIFY_OK(drained);
        QVERIFY2(drained.out.contains("node/hollow-node-0 drained"), drained.text().constData());
        QCOMPARE(podsOn("hollow-node-0"), 0);
        QTRY_COMPARE_WITH_TIMEOUT(podsOn("hollow-node-1"), 4, kPatience);
        QVERIFY(m_cluster.value("get node hollow-node-0").contains("SchedulingDisabled"));
        QTRY_COMPARE_WITH_TIMEOUT(budget("disruptedPods"), QString(), kPatience);
    }

    void aDrainThatTheBudgetForbidsSaysSo() {
        VERIFY_OK(m_cluster.kubectl("create pdb zk --selector=app=zk --min-available=100%"));
        QTRY_COMPARE_WITH_TIMEOUT(budget("desiredHealthy"), QString("4"), kPatience);
        const QString node = podsOn("hollow-node-0") > 0 ? "hollow-node-0" : "hollow-node-1";
        const auto drained = m_cluster.kubectl("drain " + node + " --timeout=1s", {}, 60);
        QVERIFY(!drained.ok());
        QVERIFY2(drained.error.contains("Cannot evict pod as it would violate the pod's disruption budget."),
                 drained.text().constData());
        QCOMPARE(budget("currentHealthy"), QString("4"));
    }

    void unhealthyPodsMayAlwaysBeEvictedWhereTheBudgetSaysSo() {
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("sick.yaml", R"(apiVersion: v1
kind: Pod
metadata: {name: sick, labels: {app: sick}, annotations: {hollow.quarterdeck.dev/never-ready: "true"}}
spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: "quarterdeck.dev/lab:1"}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: sick}
spec: {minAvailable: 1, selector: {matchLabels: {app: sick}}, unhealthyPodEvictionPolicy: IfHealthyBudget}
)")}));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get pod sick -o jsonpath={.status.phase}"), QString("Running"),
                                  kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(
            m_cluster.value("get pdb sick -o jsonpath={.status.expectedPods}{.status.observedGeneration}"),
            QString("11"), kPatience);
        const QString eviction = m_cluster.write(
            "eviction.json",
            R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"sick","namespace":"default"}})");
        const QString post = "create --raw /api/v1/namespaces/default/pods/sick/eviction -f " + eviction;
        QVERIFY(m_cluster.value(post).contains("disruption budget"));
        VERIFY_OK(m_cluster.kubectl({"patch", "pdb", "sick", "--type=merge", "-p",
                                     R"({"spec":{"unhealthyPodEvictionPolicy":"AlwaysAllow"}})"}));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get pdb sick -o jsonpath={.status.observedGeneration}"),
                                  QString("2"), kPatience);
        VERIFY_OK(m_cluster.kubectl(post));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get pod sick --ignore-not-found -o name"), QString(), kPatience);
    }

    void aQuotaHoldsADeploymentDownUntilItIsRaised() {
        VERIFY_OK(m_cluster.kubectl("create namespace small"));
        VERIFY_OK(m_cluster.kubectl("create quota pods --hard=pods=2 -n small"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get quota pods -n small -o jsonpath={.status.hard.pods}"),
                                  QString("2"), kPatience);
        VERIFY_OK(m_cluster.kubectl({"apply", "-n", "small", "-f", m_cluster.write("zk.yaml", kZookeeper)}));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get deployment zk -n small -o jsonpath={.status.readyReplicas}"),
                                  QString("2"), kPatience);
        const QString failure =
            "get deployment zk -n small -o "
            "jsonpath={.status.conditions[?(@.type=='ReplicaFailure')].message}";
        QTRY_VERIFY_WITH_TIMEOUT(
            m_cluster.value(failure).contains("exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=2"),
            kPatience);
        QVERIFY2(m_cluster.value("describe quota pods -n small").simplified().contains("pods 2 2"),
                 qPrintable(m_cluster.value("describe quota pods -n small")));
        VERIFY_OK(
            m_cluster.kubectl({"patch", "quota", "pods", "-n", "small", "-p", R"({"spec":{"hard":{"pods":"9"}}})"}));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get deployment zk -n small -o jsonpath={.status.readyReplicas}"),
                                  QString("4"), kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value(failure), QString(), kPatience);
        VERIFY_OK(m_cluster.kubectl("delete namespace small --timeout=60s"));
    }
};

QTEST_GUILESS_MAIN(DisruptionTest)
#include "disruption_test.moc"
