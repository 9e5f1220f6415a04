#include "vmnodes/hollow/pod_usage.h"

#include <fmt/format.h>

#include "cluster/api/types/core_v1.h"

namespace qd::hollow {
namespace {

constexpr std::int64_t kWindow = 15'000'000'000;  // ns

api::Quantity annotated(const corev1::Pod& pod, const char* key, const char* otherwise) {
    const auto found = pod.metadata.annotations.find(std::string("hollow.quarterdeck.dev/") + key);
    if (found == pod.metadata.annotations.end()) return api::Quantity::of(otherwise);
    return api::Quantity::parse(found->second).value_or(api::Quantity::of(otherwise));
}

}  // namespace

std::optional<metricsv1beta1::PodMetrics> usageOf(const corev1::Pod& pod, base::WallTime now) {
    if (pod.status.phase != corev1::PodRunning) return std::nullopt;
    metricsv1beta1::PodMetrics metrics;
    metrics.metadata.namespace_ = pod.metadata.namespace_;
    metrics.metadata.name = pod.metadata.name;
    metrics.timestamp = api::Time(now);
    metrics.window.nanoseconds = kWindow;
    for (const auto& container : pod.spec.containers) {
        auto& entry = metrics.containers.emplace_back();
        entry.name = container.name;
        entry.usage = {{"cpu", annotated(pod, "cpu", "1m")}, {"memory", annotated(pod, "memory", "4Mi")}};
    }
    return metrics;
}

metricsv1beta1::NodeMetrics usageOfNode(const std::string& node, const std::vector<metricsv1beta1::PodMetrics>& pods,
                                        base::WallTime now) {
    metricsv1beta1::NodeMetrics metrics;
    metrics.metadata.name = node;
    metrics.timestamp = api::Time(now);
    metrics.window.nanoseconds = kWindow;
    metrics.usage = {{"cpu", api::Quantity::of("20m")}, {"memory", api::Quantity::of("128Mi")}};
    for (const auto& pod : pods)
        for (const auto& container : pod.containers)
            for (const auto& [resource, used] : container.usage) metrics.usage[resource] += used;
    return metrics;
}

std::string metricsOf(const corev1::Pod& pod) {
    constexpr std::string_view kMetric = "hollow.quarterdeck.dev/metric.";
    if (pod.status.phase != corev1::PodRunning) return {};
    std::string text;
    for (const auto& [key, value] : pod.metadata.annotations) {
        if (key == "hollow.quarterdeck.dev/metrics") text += value + "\n";
        if (!key.starts_with(kMetric)) continue;
        if (const auto number = api::Quantity::parse(value))
            text += fmt::format("{} {}\n", key.substr(kMetric.size()), number->toDouble());
    }
    return text;
}

}  // namespace qd::hollow
