#include "cluster/controllers/node_lifecycle/node_lifecycle_controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/controllers/nodes/node_state.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

// The older names of two labels, which some charts still select by.
bool copyLegacyLabels(api::Map<std::string>& labels) {
    bool changed = false;
    for (const auto& [from, to] : {std::pair("kubernetes.io/os", "beta.kubernetes.io/os"), std::pair("kubernetes.io/arch", "beta.kubernetes.io/arch")}) {
        const auto found = labels.find(from);
        if (found == labels.end() || labels[to] == found->second) continue;
        labels[to] = found->second;
        changed = true;
    }
    return changed;
}

}  // namespace

NodeLifecycleController::NodeLifecycleController(Context& context)
    : m_context(context),
      m_nodes(context.informers.informer(client::resourceOf<corev1::Node>())),
      m_leases(context.informers.informer(client::resourceOf<coordinationv1::Lease>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())) {
    addNodeIndex(m_pods);
    m_nodes.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        const std::string& name = (now ? now : old)->metadata.name;
        {
            std::lock_guard lock(m_mutex);
            if (now && readiness(static_cast<const corev1::Node&>(*now)) == "True") {
                m_ready.insert(name);
            } else {
                m_ready.erase(name);
            }
        }
        m_context.keys.add(name, now ? *now : *old);
    });
}

Outcome NodeLifecycleController::forget(const std::string& name) {
    std::lock_guard lock(m_mutex);
    const auto found = m_known.find(name);
    if (found == m_known.end()) return {};
    m_context.events.event(*found->second.node, "Normal", "RemovingNode", fmt::format("Node {0} event: Removing Node {0} from Controller", name));
    m_known.erase(found);
    return {};
}

NodeLifecycleController::Known NodeLifecycleController::observe(const Node& node) {
    const std::string& name = node->metadata.name;
    const auto lease = client::Lister<coordinationv1::Lease>(m_leases).get(corev1::NamespaceNodeLease, name);
    std::lock_guard lock(m_mutex);
    auto [entry, isNew] = m_known.try_emplace(name);
    Known& known = entry->second;
    if (known.node && known.node->metadata.uid != node->metadata.uid) known = {};
    if (!known.node) m_context.events.event(*node, "Normal", "RegisteredNode", fmt::format("Node {0} event: Registered Node {0} in Controller", name));
    known.node = node;
    known.health = observeHealth(known.health, *node, lease.get(), m_context.executor.clock().steady());
    return known;
}

bool NodeLifecycleController::anyNodeReady() {
    std::lock_guard lock(m_mutex);
    return !m_ready.empty();
}

Result<Outcome> NodeLifecycleController::sync(const std::string& key) {
    Node node = client::Lister<corev1::Node>(m_nodes).get("", key);
    if (!node) return forget(key);
    Known known = observe(node);
    if (isSilent(*known.health, *node, m_context.executor.clock().steady()) && readiness(*node) != "Unknown") {
        auto marked = markSilent(node);
        if (!marked) return fail(marked.error());
        node = *marked;
        known.podsToMark = true;
    }
    if (known.podsToMark && readiness(*node) != "True") {
        auto done = markPods(*node);
        std::lock_guard lock(m_mutex);
        if (const auto entry = m_known.find(key); entry != m_known.end()) entry->second.podsToMark = !done;
        if (!done) return fail(done.error());
    }
    if (auto done = updateTaintsAndLabels(*node); !done) return fail(done.error());
    return Outcome{kMonitorPeriod};
}

Result<NodeLifecycleController::Node> NodeLifecycleController::markSilent(const Node& node) {
    corev1::Node silent = *node;
    silent.status = silentStatus(*node, m_context.executor.clock().now());
    auto written = client::Api<corev1::Node>(m_context.client).updateStatus(silent, controllerWrite());
    if (!written) return written;
    if (readiness(*node) == "True") {
        m_context.events.event(*node, "Normal", "NodeNotReady", fmt::format("Node {} status is now: NodeNotReady", node->metadata.name));
    }
    return written;
}

Result<void> NodeLifecycleController::markPods(const corev1::Node& node) {
    std::optional<Error> failure;
    for (const auto& object : podsOn(m_pods, node.metadata.name)) {
        corev1::Pod pod = static_cast<const corev1::Pod&>(*object);
        const auto ready = std::find_if(pod.status.conditions.begin(), pod.status.conditions.end(), [](const auto& condition) { return condition.type == corev1::PodReady; });
        if (ready == pod.status.conditions.end() || ready->status == "False") continue;
        ready->status = "False";
        ready->lastTransitionTime = api::Time(m_context.executor.clock().now());
        const auto written = client::Api<corev1::Pod>(m_context.client).updateStatus(pod, controllerWrite());
        if (written) {
            m_context.events.event(pod, "Warning", "NodeNotReady", "Node is not ready");
        } else if (written.error().reason != Reason::NotFound) {
            failure = written.error();
        }
    }
    if (failure) return fail(std::move(*failure));
    return {};
}

Result<void> NodeLifecycleController::updateTaintsAndLabels(const corev1::Node& node) {
    corev1::Node changed = node;
    changed.spec.taints = planTaints(node, anyNodeReady(), m_context.executor.clock().now());
    const bool labelled = copyLegacyLabels(changed.metadata.labels);
    if (!labelled && changed.spec.taints == node.spec.taints) return {};
    const auto written = client::Api<corev1::Node>(m_context.client).update(changed, controllerWrite());
    if (!written && written.error().reason != Reason::NotFound) return fail(written.error());
    return {};
}

}  // namespace qd::controllers
