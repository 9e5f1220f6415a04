#include "tests/simulation/rollout_invariants.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/deployment/rollout_plan.h"

namespace qd::simulation {
namespace {

constexpr std::size_t kRemembered = 60;
constexpr base::Duration kTooManyFor = std::chrono::seconds(60);  // under faults: lost watches and refused writes

const metav1::OwnerReference* controllerOf(const api::Object& object) {
    const auto& owners = object.metadata.ownerReferences;
    const auto found = std::find_if(owners.begin(), owners.end(), [](const auto& each) { return each.controller.value_or(false); });
    return found == owners.end() ? nullptr : &*found;
}

bool isReady(const corev1::Pod& pod) {
    return std::any_of(pod.status.conditions.begin(), pod.status.conditions.end(), [](const auto& each) { return each.type == "Ready" && each.status == "True"; });
}

std::string described(const store::Event& event) {
    const api::Object& object = *event.entry->object();
    std::string words;
    if (const auto* pod = api::objectAs<corev1::Pod>(object)) {
        words = fmt::format("{} node={} ready={}{}", pod->status.phase, pod->spec.nodeName, isReady(*pod), pod->metadata.deletionTimestamp ? " going" : "");
    } else if (const auto* set = api::objectAs<appsv1::ReplicaSet>(object)) {
        words = fmt::format("size {} has {} ready {} available {}", set->spec.replicas.value_or(1), set->status.replicas, set->status.readyReplicas, set->status.availableReplicas);
    } else if (const auto* deployment = api::objectAs<appsv1::Deployment>(object)) {
        words = fmt::format("generation {} observed {} image {}", deployment->metadata.generation, deployment->status.observedGeneration, deployment->spec.template_.spec.containers.front().image);
    }
    static constexpr const char* kVerbs[] = {"?", "created", "updated", "deleted"};
    return fmt::format("{} {:>6} {} {} {} by {}: {}", api::Time(event.time).toString(), event.entry->revision(), kVerbs[static_cast<int>(event.operation)], event.entry->key().resource, event.entry->key().name, event.actor, words);
}

}  // namespace

RolloutInvariants::RolloutInvariants(store::Store& store, std::string ns, std::string deployment) : m_ns(std::move(ns)), m_name(std::move(deployment)), m_endpoints(m_name) {
    const store::Revision from = store::kFirstRevision;
    for (const auto* resource : {"deployments.apps", "replicasets.apps", "pods", "endpoints", "endpointslices.discovery.k8s.io"}) {
        auto watch = store.watch(resource, m_ns, from);
        if (!watch) throw std::runtime_error(watch.error().message);
        m_watches.push_back(std::move(*watch));
    }
}

std::vector<store::EventPtr> RolloutInvariants::newEvents() {
    std::vector<store::EventPtr> events;
    for (auto& watch : m_watches) {
        while (true) {
            auto some = watch.poll();
            if (!some) throw std::runtime_error(some.error().message);
            if (some->empty()) break;
            events.insert(events.end(), some->begin(), some->end());
        }
    }
    std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a->entry->revision() < b->entry->revision(); });
    return events;
}

void RolloutInvariants::apply(const store::EventPtr& event) {
    const api::Object& object = *event->entry->object();
    const std::string& name = object.metadata.name;
    const bool gone = event->operation == store::Operation::Delete;
    const auto* owner = controllerOf(object);
    if (const auto* deployment = api::objectAs<appsv1::Deployment>(object)) {
        if (name != m_name) return;
        const auto limits = controllers::fenceposts(*deployment);
        m_replicas = controllers::desiredReplicas(*deployment);
        m_surge = limits.surge;
        m_unavailable = limits.unavailable;
    } else if (const auto* set = api::objectAs<appsv1::ReplicaSet>(object)) {
        if (!owner || owner->name != m_name) return;
        if (gone) {
            m_sets.erase(name);
        } else {
            m_sets[name] = set->spec.replicas.value_or(1);
        }
    } else if (const auto* pod = api::objectAs<corev1::Pod>(object)) {
        if (!owner || !m_sets.contains(owner->name)) return;
        const bool active = !gone && !pod->metadata.deletionTimestamp && pod->status.phase != "Succeeded" && pod->status.phase != "Failed";
        m_pods[name] = {active, active && isReady(*pod)};
        if (gone) m_pods.erase(name);
    }
}

std::optional<std::string> RolloutInvariants::broken(base::WallTime when) {
    std::int32_t sizes = 0;
    for (const auto& [name, size] : m_sets) sizes += size;
    const auto active = static_cast<std::int32_t>(std::count_if(m_pods.begin(), m_pods.end(), [](const auto& each) { return each.second.active; }));
    const auto available = static_cast<std::int32_t>(std::count_if(m_pods.begin(), m_pods.end(), [](const auto& each) { return each.second.available; }));
    if (sizes > m_replicas + m_surge) return fmt::format("the ReplicaSets ask for {} Pods, more than {} + {}", sizes, m_replicas, m_surge);
    if (active <= m_replicas + m_surge) {
        m_tooManySince.reset();
    } else if (!m_tooManySince) {
        m_tooManySince = when;
    } else if (when - *m_tooManySince > kTooManyFor) {
        return fmt::format("for a minute there have been {} Pods, more than {} + {}", active, m_replicas, m_surge);
    }
    if (!m_excused && available < m_replicas - m_unavailable) return fmt::format("{} Pods are available, fewer than {} - {}", available, m_replicas, m_unavailable);
    return std::nullopt;
}

std::optional<std::string> RolloutInvariants::check(base::WallTime now) {
    for (const auto& event : newEvents()) {
        apply(event);
        m_endpoints.apply(*event);
        m_history.push_back(event);
        if (m_history.size() > kRemembered) m_history.pop_front();
        auto what = broken(event->time);
        if (!what) what = m_endpoints.broken(event->time);
        if (what) return *what + " after " + described(*event);
    }
    return m_endpoints.broken(now);
}

std::string RolloutInvariants::history() const {
    std::string text;
    for (const auto& event : m_history) text += described(*event) + "\n";
    return text;
}

}  // namespace qd::simulation
