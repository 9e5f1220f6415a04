// CronJobs of all three concurrency policies, under clocks that are set.
#include <fmt/format.h>

#include <cctype>

#include "cluster/api/types/batch_v1.h"
#include "tests/simulation/invariants/jobs.h"
#include "tests/simulation/invariants/schedules.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "default";
constexpr const char* kPolicies[] = {"Allow", "Forbid", "Replace"};

void decide(const corev1::Pod& pod, hollow::RunPlan& plan) {
    const auto chance = std::hash<std::string>()(pod.metadata.uid);
    for (auto& container : plan.containers)
        container.runs = {
            {.length = std::chrono::seconds(1 + chance % 300), .exitCode = chance / 512 % 5 == 0 ? 1 : 0}};
}

class CronJobWorld final : public World {
public:
    explicit CronJobWorld(std::uint64_t seed) : World(seed, {.cluster = {.adjust = decide}}) {
        holdTo<SchedulesInvariant>(kNamespace);
        holdTo<JobsInvariant>(kNamespace);
    }

private:
    void begin() override {
        for (const char* policy : kPolicies) {
            batchv1::CronJob cron;
            cron.metadata.namespace_ = kNamespace;
            cron.metadata.name = nameOf(policy);
            cron.spec.schedule = fmt::format("*/{} * * * *", 1 + below(4));
            cron.spec.concurrencyPolicy = policy;
            if (oneIn(2)) cron.spec.startingDeadlineSeconds = static_cast<std::int64_t>(30 + below(300));
            cron.spec.successfulJobsHistoryLimit = 2;
            cron.spec.failedJobsHistoryLimit = 1;
            cron.spec.jobTemplate.spec.backoffLimit = 1;
            cron.spec.jobTemplate.spec.template_ = podsOf(cron.metadata.name, "Never");
            create(cron);
        }
    }

    static std::string nameOf(const std::string& policy) {
        std::string name = policy;
        name.front() = static_cast<char>(std::tolower(name.front()));
        return name;
    }

    void act() override {
        const std::string name = nameOf(kPolicies[below(3)]);
        switch (below(5)) {
            case 0:
                return killAnyPod(kNamespace);
            case 1:
                return suspend(name, oneIn(3));
            case 2: {
                const auto jobs = listed<batchv1::Job>(kNamespace);
                if (!jobs.empty())
                    remove<batchv1::Job>(kNamespace, jobs[below(jobs.size())]->metadata.name,
                                         {.propagationPolicy = "Background"});
                return;
            }
            default:
                return;
        }
    }

    void suspend(const std::string& name, bool suspended) {
        change<batchv1::CronJob>(kNamespace, name, [&](auto& cron) { cron.spec.suspend = suspended; });
    }

    void wind() override {
        for (const char* policy : kPolicies) suspend(nameOf(policy), true);
    }

    std::optional<std::string> settled() override {
        std::map<std::string, int> ended;
        for (const auto& job : listed<batchv1::Job>(kNamespace)) {
            if (job->status.active != 0 || !job->status.startTime || job->status.conditions.empty())
                return job->metadata.name + " still runs";
            ++ended[controllerOf(*job)->name];
        }
        for (const auto& cron : listed<batchv1::CronJob>(kNamespace)) {
            if (!cron->status.active.empty()) return cron->metadata.name + " says that it has active Jobs";
            if (ended[cron->metadata.name] > 3) return cron->metadata.name + " keeps more Jobs than it may";
        }
        return std::nullopt;
    }
};

}  // namespace

std::unique_ptr<World> cronJobWorld(std::uint64_t seed) {
    return std::make_unique<CronJobWorld>(seed);
}

}  // namespace qd::simulation
