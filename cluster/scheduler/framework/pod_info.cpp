#include "cluster/scheduler/framework/pod_info.h"

namespace qd::scheduler {
namespace {

const std::string kAnyAddress = "0.0.0.0";

void addHostPorts(const std::vector<corev1::Container>& containers, bool sidecarsOnly, std::vector<HostPort>& out) {
    for (const auto& container : containers) {
        if (sidecarsOnly && container.restartPolicy != "Always") continue;
        for (const auto& port : container.ports) {
            if (port.hostPort <= 0) continue;
            out.push_back({port.hostIP.empty() ? kAnyAddress : port.hostIP,
                           port.protocol.empty() ? "TCP" : port.protocol, port.hostPort});
        }
    }
}

std::vector<ClaimUse> claimsOf(const corev1::Pod& pod) {
    std::vector<ClaimUse> claims;
    for (const auto& volume : pod.spec.volumes) {
        if (volume.persistentVolumeClaim) claims.push_back({volume.persistentVolumeClaim->claimName, false});
        if (volume.ephemeral) claims.push_back({pod.metadata.name + "-" + volume.name, true});
    }
    return claims;
}

}  // namespace

std::vector<HostPort> hostPortsOf(const corev1::Pod& pod) {
    std::vector<HostPort> ports;
    addHostPorts(pod.spec.containers, false, ports);
    addHostPorts(pod.spec.initContainers, true, ports);
    return ports;
}

bool HostPort::conflictsWith(const HostPort& other) const {
    if (port != other.port || protocol != other.protocol) return false;
    return ip == other.ip || ip == kAnyAddress || other.ip == kAnyAddress;
}

std::shared_ptr<const PodClass> PodClasses::of(const corev1::Pod& pod) {
    std::string key = pod.metadata.namespace_;
    for (const auto& [name, value] : pod.metadata.labels) {
        key += '\n';
        key += name;
        key += '=';
        key += value;
    }
    auto& slot = m_table->byLabels[key];
    if (auto known = slot.lock()) return known;
    auto fresh = std::make_unique<PodClass>();
    if (m_table->freeIds.empty()) {
        fresh->id = m_table->next++;
    } else {
        fresh->id = m_table->freeIds.back();
        m_table->freeIds.pop_back();
    }
    fresh->key = key;
    fresh->ns = pod.metadata.namespace_;
    fresh->labels = pod.metadata.labels;
    // The table outlives the classes or goes before them: the deleter asks.
    const std::shared_ptr<const PodClass> shared(fresh.release(),
                                                 [weak = std::weak_ptr(m_table), key](const PodClass* gone) {
                                                     if (const auto table = weak.lock()) {
                                                         table->freeIds.push_back(gone->id);
                                                         table->byLabels.erase(key);
                                                     }
                                                     delete gone;
                                                 });
    slot = shared;
    return shared;
}

PodInfoPtr makePodInfo(client::Ptr<corev1::Pod> pod, PodClasses& classes) {
    auto info = std::make_shared<PodInfo>();
    info->requests = podRequests(*pod);
    info->scoringRequests = podScoringRequests(*pod);
    info->hostPorts = hostPortsOf(*pod);
    info->claims = claimsOf(*pod);
    info->podClass = classes.of(*pod);
    info->affinity = affinityTermsOf(*pod);
    info->pod = std::move(pod);
    return info;
}

}  // namespace qd::scheduler
