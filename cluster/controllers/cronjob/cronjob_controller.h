// Makes Jobs at the times that CronJobs name, and clears away those that have ended.
#pragma once

#include "cluster/api/meta/cron_schedule.h"
#include "cluster/api/types/batch_v1.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"

namespace qd::controllers {

class CronJobController final : public Controller {
public:
    explicit CronJobController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    using Jobs = std::vector<client::Ptr<batchv1::Job>>;

    void onJob(const api::Object& job, std::uint64_t cause);
    // Each changes the CronJob's status, which is written once at the end.
    void clearHistory(const std::string& key, batchv1::CronJob& cron, const Jobs& jobs);
    void removeOldest(const std::string& key, batchv1::CronJob& cron, Jobs jobs, std::int32_t kept);
    void noteEnds(batchv1::CronJob& cron, const Jobs& jobs);
    Result<void> dropMissing(batchv1::CronJob& cron, const Jobs& jobs);
    Result<Outcome> startDue(const std::string& key, batchv1::CronJob& cron);
    Result<api::CronSchedule> scheduleOf(const batchv1::CronJob& cron);
    bool mayStart(const batchv1::CronJob& cron, base::WallTime due);
    Result<void> replaceRunning(const std::string& key, batchv1::CronJob& cron);
    Result<void> start(const std::string& key, batchv1::CronJob& cron, base::WallTime due);
    bool remove(const std::string& key, batchv1::CronJob& cron, const batchv1::Job& job);
    void event(const batchv1::CronJob& cron, const char* type, const char* reason, const std::string& message);

    Context& m_context;
    client::Informer& m_crons;
    client::Informer& m_jobs;
    Expectations m_expectations;
};

}  // namespace qd::controllers
