#include "cluster/apiserver/subresources/node_agent.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace qd::apiserver {
namespace {

constexpr std::uint16_t kDefaultPort = 10250;

std::vector<std::string> containersOf(const corev1::PodSpec& spec) {
    std::vector<std::string> names;
    for (const auto& container : spec.initContainers) names.push_back(container.name);
    for (const auto& container : spec.containers) names.push_back(container.name);
    for (const auto& container : spec.ephemeralContainers) names.push_back(container.name);
    return names;
}

std::string known(const corev1::Node& node) {
    std::vector<std::string> all;
    for (const auto& each : node.status.addresses) all.push_back(fmt::format("{{{} {}}}", each.type, each.address));
    return fmt::format("[{}]", fmt::join(all, " "));
}

}  // namespace

Error withoutReason(std::string message) {
    Error error{Reason::Unknown, std::move(message)};
    error.code = 500;
    return error;
}

Result<AgentAddress> agentOf(const Verbs& verbs, const std::string& name) {
    const auto found = verbs.get(Target{api::builtinKind("", "v1", "Node"), "", name, ""});
    if (!found) return fail(found.error());
    const auto& node = static_cast<const corev1::Node&>(**found);
    const auto& addresses = node.status.addresses;
    const auto internal = std::find_if(addresses.begin(), addresses.end(),
                                       [](const corev1::NodeAddress& each) { return each.type == "InternalIP"; });
    if (internal == addresses.end())
        return fail(withoutReason("no preferred addresses found; known addresses: " + known(node)));
    if (node.metadata.labels.contains("quarterdeck.dev/hollow")) {
        return fail(
            withoutReason(fmt::format("node {} is hollow: its Pods have no containers that could be asked", name)));
    }
    const std::int32_t port = node.status.daemonEndpoints.kubeletEndpoint.Port;
    return AgentAddress{internal->address, port > 0 && port < 65536 ? static_cast<std::uint16_t>(port) : kDefaultPort};
}

ForwardRequest toAgent(const AgentAddress& agent, std::string target) {
    ForwardRequest request;
    request.address = agent.address;
    request.port = agent.port;
    request.target = std::move(target);
    return request;
}

Result<std::shared_ptr<const corev1::Pod>> podOf(const Verbs& verbs, const std::string& ns, const std::string& name) {
    auto found = verbs.get(Target{api::builtinKind("", "v1", "Pod"), ns, name, ""});
    if (!found) return fail(std::move(found.error()));
    return api::objectAs<corev1::Pod>(*found);
}

Result<std::string> containerOf(const corev1::Pod& pod, const std::string& given) {
    const std::vector<std::string> names = containersOf(pod.spec);
    if (!given.empty()) {
        if (std::find(names.begin(), names.end(), given) != names.end()) return given;
        return fail(Reason::BadRequest, fmt::format("container {} is not valid for pod {}", given, pod.metadata.name));
    }
    if (pod.spec.containers.size() == 1) return pod.spec.containers.front().name;
    const std::string needed = fmt::format("a container name must be specified for pod {}", pod.metadata.name);
    if (pod.spec.containers.empty()) return fail(Reason::BadRequest, needed);
    return fail(Reason::BadRequest, fmt::format("{}, choose one of: [{}]", needed, fmt::join(names, " ")));
}

}  // namespace qd::apiserver
