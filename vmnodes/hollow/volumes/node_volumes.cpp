#include "vmnodes/hollow/volumes/node_volumes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cluster/api/types/storage_v1.h"
#include "cluster/api/volumes/attachment_rules.h"
#include "cluster/api/volumes/resize_rules.h"
#include "vmnodes/hollow/volumes/hollow_driver.h"

namespace qd::hollow {
namespace {

using corev1::PersistentVolume;
using corev1::PersistentVolumeClaim;

// As long as a kubelet waits before it says that it does.
constexpr base::Duration kPatience = std::chrono::seconds(123);

std::string listed(const std::vector<std::string>& names) {
    return fmt::format("[{}]", fmt::join(names, " "));
}

}  // namespace

VolumeCopies::VolumeCopies(client::InformerFactory& informers)
    : claims(informers.informer(client::resourceOf<PersistentVolumeClaim>())),
      volumes(informers.informer(client::resourceOf<PersistentVolume>())),
      drivers(informers.informer(client::resourceOf<storagev1::CSIDriver>())) {}

bool NodeVolumes::registerDriver(const corev1::Node& node) {
    const auto made = client::Api<storagev1::CSINode>(m_client).create(csiNodeObject(node));
    return made || made.error().reason == Reason::AlreadyExists;
}

bool NodeVolumes::isAttachable(const PersistentVolume& volume) const {
    if (!volume.spec.csi) return false;
    const auto driver = client::Lister<storagev1::CSIDriver>(m_copies.drivers).get("", volume.spec.csi->driver);
    return !driver || driver->spec.attachRequired.value_or(true);
}

void NodeVolumes::find(const corev1::Pod& pod, const corev1::Volume& volume, const corev1::Node& node, Mounts& mounts,
                       Found& found) {
    const std::string claimName = api::volumes::claimName(pod, volume);
    if (claimName.empty()) return;
    const std::string& ns = pod.metadata.namespace_;
    const auto problem = [&](const std::string& text) {
        found.unmounted.push_back(volume.name);
        found.unprocessed.push_back(volume.name);
        if (found.problem.empty()) found.problem = fmt::format("error processing PVC {}/{}: {}", ns, claimName, text);
    };
    const auto claim = client::Lister<PersistentVolumeClaim>(m_copies.claims).get(ns, claimName);
    if (!claim)
        return problem(
            fmt::format("failed to fetch PVC from API server: persistentvolumeclaims \"{}\" not found", claimName));
    if (volume.ephemeral)
        if (const auto why = api::volumes::notOwned(*claim, pod)) return problem(*why);
    if (claim->status.phase != corev1::ClaimBound || claim->spec.volumeName.empty()) return problem("PVC is not bound");
    const auto bound = client::Lister<PersistentVolume>(m_copies.volumes).get("", claim->spec.volumeName);
    if (!bound || !bound->spec.claimRef || bound->spec.claimRef->uid != claim->metadata.uid)
        return problem(fmt::format("PV {} is not bound to the claim", claim->spec.volumeName));
    if (!isAttachable(*bound)) return;
    const std::string name = *api::volumes::attachedName(*bound);
    mounts.names.insert(name);
    // Nothing is mounted that the control plane does not know to be in use.
    const auto& used = node.status.volumesInUse;
    const auto& attached = node.status.volumesAttached;
    const bool isThere = std::ranges::any_of(attached, [&](const auto& each) { return each.name == name; });
    if (isThere && std::ranges::find(used, name) != used.end()) return;
    found.unmounted.push_back(volume.name);
    if (!isThere) found.unattached.push_back(volume.name);
}

bool NodeVolumes::mount(const corev1::Pod& pod, const corev1::Node& node) {
    const bool hasClaims = std::ranges::any_of(
        pod.spec.volumes, [&](const auto& volume) { return !api::volumes::claimName(pod, volume).empty(); });
    if (!hasClaims) return true;
    const auto [entry, fresh] = m_pods.try_emplace(pod.metadata.uid);
    Mounts& mounts = entry->second;
    if (fresh) mounts.since = m_executor.clock().steady();
    if (mounts.mounted) return true;
    Found found;
    for (const auto& volume : pod.spec.volumes) find(pod, volume, node, mounts, found);
    mounts.mounted = found.unmounted.empty();
    if (!mounts.mounted) tell(pod, mounts, found);
    return mounts.mounted;
}

void NodeVolumes::tell(const corev1::Pod& pod, Mounts& mounts, const Found& found) {
    const auto now = m_executor.clock().steady();
    const bool isNew = !found.problem.empty() && found.problem != mounts.problem;
    const bool isLate = now - std::max(mounts.since, mounts.told) >= kPatience;
    if (!isNew && !isLate) return;
    mounts.problem = found.problem;
    mounts.told = now;
    m_events.event(
        pod, "Warning", "FailedMount",
        fmt::format("Unable to attach or mount volumes: unmounted volumes={}, unattached volumes={}, failed to "
                    "process volumes={}: {}",
                    listed(found.unmounted), listed(found.unattached), listed(found.unprocessed),
                    found.problem.empty() ? "context deadline exceeded" : found.problem));
}

bool NodeVolumes::grow(const corev1::Pod& pod) {
    const auto entry = m_pods.find(pod.metadata.uid);
    if (entry == m_pods.end() || !entry->second.mounted) return true;
    bool done = true;
    for (const auto& key : api::volumes::claimKeys(pod)) {
        const std::string name = key.substr(key.find('/') + 1);
        const auto claim = client::Lister<PersistentVolumeClaim>(m_copies.claims).get(pod.metadata.namespace_, name);
        if (!claim || claim->status.phase != corev1::ClaimBound) continue;
        const auto volume = client::Lister<PersistentVolume>(m_copies.volumes).get("", claim->spec.volumeName);
        if (!volume || api::volumes::presentSize(*claim) >= api::volumes::sizeOf(*volume)) continue;
        // The control plane has said that it is the node's turn.
        if (api::volumes::resizeStage(*claim) != corev1::PersistentVolumeClaimNodeResizePending) continue;
        PersistentVolumeClaim changed = *claim;
        changed.status = api::volumes::grown(*claim, api::volumes::sizeOf(*volume));
        const auto written = client::Api<PersistentVolumeClaim>(m_client).updateStatus(changed);
        if (!written) {
            done = false;
            continue;
        }
        const std::string message = fmt::format("MountVolume.NodeExpandVolume succeeded for volume \"{}\" {}",
                                                volume->metadata.name, m_nodeName);
        m_events.event(pod, "Normal", "FileSystemResizeSuccessful", message);
        m_events.event(**written, "Normal", "FileSystemResizeSuccessful", message);
    }
    return done;
}

bool NodeVolumes::isWaiting(const std::string& uid) const {
    const auto entry = m_pods.find(uid);
    return entry != m_pods.end() && !entry->second.mounted;
}

std::vector<std::string> NodeVolumes::inUse() const {
    std::set<std::string> names;
    for (const auto& [uid, mounts] : m_pods) names.insert(mounts.names.begin(), mounts.names.end());
    return {names.begin(), names.end()};
}

}  // namespace qd::hollow
