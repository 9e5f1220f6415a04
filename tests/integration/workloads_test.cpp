// Deployments through kubectl, with every controller, the scheduler and hollow nodes that run Pods in name.
#include <QJsonArray>
#include <QJsonObject>
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;
using qd::test::Outcome;

namespace {

const QByteArray kShop = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: quarterdeck.dev/lab:1
          ports: [{containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
)";

}  // namespace

class WorkloadsTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{{"--hollow-nodes", "2"}};

    int count(const QString& what) { return m_cluster.value("get " + what + " -o name").split('\n', Qt::SkipEmptyParts).size(); }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get nodes").count(" Ready ") == 2, 20'000);
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("shop.yaml", kShop)}));
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/web --timeout=60s"));
    }

    void podsAreSpreadAndEndpointsAreTheReadyOnes() {
        QCOMPARE(count("pods -l app=web"), 3);
        QVERIFY(count("pods -l app=web --field-selector spec.nodeName!=") == 3);
        const QStringList nodes = m_cluster.value("get pods -l app=web -o jsonpath={.items[*].spec.nodeName}").split(' ');
        QCOMPARE(QSet<QString>(nodes.begin(), nodes.end()).size(), 2);
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get endpoints web -o jsonpath={.subsets[*].addresses[*].ip}").split(' ').size(), 3, 10'000);
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get endpointslices -l kubernetes.io/service-name=web -o jsonpath={.items[*].endpoints[*].addresses[0]}").split(' ').size(), 3, 10'000);
    }

    void aDeletedPodIsReplaced() {
        const QString victim = m_cluster.value("get pods -l app=web -o jsonpath={.items[0].metadata.name}");
        VERIFY_OK(m_cluster.kubectl("delete pod " + victim + " --timeout=30s"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get deployment web -o jsonpath={.status.readyReplicas}"), QString("3"), 30'000);
        QVERIFY(!m_cluster.value("get pods -l app=web -o name").contains(victim));
    }

    void scaleChangesTheNumberOfPods() {
        VERIFY_OK(m_cluster.kubectl("scale deployment web --replicas=5"));
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/web --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(count("pods -l app=web"), 5, 10'000);
        VERIFY_OK(m_cluster.kubectl("scale deployment web --replicas=3"));
        QTRY_COMPARE_WITH_TIMEOUT(count("pods -l app=web"), 3, 30'000);
    }

    void aNewImageRollsOutAndCanBeUndone() {
        VERIFY_OK(m_cluster.kubectl("set image deployment/web web=quarterdeck.dev/lab:2"));
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/web --timeout=60s"));
        QCOMPARE(count("replicasets -l app=web"), 2);
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get pods -l app=web -o jsonpath={.items[*].spec.containers[0].image}"),
                                  QString("quarterdeck.dev/lab:2 quarterdeck.dev/lab:2 quarterdeck.dev/lab:2"), 30'000);
        VERIFY_OK(m_cluster.kubectl("rollout history deployment/web"));
        VERIFY_OK(m_cluster.kubectl("rollout undo deployment/web"));
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/web --timeout=60s"));
        QCOMPARE(m_cluster.value("get deployment web -o jsonpath={.spec.template.spec.containers[0].image}"), QString("quarterdeck.dev/lab:1"));
    }

    void waitSeesAvailability() { VERIFY_OK(m_cluster.kubectl("wait --for=condition=Available deployment/web --timeout=30s")); }

    void describeTellsWhatHappened() {
        const Outcome described = m_cluster.kubectl("describe deployment web");
        VERIFY_OK(described);
        QVERIFY2(described.out.contains("ScalingReplicaSet"), described.text().constData());
    }

    void aPodThatFitsNowhereSaysWhy() {
        const QByteArray pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: huge}\nspec:\n  containers:\n    - name: c\n"
                               "      image: x\n      resources: {requests: {cpu: \"1000\"}}\n";
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("huge.yaml", pod)}));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get events --field-selector involvedObject.name=huge").contains("Insufficient cpu"), 20'000);
        VERIFY_OK(m_cluster.kubectl("delete pod huge --timeout=30s"));
    }

    void deletingTheDeploymentTakesItsPodsAlong() {
        VERIFY_OK(m_cluster.kubectl("create namespace other"));
        VERIFY_OK(m_cluster.kubectl({"apply", "-n", "other", "-f", m_cluster.write("shop.yaml", kShop)}));
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/web -n other --timeout=60s"));
        VERIFY_OK(m_cluster.kubectl("delete deployment web -n other --timeout=30s"));
        QTRY_COMPARE_WITH_TIMEOUT(count("replicasets,pods -n other"), 0, 30'000);
        VERIFY_OK(m_cluster.kubectl("delete namespace other --timeout=30s"));
    }
};

QTEST_GUILESS_MAIN(WorkloadsTest)
#include "workloads_test.moc"
