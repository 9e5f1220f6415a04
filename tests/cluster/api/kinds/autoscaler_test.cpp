// Autoscalers: what is refused, and the older form that autoscaling/v1 shows.
#include <QtTest>
#include <algorithm>

#include "cluster/api/types/autoscaling_v1.h"
#include "cluster/api/types/autoscaling_v2.h"
#include "kind_trial.h"

using namespace qd;
using namespace qd::api;
using namespace qd::api::test;
using Newer = autoscalingv2::HorizontalPodAutoscaler;
using Older = autoscalingv1::HorizontalPodAutoscaler;

namespace {

const Kind& newer() {
    return *builtinKind("autoscaling", "v2", "HorizontalPodAutoscaler");
}
const Kind& older() {
    return *builtinKind("autoscaling", "v1", "HorizontalPodAutoscaler");
}

std::string autoscaler(const std::string& spec, const std::string& apiVersion = "apps/v1",
                       const std::string& kind = "Deployment") {
    return R"({"metadata":{"name":"web"},"spec":{"scaleTargetRef":{"apiVersion":")" + apiVersion + R"(","kind":")" +
           kind + R"(","name":"web"})" + (spec.empty() ? "" : "," + spec) + "}}";
}

std::string metric(const std::string& metric) {
    return autoscaler(R"("maxReplicas":5,"metrics":[)" + metric + "]");
}

const std::string kEverything = autoscaler(
    R"("maxReplicas":5,"metrics":[)"
    R"({"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":60}}},)"
    R"({"type":"Pods","pods":{"metric":{"name":"q"},"target":{"type":"AverageValue","averageValue":"10"}}},)"
    R"({"type":"Object","object":{"describedObject":{"kind":"Ingress","name":"i"},"metric":{"name":"r"},"target":{"type":"Value","value":"2k"}}},)"
    R"({"type":"External","external":{"metric":{"name":"e","selector":{"matchLabels":{"a":"b"}}},"target":{"type":"Value","value":"3"}}},)"
    R"({"type":"ContainerResource","containerResource":{"name":"memory","container":"c","target":{"type":"AverageValue","averageValue":"1Gi"}}}],)"
    R"("behavior":{"scaleUp":{"tolerance":"100m"}})");

const std::string kTwoSources =
    R"({"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":60}},)"
    R"("pods":{"metric":{"name":"q"},"target":{"type":"AverageValue","averageValue":"1"}}})";
const std::string kAnnotated =
    R"({"metadata":{"name":"web","annotations":{"autoscaling.alpha.kubernetes.io/metrics":"[]","mine":"1"}},)"
    R"("spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},"maxReplicas":5}})";

}  // namespace

