#include "cluster/controllers/taint_eviction/taint_eviction_controller.h"

#include <fmt/format.h>

#include "cluster/controllers/nodes/node_state.h"
#include "cluster/controllers/pods/pod_conditions.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {

TaintEvictionController::TaintEvictionController(Context& context)
    : m_context(context),
      m_nodes(context.informers.informer(client::resourceOf<corev1::Node>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())) {
    addNodeIndex(m_pods);
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        const auto* before = static_cast<const corev1::Pod*>(old.get());
        const auto* after = static_cast<const corev1::Pod*>(now.get());
        const bool same = before && after && before->metadata.uid == after->metadata.uid && before->spec.nodeName == after->spec.nodeName &&
                          before->spec.tolerations == after->spec.tolerations;
        if (!same) m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old);
    });
    m_nodes.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (!now) return;
        const auto& node = static_cast<const corev1::Node&>(*now);
        if (old && noExecuteTaints(static_cast<const corev1::Node&>(*old)) == noExecuteTaints(node)) return;
        for (const auto& pod : podsOn(m_pods, node.metadata.name)) m_context.keys.add(keyOf(*pod), *now);
    });
}

void TaintEvictionController::cancel(const std::string& key, const corev1::Pod* pod) {
    {
        std::lock_guard lock(m_mutex);
        if (m_waiting.erase(key) == 0) return;
    }
    if (pod && !pod->metadata.deletionTimestamp) {
        m_context.events.event(*pod, "Normal", "TaintManagerEviction", "Cancelling deletion of Pod " + key);
    }
}

base::SteadyTime TaintEvictionController::waitingSince(const std::string& key, const corev1::Pod& pod) {
    std::lock_guard lock(m_mutex);
    Waiting& waiting = m_waiting[key];
    if (waiting.uid != pod.metadata.uid) waiting = {pod.metadata.uid, m_context.executor.clock().steady()};
    return waiting.since;
}

Result<Outcome> TaintEvictionController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto pod = client::Lister<corev1::Pod>(m_pods).get(ns, name);
    if (!pod || pod->spec.nodeName.empty() || pod->metadata.deletionTimestamp) {
        cancel(key, pod.get());
        return Outcome{};
    }
    const auto node = client::Lister<corev1::Node>(m_nodes).get("", pod->spec.nodeName);
    const auto taints = node ? noExecuteTaints(*node) : std::vector<corev1::Taint>{};
    const auto tolerated = toleratedFor(pod->spec.tolerations, taints);
    if (!tolerated) {
        cancel(key, pod.get());
        return Outcome{};
    }
    const base::Duration left = waitingSince(key, *pod) + *tolerated - m_context.executor.clock().steady();
    if (left > base::Duration(0)) return Outcome{left};
    return evict(key, *pod);
}

Result<Outcome> TaintEvictionController::evict(const std::string& key, const corev1::Pod& pod) {
    m_context.events.event(pod, "Normal", "TaintManagerEviction", "Marking for deletion Pod " + key);
    client::Api<corev1::Pod> pods(m_context.client);
    corev1::Pod marked = pod;
    if (setDisruptionTarget(marked, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint", m_context.executor.clock().now())) {
        const auto written = pods.updateStatus(marked, controllerWrite());
        if (!written && written.error().reason == Reason::NotFound) return Outcome{};
        if (!written) return fail(written.error());
    }
    client::DeleteOptions options;
    options.uid = pod.metadata.uid;
    const auto gone = pods.remove(pod.metadata.namespace_, pod.metadata.name, options);
    if (!gone && gone.error().reason != Reason::NotFound && gone.error().reason != Reason::Conflict) return fail(gone.error());
    std::lock_guard lock(m_mutex);
    m_waiting.erase(key);
    return Outcome{};
}

}  // namespace qd::controllers
