// Which objects belong to which node: its Pods and what they refer to. Source:
// https://kubernetes.io/docs/reference/access-authn-authz/node/.
//
// It follows the store: every question first takes in what was committed since the last one, so that a node that has heard of
// a Pod may read what the Pod needs. Thread-safe. Must not outlive the store.
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/store/store.h"

namespace qd::apiserver {

enum class NodeObject : char {
    Pod = 'p',
    Secret = 's',
    ConfigMap = 'c',
    Claim = 'v',
    Volume = 'V',
    ResourceClaim = 'r',
    ServiceAccount = 'a',
    Attachment = 'A',
    Slice = 'S',
};

class NodeGraph {
public:
    explicit NodeGraph(store::Store& store) : m_store(store) {}
    // Whether a Pod of this node is, or leads to, the object.
    bool leadsTo(const std::string& node, NodeObject kind, const std::string& ns, const std::string& name) const;

private:
    struct Source {
        const char* resource;
        void (NodeGraph::*take)(const store::Entry& entry, bool gone);
        std::optional<store::Watch> watch;
    };
    // What a Pod, an attachment or a slice adds to its node.
    struct Holding {
        std::string node;
        std::vector<std::string> keys;
    };
    struct Volume {
        std::string claim;  // the claim's key
        std::vector<std::string> secrets;
    };

    void catchUp();
    bool follow(Source& source);
    void begin();
    void takePod(const store::Entry& entry, bool gone);
    void takeVolume(const store::Entry& entry, bool gone);
    void takeAttachment(const store::Entry& entry, bool gone);
    void takeSlice(const store::Entry& entry, bool gone);
    // Replaces what `holder` adds; an empty node: nothing.
    void hold(const std::string& holder, Holding holding);
    bool holds(const std::string& node, const std::string& key) const;

    store::Store& m_store;
    mutable std::mutex m_mutex;  // guards all below
    std::vector<Source> m_sources;
    std::unordered_map<std::string, Holding> m_holdings;                                // by the holder's key
    std::unordered_map<std::string, std::unordered_map<std::string, int>> m_nodes;      // how many holders lead to a key
    std::unordered_map<std::string, Volume> m_volumes;                                  // by name
    std::unordered_map<std::string, std::set<std::string>> m_volumesOfSecrets;
};

}  // namespace qd::apiserver
