// Metrics and autoscaling with nothing installed: kubectl top and autoscale on hollow nodes whose Pods say what they
// use.
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;

namespace {

constexpr int kRounds = 45'000;  // ms: measuring and deciding take up to 15 s each

const QByteArray kBusy = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: busy}
spec:
  replicas: 2
  selector: {matchLabels: {app: busy}}
  template:
    metadata:
      labels: {app: busy}
      annotations: {hollow.quarterdeck.dev/cpu: 90m, hollow.quarterdeck.dev/memory: 32Mi}
    spec:
      containers:
        - name: busy
          image: quarterdeck.dev/lab:1
          resources: {requests: {cpu: 100m}}
)";

}  // namespace

class AutoscaleTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{{"--hollow-nodes", "2"}};

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("busy.yaml", kBusy)}));
        VERIFY_OK(m_cluster.kubectl("autoscale deployment busy --min=1 --max=5 --cpu=50%"));
    }

    void theMetricsApiIsDiscovered() {
        QVERIFY(m_cluster.value("api-resources --api-group=metrics.k8s.io -o name").contains("pods.metrics.k8s.io"));
        QVERIFY(m_cluster.value("api-versions").contains("metrics.k8s.io/v1beta1"));
    }

    void topShowsNodesAndPods() {
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("top pods -l app=busy --no-headers --sum=false").count(" 90m "), 2,
                                  kRounds);
        QCOMPARE(m_cluster.value("top nodes --no-headers").split('\n').size(), 2);
        QVERIFY(m_cluster.value("get pods.metrics.k8s.io").contains("32Mi"));
        QVERIFY(m_cluster.value("top pod nobody").contains("not found"));
    }

    void aBusyDeploymentGrows() {
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get deployment busy -o jsonpath={.spec.replicas}"), QString("4"),
                                  kRounds);
        const QString events = m_cluster.value(
            "get events --field-selector involvedObject.kind=HorizontalPodAutoscaler -o jsonpath={.items[*].message}");
        QVERIFY2(events.contains("New size: 4; reason: cpu resource utilization (percentage of request) above target"),
                 qPrintable(events));
    }
};

QTEST_GUILESS_MAIN(AutoscaleTest)
#include "autoscale_test.moc"
