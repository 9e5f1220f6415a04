#include "cluster/scheduler/framework/pod_info.h"

namespace qd::scheduler {
namespace {

std::vector<ClaimUse> claimsOf(const corev1::Pod& pod) {
    std::vector<ClaimUse> claims;
    for (const auto& volume : pod.spec.volumes) {
        if (volume.persistentVolumeClaim) claims.push_back({volume.persistentVolumeClaim->claimName, false});
        if (volume.ephemeral) claims.push_back({pod.metadata.name + "-" + volume.name, true});
    }
    return claims;
}

}  // namespace

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
