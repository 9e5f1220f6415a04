#include "cluster/controllers/podautoscaler/podautoscaler_controller.h"

#include <QtTest>

#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/podautoscaler/usage_in_memory.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;
namespace hpa = autoscalingv2;

namespace {

std::vector<Descriptor> descriptors(const std::shared_ptr<api::UsageSource>& usage) {
    return {{.name = "horizontal-pod-autoscaler-controller", .alias = "hpa", .make = [usage](Context& context) {
                 return std::make_unique<PodAutoscalerController>(context, builtinResources,
                                                                  std::make_shared<UsageReader>(usage));
             }}};
}

// A Deployment "web" of ready Pods that request one core each, and its autoscaler from 1 to 10 at 50 %.
class Autoscaling : public Scene {
public:
    explicit Autoscaling(const std::shared_ptr<UsageInMemory>& figures) : Scene(descriptors(figures)), usage(figures) {}

    void putDeployment(std::int32_t replicas) {
        client.put(deployment("web", replicas));
        for (int i = 0; i < replicas; ++i) putPod("web-" + std::to_string(i));
    }
    void putPod(const std::string& name) {
        corev1::Pod pod;
        pod.metadata.namespace_ = "default";
        pod.metadata.name = name;
        pod.metadata.labels = {{"app", "web"}};
        pod.spec.containers.emplace_back().name = "c";
        pod.spec.containers.back().resources.requests = {{"cpu", api::Quantity::of("1")}};
        markReady(pod, api::Time(executor.clock().now() - 1h));
        pod.status.startTime = api::Time(executor.clock().now() - 1h);
        client.put(pod);
    }
    void putAutoscaler(const std::string& name = "scaler", const std::string& kind = "Deployment",
                       const std::string& target = "web") {
        hpa::HorizontalPodAutoscaler made;
        made.metadata.namespace_ = "default";
        made.metadata.name = name;
        made.spec.scaleTargetRef = {.kind = kind, .name = target, .apiVersion = "apps/v1"};
        made.spec.minReplicas = 1;
        made.spec.maxReplicas = 10;
        auto& metric = made.spec.metrics.emplace_back();
        metric.type = hpa::ResourceMetricSourceType;
        metric.resource.emplace().name = "cpu";
        metric.resource->target.averageUtilization = 50;
        client.put(made);
    }
    std::int32_t replicas() { return client.stored<appsv1::Deployment>("default", "web")->spec.replicas.value(); }
    std::string condition(const char* type) {
        for (const auto& one : client.stored<hpa::HorizontalPodAutoscaler>("default", "scaler")->status.conditions)
            if (one.type == type) return one.status + " " + one.reason;
        return "none";
    }

    std::shared_ptr<UsageInMemory> usage;
};

struct Fixture : Autoscaling {
    Fixture() : Autoscaling(std::make_shared<UsageInMemory>()) {}
};

}  // namespace

class PodAutoscalerControllerTest : public QObject {
    Q_OBJECT
private slots:
    void aBusyDeploymentGrowsInTheNextRound() {
        Fixture scene;
        scene.putDeployment(2);
        scene.putAutoscaler();
        scene.usage->set("web-0", "900m", scene.executor.clock().now());
        scene.usage->set("web-1", "900m", scene.executor.clock().now());
        scene.runFor(14s);
        QCOMPARE(scene.replicas(), 2);
        scene.runFor(2s);
        QCOMPARE(scene.replicas(), 4);
        const auto status = scene.client.stored<hpa::HorizontalPodAutoscaler>("default", "scaler")->status;
        QCOMPARE(status.currentReplicas, 2);
        QCOMPARE(status.desiredReplicas, 4);
        QVERIFY(status.lastScaleTime.has_value());
        QCOMPARE(scene.condition("AbleToScale"), std::string("True SucceededRescale"));
        QCOMPARE(scene.condition("ScalingActive"), std::string("True ValidMetricFound"));
        QCOMPARE(scene.condition("ScalingLimited"), std::string("False DesiredWithinRange"));
        QCOMPARE(joined(scene.client.takeEvents()),
                 QString("Normal SuccessfulRescale New size: 4; reason: cpu resource utilization (percentage of "
                         "request) above target\n"));
    }

