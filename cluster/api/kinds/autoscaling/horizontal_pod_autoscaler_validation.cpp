// Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/autoscaling/horizontal_pod_autoscaler.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/object_meta.h"

namespace qd::api {
namespace {

using namespace autoscalingv2;

constexpr std::int32_t kLongestPeriod = 1800;         // seconds
constexpr std::int32_t kLongestStabilization = 3600;  // seconds
constexpr std::string_view kOneSource = "must populate the given metric source only";
constexpr std::string_view kSource = "must populate information for the given metric source";

// Which apiVersions a reference may have.
enum class Versions { Grouped, Core, Any };

field::Errors versionErrors(const std::string& apiVersion, Versions versions, const field::Path& path) {
    if (versions == Versions::Any) return {};
    const auto slashes = std::count(apiVersion.begin(), apiVersion.end(), '/');
    if (apiVersion != "/" && slashes > 1)
        return {field::invalid(path, apiVersion, "unexpected GroupVersion string: " + apiVersion)};
    const bool grouped = slashes == 1 && !apiVersion.starts_with('/');
    if (grouped || versions == Versions::Core) return {};
    return {field::invalid(path, apiVersion, "apiVersion must specify API group")};
}

field::Errors segmentErrors(const std::string& value, const field::Path& path, std::string_view missing = "") {
    if (value.empty()) return {field::required(path, missing)};
    return complaintErrors(path, value, pathSegmentErrors(value, false));
}

field::Errors referenceErrors(const CrossVersionObjectReference& reference, Versions versions,
                              const field::Path& path) {
    field::Errors errors = segmentErrors(reference.kind, path.child("kind"));
    field::append(errors, segmentErrors(reference.name, path.child("name")));
    field::append(errors, versionErrors(reference.apiVersion, versions, path.child("apiVersion")));
    return errors;
}

field::Errors positiveErrors(const std::optional<Quantity>& value, const field::Path& path) {
    if (!value || value->sign() > 0) return {};
    return {field::invalid(path, value->toString(), "must be positive")};
}

field::Errors targetErrors(const MetricTarget& target, const field::Path& path) {
    field::Errors errors;
    if (target.type.empty()) errors.push_back(field::required(path.child("type"), "must specify a metric target type"));
    if (!contains({"Utilization", "Value", "AverageValue"}, target.type)) {
        errors.push_back(
            field::invalid(path.child("type"), target.type, "must be either Utilization, Value, or AverageValue"));
    }
    field::append(errors, positiveErrors(target.value, path.child("value")));
    field::append(errors, positiveErrors(target.averageValue, path.child("averageValue")));
    if (target.averageUtilization && *target.averageUtilization < 1) {
        errors.push_back(
            field::invalid(path.child("averageUtilization"), *target.averageUtilization, "must be greater than 0"));
    }
    return errors;
}

// A metric that is named, with its target.
field::Errors namedErrors(const MetricIdentifier& metric, const MetricTarget& target, const field::Path& path) {
    field::Errors errors = segmentErrors(metric.name, path.child("metric", "name"), "must specify a metric name");
    field::append(errors, targetErrors(target, path.child("target")));
    return errors;
}

field::Errors objectErrors(const ObjectMetricSource& source, Versions versions, const field::Path& path) {
    field::Errors errors = referenceErrors(source.describedObject, versions, path.child("describedObject"));
    field::append(errors, namedErrors(source.metric, source.target, path));
    if (!source.target.value && !source.target.averageValue) {
        errors.push_back(
            field::required(path.child("target", "averageValue"), "must set either a target value or averageValue"));
    }
    return errors;
}

field::Errors externalErrors(const ExternalMetricSource& source, const field::Path& path) {
    field::Errors errors = namedErrors(source.metric, source.target, path);
    const auto& value = source.target.value;
    const auto& averageValue = source.target.averageValue;
    if (!value && !averageValue)
        errors.push_back(field::required(path.child("target", "averageValue"),
                                         "must set either a target value for metric or a per-pod target"));
    if (value && averageValue)
        errors.push_back(field::forbidden(path.child("target", "value"),
                                          "may not set both a target value for metric and a per-pod target"));
    return errors;
}

field::Errors podsErrors(const PodsMetricSource& source, const field::Path& path) {
    field::Errors errors = namedErrors(source.metric, source.target, path);
    if (!source.target.averageValue)
        errors.push_back(
            field::required(path.child("target", "averageValue"), "must specify a positive target averageValue"));
    return errors;
}

field::Errors resourceTargetErrors(const MetricTarget& target, const field::Path& path) {
    field::Errors errors = targetErrors(target, path);
    if (!target.averageUtilization && !target.averageValue) {
        errors.push_back(field::required(path.child("averageUtilization"),
                                         "must set either a target raw value or a target utilization"));
    }
    if (target.averageUtilization && target.averageValue) {
        errors.push_back(field::forbidden(path.child("averageValue"),
                                          "may not set both a target raw value and a target utilization"));
    }
    return errors;
}

field::Errors resourceErrors(const ResourceMetricSource& source, const field::Path& path) {
    field::Errors errors;
    if (source.name.empty()) errors.push_back(field::required(path.child("name"), "must specify a resource name"));
    field::append(errors, resourceTargetErrors(source.target, path.child("target")));
    return errors;
}

field::Errors containerResourceErrors(const ContainerResourceMetricSource& source, const field::Path& path) {
    field::Errors errors;
    if (source.name.empty()) {
        errors.push_back(field::required(path.child("name"), "must specify a resource name"));
    } else {
        field::append(errors, containerResourceNameErrors(source.name, path.child("name")));
    }
    if (source.container.empty()) {
        errors.push_back(field::required(path.child("container"), "must specify a container"));
    } else {
        field::append(errors, labelErrors(path.child("container"), source.container));
    }
    field::append(errors, resourceTargetErrors(source.target, path.child("target")));
    return errors;
}

// One source, and the one that the type names. Of several only the first is looked into.
field::Errors metricErrors(const MetricSpec& metric, Versions versions, const field::Path& path) {
    struct Source {
        std::string_view type;
        const char* name;
        bool given;
    };
    const Source sources[] = {{"Object", "object", metric.object.has_value()},
                              {"External", "external", metric.external.has_value()},
                              {"Pods", "pods", metric.pods.has_value()},
                              {"Resource", "resource", metric.resource.has_value()},
                              {"ContainerResource", "containerResource", metric.containerResource.has_value()}};
    field::Errors errors;
    if (metric.type.empty()) errors.push_back(field::required(path.child("type"), "must specify a metric source type"));
    const auto typeErrors =
        choiceErrors(path.child("type"), metric.type, {"ContainerResource", "External", "Object", "Pods", "Resource"});
    field::append(errors, typeErrors);
    if (metric.object) {
        field::append(errors, objectErrors(*metric.object, versions, path.child("object")));
    } else if (metric.external) {
        field::append(errors, externalErrors(*metric.external, path.child("external")));
    } else if (metric.pods) {
        field::append(errors, podsErrors(*metric.pods, path.child("pods")));
    } else if (metric.resource) {
        field::append(errors, resourceErrors(*metric.resource, path.child("resource")));
    } else if (metric.containerResource) {
        field::append(errors, containerResourceErrors(*metric.containerResource, path.child("containerResource")));
    }
    for (const Source& source : sources) {
        if (source.type == metric.type && !source.given)
            errors.push_back(field::required(path.child(source.name), kSource));
    }
    field::append(errors, typeErrors);  // upstream tells it twice
    if (std::count_if(std::begin(sources), std::end(sources), [](const Source& source) { return source.given; }) == 1)
        return errors;
    for (const Source& source : sources) {
        if (source.given && source.type != metric.type)
            errors.push_back(field::forbidden(path.child(source.name), kOneSource));
    }
    return errors;
}

field::Errors metricsErrors(const HorizontalPodAutoscalerSpec& spec, Versions versions, const field::Path& path) {
    field::Errors errors;
    bool wakes = false;
    for (std::size_t i = 0; i < spec.metrics.size(); ++i) {
        field::append(errors, metricErrors(spec.metrics[i], versions, path.index(i)));
        wakes = wakes || contains({"Object", "External"}, spec.metrics[i].type);
    }
    if (spec.minReplicas == 0 && !wakes) {
        errors.push_back(field::forbidden(
            path, "must specify at least one Object or External metric to support scaling to zero replicas"));
    }
    return errors;
}

field::Errors policyErrors(const HPAScalingPolicy& policy, const field::Path& path) {
    field::Errors errors = choiceErrors(path.child("type"), policy.type, {"Percent", "Pods"});
    const field::Path period = path.child("periodSeconds");
    if (policy.value <= 0)
        errors.push_back(field::invalid(path.child("value"), policy.value, "must be greater than zero"));
    if (policy.periodSeconds <= 0)
        errors.push_back(field::invalid(period, policy.periodSeconds, "must be greater than zero"));
    if (policy.periodSeconds > kLongestPeriod)
        errors.push_back(field::invalid(period, policy.periodSeconds,
                                        fmt::format("must be less than or equal to {}", kLongestPeriod)));
    return errors;
}

field::Errors rulesErrors(const HPAScalingRules& rules, const field::Path& path) {
    field::Errors errors;
    const std::int32_t window = rules.stabilizationWindowSeconds.value_or(0);
    const field::Path stabilization = path.child("stabilizationWindowSeconds");
    if (window < 0) errors.push_back(field::invalid(stabilization, window, "must be greater than or equal to zero"));
    if (window > kLongestStabilization)
        errors.push_back(field::invalid(stabilization, window,
                                        fmt::format("must be less than or equal to {}", kLongestStabilization)));
    if (rules.selectPolicy)
        field::append(errors,
                      choiceErrors(path.child("selectPolicy"), *rules.selectPolicy, {"Disabled", "Max", "Min"}));
    if (rules.policies.empty())
        errors.push_back(field::required(path.child("policies"), "must specify at least one Policy"));
    for (std::size_t i = 0; i < rules.policies.size(); ++i)
        field::append(errors, policyErrors(rules.policies[i], path.child("policies").index(i)));
    if (rules.tolerance && rules.tolerance->sign() < 0) {
        errors.push_back(
            field::invalid(path.child("tolerance"), rules.tolerance->toString(), "must be greater than or equal to 0"));
    }
    return errors;
}

// What an older release took is not held against an autoscaler that keeps it.
Versions targetVersions(const HorizontalPodAutoscalerSpec& now, const HorizontalPodAutoscalerSpec* old) {
    const bool kept = old && old->scaleTargetRef.apiVersion == now.scaleTargetRef.apiVersion &&
                      old->scaleTargetRef.kind == now.scaleTargetRef.kind;
    if (kept) return Versions::Any;
    // The only kind of the core group that can be scaled.
    return now.scaleTargetRef.kind == "ReplicationController" ? Versions::Core : Versions::Grouped;
}

Versions objectVersions(const HorizontalPodAutoscalerSpec* old) {
    if (!old) return Versions::Core;
    const bool faulty = std::any_of(old->metrics.begin(), old->metrics.end(), [](const MetricSpec& metric) {
        return metric.type == "Object" && metric.object &&
               !versionErrors(metric.object->describedObject.apiVersion, Versions::Core, {}).empty();
    });
    return faulty ? Versions::Any : Versions::Core;
}

field::Errors replicasErrors(const HorizontalPodAutoscalerSpec& spec, std::int32_t least, const field::Path& path) {
    field::Errors errors;
    const field::Path most = path.child("maxReplicas");
    if (spec.minReplicas && *spec.minReplicas < least) {
        errors.push_back(field::invalid(path.child("minReplicas"), *spec.minReplicas,
                                        fmt::format("must be greater than or equal to {}", least)));
    }
    if (spec.maxReplicas == 0) errors.push_back(field::required(most, "must be set and greater than 0"));
    if (spec.maxReplicas < 0)
        errors.push_back(field::invalid(most, spec.maxReplicas, "must be greater than or equal to 1"));
    if (spec.minReplicas && spec.maxReplicas < *spec.minReplicas)
        errors.push_back(field::invalid(most, spec.maxReplicas, "must be greater than or equal to `minReplicas`"));
    return errors;
}

}  // namespace

field::Errors autoscalerErrors(const HorizontalPodAutoscaler& now, const HorizontalPodAutoscaler* old) {
    const field::Path metadata("metadata");
    const field::Path path("spec");
    const auto* before = old ? &old->spec : nullptr;
    field::Errors errors = old ? validateObjectMetaUpdate(now.metadata, old->metadata, metadata)
                               : validateObjectMeta(now.metadata, true, nullptr, metadata);
    // Scaling to nothing is switched off, but for those that have it.
    const std::int32_t least = before && before->minReplicas == 0 ? 0 : 1;
    field::append(errors, replicasErrors(now.spec, least, path));
    field::append(errors, referenceErrors(now.spec.scaleTargetRef, targetVersions(now.spec, before),
                                          path.child("scaleTargetRef")));
    field::append(errors, metricsErrors(now.spec, objectVersions(before), path.child("metrics")));
    const auto* behavior = now.spec.behavior.get();
    if (behavior && behavior->scaleUp)
        field::append(errors, rulesErrors(*behavior->scaleUp, path.child("behavior", "scaleUp")));
    if (behavior && behavior->scaleDown)
        field::append(errors, rulesErrors(*behavior->scaleDown, path.child("behavior", "scaleDown")));
    return errors;
}

}  // namespace qd::api
