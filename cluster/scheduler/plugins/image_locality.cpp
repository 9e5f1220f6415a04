#include "cluster/scheduler/plugins/image_locality.h"

#include <algorithm>

namespace qd::scheduler {
namespace {

constexpr std::int64_t kMegabyte = 1024 * 1024;
constexpr std::int64_t kLeast = 23 * kMegabyte;
constexpr std::int64_t kMostPerContainer = 1000 * kMegabyte;

struct Images : StateOf<Images> {
    std::vector<std::string> names;
    std::int64_t containers = 0;
    double allNodes = 1;
};

Images imagesOf(const corev1::Pod& pod) {
    Images images;
    for (const auto& container : pod.spec.initContainers) images.names.push_back(withTag(container.image));
    for (const auto& container : pod.spec.containers) images.names.push_back(withTag(container.image));
    images.containers = static_cast<std::int64_t>(images.names.size());
    for (const auto& volume : pod.spec.volumes) {
        if (volume.image) images.names.push_back(withTag(volume.image->reference));
    }
    return images;
}

}  // namespace

std::string withTag(const std::string& image) {
    const auto colon = image.rfind(':');
    const auto slash = image.rfind('/');
    const bool tagged = colon != std::string::npos && (slash == std::string::npos || colon > slash);
    return tagged ? image : image + ":latest";
}

Status ImageLocality::preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) {
    Images images = imagesOf(*pod.pod);
    const bool anywhere = std::any_of(feasible.begin(), feasible.end(), [&](const NodeInfo* node) {
        return !node->images().empty() && std::any_of(images.names.begin(), images.names.end(), [&](const auto& name) { return node->images().contains(name); });
    });
    if (!anywhere) return Status::skip();  // all would score 0
    images.allNodes = static_cast<double>(nodes.all().size());
    state.put(slot, CycleState::Step::Score, std::make_unique<Images>(std::move(images)));
    return {};
}

std::int64_t ImageLocality::score(const CycleState& state, const PodInfo&, const NodeInfo& node) const {
    const auto& images = *state.get<Images>(slot, CycleState::Step::Score);
    std::int64_t sum = 0;
    for (const auto& name : images.names) {
        const auto found = node.images().find(name);
        if (found == node.images().end()) continue;
        const double share = found->second->nodes / images.allNodes;
        sum += static_cast<std::int64_t>(static_cast<double>(found->second->sizeBytes) * share);
    }
    const std::int64_t most = kMostPerContainer * images.containers;
    return kMaxScore * (std::clamp(sum, kLeast, most) - kLeast) / (most - kLeast);
}

}  // namespace qd::scheduler
