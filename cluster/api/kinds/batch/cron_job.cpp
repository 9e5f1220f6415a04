// Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cluster/api/kinds/apps/workload.h"
#include "cluster/api/kinds/batch/job_validation.h"
#include "cluster/api/kinds/batch/kinds.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/cron_schedule.h"

namespace qd::api {
namespace {

using batchv1::CronJob;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
// A Job's name is that of its CronJob, a dash and the minute: eleven characters more.
constexpr std::size_t kLongestName = 52;
constexpr std::size_t kLongestZonePart = 14;

void setDefaults(Object& object) {
    auto& spec = as<CronJob>(object).spec;
    setJobTemplateDefaults(spec.jobTemplate.spec);
    if (spec.concurrencyPolicy.empty()) spec.concurrencyPolicy = "Allow";
    if (!spec.suspend) spec.suspend = false;
    if (!spec.successfulJobsHistoryLimit) spec.successfulJobsHistoryLimit = 3;
    if (!spec.failedJobsHistoryLimit) spec.failedJobsHistoryLimit = 1;
}

bool namesZone(const std::string& schedule) {
    return schedule.find("TZ") != std::string::npos;
}

field::Errors scheduleErrors(const batchv1::CronJobSpec& spec, const batchv1::CronJobSpec* old) {
    const field::Path path = kSpec.child("schedule");
    if (spec.schedule.empty()) return {field::required(path)};
    field::Errors errors;
    const auto parsed = CronSchedule::parse(spec.schedule);
    if (!parsed) errors.push_back(field::invalid(path, spec.schedule, parsed.error().message));
    if (!namesZone(spec.schedule)) return errors;
    // Older releases took a zone here; those that have one keep it.
    if (!old || !namesZone(old->schedule)) {
        errors.push_back(
            field::invalid(path, spec.schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
    } else if (spec.timeZone) {
        errors.push_back(
            field::invalid(path, spec.schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule"));
    }
    return errors;
}

// https://data.iana.org/time-zones/theory.html#naming, and digits and '+' for the old names.
bool isZoneName(const std::string& zone) {
    const auto allowed = [](unsigned char c) {
        return std::isalnum(c) || c == '.' || c == '-' || c == '_' || c == '+';
    };
    for (std::size_t at = 0;;) {
        const std::size_t end = zone.find('/', at);
        const std::string part = zone.substr(at, end == std::string::npos ? end : end - at);
        const bool sized = !part.empty() && part.size() <= kLongestZonePart;
        if (!sized || part == "." || part == ".." || part.starts_with('-') ||
            !std::all_of(part.begin(), part.end(), allowed))
            return false;
        if (end == std::string::npos) return true;
        at = end + 1;
    }
}

field::Errors timeZoneErrors(const std::string& zone) {
    const field::Path path = kSpec.child("timeZone");
    if (zone.empty()) return {field::invalid(path, zone, "timeZone must be nil or non-empty string")};
    if (!isZoneName(zone)) return {field::invalid(path, zone, "unknown time zone " + zone)};
    field::Errors errors;
    std::string lower = zone;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower == "local")
        errors.push_back(field::invalid(
            path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"));
    // Go reads "Local" as the server's own zone.
    if (zone == "Local") return errors;
    const auto known = checkTimeZone(zone);
    if (!known) errors.push_back(field::invalid(path, zone, known.error().message));
    return errors;
}

field::Errors specErrors(const batchv1::CronJobSpec& spec, const batchv1::CronJobSpec* old) {
    field::Errors errors = scheduleErrors(spec, old);
    const auto count = [&](const auto& value, const char* name) {
        if (value) field::append(errors, validateNonNegative(*value, kSpec.child(name)));
    };
    count(spec.startingDeadlineSeconds, "startingDeadlineSeconds");
    if (spec.timeZone && (!old || old->timeZone != spec.timeZone))
        field::append(errors, timeZoneErrors(*spec.timeZone));
    field::append(errors, requiredChoiceErrors(kSpec.child("concurrencyPolicy"), spec.concurrencyPolicy,
                                               {"Allow", "Forbid", "Replace"}));
    field::append(errors, jobTemplateErrors(spec.jobTemplate, kSpec.child("jobTemplate")));
    count(spec.successfulJobsHistoryLimit, "successfulJobsHistoryLimit");
    count(spec.failedJobsHistoryLimit, "failedJobsHistoryLimit");
    return errors;
}

field::Errors createErrors(const Object& object) {
    field::Errors errors = validateObjectMeta(object.metadata, true, nullptr, kMetadata);
    field::append(errors, specErrors(as<CronJob>(object).spec, nullptr));
    const std::string& name = object.metadata.name;
    if (name.size() > kLongestName)
        errors.push_back(field::invalid(kMetadata.child("name"), name,
                                        fmt::format("must be no more than {} characters", kLongestName)));
    return errors;
}

// The name may be longer here: older releases took such.
field::Errors updateErrors(const Object& now, const Object& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    field::append(errors, specErrors(as<CronJob>(now).spec, &as<CronJob>(old).spec));
    return errors;
}

std::vector<std::string> templateWarnings(const Object& object) {
    return jobSpecWarnings(as<CronJob>(object).spec.jobTemplate.spec, kSpec.child("jobTemplate", "spec"));
}

std::vector<std::string> createWarnings(const Object& object, const Object*) {
    auto warnings = podNameWarnings(object.metadata.name);
    for (auto& warning : templateWarnings(object)) warnings.push_back(std::move(warning));
    return warnings;
}

std::vector<std::string> updateWarnings(const Object& now, const Object* old) {
    std::vector<std::string> warnings;
    if (old && now.metadata.generation != old->metadata.generation) warnings = templateWarnings(now);
    if (namesZone(as<CronJob>(now).spec.schedule)) {
        warnings.emplace_back(
            "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
            "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ "
            "for more details");
    }
    return warnings;
}

}  // namespace

Kind cronJobKind() {
    Kind kind = plainKind("batch", "v1", "CronJob");
    kind.shortNames = {"cj"};
    kind.categories = {"all"};
    addStatus(kind);
    kind.prepareForCreate = [](Object& object) {
        as<CronJob>(object).status = {};
        dropUnsupportedFields(as<CronJob>(object).spec.jobTemplate.spec.template_.spec);
    };
    kind.update.prepare = [](Object& now, const Object& old) {
        as<CronJob>(now).status = as<CronJob>(old).status;
        dropUnsupportedFields(as<CronJob>(now).spec.jobTemplate.spec.template_.spec);
    };
    countGenerations(kind);
    kind.defaults = setDefaults;
    validateCreate(kind, createErrors);
    validateUpdate(kind, updateErrors);
    // Nothing is asked of a status, not even of the metadata that comes with it.
    validateSubresource(kind, "status", [](const Object&, const Object&) { return field::Errors(); });
    kind.warnings = createWarnings;
    kind.update.warnings = updateWarnings;
    using Spec = batchv1::CronJobSpec;
    using Status = batchv1::CronJobStatus;
    kind.columns = {nameColumn(),
                    fieldColumn<Spec>("Schedule", "string", "schedule"),
                    fieldColumn<Spec>("Timezone", "string", "timeZone"),
                    fieldColumn<Spec>("Suspend", "boolean", "suspend"),
                    fieldColumn<Status>("Active", "integer", "active"),
                    fieldColumn<Status>("Last Schedule", "string", "lastScheduleTime"),
                    ageColumn()};
    for (auto& column : containerColumns()) kind.columns.push_back(std::move(column));
    kind.columns.push_back(wide(fieldColumn<batchv1::JobSpec>("Selector", "string", "selector")));
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& job = as<CronJob>(object);
        const auto& containers = job.spec.jobTemplate.spec.template_.spec.containers;
        const std::string last = job.status.lastScheduleTime ? ageText(*job.status.lastScheduleTime, now) : "<none>";
        const std::string suspended = !job.spec.suspend ? "<unset>" : *job.spec.suspend ? "True" : "False";
        return {job.metadata.name,
                job.spec.schedule,
                job.spec.timeZone.value_or("<none>"),
                suspended,
                static_cast<std::int64_t>(job.status.active.size()),
                last,
                ageText(job.metadata.creationTimestamp, now),
                containerNames(containers),
                containerImages(containers),
                selectorText(job.spec.jobTemplate.spec.selector.get())};
    };
    return kind;
}

}  // namespace qd::api
