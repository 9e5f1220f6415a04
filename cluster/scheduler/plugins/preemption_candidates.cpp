#include "cluster/scheduler/plugins/preemption_candidates.h"

#include <algorithm>
#include <limits>

#include "cluster/api/meta/selectors.h"

namespace qd::scheduler {
namespace {

base::WallTime startOf(const PodInfo& pod, base::WallTime now) {
    const auto& started = pod.pod->status.startTime;
    return started ? started->wall() : now;
}

// Of each candidate a tuple that is the smaller the less it costs.
struct Cost {
    int violations = 0;
    std::int32_t highest = 0;
    std::int64_t sum = 0;
    std::size_t victims = 0;
    base::Duration sinceStart{};

    auto operator<=>(const Cost&) const = default;
};

Cost costOf(const PreemptionCandidate& candidate, base::WallTime now) {
    Cost cost{.violations = candidate.violations,
              .highest = std::numeric_limits<std::int32_t>::min(),
              .victims = candidate.victims.size()};
    for (const auto& victim : candidate.victims) {
        // Raised above zero, so that of two nodes the one with fewer victims of negative priority wins.
        cost.sum +=
            static_cast<std::int64_t>(victim->priority()) + std::numeric_limits<std::int32_t>::max() + std::int64_t{1};
        cost.highest = std::max(cost.highest, victim->priority());
    }
    base::WallTime earliest = now;
    for (const auto& victim : candidate.victims) {
        if (victim->priority() == cost.highest) earliest = std::min(earliest, startOf(*victim, now));
    }
    cost.sinceStart = now - earliest;
    return cost;
}

}  // namespace

bool isMoreImportant(const PodInfo& a, const PodInfo& b, base::WallTime now) {
    if (a.priority() != b.priority()) return a.priority() > b.priority();
    return startOf(a, now) < startOf(b, now);
}

VictimGroups groupByBudget(const std::vector<PodInfoPtr>& pods,
                           const std::vector<client::Ptr<policyv1::PodDisruptionBudget>>& budgets) {
    std::vector<std::int32_t> allowed;
    std::vector<api::LabelSelector> selectors;
    for (const auto& budget : budgets) {
        allowed.push_back(budget->status.disruptionsAllowed);
        const auto& selector = budget->spec.selector;
        selectors.push_back(selector ? api::LabelSelector::from(*selector).value_or(api::LabelSelector::nothing())
                                     : api::LabelSelector::nothing());
    }
    VictimGroups groups;
    for (const auto& pod : pods) {
        const auto& meta = pod->pod->metadata;
        bool violates = false;
        for (std::size_t i = 0; i < budgets.size() && !meta.labels.empty(); ++i) {
            const bool covers = budgets[i]->metadata.namespace_ == meta.namespace_ && !selectors[i].empty() &&
                                selectors[i].matches(meta.labels);
            // The API server has let it go already.
            if (!covers || budgets[i]->status.disruptedPods.contains(meta.name)) continue;
            if (--allowed[i] < 0) violates = true;
        }
        (violates ? groups.violating : groups.others).push_back(pod);
    }
    return groups;
}

const PreemptionCandidate& cheapest(const std::vector<PreemptionCandidate>& candidates, base::WallTime now) {
    return *std::ranges::min_element(candidates, {}, [&](const auto& candidate) { return costOf(candidate, now); });
}

}  // namespace qd::scheduler
