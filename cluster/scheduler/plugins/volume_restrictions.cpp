#include "cluster/scheduler/plugins/volume_restrictions.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::scheduler {
namespace {

bool overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::ranges::any_of(a, [&](const auto& each) { return std::ranges::find(b, each) != b.end(); });
}

// Of the kinds that only one Pod may write to.
bool isDisk(const corev1::Volume& volume) {
    return volume.gcePersistentDisk || volume.awsElasticBlockStore || volume.rbd || volume.iscsi;
}

bool conflict(const corev1::Volume& a, const corev1::Volume& b) {
    if (a.gcePersistentDisk && b.gcePersistentDisk && a.gcePersistentDisk->pdName == b.gcePersistentDisk->pdName) {
        return !(a.gcePersistentDisk->readOnly && b.gcePersistentDisk->readOnly);
    }
    if (a.awsElasticBlockStore && b.awsElasticBlockStore)
        return a.awsElasticBlockStore->volumeID == b.awsElasticBlockStore->volumeID;
    if (a.iscsi && b.iscsi && a.iscsi->iqn == b.iscsi->iqn) return !(a.iscsi->readOnly && b.iscsi->readOnly);
    if (a.rbd && b.rbd && a.rbd->pool == b.rbd->pool && a.rbd->image == b.rbd->image &&
        overlap(a.rbd->monitors, b.rbd->monitors)) {
        return !(a.rbd->readOnly && b.rbd->readOnly);
    }
    return false;
}

bool conflict(const corev1::Pod& a, const corev1::Pod& b) {
    return std::ranges::any_of(a.spec.volumes, [&](const auto& mine) {
        return isDisk(mine) &&
               std::ranges::any_of(b.spec.volumes, [&](const auto& other) { return conflict(mine, other); });
    });
}

bool isForOnePod(const corev1::PersistentVolumeClaim& claim) {
    const auto& modes = claim.spec.accessModes;
    return std::ranges::find(modes, "ReadWriteOncePod") != modes.end();
}

}  // namespace

struct VolumeRestrictions::Conflicts : StateOf<Conflicts> {
    std::set<std::string> claims;  // that only one Pod may use
    int users = 0;                 // uses of them by other Pods

    int usesBy(const PodInfo& other) const {
        return static_cast<int>(
            std::ranges::count_if(other.claims, [&](const auto& use) { return claims.contains(use.name); }));
    }
};

PreFilterResult VolumeRestrictions::preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) {
    auto conflicts = std::make_unique<Conflicts>();
    for (const auto& use : pod.claims) {
        if (use.ephemeral) continue;
        const auto claim = m_handle.storage().claim(pod.podClass->ns, use.name);
        if (!claim)
            return {.status =
                        Status::unresolvable(text(fmt::format("persistentvolumeclaim \"{}\" not found", use.name)))};
        if (isForOnePod(*claim)) conflicts->claims.insert(use.name);
    }
    if (conflicts->claims.empty() && std::ranges::none_of(pod.pod->spec.volumes, isDisk))
        return {.status = Status::skip()};
    if (!conflicts->claims.empty()) {
        for (const NodeInfo* node : nodes.all()) {
            for (const auto& other : node->pods()) {
                if (other->podClass->ns == pod.podClass->ns) conflicts->users += conflicts->usesBy(*other);
            }
        }
    }
    state.put(slot, CycleState::Step::Filter, std::move(conflicts));
    return {};
}

void VolumeRestrictions::podAdded(CycleState& state, const PodInfo& pod, const PodInfo& added, const NodeInfo&) const {
    auto* conflicts = state.get<Conflicts>(slot, CycleState::Step::Filter);
    if (conflicts && added.podClass->ns == pod.podClass->ns) conflicts->users += conflicts->usesBy(added);
}

void VolumeRestrictions::podRemoved(CycleState& state, const PodInfo& pod, const PodInfo& removed,
                                    const NodeInfo&) const {
    auto* conflicts = state.get<Conflicts>(slot, CycleState::Step::Filter);
    if (conflicts && removed.podClass->ns == pod.podClass->ns) conflicts->users -= conflicts->usesBy(removed);
}

Status VolumeRestrictions::filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const {
    if (std::ranges::any_of(node.pods(), [&](const auto& other) { return conflict(*pod.pod, *other->pod); })) {
        return Status::unschedulable(m_diskTaken);
    }
    if (state.get<Conflicts>(slot, CycleState::Step::Filter)->users > 0) return Status::unschedulable(m_claimTaken);
    return {};
}

bool VolumeRestrictions::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    if (const auto* claim = event.is<corev1::PersistentVolumeClaim>()) {
        return claim->metadata.namespace_ == pod.podClass->ns &&
               std::ranges::any_of(pod.claims, [&](const auto& use) { return use.name == claim->metadata.name; });
    }
    const auto* gone = event.podBefore();
    if (!gone) return event.after != nullptr;
    if (conflict(*pod.pod, *gone)) return true;
    return gone->metadata.namespace_ == pod.podClass->ns &&
           std::ranges::any_of(gone->spec.volumes, [&](const auto& volume) {
               return volume.persistentVolumeClaim && std::ranges::any_of(pod.claims, [&](const auto& use) {
                          return use.name == volume.persistentVolumeClaim->claimName;
                      });
           });
}

}  // namespace qd::scheduler
