#include "cluster/scheduler/framework/pod_info.h"

namespace qd::scheduler {
namespace {

const std::string kAnyAddress = "0.0.0.0";

void addHostPorts(const std::vector<corev1::Container>& containers, bool sidecarsOnly, std::vector<HostPort>& out) {
    for (const auto& container : containers) {
        if (sidecarsOnly && container.restartPolicy != "Always") continue;
        for (const auto& port : container.ports) {
            if (port.hostPort <= 0) continue;
            out.push_back({port.hostIP.empty() ? kAnyAddress : port.hostIP, port.protocol.empty() ? "TCP" : port.protocol, port.hostPort});
        }
    }
}

}  // namespace

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
    fresh->ns = pod.metadata.namespace_;
    fresh->labels = pod.metadata.labels;
    // The table outlives the classes or goes before them: the deleter asks.
    const std::shared_ptr<const PodClass> shared(fresh.release(), [weak = std::weak_ptr(m_table), key](const PodClass* gone) {
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
    addHostPorts(pod->spec.containers, false, info->hostPorts);
    addHostPorts(pod->spec.initContainers, true, info->hostPorts);
    info->podClass = classes.of(*pod);
    info->affinity = affinityTermsOf(*pod);
    info->pod = std::move(pod);
    return info;
}

}  // namespace qd::scheduler
