// Keeps Pods with spec.schedulingGates out of the queue until the gates are lifted.
// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-scheduling-readiness/.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class SchedulingGates final : public Plugin, public PreEnqueuePlugin, public QueueingPlugin {
public:
    std::string_view name() const override { return "SchedulingGates"; }
    Status preEnqueue(const PodInfo& pod) const override;
    Happening interests() const override { return Happening::PodGatesLifted; }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;
};

}  // namespace qd::scheduler
