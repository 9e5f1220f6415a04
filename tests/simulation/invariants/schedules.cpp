#include "tests/simulation/invariants/schedules.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::simulation {
namespace {

constexpr const char* kTime = "batch.kubernetes.io/cronjob-scheduled-timestamp";

bool hasFinished(const batchv1::Job& job) {
    return std::ranges::any_of(job.status.conditions, [](const auto& each) {
        return (each.type == "Complete" || each.type == "Failed") && each.status == "True";
    });
}

}  // namespace

std::optional<std::string> SchedulesInvariant::see(const Commit& commit) {
    const auto& meta = commit.object().metadata;
    if (meta.namespace_ != m_ns) return std::nullopt;
    if (const auto* cron = api::objectAs<batchv1::CronJob>(commit.object()))
        m_crons[meta.name].policy = cron->spec.concurrencyPolicy;
    const auto* job = api::objectAs<batchv1::Job>(commit.object());
    const auto* owner = controllerOf(commit.object());
    if (!job || !owner || owner->kind != "CronJob") return std::nullopt;
    Cron& cron = m_crons[owner->name];
    if (commit.gone() || hasFinished(*job) || meta.deletionTimestamp) {
        cron.running.erase(meta.name);
    } else {
        cron.running.try_emplace(meta.name, commit.when);
    }
    if (cron.running.size() < 2) cron.twoSince.reset();
    if (cron.running.size() > 1 && !cron.twoSince) cron.twoSince = commit.when;
    if (!commit.created()) return std::nullopt;
    const auto time = meta.annotations.find(kTime);
    if (time == meta.annotations.end()) return fmt::format("{} does not say for which time it was started", meta.name);
    if (!cron.started.insert(time->second).second)
        return fmt::format("{} starts {} a second time", owner->name, time->second);
    if (cron.policy == "Forbid" && cron.running.size() > 1)
        return fmt::format("{} starts {} while another one runs", owner->name, meta.name);
    return std::nullopt;
}

std::optional<std::string> SchedulesInvariant::check(base::SteadyTime now) {
    for (const auto& [name, cron] : m_crons) {
        if (cron.policy == "Replace" && cron.twoSince && now - *cron.twoSince > kLate)
            return fmt::format("{} has had several Jobs for too long", name);
    }
    return std::nullopt;
}

}  // namespace qd::simulation