class AutoscalerTest : public QObject {
    Q_OBJECT
private slots:
    void faultsNameTheField_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        const auto row = [](const char* name, const std::string& json, const char* faults) {
            QTest::newRow(name) << QString::fromStdString(json) << faults;
        };
        row("everything", kEverything, "");
        row("no most", autoscaler(""),
            "spec.maxReplicas: Required value: must be set and greater than 0\n"
            "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`");
        row("down to nothing", autoscaler(R"("maxReplicas":5,"minReplicas":0)"),
            "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1\n"
            "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero "
            "replicas");
        row("a target of no group", autoscaler(R"("maxReplicas":5)", "v1"),
            R"(spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group)");
        row("the one of the core group", autoscaler(R"("maxReplicas":5)", "v1", "ReplicationController"), "");
        row("a source that is missing", metric(R"({"type":"Pods"})"),
            "spec.metrics[0].pods: Required value: must populate information for the given metric source");
        row("two sources", metric(kTwoSources),
            "spec.metrics[0].pods: Forbidden: must populate the given metric source only");
        row("no target", metric(R"({"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization"}}})"),
            "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or "
            "a target utilization");
        row("a policy without a period",
            autoscaler(R"("maxReplicas":5,"behavior":{"scaleDown":{"policies":[{"type":"Pods","value":1}]}})"),
            "spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 0: must be greater than zero");
        row("a window of two hours",
            autoscaler(R"("maxReplicas":5,"behavior":{"scaleDown":{"stabilizationWindowSeconds":7200}})"),
            "spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 7200: must be less than or equal to "
            "3600");
    }
    void faultsNameTheField() {
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(create(newer(), json.toStdString()).faults, faults.toStdString());
    }

    void aTargetThatWasTakenOnceIsKept() {
        auto before = stored<Newer>(newer(), autoscaler(R"("maxReplicas":5)"));
        before.spec.scaleTargetRef.apiVersion = "v1";
        QCOMPARE(change(newer(), before, [](Newer& now) { now.spec.maxReplicas = 6; }).faults, std::string());
        QVERIFY(
            !change(newer(), before, [](Newer& now) { now.spec.scaleTargetRef.kind = "StatefulSet"; }).faults.empty());
    }

    void bothVersionsShowTheSameObjects() {
        QCOMPARE(older().storedAs, &newer());
        const auto before = stored<Newer>(newer(), kEverything);
        const auto shown = older().fromStored(before);
        const auto& old = static_cast<const Older&>(*shown);
        QCOMPARE(old.spec.targetCPUUtilizationPercentage, std::optional<std::int32_t>(60));
        QVERIFY(old.metadata.annotations.contains("autoscaling.alpha.kubernetes.io/metrics"));
        QVERIFY(old.metadata.annotations.contains("autoscaling.alpha.kubernetes.io/behavior"));
        // The processor's metric comes last on the way back.
        const auto back = older().toStored(*shown);
        auto expected = before;
        std::rotate(expected.spec.metrics.begin(), expected.spec.metrics.begin() + 1, expected.spec.metrics.end());
        QCOMPARE(encodeJson(*back), encodeJson(expected));
    }

    void theStatusGoesThereAndBack() {
        auto before = stored<Newer>(newer(), autoscaler(R"("maxReplicas":5)"));
        before.status.currentReplicas = 2;
        auto& current = before.status.currentMetrics.emplace_back();
        current.type = "Resource";
        current.resource.emplace().name = "cpu";
        current.resource->current.averageUtilization = 42;
        current.resource->current.averageValue = *Quantity::parse("210m");
        auto& condition = before.status.conditions.emplace_back();
        condition.type = "AbleToScale";
        condition.status = "True";
        const auto shown = older().fromStored(before);
        const auto& status = static_cast<const Older&>(*shown).status;
        QCOMPARE(status.currentCPUUtilizationPercentage, std::optional<std::int32_t>(42));
        QCOMPARE(encodeJson(*older().toStored(*shown)), encodeJson(before));
    }

    void theOlderFormWithoutATargetHasTheUsualOne() {
        const auto made = create(older(), autoscaler(R"("maxReplicas":5)"));
        QCOMPARE(made.faults, std::string());
        QCOMPARE(static_cast<const Older&>(*made.object).spec.targetCPUUtilizationPercentage,
                 std::optional<std::int32_t>(80));
    }

    void theOlderFormIsHeldToTheSameRules() {
        QCOMPARE(create(older(), autoscaler(R"("maxReplicas":5,"targetCPUUtilizationPercentage":-1)")).faults,
                 std::string(
                     "spec.metrics[0].resource.target.averageUtilization: Invalid value: -1: must be greater than 0"));
        const auto before = stored<Older>(older(), autoscaler(R"("maxReplicas":5)"));
        const auto after = change(older(), before, [](Older& now) {
            now.spec.maxReplicas = 0;
            now.status.currentReplicas = 7;
        });
        QVERIFY(after.faults.starts_with("spec.maxReplicas: Required value"));
        QCOMPARE(static_cast<const Older&>(*after.object).status.currentReplicas, 0);
    }

    void annotationsOfTheOlderFormSayNothingInTheNewer() {
        const auto made = create(newer(), kAnnotated);
        QCOMPARE(made.object->metadata.annotations, (Map<std::string>{{"mine", "1"}}));
    }
};

QTEST_APPLESS_MAIN(AutoscalerTest)
#include "autoscaler_test.moc"
