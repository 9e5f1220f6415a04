// Jobs that are to be deleted a while after they have finished; people change their minds about how long that is.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/batch_v1.h"
#include "tests/simulation/invariants/jobs.h"
#include "tests/simulation/invariants/retention.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "default";
constexpr std::size_t kMost = 6;  // Jobs

bool isOver(const batchv1::Job& job) {
    return std::ranges::any_of(job.status.conditions, [](const auto& each) {
        return (each.type == "Complete" || each.type == "Failed") && each.status == "True";
    });
}

// Whether a Pod succeeds follows from its uid.
void decide(const corev1::Pod& pod, hollow::RunPlan& plan) {
    const auto chance = std::hash<std::string>()(pod.metadata.uid);
    for (auto& container : plan.containers)
        container.runs = {{.length = std::chrono::seconds(1 + chance / 4 % 10), .exitCode = chance % 4 == 0 ? 1 : 0}};
}

class FinishedWorld final : public World {
public:
    explicit FinishedWorld(std::uint64_t seed)
        : World(seed, {.longestPause = 20, .longer = 2, .cluster = {.adjust = decide}}) {
        holdTo<RetentionInvariant>();
        holdTo<JobsInvariant>(kNamespace);
    }

private:
    void begin() override { addJob(); }

    std::optional<std::int32_t> anyTtl() {
        if (oneIn(4)) return std::nullopt;
        return static_cast<std::int32_t>(oneIn(4) ? 0 : below(90));
    }

    void addJob() {
        batchv1::Job job;
        job.metadata.namespace_ = kNamespace;
        job.metadata.name = fmt::format("job-{}", ++m_made);
        job.spec.completions = static_cast<std::int32_t>(1 + below(2));
        job.spec.parallelism = 2;
        job.spec.backoffLimit = static_cast<std::int32_t>(below(2));
        job.spec.template_ = podsOf(job.metadata.name, "Never");
        job.spec.ttlSecondsAfterFinished = anyTtl();
        create(job);
    }

    void act() override {
        const auto jobs = listed<batchv1::Job>(kNamespace);
        if (jobs.size() < kMost && oneIn(2)) return addJob();
        if (jobs.empty()) return;
        const std::string& name = jobs[below(jobs.size())]->metadata.name;
        if (oneIn(5)) return killAnyPod(kNamespace);
        change<batchv1::Job>(kNamespace, name, [this](auto& job) { job.spec.ttlSecondsAfterFinished = anyTtl(); });
    }

    void wind() override {
        for (const auto& job : listed<batchv1::Job>(kNamespace)) {
            if (!job->metadata.deletionTimestamp && oneIn(2))
                change<batchv1::Job>(kNamespace, job->metadata.name,
                                     [](auto& changed) { changed.spec.ttlSecondsAfterFinished = 30; });
        }
    }

    std::optional<std::string> settled() override {
        for (const auto& job : listed<batchv1::Job>(kNamespace)) {
            if (!isOver(*job)) return job->metadata.name + " has not finished";
            if (job->spec.ttlSecondsAfterFinished) return job->metadata.name + " has not been deleted";
        }
        return std::nullopt;
    }

    int m_made = 0;
};

}  // namespace

std::unique_ptr<World> finishedWorld(std::uint64_t seed) {
    return std::make_unique<FinishedWorld>(seed);
}

}  // namespace qd::simulation
