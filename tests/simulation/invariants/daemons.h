// One DaemonSet's promises:
//
//     a node has at most one of its Pods that is neither going nor has ended; with maxSurge two, of different revisions
//     an update never makes more nodes go without than maxUnavailable: of Pods that were available, it removes no more
//     at a time a Pod is made only on a node that it is for
#pragma once

#include <map>
#include <set>

#include "cluster/api/types/apps_v1.h"
#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class DaemonsInvariant final : public Invariant {
public:
    DaemonsInvariant(std::string ns, std::string set) : m_ns(std::move(ns)), m_name(std::move(set)) {}

    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> check(base::SteadyTime now) override;

private:
    struct PodState {
        std::string node;
        std::string revision;
        bool ready = false;
        api::Time readySince = {};
        api::Time created = {};
    };
    struct NodeState {
        std::optional<base::SteadyTime> tooManySince = {};
        bool wanted = false;
        std::optional<base::SteadyTime> unwanted = {};  // the last time that it was not
        bool robbed = false;  // the controller took its Pod, which was ready, and there has been no other since
    };
    void seeSet(const appsv1::DaemonSet& set);
    // Whether the controller may take the Pod for no more than others: it was not available by the clock on the wall,
    // or stood beside one that is not younger by it. Clocks are set back, and upstream goes by nothing else.
    bool mayGo(const PodState& pod, base::WallTime now) const;
    std::optional<std::string> seePod(const Commit& commit, const corev1::Pod& pod);
    std::optional<std::string> judgeNode(const std::string& node, base::SteadyTime when);
    void seeNode(const corev1::Node& node, base::SteadyTime when);

    std::string m_ns;
    std::string m_name;
    std::int32_t m_unavailable = 1;
    std::int32_t m_surge = 0;
    std::int32_t m_minReadySeconds = 0;
    std::map<std::string, std::string> m_selector;
    std::map<std::string, PodState> m_pods;  // active ones, by name
    std::map<std::string, NodeState> m_nodes;
};

}  // namespace qd::simulation
