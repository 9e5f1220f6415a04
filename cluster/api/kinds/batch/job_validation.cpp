#include "cluster/api/kinds/batch/job_validation.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/compare.h"
#include "cluster/api/kinds/apps/workload.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/core/pod_warnings.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/meta/selectors.h"

namespace qd::api {
namespace {

using namespace batchv1;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");

constexpr std::int32_t kMostParallelOfIndexed = 100'000;
constexpr std::int32_t kMostFailedIndexes = 100'000;
// Above so many completions, Jobs that count failures an index are held to smaller limits.
constexpr std::int32_t kManyCompletions = 100'000;
constexpr std::int32_t kMostParallelOfMany = 10'000;
constexpr std::int32_t kMostFailedOfMany = 10'000;
constexpr std::size_t kLongestManager = 63;

template <typename T>
field::Shown shownOptional(const std::optional<T>& value) {
    return value ? field::Shown(*value) : field::Shown::null();
}

template <typename T>
void checkCount(field::Errors& errors, const std::optional<T>& value, const field::Path& path) {
    if (value) field::append(errors, validateNonNegative(*value, path));
}

field::Errors countErrors(const JobSpec& spec, const field::Path& path) {
    field::Errors errors;
    checkCount(errors, spec.parallelism, path.child("parallelism"));
    checkCount(errors, spec.completions, path.child("completions"));
    checkCount(errors, spec.activeDeadlineSeconds, path.child("activeDeadlineSeconds"));
    checkCount(errors, spec.backoffLimit, path.child("backoffLimit"));
    checkCount(errors, spec.ttlSecondsAfterFinished, path.child("ttlSecondsAfterFinished"));
    checkCount(errors, spec.backoffLimitPerIndex, path.child("backoffLimitPerIndex"));
    checkCount(errors, spec.maxFailedIndexes, path.child("maxFailedIndexes"));
    if (spec.maxFailedIndexes && !spec.backoffLimitPerIndex) {
        errors.push_back(field::required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"));
    }
    if (spec.managedBy) {
        field::append(errors, domainPrefixedPathErrors(path.child("managedBy"), *spec.managedBy));
        if (spec.managedBy->size() > kLongestManager)
            errors.push_back(field::tooLong(path.child("managedBy"), kLongestManager));
    }
    return errors;
}

field::Errors indexedErrors(const JobSpec& spec, const field::Path& path) {
    field::Errors errors;
    const auto tooMany = [&](const char* name, const std::optional<std::int32_t>& value, std::int32_t most,
                             std::string_view when) {
        if (value && *value > most)
            errors.push_back(field::invalid(path.child(name), *value,
                                            fmt::format("must be less than or equal to {}{}", most, when)));
    };
    if (!spec.completions)
        errors.push_back(field::required(path.child("completions"), "when completion mode is Indexed"));
    tooMany("parallelism", spec.parallelism, kMostParallelOfIndexed, " when completion mode is Indexed");
    if (spec.completions && spec.maxFailedIndexes.value_or(0) > *spec.completions) {
        errors.push_back(field::invalid(path.child("maxFailedIndexes"), *spec.maxFailedIndexes,
                                        "must be less than or equal to completions"));
    }
    tooMany("maxFailedIndexes", spec.maxFailedIndexes, kMostFailedIndexes, "");
    if (spec.completions.value_or(0) > kManyCompletions && spec.backoffLimitPerIndex) {
        const std::string when =
            fmt::format(" when completions are above {} and used with backoff limit per index", kManyCompletions);
        if (!spec.maxFailedIndexes) {
            errors.push_back(
                field::required(path.child("maxFailedIndexes"),
                                fmt::format("must be specified when completions is above {}", kManyCompletions)));
        }
        tooMany("parallelism", spec.parallelism, kMostParallelOfMany, when);
        tooMany("maxFailedIndexes", spec.maxFailedIndexes, kMostFailedOfMany, when);
    }
    return errors;
}

field::Errors completionModeErrors(const JobSpec& spec, const field::Path& path) {
    field::Errors errors;
    if (spec.completionMode)
        field::append(errors, choiceErrors(path.child("completionMode"), *spec.completionMode,
                                           {NonIndexedCompletion, IndexedCompletion}));
    if (isIndexedJob(spec)) field::append(errors, indexedErrors(spec, path));
    if (spec.completionMode && *spec.completionMode != NonIndexedCompletion) return errors;
    constexpr std::string_view kNeeds = "requires indexed completion mode";
    if (spec.backoffLimitPerIndex)
        errors.push_back(field::invalid(path.child("backoffLimitPerIndex"), *spec.backoffLimitPerIndex, kNeeds));
    if (spec.maxFailedIndexes)
        errors.push_back(field::invalid(path.child("maxFailedIndexes"), *spec.maxFailedIndexes, kNeeds));
    return errors;
}

field::Errors restartErrors(const JobSpec& spec, const field::Path& path) {
    const std::string& policy = spec.template_.spec.restartPolicy;
    if (policy == "Always" || policy.empty()) return {field::required(path, "valid values: \"OnFailure\", \"Never\"")};
    if (policy != "OnFailure" && policy != "Never") return {field::notSupported(path, policy, {"OnFailure", "Never"})};
    if (!spec.podFailurePolicy || policy == "Never") return {};
    return {field::invalid(path, policy, "only \"Never\" is supported when podFailurePolicy is specified")};
}

// --- selectors

struct OwnLabel {
    const char* name;
    bool isUid;
    bool prefixed;
};
constexpr OwnLabel kOwnLabels[] = {{"controller-uid", true, false},
                                   {"job-name", false, false},
                                   {"batch.kubernetes.io/controller-uid", true, true},
                                   {"batch.kubernetes.io/job-name", false, true}};

// The labels that were made for a Job are there and say what they should. Jobs of older releases have no prefixed ones.
field::Errors generatedSelectorErrors(const Job& job, bool prefixed) {
    if (job.spec.manualSelector.value_or(false) || !job.spec.selector) return {};
    field::Errors errors;
    if (job.metadata.uid.empty()) errors.push_back(field::required(kMetadata.child("uid")));
    const auto& labels = job.spec.template_.metadata.labels;
    const field::Path path = kSpec.child("template", "metadata").child("labels");
    Labels expected;
    for (const OwnLabel& label : kOwnLabels) {
        if (label.prefixed && !prefixed) continue;
        const std::string& value = label.isUid ? job.metadata.uid : job.metadata.name;
        expected[label.name] = value;
        const auto found = labels.find(label.name);
        if (found == labels.end()) {
            errors.push_back(field::required(path.key(label.name), fmt::format("must be '{}'", value)));
        } else if (found->second != value) {
            errors.push_back(
                field::invalid(path.key(label.name), shownLabels(labels), fmt::format("must be '{}'", value)));
        }
    }
    const auto selector = LabelSelector::from(*job.spec.selector);
    if (isReadable(*job.spec.selector) && selector && !selector->matches(expected)) {
        errors.push_back(
            field::invalid(kSpec.child("selector"), shown(*job.spec.selector), "`selector` not auto-generated"));
    }
    return errors;
}

field::Errors selectedSpecErrors(const JobSpec& spec) {
    field::Errors errors = jobSpecErrors(spec, kSpec);
    if (!spec.selector) errors.push_back(field::required(kSpec.child("selector")));
    field::append(errors, validateLabelSelector(spec.selector.get(), kSpec.child("selector")));
    if (!spec.selector || isReadable(*spec.selector)) {
        field::append(errors, templateLabelsErrors(spec.template_, spec.selector.get(), kSpec.child("template")));
    }
    return errors;
}

// Labels that a new Job has from its template alone are looked at there.
metav1::ObjectMeta withoutGeneratedLabels(const Job& job) {
    metav1::ObjectMeta metadata = job.metadata;
    const bool generated = metadata.labels == job.spec.template_.metadata.labels &&
                           std::all_of(metadata.labels.begin(), metadata.labels.end(), [](const auto& entry) {
                               return std::any_of(std::begin(kOwnLabels), std::end(kOwnLabels),
                                                  [&](const OwnLabel& label) { return entry.first == label.name; });
                           });
    if (generated) metadata.labels.clear();
    return metadata;
}

field::Errors wholeJobErrors(const Job& job, bool prefixed) {
    field::Errors errors = validateObjectMeta(withoutGeneratedLabels(job), true, nullptr, kMetadata);
    field::append(errors, generatedSelectorErrors(job, prefixed));
    field::append(errors, selectedSpecErrors(job.spec));
    // The last index becomes part of a host name.
    if (isIndexedJob(job.spec) && job.spec.completions.value_or(0) > 0) {
        const std::string hostname = fmt::format("{}-{}", job.metadata.name, *job.spec.completions - 1);
        if (!dns1123LabelErrors(hostname).empty()) {
            errors.push_back(field::invalid(kMetadata.child("name"), job.metadata.name,
                                            "will not able to create pod with invalid DNS label: " + hostname));
        }
    }
    return errors;
}

// --- changes

// A Job that waits for its first start may still be placed elsewhere.
void allowPlacement(corev1::PodTemplateSpec& old, const corev1::PodTemplateSpec& now) {
    auto& before = old.spec.affinity;
    const auto& after = now.spec.affinity;
    if (!after && before) {
        before->nodeAffinity.reset();
        if (!before->podAffinity && !before->podAntiAffinity) before.reset();
    } else if (after) {
        before.ensure().nodeAffinity = after->nodeAffinity;
    }
    old.spec.nodeSelector = now.spec.nodeSelector;
    old.spec.tolerations = now.spec.tolerations;
    old.spec.schedulingGates = now.spec.schedulingGates;
    old.metadata.annotations = now.metadata.annotations;
    old.metadata.labels = now.metadata.labels;
}

void allowResources(std::vector<corev1::Container>& old, const std::vector<corev1::Container>& now) {
    if (old.size() != now.size()) return;
    for (std::size_t i = 0; i < old.size(); ++i) {
        if (old[i].name == now[i].name) old[i].resources = now[i].resources;
    }
}

bool isAtRest(const Job& job) {
    const auto& conditions = job.status.conditions;
    const bool stopped = std::any_of(conditions.begin(), conditions.end(), [](const JobCondition& condition) {
        return condition.type == JobSuspended && condition.status == "True";
    });
    return job.spec.suspend.value_or(false) && (!job.status.startTime || stopped) && job.status.active == 0;
}

// What may change of a Job at rest is placement, labels, annotations and resources.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/#mutable-scheduling-directives and KEP-5440.
field::Errors templateChangeErrors(const Job& now, const Job& old) {
    const auto& after = now.spec.template_;
    corev1::PodTemplateSpec before = old.spec.template_;
    const field::Path path = kSpec.child("template");
    if (!isAtRest(old)) {
        if (equal(corev1::PodTemplateSpec::kDescriptor, &after, &before)) return {};
        return {immutable(path, shown(after))};
    }
    allowPlacement(before, after);
    allowResources(before.spec.containers, after.spec.containers);
    allowResources(before.spec.initContainers, after.spec.initContainers);
    if (equal(corev1::PodSpec::kDescriptor, &after.spec, &before.spec)) return {};
    return {immutable(path.child("spec"), shown(after.spec))};
}

field::Errors completionsChangeErrors(const JobSpec& now, const JobSpec& old) {
    if (now.completions == old.completions) return {};
    const field::Path path = kSpec.child("completions");
    if (!isIndexedJob(now)) return {immutable(path, shownOptional(now.completions))};
    if (!now.completions || now.completions == now.parallelism) return {};
    return {field::invalid(path, *now.completions, "can only be modified in tandem with spec.parallelism")};
}

field::Errors specChangeErrors(const Job& nowJob, const Job& oldJob) {
    const JobSpec& now = nowJob.spec;
    const JobSpec& old = oldJob.spec;
    field::Errors errors = selectedSpecErrors(now);
    field::append(errors, completionsChangeErrors(now, old));
    if (now.selector != old.selector)
        errors.push_back(immutable(kSpec.child("selector"), shownPointer(now.selector.get())));
    field::append(errors, templateChangeErrors(nowJob, oldJob));
    if (now.completionMode != old.completionMode)
        errors.push_back(immutable(kSpec.child("completionMode"), shownOptional(now.completionMode)));
    if (now.podFailurePolicy != old.podFailurePolicy)
        errors.push_back(immutable(kSpec.child("podFailurePolicy"), shownPointer(now.podFailurePolicy.get())));
    if (now.backoffLimitPerIndex != old.backoffLimitPerIndex) {
        errors.push_back(immutable(kSpec.child("backoffLimitPerIndex"), shownOptional(now.backoffLimitPerIndex)));
    }
    if (now.managedBy != old.managedBy)
        errors.push_back(immutable(kSpec.child("managedBy"), shownOptional(now.managedBy)));
    if (now.successPolicy != old.successPolicy)
        errors.push_back(immutable(kSpec.child("successPolicy"), shownPointer(now.successPolicy.get())));
    return errors;
}

}  // namespace

field::Errors jobSpecErrors(const JobSpec& spec, const field::Path& path) {
    field::Errors errors = countErrors(spec, path);
    field::append(errors, completionModeErrors(spec, path));
    field::append(errors, jobPoliciesErrors(spec, path));
    field::append(errors, podTemplateErrors(spec.template_, path.child("template")));
    field::append(errors, restartErrors(spec, path.child("template", "spec").child("restartPolicy")));
    return errors;
}

field::Errors jobTemplateErrors(const JobTemplateSpec& job, const field::Path& path) {
    const field::Path spec = path.child("spec");
    field::Errors errors = jobSpecErrors(job.spec, spec);
    // Each Job that is made from it gets a selector of its own.
    if (job.spec.selector)
        errors.push_back(
            field::invalid(spec.child("selector"), shown(*job.spec.selector), "`selector` will be auto-generated"));
    if (job.spec.manualSelector.value_or(false))
        errors.push_back(field::notSupported(spec.child("manualSelector"), true, {"nil", "false"}));
    return errors;
}

field::Errors jobErrors(const Job& job) {
    return wholeJobErrors(job, true);
}

field::Errors jobUpdateErrors(const Job& now, const Job& old) {
    const auto& labels = old.spec.template_.metadata.labels;
    const bool prefixed =
        labels.contains("batch.kubernetes.io/job-name") && labels.contains("batch.kubernetes.io/controller-uid");
    field::Errors errors = wholeJobErrors(now, prefixed);
    field::append(errors, validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata));
    field::append(errors, specChangeErrors(now, old));
    return errors;
}

std::vector<std::string> jobSpecWarnings(const JobSpec& spec, const field::Path& path) {
    const bool large = isIndexedJob(spec) && spec.completions.value_or(0) > kManyCompletions &&
                       spec.parallelism.value_or(0) > kMostParallelOfMany;
    auto warnings = podTemplateWarnings(spec.template_, path.child("template"));
    if (!large) return warnings;
    warnings.insert(warnings.begin(), fmt::format("{}: In Indexed Jobs with a number of completions higher than 10^5 "
                                                  "and a parallelism higher than 10^4, Kubernetes might not be able to "
                                                  "track completedIndexes when a big number of indexes fail",
                                                  path.text()));
    return warnings;
}

}  // namespace qd::api
