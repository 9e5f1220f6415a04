// Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy and #success-policy.
#include <fmt/format.h>
#include <fmt/ranges.h>

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

constexpr std::size_t kMostFailureRules = 20;
constexpr std::size_t kMostExitCodes = 255;
constexpr std::size_t kMostConditionPatterns = 20;
constexpr std::size_t kMostSuccessRules = 20;
constexpr std::size_t kLongestIndexes = 64 * 1024;

field::Shown shownNumbers(const std::vector<std::int32_t>& values) {
    return values.empty() ? field::Shown::null() : field::Shown::raw(fmt::format("[{}]", fmt::join(values, ",")));
}

// A missing value that must be one of these, or another one.
field::Errors namedChoiceErrors(const field::Path& path, const std::string& value,
                                std::initializer_list<std::string_view> choices) {
    if (!value.empty()) return choiceErrors(path, value, choices);
    std::string all;
    for (const std::string_view choice : choices) all += fmt::format("{}\"{}\"", all.empty() ? "" : " ", choice);
    return {field::required(path, fmt::format("valid values: [{}]", all))};
}

// --- the pod failure policy

field::Errors exitCodesErrors(const PodFailurePolicyOnExitCodesRequirement& codes,
                              const std::set<std::string>& containers, const field::Path& path) {
    field::Errors errors = namedChoiceErrors(path.child("operator"), codes.operator_, {"In", "NotIn"});
    if (codes.containerName && !containers.contains(*codes.containerName)) {
        errors.push_back(field::invalid(path.child("containerName"), *codes.containerName,
                                        "must be one of the container or initContainer names in the pod template"));
    }
    const field::Path values = path.child("values");
    if (codes.values.empty()) {
        errors.push_back(field::invalid(values, shownNumbers(codes.values), "at least one value is required"));
    } else if (codes.values.size() > kMostExitCodes) {
        errors.push_back(field::tooMany(values, static_cast<std::int64_t>(codes.values.size()), kMostExitCodes));
    }
    std::set<std::int32_t> seen;
    for (std::size_t i = 0; i < codes.values.size(); ++i) {
        const std::int32_t code = codes.values[i];
        if (codes.operator_ == "In" && code == 0)
            errors.push_back(field::invalid(values.index(i), code, "must not be 0 for the In operator"));
        if (!seen.insert(code).second) errors.push_back(field::duplicate(values.index(i), code));
    }
    if (!std::is_sorted(codes.values.begin(), codes.values.end()))
        errors.push_back(field::invalid(values, shownNumbers(codes.values), "must be ordered"));
    return errors;
}

field::Errors conditionPatternsErrors(const std::vector<PodFailurePolicyOnPodConditionsPattern>& patterns,
                                      const field::Path& path) {
    field::Errors errors;
    if (patterns.size() > kMostConditionPatterns)
        errors.push_back(field::tooMany(path, static_cast<std::int64_t>(patterns.size()), kMostConditionPatterns));
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        field::append(errors, qualifiedErrors(path.index(i).child("type"), patterns[i].type));
        field::append(
            errors, namedChoiceErrors(path.index(i).child("status"), patterns[i].status, {"False", "True", "Unknown"}));
    }
    return errors;
}

field::Errors failureRuleErrors(const JobSpec& spec, const PodFailurePolicyRule& rule,
                                const std::set<std::string>& containers, const field::Path& path) {
    field::Errors errors;
    if (rule.action != PodFailurePolicyActionFailIndex) {
        errors = namedChoiceErrors(path.child("action"), rule.action, {"Count", "FailIndex", "FailJob", "Ignore"});
    } else if (!spec.backoffLimitPerIndex) {
        errors.push_back(
            field::invalid(path.child("action"), rule.action, "requires the backoffLimitPerIndex to be set"));
    }
    if (rule.onExitCodes)
        field::append(errors, exitCodesErrors(*rule.onExitCodes, containers, path.child("onExitCodes")));
    if (!rule.onPodConditions.empty())
        field::append(errors, conditionPatternsErrors(rule.onPodConditions, path.child("onPodConditions")));
    if (rule.onExitCodes && !rule.onPodConditions.empty()) {
        errors.push_back(invalidUnshown(path, "specifying both OnExitCodes and OnPodConditions is not supported"));
    } else if (!rule.onExitCodes && rule.onPodConditions.empty()) {
        errors.push_back(invalidUnshown(path, "specifying one of OnExitCodes and OnPodConditions is required"));
    }
    return errors;
}

