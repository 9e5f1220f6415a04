#include "cluster/controllers/nodes/node_state.h"

#include <algorithm>

#include "cluster/api/placement/tolerations.h"

namespace qd::controllers {
namespace {

const char* const kByNode = "node";

}  // namespace

const corev1::NodeCondition* nodeCondition(const corev1::Node& node, std::string_view type) {
    for (const auto& condition : node.status.conditions) {
        if (condition.type == type) return &condition;
    }
    return nullptr;
}

std::string readiness(const corev1::Node& node) {
    const auto* ready = nodeCondition(node, corev1::NodeReady);
    return ready ? ready->status : "";
}

void addNodeIndex(client::Informer& pods) {
    pods.addIndex(kByNode, [](const api::Object& pod) -> std::vector<std::string> {
        const std::string& node = static_cast<const corev1::Pod&>(pod).spec.nodeName;
        return node.empty() ? std::vector<std::string>{} : std::vector<std::string>{node};
    });
}

std::vector<api::ObjectPtr> podsOn(const client::Informer& pods, const std::string& node) { return pods.byIndex(kByNode, node); }

std::optional<base::Duration> toleratedFor(const std::vector<corev1::Toleration>& tolerations, const std::vector<corev1::Taint>& taints) {
    std::optional<std::int64_t> shortest;
    for (const auto& taint : taints) {
        const auto found = std::find_if(tolerations.begin(), tolerations.end(), [&](const auto& toleration) { return api::tolerates(toleration, taint); });
        if (found == tolerations.end()) return base::Duration(0);
        if (!found->tolerationSeconds) continue;
        const std::int64_t seconds = std::max<std::int64_t>(0, *found->tolerationSeconds);
        shortest = shortest ? std::min(*shortest, seconds) : seconds;
    }
    if (!shortest) return std::nullopt;
    return std::chrono::seconds(*shortest);
}

std::vector<corev1::Taint> noExecuteTaints(const corev1::Node& node) {
    std::vector<corev1::Taint> taints;
    std::copy_if(node.spec.taints.begin(), node.spec.taints.end(), std::back_inserter(taints), [](const auto& taint) { return taint.effect == "NoExecute"; });
    return taints;
}

}  // namespace qd::controllers
