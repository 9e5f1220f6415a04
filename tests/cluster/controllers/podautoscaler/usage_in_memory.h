// Usage and metrics that a test sets.
#pragma once

#include "cluster/api/custom_metrics_source.h"
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

// One metric of Pods, of one object and from outside.
class MetricsInMemory final : public api::CustomMetricsSource {
public:
    std::map<std::string, std::int64_t> pods;  // thousandths
    std::int64_t object = 0;
    std::vector<std::int64_t> series;
    std::string missing;  // when set, the error of every question
    mutable std::string asked;

    std::vector<Offer> offers() const override { return {}; }
    Result<api::MetricValue> ofObject(const api::CustomMetric& metric, const std::string& name) const override {
        asked = metric.ns + "/" + metric.resource + (metric.group.empty() ? "" : "." + metric.group) + "/" + name +
                "/" + metric.name;
        if (!missing.empty()) return fail(Reason::NotFound, missing);
        return api::MetricValue{.milli = object, .at = {}, .window = {}};
    }
    Result<std::vector<api::ObjectMetric>> ofObjects(const api::CustomMetric&,
                                                     const api::LabelSelector&) const override {
        if (!missing.empty()) return fail(Reason::NotFound, missing);
        std::vector<api::ObjectMetric> values;
        for (const auto& [pod, milli] : pods) values.push_back({pod, {.milli = milli, .at = {}, .window = {}}});
        return values;
    }
    Result<std::vector<api::ExternalMetric>> external(const std::string&, const std::string&,
                                                      const api::LabelSelector&) const override {
        if (!missing.empty()) return fail(Reason::NotFound, missing);
        std::vector<api::ExternalMetric> values;
        for (const std::int64_t milli : series) values.push_back({{}, {.milli = milli, .at = {}, .window = {}}});
        return values;
    }
};

}  // namespace qd::tests
