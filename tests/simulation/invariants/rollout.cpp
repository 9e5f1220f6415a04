#include "tests/simulation/invariants/rollout.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/apps_v1.h"
#include "cluster/controllers/deployment/rollout_plan.h"

namespace qd::simulation {

void RolloutInvariant::apply(const Commit& commit) {
    const api::Object& object = commit.object();
    const std::string& name = object.metadata.name;
    if (const auto* deployment = api::objectAs<appsv1::Deployment>(object)) {
        if (name != m_name) return;
        const auto limits = controllers::fenceposts(*deployment);
        m_replicas = controllers::desiredReplicas(*deployment);
        m_surge = limits.surge;
        m_unavailable = limits.unavailable;
    } else if (const auto* set = api::objectAs<appsv1::ReplicaSet>(object)) {
        if (!isControlledBy(object, "Deployment", m_name)) return;
        if (commit.gone()) {
            m_sets.erase(name);
        } else {
            m_sets[name] = set->spec.replicas.value_or(1);
        }
    } else if (const auto* pod = api::objectAs<corev1::Pod>(object)) {
        const auto* owner = controllerOf(object);
        if (!owner || !m_sets.contains(owner->name)) return;
        const bool active = !commit.gone() && isActive(*pod);
        m_pods[name] = {active, active && isReady(*pod)};
        if (commit.gone()) m_pods.erase(name);
    }
}

std::optional<std::string> RolloutInvariant::see(const Commit& commit) {
    if (commit.object().metadata.namespace_ != m_ns) return std::nullopt;
    apply(commit);
    std::int32_t sizes = 0;
    for (const auto& [name, size] : m_sets) sizes += size;
    const auto active = std::ranges::count_if(m_pods, [](const auto& each) { return each.second.active; });
    const auto available = std::ranges::count_if(m_pods, [](const auto& each) { return each.second.available; });
    const auto lost = m_lostAnswer();
    const bool knows = !lost || commit.when - *lost > kLate;
    if (knows && sizes > m_replicas + m_surge)
        return fmt::format("the ReplicaSets ask for {} Pods, more than {} + {}", sizes, m_replicas, m_surge);
    if (sizes <= m_replicas + m_surge && active <= m_replicas + m_surge) {
        m_tooManySince.reset();
    } else if (!m_tooManySince) {
        m_tooManySince = commit.when;
    }
    if (!m_excused && available < m_replicas - m_unavailable)
        return fmt::format("{} Pods are available, fewer than {} - {}", available, m_replicas, m_unavailable);
    return std::nullopt;
}

std::optional<std::string> RolloutInvariant::check(base::SteadyTime now) {
    if (m_tooManySince && now - *m_tooManySince > kLate)
        return fmt::format("for too long there have been more Pods than {} + {}", m_replicas, m_surge);
    return std::nullopt;
}

}  // namespace qd::simulation
