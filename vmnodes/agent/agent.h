// The node agent: builds its parts, connects them, starts and stops them in order. The one composition root of
// qdeck-agent.
#pragma once

#include <memory>

#include "cluster/base/executor.h"
#include "cluster/client/client.h"
#include "vmnodes/agent/settings.h"

namespace qd::agent {

class Agent {
public:
    // `client` may be null: then the agent runs static Pods alone.
    Agent(AgentSettings settings, base::Executor& executor, std::unique_ptr<client::Client> client);
    ~Agent();

    // Waits for the container runtime, then begins. Fails when the runtime does not come.
    Result<void> start();
    // Ends every Pod within the given time, as when the machine is shut down. Blocks.
    void endPods(std::chrono::seconds within);
    // Ends the agent; Pods go on.
    void stop();

private:
    struct Parts;
    std::unique_ptr<Parts> m_parts;
};

}  // namespace qd::agent
