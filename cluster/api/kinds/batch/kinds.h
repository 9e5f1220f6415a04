// The kinds of the group batch.
#pragma once

#include "cluster/api/kinds/kind.h"
#include "cluster/api/types/batch_v1.h"

namespace qd::api {

Kind cronJobKind();
Kind jobKind();

// In a Job's spec; a CronJob's template gets none of it but what Pods have.
void setJobTemplateDefaults(batchv1::JobSpec& spec);

}  // namespace qd::api
