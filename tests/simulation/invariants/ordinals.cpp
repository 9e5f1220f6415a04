#include "tests/simulation/invariants/ordinals.h"

#include <fmt/format.h>

#include <charconv>

namespace qd::simulation {
namespace {

std::optional<std::int32_t> ordinalOf(const std::string& pod, const std::string& set) {
    if (!pod.starts_with(set + "-")) return std::nullopt;
    std::int32_t number = 0;
    const char* end = pod.data() + pod.size();
    const auto [at, error] = std::from_chars(pod.data() + set.size() + 1, end, number);
    if (error != std::errc() || at != end) return std::nullopt;
    return number;
}

}  // namespace

std::optional<std::string> OrdinalsInvariant::see(const Commit& commit) {
    if (commit.object().metadata.namespace_ != m_ns) return std::nullopt;
    if (const auto* set = api::objectAs<appsv1::StatefulSet>(commit.object())) {
        if (set->metadata.name != m_name) return std::nullopt;
        m_removed = commit.gone();
        seeSet(*set, commit.when);
    } else if (const auto* pod = api::objectAs<corev1::Pod>(commit.object())) {
        const auto number = ordinalOf(pod->metadata.name, m_name);
        if (number && isControlledBy(*pod, "StatefulSet", m_name)) return seePod(commit, *pod, *number);
    }
    return std::nullopt;
}

void OrdinalsInvariant::seeSet(const appsv1::StatefulSet& set, base::SteadyTime when) {
    const auto replicas = set.spec.replicas.value_or(1);
    const auto first = set.spec.ordinals ? set.spec.ordinals->start : 0;
    const auto& rolling = set.spec.updateStrategy.rollingUpdate;
    const auto partition = rolling ? rolling->partition.value_or(0) : 0;
    m_ordered = set.spec.podManagementPolicy != "Parallel";
    if (replicas == m_replicas && first == m_first && partition == m_partition) return;
    m_replicas = replicas;
    m_first = first;
    m_partition = partition;
    m_changed = when;
}

std::optional<std::string> OrdinalsInvariant::judgeCreation(std::int32_t number, base::SteadyTime when) const {
    const bool lately = when - m_changed <= kLate;
    if (!lately && (number < m_first || number >= m_first + m_replicas))
        return fmt::format("{}-{} is made, but {} from {} on are asked for", m_name, number, m_replicas, m_first);
    if (!m_ordered) return std::nullopt;
    for (std::int32_t before = m_first; before < number; ++before) {
        const auto found = m_ordinals.find(before);
        const bool wasReady = found != m_ordinals.end() && found->second.wasReady &&
                              (found->second.ready || when - *found->second.wasReady <= kLate);
        if (!wasReady && !lately)
            return fmt::format("{}-{} is made, but {}-{} is not ready", m_name, number, m_name, before);
    }
    return std::nullopt;
}

std::optional<std::string> OrdinalsInvariant::judgeRemoval(std::int32_t number, base::SteadyTime when) const {
    if (when - m_changed <= kLate) return std::nullopt;
    const bool surplus = number < m_first || number >= m_first + m_replicas;
    // A Pod that failed is made anew wherever it stands.
    if (m_ordinals.at(number).ended) return std::nullopt;
    if (!surplus && number - m_first < m_partition)
        return fmt::format("{}-{} is removed, which is below the partition {}", m_name, number, m_partition);
    if (!m_ordered || !surplus) return std::nullopt;
    for (auto after = m_ordinals.upper_bound(number); after != m_ordinals.end(); ++after) {
        if (after->second.alive && when - after->second.since > kLate)
            return fmt::format("{}-{} is removed before {}-{} is gone", m_name, number, m_name, after->first);
    }
    return std::nullopt;
}

std::optional<std::string> OrdinalsInvariant::seePod(const Commit& commit, const corev1::Pod& pod,
                                                     std::int32_t number) {
    Ordinal& ordinal = m_ordinals[number];
    std::optional<std::string> broken;
    if (commit.created()) {
        if (ordinal.alive)
            return fmt::format("a second {} is made while the first one has not stopped", pod.metadata.name);
        broken = judgeCreation(number, commit.when);
        ordinal = {.uid = pod.metadata.uid, .alive = true, .since = commit.when};
    } else if (commit.removes() && commit.actor() == "statefulset-controller" && !m_removed) {
        broken = judgeRemoval(number, commit.when);
    }
    ordinal.ended = hasEnded(pod);
    const bool ready = !commit.gone() && isActive(pod) && isReady(pod);
    if (ready || ordinal.ready) ordinal.wasReady = commit.when;
    ordinal.ready = ready;
    // Its node says that it has stopped, or never heard of it.
    if (commit.gone()) ordinal.alive = commit.actor() != "nodes" && !pod.spec.nodeName.empty() && !hasEnded(pod);
    return broken;
}

}  // namespace qd::simulation
