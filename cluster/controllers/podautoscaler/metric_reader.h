// Where an autoscaler reads its metrics: the three APIs resource, custom and external metrics, behind one interface.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cluster/api/custom_metrics_source.h"
#include "cluster/api/meta/selectors.h"
#include "cluster/api/types/autoscaling_v2.h"
#include "cluster/api/usage_source.h"
#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::controllers {

// Values are in thousandths of the metric's unit (thousandths of a core, of a byte).
struct PodSample {
    base::WallTime at{};
    base::Duration window{};  // over which it was measured
    std::int64_t milli = 0;
};
using PodSamples = std::map<std::string, PodSample>;  // by the Pod's name

// Errors are worded as upstream's clients word them; an answer is never empty.
class MetricReader {
public:
    virtual ~MetricReader() = default;
    // Of the Pods that the selector takes: the sum over their containers, or that of one container.
    virtual Result<PodSamples> resource(const std::string& ns, const api::LabelSelector& pods,
                                        const std::string& resource, const std::string& container) const = 0;
    virtual Result<PodSamples> ofPods(const std::string& ns, const api::LabelSelector& pods,
                                      const autoscalingv2::MetricIdentifier& metric) const = 0;
    virtual Result<std::int64_t> ofObject(const std::string& ns,
                                          const autoscalingv2::CrossVersionObjectReference& object,
                                          const autoscalingv2::MetricIdentifier& metric) const = 0;
    virtual Result<std::vector<std::int64_t>> external(const std::string& ns,
                                                       const autoscalingv2::MetricIdentifier& metric) const = 0;
};

// From the cluster's own measurements.
class UsageReader final : public MetricReader {
public:
    // Null: a cluster that does not measure this, as one without a metrics server or an adapter.
    explicit UsageReader(std::shared_ptr<const api::UsageSource> usage,
                         std::shared_ptr<const api::CustomMetricsSource> custom = nullptr)
        : m_usage(std::move(usage)), m_custom(std::move(custom)) {}

    Result<PodSamples> resource(const std::string& ns, const api::LabelSelector& pods, const std::string& resource,
                                const std::string& container) const override;
    Result<PodSamples> ofPods(const std::string& ns, const api::LabelSelector& pods,
                              const autoscalingv2::MetricIdentifier& metric) const override;
    Result<std::int64_t> ofObject(const std::string& ns, const autoscalingv2::CrossVersionObjectReference& object,
                                  const autoscalingv2::MetricIdentifier& metric) const override;
    Result<std::vector<std::int64_t>> external(const std::string& ns,
                                               const autoscalingv2::MetricIdentifier& metric) const override;

private:
    std::shared_ptr<const api::UsageSource> m_usage;
    std::shared_ptr<const api::CustomMetricsSource> m_custom;
};

}  // namespace qd::controllers
