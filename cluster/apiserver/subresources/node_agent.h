// Where a node's agent is reached, and which container of a Pod is meant: what log, exec, attach and port-forward
// share. Contract of the agent: docs/node-agent.md.
#pragma once

#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/transport/forward.h"

namespace qd::apiserver {

struct AgentAddress {
    std::string address;
    std::uint16_t port = 0;
};

// NotFound when there is no such node; an error without a reason when it tells no address.
Result<AgentAddress> agentOf(const Verbs& verbs, const std::string& node);
// The request for the agent's server there.
ForwardRequest toAgent(const AgentAddress& agent, std::string target);

Result<std::shared_ptr<const corev1::Pod>> podOf(const Verbs& verbs, const std::string& ns, const std::string& name);
// The name that was given, when the Pod has such a container; else that of its only one. BadRequest otherwise.
Result<std::string> containerOf(const corev1::Pod& pod, const std::string& given);

// A failure for which Kubernetes has no reason: code 500, the message alone.
Error withoutReason(std::string message);

}  // namespace qd::apiserver
