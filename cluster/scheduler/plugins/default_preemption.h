// Says whether room could be made for a Pod that fits nowhere by evicting Pods of lower priority.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class DefaultPreemption final : public Plugin, public PostFilterPlugin {
public:
    std::string_view name() const override { return "DefaultPreemption"; }
    PostFilterResult postFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes, const Diagnosis& diagnosis) override;

private:
    const Text m_notHelpful = text("Preemption is not helpful for scheduling");
    const Text m_noVictims = text("No preemption victims found for incoming pod");
};

}  // namespace qd::scheduler
