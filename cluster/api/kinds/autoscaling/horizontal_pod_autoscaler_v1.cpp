// autoscaling/v1 as a view of autoscaling/v2. Source: the annotations that k8s.io/api autoscaling/v1 documents beside
// its types MetricSpec, MetricStatus and HorizontalPodAutoscalerCondition.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <array>
#include <cctype>
#include <optional>
#include <string>

#include "cluster/api/codec/json_tree.h"
#include "cluster/api/kinds/autoscaling/horizontal_pod_autoscaler.h"
#include "cluster/api/kinds/autoscaling/kinds.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/go_json.h"

namespace qd::api {
namespace {

namespace json = boost::json;
namespace v2 = autoscalingv2;

constexpr char kMetrics[] = "autoscaling.alpha.kubernetes.io/metrics";
constexpr char kCurrentMetrics[] = "autoscaling.alpha.kubernetes.io/current-metrics";
constexpr char kConditions[] = "autoscaling.alpha.kubernetes.io/conditions";
constexpr char kBehavior[] = "autoscaling.alpha.kubernetes.io/behavior";
constexpr std::array kAnnotations = {kMetrics,
                                     kCurrentMetrics,
                                     kConditions,
                                     kBehavior,
                                     "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
                                     "autoscaling.alpha.kubernetes.io/scale-up-tolerance"};
constexpr std::int32_t kDefaultUtilization = 80;  // percent

bool isProcessor(const v2::MetricSpec& metric) {
    return metric.type == v2::ResourceMetricSourceType && metric.resource && metric.resource->name == "cpu";
}

v2::MetricSpec processorMetric(std::int32_t utilization) {
    v2::MetricSpec metric;
    metric.type = v2::ResourceMetricSourceType;
    metric.resource.emplace().name = "cpu";
    metric.resource->target.type = v2::UtilizationMetricType;
    metric.resource->target.averageUtilization = utilization;
    return metric;
}

// --- writing: members in the order of the old structs

void put(json::object& out, const char* name, const std::optional<Quantity>& value) {
    if (value) out[name] = value->toString();
}
void put(json::object& out, const char* name, const std::optional<std::int32_t>& value) {
    if (value) out[name] = *value;
}
void put(json::object& out, const char* name, const Box<metav1::LabelSelector>& selector) {
    if (selector) out[name] = toTree(*selector);
}
// A quantity that the old struct always has.
void putWhole(json::object& out, const char* name, const std::optional<Quantity>& value) {
    out[name] = value.value_or(Quantity()).toString();
}

json::object tree(const v2::ObjectMetricSource& source) {
    json::object out;
    out["target"] = toTree(source.describedObject);
    out["metricName"] = source.metric.name;
    putWhole(out, "targetValue", source.target.value);
    put(out, "selector", source.metric.selector);
    put(out, "averageValue", source.target.averageValue);
    return out;
}

json::object tree(const v2::PodsMetricSource& source) {
    json::object out;
    out["metricName"] = source.metric.name;
    putWhole(out, "targetAverageValue", source.target.averageValue);
    put(out, "selector", source.metric.selector);
    return out;
}

template <typename Source>
json::object resourceTree(const Source& source) {
    json::object out;
    out["name"] = source.name;
    put(out, "targetAverageUtilization", source.target.averageUtilization);
    put(out, "targetAverageValue", source.target.averageValue);
    return out;
}
json::object tree(const v2::ResourceMetricSource& source) {
    return resourceTree(source);
}
json::object tree(const v2::ContainerResourceMetricSource& source) {
    json::object out = resourceTree(source);
    out["container"] = source.container;
    return out;
}

json::object tree(const v2::ExternalMetricSource& source) {
    json::object out;
    out["metricName"] = source.metric.name;
    put(out, "metricSelector", source.metric.selector);
    put(out, "targetValue", source.target.value);
    put(out, "targetAverageValue", source.target.averageValue);
    return out;
}

json::object tree(const v2::ObjectMetricStatus& status) {
    json::object out;
    out["target"] = toTree(status.describedObject);
    out["metricName"] = status.metric.name;
    putWhole(out, "currentValue", status.current.value);
    put(out, "selector", status.metric.selector);
    put(out, "averageValue", status.current.averageValue);
    return out;
}

json::object tree(const v2::PodsMetricStatus& status) {
    json::object out;
    out["metricName"] = status.metric.name;
    putWhole(out, "currentAverageValue", status.current.averageValue);
    put(out, "selector", status.metric.selector);
    return out;
}

template <typename Status>
json::object resourceStatusTree(const Status& status) {
    json::object out;
    out["name"] = status.name;
    put(out, "currentAverageUtilization", status.current.averageUtilization);
    putWhole(out, "currentAverageValue", status.current.averageValue);
    return out;
}
json::object tree(const v2::ResourceMetricStatus& status) {
    return resourceStatusTree(status);
}
json::object tree(const v2::ContainerResourceMetricStatus& status) {
    json::object out = resourceStatusTree(status);
    out["container"] = status.container;
    return out;
}

json::object tree(const v2::ExternalMetricStatus& status) {
    json::object out;
    out["metricName"] = status.metric.name;
    put(out, "metricSelector", status.metric.selector);
    putWhole(out, "currentValue", status.current.value);
    put(out, "currentAverageValue", status.current.averageValue);
    return out;
}

// A MetricSpec or MetricStatus.
template <typename Metric>
json::object metricTree(const Metric& metric) {
    json::object out;
    out["type"] = metric.type;
    const auto part = [&](const char* name, const auto& source) {
        if (source) out[name] = tree(*source);
    };
    part("object", metric.object);
    part("pods", metric.pods);
    part("resource", metric.resource);
    part("containerResource", metric.containerResource);
    part("external", metric.external);
    return out;
}

// --- reading: members that are missing or of another type leave the default

const json::object* objectAt(const json::object& in, std::string_view name) {
    const auto* member = in.if_contains(name);
    return member ? member->if_object() : nullptr;
}

std::string textAt(const json::object& in, std::string_view name) {
    const auto* member = in.if_contains(name);
    return member && member->is_string() ? std::string(member->get_string()) : "";
}

std::optional<std::int32_t> numberAt(const json::object& in, std::string_view name) {
    const auto* member = in.if_contains(name);
    if (!member || !member->is_int64()) return std::nullopt;
    return static_cast<std::int32_t>(member->get_int64());
}

std::optional<Quantity> quantityAt(const json::object& in, std::string_view name) {
    const auto* member = in.if_contains(name);
    if (!member || member->is_null()) return std::nullopt;
    const auto quantity =
        Quantity::parse(member->is_string() ? std::string(member->get_string()) : serializeJson(*member));
    return quantity ? std::optional(*quantity) : std::nullopt;
}

// A quantity that the old struct always has, so that zero stands for none.
std::optional<Quantity> wholeAt(const json::object& in, std::string_view name) {
    return quantityAt(in, name).value_or(Quantity());
}

v2::MetricIdentifier identifierAt(const json::object& in, const char* selectorName) {
    v2::MetricIdentifier metric;
    metric.name = textAt(in, "metricName");
    if (const auto* selector = objectAt(in, selectorName)) {
        if (!fromTree(*selector, metav1::LabelSelector::kDescriptor, &metric.selector.emplace()))
            metric.selector.reset();
    }
    return metric;
}

v2::CrossVersionObjectReference referenceAt(const json::object& in, std::string_view name) {
    v2::CrossVersionObjectReference reference;
    if (const auto* target = objectAt(in, name)) {
        reference.kind = textAt(*target, "kind");
        reference.name = textAt(*target, "name");
        reference.apiVersion = textAt(*target, "apiVersion");
    }
    return reference;
}

void read(const json::object& in, v2::ObjectMetricSource& source) {
    source.describedObject = referenceAt(in, "target");
    source.metric = identifierAt(in, "selector");
    source.target.value = wholeAt(in, "targetValue");
    source.target.averageValue = quantityAt(in, "averageValue");
    source.target.type = source.target.averageValue ? v2::AverageValueMetricType : v2::ValueMetricType;
}

void read(const json::object& in, v2::PodsMetricSource& source) {
    source.metric = identifierAt(in, "selector");
    source.target.averageValue = wholeAt(in, "targetAverageValue");
    source.target.type = v2::AverageValueMetricType;
}

template <typename Source>
void readResource(const json::object& in, Source& source) {
    source.name = textAt(in, "name");
    source.target.averageUtilization = numberAt(in, "targetAverageUtilization");
    source.target.averageValue = quantityAt(in, "targetAverageValue");
    source.target.type = source.target.averageUtilization ? v2::UtilizationMetricType : v2::AverageValueMetricType;
}
void read(const json::object& in, v2::ResourceMetricSource& source) {
    readResource(in, source);
}
void read(const json::object& in, v2::ContainerResourceMetricSource& source) {
    readResource(in, source);
    source.container = textAt(in, "container");
}

void read(const json::object& in, v2::ExternalMetricSource& source) {
    source.metric = identifierAt(in, "metricSelector");
    source.target.value = quantityAt(in, "targetValue");
    source.target.averageValue = quantityAt(in, "targetAverageValue");
    source.target.type = source.target.value ? v2::ValueMetricType : v2::AverageValueMetricType;
}

void read(const json::object& in, v2::ObjectMetricStatus& status) {
    status.describedObject = referenceAt(in, "target");
    status.metric = identifierAt(in, "selector");
    status.current.value = wholeAt(in, "currentValue");
    status.current.averageValue = quantityAt(in, "averageValue");
}

void read(const json::object& in, v2::PodsMetricStatus& status) {
    status.metric = identifierAt(in, "selector");
    status.current.averageValue = wholeAt(in, "currentAverageValue");
}

template <typename Status>
void readResourceStatus(const json::object& in, Status& status) {
    status.name = textAt(in, "name");
    status.current.averageUtilization = numberAt(in, "currentAverageUtilization");
    status.current.averageValue = wholeAt(in, "currentAverageValue");
}
void read(const json::object& in, v2::ResourceMetricStatus& status) {
    readResourceStatus(in, status);
}
void read(const json::object& in, v2::ContainerResourceMetricStatus& status) {
    readResourceStatus(in, status);
    status.container = textAt(in, "container");
}

void read(const json::object& in, v2::ExternalMetricStatus& status) {
    status.metric = identifierAt(in, "metricSelector");
    status.current.value = wholeAt(in, "currentValue");
    status.current.averageValue = quantityAt(in, "currentAverageValue");
}

template <typename Metric>
Metric metricFrom(const json::object& in) {
    Metric metric;
    metric.type = textAt(in, "type");
    const auto part = [&](const char* name, auto& source) {
        if (const auto* given = objectAt(in, name)) read(*given, source.emplace());
    };
    part("object", metric.object);
    part("pods", metric.pods);
    part("resource", metric.resource);
    part("containerResource", metric.containerResource);
    part("external", metric.external);
    return metric;
}

// The list that an annotation holds; nothing when there is none that can be read.
std::optional<json::array> listIn(const Map<std::string>& annotations, const char* name) {
    const auto found = annotations.find(name);
    if (found == annotations.end()) return std::nullopt;
    const auto parsed = parseJson(found->second);
    if (!parsed || !parsed->is_array()) return std::nullopt;
    for (const auto& element : parsed->get_array()) {
        if (!element.is_object()) return std::nullopt;
    }
    return parsed->get_array();
}

// Upstream wrote the behavior by Go's field names.
json::value withJsonNames(const json::value& in) {
    if (const auto* list = in.if_array()) {
        json::array out;
        for (const auto& element : *list) out.push_back(withJsonNames(element));
        return out;
    }
    const auto* members = in.if_object();
    if (!members) return in;
    json::object out;
    for (const auto& member : *members) {
        std::string name(member.key());
        if (!name.empty()) name[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(name[0])));
        if (!member.value().is_null()) out[name] = withJsonNames(member.value());
    }
    return out;
}

void readBehavior(const Map<std::string>& annotations, v2::HorizontalPodAutoscalerSpec& spec) {
    const auto found = annotations.find(kBehavior);
    if (found == annotations.end()) return;
    const auto parsed = parseJson(found->second);
    if (!parsed || !parsed->is_object()) return;
    v2::HorizontalPodAutoscalerBehavior behavior;
    if (!fromTree(withJsonNames(*parsed), v2::HorizontalPodAutoscalerBehavior::kDescriptor, &behavior)) return;
    if (behavior.scaleUp || behavior.scaleDown) spec.behavior = std::move(behavior);
}

void readMetrics(const autoscalingv1::HorizontalPodAutoscaler& from, v2::HorizontalPodAutoscalerSpec& spec) {
    for (const auto& metric : listIn(from.metadata.annotations, kMetrics).value_or(json::array())) {
        spec.metrics.push_back(metricFrom<v2::MetricSpec>(metric.get_object()));
    }
    if (from.spec.targetCPUUtilizationPercentage)
        spec.metrics.push_back(processorMetric(*from.spec.targetCPUUtilizationPercentage));
    if (spec.metrics.empty()) spec.metrics.push_back(processorMetric(kDefaultUtilization));
}

void readStatus(const autoscalingv1::HorizontalPodAutoscaler& from, v2::HorizontalPodAutoscalerStatus& status) {
    status.observedGeneration = from.status.observedGeneration;
    status.lastScaleTime = from.status.lastScaleTime;
    status.currentReplicas = from.status.currentReplicas;
    status.desiredReplicas = from.status.desiredReplicas;
    if (const auto metrics = listIn(from.metadata.annotations, kCurrentMetrics)) {
        for (const auto& metric : *metrics)
            status.currentMetrics.push_back(metricFrom<v2::MetricStatus>(metric.get_object()));
    } else if (from.status.currentCPUUtilizationPercentage) {
        auto& metric = status.currentMetrics.emplace_back();
        metric.type = v2::ResourceMetricSourceType;
        metric.resource.emplace().name = "cpu";
        metric.resource->current.averageUtilization = from.status.currentCPUUtilizationPercentage;
    }
    for (const auto& condition : listIn(from.metadata.annotations, kConditions).value_or(json::array())) {
        if (!fromTree(condition, v2::HorizontalPodAutoscalerCondition::kDescriptor, &status.conditions.emplace_back()))
            status.conditions.pop_back();
    }
}

void writeAnnotations(const v2::HorizontalPodAutoscaler& from, Map<std::string>& annotations) {
    json::array metrics;
    for (const auto& metric : from.spec.metrics) {
        if (!isProcessor(metric) || !metric.resource->target.averageUtilization) metrics.push_back(metricTree(metric));
    }
    json::array current;
    for (const auto& metric : from.status.currentMetrics) current.push_back(metricTree(metric));
    json::array conditions;
    for (const auto& condition : from.status.conditions) conditions.push_back(toTree(condition));
    if (!metrics.empty()) annotations[kMetrics] = serializeJson(metrics);
    if (!current.empty()) annotations[kCurrentMetrics] = serializeJson(current);
    if (from.spec.behavior)
        annotations[kBehavior] = goJson(v2::HorizontalPodAutoscalerBehavior::kDescriptor, from.spec.behavior.get());
    if (!conditions.empty()) annotations[kConditions] = serializeJson(conditions);
}

v2::HorizontalPodAutoscaler newer(const Object& object) {
    return newerAutoscaler(as<autoscalingv1::HorizontalPodAutoscaler>(object));
}

// A rule of the newer form, used on the older one.
template <typename Rule>
auto throughNewer(Rule rule) {
    return [rule = std::move(rule)](Object& now, const auto&... old) {
        auto object = newer(now);
        rule(object, newer(old)...);
        as<autoscalingv1::HorizontalPodAutoscaler>(now) = olderAutoscaler(object);
    };
}
template <typename Check>
auto checkNewer(Check check) {
    return
        [check = std::move(check)](const Object& now, const auto&... old) { return check(newer(now), newer(old)...); };
}

}  // namespace

