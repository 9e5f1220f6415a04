// Controllers other than the built-in one may keep a Job's status (spec.managedBy), so it is held to what clients rely
// on.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cluster/api/kinds/batch/job_indexes.h"
#include "cluster/api/kinds/batch/job_validation.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"

namespace qd::api {
namespace {

using namespace batchv1;

const field::Path kStatus("status");
const field::Path kConditions("status.conditions");

// Which of the conditions that matter hold.
struct Stage {
    bool complete = false, failed = false, failureTarget = false, successCriteriaMet = false, suspended = false,
         resumed = false;

    explicit Stage(const Job& job) {
        for (const auto& condition : job.status.conditions) {
            const bool holds = condition.status == "True";
            complete |= holds && condition.type == JobComplete;
            failed |= holds && condition.type == JobFailed;
            failureTarget |= holds && condition.type == JobFailureTarget;
            successCriteriaMet |= holds && condition.type == JobSuccessCriteriaMet;
            suspended |= holds && condition.type == JobSuspended;
            resumed |= condition.status == "False" && condition.type == JobSuspended;
        }
    }
    bool finished() const { return complete || failed; }
};

// A status that is about to be written over another.
struct Change {
    const Job& now;
    const Job& old;
    Stage after{now};
    Stage before{old};
    const JobStatus& status = now.status;
    const JobStatus& was = old.status;

