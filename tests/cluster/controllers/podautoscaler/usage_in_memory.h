// Usage that a test sets.
#pragma once

#include "cluster/api/usage_source.h"

namespace qd::tests {

class UsageInMemory final : public api::UsageSource {
public:
    // Each Pod has one container "c".
    void set(const std::string& pod, const std::string& cpu, base::WallTime at,
             const api::Map<std::string>& labels = {{"app", "web"}}) {
        metricsv1beta1::PodMetrics metrics;
        metrics.metadata.namespace_ = "default";
        metrics.metadata.name = pod;
        metrics.metadata.labels = labels;
        metrics.timestamp = api::Time(at);
        metrics.window.nanoseconds = 15'000'000'000;
        metrics.containers.emplace_back().name = "c";
        metrics.containers.back().usage = {{"cpu", api::Quantity::of(cpu)}, {"memory", api::Quantity::of("64Mi")}};
        m_pods[pod] = std::make_shared<const metricsv1beta1::PodMetrics>(metrics);
    }
    void clear() { m_pods.clear(); }

    std::vector<std::shared_ptr<const metricsv1beta1::NodeMetrics>> nodes() const override { return {}; }
    std::vector<std::shared_ptr<const metricsv1beta1::PodMetrics>> pods(const std::string&) const override {
        std::vector<std::shared_ptr<const metricsv1beta1::PodMetrics>> all;
        for (const auto& [name, pod] : m_pods) all.push_back(pod);
        return all;
    }

private:
    std::map<std::string, std::shared_ptr<const metricsv1beta1::PodMetrics>> m_pods;
};

}  // namespace qd::tests