void dropOlderAnnotations(metav1::ObjectMeta& metadata) {
    for (const char* name : kAnnotations) metadata.annotations.erase(name);
}

autoscalingv1::HorizontalPodAutoscaler olderAutoscaler(const v2::HorizontalPodAutoscaler& from) {
    autoscalingv1::HorizontalPodAutoscaler to;
    to.metadata = from.metadata;
    dropOlderAnnotations(to.metadata);
    to.spec.scaleTargetRef.kind = from.spec.scaleTargetRef.kind;
    to.spec.scaleTargetRef.name = from.spec.scaleTargetRef.name;
    to.spec.scaleTargetRef.apiVersion = from.spec.scaleTargetRef.apiVersion;
    to.spec.minReplicas = from.spec.minReplicas;
    to.spec.maxReplicas = from.spec.maxReplicas;
    for (const auto& metric : from.spec.metrics) {
        if (!isProcessor(metric)) continue;
        to.spec.targetCPUUtilizationPercentage = metric.resource->target.averageUtilization;
        break;
    }
    to.status.observedGeneration = from.status.observedGeneration;
    to.status.lastScaleTime = from.status.lastScaleTime;
    to.status.currentReplicas = from.status.currentReplicas;
    to.status.desiredReplicas = from.status.desiredReplicas;
    for (const auto& metric : from.status.currentMetrics) {
        const bool processor =
            metric.type == v2::ResourceMetricSourceType && metric.resource && metric.resource->name == "cpu";
        if (processor && metric.resource->current.averageUtilization)
            to.status.currentCPUUtilizationPercentage = metric.resource->current.averageUtilization;
    }
    writeAnnotations(from, to.metadata.annotations);
    return to;
}

