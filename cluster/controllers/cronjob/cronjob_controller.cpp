#include "cluster/controllers/cronjob/cronjob_controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/controllers/cronjob/due_time.h"
#include "cluster/controllers/job/job_rules.h"
#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

using batchv1::CronJob;

constexpr char kScheduled[] = "batch.kubernetes.io/cronjob-scheduled-timestamp";

// One name a minute, so that no two Jobs are made for the same time.
std::string jobName(const CronJob& cron, base::WallTime due) {
    return fmt::format("{}-{}", cron.metadata.name,
                       std::chrono::floor<std::chrono::minutes>(due.time_since_epoch()).count());
}

batchv1::Job jobOf(const CronJob& cron, base::WallTime due) {
    batchv1::Job job;
    job.metadata.namespace_ = cron.metadata.namespace_;
    job.metadata.name = jobName(cron, due);
    job.metadata.labels = cron.spec.jobTemplate.metadata.labels;
    job.metadata.annotations = cron.spec.jobTemplate.metadata.annotations;
    job.metadata.annotations[kScheduled] = api::timeInZone(due, cron.spec.timeZone.value_or(""));
    job.metadata.ownerReferences.push_back(controllerReference(cron));
    job.spec = cron.spec.jobTemplate.spec;
    return job;
}

corev1::ObjectReference referenceTo(const batchv1::Job& job) {
    corev1::ObjectReference reference;
    reference.kind = "Job";
    reference.apiVersion = "batch/v1";
    reference.namespace_ = job.metadata.namespace_;
    reference.name = job.metadata.name;
    reference.uid = job.metadata.uid;
    reference.resourceVersion = job.metadata.resourceVersion;
    return reference;
}

// "Complete" or "Failed"; empty while it has not ended.
std::string endOf(const batchv1::Job& job) {
    for (const auto& condition : job.status.conditions)
        if ((condition.type == batchv1::JobComplete || condition.type == batchv1::JobFailed) &&
            condition.status == corev1::ConditionTrue)
            return condition.type;
    return {};
}

bool isActiveIn(const CronJob& cron, const std::string& uid) {
    return std::ranges::find(cron.status.active, uid, &corev1::ObjectReference::uid) != cron.status.active.end();
}

bool startedBefore(const client::Ptr<batchv1::Job>& a, const client::Ptr<batchv1::Job>& b) {
    if (a->status.startTime.has_value() != b->status.startTime.has_value()) return a->status.startTime.has_value();
    if (a->status.startTime != b->status.startTime) return a->status.startTime < b->status.startTime;
    return a->metadata.name < b->metadata.name;
}

}  // namespace

CronJobController::CronJobController(Context& context)
    : m_context(context),
      m_crons(context.informers.informer(client::resourceOf<CronJob>())),
      m_jobs(context.informers.informer(client::resourceOf<batchv1::Job>())) {
    addControllerIndex(m_jobs);
    m_crons.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old);
    });
    m_jobs.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (old) onJob(*old, revisionOf(now ? *now : *old));
        if (now) onJob(*now, revisionOf(*now));
    });
}

void CronJobController::onJob(const api::Object& job, std::uint64_t cause) {
    const auto* reference = controllerOf(job);
    if (!reference || reference->kind != "CronJob") return;
    const auto cron = m_crons.get(job.metadata.namespace_, reference->name);
    if (cron && cron->metadata.uid == reference->uid) m_context.keys.add(keyOf(*cron), cause);
}

void CronJobController::event(const CronJob& cron, const char* type, const char* reason, const std::string& message) {
    m_context.events.event(cron, type, reason, message);
}

Result<Outcome> CronJobController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto stored = client::Lister<CronJob>(m_crons).get(ns, name);
    if (!stored) {
        m_expectations.forget(key);
        return Outcome{};
    }
    if (!m_expectations.fulfilled(key)) return Outcome{kLookAgain};
    CronJob cron = *stored;
    Jobs jobs;
    for (const auto& job : controlledBy(m_jobs, cron)) jobs.push_back(client::as<batchv1::Job>(job));

    clearHistory(key, cron, jobs);
    noteEnds(cron, jobs);
    Result<Outcome> outcome = Outcome{};
    if (auto dropped = dropMissing(cron, jobs); !dropped)
        outcome = fail(std::move(dropped.error()));
    else if (!cron.metadata.deletionTimestamp)
        outcome = startDue(key, cron);
    if (cron.status == stored->status) return outcome;
    const auto written = client::Api<CronJob>(m_context.client).updateStatus(cron, controllerWrite());
    if (written) m_expectations.wrote(key, m_crons, **written);
    if (!written && written.error().reason != Reason::NotFound)
        return fail(written.error().within("updating the status"));
    return outcome;
}

