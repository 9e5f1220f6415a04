#include "tests/simulation/invariants/attachments.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace qd::simulation {
namespace {

constexpr base::Duration kForced = std::chrono::minutes(6);
constexpr const char* kOutOfService = "node.kubernetes.io/out-of-service";

bool allowsMany(const corev1::PersistentVolume& volume) {
    return std::ranges::any_of(volume.spec.accessModes, [](const auto& mode) {
        return mode == corev1::ReadWriteMany || mode == corev1::ReadOnlyMany;
    });
}

// Of the Pod's own namespace: "namespace/name".
std::vector<std::string> claimsOf(const corev1::Pod& pod) {
    std::vector<std::string> claims;
    for (const auto& volume : pod.spec.volumes) {
        if (volume.persistentVolumeClaim)
            claims.push_back(pod.metadata.namespace_ + "/" + volume.persistentVolumeClaim->claimName);
        if (volume.ephemeral) claims.push_back(pod.metadata.namespace_ + "/" + pod.metadata.name + "-" + volume.name);
    }
    return claims;
}

// Whether the Pod needs its volumes no more, as far as its node has told: it has ended, or goes and none of its
// containers runs.
bool isDone(const corev1::Pod& pod) {
    if (hasEnded(pod)) return true;
    const auto stands = [](const auto& status) { return status.state.waiting || status.state.terminated; };
    return pod.metadata.deletionTimestamp && std::ranges::all_of(pod.status.containerStatuses, stands);
}

}  // namespace

std::string AttachmentsInvariant::volumeOf(const std::string& claim) const {
    const auto found = m_claims.find(claim);
    return found == m_claims.end() ? "" : found->second;
}

const AttachmentsInvariant::Attachment* AttachmentsInvariant::attachmentOf(const Place& place) const {
    const auto found = std::ranges::find_if(m_attachments, [&](const auto& each) {
        return each.second.volume == place.first && each.second.node == place.second;
    });
    return found == m_attachments.end() ? nullptr : &found->second;
}

std::optional<std::string> AttachmentsInvariant::see(const Commit& commit) {
    const auto& meta = commit.object().metadata;
    std::optional<std::string> broken;
    if (const auto* volume = api::objectAs<corev1::PersistentVolume>(commit.object())) {
        const auto& claim = volume->spec.claimRef;
        m_volumes[meta.name] = {.handle = volume->spec.csi ? volume->spec.csi->volumeHandle : "",
                                .toMany = allowsMany(*volume),
                                .claim = claim ? claim->namespace_ + "/" + claim->name : ""};
        if (commit.gone()) m_volumes.erase(meta.name);
    } else if (const auto* claim = api::objectAs<corev1::PersistentVolumeClaim>(commit.object())) {
        const std::string key = meta.namespace_ + "/" + meta.name;
        m_claims[key] = claim->status.phase == corev1::ClaimBound ? claim->spec.volumeName : "";
        if (commit.gone()) m_claims.erase(key);
    } else if (const auto* node = api::objectAs<corev1::Node>(commit.object())) {
        seeNode(commit, *node);
        return std::nullopt;
    } else if (const auto* attachment = api::objectAs<storagev1::VolumeAttachment>(commit.object())) {
        return seeAttachment(commit, *attachment);
    } else if (const auto* pod = api::objectAs<corev1::Pod>(commit.object())) {
        broken = seePod(commit, *pod);
    } else {
        return std::nullopt;
    }
    weigh(commit.when);
    return broken;
}

void AttachmentsInvariant::seeNode(const Commit& commit, const corev1::Node& node) {
    if (commit.gone()) {
        m_nodes.erase(node.metadata.name);
        return;
    }
    NodeState& state = m_nodes[node.metadata.name];
    state.ready = std::ranges::any_of(node.status.conditions,
                                      [](const auto& each) { return each.type == "Ready" && each.status == "True"; });
    state.outOfService =
        std::ranges::find(node.spec.taints, kOutOfService, &corev1::Taint::key) != node.spec.taints.end();
    state.used = {node.status.volumesInUse.begin(), node.status.volumesInUse.end()};
}

