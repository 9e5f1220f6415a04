#include "cluster/scheduler/framework/framework.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>

namespace qd::scheduler {
namespace {

Status by(const Plugin& plugin, Status status) {
    status.plugin = plugin.name();
    return status;
}

}  // namespace

void normalizeToMax(std::vector<std::int64_t>& scores, bool reverse) {
    const std::int64_t highest = scores.empty() ? 0 : *std::max_element(scores.begin(), scores.end());
    for (auto& score : scores) {
        const std::int64_t scaled = highest > 0 ? kMaxScore * score / highest : 0;
        score = reverse ? kMaxScore - scaled : scaled;
    }
}

template <typename Point>
void Framework::file(std::vector<At<Point>>& list, Plugin& plugin, std::int64_t weight) {
    if (auto* point = dynamic_cast<Point*>(&plugin)) list.push_back({&plugin, point, weight});
}

void Framework::add(std::unique_ptr<Plugin> plugin, std::int64_t weight) {
    plugin->slot = m_plugins.size();
    file(m_preEnqueue, *plugin, weight);
    file(m_queueing, *plugin, weight);
    file(m_preFilter, *plugin, weight);
    file(m_filter, *plugin, weight);
    file(m_postFilter, *plugin, weight);
    file(m_score, *plugin, weight);
    file(m_reserve, *plugin, weight);
    file(m_permit, *plugin, weight);
    file(m_bind, *plugin, weight);
    if (const auto* queueing = dynamic_cast<QueueingPlugin*>(plugin.get())) m_interests = m_interests | queueing->interests();
    m_plugins.push_back(std::move(plugin));
}

Status Framework::preEnqueue(const PodInfo& pod) const {
    for (const auto& each : m_preEnqueue) {
        Status status = each.point->preEnqueue(pod);
        if (!status.ok()) return by(*each.plugin, std::move(status));
    }
    return {};
}

bool Framework::mayHelp(const PodInfo& pod, const std::set<std::string_view>& rejectedBy, const ClusterEvent& event) const {
    return std::any_of(m_queueing.begin(), m_queueing.end(), [&](const auto& each) {
        return anyOf(each.point->interests(), event.what) && rejectedBy.contains(each.plugin->name()) && each.point->mayHelp(pod, event);
    });
}

PreFilterResult Framework::preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes, Diagnosis& diagnosis) {
    PreFilterResult all;
    std::set<std::string_view> narrowedBy;
    for (const auto& each : m_preFilter) {
        PreFilterResult one = each.point->preFilter(state, pod, nodes);
        if (one.status.skipped()) {
            state.skipFilter(each.plugin->slot);
            continue;
        }
        if (!one.status.ok()) {
            all.status = by(*each.plugin, std::move(one.status));
            if (all.status.rejected()) {
                diagnosis.preFilterMessage = all.status.message();
                diagnosis.absent = all.status;
                diagnosis.rejectedBy.insert(each.plugin->name());
            }
            return all;
        }
        if (!one.onlyNodes) continue;
        narrowedBy.insert(each.plugin->name());
        if (all.onlyNodes) {
            std::erase_if(*all.onlyNodes, [&](const auto& name) { return !one.onlyNodes->contains(name); });
        } else {
            all.onlyNodes = std::move(one.onlyNodes);
        }
    }
    if (all.onlyNodes) {
        diagnosis.absent = Status::unresolvable(text(fmt::format("node(s) didn't satisfy plugin(s) [{}]", fmt::join(narrowedBy, " "))));
        diagnosis.rejectedBy.merge(narrowedBy);
    }
    return all;
}

Status Framework::filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const {
    for (const auto& each : m_filter) {
        if (state.skipsFilter(each.plugin->slot)) continue;
        Status status = each.point->filter(state, pod, node);
        if (!status.ok()) return by(*each.plugin, std::move(status));
    }
    return {};
}

PostFilterResult Framework::postFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes, const Diagnosis& diagnosis) {
    PostFilterResult all{.status = {.code = Code::Unschedulable}};
    for (const auto& each : m_postFilter) {
        PostFilterResult one = each.point->postFilter(state, pod, nodes, diagnosis);
        one.status.plugin = each.plugin->name();
        if (one.status.code != Code::Unschedulable) return one;
        if (one.nominatedNode) all.nominatedNode = std::move(one.nominatedNode);
        std::ranges::move(one.status.reasons, std::back_inserter(all.status.reasons));
    }
    return all;
}

Result<std::vector<std::int64_t>> Framework::score(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) {
    std::vector<std::int64_t> totals(feasible.size(), 0);
    std::vector<std::int64_t> scores(feasible.size());
    for (const auto& each : m_score) {
        const Status prepared = each.point->preScore(state, pod, feasible, nodes);
        if (prepared.skipped()) continue;
        if (!prepared.ok()) return fail(Reason::InternalError, fmt::format("running PreScore plugin \"{}\": {}", each.plugin->name(), prepared.message()));
        for (std::size_t i = 0; i < feasible.size(); ++i) scores[i] = each.point->score(state, pod, *feasible[i]);
        each.point->normalize(state, feasible, scores);
        for (std::size_t i = 0; i < feasible.size(); ++i) totals[i] += scores[i] * each.weight;
    }
    return totals;
}

Status Framework::reserve(CycleState& state, const PodInfo& pod, const NodeInfo& node) {
    for (const auto& each : m_reserve) {
        Status status = each.point->reserve(state, pod, node);
        if (!status.ok()) return by(*each.plugin, std::move(status));
    }
    return {};
}

void Framework::unreserve(CycleState& state, const PodInfo& pod, const std::string& node) {
    for (const auto& each : std::views::reverse(m_reserve)) each.point->unreserve(state, pod, node);
}

Status Framework::permit(const CycleState& state, const PodInfo& pod, const NodeInfo& node) {
    for (const auto& each : m_permit) {
        Status status = each.point->permit(state, pod, node);
        if (!status.ok()) return by(*each.plugin, std::move(status));
    }
    return {};
}

Result<void> Framework::bind(const corev1::Pod& pod, const std::string& node) {
    for (const auto& each : m_bind) {
        if (auto outcome = each.point->bind(pod, node)) {
            if (*outcome) return {};
            return fail(outcome->error().within(fmt::format("running Bind plugin \"{}\"", each.plugin->name())));
        }
    }
    return fail(Reason::InternalError, "no Bind plugin took the Pod");
}

void Framework::podAdded(CycleState& state, const PodInfo& pod, const PodInfo& added, const NodeInfo& node) const {
    for (const auto& each : m_preFilter) {
        if (!state.skipsFilter(each.plugin->slot)) each.point->podAdded(state, pod, added, node);
    }
}

void Framework::podRemoved(CycleState& state, const PodInfo& pod, const PodInfo& removed, const NodeInfo& node) const {
    for (const auto& each : m_preFilter) {
        if (!state.skipsFilter(each.plugin->slot)) each.point->podRemoved(state, pod, removed, node);
    }
}

}  // namespace qd::scheduler