    bool completes() const { return after.complete != before.complete; }
    bool fails() const { return after.failed != before.failed; }
    bool finishes() const { return after.finished() != before.finished(); }
    bool movesEnd() const { return status.completionTime != was.completionTime; }
    bool movesStart() const { return status.startTime != was.startTime; }
    bool completedIndexesDiffer() const { return status.completedIndexes != was.completedIndexes; }
    bool failedIndexesDiffer() const { return status.failedIndexes != was.failedIndexes; }
};

field::Shown shownTime(const std::optional<Time>& time) {
    return time ? field::Shown(time->toString()) : field::Shown::null();
}

field::Errors uncountedErrors(const UncountedTerminatedPods& pods) {
    field::Errors errors;
    std::set<std::string> seen;
    const auto check = [&](const std::vector<std::string>& uids, const char* list) {
        for (std::size_t i = 0; i < uids.size(); ++i) {
            const field::Path path = kStatus.child("uncountedTerminatedPods", list).index(i);
            if (uids[i].empty()) {
                errors.push_back(field::invalid(path, uids[i], "must not be empty"));
            } else if (!seen.insert(uids[i]).second) {
                errors.push_back(field::duplicate(path, uids[i]));
            }
        }
    };
    check(pods.succeeded, "succeeded");
    check(pods.failed, "failed");
    return errors;
}

field::Errors countErrors(const JobStatus& status) {
    field::Errors errors = validateNonNegative(status.active, kStatus.child("active"));
    field::append(errors, validateNonNegative(status.succeeded, kStatus.child("succeeded")));
    field::append(errors, validateNonNegative(status.failed, kStatus.child("failed")));
    if (status.ready) field::append(errors, validateNonNegative(*status.ready, kStatus.child("ready")));
    if (status.terminating)
        field::append(errors, validateNonNegative(*status.terminating, kStatus.child("terminating")));
    if (status.uncountedTerminatedPods) field::append(errors, uncountedErrors(*status.uncountedTerminatedPods));
    return errors;
}

// Which conditions go together, and with which times.
field::Errors outcomeErrors(const Change& change) {
    field::Errors errors;
    const JobStatus& status = change.status;
    const Stage& after = change.after;
    const auto refuse = [&](bool wrong, std::string_view detail) {
        if (wrong) errors.push_back(invalidUnshown(kConditions, detail));
    };
    const bool ends = change.completes() || change.movesEnd();
    const field::Path end = kStatus.child("completionTime");
    refuse((change.completes() || change.fails()) && after.complete && after.failed,
           "cannot set Complete=True and Failed=true conditions");
    refuse((change.completes() || after.failureTarget != change.before.failureTarget) && after.complete &&
               after.failureTarget,
           "cannot set Complete=True and FailureTarget=true conditions");
    if (ends && status.completionTime && !after.complete) {
        errors.push_back(field::invalid(end, shownTime(status.completionTime),
                                        "cannot set completionTime when there is no Complete=True condition"));
    }
    if (ends && !status.completionTime && after.complete)
        errors.push_back(field::required(end, "completionTime is required for Complete jobs"));
    const bool moves = change.movesStart() || change.movesEnd();
    if (moves && status.startTime && status.completionTime &&
        status.completionTime->wall() < status.startTime->wall()) {
        errors.push_back(
            field::invalid(end, shownTime(status.completionTime), "must be equal to or after `startTime`"));
    }
    refuse((change.fails() || change.failedIndexesDiffer()) && after.failed && !after.failureTarget,
           "cannot set Failed=True condition without the FailureTarget=true condition");
    refuse((change.completes() || after.successCriteriaMet != change.before.successCriteriaMet) && after.complete &&
               !after.successCriteriaMet,
           "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
    return errors;
}

field::Errors finishedErrors(const Change& change) {
    field::Errors errors;
    const JobStatus& status = change.status;
    if (!change.after.finished()) return errors;
    if ((change.finishes() || status.active != change.was.active) && status.active > 0) {
        errors.push_back(
            field::invalid(kStatus.child("active"), status.active, "active>0 is invalid for finished job"));
    }
    const bool neverStarts = change.now.spec.suspend == true && change.now.spec.completions == 0;
    if ((change.finishes() || change.movesStart()) && !neverStarts && !status.startTime) {
        errors.push_back(field::required(kStatus.child("startTime"), "startTime is required for finished job"));
    }
    const auto& uncounted = status.uncountedTerminatedPods;
    if ((change.finishes() || uncounted != change.was.uncountedTerminatedPods) && uncounted &&
        !(uncounted->failed.empty() && uncounted->succeeded.empty())) {
        errors.push_back(field::invalid(kStatus.child("uncountedTerminatedPods"), shown(*uncounted),
                                        "must be empty for finished job"));
    }
    return errors;
}

field::Errors indexErrors(const Change& change) {
    field::Errors errors;
    const JobStatus& status = change.status;
    const JobSpec& spec = change.now.spec;
    const field::Path completed = kStatus.child("completedIndexes");
    const field::Path failed = kStatus.child("failedIndexes");
    const std::string failedText = status.failedIndexes.value_or("");
    if (change.completedIndexesDiffer() && spec.completions) {
        const std::string fault = readJobIndexes(status.completedIndexes, *spec.completions).fault;
        if (!fault.empty())
            errors.push_back(
                field::invalid(completed, status.completedIndexes, "error parsing completedIndexes: " + fault));
    }
    if (change.failedIndexesDiffer() && spec.completions && spec.backoffLimitPerIndex && status.failedIndexes) {
        const std::string fault = readJobIndexes(failedText, *spec.completions).fault;
        if (!fault.empty())
            errors.push_back(field::invalid(failed, failedText, "error parsing failedIndexes: " + fault));
    }
    if (change.completedIndexesDiffer() && !status.completedIndexes.empty() &&
        spec.completionMode != IndexedCompletion) {
        errors.push_back(field::invalid(completed, status.completedIndexes,
                                        "cannot set non-empty completedIndexes when non-indexed completion mode"));
    }
    if (change.failedIndexesDiffer() && !spec.backoffLimitPerIndex && status.failedIndexes) {
        errors.push_back(
            field::invalid(failed, failedText, "cannot set non-null failedIndexes when backoffLimitPerIndex is null"));
    }
    if ((change.failedIndexesDiffer() || change.completedIndexesDiffer()) && spec.completions && status.failedIndexes) {
        const auto shared = firstSharedIndex(status.completedIndexes, failedText, *spec.completions);
        if (shared)
            errors.push_back(field::invalid(
                failed, failedText, fmt::format("failedIndexes and completedIndexes overlap at index: {}", *shared)));
    }
    return errors;
}

field::Errors podErrors(const Change& change) {
    field::Errors errors;
    const JobStatus& status = change.status;
    const bool ends = change.finishes() || status.terminating != change.was.terminating;
    if (ends && change.after.finished() && status.terminating.value_or(0) > 0) {
        errors.push_back(field::invalid(kStatus.child("terminating"), *status.terminating,
                                        "terminating>0 is invalid for finished job"));
    }
    const bool counts = status.ready != change.was.ready || status.active != change.was.active;
    if (counts && status.ready.value_or(0) > status.active) {
        errors.push_back(
            field::invalid(kStatus.child("ready"), *status.ready, "cannot set more ready pods than active"));
    }
    return errors;
}

field::Errors successErrors(const Change& change) {
    field::Errors errors;
    const Stage& after = change.after;
    if (after.successCriteriaMet && after.failed)
        errors.push_back(invalidUnshown(kConditions, "cannot set SuccessCriteriaMet=True and Failed=true conditions"));
    if (after.successCriteriaMet && after.failureTarget) {
        errors.push_back(
            invalidUnshown(kConditions, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"));
    }
    if (change.now.spec.successPolicy && !after.successCriteriaMet && after.complete) {
        errors.push_back(invalidUnshown(
            kConditions, "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"));
    }
    return errors;
}

// What does not go back.
field::Errors transitionErrors(const Change& change) {
    field::Errors errors;
    const JobStatus& status = change.status;
    const JobSpec& spec = change.now.spec;
    const Stage& before = change.before;
    const Stage& after = change.after;
    const auto keep = [&](bool held, bool holds, std::string_view type) {
        if (held && !holds)
            errors.push_back(
                invalidUnshown(kConditions, fmt::format("cannot disable the terminal {}=True condition", type)));
    };
    keep(before.failed, after.failed, JobFailed);
    keep(before.complete, after.complete, JobComplete);
    keep(before.failureTarget, after.failureTarget, JobFailureTarget);
    if (status.failed < change.was.failed)
        errors.push_back(field::invalid(kStatus.child("failed"), status.failed, "cannot decrease the failed counter"));
    // An Indexed Job that is scaled down forgets what the indexes beyond its end have done.
    const bool scalable = spec.completionMode == IndexedCompletion && spec.completions == spec.parallelism;
    if (!scalable && status.succeeded < change.was.succeeded) {
        errors.push_back(
            field::invalid(kStatus.child("succeeded"), status.succeeded, "cannot decrease the succeeded counter"));
    }
    if (status.completionTime && change.was.completionTime && change.movesEnd()) {
        errors.push_back(
            field::invalid(kStatus.child("completionTime"), shownTime(status.completionTime), "field is immutable"));
    }
    const bool resumes = before.suspended && after.resumed;
    if (change.movesStart() && !resumes && change.was.startTime && !spec.suspend.value_or(false)) {
        errors.push_back(field::invalid(kStatus.child("startTime"), shownTime(status.startTime),
                                        "field is immutable for unsuspended job once set"));
    }
    if (before.successCriteriaMet && !after.successCriteriaMet)
        errors.push_back(invalidUnshown(kConditions, "cannot disable the SuccessCriteriaMet=True condition"));
    if (before.complete && !before.successCriteriaMet && after.successCriteriaMet) {
        errors.push_back(invalidUnshown(
            kConditions, "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"));
    }
    return errors;
}

}  // namespace

field::Errors jobStatusErrors(const Job& now, const Job& old) {
    const Change change{now, old};
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, field::Path("metadata"));
    field::append(errors, countErrors(now.status));
    field::append(errors, outcomeErrors(change));
    field::append(errors, finishedErrors(change));
    field::append(errors, indexErrors(change));
    field::append(errors, podErrors(change));
    field::append(errors, successErrors(change));
    field::append(errors, transitionErrors(change));
    return errors;
}

}  // namespace qd::api
