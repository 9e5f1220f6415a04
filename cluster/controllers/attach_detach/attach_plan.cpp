#include "cluster/controllers/attach_detach/attach_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cluster/controllers/nodes/node_state.h"

namespace qd::controllers {
namespace {

constexpr char kOutOfService[] = "node.kubernetes.io/out-of-service";

}  // namespace

std::optional<base::Duration> detachAfter(const DetachSight& sight) {
    if (!sight.nodeExists || !sight.inUse || sight.outOfService) return std::nullopt;
    if (sight.nodeHealthy) return base::Duration(0);
    if (sight.waited > kForceDetachAfter) return std::nullopt;
    return kForceDetachAfter - sight.waited + std::chrono::milliseconds(1);
}

DetachSight sightOf(const corev1::Node* node, const std::string& attachedName) {
    if (!node) return {.nodeExists = false};
    const auto& used = node->status.volumesInUse;
    return {.nodeExists = true,
            .nodeHealthy = readiness(*node) == corev1::ConditionTrue,
            .outOfService =
                std::ranges::any_of(node->spec.taints, [](const auto& taint) { return taint.key == kOutOfService; }),
            .inUse = std::ranges::find(used, attachedName) != used.end()};
}

AttachStep planAttach(const AttachmentPtr& own, std::size_t others, bool toMany) {
    if (own) {
        const bool stands = own->status.attached && !own->metadata.deletionTimestamp;
        return stands ? AttachStep::Done : AttachStep::Await;
    }
    return others > 0 && !toMany ? AttachStep::Hold : AttachStep::Create;
}

std::string multiAttachMessage(const corev1::Pod& waiting, const std::string& volume,
                               const std::vector<client::Ptr<corev1::Pod>>& users) {
    std::vector<std::string> local;
    std::size_t elsewhere = 0;
    for (const auto& user : users) {
        if (user->metadata.namespace_ == waiting.metadata.namespace_) {
            local.push_back(user->metadata.name);
        } else {
            ++elsewhere;
        }
    }
    std::string why = "Volume is already exclusively attached to one node and can't be attached to another";
    if (!local.empty()) {
        why = fmt::format("Volume is already used by pod(s) {}", fmt::join(local, ", "));
        if (elsewhere > 0) why += fmt::format(" and {} pod(s) in different namespaces", elsewhere);
    } else if (elsewhere > 0) {
        why = fmt::format("Volume is already used by {} pod(s) in different namespaces", elsewhere);
    }
    return fmt::format("Multi-Attach error for volume \"{}\" {}", volume, why);
}

}  // namespace qd::controllers
