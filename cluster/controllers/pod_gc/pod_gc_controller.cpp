#include "cluster/controllers/pod_gc/pod_gc_controller.h"

#include <algorithm>

#include "cluster/base/log.h"
#include "cluster/controllers/nodes/node_state.h"
#include "cluster/controllers/pods/pod_conditions.h"
#include "cluster/controllers/pods/pod_state.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kKey[] = "all";  // one pass over everything
constexpr base::Duration kPeriod = std::chrono::seconds(20);
constexpr base::Duration kQuarantine = std::chrono::seconds(40);

bool isOutOfService(const corev1::Node& node) {
    return readiness(node) != "True" &&
           std::any_of(node.spec.taints.begin(), node.spec.taints.end(), [](const auto& taint) { return taint.key == corev1::TaintNodeOutOfService; });
}

// Evicted ones first, then the oldest.
bool goesFirst(const client::Ptr<corev1::Pod>& a, const client::Ptr<corev1::Pod>& b) {
    const bool left = a->status.phase == corev1::PodFailed && a->status.reason == "Evicted";
    const bool right = b->status.phase == corev1::PodFailed && b->status.reason == "Evicted";
    if (left != right) return left;
    if (a->metadata.creationTimestamp != b->metadata.creationTimestamp) return a->metadata.creationTimestamp < b->metadata.creationTimestamp;
    return a->metadata.name < b->metadata.name;
}

}  // namespace

std::vector<PodGcVictim> planPodGc(const PodGcInput& input) {
    std::vector<PodGcVictim> victims;
    std::vector<client::Ptr<corev1::Pod>> finished;
    for (const auto& pod : input.pods) {
        const auto node = input.nodes.find(pod->spec.nodeName);
        const bool leaves = pod->metadata.deletionTimestamp.has_value();
        if (pod->spec.nodeName.empty()) {
            if (leaves) victims.push_back({pod});
        } else if (node == input.nodes.end()) {
            victims.push_back({pod, true});
        } else if (leaves && isOutOfService(*node->second)) {
            victims.push_back({pod});
        } else if (isFinished(*pod)) {
            finished.push_back(pod);
        }
    }
    if (finished.size() > input.finishedThreshold) {
        std::sort(finished.begin(), finished.end(), goesFirst);
        finished.resize(finished.size() - input.finishedThreshold);
        for (auto& pod : finished) victims.push_back({std::move(pod)});
    }
    return victims;
}

PodGcController::PodGcController(Context& context)
    : m_context(context),
      m_nodes(context.informers.informer(client::resourceOf<corev1::Node>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())) {
    // A Pod without a node that is deleted should not have to wait for the next pass.
    m_pods.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now && now->metadata.deletionTimestamp && static_cast<const corev1::Pod&>(*now).spec.nodeName.empty()) m_context.keys.add(kKey, *now);
    });
}

void PodGcController::ready() { m_context.keys.add(kKey, 0); }

Result<Outcome> PodGcController::sync(const std::string&) {
    PodGcInput input;
    input.pods = client::Lister<corev1::Pod>(m_pods).list();
    for (const auto& node : client::Lister<corev1::Node>(m_nodes).list()) input.nodes[node->metadata.name] = node;
    std::erase_if(m_missing, [&](const auto& entry) { return input.nodes.contains(entry.first); });
    std::map<std::string, bool> gone;
    for (const auto& victim : planPodGc(input)) {
        const std::string& node = victim.pod->spec.nodeName;
        if (victim.nodeIsGone) {
            const auto known = gone.find(node);
            if (!(known != gone.end() ? known->second : gone.emplace(node, isGoneForGood(node)).first->second)) continue;
        }
        if (auto removed = remove(victim); !removed) base::logger("pod-garbage-collector")->warn("{}: {}", keyOf(*victim.pod), removed.error().message);
    }
    return Outcome{kPeriod};
}

bool PodGcController::isGoneForGood(const std::string& node) {
    const base::SteadyTime now = m_context.executor.clock().steady();
    const base::SteadyTime since = m_missing.try_emplace(node, now).first->second;
    if (now < since + kQuarantine) return false;
    const auto live = m_context.client.get(m_nodes.resource(), "", node);
    return !live && live.error().reason == Reason::NotFound;
}

Result<void> PodGcController::remove(const PodGcVictim& victim) {
    client::Api<corev1::Pod> pods(m_context.client);
    corev1::Pod pod = *victim.pod;
    if (!isFinished(pod)) {
        pod.status.phase = corev1::PodFailed;
        if (victim.nodeIsGone) setDisruptionTarget(pod, "DeletionByPodGC", "PodGC: node no longer exists", m_context.executor.clock().now());
        const auto written = pods.updateStatus(pod, controllerWrite());
        if (!written && written.error().reason == Reason::NotFound) return {};
        if (!written) return fail(written.error());
    }
    client::DeleteOptions options;
    options.gracePeriodSeconds = 0;
    options.uid = pod.metadata.uid;
    auto gone = pods.remove(pod.metadata.namespace_, pod.metadata.name, options);
    if (!gone && gone.error().reason != Reason::NotFound && gone.error().reason != Reason::Conflict) return gone;
    return {};
}

}  // namespace qd::controllers
