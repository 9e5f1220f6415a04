// What a Job's spec and status may be and how they may change.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/ and the pages of its failure and success
// policies.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/field/path.h"
#include "cluster/api/types/batch_v1.h"

namespace qd::api {

inline bool isIndexedJob(const batchv1::JobSpec& spec) {
    return spec.completionMode == batchv1::IndexedCompletion;
}

// What holds for the spec of a Job and for that in a CronJob alike.
field::Errors jobSpecErrors(const batchv1::JobSpec& spec, const field::Path& path);
// Its part about which failures count, when the Job has succeeded, and when a Pod is replaced.
field::Errors jobPoliciesErrors(const batchv1::JobSpec& spec, const field::Path& path);
field::Errors jobTemplateErrors(const batchv1::JobTemplateSpec& job, const field::Path& path);
field::Errors jobErrors(const batchv1::Job& job);
field::Errors jobUpdateErrors(const batchv1::Job& now, const batchv1::Job& old);
// Of a change of the status. Most rules ask only about what changes, so that a fault that is there already does not
// stop others.
field::Errors jobStatusErrors(const batchv1::Job& now, const batchv1::Job& old);
std::vector<std::string> jobSpecWarnings(const batchv1::JobSpec& spec, const field::Path& path);

}  // namespace qd::api
