// Sizes what a HorizontalPodAutoscaler points to, every 15 seconds by default, by its metrics.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "cluster/api/types/autoscaling_v1.h"
#include "cluster/controllers/podautoscaler/metric_reader.h"
#include "cluster/controllers/podautoscaler/scaling_limits.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/resources.h"

namespace qd::controllers {

class PodAutoscalerController final : public Controller {
public:
    // resources: what may be a target's kind. The target's scale subresource decides whether it can be scaled.
    PodAutoscalerController(Context& context, ResourceList resources, std::shared_ptr<const MetricReader> metrics,
                            base::Duration period = std::chrono::seconds(15));
    Result<Outcome> sync(const std::string& key) override;

private:
    using Autoscaler = autoscalingv2::HorizontalPodAutoscaler;
    struct Target {
        client::ResourceName resource;
        std::shared_ptr<const autoscalingv1::Scale> scale;
    };
    struct Decision;

    void syncOne(const std::string& key, Autoscaler& autoscaler);
    Result<Target> findTarget(const Autoscaler& autoscaler);
    Decision decide(const std::string& key, Autoscaler& autoscaler, const autoscalingv1::Scale& scale);
    Decision decideByMetrics(const std::string& key, Autoscaler& autoscaler, const autoscalingv1::Scale& scale);
    Result<api::LabelSelector> selectorOf(const std::string& key, Autoscaler& autoscaler, const std::string& text);
    bool rescale(const std::string& key, Autoscaler& autoscaler, Target target, const Decision& decision);
    void setCondition(Autoscaler& autoscaler, const char* type, bool holds, const Why& why);
    void warn(const Autoscaler& autoscaler, const std::string& reason, const std::string& message);
    void writeStatus(const Autoscaler& before, const Autoscaler& now);

    struct Memory {
        ScalingHistory history;
        std::optional<api::LabelSelector> selector;
    };

    Context& m_context;
    ResourceList m_resources;
    std::shared_ptr<const MetricReader> m_metrics;
    base::Duration m_period;
    client::Informer& m_autoscalers;
    client::Informer& m_pods;
    std::mutex m_mutex;
    std::map<std::string, Memory> m_memory;  // by key; guarded by m_mutex
};

}  // namespace qd::controllers
