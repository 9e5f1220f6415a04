// Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/.
#include "cluster/api/kinds/batch/kinds.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/pod_spec.h"

namespace qd::api {
namespace {

using batchv1::CronJob;

void setDefaults(Object& object) {
    auto& spec = as<CronJob>(object).spec;
    setJobTemplateDefaults(spec.jobTemplate.spec);
    if (spec.concurrencyPolicy.empty()) spec.concurrencyPolicy = "Allow";
    if (!spec.suspend) spec.suspend = false;
    if (!spec.successfulJobsHistoryLimit) spec.successfulJobsHistoryLimit = 3;
    if (!spec.failedJobsHistoryLimit) spec.failedJobsHistoryLimit = 1;
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
    using Spec = batchv1::CronJobSpec;
    using Status = batchv1::CronJobStatus;
    kind.columns = {nameColumn(), fieldColumn<Spec>("Schedule", "string", "schedule"), fieldColumn<Spec>("Timezone", "string", "timeZone"),
                    fieldColumn<Spec>("Suspend", "boolean", "suspend"), fieldColumn<Status>("Active", "integer", "active"),
                    fieldColumn<Status>("Last Schedule", "string", "lastScheduleTime"), ageColumn()};
    for (auto& column : containerColumns()) kind.columns.push_back(std::move(column));
    kind.columns.push_back(wide(fieldColumn<batchv1::JobSpec>("Selector", "string", "selector")));
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& job = as<CronJob>(object);
        const auto& containers = job.spec.jobTemplate.spec.template_.spec.containers;
        const std::string last = job.status.lastScheduleTime ? ageText(*job.status.lastScheduleTime, now) : "<none>";
        const std::string suspended = !job.spec.suspend ? "<unset>" : *job.spec.suspend ? "True" : "False";
        return {job.metadata.name, job.spec.schedule, job.spec.timeZone.value_or("<none>"), suspended, static_cast<std::int64_t>(job.status.active.size()), last,
                ageText(job.metadata.creationTimestamp, now), containerNames(containers), containerImages(containers),
                selectorText(job.spec.jobTemplate.spec.selector.get())};
    };
    return kind;
}

}  // namespace qd::api
