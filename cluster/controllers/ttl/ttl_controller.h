// Tells the nodes' agents for how long they may keep what they read of Secrets and ConfigMaps: the annotation
// node.alpha.kubernetes.io/ttl, in seconds, longer the more nodes there are.
// Source: https://kubernetes.io/docs/reference/labels-annotations-taints/#node-alpha-kubernetes-io-ttl.
#pragma once

#include <mutex>

#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

// The sizes of clusters that have one time each; they overlap, so that a node that comes and goes changes nothing.
// Which one a cluster of so many nodes belongs to that was in `step` before.
std::size_t ttlStep(std::size_t step, std::size_t nodes);
int ttlSeconds(std::size_t step);

class TtlController final : public Controller {
public:
    explicit TtlController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    void onNode(const api::ObjectPtr& old, const api::ObjectPtr& now);
    int wanted();

    Context& m_context;
    client::Informer& m_nodes;
    std::mutex m_mutex;
    std::size_t m_step = 0;  // guarded by m_mutex
};

}  // namespace qd::controllers
