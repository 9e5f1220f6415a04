#include "tests/simulation/invariants/retention.h"

#include <fmt/format.h>

namespace qd::simulation {

std::optional<std::string> RetentionInvariant::see(const Commit& commit) {
    if (commit.actor() != "ttl-after-finished-controller" || !commit.removes()) return std::nullopt;
    const auto* job = api::objectAs<batchv1::Job>(*commit.before());
    if (!job) return std::nullopt;
    if (!job->spec.ttlSecondsAfterFinished)
        return fmt::format("{} is deleted, which is to be kept for ever", job->metadata.name);
    for (const auto& condition : job->status.conditions) {
        if ((condition.type != "Complete" && condition.type != "Failed") || condition.status != "True") continue;
        const auto until =
            condition.lastTransitionTime.wall() + std::chrono::seconds(*job->spec.ttlSecondsAfterFinished);
        if (commit.event.time >= until) return std::nullopt;
        return fmt::format("{} is deleted before it was kept for {} s", job->metadata.name,
                           *job->spec.ttlSecondsAfterFinished);
    }
    return fmt::format("{} is deleted although it has not finished", job->metadata.name);
}

}  // namespace qd::simulation