v2::HorizontalPodAutoscaler newerAutoscaler(const autoscalingv1::HorizontalPodAutoscaler& from) {
    v2::HorizontalPodAutoscaler to;
    to.metadata = from.metadata;
    to.spec.scaleTargetRef.kind = from.spec.scaleTargetRef.kind;
    to.spec.scaleTargetRef.name = from.spec.scaleTargetRef.name;
    to.spec.scaleTargetRef.apiVersion = from.spec.scaleTargetRef.apiVersion;
    to.spec.minReplicas = from.spec.minReplicas;
    to.spec.maxReplicas = from.spec.maxReplicas;
    readMetrics(from, to.spec);
    readBehavior(from.metadata.annotations, to.spec);
    readStatus(from, to.status);
    dropOlderAnnotations(to.metadata);
    return to;
}

Kind horizontalPodAutoscalerV1Kind() {
    const Kind other = horizontalPodAutoscalerKind();
    Kind kind = plainKind("autoscaling", "v1", "HorizontalPodAutoscaler");
    kind.shortNames = other.shortNames;
    kind.categories = other.categories;
    addStatus(kind);
    kind.fromStored = [](const Object& stored) -> std::unique_ptr<Object> {
        return std::make_unique<autoscalingv1::HorizontalPodAutoscaler>(
            olderAutoscaler(as<v2::HorizontalPodAutoscaler>(stored)));
    };
    kind.toStored = [](const Object& served) -> std::unique_ptr<Object> {
        return std::make_unique<v2::HorizontalPodAutoscaler>(newer(served));
    };
    // The way there and back fills in the utilization that is taken when no metric is given.
    kind.defaults = [](Object& object) {
        auto& autoscaler = as<autoscalingv1::HorizontalPodAutoscaler>(object);
        if (!autoscaler.spec.minReplicas) autoscaler.spec.minReplicas = 1;
        autoscaler = olderAutoscaler(newerAutoscaler(autoscaler));
    };
    kind.prepareForCreate = throughNewer(other.prepareForCreate);
    kind.validate = checkNewer(other.validate);
    kind.update.prepare = throughNewer(other.update.prepare);
    kind.update.validate = checkNewer(other.update.validate);
    for (auto& [name, rules] : kind.subresourceUpdates) {
        rules.prepare = throughNewer(other.subresourceUpdates.at(name).prepare);
        rules.validate = checkNewer(other.subresourceUpdates.at(name).validate);
    }
    kind.columns = other.columns;
    kind.cells = [cells = other.cells](const Object& object, base::WallTime now) { return cells(newer(object), now); };
    return kind;
}

}  // namespace qd::api
