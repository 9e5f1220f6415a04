// Stands in the place of upstream's plugin for resource claims, so that what is said of a Pod that fits nowhere reads the
// same. Claims themselves are not served: a Pod that has some is turned away and told so.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class DynamicResources final : public Plugin, public PreFilterPlugin, public PostFilterPlugin {
public:
    std::string_view name() const override { return "DynamicResources"; }
    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) override;
    PostFilterResult postFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes, const Diagnosis& diagnosis) override;

private:
    struct Looked : StateOf<Looked> {};
};

}  // namespace qd::scheduler
