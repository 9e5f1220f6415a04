// Who owns whom, by uid, as the copies of all resources show it. Thread-safe.
//
// An owner may be named before it is seen, or never be seen at all: then it is only a name in its dependents' references.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/api/object.h"
#include "cluster/controllers/runtime/resources.h"

namespace qd::controllers {

struct GraphNode {
    Resource resource;
    std::string ns;
    std::string name;
    std::string uid;
    std::vector<metav1::OwnerReference> owners;
    bool beingDeleted = false;
    bool orphansDependents = false;  // being deleted, and its dependents are to be left alone
    bool deletesDependents = false;  // being deleted in the foreground: waits for its dependents
};

// What a reference says of an owner that is in the graph.
enum class OwnerState : std::uint8_t { Solid, WaitsForDependents, Unknown /* not in the graph, or not what it was called */ };

class OwnerGraph {
public:
    // Takes in an object as it is now, or that it is gone; answers whose fate may have changed (uids).
    std::set<std::string> change(const Resource& resource, const api::ObjectPtr& old, const api::ObjectPtr& now);

    std::optional<GraphNode> find(const std::string& uid) const;
    std::vector<GraphNode> dependentsOf(const std::string& uid) const;
    // Those that the owner must wait for when it is deleted in the foreground.
    std::vector<GraphNode> blockingDependentsOf(const std::string& uid) const;
    OwnerState ownerState(const GraphNode& dependent, const metav1::OwnerReference& reference) const;
    // Whether an object of that uid was in the graph and went.
    bool isKnownGone(const std::string& uid) const;

private:
    std::set<std::string> add(GraphNode node);
    std::set<std::string> remove(const std::string& uid);
    void unlink(const GraphNode& node);

    mutable std::mutex m_mutex;
    std::map<std::string, GraphNode> m_nodes;
    std::map<std::string, std::set<std::string>> m_dependents;  // owner's uid -> uids
    std::set<std::string> m_gone;
};

}  // namespace qd::controllers
