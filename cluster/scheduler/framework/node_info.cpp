#include "cluster/scheduler/framework/node_info.h"

#include <algorithm>

namespace qd::scheduler {

const std::string* NodeInfo::label(std::string_view key) const {
    const auto found = m_node->metadata.labels.find(key);
    return found == m_node->metadata.labels.end() ? nullptr : &found->second;
}

void NodeInfo::setNode(client::Ptr<corev1::Node> node) {
    m_node = std::move(node);
    m_allocatable = m_node ? Resources(m_node->status.allocatable) : Resources();
}

void NodeInfo::count(const PodInfo& pod, int by) {
    if (pod.terminating()) return;
    const auto found = std::find_if(m_classes.begin(), m_classes.end(),
                                    [&](const auto& each) { return each.podClass == pod.podClass; });
    if (found == m_classes.end()) {
        m_classes.push_back({pod.podClass, by});
    } else if ((found->pods += by) == 0) {
        m_classes.erase(found);
    }
}

void NodeInfo::addPod(PodInfoPtr pod) {
    m_requested += pod->requests;
    m_scoringRequested += pod->scoringRequests;
    m_usedPorts.insert(m_usedPorts.end(), pod->hostPorts.begin(), pod->hostPorts.end());
    count(*pod, 1);
    if (pod->affinity) m_podsWithAffinity.push_back(pod);
    m_pods.push_back(std::move(pod));
}

void NodeInfo::setDomain(std::size_t slot, int domain) {
    if (slot >= m_domains.size()) m_domains.resize(slot + 1, kNowhere);
    m_domains[slot] = domain;
}

PodInfoPtr NodeInfo::removePod(const std::string& uid) {
    const auto found = std::find_if(m_pods.begin(), m_pods.end(), [&](const auto& each) { return each->uid() == uid; });
    if (found == m_pods.end()) return nullptr;
    PodInfoPtr pod = std::move(*found);
    *found = std::move(m_pods.back());
    m_pods.pop_back();
    m_requested -= pod->requests;
    m_scoringRequested -= pod->scoringRequests;
    for (const auto& port : pod->hostPorts) {
        const auto used = std::find(m_usedPorts.begin(), m_usedPorts.end(), port);
        if (used != m_usedPorts.end()) m_usedPorts.erase(used);
    }
    if (pod->affinity) std::erase(m_podsWithAffinity, pod);
    count(*pod, -1);
    return pod;
}

}  // namespace qd::scheduler
