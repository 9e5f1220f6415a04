// autoscaling/v2. Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/api/kinds/autoscaling/horizontal_pod_autoscaler.h"
#include "cluster/api/kinds/autoscaling/kinds.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/object_meta.h"

namespace qd::api {
namespace {

using autoscalingv2::HorizontalPodAutoscaler;

constexpr std::int32_t kDefaultUtilization = 80;  // percent
constexpr std::int32_t kPeriod = 15;              // seconds
constexpr std::size_t kShownMetrics = 2;

void fillRules(Box<autoscalingv2::HPAScalingRules>& rules,
               const std::vector<autoscalingv2::HPAScalingPolicy>& policies) {
    if (!rules) rules.emplace();
    if (!rules->selectPolicy) rules->selectPolicy = autoscalingv2::MaxChangePolicySelect;
    if (rules->policies.empty()) rules->policies = policies;
}

void setDefaults(Object& object) {
    dropOlderAnnotations(object.metadata);
    auto& spec = as<HorizontalPodAutoscaler>(object).spec;
    if (!spec.minReplicas) spec.minReplicas = 1;
    if (spec.metrics.empty()) {
        auto& metric = spec.metrics.emplace_back();
        metric.type = autoscalingv2::ResourceMetricSourceType;
        metric.resource.emplace().name = "cpu";
        metric.resource->target.type = "Utilization";
        metric.resource->target.averageUtilization = kDefaultUtilization;
    }
    if (!spec.behavior) return;
    using namespace autoscalingv2;
    fillRules(spec.behavior->scaleUp, {{PodsScalingPolicy, 4, kPeriod}, {PercentScalingPolicy, 100, kPeriod}});
    if (!spec.behavior->scaleUp->stabilizationWindowSeconds) spec.behavior->scaleUp->stabilizationWindowSeconds = 0;
    fillRules(spec.behavior->scaleDown, {{PercentScalingPolicy, 100, kPeriod}});
}

field::Errors statusErrors(const Object& now, const Object& old) {
    const auto& status = as<HorizontalPodAutoscaler>(now).status;
    const field::Path path("status");
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, field::Path("metadata"));
    field::append(errors, validateNonNegative(status.currentReplicas, path.child("currentReplicas")));
    field::append(errors, validateNonNegative(status.desiredReplicas, path.child("desiredReplicas")));
    return errors;
}

std::string text(const std::optional<Quantity>& quantity) {
    return quantity ? quantity->toString() : "<unknown>";
}

std::string ofResource(const std::string& name, const autoscalingv2::MetricTarget& target,
                       const autoscalingv2::MetricValueStatus* current) {
    if (target.averageValue)
        return fmt::format("{}: {}/{}", name, current ? text(current->averageValue) : "<unknown>",
                           text(target.averageValue));
    const std::string used =
        current && current->averageUtilization ? fmt::format("{}%", *current->averageUtilization) : "<unknown>";
    return fmt::format("{}: {}/{}", name, used,
                       target.averageUtilization ? fmt::format("{}%", *target.averageUtilization) : "<auto>");
}

std::string ofWhole(const autoscalingv2::MetricTarget& target, const autoscalingv2::MetricValueStatus* current) {
    if (target.averageValue)
        return fmt::format("{}/{} (avg)", current ? text(current->averageValue) : "<unknown>",
                           text(target.averageValue));
    return fmt::format("{}/{}", current ? text(current->value) : "<unknown>", text(target.value));
}

std::string metricText(const autoscalingv2::MetricSpec& metric, const autoscalingv2::MetricStatus* status) {
    const auto current = [&](const auto& part) {
        return status && (status->*part) ? &(status->*part)->current : nullptr;
    };
    using Status = autoscalingv2::MetricStatus;
    if (metric.resource) return ofResource(metric.resource->name, metric.resource->target, current(&Status::resource));
    if (metric.containerResource)
        return ofResource(metric.containerResource->name, metric.containerResource->target,
                          current(&Status::containerResource));
    if (metric.external) return ofWhole(metric.external->target, current(&Status::external));
    if (metric.object) return ofWhole(metric.object->target, current(&Status::object));
    if (!metric.pods) return "<unknown type>";
    const auto* now = current(&Status::pods);
    return fmt::format("{}/{}", now ? text(now->averageValue) : "<unknown>", text(metric.pods->target.averageValue));
}

// "cpu: 40%/50%, memory: 1Gi/2Gi + 1 more..."
std::string metricsText(const HorizontalPodAutoscaler& autoscaler) {
    const auto& specs = autoscaler.spec.metrics;
    const auto& statuses = autoscaler.status.currentMetrics;
    if (specs.empty()) return "<none>";
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < std::min(specs.size(), kShownMetrics); ++i)
        shown.push_back(metricText(specs[i], i < statuses.size() ? &statuses[i] : nullptr));
    const std::string more =
        specs.size() > kShownMetrics ? fmt::format(" + {} more...", specs.size() - kShownMetrics) : "";
    return joined(shown, ", ") + more;
}

}  // namespace

Kind horizontalPodAutoscalerKind() {
    Kind kind = plainKind("autoscaling", "v2", "HorizontalPodAutoscaler");
    kind.shortNames = {"hpa"};
    kind.categories = {"all"};
    addStatus(kind);
    kind.defaults = setDefaults;
    validateCreate(kind,
                   [](const Object& object) { return autoscalerErrors(as<HorizontalPodAutoscaler>(object), nullptr); });
    validateUpdate(kind, [](const Object& now, const Object& old) {
        return autoscalerErrors(as<HorizontalPodAutoscaler>(now), &as<HorizontalPodAutoscaler>(old));
    });
    validateSubresource(kind, "status", statusErrors);
    using Spec = autoscalingv2::HorizontalPodAutoscalerSpec;
    using Status = autoscalingv2::HorizontalPodAutoscalerStatus;
    kind.columns = {nameColumn(),
                    fieldColumn<Spec>("Reference", "string", "scaleTargetRef"),
                    fieldColumn<Spec>("Targets", "string", "metrics"),
                    fieldColumn<Spec>("MinPods", "string", "minReplicas"),
                    fieldColumn<Spec>("MaxPods", "string", "maxReplicas"),
                    fieldColumn<Status>("Replicas", "string", "currentReplicas"),
                    ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& autoscaler = as<HorizontalPodAutoscaler>(object);
        const auto& spec = autoscaler.spec;
        return {autoscaler.metadata.name,
                spec.scaleTargetRef.kind + "/" + spec.scaleTargetRef.name,
                metricsText(autoscaler),
                spec.minReplicas ? std::to_string(*spec.minReplicas) : "<unset>",
                static_cast<std::int64_t>(spec.maxReplicas),
                static_cast<std::int64_t>(autoscaler.status.currentReplicas),
                ageText(autoscaler.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
