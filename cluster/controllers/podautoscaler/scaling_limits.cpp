#include "cluster/controllers/podautoscaler/scaling_limits.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace qd::controllers {
namespace {

namespace hpa = autoscalingv2;
using Entry = ScalingHistory::Entry;

constexpr base::Duration kDownWindow = std::chrono::minutes(5);
constexpr base::Duration kLongestWindow = std::chrono::hours(1);     // that the API accepts
constexpr base::Duration kLongestPeriod = std::chrono::minutes(30);  // likewise

const Why kInRange{"DesiredWithinRange", "the desired count is within the acceptable range"};
const Why kTooMany{"TooManyReplicas", "the desired replica count is more than the maximum replica count"};
const Why kTooFew{"TooFewReplicas", "the desired replica count is less than the minimum replica count"};
const Why kTooFastUp{"ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate"};
const Why kTooFastDown{"ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate"};
const Why kReady{"ReadyForNewScale", "recommended size matches current size"};
const Why kHeldDown{"ScaleDownStabilized",
                    "recent recommendations were higher than current one, applying the highest recent recommendation"};
const Why kHeldUp{"ScaleUpStabilized",
                  "recent recommendations were lower than current one, applying the lowest recent recommendation"};

void dropBefore(std::vector<Entry>& entries, base::SteadyTime cutoff) {
    std::erase_if(entries, [&](const Entry& one) { return one.at < cutoff; });
}

// How far the size may have gone by the rule's policies, seen from where each period began. `direction` is 1 or -1.
std::int32_t rateLimit(const hpa::HPAScalingRules& rules, std::int32_t current, const ScalingHistory& history,
                       base::SteadyTime now, int direction) {
    const std::string select = rules.selectPolicy.value_or(hpa::MaxChangePolicySelect);
    if (select == hpa::DisabledPolicySelect) return current;
    const bool takesGreatest = (select == hpa::MinChangePolicySelect) == (direction < 0);
    std::int32_t limit =
        takesGreatest ? std::numeric_limits<std::int32_t>::min() : std::numeric_limits<std::int32_t>::max();
    for (const auto& policy : rules.policies) {
        const base::Duration period = std::chrono::seconds(policy.periodSeconds);
        const std::int32_t begun = current - history.grownWithin(period, now) + history.shrunkWithin(period, now);
        std::int32_t proposed = begun + direction * policy.value;
        if (policy.type == hpa::PercentScalingPolicy) {
            const double scaled = begun * (1 + direction * policy.value / 100.0);
            proposed = static_cast<std::int32_t>(direction > 0 ? std::ceil(scaled) : scaled);
        }
        limit = takesGreatest ? std::max(limit, proposed) : std::min(limit, proposed);
    }
    return limit;
}

// The size nearest to the present one that recent recommendations leave open.
std::int32_t stabilized(const hpa::HorizontalPodAutoscalerBehavior& behavior, std::int32_t current, std::int32_t wanted,
                        const ScalingHistory& history, base::SteadyTime now) {
    const auto cutoff = [now](const api::Box<hpa::HPAScalingRules>& rules, base::Duration otherwise) {
        if (!rules || !rules->stabilizationWindowSeconds) return now - otherwise;
        return now - std::chrono::seconds(*rules->stabilizationWindowSeconds);
    };
    const auto up = cutoff(behavior.scaleUp, base::Duration(0)), down = cutoff(behavior.scaleDown, kDownWindow);
    std::int32_t least = wanted, most = wanted;
    for (const Entry& one : history.recommended()) {
        if (one.at > up) least = std::min(least, one.replicas);
        if (one.at > down) most = std::max(most, one.replicas);
    }
    return std::min(std::max(current, least), most);
}

struct Bounded {
    std::int32_t replicas;
    Why why;
};

Bounded boundedByRate(const hpa::HorizontalPodAutoscalerSpec& spec, std::int32_t current, std::int32_t wanted,
                      const ScalingHistory& history, base::SteadyTime now) {
    if (wanted > current && spec.behavior->scaleUp) {
        const std::int32_t rate = std::max(current, rateLimit(*spec.behavior->scaleUp, current, history, now, 1));
        const std::int32_t most = std::min(spec.maxReplicas, rate);
        if (wanted > most) return {most, spec.maxReplicas > rate ? kTooFastUp : kTooMany};
    }
    if (wanted < current && spec.behavior->scaleDown) {
        const std::int32_t least = minReplicasOf(spec);
        const std::int32_t rate = std::min(current, rateLimit(*spec.behavior->scaleDown, current, history, now, -1));
        if (wanted < std::max(least, rate)) return {std::max(least, rate), least < rate ? kTooFastDown : kTooFew};
    }
    return {wanted, kInRange};
}

// Without behavior: at most twice the size, or four, at a time.
Bounded boundedByRules(const hpa::HorizontalPodAutoscalerSpec& spec, std::int32_t current, std::int32_t wanted) {
    const std::int32_t rate = std::max(2 * current, 4), least = minReplicasOf(spec);
    const std::int32_t most = std::min(spec.maxReplicas, rate);
    if (wanted < least) return {least, kTooFew};
    if (wanted > most) return {most, spec.maxReplicas > rate ? kTooFastUp : kTooMany};
    return {wanted, kInRange};
}

}  // namespace

void ScalingHistory::begin(std::int32_t current, base::SteadyTime now) {
    if (m_recommended.empty()) m_recommended.push_back({current, now});
}

void ScalingHistory::scaled(std::int32_t from, std::int32_t to, base::SteadyTime now) {
    (to > from ? m_grown : m_shrunk).push_back({std::abs(to - from), now});
}

void ScalingHistory::forgetOld(base::SteadyTime now) {
    dropBefore(m_recommended, now - kLongestWindow);
    dropBefore(m_grown, now - kLongestPeriod);
    dropBefore(m_shrunk, now - kLongestPeriod);
}

std::int32_t ScalingHistory::sum(const std::vector<Entry>& entries, base::Duration period, base::SteadyTime now) {
    std::int32_t total = 0;
    for (const Entry& one : entries)
        if (one.at > now - period) total += one.replicas;
    return total;
}

std::int32_t minReplicasOf(const hpa::HorizontalPodAutoscalerSpec& spec) {
    return spec.minReplicas.value_or(1);
}

LimitedSize limitSize(const hpa::HorizontalPodAutoscalerSpec& spec, std::int32_t current, std::int32_t wanted,
                      ScalingHistory& history, base::SteadyTime now) {
    LimitedSize size;
    std::int32_t steady = wanted;
    if (spec.behavior) {
        steady = stabilized(*spec.behavior, current, wanted, history, now);
        size.able = steady == wanted ? kReady : wanted >= current ? kHeldUp : kHeldDown;
    } else {
        for (const Entry& one : history.recommended())
            if (one.at >= now - kDownWindow) steady = std::max(steady, one.replicas);
        size.able = steady == wanted ? kReady : kHeldDown;
    }
    history.recommend(wanted, now);
    history.forgetOld(now);
    const Bounded bounded =
        spec.behavior ? boundedByRate(spec, current, steady, history, now) : boundedByRules(spec, current, steady);
    size.replicas = bounded.replicas;
    size.isLimited = bounded.replicas != steady;
    size.limited = bounded.why;
    return size;
}

}  // namespace qd::controllers
