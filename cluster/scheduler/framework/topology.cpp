#include "cluster/scheduler/framework/topology.h"

#include <algorithm>
#include <unordered_map>

namespace qd::scheduler {
namespace {

constexpr std::size_t kKept = 256;

}  // namespace

void Topology::number(const std::vector<NodeInfo*>& nodes) {
    std::unordered_map<std::string, int> numbers;
    m_coversAll = true;
    for (NodeInfo* node : nodes) {
        const std::string* value = node->label(m_key);
        m_coversAll = m_coversAll && value;
        node->setDomain(m_slot, value ? numbers.try_emplace(*value, static_cast<int>(numbers.size())).first->second
                                      : NodeInfo::kNowhere);
    }
    m_domains = numbers.size();
}

std::shared_ptr<const DomainSums> Tallies::of(const std::string& identity, const Topology& topology, const Weigh& weigh,
                                              const std::vector<const NodeInfo*>& nodes) {
    const auto known = std::find_if(m_tallies.begin(), m_tallies.end(), [&](const Tally& each) {
        return each.topology == &topology && each.identity == identity;
    });
    if (known != m_tallies.end()) {
        m_tallies.splice(m_tallies.begin(), m_tallies, known);
        return known->sums;
    }
    Tally fresh{identity, &topology, weigh, std::make_shared<DomainSums>(topology.domains(), 0)};
    for (const NodeInfo* node : nodes) {
        const int domain = topology.domainOf(*node);
        if (domain == NodeInfo::kNowhere) continue;
        auto& sum = (*fresh.sums)[static_cast<std::size_t>(domain)];
        for (const auto& pod : node->pods()) sum += weigh(*pod);
    }
    m_tallies.push_front(std::move(fresh));
    if (m_tallies.size() > kKept) m_tallies.pop_back();
    return m_tallies.front().sums;
}

void Tallies::add(const NodeInfo& node, const PodInfo& pod, int sign) {
    for (auto& tally : m_tallies) {
        const int domain = tally.topology->domainOf(node);
        if (domain != NodeInfo::kNowhere) (*tally.sums)[static_cast<std::size_t>(domain)] += sign * tally.weigh(pod);
    }
}

}  // namespace qd::scheduler
