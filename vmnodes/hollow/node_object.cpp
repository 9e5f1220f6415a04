#include "vmnodes/hollow/node_object.h"

#include <algorithm>

#include "cluster/api/volumes/attachment_rules.h"

namespace qd::hollow {
namespace {

constexpr std::int32_t kLeaseSeconds = 40;

struct Condition {
    const char* type;
    const char* status;
    const char* reason;
    const char* message;
};

void setCondition(corev1::Node& node, const Condition& wanted, base::WallTime now) {
    auto& conditions = node.status.conditions;
    auto found = std::find_if(conditions.begin(), conditions.end(), [&](const auto& each) { return each.type == wanted.type; });
    if (found == conditions.end()) {
        found = conditions.emplace(conditions.end());
        found->type = wanted.type;
    }
    if (found->status != wanted.status) found->lastTransitionTime = api::Time(now);
    found->status = wanted.status;
    found->reason = wanted.reason;
    found->message = wanted.message;
    found->lastHeartbeatTime = api::Time(now);
}

}  // namespace

corev1::Node nodeObject(const std::string& name, const std::string& address, const Capacity& capacity, base::WallTime now) {
    corev1::Node node;
    node.metadata.name = name;
    node.metadata.labels = {{"beta.kubernetes.io/arch", "amd64"}, {"beta.kubernetes.io/os", "linux"}, {"kubernetes.io/arch", "amd64"},
                            {"kubernetes.io/hostname", name},     {"kubernetes.io/os", "linux"},      {"quarterdeck.dev/hollow", "true"}};
    node.metadata.annotations[api::volumes::kControllerManagedAttach] = "true";
    node.status.capacity = {{"cpu", api::Quantity::of(capacity.cpu)},
                            {"memory", api::Quantity::of(capacity.memory)},
                            {"ephemeral-storage", api::Quantity::of(capacity.ephemeralStorage)},
                            {"pods", api::Quantity::of(capacity.pods)}};
    node.status.allocatable = node.status.capacity;
    node.status.addresses.resize(2);
    node.status.addresses[0].type = "InternalIP";
    node.status.addresses[0].address = address;
    node.status.addresses[1].type = "Hostname";
    node.status.addresses[1].address = name;
    node.status.daemonEndpoints.kubeletEndpoint.Port = 10250;
    auto& info = node.status.nodeInfo;
    info.machineID = name;
    info.systemUUID = name;
    info.bootID = name;
    info.kernelVersion = "hollow";
    info.osImage = "Quarterdeck hollow node";
    info.containerRuntimeVersion = "hollow://1";
    info.kubeletVersion = "v1.36.2";
    info.operatingSystem = "linux";
    info.architecture = "amd64";
    reportNode(node, true, now);
    return node;
}

void reportNode(corev1::Node& node, bool ready, base::WallTime now) {
    setCondition(node, {"MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"}, now);
    setCondition(node, {"DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"}, now);
    setCondition(node, {"PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"}, now);
    if (ready) {
        setCondition(node, {"Ready", "True", "KubeletReady", "kubelet is posting ready status"}, now);
    } else {
        setCondition(node, {"Ready", "False", "KubeletNotReady", "the hollow node was told not to be ready"}, now);
    }
}

coordinationv1::Lease leaseObject(const corev1::Node& node, base::WallTime now) {
    coordinationv1::Lease lease;
    lease.metadata.namespace_ = "kube-node-lease";
    lease.metadata.name = node.metadata.name;
    lease.metadata.ownerReferences.resize(1);
    auto& owner = lease.metadata.ownerReferences[0];
    owner.apiVersion = "v1";
    owner.kind = "Node";
    owner.name = node.metadata.name;
    owner.uid = node.metadata.uid;
    lease.spec.holderIdentity = node.metadata.name;
    lease.spec.leaseDurationSeconds = kLeaseSeconds;
    lease.spec.renewTime = api::MicroTime(now);
    return lease;
}

}  // namespace qd::hollow
