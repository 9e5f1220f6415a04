// Turns Pods away that would share what cannot be shared: a claim of access mode ReadWriteOncePod that another Pod uses
// anywhere, or a network disk that a Pod on the node has mounted for writing. Source:
// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes.
#pragma once

#include "cluster/scheduler/framework/handle.h"
#include "cluster/scheduler/storage/storage_view.h"

namespace qd::scheduler {

class VolumeRestrictions final : public Plugin, public PreFilterPlugin, public FilterPlugin, public QueueingPlugin {
public:
    explicit VolumeRestrictions(Handle& handle) : m_handle(handle) {}
    std::string_view name() const override { return "VolumeRestrictions"; }
    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) override;
    void podAdded(CycleState& state, const PodInfo& pod, const PodInfo& added, const NodeInfo& node) const override;
    void podRemoved(CycleState& state, const PodInfo& pod, const PodInfo& removed, const NodeInfo& node) const override;
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    Happening interests() const override { return Happening::PodRemoved | Happening::NodeAdded | Happening::Claim; }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;

private:
    struct Conflicts;
    Handle& m_handle;
    const Text m_diskTaken = text("node(s) had no available disk");
    const Text m_claimTaken =
        text("node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode");
};

}  // namespace qd::scheduler
