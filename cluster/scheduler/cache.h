// The nodes and what is on them, as the scheduler believes it: informers' Pods and the ones that it has placed itself
// and whose binding is on its way (assumed).
//
// Not thread-safe: it lives on the scheduler's strand, so that a scheduling cycle reads it in place and copies nothing.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class Cache final : public Nodes {
public:
    // Those that exist, those of different zones taking turns.
    const std::vector<const NodeInfo*>& all() const override;
    const NodeInfo* find(const std::string& name) const override;
    const Topology& topology(const std::string& key) const override;
    std::shared_ptr<const DomainSums> tally(const std::string& identity, const Topology& topology,
                                            const Tallies::Weigh& weigh) const override {
        return m_tallies.of(identity, topology, weigh, all());
    }
    const KeyCounts& requiredAntiKeys() const override { return m_requiredAntiKeys; }
    const KeyCounts& preferenceKeys() const override { return m_preferenceKeys; }
    const PodClasses& classes() const override { return m_classes; }
    PodClasses& classes() { return m_classes; }
    const Nominations& nominations() const override { return m_nominations; }
    Nominations& nominations() { return m_nominations; }

    void setNode(client::Ptr<corev1::Node> node);
    void removeNode(const std::string& name);
    // The labels of namespaces, by which terms select, have changed.
    void namespacesChanged() { m_tallies.clear(); }

    // A Pod that an informer saw on spec.nodeName; confirms one that was assumed.
    void setPod(PodInfoPtr pod);
    void removePod(const std::string& uid);
    void assume(PodInfoPtr pod, const std::string& node);
    // Takes back an assumption; does nothing to a Pod that was seen on a node.
    void forget(const std::string& uid);
    bool assumed(const std::string& uid) const;
    bool contains(const std::string& uid) const { return m_pods.contains(uid); }
    std::size_t pods() const { return m_pods.size(); }

private:
    struct Place {
        std::string node;
        bool assumed = false;
    };
    NodeInfo& entry(const std::string& name);
    void put(PodInfoPtr pod, const std::string& node);
    void countKeys(const PodInfo& pod, int by);
    void dropIfUnused(const std::string& name);
    void countImages(NodeInfo& node, const corev1::Node* fresh);

    PodClasses m_classes;
    Nominations m_nominations;
    std::unordered_map<std::string, std::unique_ptr<NodeInfo>> m_nodes;
    std::unordered_map<std::string, Place> m_pods;  // by uid
    std::unordered_map<std::string, std::shared_ptr<ImageState>> m_images;
    std::vector<std::string> m_order;  // of nodes' appearance
    mutable std::vector<const NodeInfo*> m_all;
    mutable bool m_stale = false;  // m_all is to be built anew
    mutable std::vector<std::unique_ptr<Topology>> m_topologies;
    mutable Tallies m_tallies;
    mutable bool m_topologiesStale = false;  // the domains are to be numbered anew
    KeyCounts m_requiredAntiKeys;
    KeyCounts m_preferenceKeys;
};

}  // namespace qd::scheduler
