// Source: https://kubernetes.io/docs/concepts/workloads/pods/disruptions/.
#include "cluster/api/kinds/apps/workload.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/conditions.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/kinds/policy/kinds.h"
#include "cluster/api/types/policy_v1.h"

namespace qd::api {
namespace {

using policyv1::PodDisruptionBudget;

field::Errors amountErrors(const std::optional<IntOrString>& amount, const field::Path& path) {
    if (!amount) return {};
    field::Errors errors = intOrPercentErrors(*amount, path);
    field::append(errors, atMostHundredPercentErrors(*amount, path));
    return errors;
}

field::Errors budgetErrors(const Object& object) {
    const auto& spec = as<PodDisruptionBudget>(object).spec;
    const field::Path path("spec");
    field::Errors errors;
    if (spec.minAvailable && spec.maxUnavailable)
        errors.push_back(field::invalid(path, shown(spec), "minAvailable and maxUnavailable cannot be both set"));
    field::append(errors, amountErrors(spec.minAvailable, path.child("minAvailable")));
    field::append(errors, amountErrors(spec.maxUnavailable, path.child("maxUnavailable")));
    field::append(errors, validateLabelSelector(spec.selector.get(), path.child("selector")));
    if (spec.unhealthyPodEvictionPolicy) {
        field::append(errors, choiceErrors(path.child("unhealthyPodEvictionPolicy"), *spec.unhealthyPodEvictionPolicy,
                                           {"AlwaysAllow", "IfHealthyBudget"}));
    }
    return errors;
}

field::Errors statusErrors(const Object& now, const Object&) {
    const auto& status = as<PodDisruptionBudget>(now).status;
    const field::Path path("status");
    field::Errors errors = conditionsErrors(status.conditions, path.child("conditions"));
    field::append(errors, validateNonNegative(status.disruptionsAllowed, path.child("disruptionsAllowed")));
    field::append(errors, validateNonNegative(status.currentHealthy, path.child("currentHealthy")));
    field::append(errors, validateNonNegative(status.desiredHealthy, path.child("desiredHealthy")));
    field::append(errors, validateNonNegative(status.expectedPods, path.child("expectedPods")));
    return errors;
}

std::string amountText(const std::optional<IntOrString>& amount) {
    return amount ? amount->toString() : "N/A";
}

}  // namespace

Kind podDisruptionBudgetKind() {
    Kind kind = plainKind("policy", "v1", "PodDisruptionBudget");
    kind.shortNames = {"pdb"};
    kind.allowUnconditionalUpdate = false;
    addStatus(kind);
    countGenerations(kind);
    validateCreate(kind, budgetErrors);
    validateUpdate(kind, [](const Object& now, const Object&) { return budgetErrors(now); });
    validateSubresource(kind, "status", statusErrors);
    Column allowed = textColumn("Allowed Disruptions", "Calculated number of pods that may be disrupted at this time.");
    allowed.type = "integer";
    kind.columns = {nameColumn(), textColumn("Min Available", "The minimum number of pods that must be available."),
                    textColumn("Max Unavailable", "The maximum number of pods that may be unavailable."), allowed,
                    ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& budget = as<PodDisruptionBudget>(object);
        return {budget.metadata.name, amountText(budget.spec.minAvailable), amountText(budget.spec.maxUnavailable),
                static_cast<std::int64_t>(budget.status.disruptionsAllowed),
                ageText(budget.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
