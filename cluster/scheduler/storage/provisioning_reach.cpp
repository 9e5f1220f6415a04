#include "cluster/scheduler/storage/provisioning_reach.h"

#include <algorithm>

#include "cluster/api/meta/selectors.h"

namespace qd::scheduler {

bool matchesTopology(const std::vector<corev1::TopologySelectorTerm>& terms, const corev1::Node& node) {
    const auto holds = [&](const corev1::TopologySelectorLabelRequirement& each) {
        const auto label = node.metadata.labels.find(each.key);
        return label != node.metadata.labels.end() &&
               std::ranges::find(each.values, label->second) != each.values.end();
    };
    return terms.empty() || std::ranges::any_of(terms, [&](const auto& term) {
               return !term.matchLabelExpressions.empty() && std::ranges::all_of(term.matchLabelExpressions, holds);
           });
}

bool hasRoom(const std::vector<client::Ptr<storagev1::CSIStorageCapacity>>& pools, const std::string& storageClass,
             std::int64_t bytes, const corev1::Node& node) {
    return std::ranges::any_of(pools, [&](const auto& pool) {
        if (pool->storageClassName != storageClass || !pool->nodeTopology) return false;
        const auto& limit = pool->maximumVolumeSize ? pool->maximumVolumeSize : pool->capacity;
        if (!limit || limit->value() < bytes) return false;
        const auto reached = api::LabelSelector::from(*pool->nodeTopology);
        return reached && reached->matches(node.metadata.labels);
    });
}

}  // namespace qd::scheduler
