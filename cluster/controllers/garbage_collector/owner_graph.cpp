#include "cluster/controllers/garbage_collector/owner_graph.h"

#include <algorithm>

#include "cluster/api/registry.h"

namespace qd::controllers {
namespace {

constexpr std::size_t kRemembered = 8192;

bool hasFinalizer(const api::Object& object, const char* finalizer) {
    const auto& finalizers = object.metadata.finalizers;
    return std::find(finalizers.begin(), finalizers.end(), finalizer) != finalizers.end();
}

GraphNode nodeOf(const Resource& resource, const api::Object& object) {
    GraphNode node;
    node.resource = resource;
    node.ns = object.metadata.namespace_;
    node.name = object.metadata.name;
    node.uid = object.metadata.uid;
    node.owners = object.metadata.ownerReferences;
    node.beingDeleted = object.metadata.deletionTimestamp.has_value();
    node.orphansDependents = node.beingDeleted && hasFinalizer(object, "orphan");
    node.deletesDependents = node.beingDeleted && hasFinalizer(object, "foregroundDeletion");
    return node;
}

bool isCalled(const GraphNode& owner, const GraphNode& dependent, const metav1::OwnerReference& reference) {
    if (owner.name != reference.name || owner.resource.kind != reference.kind) return false;
    if (owner.resource.name.group != api::splitApiVersion(reference.apiVersion).group) return false;
    return !owner.resource.namespaced || owner.ns == dependent.ns;
}

bool blocks(const GraphNode& dependent, const std::string& uid) {
    return std::any_of(dependent.owners.begin(), dependent.owners.end(), [&](const auto& reference) { return reference.uid == uid && reference.blockOwnerDeletion.value_or(false); });
}

}  // namespace

std::set<std::string> OwnerGraph::change(const Resource& resource, const api::ObjectPtr& old, const api::ObjectPtr& now) {
    std::lock_guard lock(m_mutex);
    std::set<std::string> concerned;
    if (old && (!now || now->metadata.uid != old->metadata.uid)) concerned = remove(old->metadata.uid);
    if (now) concerned.merge(add(nodeOf(resource, *now)));
    return concerned;
}

void OwnerGraph::unlink(const GraphNode& node) {
    for (const auto& reference : node.owners) {
        const auto found = m_dependents.find(reference.uid);
        if (found == m_dependents.end()) continue;
        found->second.erase(node.uid);
        if (found->second.empty()) m_dependents.erase(found);
    }
}

std::set<std::string> OwnerGraph::add(GraphNode node) {
    std::set<std::string> concerned;
    const auto before = m_nodes.find(node.uid);
    if (before != m_nodes.end()) {
        const GraphNode& known = before->second;
        const bool same = known.owners == node.owners && known.beingDeleted == node.beingDeleted && known.orphansDependents == node.orphansDependents &&
                          known.deletesDependents == node.deletesDependents;
        if (same) return {};
        // An owner that waits for this one looks again when its references change or it starts to go.
        if (before->second.owners != node.owners || before->second.beingDeleted != node.beingDeleted) {
            for (const auto& reference : before->second.owners) concerned.insert(reference.uid);
        }
        unlink(before->second);
    }
    for (const auto& reference : node.owners) m_dependents[reference.uid].insert(node.uid);
    if (!node.owners.empty() || node.orphansDependents || node.deletesDependents) concerned.insert(node.uid);
    if (node.deletesDependents) {
        if (const auto found = m_dependents.find(node.uid); found != m_dependents.end()) concerned.insert(found->second.begin(), found->second.end());
    }
    m_gone.erase(node.uid);
    const std::string uid = node.uid;
    m_nodes.insert_or_assign(uid, std::move(node));
    return concerned;
}

std::set<std::string> OwnerGraph::remove(const std::string& uid) {
    const auto found = m_nodes.find(uid);
    if (found == m_nodes.end()) return {};
    std::set<std::string> concerned;
    for (const auto& reference : found->second.owners) concerned.insert(reference.uid);
    unlink(found->second);
    m_nodes.erase(found);
    if (const auto dependents = m_dependents.find(uid); dependents != m_dependents.end()) {
        concerned.insert(dependents->second.begin(), dependents->second.end());
        if (m_gone.size() >= kRemembered) m_gone.clear();
        m_gone.insert(uid);
    }
    return concerned;
}

std::optional<GraphNode> OwnerGraph::find(const std::string& uid) const {
    std::lock_guard lock(m_mutex);
    const auto found = m_nodes.find(uid);
    if (found == m_nodes.end()) return std::nullopt;
    return found->second;
}

std::vector<GraphNode> OwnerGraph::dependentsOf(const std::string& uid) const {
    std::lock_guard lock(m_mutex);
    std::vector<GraphNode> nodes;
    if (const auto found = m_dependents.find(uid); found != m_dependents.end()) {
        for (const auto& dependent : found->second) nodes.push_back(m_nodes.at(dependent));
    }
    return nodes;
}

std::vector<GraphNode> OwnerGraph::blockingDependentsOf(const std::string& uid) const {
    auto nodes = dependentsOf(uid);
    std::erase_if(nodes, [&uid](const GraphNode& node) { return !blocks(node, uid); });
    return nodes;
}

OwnerState OwnerGraph::ownerState(const GraphNode& dependent, const metav1::OwnerReference& reference) const {
    std::lock_guard lock(m_mutex);
    const auto owner = m_nodes.find(reference.uid);
    if (owner == m_nodes.end() || !isCalled(owner->second, dependent, reference)) return OwnerState::Unknown;
    return owner->second.deletesDependents ? OwnerState::WaitsForDependents : OwnerState::Solid;
}

bool OwnerGraph::isKnownGone(const std::string& uid) const {
    std::lock_guard lock(m_mutex);
    return m_gone.contains(uid);
}

}  // namespace qd::controllers