    void anIdleOneShrinksAfterFiveMinutes() {
        Fixture scene;
        scene.putDeployment(4);
        scene.putAutoscaler();
        for (int i = 0; i < 4; ++i) scene.usage->set("web-" + std::to_string(i), "100m", scene.executor.clock().now());
        scene.runFor(5min);
        QCOMPARE(scene.replicas(), 4);
        QCOMPARE(scene.condition("AbleToScale"), std::string("True ScaleDownStabilized"));
        scene.runFor(45s);
        QCOMPARE(scene.replicas(), 1);
        QCOMPARE(joined(scene.client.takeEvents()),
                 QString("Normal SuccessfulRescale New size: 1; reason: All metrics below target\n"));
    }

    void missingMetricsAreToldAndNothingIsDone() {
        Fixture scene;
        scene.putDeployment(2);
        scene.putAutoscaler();
        scene.runFor(16s);
        QCOMPARE(scene.replicas(), 2);
        QCOMPARE(scene.condition("ScalingActive"), std::string("False FailedGetResourceMetric"));
        const QString events = joined(scene.client.takeEvents());
        QVERIFY2(events.contains("Warning FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first "
                                 "error is: failed to get cpu "
                                 "resource metric value: failed to get cpu utilization: unable to get metrics for "
                                 "resource cpu: no metrics "
                                 "returned from resource metrics API"),
                 qPrintable(events));
    }

    void whatHasNoScaleIsRefused() {
        Fixture scene;
        appsv1::DaemonSet agent;
        agent.metadata.namespace_ = "default";
        agent.metadata.name = "agent";
        scene.client.put(agent);
        scene.putAutoscaler("scaler", "DaemonSet", "agent");
        scene.runFor(16s);
        QCOMPARE(scene.condition("AbleToScale"), std::string("False FailedGetScale"));
        QCOMPARE(joined(scene.client.takeEvents()),
                 QString("Warning FailedGetScale the server could not find the requested resource\n"));
    }

    void anUnknownKindIsRefused() {
        Fixture scene;
        scene.putAutoscaler("scaler", "Sundial", "sun");
        scene.runFor(16s);
        QCOMPARE(joined(scene.client.takeEvents()),
                 QString("Warning FailedGetScale no matches for kind \"Sundial\" in group \"apps\"\n"));
    }

    void aDeploymentOfNoPodsIsLeftAlone() {
        Fixture scene;
        scene.putDeployment(0);
        scene.putAutoscaler();
        scene.runFor(16s);
        QCOMPARE(scene.replicas(), 0);
        QCOMPARE(scene.condition("ScalingActive"), std::string("False ScalingDisabled"));
    }

    void aSizeOutsideTheBoundsIsCorrectedWithoutMetrics() {
        Fixture scene;
        scene.putDeployment(12);
        scene.putAutoscaler();
        scene.runFor(16s);
        QCOMPARE(scene.replicas(), 10);
        QCOMPARE(
            joined(scene.client.takeEvents()),
            QString(
                "Normal SuccessfulRescale New size: 10; reason: Current number of replicas above Spec.MaxReplicas\n"));
    }

    void twoAutoscalersOfTheSamePodsStandStill() {
        Fixture scene;
        scene.putDeployment(2);
        scene.putAutoscaler("scaler");
        scene.putAutoscaler("second");
        for (int i = 0; i < 2; ++i) scene.usage->set("web-" + std::to_string(i), "900m", scene.executor.clock().now());
        scene.runFor(31s);
        QCOMPARE(scene.condition("ScalingActive"), std::string("False AmbiguousSelector"));
    }

    void aConflictIsTriedAgain() {
        Fixture scene;
        scene.putDeployment(12);
        scene.putAutoscaler();
        int refusals = 2;
        scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (request != "update deployments/scale default/web" || refusals-- <= 0) return std::nullopt;
            return Error{Reason::Conflict, "the object has been modified"};
        };
        scene.runFor(16s);
        QCOMPARE(scene.replicas(), 10);
    }
};

QTEST_GUILESS_MAIN(PodAutoscalerControllerTest)
#include "podautoscaler_controller_test.moc"
