#include "tests/simulation/invariants/taints.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace qd::simulation {
namespace {

bool tolerates(const corev1::Toleration& toleration, const corev1::Taint& taint) {
    if (!toleration.effect.empty() && toleration.effect != taint.effect) return false;
    if (!toleration.key.empty() && toleration.key != taint.key) return false;
    return toleration.operator_ == "Exists" || toleration.value == taint.value;
}

// Beyond being late: a crashed controller comes back.
constexpr base::Duration kOverdue = kLate + std::chrono::seconds(90);

}  // namespace

std::optional<base::SteadyTime> TaintsInvariant::due(const PodState& pod, const NodeState& node) {
    std::optional<base::Duration> shortest;
    base::SteadyTime since{};
    for (const auto& tainted : node.taints) {
        bool tolerated = false;
        for (const auto& toleration : pod.pod.spec.tolerations) {
            if (!tolerates(toleration, tainted.taint)) continue;
            tolerated = true;
            if (!toleration.tolerationSeconds) continue;
            const base::Duration seconds =
                std::chrono::seconds(std::max<std::int64_t>(0, *toleration.tolerationSeconds));
            shortest = shortest ? std::min(*shortest, seconds) : seconds;
        }
        if (!tolerated) return std::max(pod.bound, tainted.since);
        since = since == base::SteadyTime{} ? tainted.since : std::min(since, tainted.since);
    }
    if (!shortest) return std::nullopt;
    return std::max(pod.bound, since) + *shortest;
}

std::optional<std::string> TaintsInvariant::see(const Commit& commit) {
    const auto& meta = commit.object().metadata;
    if (const auto* node = api::objectAs<corev1::Node>(commit.object())) {
        NodeState& state = m_nodes[meta.name];
        std::vector<Tainted> taints;
        for (const auto& taint : node->spec.taints) {
            if (taint.effect != "NoExecute") continue;
            const auto known = std::ranges::find_if(state.taints, [&](const auto& each) {
                return each.taint.key == taint.key && each.taint.value == taint.value;
            });
            taints.push_back({taint, known == state.taints.end() ? commit.when : known->since});
        }
        if (taints.size() != state.taints.size()) state.changed = commit.when;
        state.taints = std::move(taints);
        return std::nullopt;
    }
    const auto* pod = api::objectAs<corev1::Pod>(commit.object());
    if (!pod || meta.namespace_ != m_ns || pod->spec.nodeName.empty()) return std::nullopt;
    const auto known = m_pods.try_emplace(meta.uid, PodState{*pod, commit.when}).first;
    if (!commit.gone() && isActive(*pod)) return std::nullopt;
    const NodeState& node = m_nodes[pod->spec.nodeName];
    const auto when = due(known->second, node);
    m_pods.erase(known);
    if (commit.actor() != "taint-eviction-controller" || !commit.removes()) return std::nullopt;
    // The taint may have gone a moment ago.
    if (node.changed && commit.when - *node.changed <= kLate) return std::nullopt;
    if (!when) return fmt::format("{} is evicted although it tolerates its node's taints", meta.name);
    if (commit.when < *when - std::chrono::seconds(2))
        return fmt::format("{} is evicted {} too early", meta.name,
                           std::chrono::floor<std::chrono::seconds>(*when - commit.when));
    return std::nullopt;
}

std::optional<std::string> TaintsInvariant::check(base::SteadyTime now) {
    for (const auto& [uid, state] : m_pods) {
        const auto when = due(state, m_nodes[state.pod.spec.nodeName]);
        if (when && now > *when + kOverdue)
            return fmt::format("{} stays on {} although its toleration has run out", state.pod.metadata.name,
                               state.pod.spec.nodeName);
    }
    return std::nullopt;
}

}  // namespace qd::simulation
