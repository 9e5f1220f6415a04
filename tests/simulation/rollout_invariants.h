// Watches every commit that has to do with one Deployment and says when one of them broke a promise.
//
//     the sizes of its ReplicaSets never add up to more than replicas + maxSurge
//     there are never more Pods than that for long: a set that shrinks and one that grows do so side by side, as upstream's
//     do, so that for a moment some that are to go are still there (Pods that are going, or have ended, do not count)
//     never fewer Pods available than replicas - maxUnavailable, unless something beyond the rollout took them away
//     Endpoints and EndpointSlices of the Service with its name are the ready Pods (endpoints_invariant.h)
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/store/store.h"
#include "tests/simulation/endpoints_invariant.h"

namespace qd::simulation {

class RolloutInvariants {
public:
    // From the store's present state on. The Deployment must exist.
    RolloutInvariants(store::Store& store, std::string ns, std::string deployment);

    // Looks at everything that was committed since the last call. What is broken, and by which commit; nothing when all is well.
    std::optional<std::string> check(base::WallTime now);
    // While set, Pods may be missing: a node was lost, a Pod was killed, nothing has been rolled out yet.
    void excuseMissing(bool excused) { m_excused = excused; }
    // The last commits, for whoever has to find out why.
    std::string history() const;

private:
    struct PodState {
        bool active = false;
        bool available = false;
    };
    void apply(const store::EventPtr& event);
    std::optional<std::string> broken(base::WallTime when);
    std::vector<store::EventPtr> newEvents();

    std::string m_ns;
    std::string m_name;
    std::vector<store::Watch> m_watches;
    std::map<std::string, PodState> m_pods;        // of the Deployment's ReplicaSets
    std::map<std::string, std::int32_t> m_sets;    // the Deployment's, with their sizes
    std::int32_t m_replicas = 0;
    std::int32_t m_surge = 0;
    std::int32_t m_unavailable = 0;
    bool m_excused = true;
    std::optional<base::WallTime> m_tooManySince;
    EndpointsInvariant m_endpoints;
    std::deque<store::EventPtr> m_history;
};

}  // namespace qd::simulation
