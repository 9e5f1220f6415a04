// Keeps the Node object and its Lease: registers the node, renews the Lease every ten seconds, writes the status when
// it changes and at least every five minutes. Source:
// https://kubernetes.io/docs/reference/node/node-status/#heartbeats.
#pragma once

#include <functional>
#include <mutex>

#include "cluster/client/client.h"
#include "vmnodes/agent/cluster_access.h"
#include "vmnodes/agent/node/node_status.h"

namespace qd::agent::node {

class NodeReporter {
public:
    // `findings` is asked every ten seconds, on a thread of the executor. `events` may be null.
    NodeReporter(client::Client& client, base::Executor& executor, EventSink* events, NodeSettings settings,
                 Machine machine, std::function<NodeFindings()> findings);
    ~NodeReporter();

    void start();
    void stop();
    // Something about the node changed: look now.
    void poke();
    // The node as the server last answered it; null before it is registered.
    std::shared_ptr<const corev1::Node> node() const;

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::agent::node
