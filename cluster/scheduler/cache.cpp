#include "cluster/scheduler/cache.h"

#include <algorithm>
#include <map>

namespace qd::scheduler {
namespace {

std::string zoneOf(const NodeInfo& node) {
    const std::string* region = node.label("topology.kubernetes.io/region");
    const std::string* zone = node.label("topology.kubernetes.io/zone");
    return (region ? *region : "") + '\n' + (zone ? *zone : "");
}

}  // namespace

const std::vector<const NodeInfo*>& Cache::all() const {
    if (!m_stale) return m_all;
    m_stale = false;
    m_all.clear();
    std::map<std::string, std::size_t> zones;
    std::vector<std::vector<const NodeInfo*>> byZone;
    for (const auto& name : m_order) {
        const NodeInfo* node = m_nodes.at(name).get();
        const auto [place, fresh] = zones.try_emplace(zoneOf(*node), byZone.size());
        if (fresh) byZone.emplace_back();
        byZone[place->second].push_back(node);
    }
    for (std::size_t turn = 0; m_all.size() < m_order.size(); ++turn) {
        for (const auto& zone : byZone) {
            if (turn < zone.size()) m_all.push_back(zone[turn]);
        }
    }
    return m_all;
}

const Topology& Cache::topology(const std::string& key) const {
    auto found =
        std::find_if(m_topologies.begin(), m_topologies.end(), [&](const auto& each) { return each->key() == key; });
    if (!m_topologiesStale && found != m_topologies.end()) return **found;
    if (found == m_topologies.end())
        found = m_topologies.insert(m_topologies.end(), std::make_unique<Topology>(key, m_topologies.size()));
    std::vector<NodeInfo*> nodes;
    for (const auto& name : m_order) nodes.push_back(m_nodes.at(name).get());
    if (m_topologiesStale) {
        m_tallies.clear();
        for (const auto& each : m_topologies) each->number(nodes);
        m_topologiesStale = false;
    } else {
        (*found)->number(nodes);
    }
    return **found;
}

const NodeInfo* Cache::find(const std::string& name) const {
    const auto found = m_nodes.find(name);
    return found == m_nodes.end() || !found->second->node() ? nullptr : found->second.get();
}

NodeInfo& Cache::entry(const std::string& name) {
    auto& node = m_nodes[name];
    if (!node) node = std::make_unique<NodeInfo>(name);
    return *node;
}

void Cache::dropIfUnused(const std::string& name) {
    const auto found = m_nodes.find(name);
    if (found != m_nodes.end() && !found->second->node() && found->second->pods().empty()) m_nodes.erase(found);
}

void Cache::countImages(NodeInfo& node, const corev1::Node* fresh) {
    for (const auto& [name, state] : node.images()) {
        if (--state->nodes == 0) m_images.erase(name);
    }
    node.images().clear();
    if (!fresh) return;
    for (const auto& image : fresh->status.images) {
        for (const auto& name : image.names) {
            auto& state = m_images[name];
            if (!state) state = std::make_shared<ImageState>();
            state->sizeBytes = image.sizeBytes;
            if (node.images().emplace(name, state).second) ++state->nodes;
        }
    }
}

void Cache::setNode(client::Ptr<corev1::Node> node) {
    NodeInfo& info = entry(node->metadata.name);
    const auto& before = info.node();
    if (!before) m_order.push_back(info.name());
    if (!before || before->metadata.labels != node->metadata.labels) m_stale = m_topologiesStale = true;
    if (!before || before->status.images != node->status.images) countImages(info, node.get());
    info.setNode(std::move(node));
}

void Cache::removeNode(const std::string& name) {
    const auto found = m_nodes.find(name);
    if (found == m_nodes.end() || !found->second->node()) return;
    countImages(*found->second, nullptr);
    found->second->setNode(nullptr);
    found->second->forgetDomains();
    std::erase(m_order, name);
    m_stale = m_topologiesStale = true;
    dropIfUnused(name);
}

void Cache::countKeys(const PodInfo& pod, int by) {
    if (!pod.affinity) return;
    const auto count = [by](KeyCounts& keys, const AffinityTermList& terms) {
        for (const auto& term : terms) {
            const auto key = keys.try_emplace(term.topologyKey, 0).first;
            if ((key->second += by) == 0) keys.erase(key);
        }
    };
    count(m_requiredAntiKeys, pod.affinity->requiredAnti);
    for (const auto* terms : {&pod.affinity->preferred, &pod.affinity->preferredAnti, &pod.affinity->required})
        count(m_preferenceKeys, *terms);
}

void Cache::put(PodInfoPtr pod, const std::string& node) {
    NodeInfo& info = entry(node);
    countKeys(*pod, 1);
    if (!m_topologiesStale) m_tallies.add(info, *pod, 1);
    info.addPod(std::move(pod));
}

void Cache::setPod(PodInfoPtr pod) {
    const std::string uid = pod->uid();
    removePod(uid);
    const std::string& node = pod->pod->spec.nodeName;
    m_pods[uid] = {node, false};
    put(std::move(pod), node);
}

void Cache::removePod(const std::string& uid) {
    const auto found = m_pods.find(uid);
    if (found == m_pods.end()) return;
    const std::string node = std::move(found->second.node);
    m_pods.erase(found);
    NodeInfo& info = entry(node);
    if (const PodInfoPtr pod = info.removePod(uid)) {
        countKeys(*pod, -1);
        if (!m_topologiesStale) m_tallies.add(info, *pod, -1);
    }
    dropIfUnused(node);
}

void Cache::assume(PodInfoPtr pod, const std::string& node) {
    m_pods[pod->uid()] = {node, true};
    m_nominations.remove(pod->uid());
    put(std::move(pod), node);
}

void Cache::forget(const std::string& uid) {
    if (assumed(uid)) removePod(uid);
}

bool Cache::assumed(const std::string& uid) const {
    const auto found = m_pods.find(uid);
    return found != m_pods.end() && found->second.assumed;
}

}  // namespace qd::scheduler