std::optional<std::string> AttachmentsInvariant::seeAttachment(const Commit& commit,
                                                               const storagev1::VolumeAttachment& attachment) {
    const std::string& name = attachment.metadata.name;
    const Attachment now = {.volume = attachment.spec.source.persistentVolumeName.value_or(""),
                            .node = attachment.spec.nodeName,
                            .attached = attachment.status.attached,
                            .leaving = attachment.metadata.deletionTimestamp.has_value()};
    std::optional<std::string> broken;
    const auto volume = m_volumes.find(now.volume);
    const bool toMany = volume != m_volumes.end() && volume->second.toMany;
    for (const auto& [otherName, other] : m_attachments) {
        if (!commit.created() || toMany || other.volume != now.volume || other.node == now.node) continue;
        broken = fmt::format("{} is to be attached to {} while {} has it", now.volume, now.node, other.node);
    }
    if (commit.removes() && commit.actor() == "persistentvolume-attach-detach-controller")
        broken = judgeRemoval(now, commit.when);
    m_attachments[name] = now;
    if (commit.gone()) m_attachments.erase(name);
    return broken;
}

std::optional<std::string> AttachmentsInvariant::judgeRemoval(const Attachment& attachment,
                                                              base::SteadyTime when) const {
    const Place place{attachment.volume, attachment.node};
    if (const auto since = m_wantedSince.find(place); since != m_wantedSince.end() && when - since->second > kLate)
        return fmt::format("{} is taken off {}, where a Pod uses it", place.first, place.second);
    const auto node = m_nodes.find(attachment.node);
    const auto volume = m_volumes.find(attachment.volume);
    if (node == m_nodes.end() || volume == m_volumes.end() || node->second.outOfService) return std::nullopt;
    const bool used = std::ranges::any_of(
        node->second.used, [&](const auto& each) { return each.ends_with("^" + volume->second.handle); });
    if (!used) return std::nullopt;
    if (node->second.ready)
        return fmt::format("{} is taken off {}, which is ready and uses it", place.first, place.second);
    const auto until = m_wantedUntil.find(place);
    if (until != m_wantedUntil.end() && when - until->second >= kForced) return std::nullopt;
    return fmt::format("{} is taken off {} before six minutes have passed", place.first, place.second);
}

std::optional<std::string> AttachmentsInvariant::seePod(const Commit& commit, const corev1::Pod& pod) {
    const std::string& uid = pod.metadata.uid;
    if (commit.gone() || isDone(pod) || pod.spec.nodeName.empty()) {
        m_pods.erase(uid);
        return std::nullopt;
    }
    const auto claims = claimsOf(pod);
    if (claims.empty()) return std::nullopt;
    PodState& state = m_pods[uid];
    const bool starts = pod.status.phase == "Running" && !state.running;
    state = {.name = pod.metadata.name,
             .node = pod.spec.nodeName,
             .claims = claims,
             .running = pod.status.phase == "Running"};
    if (!starts) return std::nullopt;
    for (const auto& claim : claims) {
        const auto* attachment = attachmentOf({volumeOf(claim), state.node});
        if (!attachment || !attachment->attached)
            return fmt::format("{} runs on {}, and its volume {} of {} is not attached there", state.name, state.node,
                               volumeOf(claim), claim);
    }
    return std::nullopt;
}

void AttachmentsInvariant::weigh(base::SteadyTime when) {
    std::map<Place, base::SteadyTime> wanted;
    for (const auto& [uid, pod] : m_pods) {
        for (const auto& claim : pod.claims) {
            if (const std::string volume = volumeOf(claim); !volume.empty()) wanted[{volume, pod.node}] = when;
        }
    }
    for (auto& [place, since] : wanted) {
        if (const auto known = m_wantedSince.find(place); known != m_wantedSince.end()) since = known->second;
        m_wantedUntil.erase(place);
    }
    for (const auto& [place, since] : m_wantedSince) {
        if (!wanted.contains(place)) m_wantedUntil[place] = when;
    }
    m_wantedSince = std::move(wanted);
}

std::optional<std::string> AttachmentsInvariant::restless() const {
    for (const auto& [name, attachment] : m_attachments) {
        if (!m_wantedSince.contains({attachment.volume, attachment.node}))
            return fmt::format("{} is attached to {}, where nobody uses it", attachment.volume, attachment.node);
    }
    for (const auto& [place, since] : m_wantedSince) {
        const auto* attachment = attachmentOf(place);
        if (!attachment || !attachment->attached || attachment->leaving)
            return fmt::format("{} is not attached to {}, where a Pod uses it", place.first, place.second);
    }
    for (const auto& [name, volume] : m_volumes) {
        if (volumeOf(volume.claim) != name) return fmt::format("the volume {} is there without its claim", name);
    }
    return std::nullopt;
}

}  // namespace qd::simulation
