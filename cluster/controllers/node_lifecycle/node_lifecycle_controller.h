// Watches over the nodes: says so when one falls silent, taints it, and marks its Pods as not ready.
//
// While no node at all is ready nothing is evicted: then it is more likely this side that is cut off than that every
// machine died at once (upstream's "full disruption").
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "cluster/controllers/node_lifecycle/node_health.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class NodeLifecycleController final : public Controller {
public:
    explicit NodeLifecycleController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    using Node = client::Ptr<corev1::Node>;
    struct Known {
        Node node;
        std::optional<NodeHealth> health;
        bool podsToMark = false;
    };

    Outcome forget(const std::string& name);
    // The node's entry, made and announced when it is new.
    Known observe(const Node& node);
    Result<Node> markSilent(const Node& node);
    Result<void> markPods(const corev1::Node& node);
    Result<void> updateTaintsAndLabels(const corev1::Node& node);
    bool anyNodeReady();

    Context& m_context;
    client::Informer& m_nodes;
    client::Informer& m_leases;
    client::Informer& m_pods;
    std::mutex m_mutex;
    std::map<std::string, Known> m_known;
    std::set<std::string> m_ready;  // nodes that say that they are
};

}  // namespace qd::controllers
