// Deletes objects whose owners are all gone, and carries out foreground and orphaning deletions.
//
// Keys are uids. What the copies show only says where to look: before an object is deleted it, and each owner that is not
// in the copies, is read afresh, and the deletion is bound to the revision that was read.
// Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "cluster/controllers/garbage_collector/owner_graph.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class GarbageCollector final : public Controller {
public:
    GarbageCollector(Context& context, ResourceList resources);
    ~GarbageCollector() override;
    void ready() override;
    Result<Outcome> sync(const std::string& key) override;

private:
    // An object's owners by what is to be thought of them.
    struct Owners {
        std::vector<metav1::OwnerReference> solid;
        std::vector<metav1::OwnerReference> dangling;
        std::vector<metav1::OwnerReference> waiting;  // in the foreground, for this object among others
        bool invalidNamespace = false;                // the object is cluster-scoped and names a namespaced owner
    };

    void onChange(const Resource& resource, const api::ObjectPtr& old, const api::ObjectPtr& now);
    // Begins to watch what has been defined since; stops what is no more.
    void watchNewResources();
    std::optional<Resource> resourceOf(const metav1::OwnerReference& reference) const;

    Result<Outcome> orphan(const GraphNode& owner);
    Result<Outcome> finishForeground(const GraphNode& owner);
    Result<Outcome> collect(const GraphNode& node);
    Result<Owners> classify(const GraphNode& node, const api::Object& latest);
    Result<OwnerState> verify(const GraphNode& node, const metav1::OwnerReference& reference, bool& invalidNamespace);

    Result<Outcome> removeReferences(const GraphNode& node, const api::Object& latest, const std::vector<metav1::OwnerReference>& keep);
    Result<Outcome> removeFinalizer(const GraphNode& node, const std::string& finalizer);
    Result<Outcome> remove(const GraphNode& node, const api::Object& latest, const std::string& policy);
    Result<Outcome> patch(const GraphNode& node, const api::Object& latest, const std::string& members);

    Context& m_context;
    const ResourceList m_resources;
    OwnerGraph m_graph;
    mutable std::mutex m_mutex;
    std::map<client::ResourceName, Resource> m_watched;
    std::map<client::ResourceName, std::unique_ptr<client::Informer>> m_own;  // of resources defined since the start
};

}  // namespace qd::controllers
