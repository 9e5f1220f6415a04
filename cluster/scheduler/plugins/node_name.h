// A Pod that names its node fits only there.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class NodeName final : public Plugin, public FilterPlugin, public QueueingPlugin {
public:
    std::string_view name() const override { return "NodeName"; }
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    Happening interests() const override { return Happening::NodeAdded; }

private:
    const Text m_other = text("node(s) didn't match the requested node name");
};

}  // namespace qd::scheduler
