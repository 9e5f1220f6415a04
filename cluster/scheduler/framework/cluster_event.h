// What happened in the cluster, in the terms in which plugins say what may let a Pod fit that did not fit before.
#pragma once

#include <cstdint>

#include "cluster/api/object.h"
#include "cluster/api/types/core_v1.h"

namespace qd::scheduler {

enum class Happening : std::uint32_t {
    None = 0,
    PodAssigned = 1U << 0,  // appeared on a node
    PodRemoved = 1U << 1,   // left its node: deleted, ended, or its binding failed
    PodLabels = 1U << 2,    // of a Pod on a node, or of the waiting Pod itself
    PodScaledDown = 1U << 3,
    PodTolerations = 1U << 4,
    PodGatesLifted = 1U << 5,
    NodeAdded = 1U << 6,
    NodeRemoved = 1U << 7,
    NodeAllocatable = 1U << 8,
    NodeLabels = 1U << 9,
    NodeTaints = 1U << 10,  // also spec.unschedulable
    NodeConditions = 1U << 11,
    // Appeared or changed:
    Claim = 1U << 12,
    Volume = 1U << 13,
    StorageClass = 1U << 14,
    CsiNode = 1U << 15,
    CsiDriver = 1U << 16,
    CsiCapacity = 1U << 17,
    // Went:
    VolumeAttachment = 1U << 18,
    // Anything of it:
    Namespace = 1U << 19,
};

constexpr Happening operator|(Happening a, Happening b) {
    return static_cast<Happening>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr bool anyOf(Happening these, Happening wanted) {
    return (static_cast<std::uint32_t>(these) & static_cast<std::uint32_t>(wanted)) != 0;
}

struct ClusterEvent {
    Happening what = Happening::None;  // several at once when one change has several sides
    api::ObjectPtr before;             // null for what appeared
    api::ObjectPtr after;              // null for what went

    // Null when there is none or it is of another kind.
    template <typename T>
    const T* was() const {
        return before ? api::objectAs<T>(*before) : nullptr;
    }
    template <typename T>
    const T* is() const {
        return after ? api::objectAs<T>(*after) : nullptr;
    }
    const corev1::Pod* podBefore() const { return was<corev1::Pod>(); }
    const corev1::Pod* podAfter() const { return is<corev1::Pod>(); }
    const corev1::Node* nodeBefore() const { return was<corev1::Node>(); }
    const corev1::Node* nodeAfter() const { return is<corev1::Node>(); }
};

// Which sides of it matter to scheduling.
Happening nodeChange(const corev1::Node& before, const corev1::Node& after);
Happening podChange(const corev1::Pod& before, const corev1::Pod& after);

}  // namespace qd::scheduler
