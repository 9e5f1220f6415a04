#include "tests/simulation/invariants/evictions.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::simulation {

std::optional<std::string> EvictionsInvariant::see(const Commit& commit) {
    const auto& meta = commit.object().metadata;
    if (meta.namespace_ != m_ns) return std::nullopt;
    if (const auto* budget = api::objectAs<policyv1::PodDisruptionBudget>(commit.object())) {
        if (budget->status.desiredHealthy != m_desired) m_changed = commit.when;
        m_desired = budget->status.desiredHealthy;
        return std::nullopt;
    }
    const auto* pod = api::objectAs<corev1::Pod>(commit.object());
    const auto app = meta.labels.find("app");
    if (!pod || app == meta.labels.end() || app->second != m_app) return std::nullopt;
    PodState& state = m_pods[meta.uid];
    const bool evicted = commit.removes() && commit.actor() == "drain";
    const bool wasHealthy = std::exchange(state.healthy, !commit.gone() && isActive(*pod) && isReady(*pod));
    state.evicted = state.evicted || evicted;
    if (wasHealthy && !state.healthy && !state.evicted) state.lost = commit.when;
    std::erase_if(m_pods, [&](const auto& each) {
        return !each.second.healthy && each.second.lost && commit.when - *each.second.lost > kLate;
    });
    // A Pod that is not healthy may be evicted as far as the budget is concerned, and the budget may have changed a
    // moment ago.
    if (!evicted || !wasHealthy || commit.when - m_changed <= kLate) return std::nullopt;
    const auto healthy =
        std::ranges::count_if(m_pods, [](const auto& each) { return each.second.healthy || each.second.lost; });
    if (healthy < m_desired)
        return fmt::format("{} of {} are healthy after an eviction, the budget asks for {}", healthy, m_app, m_desired);
    return std::nullopt;
}

}  // namespace qd::simulation
