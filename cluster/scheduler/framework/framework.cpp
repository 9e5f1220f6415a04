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

template <typename Interface>
void Framework::file(std::vector<At<Interface>>& list, Plugin& plugin, std::int64_t weight) {
    if (auto* point = dynamic_cast<Interface*>(&plugin)) list.push_back({&plugin, point, weight});
}

Plugin& Framework::own(std::unique_ptr<Plugin> plugin) {
    plugin->slot = m_plugins.size();
    plugin->framework = this;
    m_plugins.push_back(std::move(plugin));
    Plugin& owned = *m_plugins.back();
    file(m_queueing, owned, 1);
    if (auto* observing = dynamic_cast<ObservingPlugin*>(&owned)) m_observing.push_back(observing);
    if (const auto* queueing = dynamic_cast<QueueingPlugin*>(&owned)) m_interests = m_interests | queueing->interests();
    return owned;
}

void Framework::enable(Plugin& plugin, Point point, std::int64_t weight) {
    switch (point) {
        case Point::PreEnqueue:
            return file(m_preEnqueue, plugin, weight);
        case Point::PreFilter:
            return file(m_preFilter, plugin, weight);
        case Point::Filter:
            return file(m_filter, plugin, weight);
        case Point::PostFilter:
            return file(m_postFilter, plugin, weight);
        case Point::PreScore:
            return;
        case Point::Score:
            return file(m_score, plugin, weight);
        case Point::Reserve:
            return file(m_reserve, plugin, weight);
        case Point::Permit:
            return file(m_permit, plugin, weight);
        case Point::PreBind:
            return file(m_preBind, plugin, weight);
        case Point::Bind:
            return file(m_bind, plugin, weight);
    }
}

Plugin& Framework::add(std::unique_ptr<Plugin> plugin, std::int64_t weight) {
    Plugin& owned = own(std::move(plugin));
    for (const Point point : {Point::PreEnqueue, Point::PreFilter, Point::Filter, Point::PostFilter, Point::Score,
                              Point::Reserve, Point::Permit, Point::PreBind, Point::Bind}) {
        enable(owned, point, weight);
    }
    return owned;
}

Status Framework::preEnqueue(const PodInfo& pod) const {
    for (const auto& each : m_preEnqueue) {
        Status status = each.point->preEnqueue(pod);
        if (!status.ok()) return by(*each.plugin, std::move(status));
    }
    return {};
}

bool Framework::mayHelp(const PodInfo& pod, const std::set<std::string_view>& rejectedBy,
                        const ClusterEvent& event) const {
    return std::any_of(m_queueing.begin(), m_queueing.end(), [&](const auto& each) {
        return anyOf(each.point->interests(), event.what) && rejectedBy.contains(each.plugin->name()) &&
               each.point->mayHelp(pod, event);
    });
}

Happening Framework::interestsOf(const std::set<std::string_view>& plugins) const {
    Happening all = Happening::None;
    for (const auto& each : m_queueing) {
        if (plugins.contains(each.plugin->name())) all = all | each.point->interests();
    }
    return all;
}

void Framework::observe(const ClusterEvent& event) {
    for (auto* each : m_observing) each->observe(event);
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
        diagnosis.absent = Status::unresolvable(
            text(fmt::format("node(s) didn't satisfy plugin(s) [{}]", fmt::join(narrowedBy, " "))));
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

Status Framework::filterWithNominated(const CycleState& state, const PodInfo& pod, const NodeInfo& node,
                                      const Nominations& nominations) const {
    std::vector<PodInfoPtr> important;
    for (const auto& other : nominations.on(node.name())) {
        if (other->priority() >= pod.priority() && other->uid() != pod.uid()) important.push_back(other);
    }
    if (important.empty()) return filter(state, pod, node);
    CycleState with = state.clone();
    NodeInfo fuller = node;
    for (const auto& other : important) {
        fuller.addPod(other);
        podAdded(with, pod, *other, fuller);
    }
    Status status = filter(with, pod, fuller);
    return status.ok() ? filter(state, pod, node) : status;
}

PostFilterResult Framework::postFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes,
                                       const Diagnosis& diagnosis) {
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

Result<Scores> Framework::score(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) {
    Scores all;
    all.totals.resize(feasible.size(), 0);
    for (const auto& each : m_score) {
        const Status prepared = each.point->preScore(state, pod, feasible, nodes);
        if (prepared.skipped()) continue;
        if (!prepared.ok()) {
            return fail(Reason::InternalError,
                        fmt::format("running PreScore plugin \"{}\": {}", each.plugin->name(), prepared.message()));
        }
        std::vector<std::int64_t> scores(feasible.size());
        for (std::size_t i = 0; i < feasible.size(); ++i) scores[i] = each.point->score(state, pod, *feasible[i]);
        each.point->normalize(state, feasible, scores);
        for (std::size_t i = 0; i < feasible.size(); ++i) all.totals[i] += scores[i] * each.weight;
        all.byPlugin.push_back({each.plugin->name(), each.weight, std::move(scores)});
    }
    return all;
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

void Framework::settled(CycleState& state, const PodInfo& pod) {
    for (const auto& each : m_reserve) each.point->settled(state, pod);
}

Status Framework::permit(const CycleState& state, const PodInfo& pod, const NodeInfo& node) {
    for (const auto& each : m_permit) {
        Status status = each.point->permit(state, pod, node);
        if (!status.ok()) return by(*each.plugin, std::move(status));
    }
    return {};
}

bool Framework::hasPreBindWork(const CycleState& state, const PodInfo& pod, const std::string& node) const {
    return std::ranges::any_of(m_preBind, [&](const auto& each) { return each.point->hasWork(state, pod, node); });
}

void Framework::preBind(std::shared_ptr<CycleState> state, PodInfoPtr pod, std::string node, PreBindPlugin::Done done) {
    preBindFrom(0, std::move(state), std::move(pod), std::move(node), std::move(done));
}

void Framework::preBindFrom(std::size_t next, std::shared_ptr<CycleState> state, PodInfoPtr pod, std::string node,
                            PreBindPlugin::Done done) {
    while (next < m_preBind.size() && !m_preBind[next].point->hasWork(*state, *pod, node)) ++next;
    if (next == m_preBind.size()) return done({});
    const auto& each = m_preBind[next];
    auto then = [this, next, state, pod, node, done = std::move(done),
                 name = each.plugin->name()](Result<void> outcome) {
        if (outcome) return preBindFrom(next + 1, state, pod, node, done);
        done(fail(outcome.error().within(fmt::format("running PreBind plugin \"{}\"", name))));
    };
    each.point->preBind(*state, *pod, node, std::move(then));
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

Framework& Profiles::add(std::string schedulerName, std::unique_ptr<Framework> framework) {
    auto& slot = m_frameworks[std::move(schedulerName)];
    slot = std::move(framework);
    return *slot;
}

Framework* Profiles::find(const std::string& schedulerName) const {
    const auto found = m_frameworks.find(schedulerName);
    return found == m_frameworks.end() ? nullptr : found->second.get();
}

void Profiles::observe(const ClusterEvent& event) {
    for (const auto& [name, framework] : m_frameworks) framework->observe(event);
}

bool Profiles::interested(Happening what) const {
    return std::ranges::any_of(m_frameworks, [&](const auto& each) { return each.second->interested(what); });
}

}  // namespace qd::scheduler
