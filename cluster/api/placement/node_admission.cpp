#include "cluster/api/placement/node_admission.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

#include "cluster/api/placement/node_selector.h"
#include "cluster/api/placement/tolerations.h"

namespace qd::api::placement {
namespace {

using Answer = std::optional<Refusal>;

constexpr std::string_view kOs = "linux";
constexpr base::Duration kEach = std::chrono::seconds(1);
constexpr int kAtOnce = 25;

bool isExtended(std::string_view resource) {
    return resource.find('/') != std::string_view::npos && resource.find("kubernetes.io/") == std::string_view::npos &&
           !resource.starts_with("requests.");
}

std::string quoted(const std::string& text) {
    return '"' + text + '"';
}

// net/ipv4/tcp_syncookies is net.ipv4.tcp_syncookies; what has a dot first has dots between its parts already.
std::string withDots(std::string name) {
    const auto first = name.find_first_of("./");
    if (first == std::string::npos || name[first] == '.') return name;
    for (char& each : name) each = each == '/' ? '.' : each == '.' ? '/' : each;
    return name;
}

// Those that touch nobody but the Pod. Source:
// https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls.
Answer checkSysctls(const corev1::Pod& pod) {
    static constexpr std::array<std::string_view, 12> kSafe = {
        "kernel.shm_rmid_forced",        "net.ipv4.ip_local_port_range",   "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",     "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",   "net.ipv4.tcp_fin_timeout",       "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",              "net.ipv4.tcp_wmem"};
    if (!pod.spec.securityContext) return std::nullopt;
    const auto forbidden = [](const std::string& why) { return Refusal{"SysctlForbidden", "forbidden sysctl: " + why}; };
    for (const auto& sysctl : pod.spec.securityContext->sysctls) {
        const std::string name = withDots(sysctl.name);
        if (std::ranges::find(kSafe, name) == kSafe.end()) return forbidden(quoted(name) + " not allowlisted");
        const bool isNetwork = name.starts_with("net.");
        if (isNetwork ? pod.spec.hostNetwork : pod.spec.hostIPC)
            return forbidden(quoted(name) + " not allowed with host " + (isNetwork ? "Net" : "IPC") + " enabled");
    }
    return std::nullopt;
}

// The selector that is looked at is a label of the Pod, as in kubelet; spec.nodeSelector is looked at with the affinity.
Answer checkOs(const corev1::Pod& pod) {
    const auto label = pod.metadata.labels.find("kubernetes.io/os");
    if (label != pod.metadata.labels.end() && label->second != kOs)
        return Refusal{"PodOSSelectorNodeLabelDoesNotMatch",
                       "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"};
    if (pod.spec.os && pod.spec.os->name != kOs)
        return Refusal{"PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"};
    return std::nullopt;
}

Answer checkGroups(const corev1::Pod& pod, const corev1::Node& node) {
    if (!pod.spec.securityContext || pod.spec.securityContext->supplementalGroupsPolicy != "Strict") return std::nullopt;
    const auto& features = node.status.features;
    if (features && features->supplementalGroupsPolicy.value_or(false)) return std::nullopt;
    return Refusal{"SupplementalGroupsPolicyNotSupported", "SupplementalGroupsPolicy=Strict is not supported in this node"};
}

// The first resource of which too little is left.
Answer checkResources(const Resources& wanted, const Resources& used, const corev1::Node& node) {
    const Resources capacity(node.status.allocatable);
    const auto check = [&](const std::string& name, std::int64_t asked) -> Answer {
        const std::int64_t inUse = used.of(name), all = capacity.of(name);
        if (asked <= 0 || asked <= all - inUse) return std::nullopt;
        return Refusal{"OutOf" + name, "Node didn't have enough resource: " + name + ", requested: " + std::to_string(asked) +
                                           ", used: " + std::to_string(inUse) + ", capacity: " + std::to_string(all)};
    };
    for (const char* name : {"pods", "cpu", "memory", "ephemeral-storage"}) {
        if (auto refusal = check(name, wanted.of(name))) return refusal;
    }
    for (const auto& [name, amount] : wanted.scalars) {
        if (isExtended(name) && !node.status.allocatable.contains(name)) continue;
        if (auto refusal = check(name, amount)) return refusal;
    }
    return std::nullopt;
}

Answer checkPlacement(const corev1::Pod& pod, const corev1::Node& node, const PodNeeds& wanted, const PodNeeds& taken) {
    const auto failed = [](const std::string& predicate, const std::string& why) {
        return Refusal{predicate, "Predicate " + predicate + " failed: " + why};
    };
    if (!matchesRequiredAffinity(pod, node))
        return failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
    if (!pod.spec.nodeName.empty() && pod.spec.nodeName != node.metadata.name)
        return failed("NodeName", "node(s) didn't match the requested node name");
    const bool conflict = std::ranges::any_of(wanted.hostPorts, [&](const HostPort& port) {
        return std::ranges::any_of(taken.hostPorts, [&](const HostPort& other) { return port.conflictsWith(other); });
    });
    if (conflict) return failed("NodePorts", "node(s) didn't have free ports for the requested pod ports");
    const bool repelled = !isStaticPod(pod) && std::ranges::any_of(node.spec.taints, [&](const corev1::Taint& taint) {
        return taint.effect == "NoExecute" && !tolerates(pod.spec.tolerations, taint);
    });
    if (repelled) return failed("TaintToleration", "node(s) had taints that the pod didn't tolerate");
    return std::nullopt;
}

bool isNodesOwn(const std::string& condition) {
    static constexpr std::array<std::string_view, 8> kOwn = {
        "PodScheduled",        "Ready",            "Initialized", "ContainersReady", "PodResizeInProgress",
        "PodResizePending",    "PodReadyToStartContainers", "AllContainersRestarting"};
    return std::ranges::find(kOwn, condition) != kOwn.end();
}

}  // namespace

bool isStaticPod(const corev1::Pod& pod) {
    const auto source = pod.metadata.annotations.find(kConfigSourceAnnotation);
    return source != pod.metadata.annotations.end() && source->second != "api";
}

PodNeeds& PodNeeds::operator+=(const PodNeeds& other) {
    requests += other.requests;
    hostPorts.insert(hostPorts.end(), other.hostPorts.begin(), other.hostPorts.end());
    return *this;
}

PodNeeds needsOf(const corev1::Pod& pod) {
    PodNeeds needs{podRequests(pod), hostPortsOf(pod)};
    needs.requests.pods = 1;
    return needs;
}

std::optional<Refusal> refusalOf(const corev1::Pod& pod, const corev1::Node& node, const PodNeeds& taken) {
    if (auto refusal = checkSysctls(pod)) return refusal;
    if (auto refusal = checkOs(pod)) return refusal;
    if (auto refusal = checkGroups(pod, node)) return refusal;
    const PodNeeds wanted = needsOf(pod);
    if (!isStaticPod(pod) && !pod.metadata.annotations.contains(corev1::MirrorPodAnnotationKey)) {
        if (auto refusal = checkResources(wanted.requests, taken.requests, node)) return refusal;
    }
    return checkPlacement(pod, node, wanted, taken);
}

bool comesBefore(const corev1::Pod& a, const corev1::Pod& b) {
    const auto age = [](const corev1::Pod& pod) {
        return std::tie(pod.metadata.creationTimestamp, pod.metadata.namespace_, pod.metadata.name);
    };
    return age(a) < age(b);
}

corev1::PodStatus refusedStatus(const corev1::Pod& pod, const Refusal& refusal, base::WallTime now) {
    corev1::PodStatus status = pod.status;
    std::erase_if(status.conditions, [](const corev1::PodCondition& condition) { return isNodesOwn(condition.type); });
    status.initContainerStatuses.clear();
    status.containerStatuses.clear();
    status.ephemeralContainerStatuses.clear();
    status.observedGeneration = pod.metadata.generation;
    status.phase = "Failed";
    status.reason = refusal.reason;
    status.message = "Pod was rejected: " + refusal.message;
    if (!status.startTime) status.startTime = api::Time(now);
    return status;
}

base::Duration RefusalPace::left(base::SteadyTime now) const {
    const auto ahead = std::chrono::duration_cast<base::Duration>(m_paidUntil - now);
    return std::max(base::Duration(0), ahead - (kAtOnce - 1) * kEach);
}

void RefusalPace::spend(base::SteadyTime now) {
    m_paidUntil = std::max(m_paidUntil, now) + kEach;
}

Decision decide(const corev1::Pod& pod, const corev1::Node& node, const PodNeeds& taken, const RefusalPace& pace, base::SteadyTime now,
                const std::function<std::shared_ptr<const corev1::Node>()>& newest) {
    auto refusal = refusalOf(pod, node, taken);
    if (!refusal) return {};
    if (const base::Duration left = pace.left(now); left > base::Duration(0)) return {.refusal = {}, .wait = left};
    if (const auto fresh = newest()) refusal = refusalOf(pod, *fresh, taken);
    return {.refusal = std::move(refusal)};
}

}  // namespace qd::api::placement
