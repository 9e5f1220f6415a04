// One Deployment's promises while it is rolled out:
//
//     the sizes of its ReplicaSets never add up to more than replicas + maxSurge; only when the answer to a write of
//     one was lost may they do so until the controller has heard of it, but never for long there are never more Pods
//     than that for long: a set that shrinks and one that grows do so side by side, as upstream's do, so that for a
//     moment some that are to go are still there (Pods that are going, or have ended, do not count) never fewer Pods
//     available than replicas - maxUnavailable, unless something beyond the rollout took them away
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class RolloutInvariant final : public Invariant {
public:
    // lostAnswer: when the answer to a write of a ReplicaSet by the Deployment's controller was last lost.
    using LostAnswer = std::function<std::optional<base::SteadyTime>()>;
    RolloutInvariant(std::string ns, std::string deployment, LostAnswer lostAnswer)
        : m_ns(std::move(ns)), m_name(std::move(deployment)), m_lostAnswer(std::move(lostAnswer)) {}

    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> check(base::SteadyTime now) override;
    // While set, Pods may be missing: a node was lost, a Pod was killed, nothing has been rolled out yet.
    void excuseMissing(bool excused) { m_excused = excused; }

private:
    struct PodState {
        bool active = false;
        bool available = false;
    };
    void apply(const Commit& commit);

    std::string m_ns;
    std::string m_name;
    LostAnswer m_lostAnswer;
    std::map<std::string, PodState> m_pods;      // of the Deployment's ReplicaSets
    std::map<std::string, std::int32_t> m_sets;  // the Deployment's, with their sizes
    std::int32_t m_replicas = 0;
    std::int32_t m_surge = 0;
    std::int32_t m_unavailable = 0;
    bool m_excused = true;
    std::optional<base::SteadyTime> m_tooManySince;
};

}  // namespace qd::simulation
