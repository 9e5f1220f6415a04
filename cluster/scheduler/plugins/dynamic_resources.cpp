#include "cluster/scheduler/plugins/dynamic_resources.h"

namespace qd::scheduler {

PreFilterResult DynamicResources::preFilter(CycleState& state, const PodInfo& pod, const Nodes&) {
    state.put(slot, CycleState::Step::Filter, std::make_unique<Looked>());
    if (pod.pod->spec.resourceClaims.empty()) return {};
    return {.status = Status::unresolvable(text("resource claims are not supported by this cluster"))};
}

PostFilterResult DynamicResources::postFilter(CycleState& state, const PodInfo&, const Nodes&, const Diagnosis&) {
    // A plugin before this one turned the Pod away: upstream then reports that it has no state to work on.
    if (!state.get<Looked>(slot, CycleState::Step::Filter)) return {.status = Status::error("not found")};
    return {.status = Status::unschedulable(text("no new claims to deallocate"))};
}

}  // namespace qd::scheduler
