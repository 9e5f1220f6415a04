// Metrics and autoscaling with nothing installed, by kubectl on hollow nodes whose Pods say what they use and measure:
// https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale-walkthrough/ with short settings.
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;

namespace {

constexpr int kPatience = 30'000;  // ms; seldom needed

// A Deployment of Pods with these annotations, and a Service.
QByteArray workload(const QByteArray& name, int replicas, const QByteArray& annotations) {
    return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + name +
           "}\nspec:\n  replicas: " + QByteArray::number(replicas) + "\n  selector: {matchLabels: {app: " + name +
           "}}\n  template:\n    metadata:\n      labels: {app: " + name + "}\n      annotations: {" + annotations +
           "}\n    spec:\n      terminationGracePeriodSeconds: 1\n"
           "      containers: [{name: c, image: \"quarterdeck.dev/lab:1\", resources: {requests: {cpu: 100m}}}]\n"
           "---\napiVersion: v1\nkind: Service\nmetadata: {name: " +
           name + "}\nspec: {selector: {app: " + name + "}, ports: [{port: 80}]}\n";
}

// From one to six Pods; shrinks as soon as it may.
QByteArray scaler(const QByteArray& name, const QByteArray& metrics) {
    return "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: " + name +
           "}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: " + name +
           "}\n  minReplicas: 1\n  maxReplicas: 6\n"
           "  behavior: {scaleDown: {stabilizationWindowSeconds: 0}}\n  metrics:\n" +
           metrics;
}

}  // namespace

class AutoscaleTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{
        {"--hollow-nodes", "2", "--metric-resolution", "1s", "--horizontal-pod-autoscaler-sync-period", "1s"}};

    void apply(const QByteArray& manifest) {
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("manifest.yaml", manifest)}));
    }
    QString replicas(const QString& deployment) {
        return m_cluster.value("get deployment " + deployment + " -o jsonpath={.spec.replicas}");
    }
    QString condition(const QString& autoscaler, const QString& type) {
        const QString path = "{.status.conditions[?(@.type=='" + type + "')]";
        return m_cluster.value("get hpa " + autoscaler + " -o jsonpath=" + path + ".status}:" + path +
                               ".reason}:" + path + ".message}");
    }
    QString events(const QString& autoscaler) {
        return m_cluster.value(
            "get events --field-selector involvedObject.kind=HorizontalPodAutoscaler,"
            "involvedObject.name=" +
            autoscaler + " -o jsonpath={.items[*].message}");
    }
    void annotate(const QString& app, const QString& annotation) {
        VERIFY_OK(
            m_cluster.kubectl("annotate --overwrite pods -l app=" + app + " hollow.quarterdeck.dev/" + annotation));
    }
    QJsonArray items(const QString& path) {
        return QJsonDocument::fromJson(m_cluster.kubectl({"get", "--raw", path}).out.toUtf8())["items"].toArray();
    }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get nodes").count(" Ready ") == 2, kPatience);
    }
    void cleanup() {
        VERIFY_OK(m_cluster.kubectl("delete hpa,deployment --all --timeout=60s"));
        VERIFY_OK(m_cluster.kubectl("delete service web busy worker --ignore-not-found"));
        VERIFY_OK(m_cluster.kubectl("delete pods --all --timeout=60s"));
        VERIFY_OK(m_cluster.kubectl("delete events --all"));
    }

    void theMetricsApisAreDiscovered() {
        QVERIFY(m_cluster.value("api-resources --api-group=metrics.k8s.io -o name").contains("pods.metrics.k8s.io"));
        const QString versions = m_cluster.value("api-versions");
        for (const char* version : {"metrics.k8s.io/v1beta1", "custom.metrics.k8s.io/v1beta2",
                                    "custom.metrics.k8s.io/v1beta1", "external.metrics.k8s.io/v1beta1"})
            QVERIFY2(versions.contains(version), qPrintable(versions));
    }

    void topShowsNodesAndPods() {
        apply(workload("busy", 2, "hollow.quarterdeck.dev/cpu: 90m, hollow.quarterdeck.dev/memory: 32Mi"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("top pods -l app=busy --no-headers --sum=false").count(" 90m "), 2,
                                  kPatience);
        QCOMPARE(m_cluster.value("top nodes --no-headers").split('\n').size(), 2);
        QVERIFY(m_cluster.value("get pods.metrics.k8s.io").contains("32Mi"));
        QVERIFY(m_cluster.value("top pod nobody").contains("not found"));
    }

    void aBusyDeploymentGrowsAndAnIdleOneShrinks() {
        apply(workload("busy", 2, "hollow.quarterdeck.dev/cpu: 90m"));
        VERIFY_OK(m_cluster.kubectl("rollout status deployment/busy --timeout=60s"));
        VERIFY_OK(m_cluster.kubectl("autoscale deployment busy --min=1 --max=5 --cpu=50%"));
        QTRY_COMPARE_WITH_TIMEOUT(replicas("busy"), QString("5"), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(
            events("busy").contains(
                "New size: 4; reason: cpu resource utilization (percentage of request) above target"),
            kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(condition("busy", "ScalingLimited"),
                                  QString("True:TooManyReplicas:the desired replica count is more than the maximum "
                                          "replica count"),
                                  kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get hpa busy --no-headers").contains("cpu: 90%/50%"), kPatience);
        const QString described = m_cluster.value("describe hpa busy");
        QVERIFY2(described.contains("resource cpu on pods  (as a percentage of request):"), qPrintable(described));
        QVERIFY2(described.contains("SuccessfulRescale"), qPrintable(described));

        // The load is gone; what was recommended in the last five minutes would hold it up.
        annotate("busy", "cpu=10m");
        QTRY_VERIFY_WITH_TIMEOUT(condition("busy", "AbleToScale").startsWith("True:ScaleDownStabilized:"), kPatience);
        QCOMPARE(replicas("busy"), QString("5"));
        VERIFY_OK(m_cluster.kubectl({"patch", "hpa", "busy", "--type=merge", "-p",
                                     R"({"spec":{"behavior":{"scaleDown":{"stabilizationWindowSeconds":0}}}})"}));
        QTRY_COMPARE_WITH_TIMEOUT(replicas("busy"), QString("1"), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(events("busy").contains("reason: All metrics below target"), kPatience);
    }

    void podsMetricsAreServedAndScaledOn() {
        apply(workload("web", 1, "hollow.quarterdeck.dev/metric.http_requests: \"30\""));
        apply(scaler("web",
                     "    - type: Pods\n"
                     "      pods: {metric: {name: http_requests}, target: {type: AverageValue, averageValue: 10}}\n"));
        QTRY_COMPARE_WITH_TIMEOUT(replicas("web"), QString("6"), kPatience);
        QVERIFY2(events("web").contains("reason: pods metric http_requests above target"), qPrintable(events("web")));
        const QString pods = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/pods/*/http_requests";
        QTRY_COMPARE_WITH_TIMEOUT(items(pods).size(), 6, kPatience);
        const QJsonObject first = items(pods)[0].toObject();
        QCOMPARE(first["describedObject"]["kind"].toString(), QString("Pod"));
        QCOMPARE(first["metric"]["name"].toString(), QString("http_requests"));
        QCOMPARE(first["value"].toString(), QString("30"));
        QVERIFY(m_cluster.value("get --raw /apis/custom.metrics.k8s.io/v1beta2").contains("\"pods/http_requests\""));
        annotate("web", "metric.http_requests=1");
        QTRY_COMPARE_WITH_TIMEOUT(replicas("web"), QString("1"), kPatience);
        QVERIFY(m_cluster.value("describe hpa web").contains("\"http_requests\" on pods:"));
    }

    void objectMetricsAreTheSumOfWhatDescribesTheObject() {
        apply(workload("web", 2, "hollow.quarterdeck.dev/metric.requests_per_second: \"10\""));
        apply(scaler("web",
                     "    - type: Object\n"
                     "      object:\n"
                     "        metric: {name: requests_per_second}\n"
                     "        describedObject: {apiVersion: v1, kind: Service, name: web}\n"
                     "        target: {type: AverageValue, averageValue: 5}\n"));
        QTRY_VERIFY_WITH_TIMEOUT(replicas("web").toInt() >= 4, kPatience);
        QCOMPARE(
            items("/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/services/web/requests_per_second").size(), 1);
        QTRY_VERIFY_WITH_TIMEOUT(condition("web", "ScalingActive").startsWith("True:ValidMetricFound"), kPatience);
    }

    void externalMetricsAreSeriesOfTheNamespaceBySelector() {
        apply(workload("worker", 1, ""));
        apply(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: broker\n  labels: {app: broker}\n  annotations:\n"
            "    hollow.quarterdeck.dev/metrics: |\n"
            "      queue_messages_ready{queue=\"worker_tasks\"} 30\n"
            "      queue_messages_ready{queue=\"mail\"} 500\n"
            "spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: \"quarterdeck.dev/lab:1\"}]}\n");
        apply(scaler("worker",
                     "    - type: External\n"
                     "      external:\n"
                     "        metric: {name: queue_messages_ready, selector: {matchLabels: {queue: worker_tasks}}}\n"
                     "        target: {type: AverageValue, averageValue: 10}\n"));
        QTRY_COMPARE_WITH_TIMEOUT(replicas("worker"), QString("3"), kPatience);
        const QJsonArray series = items(
            "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/queue_messages_ready?labelSelector=queue%3Dmail");
        QCOMPARE(series.size(), 1);
        QCOMPARE(series[0]["metricLabels"]["pod"].toString(), QString("broker"));
        QCOMPARE(series[0]["value"].toString(), QString("500"));
    }

    void theGreatestOfSeveralMetricsCounts() {
        apply(workload("web", 1, "hollow.quarterdeck.dev/cpu: 60m, hollow.quarterdeck.dev/metric.hits: \"25\""));
        apply(scaler("web",
                     "    - type: Resource\n"
                     "      resource: {name: cpu, target: {type: AverageValue, averageValue: 1}}\n"
                     "    - type: Pods\n"
                     "      pods: {metric: {name: hits}, target: {type: AverageValue, averageValue: 25}}\n"));
        QTRY_VERIFY_WITH_TIMEOUT(condition("web", "ScalingActive").startsWith("True:ValidMetricFound"), kPatience);
        QCOMPARE(replicas("web"), QString("1"));
        annotate("web", "metric.hits=75");
        QTRY_VERIFY_WITH_TIMEOUT(replicas("web").toInt() >= 3, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(events("web").contains("pods metric hits above target"), kPatience);
    }

    void missingMetricsAreToldAndNothingIsDone() {
        apply(workload("web", 2, ""));
        apply(scaler("web",
                     "    - type: Pods\n"
                     "      pods: {metric: {name: nobodys_metric}, target: {type: AverageValue, averageValue: 1}}\n"));
        const QString cause =
            "unable to get metric nobodys_metric: unable to fetch metrics from custom metrics API: the "
            "server could not find the metric nobodys_metric for pods";
        QTRY_COMPARE_WITH_TIMEOUT(condition("web", "ScalingActive"),
                                  "False:FailedGetPodsMetric:the HPA was unable to compute the replica count: " + cause,
                                  kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(
            events("web").contains("invalid metrics (1 invalid out of 1), first error is: failed to get pods metric "
                                   "value: " +
                                   cause),
            kPatience);
        QCOMPARE(replicas("web"), QString("2"));
        QVERIFY(m_cluster.value("get hpa web --no-headers").contains("<unknown>/1"));
    }

    void whatHasNoScaleCannotBeAutoscaled() {
        apply(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n"
            "  selector: {matchLabels: {app: agent}}\n  template:\n    metadata: {labels: {app: agent}}\n"
            "    spec: {containers: [{name: c, image: \"quarterdeck.dev/lab:1\"}]}\n");
        QByteArray autoscaler = scaler("agent",
                                       "    - type: Resource\n"
                                       "      resource: {name: cpu, target: {type: AverageValue, averageValue: 1}}\n");
        apply(autoscaler.replace("Deployment", "DaemonSet"));
        QTRY_COMPARE_WITH_TIMEOUT(condition("agent", "AbleToScale"),
                                  QString("False:FailedGetScale:the HPA controller was unable to get the target's "
                                          "current scale: the server could not find the requested resource"),
                                  kPatience);
        VERIFY_OK(m_cluster.kubectl("delete daemonset agent --timeout=60s"));
    }
};

QTEST_GUILESS_MAIN(AutoscaleTest)
#include "autoscale_test.moc"
