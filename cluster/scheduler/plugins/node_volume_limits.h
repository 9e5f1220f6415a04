// Keeps nodes from more volumes than their CSI drivers say that they can attach (CSINode).
// Source: https://kubernetes.io/docs/concepts/storage/storage-limits/.
#pragma once

#include <map>

#include "cluster/scheduler/framework/handle.h"
#include "cluster/scheduler/storage/storage_view.h"

namespace qd::scheduler {

class NodeVolumeLimits final : public Plugin, public PreFilterPlugin, public FilterPlugin, public QueueingPlugin {
public:
    explicit NodeVolumeLimits(Handle& handle) : m_handle(handle) {}
    std::string_view name() const override { return "NodeVolumeLimits"; }
    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) override;
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    Happening interests() const override {
        return Happening::CsiNode | Happening::PodRemoved | Happening::Claim | Happening::VolumeAttachment;
    }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;

private:
    struct Wanted;
    using VolumesByName = std::map<std::string, std::string>;  // driver and handle -> driver
    void add(const PodInfo& pod, VolumesByName& volumes) const;
    VolumesByName attachedTo(const NodeInfo& node) const;

    Handle& m_handle;
    const Text m_tooMany = text("node(s) exceed max volume count");
};

}  // namespace qd::scheduler
