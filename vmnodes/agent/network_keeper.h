// Keeps the node's network as Pods, Services and the other nodes ask for it: plugin configuration, routes, virtual
// servers, rules. Whoever learns of a change calls poke(); the work is done once for changes that come together.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "cluster/base/executor.h"
#include "vmnodes/agent/proxy/proxy.h"
#include "vmnodes/agent/settings.h"

namespace qd::agent {

// What the network should be made of, as it is known now.
struct NetworkWishes {
    std::optional<network::Cidr> podCidr;
    std::vector<network::Peer> peers;
    bool peersKnown = false;  // false: routes are left as they are
    proxy::ProxyInput services;
    bool servicesKnown = false;  // false: virtual servers are left as they are
    std::vector<network::HostPort> hostPorts;
    // False: some Pods have not been looked at since the agent started, and their host ports are to stay.
    bool hostPortsKnown = false;
};

class NetworkKeeper {
public:
    NetworkKeeper(base::Executor& executor, AgentSettings settings, std::function<NetworkWishes()> wishes);
    ~NetworkKeeper();

    void poke();
    void stop();
    // Whether Pods can get addresses: the plugin is configured.
    bool isConfigured() const;

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::agent