field::Errors failurePolicyErrors(const JobSpec& spec, const field::Path& path) {
    field::Errors errors;
    const auto& rules = spec.podFailurePolicy->rules;
    if (rules.size() > kMostFailureRules)
        errors.push_back(
            field::tooMany(path.child("rules"), static_cast<std::int64_t>(rules.size()), kMostFailureRules));
    std::set<std::string> containers;
    for (const auto& container : spec.template_.spec.containers) containers.insert(container.name);
    for (const auto& container : spec.template_.spec.initContainers) containers.insert(container.name);
    for (std::size_t i = 0; i < rules.size(); ++i)
        field::append(errors, failureRuleErrors(spec, rules[i], containers, path.child("rules").index(i)));
    return errors;
}

// --- the success policy

field::Errors successRuleErrors(const SuccessPolicyRule& rule, std::int32_t completions, const field::Path& path) {
    field::Errors errors;
    if (!rule.succeededCount && !rule.succeededIndexes) {
        errors.push_back(field::required(path, "at least one of succeededCount or succeededIndexes must be specified"));
    }
    JobIndexes indexes;
    if (rule.succeededIndexes) {
        const field::Path at = path.child("succeededIndexes");
        if (rule.succeededIndexes->size() > kLongestIndexes) errors.push_back(field::tooLong(at, kLongestIndexes));
        indexes = readJobIndexes(*rule.succeededIndexes, completions);
        if (!indexes.fault.empty())
            errors.push_back(
                field::invalid(at, *rule.succeededIndexes, "error parsing succeededIndexes: " + indexes.fault));
    }
    if (!rule.succeededCount) return errors;
    const field::Path at = path.child("succeededCount");
    field::append(errors, validateNonNegative(*rule.succeededCount, at));
    if (*rule.succeededCount > completions) {
        errors.push_back(field::invalid(
            at, *rule.succeededCount,
            fmt::format("must be less than or equal to {} (the number of specified completions)", completions)));
    }
    if (rule.succeededIndexes && *rule.succeededCount > indexes.count) {
        errors.push_back(field::invalid(
            at, *rule.succeededCount,
            fmt::format(
                "must be less than or equal to {} (the number of indexes in the specified succeededIndexes field)",
                indexes.count)));
    }
    return errors;
}

field::Errors successPolicyErrors(const JobSpec& spec, const field::Path& path) {
    if (!isIndexedJob(spec))
        return {field::invalid(path, shown(*spec.successPolicy), "requires indexed completion mode")};
    field::Errors errors;
    const auto& rules = spec.successPolicy->rules;
    if (rules.empty())
        errors.push_back(field::required(path.child("rules"),
                                         "at least one rules must be specified when the successPolicy is specified"));
    if (rules.size() > kMostSuccessRules)
        errors.push_back(
            field::tooMany(path.child("rules"), static_cast<std::int64_t>(rules.size()), kMostSuccessRules));
    for (std::size_t i = 0; i < rules.size(); ++i) {
        field::append(errors, successRuleErrors(rules[i], spec.completions.value_or(0), path.child("rules").index(i)));
    }
    return errors;
}

field::Errors replacementErrors(const JobSpec& spec, const field::Path& path) {
    if (!spec.podReplacementPolicy) return {};
    if (spec.podFailurePolicy) return choiceErrors(path, *spec.podReplacementPolicy, {"Failed"});
    return choiceErrors(path, *spec.podReplacementPolicy, {"Failed", "TerminatingOrFailed"});
}

}  // namespace

field::Errors jobPoliciesErrors(const JobSpec& spec, const field::Path& path) {
    field::Errors errors;
    if (spec.podFailurePolicy) field::append(errors, failurePolicyErrors(spec, path.child("podFailurePolicy")));
    if (spec.successPolicy) field::append(errors, successPolicyErrors(spec, path.child("successPolicy")));
    field::append(errors, replacementErrors(spec, path.child("podReplacementPolicy")));
    return errors;
}

}  // namespace qd::api
