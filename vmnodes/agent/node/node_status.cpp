#include "vmnodes/agent/node/node_status.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/placement/advertised_resources.h"

namespace qd::agent::node {
namespace {

constexpr std::int64_t kLeastMemory = 100LL << 20;  // kubelet's default eviction threshold memory.available<100Mi
constexpr std::size_t kMostImages = 50;

struct Draft {
    const char* type;
    bool holds;
    const char* reason;
    std::string message;
};

Draft readiness(const NodeFindings& findings) {
    if (findings.runtime.empty()) return {corev1::NodeReady, false, "KubeletNotReady", "[container runtime is down]"};
    for (const cri::RuntimeCondition& condition : findings.runtime) {
        if (condition.status) continue;
        const bool network = condition.type == "NetworkReady";
        return {corev1::NodeReady, false, "KubeletNotReady",
                fmt::format("container runtime {}not ready: {}=false reason:{} message:{}", network ? "network " : "",
                            condition.type, condition.reason, condition.message)};
    }
    if (!findings.networkConfigured)
        return {corev1::NodeReady, false, "KubeletNotReady",
                "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:the node "
                "has no Pod CIDR yet"};
    return {corev1::NodeReady, true, "KubeletReady", "kubelet is posting ready status"};
}

std::vector<Draft> conditions(const NodeFindings& findings, const Machine& machine) {
    const Pressure& pressure = findings.pressure;
    const bool memory = pressure.memoryAvailable < kLeastMemory;
    const bool disk =
        machine.diskBytes > 0 && (pressure.diskAvailable < machine.diskBytes / 10 ||
                                  (pressure.diskInodes > 0 && pressure.diskInodesFree < pressure.diskInodes / 20));
    const bool processes = pressure.mostProcesses > 0 && pressure.processes > pressure.mostProcesses * 9 / 10;
    return {
        {corev1::NodeMemoryPressure, memory, memory ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
         memory ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available"},
        {corev1::NodeDiskPressure, disk, disk ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
         disk ? "kubelet has disk pressure" : "kubelet has no disk pressure"},
        {corev1::NodePIDPressure, processes, processes ? "KubeletHasInsufficientPID" : "KubeletHasSufficientPID",
         processes ? "kubelet has insufficient PID available" : "kubelet has sufficient PID available"},
        readiness(findings),
    };
}

void setCondition(const Draft& draft, base::WallTime now, corev1::NodeStatus& status) {
    const std::string value = draft.holds ? corev1::ConditionTrue : corev1::ConditionFalse;
    auto found = std::ranges::find(status.conditions, draft.type, &corev1::NodeCondition::type);
    if (found == status.conditions.end()) {
        status.conditions.emplace_back().type = draft.type;
        found = std::prev(status.conditions.end());
    }
    if (found->status != value) {
        found->status = value;
        found->lastTransitionTime = api::Time(now);
    }
    found->lastHeartbeatTime = api::Time(now);
    found->reason = draft.reason;
    found->message = draft.message;
}

}  // namespace

Allocatable allocatableOf(const Machine& machine, const NodeSettings& settings) {
    return {std::max<std::int64_t>(machine.cpus * 1000LL - settings.reservedMilliCpu, 0),
            std::max<std::int64_t>(machine.memoryBytes - settings.reservedMemory, 0), machine.diskBytes / 10 * 9};
}

bool reconcileMetadata(const NodeSettings& settings, corev1::Node& node) {
    bool changed = false;
    const auto set = [&](api::Map<std::string>& map, const char* key, const std::string& value) {
        auto& slot = map[key];
        changed = changed || slot != value;
        slot = value;
    };
    set(node.metadata.labels, corev1::LabelHostname, settings.name);
    for (const char* key : {"kubernetes.io/os", "beta.kubernetes.io/os"}) set(node.metadata.labels, key, "linux");
    for (const char* key : {"kubernetes.io/arch", "beta.kubernetes.io/arch"}) set(node.metadata.labels, key, "amd64");
    set(node.metadata.annotations, "volumes.kubernetes.io/controller-managed-attach-detach", "true");
    return changed;
}

corev1::Node newNode(const NodeSettings& settings) {
    corev1::Node node;
    node.metadata.name = settings.name;
    reconcileMetadata(settings, node);
    return node;
}

void fillStatus(const NodeSettings& settings, const Machine& machine, const NodeFindings& findings, base::WallTime now,
                corev1::Node& node) {
    corev1::NodeStatus& status = node.status;
    const Allocatable allocatable = allocatableOf(machine, settings);
    const auto binary = [](std::int64_t bytes) {
        return api::Quantity(bytes / 1024 * 1024, api::Quantity::Format::BinarySI);
    };
    status.capacity["cpu"] = api::Quantity(machine.cpus);
    status.capacity["memory"] = binary(machine.memoryBytes);
    status.capacity["ephemeral-storage"] = binary(machine.diskBytes);
    status.capacity["pods"] = api::Quantity(settings.mostPods);
    status.allocatable["cpu"] = api::Quantity::milli(allocatable.milliCpu);
    status.allocatable["memory"] = binary(allocatable.memory);
    status.allocatable["ephemeral-storage"] = api::Quantity(allocatable.disk);
    status.allocatable["pods"] = api::Quantity(settings.mostPods);
    api::offerAdvertised(status);
    status.addresses.clear();
    for (const std::string& address : settings.addresses) {
        auto& entry = status.addresses.emplace_back();
        entry.type = corev1::NodeInternalIP;
        entry.address = address;
    }
    auto& host = status.addresses.emplace_back();
    host.type = corev1::NodeHostName;
    host.address = settings.name;
    status.daemonEndpoints.kubeletEndpoint.Port = settings.port;
    corev1::NodeSystemInfo& info = status.nodeInfo;
    info.machineID = machine.machineId;
    info.systemUUID = machine.systemUuid;
    info.bootID = machine.bootId;
    info.kernelVersion = machine.kernelVersion;
    info.osImage = machine.osImage;
    info.containerRuntimeVersion = findings.runtimeVersion;
    info.kubeletVersion = settings.version;
    info.operatingSystem = "linux";
    info.architecture = "amd64";
    for (const Draft& draft : conditions(findings, machine)) setCondition(draft, now, status);
    status.images = findings.images;
    std::ranges::stable_sort(status.images, std::greater(), &corev1::ContainerImage::sizeBytes);
    if (status.images.size() > kMostImages) status.images.resize(kMostImages);
    status.volumesInUse = findings.volumesInUse;
}

bool differs(const corev1::NodeStatus& a, const corev1::NodeStatus& b) {
    const auto withoutTimes = [](corev1::NodeStatus status) {
        for (corev1::NodeCondition& condition : status.conditions) condition.lastHeartbeatTime = {};
        return status;
    };
    return !(withoutTimes(a) == withoutTimes(b));
}

bool isReady(const corev1::NodeStatus& status) {
    return std::ranges::any_of(status.conditions, [](const corev1::NodeCondition& condition) {
        return condition.type == corev1::NodeReady && condition.status == corev1::ConditionTrue;
    });
}

}  // namespace qd::agent::node
