// A promise of the control plane that is held against every commit. docs/simulation.md lists them all.
//
// One invariant is one class that keeps what it must know of the objects, by what is committed and nothing else.
// Controllers work from copies that are late, so where upstream makes a promise about what a controller has seen, the
// invariant forgives what happened within kLate.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/store/entry.h"
#include "cluster/store/types.h"

namespace qd::simulation {

// The longest that copies are late, lost watches and refused writes included.
inline constexpr base::Duration kLate = std::chrono::seconds(90);

struct Commit {
    const store::Event& event;
    base::SteadyTime when;  // to the second

    const api::Object& object() const { return *event.entry->object(); }
    const api::Object* before() const { return event.previous ? event.previous->object().get() : nullptr; }
    bool created() const { return event.operation == store::Operation::Create; }
    bool gone() const { return event.operation == store::Operation::Delete; }
    const std::string& actor() const { return event.actor; }
    // This commit asked the object to go, or removed it at once.
    bool removes() const {
        if (gone())
            return !object().metadata.deletionTimestamp ||
                   object().metadata.deletionGracePeriodSeconds.value_or(0) == 0;
        return before() && !before()->metadata.deletionTimestamp && object().metadata.deletionTimestamp;
    }
};

class Invariant {
public:
    virtual ~Invariant() = default;
    // Called for every commit in order. What it breaks; nothing when all is well.
    virtual std::optional<std::string> see(const Commit& commit) = 0;
    // Called after each second. What has been broken for too long.
    virtual std::optional<std::string> check(base::SteadyTime) { return std::nullopt; }
    // What is not yet as it must be once the faults have ended.
    virtual std::optional<std::string> restless() const { return std::nullopt; }
};

// What they all ask of objects.
const metav1::OwnerReference* controllerOf(const api::Object& object);
// Whether one of that kind and name is the controller.
bool isControlledBy(const api::Object& object, std::string_view kind, std::string_view name);
bool isReady(const corev1::Pod& pod);
bool hasEnded(const corev1::Pod& pod);  // Succeeded or Failed
bool isActive(const corev1::Pod& pod);  // neither ended nor going

}  // namespace qd::simulation
