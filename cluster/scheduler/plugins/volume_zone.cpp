#include "cluster/scheduler/plugins/volume_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cluster/api/volumes/claim_rules.h"

namespace qd::scheduler {
namespace {

const std::string kZone = "topology.kubernetes.io/zone";
const std::string kRegion = "topology.kubernetes.io/region";
const std::string kOldZone = "failure-domain.beta.kubernetes.io/zone";
const std::string kOldRegion = "failure-domain.beta.kubernetes.io/region";
const std::array<const std::string*, 4> kLabels = {&kOldZone, &kOldRegion, &kZone, &kRegion};

// Where a volume is, by one label; several zones are joined by "__".
struct Place {
    std::string label;
    std::set<std::string> values;
    bool operator==(const Place&) const = default;
};

std::set<std::string> split(const std::string& joined) {
    std::set<std::string> values;
    constexpr std::string_view separator = "__";
    for (std::size_t at = 0;;) {
        const auto end = joined.find(separator, at);
        values.insert(joined.substr(at, end == std::string::npos ? end : end - at));
        if (end == std::string::npos) return values;
        at = end + separator.size();
    }
}

std::vector<Place> placesOf(const corev1::PersistentVolume& volume) {
    std::vector<Place> places;
    for (const auto* label : kLabels) {
        const auto found = volume.metadata.labels.find(*label);
        if (found != volume.metadata.labels.end()) places.push_back({*label, split(found->second)});
    }
    return places;
}

const std::string* valueOn(const NodeInfo& node, const std::string& label) {
    if (const auto* value = node.label(label)) return value;
    if (label == kOldZone) return node.label(kZone);
    return label == kOldRegion ? node.label(kRegion) : nullptr;
}

}  // namespace

struct VolumeZone::Places : StateOf<Places> {
    std::vector<Place> all;
};

Status VolumeZone::add(Places& places, const PodInfo& pod, const std::string& name) const {
    const StorageView& storage = m_handle.storage();
    const auto missing = [](std::string_view resource, const std::string& which) {
        return Status::unresolvable(text(fmt::format("{} \"{}\" not found", resource, which)));
    };
    const auto claim = storage.claim(pod.podClass->ns, name);
    if (!claim) return missing("persistentvolumeclaim", name);
    if (claim->spec.volumeName.empty()) {
        const std::string className = api::volumes::className(*claim);
        if (className.empty())
            return Status::unresolvable(text("PersistentVolumeClaim had no pv name and storageClass name"));
        const auto storageClass = storage.storageClass(className);
        if (!storageClass) return missing("storageclass.storage.k8s.io", className);
        if (!storageClass->volumeBindingMode)
            return Status::unresolvable(
                text(fmt::format("VolumeBindingMode not set for StorageClass \"{}\"", className)));
        if (*storageClass->volumeBindingMode == "WaitForFirstConsumer") return {};
        return Status::unresolvable(text("PersistentVolume had no name"));
    }
    const auto volume = storage.volume(claim->spec.volumeName);
    if (!volume) return missing("persistentvolume", claim->spec.volumeName);
    std::ranges::move(placesOf(*volume), std::back_inserter(places.all));
    return {};
}

PreFilterResult VolumeZone::preFilter(CycleState& state, const PodInfo& pod, const Nodes&) {
    auto places = std::make_unique<Places>();
    for (const auto& use : pod.claims) {
        if (use.ephemeral) continue;
        if (Status status = add(*places, pod, use.name); !status.ok()) return {.status = std::move(status)};
    }
    if (places->all.empty()) return {.status = Status::skip()};
    state.put(slot, CycleState::Step::Filter, std::move(places));
    return {};
}

Status VolumeZone::filter(const CycleState& state, const PodInfo&, const NodeInfo& node) const {
    // A node without such labels stands in a cluster of one zone.
    if (std::ranges::none_of(kLabels, [&](const auto* label) { return node.label(*label) != nullptr; })) return {};
    const auto& places = state.get<Places>(slot, CycleState::Step::Filter)->all;
    const bool isThere = std::ranges::all_of(places, [&](const Place& place) {
        const auto* value = valueOn(node, place.label);
        return value && place.values.contains(*value);
    });
    return isThere ? Status() : Status::unresolvable(m_elsewhere);
}

bool VolumeZone::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    if (const auto* storageClass = event.is<storagev1::StorageClass>()) {
        return !event.before && storageClass->volumeBindingMode == "WaitForFirstConsumer";
    }
    if (const auto* claim = event.is<corev1::PersistentVolumeClaim>()) {
        return claim->metadata.namespace_ == pod.podClass->ns && std::ranges::any_of(pod.claims, [&](const auto& use) {
                   return !use.ephemeral && use.name == claim->metadata.name;
               });
    }
    if (const auto* volume = event.is<corev1::PersistentVolume>()) {
        const auto* before = event.was<corev1::PersistentVolume>();
        return !before || placesOf(*before) != placesOf(*volume);
    }
    return event.after != nullptr;
}

}  // namespace qd::scheduler
