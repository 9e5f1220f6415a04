#include "cluster/scheduler/plugins/node_volume_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/volumes/claim_rules.h"

namespace qd::scheduler {
namespace {

std::map<std::string, std::int64_t> limitsOf(const storagev1::CSINode& node) {
    std::map<std::string, std::int64_t> limits;
    for (const auto& driver : node.spec.drivers) {
        if (driver.allocatable && driver.allocatable->count) limits[driver.name] = *driver.allocatable->count;
    }
    return limits;
}

std::string uniqueName(const std::string& driver, const std::string& handle) {
    return driver + "/" + handle;
}

}  // namespace

struct NodeVolumeLimits::Wanted : StateOf<Wanted> {
    VolumesByName volumes;
};

void NodeVolumeLimits::add(const PodInfo& pod, VolumesByName& volumes) const {
    const StorageView& storage = m_handle.storage();
    for (const auto& use : pod.claims) {
        const auto claim = storage.claim(pod.podClass->ns, use.name);
        if (!claim) continue;
        const auto volume = claim->spec.volumeName.empty() ? nullptr : storage.volume(claim->spec.volumeName);
        if (volume) {
            if (volume->spec.csi)
                volumes.emplace(uniqueName(volume->spec.csi->driver, volume->spec.csi->volumeHandle),
                                volume->spec.csi->driver);
        } else if (const auto storageClass = storage.storageClass(api::volumes::className(*claim))) {
            // Not there yet: it will count as one of whoever makes it.
            volumes.emplace(
                uniqueName(storageClass->provisioner, fmt::format("claim of {}/{}", pod.podClass->ns, use.name)),
                storageClass->provisioner);
        }
    }
}

PreFilterResult NodeVolumeLimits::preFilter(CycleState& state, const PodInfo& pod, const Nodes&) {
    if (pod.claims.empty()) return {.status = Status::skip()};
    for (const auto& use : pod.claims) {
        if (!m_handle.storage().claim(pod.podClass->ns, use.name)) {
            return {.status =
                        Status::unresolvable(text(fmt::format("persistentvolumeclaim \"{}\" not found", use.name)))};
        }
    }
    auto wanted = std::make_unique<Wanted>();
    add(pod, wanted->volumes);
    if (wanted->volumes.empty()) return {.status = Status::skip()};
    state.put(slot, CycleState::Step::Filter, std::move(wanted));
    return {};
}

NodeVolumeLimits::VolumesByName NodeVolumeLimits::attachedTo(const NodeInfo& node) const {
    VolumesByName attached;
    for (const auto& pod : node.pods()) add(*pod, attached);
    const StorageView& storage = m_handle.storage();
    for (const auto& attachment : storage.attachments(node.name())) {
        const auto volume = storage.volume(attachment->spec.source.persistentVolumeName.value_or(""));
        if (volume && volume->spec.csi)
            attached.emplace(uniqueName(attachment->spec.attacher, volume->spec.csi->volumeHandle),
                             attachment->spec.attacher);
    }
    return attached;
}

Status NodeVolumeLimits::filter(const CycleState& state, const PodInfo&, const NodeInfo& node) const {
    const auto csiNode = m_handle.storage().csiNode(node.name());
    if (!csiNode) return {};
    const auto limits = limitsOf(*csiNode);
    if (limits.empty()) return {};
    const auto attached = attachedTo(node);
    std::map<std::string, std::int64_t> more;
    for (const auto& [volume, driver] : state.get<Wanted>(slot, CycleState::Step::Filter)->volumes) {
        if (!attached.contains(volume)) ++more[driver];
    }
    for (const auto& [driver, count] : more) {
        const auto limit = limits.find(driver);
        if (limit == limits.end()) continue;
        const auto there = std::ranges::count_if(attached, [&](const auto& each) { return each.second == driver; });
        if (there + count > limit->second) return Status::unschedulable(m_tooMany);
    }
    return {};
}

bool NodeVolumeLimits::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    if (const auto* now = event.is<storagev1::CSINode>()) {
        const auto* before = event.was<storagev1::CSINode>();
        if (!before) return true;
        const auto old = limitsOf(*before);
        const auto fresh = limitsOf(*now);
        return std::ranges::any_of(old, [&](const auto& each) {
            const auto limit = fresh.find(each.first);
            return limit == fresh.end() || limit->second > each.second;
        });
    }
    if (const auto* claim = event.is<corev1::PersistentVolumeClaim>()) {
        return !event.before && claim->metadata.namespace_ == pod.podClass->ns &&
               std::ranges::any_of(pod.claims, [&](const auto& use) { return use.name == claim->metadata.name; });
    }
    if (const auto* gone = event.podBefore()) {
        return std::ranges::any_of(gone->spec.volumes, [](const auto& volume) {
            return volume.persistentVolumeClaim || volume.ephemeral || volume.csi;
        });
    }
    return event.was<storagev1::VolumeAttachment>() != nullptr;
}

}  // namespace qd::scheduler
