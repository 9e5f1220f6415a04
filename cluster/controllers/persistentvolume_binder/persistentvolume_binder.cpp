#include "cluster/controllers/persistentvolume_binder/persistentvolume_binder.h"

#include "cluster/api/volumes/attachment_rules.h"
#include "cluster/controllers/persistentvolume_binder/volume_recycler.h"
#include "cluster/controllers/volumes/attachments.h"
#include "cluster/controllers/volumes/claim_pods.h"

namespace qd::controllers {
namespace {

using namespace api::volumes;

constexpr char kUnbound[] = "persistentvolume-binder/unbound claims";
constexpr char kFree[] = "persistentvolume-binder/volumes";

// A volume is found by the claim that it is reserved for, or by its class while it is nobody's.
std::string keyOfClaimRef(const std::string& ns, const std::string& name) {
    return "claim " + ns + "/" + name;
}
std::string keyOfClass(const std::string& name) {
    return "class " + name;
}

std::vector<std::string> whereFound(const corev1::PersistentVolume& volume) {
    const auto& reference = volume.spec.claimRef;
    if (reference) return {keyOfClaimRef(reference->namespace_, reference->name)};
    return {keyOfClass(className(volume))};
}

std::vector<std::string> whereUnbound(const corev1::PersistentVolumeClaim& claim) {
    if (annotation(claim, kBindCompleted)) return {};
    return {className(claim)};
}

bool isDefault(const api::Object& object) {
    for (const char* name :
         {"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"}) {
        const std::string* marked = annotation(object, name);
        if (marked && *marked == "true") return true;
    }
    return false;
}

}  // namespace

PersistentVolumeBinder::PersistentVolumeBinder(Context& context, Provisioners provisioners)
    : m_context(context),
      m_provisioners(std::move(provisioners)),
      m_claims(context.informers.informer(client::resourceOf<Claim>())),
      m_volumes(context.informers.informer(client::resourceOf<PersistentVolume>())),
      m_classes(context.informers.informer(client::resourceOf<storagev1::StorageClass>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())),
      m_attachments(context.informers.informer(client::resourceOf<storagev1::VolumeAttachment>())),
      m_writes(context, m_claims, m_volumes),
      m_provisioning(context, m_writes, m_provisioners),
      m_reclaim(context, m_writes, m_provisioners) {
    m_claims.addIndex(kUnbound,
                      [](const api::Object& claim) { return whereUnbound(static_cast<const Claim&>(claim)); });
    m_volumes.addIndex(
        kFree, [](const api::Object& volume) { return whereFound(static_cast<const PersistentVolume&>(volume)); });
    m_claims.addHandler([this](const auto& old, const auto& now) { claimChanged(old, now); });
    m_volumes.addHandler([this](const auto& old, const auto& now) { volumeChanged(old, now); });
    m_classes.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (!now) return;
        wakeUnbound(now->metadata.name, revisionOf(*now));
        if (isDefault(*now)) wakeUnbound("", revisionOf(*now));
    });
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        const auto& pod = static_cast<const corev1::Pod&>(now ? *now : *old);
        if (const std::string volume = recycledBy(pod); !volume.empty()) m_context.keys.add(volume, pod);
    });
    // A volume is deleted once it is attached nowhere.
    m_attachments.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (now) return;
        const std::string volume = volumeOf(static_cast<const storagev1::VolumeAttachment&>(*old));
        if (volume.empty()) return;
        m_reclaim.forget(volume);
        m_context.keys.add(volume, *old);
    });
}

void PersistentVolumeBinder::claimChanged(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const auto& claim = static_cast<const Claim&>(now ? *now : *old);
    m_context.keys.add(keyOf(claim), claim);
    // Its volume is released, or follows it.
    if (!claim.spec.volumeName.empty()) m_context.keys.add(claim.spec.volumeName, claim);
}

void PersistentVolumeBinder::volumeChanged(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const auto& volume = static_cast<const PersistentVolume&>(now ? *now : *old);
    m_context.keys.add(volume.metadata.name, volume);
    const auto& reference = volume.spec.claimRef;
    if (reference) {
        m_context.keys.add(reference->namespace_ + "/" + reference->name, volume);
    } else if (now && volume.status.phase == corev1::VolumeAvailable) {
        wakeUnbound(className(volume), revisionOf(volume));
    }
}

void PersistentVolumeBinder::wakeUnbound(const std::string& className, std::uint64_t cause) {
    for (const auto& claim : m_claims.byIndex(kUnbound, className)) m_context.keys.add(keyOf(*claim), cause);
}

Result<Outcome> PersistentVolumeBinder::sync(const std::string& key) {
    if (key.find('/') == std::string::npos) {
        if (const auto volume = m_writes.volume(key)) return syncVolume(volume);
        m_reclaim.forget(key);
        return Outcome{};
    }
    const auto [ns, name] = splitKey(key);
    if (const auto claim = m_writes.claim(ns, name)) return syncClaim(claim);
    m_provisioning.forget(key);
    return Outcome{};
}

std::vector<VolumePtr> PersistentVolumeBinder::candidates(const Claim& claim) {
    std::vector<VolumePtr> found;
    const auto add = [&](const std::string& where) {
        for (const auto& copy : m_volumes.byIndex(kFree, where))
            if (auto volume = m_writes.volume(copy->metadata.name)) found.push_back(std::move(volume));
    };
    add(keyOfClaimRef(claim.metadata.namespace_, claim.metadata.name));
    add(keyOfClass(className(claim)));
    return found;
}