void CronJobController::clearHistory(const std::string& key, CronJob& cron, const Jobs& jobs) {
    Jobs succeeded, failed;
    for (const auto& job : jobs) {
        const std::string end = endOf(*job);
        if (end == batchv1::JobComplete) succeeded.push_back(job);
        if (end == batchv1::JobFailed) failed.push_back(job);
    }
    if (cron.spec.successfulJobsHistoryLimit)
        removeOldest(key, cron, std::move(succeeded), *cron.spec.successfulJobsHistoryLimit);
    if (cron.spec.failedJobsHistoryLimit) removeOldest(key, cron, std::move(failed), *cron.spec.failedJobsHistoryLimit);
}

void CronJobController::removeOldest(const std::string& key, CronJob& cron, Jobs jobs, std::int32_t kept) {
    std::ranges::sort(jobs, startedBefore);
    for (std::size_t i = 0; i + static_cast<std::size_t>(kept) < jobs.size(); ++i)
        if (!jobs[i]->metadata.deletionTimestamp) remove(key, cron, *jobs[i]);
}

bool CronJobController::remove(const std::string& key, CronJob& cron, const batchv1::Job& job) {
    client::DeleteOptions options;
    options.propagationPolicy = "Background";
    auto gone = client::Api<batchv1::Job>(m_context.client).remove(job.metadata.namespace_, job.metadata.name, options);
    if (!gone && gone.error().reason != Reason::NotFound) {
        event(cron, "Warning", "FailedDelete", "Deleted job: " + gone.error().message);
        return false;
    }
    m_expectations.removed(key, m_jobs, job);
    std::erase_if(cron.status.active, [&](const auto& one) { return one.uid == job.metadata.uid; });
    event(cron, "Normal", "SuccessfulDelete", "Deleted job " + job.metadata.name);
    return true;
}

void CronJobController::noteEnds(CronJob& cron, const Jobs& jobs) {
    for (const auto& job : jobs) {
        const bool active = isActiveIn(cron, job->metadata.uid);
        const std::string end = endOf(*job);
        if (end.empty()) {
            if (!active)
                event(cron, "Warning", "UnexpectedJob",
                      "Saw a job that the controller did not create or forgot: " + job->metadata.name);
            continue;
        }
        if (active) {
            std::erase_if(cron.status.active, [&](const auto& one) { return one.uid == job->metadata.uid; });
            event(cron, "Normal", "SawCompletedJob",
                  fmt::format("Saw completed job: {}, condition: {}", job->metadata.name, end));
        }
        const auto& time = job->status.completionTime;
        if (end == batchv1::JobComplete && time &&
            (!cron.status.lastSuccessfulTime || *time > *cron.status.lastSuccessfulTime))
            cron.status.lastSuccessfulTime = time;
    }
}

// Jobs that somebody else has deleted.
Result<void> CronJobController::dropMissing(CronJob& cron, const Jobs& jobs) {
    for (const auto& active : std::vector(cron.status.active)) {
        if (std::ranges::any_of(jobs, [&](const auto& job) { return job->metadata.uid == active.uid; })) continue;
        const auto found = client::Api<batchv1::Job>(m_context.client).get(cron.metadata.namespace_, active.name);
        if (found) continue;
        if (found.error().reason != Reason::NotFound) return fail(found.error());
        event(cron, "Normal", "MissingJob", "Active job went missing: " + active.name);
        std::erase_if(cron.status.active, [&](const auto& one) { return one.uid == active.uid; });
    }
    return {};
}

