#include "cluster/controllers/podautoscaler/metric_reader.h"

#include <algorithm>

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

base::Failure noCustomMetrics() {
    return fail(
        Reason::NotFound,
        "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered");
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

Result<PodSamples> UsageReader::ofPods(const std::string&, const api::LabelSelector&,
                                       const autoscalingv2::MetricIdentifier&) const {
    return noCustomMetrics();
}

Result<std::int64_t> UsageReader::ofObject(const std::string&, const autoscalingv2::CrossVersionObjectReference&,
                                           const autoscalingv2::MetricIdentifier&) const {
    return noCustomMetrics();
}

Result<std::vector<std::int64_t>> UsageReader::external(const std::string&,
                                                        const autoscalingv2::MetricIdentifier&) const {
    return fail(Reason::NotFound,
                "unable to fetch metrics from external metrics API: no external metrics API (external.metrics.k8s.io) "
                "registered");
}

}  // namespace qd::controllers