Result<VolumePtr> PersistentVolumeBinder::named(const Claim& claim) {
    if (claim.spec.volumeName.empty()) return VolumePtr();
    if (auto volume = m_writes.volume(claim.spec.volumeName)) return volume;
    if (!annotation(claim, kBindCompleted)) return VolumePtr();
    // Before it is called lost: the copy may be behind.
    auto live = client::Api<PersistentVolume>(m_context.client).get("", claim.spec.volumeName);
    if (!live && live.error().reason == Reason::NotFound) return VolumePtr();
    return live;
}

bool PersistentVolumeBinder::isDelayed(const Claim& claim) const {
    const auto storageClass = client::Lister<storagev1::StorageClass>(m_classes).get("", className(claim));
    return storageClass && storageClass->volumeBindingMode == storagev1::VolumeBindingWaitForFirstConsumer;
}

std::string PersistentVolumeBinder::defaultClass() const {
    api::ObjectPtr newest;
    for (const auto& each : m_classes.list()) {
        if (!isDefault(*each)) continue;
        if (!newest || newest->metadata.creationTimestamp < each->metadata.creationTimestamp) newest = each;
    }
    return newest ? newest->metadata.name : std::string();
}

std::vector<std::string> PersistentVolumeBinder::waitingPods(const Claim& claim) const {
    std::vector<std::string> names;
    for (const auto& pod : podsUsing(m_pods, keyOf(claim)))
        if (pod->spec.nodeName.empty() && !isTerminated(*pod)) names.push_back(pod->metadata.name);
    return names;
}

Result<ClaimSight> PersistentVolumeBinder::look(const ClaimPtr& claim) {
    auto volume = named(*claim);
    if (!volume) return fail(std::move(volume.error()));
    ClaimSight sight{.claim = *claim, .named = std::move(*volume), .match = nullptr};
    if (!claim->spec.volumeName.empty() || annotation(*claim, kBindCompleted)) return sight;
    sight.delayed = isDelayed(*claim);
    sight.match = bestMatch(*claim, candidates(*claim), sight.delayed);
    if (sight.match) return sight;
    if (!hasClass(*claim)) sight.defaultClass = defaultClass();
    if (sight.delayed) sight.waitingPods = waitingPods(*claim);
    return sight;
}

Result<Outcome> PersistentVolumeBinder::syncClaim(const ClaimPtr& claim) {
    const auto sight = look(claim);
    if (!sight) return fail(sight.error());
    const ClaimStep step = planClaim(*sight);
    if (step.notice) tell(m_context.events, *claim, *step.notice);
    using Do = ClaimStep::Do;
    switch (step.what) {
        case Do::Provision:
            return m_provisioning.run(claim);
        case Do::Refuse:
            return fail(Reason::Conflict, step.problem);
        case Do::Bind: {
            if (auto bound = m_writes.bind(step.volume, claim); !bound) return fail(std::move(bound.error()));
            m_provisioning.forget(keyOf(*claim));
            return Outcome{};
        }
        case Do::AssignClass: {
            Claim changed = *claim;
            changed.spec.storageClassName = sight->defaultClass;
            if (auto saved = m_writes.save(changed); !saved)
                return fail(saved.error().within("assigning the default class"));
            return Outcome{};
        }
        case Do::Lose: {
            if (claim->status.phase == corev1::ClaimLost) return Outcome{};
            if (auto saved = m_writes.setPhase(claim, corev1::ClaimLost, nullptr); !saved) return fail(saved.error());
            return Outcome{};
        }
        case Do::KeepPending:
            break;
    }
    if (auto saved = m_writes.setPhase(claim, corev1::ClaimPending, nullptr); !saved) return fail(saved.error());
    return Outcome{kClaimResync};
}

Result<BindingWrites::ClaimPtr> PersistentVolumeBinder::claimOf(const PersistentVolume& volume) {
    const auto& reference = volume.spec.claimRef;
    if (!reference || reference->uid.empty()) return ClaimPtr();
    const auto copy = m_writes.claim(reference->namespace_, reference->name);
    if (copy && copy->metadata.uid == reference->uid) return copy;
    const bool known = volume.status.phase == corev1::VolumeReleased || volume.status.phase == corev1::VolumeFailed;
    if (!copy && known) return ClaimPtr();
    // Before a volume is given up: the copy may be behind.
    auto live = client::Api<Claim>(m_context.client).get(reference->namespace_, reference->name);
    if (!live && live.error().reason != Reason::NotFound) return live;
    if (!live || (*live)->metadata.uid != reference->uid) return ClaimPtr();
    return live;
}

Result<Outcome> PersistentVolumeBinder::syncVolume(const VolumePtr& found) {
    auto kept = m_reclaim.keepFinalizer(found);
    if (!kept) return fail(kept.error().within("keeping the finalizer"));
    const VolumePtr volume = *kept;
    const auto claim = claimOf(*volume);
    if (!claim) return fail(claim.error());
    const VolumeStep step = planVolume({.volume = *volume, .claim = claim->get()});
    if (step.notice) tell(m_context.events, *volume, *step.notice);
    if (step.claimNotice && *claim) tell(m_context.events, **claim, *step.claimNotice);
    using Do = VolumeStep::Do;
    Result<VolumePtr> written = volume;
    switch (step.what) {
        case Do::Reclaim:
            return m_reclaim.run(volume);
        case Do::Nothing:
            return Outcome{kClaimResync};
        case Do::WakeClaim:
            m_context.keys.add(keyOf(**claim), *volume);
            return Outcome{};
        case Do::Unbind:
            if (auto undone = m_writes.unbind(volume); !undone) return fail(std::move(undone.error()));
            return Outcome{};
        case Do::BeAvailable:
            written = m_writes.setPhase(volume, corev1::VolumeAvailable);
            break;
        case Do::BeBound:
            written = m_writes.setPhase(volume, corev1::VolumeBound);
            break;
    }
    if (!written) return fail(std::move(written.error()));
    return Outcome{};
}

}  // namespace qd::controllers
