// From what the metrics ask for to what is done: bounds, rates, and the memory that keeps a size from flapping. Pure.
// Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#configurable-scaling-behavior.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/types/autoscaling_v2.h"
#include "cluster/base/time.h"

namespace qd::controllers {

// What an autoscaler remembers between syncs; lost with the process, as upstream's.
class ScalingHistory {
public:
    struct Entry {
        std::int32_t replicas = 0;  // recommended, or by how many the size changed
        base::SteadyTime at{};
    };

    // The size at first sight counts as a recommendation, so that a new autoscaler does not shrink at once.
    void begin(std::int32_t current, base::SteadyTime now);
    void recommend(std::int32_t replicas, base::SteadyTime now) { m_recommended.push_back({replicas, now}); }
    void scaled(std::int32_t from, std::int32_t to, base::SteadyTime now);
    // Drops what is older than any window or period may look back: an hour for windows, half an hour for periods.
    void forgetOld(base::SteadyTime now);

    const std::vector<Entry>& recommended() const { return m_recommended; }
    // By how many Pods the size grew, or shrank, less than `period` ago.
    std::int32_t grownWithin(base::Duration period, base::SteadyTime now) const { return sum(m_grown, period, now); }
    std::int32_t shrunkWithin(base::Duration period, base::SteadyTime now) const { return sum(m_shrunk, period, now); }

private:
    static std::int32_t sum(const std::vector<Entry>& entries, base::Duration period, base::SteadyTime now);

    std::vector<Entry> m_recommended, m_grown, m_shrunk;
};

struct Why {
    std::string reason, message;
};

struct LimitedSize {
    std::int32_t replicas = 0;
    Why able;  // of the condition AbleToScale, which is True
    bool isLimited = false;
    Why limited;  // of the condition ScalingLimited
};

// The size to scale to when the metrics ask for `wanted`; remembers the recommendation.
LimitedSize limitSize(const autoscalingv2::HorizontalPodAutoscalerSpec& spec, std::int32_t current, std::int32_t wanted,
                      ScalingHistory& history, base::SteadyTime now);

// Without a minimum, one.
std::int32_t minReplicasOf(const autoscalingv2::HorizontalPodAutoscalerSpec& spec);

}  // namespace qd::controllers
