// Where Pods go and when they must leave: priorities with preemption, taints with eviction times, topology spread; by
// kubectl on hollow nodes of 32 cores each.
// Sources: https://kubernetes.io/docs/concepts/scheduling-eviction/.
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;

namespace {

constexpr int kPatience = 30'000;  // ms; seldom needed

QByteArray pod(const QByteArray& name, const QByteArray& spec, const QByteArray& cpu = "100m") {
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
           ", labels: {app: t}}\nspec:\n"
           "  terminationGracePeriodSeconds: 1\n" +
           spec + "  containers: [{name: c, image: \"quarterdeck.dev/lab:1\", resources: {requests: {cpu: \"" + cpu +
           "\"}}}]\n---\n";
}

}  // namespace

class SchedulingTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{{"--hollow-nodes", "3"}};

    void apply(const QByteArray& manifest) {
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("pods.yaml", manifest)}));
    }
    QString pods() {
        return m_cluster.value("get pods --sort-by=.metadata.name -o jsonpath={.items[*].metadata.name}");
    }
    QString phase(const QString& pod) { return m_cluster.value("get pod " + pod + " -o jsonpath={.status.phase}"); }
    QString events(const QString& pod) {
        return m_cluster.value("get events --field-selector involvedObject.name=" + pod +
                               " -o jsonpath={.items[*].message}");
    }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get nodes").count(" Ready ") == 3, kPatience);
    }
    void cleanup() {
        VERIFY_OK(m_cluster.kubectl("delete pods,deployments,priorityclasses -l app=t --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(pods(), QString(), kPatience);
    }

    void aPodOfHigherPriorityDrivesOthersOut() {
        apply(
            "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high, labels: {app: t}}\n"
            "value: 1000\n");
        const QByteArray there = "  nodeSelector: {kubernetes.io/hostname: hollow-node-0}\n";
        apply(pod("low", there, "20") + pod("small", there, "1"));
        QTRY_COMPARE_WITH_TIMEOUT(phase("low"), QString("Running"), kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(phase("small"), QString("Running"), kPatience);
        apply(pod("high", there + "  priorityClassName: high\n", "25"));
        QTRY_COMPARE_WITH_TIMEOUT(phase("high"), QString("Running"), kPatience);
        QCOMPARE(pods(), QString("high small"));
        QCOMPARE(m_cluster.value("get pod high -o jsonpath={.spec.priority}"), QString("1000"));
        QTRY_VERIFY_WITH_TIMEOUT(events("low").contains("Preempted by pod"), kPatience);
    }

    void aPodThatMayNotPreemptWaits() {
        apply(
            "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: patient, labels: {app: t}}\n"
            "value: 1000\npreemptionPolicy: Never\n");
        const QByteArray there = "  nodeSelector: {kubernetes.io/hostname: hollow-node-0}\n";
        apply(pod("low", there, "20"));
        QTRY_COMPARE_WITH_TIMEOUT(phase("low"), QString("Running"), kPatience);
        apply(pod("patient", there + "  priorityClassName: patient\n", "25"));
        QTRY_VERIFY_WITH_TIMEOUT(events("patient").contains("Insufficient cpu"), kPatience);
        QVERIFY2(events("patient").contains("0/3 nodes are available"), qPrintable(events("patient")));
        QCOMPARE(pods(), QString("low patient"));
        VERIFY_OK(m_cluster.kubectl("delete pod low --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(phase("patient"), QString("Running"), kPatience);
    }

    void aTaintDrivesPodsOutWhenTheirTolerationEnds() {
        const QByteArray there = "  nodeSelector: {kubernetes.io/hostname: hollow-node-1}\n";
        const QByteArray tolerates = there + "  tolerations:\n    - {key: fire, operator: Exists, effect: NoExecute";
        apply(pod("careless", there) + pod("patient", tolerates + ", tolerationSeconds: 2}\n") +
              pod("stoic", tolerates + "}\n"));
        for (const char* each : {"careless", "patient", "stoic"})
            QTRY_COMPARE_WITH_TIMEOUT(phase(each), QString("Running"), kPatience);
        VERIFY_OK(m_cluster.kubectl("taint node hollow-node-1 fire=here:NoExecute"));
        QTRY_COMPARE_WITH_TIMEOUT(pods(), QString("stoic"), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(events("careless").contains("Marking for deletion Pod default/careless"), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(events("patient").contains("Marking for deletion Pod default/patient"), kPatience);
        VERIFY_OK(m_cluster.kubectl("taint node hollow-node-1 fire-"));
    }

    void aTaintThatGoesInTimeSparesThePod() {
        apply(pod("patient",
                  "  nodeSelector: {kubernetes.io/hostname: hollow-node-1}\n"
                  "  tolerations:\n    - {key: fire, operator: Exists, effect: NoExecute, "
                  "tolerationSeconds: 600}\n"));
        QTRY_COMPARE_WITH_TIMEOUT(phase("patient"), QString("Running"), kPatience);
        VERIFY_OK(m_cluster.kubectl("taint node hollow-node-1 fire=here:NoExecute"));
        VERIFY_OK(m_cluster.kubectl("taint node hollow-node-1 fire-"));
        QTRY_VERIFY_WITH_TIMEOUT(events("patient").contains("Cancelling deletion of Pod default/patient"), kPatience);
        QCOMPARE(pods(), QString("patient"));
    }

    void podsSpreadOverNodesAsEvenlyAsTheirConstraintAsks() {
        apply(R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: spread, labels: {app: t}}
spec:
  replicas: 6
  selector: {matchLabels: {app: t}}
  template:
    metadata: {labels: {app: t}}
    spec:
      terminationGracePeriodSeconds: 1
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector: {matchLabels: {app: t}}
      containers: [{name: c, image: "quarterdeck.dev/lab:1"}]
)");
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/spread --timeout=60s"));
        QStringList nodes = m_cluster.value("get pods -o jsonpath={.items[*].spec.nodeName}").split(' ');
        for (const char* node : {"hollow-node-0", "hollow-node-1", "hollow-node-2"}) QCOMPARE(nodes.count(node), 2);
        // With one node closed, the others may have one more each and no further one.
        VERIFY_OK(m_cluster.kubectl("cordon hollow-node-2"));
        VERIFY_OK(m_cluster.kubectl("scale deployment spread --replicas=9"));
        QTRY_VERIFY_WITH_TIMEOUT(
            m_cluster.value("get events -o jsonpath={.items[*].message}").contains("topology spread constraints"),
            kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get deployment spread -o jsonpath={.status.readyReplicas}"),
                                  QString("8"), kPatience);
        VERIFY_OK(m_cluster.kubectl("uncordon hollow-node-2"));
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/spread --timeout=60s"));
    }
};

QTEST_GUILESS_MAIN(SchedulingTest)
#include "scheduling_test.moc"
