// Keeps Pods in the zones and regions that their bound volumes are labelled with, on nodes that have such labels at
// all.
#pragma once

#include "cluster/scheduler/framework/handle.h"
#include "cluster/scheduler/storage/storage_view.h"

namespace qd::scheduler {

class VolumeZone final : public Plugin, public PreFilterPlugin, public FilterPlugin, public QueueingPlugin {
public:
    explicit VolumeZone(Handle& handle) : m_handle(handle) {}
    std::string_view name() const override { return "VolumeZone"; }
    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) override;
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    Happening interests() const override {
        return Happening::StorageClass | Happening::NodeAdded | Happening::NodeLabels | Happening::Claim |
               Happening::Volume;
    }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;

private:
    struct Places;
    Status add(Places& places, const PodInfo& pod, const std::string& claim) const;

    Handle& m_handle;
    const Text m_elsewhere = text("node(s) had no available volume zone");
};

}  // namespace qd::scheduler
