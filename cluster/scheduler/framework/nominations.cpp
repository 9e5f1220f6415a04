#include "cluster/scheduler/framework/nominations.h"

namespace qd::scheduler {

void Nominations::set(const PodInfoPtr& pod, const std::string& node) {
    remove(pod->uid());
    if (node.empty()) return;
    m_byNode[node].push_back(pod);
    m_nodes[pod->uid()] = node;
}

void Nominations::remove(const std::string& uid) {
    const auto found = m_nodes.find(uid);
    if (found == m_nodes.end()) return;
    const auto pods = m_byNode.find(found->second);
    std::erase_if(pods->second, [&](const auto& pod) { return pod->uid() == uid; });
    if (pods->second.empty()) m_byNode.erase(pods);
    m_nodes.erase(found);
}

const std::vector<PodInfoPtr>& Nominations::on(const std::string& node) const {
    static const std::vector<PodInfoPtr> nobody;
    if (m_byNode.empty()) return nobody;
    const auto found = m_byNode.find(node);
    return found == m_byNode.end() ? nobody : found->second;
}

const std::string& Nominations::of(const std::string& uid) const {
    static const std::string nowhere;
    const auto found = m_nodes.find(uid);
    return found == m_nodes.end() ? nowhere : found->second;
}

}  // namespace qd::scheduler
