// One StatefulSet's promises:
//
//     never are two Pods of one ordinal alive: one that was bound to a node lives until that node says that it has
//     stopped OrderedReady: a Pod is made only once all before it are Running and Ready, and removed only once all
//     after it are gone, when the set shrinks an update never touches a Pod below its partition no Pod is made outside
//     of the ordinals that are asked for
#pragma once

#include <map>

#include "cluster/api/types/apps_v1.h"
#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class OrdinalsInvariant final : public Invariant {
public:
    OrdinalsInvariant(std::string ns, std::string set) : m_ns(std::move(ns)), m_name(std::move(set)) {}

    std::optional<std::string> see(const Commit& commit) override;

private:
    struct Ordinal {
        std::string uid;           // of the Pod that is there; empty: none
        bool alive = false;        // on its node, or to be
        base::SteadyTime since{};  // when it was made
        bool ready = false;
        std::optional<base::SteadyTime> wasReady = {};  // the last time that it was
        bool ended = false;
    };
    void seeSet(const appsv1::StatefulSet& set, base::SteadyTime when);
    std::optional<std::string> seePod(const Commit& commit, const corev1::Pod& pod, std::int32_t number);
    std::optional<std::string> judgeCreation(std::int32_t number, base::SteadyTime when) const;
    std::optional<std::string> judgeRemoval(std::int32_t number, base::SteadyTime when) const;

    std::string m_ns;
    std::string m_name;
    std::int32_t m_first = 0;
    std::int32_t m_replicas = 0;
    std::int32_t m_partition = 0;
    bool m_ordered = true;
    bool m_removed = false;
    base::SteadyTime m_changed{};  // when the set was asked for something else
    std::map<std::int32_t, Ordinal> m_ordinals;
};

}  // namespace qd::simulation
