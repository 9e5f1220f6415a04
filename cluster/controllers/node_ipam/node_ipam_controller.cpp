#include "cluster/controllers/node_ipam/node_ipam_controller.h"

#include <fmt/format.h>

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr base::Duration kExhaustedRetry = std::chrono::seconds(30);

}  // namespace

NodeIpamController::NodeIpamController(Context& context, std::string clusterCidr, int nodeMaskSize)
    : m_context(context), m_parts(CidrSet::parse(clusterCidr, nodeMaskSize)), m_nodes(context.informers.informer(client::resourceOf<corev1::Node>())) {
    m_nodes.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old); });
}

std::optional<std::string> NodeIpamController::reserve(const std::string& node) {
    std::lock_guard lock(m_mutex);
    if (const auto found = m_reserved.find(node); found != m_reserved.end()) return found->second;
    std::set<std::string> taken;
    for (const auto& [name, part] : m_reserved) taken.insert(part);
    for (const auto& other : client::Lister<corev1::Node>(m_nodes).list()) {
        if (!other->spec.podCIDR.empty()) taken.insert(other->spec.podCIDR);
        taken.insert(other->spec.podCIDRs.begin(), other->spec.podCIDRs.end());
    }
    auto part = m_parts->firstFree(taken);
    if (part) m_reserved[node] = *part;
    return part;
}

Result<Outcome> NodeIpamController::sync(const std::string& key) {
    if (!m_parts) return fail(m_parts.error());
    const auto node = client::Lister<corev1::Node>(m_nodes).get("", key);
    if (!node) {
        std::lock_guard lock(m_mutex);
        m_reserved.erase(key);
        return Outcome{};
    }
    if (!node->spec.podCIDR.empty() || node->metadata.deletionTimestamp) return Outcome{};
    const auto part = reserve(key);
    if (!part) {
        m_context.events.event(*node, "Normal", "CIDRNotAvailable", fmt::format("Node {} status is now: CIDRNotAvailable", key));
        return Outcome{kExhaustedRetry};
    }
    const std::string patch = fmt::format(R"({{"spec":{{"podCIDR":"{0}","podCIDRs":["{0}"]}}}})", *part);
    const auto written = m_context.client.patch(m_nodes.resource(), "", key, client::PatchKind::Strategic, patch, controllerPatch());
    if (!written && written.error().reason != Reason::NotFound) return fail(written.error());
    return Outcome{};
}

}  // namespace qd::controllers
