// The values of one node label over all nodes (zones, racks, hosts), numbered so that counting by them needs no texts.
//
// Not thread-safe: everything happens on the scheduler's strand.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "cluster/scheduler/framework/node_info.h"

namespace qd::scheduler {

class Topology {
public:
    // The numbers of all nodes' values are put into the nodes, in this slot.
    Topology(std::string key, std::size_t slot) : m_key(std::move(key)), m_slot(slot) {}
    void number(const std::vector<NodeInfo*>& nodes);

    const std::string& key() const { return m_key; }
    // kNowhere for a node without the label.
    int domainOf(const NodeInfo& node) const { return node.domain(m_slot); }
    std::size_t domains() const { return m_domains; }
    // Whether every node carries the label.
    bool coversAll() const { return m_coversAll; }

private:
    const std::string m_key;
    const std::size_t m_slot;
    std::size_t m_domains = 0;
    bool m_coversAll = true;
};

// A sum over Pods for each domain.
using DomainSums = std::vector<std::int64_t>;

// Sums over the Pods of each domain that are kept up as Pods come and go, so that placing a Pod does not look at all
// others. The questions asked last are kept; one that is new is worked out from all Pods.
class Tallies {
public:
    // What a Pod counts. Must depend on its class, its affinity and on whether it is terminating, and on nothing else
    // that changes without clear().
    using Weigh = std::function<std::int64_t(const PodInfo&)>;

    // identity: tells questions of one topology apart. The sums change as Pods come and go.
    std::shared_ptr<const DomainSums> of(const std::string& identity, const Topology& topology, const Weigh& weigh,
                                         const std::vector<const NodeInfo*>& nodes);
    void add(const NodeInfo& node, const PodInfo& pod, int sign);
    void clear() { m_tallies.clear(); }

private:
    struct Tally {
        std::string identity;
        const Topology* topology = nullptr;
        Weigh weigh;
        std::shared_ptr<DomainSums> sums;
    };
    std::list<Tally> m_tallies;  // those used last come first
};

}  // namespace qd::scheduler
