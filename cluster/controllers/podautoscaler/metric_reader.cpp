#include "cluster/controllers/podautoscaler/metric_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/kind.h"

namespace qd::controllers {
namespace {

// Nothing when a container is not there or says nothing of this resource: a part is no sum.
std::optional<std::int64_t> milliOf(const metricsv1beta1::PodMetrics& pod, const std::string& resource,
                                    const std::string& container) {
    std::optional<std::int64_t> sum;
    for (const auto& one : pod.containers) {
        if (!container.empty() && one.name != container) continue;
        const auto used = one.usage.find(resource);
        if (used == one.usage.end()) return std::nullopt;
        sum = sum.value_or(0) + used->second.milliValue();
    }
    return sum;
}

base::Duration windowOf(const metricsv1beta1::PodMetrics& pod) {
    return std::chrono::duration_cast<base::Duration>(std::chrono::nanoseconds(pod.window.nanoseconds));
}

constexpr char kFromCustom[] = "unable to fetch metrics from custom metrics API";
constexpr base::Duration kUsualWindow = std::chrono::minutes(1);  // of a metric that names none

base::Failure noCustomMetrics() {
    return fail(Reason::NotFound,
                fmt::format("{}: no custom metrics API (custom.metrics.k8s.io) registered", kFromCustom));
}

Result<api::LabelSelector> selectorOf(const autoscalingv2::MetricIdentifier& metric) {
    return metric.selector ? api::LabelSelector::from(*metric.selector) : api::LabelSelector();
}

// The resource of a kind, among those that the server knows.
const api::Kind* kindOf(const autoscalingv2::CrossVersionObjectReference& object) {
    const std::size_t slash = object.apiVersion.find('/');
    const std::string group = slash == std::string::npos ? "" : object.apiVersion.substr(0, slash);
    const auto found = std::ranges::find_if(
        api::builtinKinds(), [&](const api::Kind* kind) { return kind->kind == object.kind && kind->group == group; });
    return found == api::builtinKinds().end() ? nullptr : *found;
}

}  // namespace

Result<PodSamples> UsageReader::resource(const std::string& ns, const api::LabelSelector& pods,
                                         const std::string& resource, const std::string& container) const {
    if (!m_usage)
        return fail(Reason::NotFound,
                    "unable to fetch metrics from resource metrics API: the server could not find the requested "
                    "resource (get pods.metrics.k8s.io)");
    PodSamples samples;
    bool any = false;
    for (const auto& pod : m_usage->pods(ns)) {
        if (!pods.matches(pod->metadata.labels)) continue;
        any = true;
        if (const auto milli = milliOf(*pod, resource, container))
            samples[pod->metadata.name] = {.at = pod->timestamp.wall(), .window = windowOf(*pod), .milli = *milli};
    }
    if (!any) return fail(Reason::NotFound, "no metrics returned from resource metrics API");
    return samples;
}

Result<PodSamples> UsageReader::ofPods(const std::string& ns, const api::LabelSelector& pods,
                                       const autoscalingv2::MetricIdentifier& metric) const {
    if (!m_custom) return noCustomMetrics();
    const auto series = selectorOf(metric);
    if (!series) return fail(series.error());
    const auto values =
        m_custom->ofObjects({.group = {}, .resource = "pods", .ns = ns, .name = metric.name, .series = *series}, pods);
    if (!values) return fail(values.error().within(kFromCustom));
    if (values->empty()) return fail(Reason::NotFound, "no metrics returned from custom metrics API");
    PodSamples samples;
    for (const auto& [pod, value] : *values)
        samples[pod] = {.at = value.at, .window = value.window.value_or(kUsualWindow), .milli = value.milli};
    return samples;
}

Result<std::int64_t> UsageReader::ofObject(const std::string& ns,
                                           const autoscalingv2::CrossVersionObjectReference& object,
                                           const autoscalingv2::MetricIdentifier& metric) const {
    if (!m_custom) return noCustomMetrics();
    const auto series = selectorOf(metric);
    if (!series) return fail(series.error());
    const api::Kind* kind = kindOf(object);
    if (!kind)
        return fail(Reason::NotFound, fmt::format("{}: unable to map kind {} to resource: no matches for kind \"{}\"",
                                                  kFromCustom, object.kind, object.kind));
    // Only its own namespace, whatever the reference says: it is no way out of it.
    const bool isNamespace = kind->group.empty() && kind->kind == "Namespace";
    const auto value = m_custom->ofObject({.group = kind->group,
                                           .resource = kind->plural,
                                           .ns = isNamespace ? "" : ns,
                                           .name = metric.name,
                                           .series = *series},
                                          isNamespace ? ns : object.name);
    if (!value) return fail(value.error().within(kFromCustom));
    return value->milli;
}

Result<std::vector<std::int64_t>> UsageReader::external(const std::string& ns,
                                                        const autoscalingv2::MetricIdentifier& metric) const {
    constexpr char kFromExternal[] = "unable to fetch metrics from external metrics API";
    if (!m_custom)
        return fail(Reason::NotFound,
                    fmt::format("{}: no external metrics API (external.metrics.k8s.io) registered", kFromExternal));
    const auto series = selectorOf(metric);
    if (!series) return fail(series.error());
    const auto values = m_custom->external(ns, metric.name, *series);
    if (!values) return fail(values.error().within(kFromExternal));
    if (values->empty()) return fail(Reason::NotFound, "no metrics returned from external metrics API");
    std::vector<std::int64_t> milli;
    for (const auto& one : *values) milli.push_back(one.value.milli);
    return milli;
}

}  // namespace qd::controllers
