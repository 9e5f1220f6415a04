// Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/.
#include <fmt/format.h>

#include <limits>

#include "cluster/api/kinds/apps/workload.h"
#include "cluster/api/kinds/batch/job_validation.h"
#include "cluster/api/kinds/batch/kinds.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/pod_spec.h"

namespace qd::api {
namespace {

using batchv1::Job;

constexpr char kControllerLabel[] = "batch.kubernetes.io/controller-uid";

void setDefaults(Object& object) {
    auto& job = as<Job>(object);
    auto& spec = job.spec;
    setJobTemplateDefaults(spec);
    if (!spec.completions && !spec.parallelism) spec.completions = 1;
    if (!spec.parallelism) spec.parallelism = 1;
    if (!spec.backoffLimit)
        spec.backoffLimit = spec.backoffLimitPerIndex ? std::numeric_limits<std::int32_t>::max() : 6;
    if (job.metadata.labels.empty()) job.metadata.labels = spec.template_.metadata.labels;
    if (!spec.completionMode) spec.completionMode = "NonIndexed";
    if (!spec.suspend) spec.suspend = false;
    if (!spec.podReplacementPolicy)
        spec.podReplacementPolicy = spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
    if (!spec.manualSelector) spec.manualSelector = false;
}

// Pods of a Job are told from all others by its uid, unless somebody chose the selector. Labels that are there already
// stay: validation tells when they do not match.
void selectOwnPods(Job& job) {
    if (job.spec.manualSelector.value_or(false)) return;
    auto& labels = job.spec.template_.metadata.labels;
    // Labels that the Job got from its template get these too; upstream forgets it where it makes up the name.
    const bool named = job.metadata.generateName.empty() || !job.metadata.name.starts_with(job.metadata.generateName);
    const bool sameLabels = job.metadata.labels == labels && (labels.empty() || named);
    for (const char* label : {"job-name", "batch.kubernetes.io/job-name"}) labels.emplace(label, job.metadata.name);
    for (const char* label : {"controller-uid", kControllerLabel}) labels.emplace(label, job.metadata.uid);
    if (sameLabels) job.metadata.labels = labels;
    if (!job.spec.selector) job.spec.selector.emplace();
    job.spec.selector->matchLabels.emplace(kControllerLabel, job.metadata.uid);
}

bool hasCondition(const Job& job, std::string_view type) {
    for (const auto& condition : job.status.conditions) {
        if (condition.type == type) return condition.status == "True";
    }
    return false;
}

std::string statusText(const Job& job) {
    if (hasCondition(job, "Complete")) return "Complete";
    if (hasCondition(job, "Failed")) return "Failed";
    if (job.metadata.deletionTimestamp) return "Terminating";
    for (const char* type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
        if (hasCondition(job, type)) return type;
    }
    return "Running";
}

std::string completionsText(const Job& job) {
    if (job.spec.completions) return fmt::format("{}/{}", job.status.succeeded, *job.spec.completions);
    const std::int32_t parallelism = job.spec.parallelism.value_or(0);
    return parallelism > 1 ? fmt::format("{}/1 of {}", job.status.succeeded, parallelism)
                           : fmt::format("{}/1", job.status.succeeded);
}

std::string durationText(const Job& job, base::WallTime now) {
    if (!job.status.startTime) return "";
    const base::WallTime end = job.status.completionTime ? job.status.completionTime->wall() : now;
    return humanDuration(end - job.status.startTime->wall());
}

}  // namespace

void setJobTemplateDefaults(batchv1::JobSpec& spec) {
    setPodTemplateDefaults(spec.template_);
    if (!spec.podFailurePolicy) return;
    for (auto& rule : spec.podFailurePolicy->rules) {
        for (auto& condition : rule.onPodConditions) {
            if (condition.status.empty()) condition.status = "True";
        }
    }
}

Kind jobKind() {
    Kind kind = plainKind("batch", "v1", "Job");
    kind.categories = {"all"};
    kind.defaultPropagation = "Orphan";
    addStatus(kind);
    kind.defaults = setDefaults;
    kind.prepareForCreate = [](Object& object) {
        selectOwnPods(as<Job>(object));
        as<Job>(object).status = {};
        dropUnsupportedFields(as<Job>(object).spec.template_.spec);
    };
    kind.update.prepare = [](Object& now, const Object& old) {
        as<Job>(now).status = as<Job>(old).status;
        dropUnsupportedFields(as<Job>(now).spec.template_.spec);
    };
    countGenerations(kind);
    validateCreate(kind, [](const Object& object) { return jobErrors(as<Job>(object)); });
    validateUpdate(kind,
                   [](const Object& now, const Object& old) { return jobUpdateErrors(as<Job>(now), as<Job>(old)); });
    validateSubresource(kind, "status", [](const Object& now, const Object& old) {
        return jobStatusErrors(as<Job>(now), as<Job>(old));
    });
    kind.warnings = [](const Object& now, const Object*) {
        auto warnings = podNameWarnings(now.metadata.name);
        for (auto& warning : jobSpecWarnings(as<Job>(now).spec, field::Path("spec")))
            warnings.push_back(std::move(warning));
        return warnings;
    };
    kind.update.warnings = [](const Object& now, const Object* old) -> std::vector<std::string> {
        if (old && now.metadata.generation == old->metadata.generation) return {};
        return jobSpecWarnings(as<Job>(now).spec, field::Path("spec"));
    };
    kind.selectableFieldNames = {"status.successful"};
    kind.selectableFields = [](const Object& object) -> std::map<std::string, std::string> {
        return {{"status.successful", std::to_string(as<Job>(object).status.succeeded)}};
    };
    kind.columns = {nameColumn(), textColumn("Status", "Status of the job."),
                    fieldColumn<batchv1::JobStatus>("Completions", "string", "succeeded"),
                    textColumn("Duration", "Time required to complete the job."), ageColumn()};
    for (auto& column : containerColumns()) kind.columns.push_back(std::move(column));
    kind.columns.push_back(wide(fieldColumn<batchv1::JobSpec>("Selector", "string", "selector")));
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& job = as<Job>(object);
        const auto& containers = job.spec.template_.spec.containers;
        return {job.metadata.name,
                statusText(job),
                completionsText(job),
                durationText(job, now),
                ageText(job.metadata.creationTimestamp, now),
                containerNames(containers),
                containerImages(containers),
                selectorText(job.spec.selector.get())};
    };
    return kind;
}

}  // namespace qd::api
