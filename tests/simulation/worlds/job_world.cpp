// Jobs of every sort come and go, whose Pods succeed and fail.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/batch_v1.h"
#include "tests/simulation/invariants/jobs.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "default";
constexpr int kAtOnce = 3;  // Jobs that have not finished

bool isOver(const batchv1::Job& job) {
    return std::ranges::any_of(job.status.conditions, [](const auto& each) {
        return (each.type == "Complete" || each.type == "Failed") && each.status == "True";
    });
}

// Whether a Pod succeeds and how long it takes follows from its uid.
void decide(const corev1::Pod& pod, hollow::RunPlan& plan) {
    const auto chance = std::hash<std::string>()(pod.metadata.uid);
    const int exitCode = chance % 4 == 0 ? static_cast<int>(1 + chance / 4 % 3) : 0;
    for (auto& container : plan.containers)
        container.runs = {{.length = std::chrono::seconds(1 + chance / 16 % 40), .exitCode = exitCode},
                          {.length = std::chrono::seconds(5), .exitCode = 0}};
}

class JobWorld final : public World {
public:
    explicit JobWorld(std::uint64_t seed) : World(seed, {.cluster = {.adjust = decide}}) {
        holdTo<JobsInvariant>(kNamespace);
    }

private:
    void begin() override { addJob(); }

    void addJob() {
        batchv1::Job job;
        job.metadata.namespace_ = kNamespace;
        job.metadata.name = fmt::format("job-{}", ++m_made);
        job.spec.parallelism = static_cast<std::int32_t>(1 + below(4));
        if (!oneIn(4)) job.spec.completions = static_cast<std::int32_t>(1 + below(6));
        job.spec.backoffLimit = static_cast<std::int32_t>(2 + below(6));
        job.spec.template_ = podsOf(job.metadata.name, oneIn(3) ? "OnFailure" : "Never");
        if (job.spec.completions && oneIn(2)) {
            job.spec.completionMode = "Indexed";
            if (oneIn(2) && job.spec.template_.spec.restartPolicy == "Never") job.spec.backoffLimitPerIndex = 1;
        }
        if (job.spec.template_.spec.restartPolicy == "Never" && oneIn(3)) {
            auto& rule = job.spec.podFailurePolicy.emplace().rules.emplace_back();
            rule.action = oneIn(2) ? "Ignore" : "Count";
            rule.onExitCodes.emplace().operator_ = "In";
            rule.onExitCodes->values = {3};
            if (oneIn(2)) job.spec.podReplacementPolicy = "Failed";
        }
        if (oneIn(4)) job.spec.activeDeadlineSeconds = 120;
        if (oneIn(3)) job.spec.ttlSecondsAfterFinished = 60;
        if (oneIn(5)) job.spec.suspend = true;
        create(job);
    }

    // One that has not finished; null when all have.
    client::Ptr<batchv1::Job> anyRunning() {
        auto jobs = listed<batchv1::Job>(kNamespace);
        std::erase_if(jobs, [](const auto& each) { return isOver(*each) || each->metadata.deletionTimestamp; });
        m_running = static_cast<int>(jobs.size());
        return jobs.empty() ? nullptr : jobs[below(jobs.size())];
    }

    void act() override {
        const auto job = anyRunning();
        if (m_running < kAtOnce && oneIn(2)) return addJob();
        if (!job) return;
        const std::string& name = job->metadata.name;
        switch (below(6)) {
            case 0:
                return killAnyPod(kNamespace);
            case 1:
                return change<batchv1::Job>(kNamespace, name, [this](auto& changed) {
                    changed.spec.parallelism = static_cast<std::int32_t>(below(5));
                });
            case 2:
                return change<batchv1::Job>(kNamespace, name, [](auto& changed) {
                    changed.spec.suspend = !changed.spec.suspend.value_or(false);
                });
            case 3:
                if (oneIn(3))
                    remove<batchv1::Job>(kNamespace, name,
                                         {.propagationPolicy = oneIn(2) ? "Background" : "Foreground"});
                return;
            default:
                return;
        }
    }

    void wind() override {
        for (const auto& job : listed<batchv1::Job>(kNamespace)) {
            if (isOver(*job) || job->metadata.deletionTimestamp) continue;
            change<batchv1::Job>(kNamespace, job->metadata.name, [](auto& changed) {
                changed.spec.suspend = false;
                changed.spec.parallelism = std::max(1, changed.spec.parallelism.value_or(1));
            });
        }
    }

    std::optional<std::string> settled() override {
        for (const auto& job : listed<batchv1::Job>(kNamespace)) {
            if (!isOver(*job)) return job->metadata.name + " has not finished";
            if (job->status.active != 0 || job->status.terminating.value_or(0) != 0)
                return job->metadata.name + " still has active Pods";
        }
        for (const auto& pod : listed<corev1::Pod>(kNamespace)) {
            if (pod->status.phase != "Succeeded" && pod->status.phase != "Failed")
                return pod->metadata.name + " still runs";
        }
        return std::nullopt;
    }

    int m_made = 0;
    int m_running = 0;
};

}  // namespace

std::unique_ptr<World> jobWorld(std::uint64_t seed) {
    return std::make_unique<JobWorld>(seed);
}

}  // namespace qd::simulation
