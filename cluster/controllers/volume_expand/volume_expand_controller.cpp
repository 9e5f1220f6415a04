#include "cluster/controllers/volume_expand/volume_expand_controller.h"

#include "cluster/controllers/runtime/ownership.h"
#include "cluster/controllers/volumes/notice.h"

namespace qd::controllers {
namespace {

using namespace api::volumes;

std::string keyOfClaim(const api::Object& claim) {
    return claim.metadata.namespace_ + "/" + claim.metadata.name;
}

}  // namespace

VolumeExpandController::VolumeExpandController(Context& context, Provisioners provisioners)
    : m_context(context),
      m_provisioners(std::move(provisioners)),
      m_claims(context.informers.informer(client::resourceOf<Claim>())),
      m_volumes(context.informers.informer(client::resourceOf<Volume>())),
      m_backoff(context.executor.clock()) {
    m_claims.addHandler([this](const auto& old, const auto& now) { claimChanged(old, now); });
}

void VolumeExpandController::claimChanged(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if (!now) return m_backoff.forget(keyOfClaim(*old));
    const auto& claim = static_cast<const Claim&>(*now);
    if (claim.status.phase != corev1::ClaimBound) return;
    if (old) {
        const auto& before = static_cast<const Claim&>(*old);
        const bool asksMore = requestedSize(claim) > requestedSize(before);
        const bool hasMore = presentSize(claim) > presentSize(before);
        const bool bound = before.status.phase != corev1::ClaimBound;
        if (!asksMore && !hasMore && !bound) return;
    }
    m_context.keys.add(keyOfClaim(claim), claim);
}

Provisioners::const_iterator VolumeExpandController::expanderOf(const Volume& volume) const {
    return volume.spec.csi ? m_provisioners.find(volume.spec.csi->driver) : m_provisioners.end();
}

Result<Outcome> VolumeExpandController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto claim = client::Lister<Claim>(m_claims).get(ns, name);
    if (!claim || claim->status.phase != corev1::ClaimBound) return Outcome{};
    const auto volume = client::Lister<Volume>(m_volumes).get("", claim->spec.volumeName);
    if (!volume) return fail(Reason::NotFound, "failed to get PV \"" + claim->spec.volumeName + "\"");
    if (!volume->spec.claimRef || volume->spec.claimRef->uid != claim->metadata.uid)
        return fail(Reason::Conflict, "persistent Volume is not bound to PVC being updated : " + key);
    const ResizeStep step = planResize(*claim, *volume);
    if (step.what == ResizeStep::Do::Nothing) return Outcome{};
    if (expanderOf(*volume) == m_provisioners.end()) {
        tell(m_context.events, *claim,
             {"Normal", "ExternalExpanding", "waiting for an external controller to expand this PVC"});
        return Outcome{};
    }
    if (const auto wait = m_backoff.wait(key); wait > base::Duration(0)) return Outcome{wait};
    const auto done = run(step, *claim, *volume);
    if (done) {
        m_backoff.forget(key);
        return Outcome{};
    }
    if (done.error().reason == Reason::Conflict) return fail(done.error());  // from an old copy
    tell(m_context.events, *claim, {"Warning", "VolumeResizeFailed", done.error().message});
    return Outcome{m_backoff.failed(key)};
}

Result<client::Ptr<VolumeExpandController::Claim>> VolumeExpandController::saveStatus(
    const Claim& claim, corev1::PersistentVolumeClaimStatus status, const std::string& resizer) {
    Claim changed = claim;
    changed.status = std::move(status);
    if (!resizer.empty()) changed.metadata.annotations[kStorageResizer] = resizer;
    if (changed == claim) return std::make_shared<Claim>(claim);
    return client::Api<Claim>(m_context.client).updateStatus(changed, controllerWrite());
}

Result<void> VolumeExpandController::run(const ResizeStep& step, const Claim& claim, const Volume& volume) {
    switch (step.what) {
        case ResizeStep::Do::Nothing:
            return {};
        case ResizeStep::Do::Expand:
            return expand(step, claim, volume);
        case ResizeStep::Do::AskNode: {
            const auto saved = saveStatus(claim, awaitingNode(claim, m_context.executor.clock().now()));
            if (!saved) return fail(saved.error());
            return {};
        }
        case ResizeStep::Do::Settle: {
            Volume changed = volume;
            changed.metadata.annotations.erase(kPreResizeCapacity);
            const auto saved = client::Api<Volume>(m_context.client).update(changed, controllerWrite());
            if (!saved) return fail(saved.error());
            return {};
        }
    }
    return {};
}

Result<void> VolumeExpandController::expand(const ResizeStep& step, const Claim& claim, const Volume& volume) {
    const std::string name = keyOfClaim(claim);
    const auto expander = expanderOf(volume);
    const auto now = m_context.executor.clock().now();
    const auto begun = saveStatus(claim, growing(claim, step.size, now), expander->first);
    if (!begun) return fail(begun.error().within("error updating pvc " + name + " with resize in progress"));
    const auto expanded = expander->second->expand(volume, step.size);
    if (!expanded) return fail(Reason::InternalError, "error expanding pvc " + name + ": " + expanded.error().message);

    const bool nodeIsNext =
        expanded->nodeIsNext && volume.spec.volumeMode.value_or(corev1::PersistentVolumeFilesystem) == "Filesystem";
    Volume larger = volume;
    larger.spec.capacity[corev1::ResourceStorage] = expanded->size;
    // Should the claim be made anew before the node is done, it must not pass for as large as its device.
    if (nodeIsNext) larger.metadata.annotations.try_emplace(kPreResizeCapacity, presentSize(claim).toString());
    const auto recorded = client::Api<Volume>(m_context.client).update(larger, controllerWrite());
    if (!recorded) return fail(recorded.error().within("error updating pv for pvc " + name));

    const auto told = saveStatus(**begun, nodeIsNext ? awaitingNode(**begun, now) : grown(**begun, expanded->size));
    if (!told) return fail(told.error().within("error marking pvc " + name + " as resized"));
    if (!nodeIsNext)
        tell(m_context.events, **told,
             {"Normal", "VolumeResizeSuccessful", "ExpandVolume succeeded for volume " + name});
    return {};
}

}  // namespace qd::controllers
