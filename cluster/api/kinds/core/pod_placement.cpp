// Where a Pod may run: affinity, tolerations, spreading.
// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/, .../taint-and-toleration/ and
// .../topology-spread-constraints/.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"

namespace qd::api {
namespace {

using namespace corev1;

constexpr std::string_view kNeedsSelector = "must not be specified when labelSelector is not set";

field::Errors labelRequirementErrors(const NodeSelectorRequirement& requirement, bool checkValues, const field::Path& path) {
    field::Errors errors;
    const std::string& op = requirement.operator_;
    if (op == "In" || op == "NotIn") {
        if (requirement.values.empty()) errors.push_back(field::required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (op == "Exists" || op == "DoesNotExist") {
        if (!requirement.values.empty()) errors.push_back(field::forbidden(path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    } else if (op == "Gt" || op == "Lt") {
        if (requirement.values.size() != 1) errors.push_back(field::required(path.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    } else {
        errors.push_back(field::invalid(path.child("operator"), op, "not a valid selector operator"));
    }
    field::append(errors, validateLabelKey(requirement.key, path.child("key")));
    for (std::size_t i = 0; i < requirement.values.size() && checkValues; ++i) {
        field::append(errors, complaintErrors(path.child("values").index(i), requirement.values[i], labelValueErrors(requirement.values[i])));
    }
    return errors;
}

field::Errors fieldRequirementErrors(const NodeSelectorRequirement& requirement, const field::Path& path) {
    field::Errors errors;
    if (requirement.operator_ != "In" && requirement.operator_ != "NotIn") {
        errors.push_back(field::invalid(path.child("operator"), requirement.operator_, "not a valid selector operator"));
    } else if (requirement.values.size() != 1) {
        errors.push_back(field::required(path.child("values"), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
    }
    if (requirement.key != "metadata.name") {
        errors.push_back(field::invalid(path.child("key"), requirement.key, "not a valid field selector key"));
        return errors;
    }
    for (std::size_t i = 0; i < requirement.values.size(); ++i) field::append(errors, subdomainErrors(path.child("values").index(i), requirement.values[i]));
    return errors;
}

field::Errors termErrors(const NodeSelectorTerm& term, bool checkValues, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < term.matchExpressions.size(); ++i) {
        field::append(errors, labelRequirementErrors(term.matchExpressions[i], checkValues, path.child("matchExpressions").index(i)));
    }
    for (std::size_t i = 0; i < term.matchFields.size(); ++i) field::append(errors, fieldRequirementErrors(term.matchFields[i], path.child("matchFields").index(i)));
    return errors;
}

field::Errors weightErrors(std::int32_t weight, const field::Path& path) {
    if (weight > 0 && weight <= 100) return {};
    return {field::invalid(path, weight, "must be in the range 1-100")};
}

field::Errors labelKeysErrors(const std::vector<std::string>& keys, const metav1::LabelSelector* selector, const field::Path& path) {
    if (keys.empty()) return {};
    if (!selector) return {field::forbidden(path, kNeedsSelector)};
    field::Errors errors;
    for (std::size_t i = 0; i < keys.size(); ++i) field::append(errors, validateLabelKey(keys[i], path.index(i)));
    return errors;
}

field::Errors matchKeysErrors(const std::vector<std::string>& match, const std::vector<std::string>& mismatch, const metav1::LabelSelector* selector, const field::Path& path) {
    field::Errors errors = labelKeysErrors(match, selector, path.child("matchLabelKeys"));
    field::append(errors, labelKeysErrors(mismatch, selector, path.child("mismatchLabelKeys")));
    if (selector) {
        std::set<std::string> selected;
        for (const auto& [key, value] : selector->matchLabels) selected.insert(key);
        for (const auto& expression : selector->matchExpressions) {
            const auto found = std::find(match.rbegin(), match.rend(), expression.key);
            if (found != match.rend() && selected.contains(expression.key)) {
                const auto index = static_cast<std::size_t>(match.rend() - found - 1);
                errors.push_back(field::invalid(path.index(index), expression.key, "exists in both matchLabelKeys and labelSelector"));
            }
            selected.insert(expression.key);
        }
    }
    for (std::size_t i = 0; i < match.size(); ++i) {
        if (std::find(mismatch.begin(), mismatch.end(), match[i]) == mismatch.end()) continue;
        errors.push_back(field::invalid(path.child("matchLabelKeys").index(i), match[i], "exists in both matchLabelKeys and mismatchLabelKeys"));
    }
    return errors;
}

field::Errors podTermErrors(const PodAffinityTerm& term, const field::Path& path) {
    field::Errors errors = validateLabelSelector(term.labelSelector.get(), path.child("labelSelector"));
    field::append(errors, validateLabelSelector(term.namespaceSelector.get(), path.child("namespaceSelector")));
    for (const auto& name : term.namespaces) field::append(errors, labelErrors(path.child("namespace"), name));
    field::append(errors, matchKeysErrors(term.matchLabelKeys, term.mismatchLabelKeys, term.labelSelector.get(), path));
    if (term.topologyKey.empty()) errors.push_back(field::required(path.child("topologyKey"), "can not be empty"));
    field::append(errors, validateLabelKey(term.topologyKey, path.child("topologyKey")));
    return errors;
}

template <typename PodAffinityRule>
field::Errors podAffinityErrors(const PodAffinityRule& affinity, const field::Path& path) {
    field::Errors errors;
    const field::Path required = path.child("requiredDuringSchedulingIgnoredDuringExecution");
    const field::Path preferred = path.child("preferredDuringSchedulingIgnoredDuringExecution");
    const auto& must = affinity.requiredDuringSchedulingIgnoredDuringExecution;
    const auto& should = affinity.preferredDuringSchedulingIgnoredDuringExecution;
    for (std::size_t i = 0; i < must.size(); ++i) field::append(errors, podTermErrors(must[i], required.index(i)));
    for (std::size_t i = 0; i < should.size(); ++i) {
        field::append(errors, weightErrors(should[i].weight, preferred.index(i).child("weight")));
        field::append(errors, podTermErrors(should[i].podAffinityTerm, preferred.index(i).child("podAffinityTerm")));
    }
    return errors;
}

field::Errors nodeAffinityErrors(const NodeAffinity& affinity, const field::Path& path) {
    field::Errors errors;
    if (affinity.requiredDuringSchedulingIgnoredDuringExecution) {
        errors = nodeSelectorErrors(*affinity.requiredDuringSchedulingIgnoredDuringExecution, path.child("requiredDuringSchedulingIgnoredDuringExecution"));
    }
    const auto& should = affinity.preferredDuringSchedulingIgnoredDuringExecution;
    for (std::size_t i = 0; i < should.size(); ++i) {
        const field::Path at = path.child("preferredDuringSchedulingIgnoredDuringExecution").index(i);
        field::append(errors, weightErrors(should[i].weight, at.child("weight")));
        field::append(errors, termErrors(should[i].preference, false, at.child("preference")));
    }
    return errors;
}

}  // namespace

field::Errors nodeSelectorErrors(const NodeSelector& selector, const field::Path& path) {
    const field::Path terms = path.child("nodeSelectorTerms");
    if (selector.nodeSelectorTerms.empty()) return {field::required(terms, "must have at least one node selector term")};
    field::Errors errors;
    for (std::size_t i = 0; i < selector.nodeSelectorTerms.size(); ++i) field::append(errors, termErrors(selector.nodeSelectorTerms[i], true, terms.index(i)));
    return errors;
}

field::Errors affinityErrors(const Affinity& affinity, const field::Path& path) {
    field::Errors errors;
    if (affinity.nodeAffinity) field::append(errors, nodeAffinityErrors(*affinity.nodeAffinity, path.child("nodeAffinity")));
    if (affinity.podAffinity) field::append(errors, podAffinityErrors(*affinity.podAffinity, path.child("podAffinity")));
    if (affinity.podAntiAffinity) field::append(errors, podAffinityErrors(*affinity.podAntiAffinity, path.child("podAntiAffinity")));
    return errors;
}

field::Errors tolerationsErrors(const std::vector<Toleration>& tolerations, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < tolerations.size(); ++i) {
        const auto& toleration = tolerations[i];
        const field::Path at = path.index(i);
        const std::string& op = toleration.operator_;
        if (!toleration.key.empty()) field::append(errors, validateLabelKey(toleration.key, at.child("key")));
        if (toleration.key.empty() && op != "Exists") {
            errors.push_back(field::invalid(at.child("operator"), op, "operator must be Exists when `key` is empty, which means \"match all values and all keys\""));
        }
        if (toleration.tolerationSeconds && toleration.effect != "NoExecute") {
            errors.push_back(field::invalid(at.child("effect"), toleration.effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
        }
        if (op.empty() || op == "Equal") {
            const auto complaints = labelValueErrors(toleration.value);
            if (!complaints.empty()) errors.push_back(field::invalid(at.child("operator"), toleration.value, fmt::format("{}", fmt::join(complaints, ";"))));
        } else if (op == "Exists") {
            if (!toleration.value.empty()) errors.push_back(field::invalid(at.child("operator"), toleration.value, "value must be empty when `operator` is 'Exists'"));
        } else if (op == "Lt" || op == "Gt") {
            // Not switched on, though the message names them.
            errors.push_back(field::notSupported(at.child("operator"), op, {"Equal", "Exists", "Lt", "Gt"}));
        } else {
            errors.push_back(field::notSupported(at.child("operator"), op, {"Equal", "Exists"}));
        }
        if (!toleration.effect.empty()) field::append(errors, choiceErrors(at.child("effect"), toleration.effect, {"NoSchedule", "PreferNoSchedule", "NoExecute"}));
    }
    return errors;
}

field::Errors spreadErrors(const std::vector<TopologySpreadConstraint>& constraints, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < constraints.size(); ++i) {
        const auto& constraint = constraints[i];
        const field::Path at = path.index(i);
        if (constraint.maxSkew <= 0) errors.push_back(field::invalid(at.child("maxSkew"), constraint.maxSkew, "must be greater than zero"));
        if (constraint.topologyKey.empty()) errors.push_back(field::required(at.child("topologyKey"), "can not be empty"));
        field::append(errors, choiceErrors(at.child("whenUnsatisfiable"), constraint.whenUnsatisfiable, {"DoNotSchedule", "ScheduleAnyway"}));
        const bool repeated = std::any_of(constraints.begin() + static_cast<std::ptrdiff_t>(i) + 1, constraints.end(), [&](const auto& other) {
            return other.topologyKey == constraint.topologyKey && other.whenUnsatisfiable == constraint.whenUnsatisfiable;
        });
        if (repeated) {
            errors.push_back(field::duplicate(at.child("{topologyKey, whenUnsatisfiable}"), fmt::format("{{{}, {}}}", constraint.topologyKey, constraint.whenUnsatisfiable)));
        }
        if (constraint.minDomains) {
            if (*constraint.minDomains <= 0) errors.push_back(field::invalid(at.child("minDomains"), *constraint.minDomains, "must be greater than zero"));
            if (constraint.whenUnsatisfiable != "DoNotSchedule") {
                errors.push_back(field::invalid(at.child("minDomains"), *constraint.minDomains,
                                                fmt::format("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}", constraint.whenUnsatisfiable)));
            }
        }
        if (constraint.nodeAffinityPolicy) field::append(errors, choiceErrors(at.child("nodeAffinityPolicy"), *constraint.nodeAffinityPolicy, {"Honor", "Ignore"}));
        if (constraint.nodeTaintsPolicy) field::append(errors, choiceErrors(at.child("nodeTaintsPolicy"), *constraint.nodeTaintsPolicy, {"Honor", "Ignore"}));
        field::append(errors, matchKeysErrors(constraint.matchLabelKeys, {}, constraint.labelSelector.get(), at));
        field::append(errors, validateLabelSelector(constraint.labelSelector.get(), at.child("labelSelector")));
    }
    return errors;
}

}  // namespace qd::api
