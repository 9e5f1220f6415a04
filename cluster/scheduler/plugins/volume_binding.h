// Places Pods where their volumes are, or can be: beside volumes that are bound, where a free volume is within reach,
// or where one can be made. Volumes whose class waits for the first consumer are bound when a Pod has its node: the
// decision is assumed at once, written before the Pod is bound, and the Pod waits for the binder and the provisioner to
// follow. Source: https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode.
#pragma once

#include "cluster/scheduler/framework/handle.h"
#include "cluster/scheduler/storage/volume_orders.h"

namespace qd::scheduler {

class VolumeBinding final : public Plugin,
                            public PreFilterPlugin,
                            public FilterPlugin,
                            public ReservePlugin,
                            public PreBindPlugin,
                            public QueueingPlugin,
                            public ObservingPlugin {
public:
    // bindTimeout: how long a Pod waits for its volumes to be bound.
    explicit VolumeBinding(Handle& handle, base::Duration bindTimeout = std::chrono::minutes(10));
    std::string_view name() const override { return "VolumeBinding"; }

    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) override;
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    Status reserve(CycleState& state, const PodInfo& pod, const NodeInfo& node) override;
    void unreserve(CycleState& state, const PodInfo& pod, const std::string& node) override;
    void settled(CycleState& state, const PodInfo& pod) override;
    bool hasWork(const CycleState& state, const PodInfo& pod, const std::string& node) const override;
    void preBind(CycleState& state, const PodInfo& pod, const std::string& node, Done done) override;

    Happening interests() const override {
        return Happening::StorageClass | Happening::Claim | Happening::Volume | Happening::NodeAdded |
               Happening::NodeLabels | Happening::CsiNode | Happening::CsiDriver | Happening::CsiCapacity;
    }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;
    void observe(const ClusterEvent& event) override;

private:
    struct Claims;  // what the Pod needs
    struct Choice;  // what it gets on one node
    struct Order;   // what has been decided and is to be written

    Status checkClaim(const PodInfo& pod, const ClaimUse& use) const;
    Status sortClaim(Claims& claims, const client::Ptr<StorageView::Claim>& claim) const;
    Text whyUnreachable(const Claims& claims, const NodeInfo& node) const;
    std::vector<Text> choose(const Claims& claims, const NodeInfo& node, Choice& choice) const;
    Result<void> write(Order& order, VolumeOrder& written) const;

    Handle& m_handle;
    const base::Duration m_bindTimeout;
    std::shared_ptr<VolumeOrders> m_orders;
    const Text m_unbound = text("pod has unbound immediate PersistentVolumeClaims");
    const Text m_outOfReach = text("node(s) had volume node affinity conflict");
    const Text m_noneToBind = text("node(s) didn't find available persistent volumes to bind");
    const Text m_noRoom = text("node(s) did not have enough free storage");
    const Text m_gone = text("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
};

}  // namespace qd::scheduler
