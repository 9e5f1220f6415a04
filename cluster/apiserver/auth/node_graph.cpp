#include "cluster/apiserver/auth/node_graph.h"

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/resource_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/apiserver/auth/object_references.h"

namespace qd::apiserver {
namespace {

constexpr std::size_t kBatch = 256;

std::string keyOf(NodeObject kind, const std::string& ns, const std::string& name) {
    std::string key(1, static_cast<char>(kind));
    key += '/';
    key += ns;
    key += '/';
    key += name;
    return key;
}

}  // namespace

bool NodeGraph::leadsTo(const std::string& node, NodeObject kind, const std::string& ns, const std::string& name) const {
    const std::lock_guard lock(m_mutex);
    // What is known is a cache of the store: bringing it up to date changes nothing that a caller can see.
    const_cast<NodeGraph*>(this)->catchUp();
    if (kind == NodeObject::Volume) {
        const auto found = m_volumes.find(name);
        return found != m_volumes.end() && holds(node, found->second.claim);
    }
    const std::string key = keyOf(kind, ns, name);
    if (holds(node, key)) return true;
    if (kind != NodeObject::Secret) return false;
    const auto volumes = m_volumesOfSecrets.find(key);
    if (volumes == m_volumesOfSecrets.end()) return false;
    return std::any_of(volumes->second.begin(), volumes->second.end(),
                       [&](const std::string& volume) { return holds(node, m_volumes.at(volume).claim); });
}

bool NodeGraph::holds(const std::string& node, const std::string& key) const {
    const auto found = m_nodes.find(node);
    return found != m_nodes.end() && found->second.contains(key);
}

void NodeGraph::catchUp() {
    if (m_sources.empty()) {
        begin();
        return;
    }
    for (Source& source : m_sources) {
        if (follow(source)) continue;
        begin();  // compacted past us, after long without a question
        return;
    }
}

bool NodeGraph::follow(Source& source) {
    if (!source.watch) return false;
    for (;;) {
        const auto events = source.watch->poll(kBatch);
        if (!events) return false;
        for (const auto& event : *events) (this->*source.take)(*event->entry, event->operation == store::Operation::Delete);
        if (events->size() < kBatch) return true;
    }
}

void NodeGraph::begin() {
    m_holdings.clear();
    m_nodes.clear();
    m_volumes.clear();
    m_volumesOfSecrets.clear();
    m_sources.clear();
    m_sources.push_back({"pods", &NodeGraph::takePod, std::nullopt});
    m_sources.push_back({"persistentvolumes", &NodeGraph::takeVolume, std::nullopt});
    m_sources.push_back({"volumeattachments.storage.k8s.io", &NodeGraph::takeAttachment, std::nullopt});
    m_sources.push_back({"resourceslices.resource.k8s.io", &NodeGraph::takeSlice, std::nullopt});
    for (Source& source : m_sources) {
        const auto snapshot = m_store.snapshot(source.resource);
        if (!snapshot) continue;  // tried again at the next question
        for (const auto& entry : snapshot->entries()) (this->*source.take)(*entry, false);
        if (auto watch = m_store.watch(source.resource, "", snapshot->revision())) source.watch = std::move(*watch);
    }
}

void NodeGraph::hold(const std::string& holder, Holding holding) {
    if (const auto before = m_holdings.find(holder); before != m_holdings.end()) {
        auto& counts = m_nodes[before->second.node];
        for (const auto& key : before->second.keys) {
            if (--counts[key] == 0) counts.erase(key);
        }
        if (counts.empty()) m_nodes.erase(before->second.node);
        m_holdings.erase(before);
    }
    if (holding.node.empty()) return;
    auto& counts = m_nodes[holding.node];
    for (const auto& key : holding.keys) ++counts[key];
    m_holdings.emplace(holder, std::move(holding));
}

void NodeGraph::takePod(const store::Entry& entry, bool gone) {
    const auto& pod = static_cast<const corev1::Pod&>(*entry.object());
    const std::string& ns = pod.metadata.namespace_;
    const std::string own = keyOf(NodeObject::Pod, ns, pod.metadata.name);
    if (gone || pod.spec.nodeName.empty()) return hold(own, {});
    Holding holding{.node = pod.spec.nodeName, .keys = {own}};
    // A node makes mirror Pods itself: they must not let it read anything.
    if (!pod.metadata.annotations.contains("kubernetes.io/config.mirror")) {
        const auto add = [&](NodeObject kind, const std::set<std::string>& names) {
            for (const auto& name : names) holding.keys.push_back(keyOf(kind, ns, name));
        };
        if (!pod.spec.serviceAccountName.empty()) add(NodeObject::ServiceAccount, {pod.spec.serviceAccountName});
        add(NodeObject::Secret, secretsOf(pod));
        add(NodeObject::ConfigMap, configMapsOf(pod));
        add(NodeObject::Claim, claimsOf(pod));
        add(NodeObject::ResourceClaim, resourceClaimsOf(pod));
    }
    hold(own, std::move(holding));
}

void NodeGraph::takeVolume(const store::Entry& entry, bool gone) {
    const auto& volume = static_cast<const corev1::PersistentVolume&>(*entry.object());
    const std::string& name = volume.metadata.name;
    if (const auto before = m_volumes.find(name); before != m_volumes.end()) {
        for (const auto& secret : before->second.secrets) {
            auto& volumes = m_volumesOfSecrets[secret];
            volumes.erase(name);
            if (volumes.empty()) m_volumesOfSecrets.erase(secret);
        }
        m_volumes.erase(before);
    }
    if (gone || !volume.spec.claimRef) return;
    Volume known{.claim = keyOf(NodeObject::Claim, volume.spec.claimRef->namespace_, volume.spec.claimRef->name), .secrets = {}};
    for (const auto& [ns, secret] : secretsOf(volume)) {
        known.secrets.push_back(keyOf(NodeObject::Secret, ns, secret));
        m_volumesOfSecrets[known.secrets.back()].insert(name);
    }
    m_volumes.emplace(name, std::move(known));
}

void NodeGraph::takeAttachment(const store::Entry& entry, bool gone) {
    const auto& attachment = static_cast<const storagev1::VolumeAttachment&>(*entry.object());
    const std::string own = keyOf(NodeObject::Attachment, "", attachment.metadata.name);
    hold(own, gone ? Holding{} : Holding{.node = attachment.spec.nodeName, .keys = {own}});
}

void NodeGraph::takeSlice(const store::Entry& entry, bool gone) {
    const auto& slice = static_cast<const resourcev1::ResourceSlice&>(*entry.object());
    const std::string own = keyOf(NodeObject::Slice, "", slice.metadata.name);
    hold(own, gone ? Holding{} : Holding{.node = slice.spec.nodeName.value_or(""), .keys = {own}});
}

}  // namespace qd::apiserver