// An error has been told in an event: there is nothing to do until somebody corrects it.
Result<api::CronSchedule> CronJobController::scheduleOf(const CronJob& cron) {
    const std::string zone = cron.spec.timeZone.value_or("");
    if (auto known = api::checkTimeZone(zone); !known) {
        event(cron, "Warning", "UnknownTimeZone",
              fmt::format("invalid timeZone: \"{}\": {}", zone, known.error().message));
        return fail(known.error());
    }
    std::string text = cron.spec.schedule;
    if (text.find("TZ") != std::string::npos)
        event(cron, "Warning", "UnsupportedSchedule",
              fmt::format("CRON_TZ or TZ used in schedule \"{}\" is not officially supported, see "
                          "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
                          text));
    else if (cron.spec.timeZone)
        text = fmt::format("TZ={} {}", zone, text);
    auto schedule = api::CronSchedule::parse(text);
    if (!schedule)
        event(cron, "Warning", "UnparseableSchedule",
              fmt::format("unparseable schedule: \"{}\" : {}", cron.spec.schedule, schedule.error().message));
    return schedule;
}

Result<Outcome> CronJobController::startDue(const std::string& key, CronJob& cron) {
    if (cron.spec.suspend.value_or(false)) return Outcome{};
    const auto schedule = scheduleOf(cron);
    if (!schedule) return Outcome{};
    const base::WallTime now = m_context.executor.clock().now();
    const auto due = dueTime(cron, *schedule, now);
    if (!due) {
        event(cron, "Warning", "InvalidSchedule",
              fmt::format("invalid schedule: {} : {}", cron.spec.schedule, due.error().message));
        return Outcome{};
    }
    if (due->missedMany)
        event(cron, "Warning", "TooManyMissedTimes",
              "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
    if (due->at && mayStart(cron, *due->at)) {
        if (auto replaced = replaceRunning(key, cron); !replaced) return fail(std::move(replaced.error()));
        if (auto started = start(key, cron, *due->at); !started) return fail(std::move(started.error()));
    }
    return Outcome{untilNext(cron, *schedule, now).value_or(base::Duration(0))};
}

bool CronJobController::mayStart(const CronJob& cron, base::WallTime due) {
    const auto& deadline = cron.spec.startingDeadlineSeconds;
    if (deadline && due + std::chrono::seconds(*deadline) < m_context.executor.clock().now()) {
        event(cron, "Warning", "MissSchedule", "Missed scheduled time to start a job: " + api::rfc1123(due));
        return false;
    }
    const std::string name = jobName(cron, due);
    const bool made =
        std::ranges::find(cron.status.active, name, &corev1::ObjectReference::name) != cron.status.active.end();
    if (made || (cron.status.lastScheduleTime && cron.status.lastScheduleTime->wall() == due)) return false;
    if (cron.spec.concurrencyPolicy == batchv1::ForbidConcurrent && !cron.status.active.empty()) {
        event(cron, "Normal", "JobAlreadyActive",
              "Not starting job because prior execution is running and concurrency policy is Forbid");
        return false;
    }
    return true;
}

Result<void> CronJobController::replaceRunning(const std::string& key, CronJob& cron) {
    if (cron.spec.concurrencyPolicy != batchv1::ReplaceConcurrent) return {};
    for (const auto& active : std::vector(cron.status.active)) {
        const auto job = client::Api<batchv1::Job>(m_context.client).get(cron.metadata.namespace_, active.name);
        if (!job) {
            event(cron, "Warning", "FailedGet", "Get job: " + job.error().message);
            return fail(job.error());
        }
        if (!remove(key, cron, **job))
            return fail(Reason::InternalError, fmt::format("could not replace job {}", keyOf(**job)));
    }
    return {};
}

Result<void> CronJobController::start(const std::string& key, CronJob& cron, base::WallTime due) {
    client::Api<batchv1::Job> jobs(m_context.client);
    const batchv1::Job wanted = jobOf(cron, due);
    auto job = jobs.create(wanted, controllerWrite());
    if (job) {
        event(cron, "Normal", "SuccessfulCreate", "Created job " + (*job)->metadata.name);
    } else if (job.error().reason == Reason::AlreadyExists) {
        // Perhaps of our own making, just before a crash.
        job = jobs.get(wanted.metadata.namespace_, wanted.metadata.name);
        if (!job) return fail(job.error());
        if (!isControlledBy(**job, cron) || isActiveIn(cron, (*job)->metadata.uid)) return {};
    } else {
        if (!isNamespaceTerminating(job.error()))
            event(cron, "Warning", "FailedCreate", "Error creating job: " + job.error().message);
        return fail(job.error());
    }
    m_expectations.wrote(key, m_jobs, **job);
    cron.status.active.push_back(referenceTo(**job));
    cron.status.lastScheduleTime = api::Time(due);
    return {};
}

}  // namespace qd::controllers
