// Prefers nodes that have the Pod's images already, the more the bigger they are; images that few nodes have count less,
// so that Pods do not heap up there.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class ImageLocality final : public Plugin, public ScorePlugin {
public:
    std::string_view name() const override { return "ImageLocality"; }
    Status preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) override;
    std::int64_t score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
};

// The name with ":latest" where it has no tag.
std::string withTag(const std::string& image);

}  // namespace qd::scheduler
