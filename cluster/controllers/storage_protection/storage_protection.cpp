#include "cluster/controllers/storage_protection/storage_protection.h"

#include <algorithm>
#include <set>

#include "cluster/api/volumes/attachment_rules.h"
#include "cluster/controllers/pods/pod_state.h"
#include "cluster/controllers/runtime/ownership.h"
#include "cluster/controllers/volumes/claim_pods.h"

namespace qd::controllers {
namespace {

constexpr char kClaimFinalizer[] = "kubernetes.io/pvc-protection";
constexpr char kVolumeFinalizer[] = "kubernetes.io/pv-protection";
constexpr char kClassFinalizer[] = "kubernetes.io/vac-protection";

bool hasFinalizer(const api::Object& object, const char* finalizer) {
    const auto& finalizers = object.metadata.finalizers;
    return std::find(finalizers.begin(), finalizers.end(), finalizer) != finalizers.end();
}

// Whether there is something to do: the finalizer may have to go, or is missing.
bool concerns(const api::Object& object, const char* finalizer) { return object.metadata.deletionTimestamp.has_value() == hasFinalizer(object, finalizer); }

template <typename T>
Result<Outcome> write(Context& context, T object, const char* finalizer) {
    auto& finalizers = object.metadata.finalizers;
    if (object.metadata.deletionTimestamp) {
        std::erase(finalizers, finalizer);
    } else {
        finalizers.emplace_back(finalizer);
    }
    const auto written = client::Api<T>(context.client).update(object, controllerWrite());
    if (!written && written.error().reason != Reason::NotFound) return fail(written.error());
    return Outcome{};
}

// The agent has let go of the Pod, or it was deleted by force: only others' finalizers keep it.
bool isShutDown(const corev1::Pod& pod) { return pod.metadata.deletionTimestamp && pod.metadata.deletionGracePeriodSeconds.value_or(1) == 0; }

bool ownsClaim(const corev1::Pod& pod, const corev1::PersistentVolumeClaim& claim) {
    return std::ranges::any_of(claim.metadata.ownerReferences, [&](const auto& owner) { return owner.controller.value_or(false) && owner.uid == pod.metadata.uid; });
}

// Pods without a node do not count: none is started with a claim that is going.
bool uses(const corev1::Pod& pod, const corev1::PersistentVolumeClaim& claim) {
    if (pod.spec.nodeName.empty()) return false;
    return std::ranges::any_of(pod.spec.volumes, [&](const corev1::Volume& volume) {
        if (api::volumes::claimName(pod, volume) != claim.metadata.name) return false;
        return volume.persistentVolumeClaim || (!isShutDown(pod) && ownsClaim(pod, claim));
    });
}

std::set<std::string> classesOf(const api::Object& object) {
    std::set<std::string> names;
    if (const auto* claim = api::objectAs<corev1::PersistentVolumeClaim>(object)) {
        names = {claim->spec.volumeAttributesClassName.value_or(""), claim->status.currentVolumeAttributesClassName.value_or("")};
        if (claim->status.modifyVolumeStatus) names.insert(claim->status.modifyVolumeStatus->targetVolumeAttributesClassName);
    } else if (const auto* volume = api::objectAs<corev1::PersistentVolume>(object)) {
        names = {volume->spec.volumeAttributesClassName.value_or("")};
    }
    names.erase("");
    return names;
}

}  // namespace

ClaimProtection::ClaimProtection(Context& context)
    : m_context(context),
      m_claims(context.informers.informer(client::resourceOf<corev1::PersistentVolumeClaim>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())) {
    addClaimIndex(m_pods);
    m_claims.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now && concerns(*now, kClaimFinalizer)) m_context.keys.add(keyOf(*now), *now);
    });
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (now) podChanged(static_cast<const corev1::Pod&>(*now), false);
        if (old && (!now || old->metadata.uid != now->metadata.uid)) podChanged(static_cast<const corev1::Pod&>(*old), true);
    });
}

void ClaimProtection::podChanged(const corev1::Pod& pod, bool gone) {
    if (!gone && !isFinished(pod) && !isShutDown(pod)) return;
    for (const auto& key : api::volumes::claimKeys(pod)) m_context.keys.add(key, pod);
}

Result<bool> ClaimProtection::isUsed(const corev1::PersistentVolumeClaim& claim) {
    for (const auto& pod : podsUsing(m_pods, keyOf(claim))) {
        if (uses(*pod, claim)) return true;
    }
    // The copy may be behind: ask before data is given up.
    const auto live = m_context.client.list(m_pods.resource(), claim.metadata.namespace_, {});
    if (!live) return fail(live.error());
    return std::ranges::any_of(live->items, [&](const auto& pod) { return uses(static_cast<const corev1::Pod&>(*pod), claim); });
}

Result<Outcome> ClaimProtection::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto claim = client::Lister<corev1::PersistentVolumeClaim>(m_claims).get(ns, name);
    if (!claim || !concerns(*claim, kClaimFinalizer)) return Outcome{};
    if (claim->metadata.deletionTimestamp) {
        const auto used = isUsed(*claim);
        if (!used) return fail(used.error());
        if (*used) return Outcome{};
    }
    return write(m_context, *claim, kClaimFinalizer);
}

VolumeProtection::VolumeProtection(Context& context) : m_context(context), m_volumes(context.informers.informer(client::resourceOf<corev1::PersistentVolume>())) {
    m_volumes.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now && concerns(*now, kVolumeFinalizer)) m_context.keys.add(keyOf(*now), *now);
    });
}

Result<Outcome> VolumeProtection::sync(const std::string& key) {
    const auto volume = client::Lister<corev1::PersistentVolume>(m_volumes).get("", key);
    if (!volume || !concerns(*volume, kVolumeFinalizer)) return Outcome{};
    if (volume->metadata.deletionTimestamp && volume->status.phase == "Bound") return Outcome{};
    return write(m_context, *volume, kVolumeFinalizer);
}

AttributesClassProtection::AttributesClassProtection(Context& context)
    : m_context(context),
      m_classes(context.informers.informer(client::resourceOf<storagev1::VolumeAttributesClass>())),
      m_claims(context.informers.informer(client::resourceOf<corev1::PersistentVolumeClaim>())),
      m_volumes(context.informers.informer(client::resourceOf<corev1::PersistentVolume>())) {
    m_classes.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now && concerns(*now, kClassFinalizer)) m_context.keys.add(keyOf(*now), *now);
    });
    const auto user = [this](const api::ObjectPtr& old, const api::ObjectPtr&) { userChanged(old); };
    m_claims.addHandler(user);
    m_volumes.addHandler(user);
}

void AttributesClassProtection::userChanged(const api::ObjectPtr& old) {
    if (!old) return;
    for (const auto& name : classesOf(*old)) m_context.keys.add(name, *old);
}

bool AttributesClassProtection::isUsed(const std::string& name) {
    const auto names = [&](const api::ObjectPtr& object) { return classesOf(*object).contains(name); };
    return std::ranges::any_of(m_claims.list(), names) || std::ranges::any_of(m_volumes.list(), names);
}

Result<Outcome> AttributesClassProtection::sync(const std::string& key) {
    const auto attributes = client::Lister<storagev1::VolumeAttributesClass>(m_classes).get("", key);
    if (!attributes || !concerns(*attributes, kClassFinalizer)) return Outcome{};
    if (attributes->metadata.deletionTimestamp && isUsed(key)) return Outcome{};
    return write(m_context, *attributes, kClassFinalizer);
}

}  // namespace qd::controllers
