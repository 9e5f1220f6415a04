// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/.
#include <fmt/format.h>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/kinds/scheduling/kinds.h"
#include "cluster/api/types/scheduling_v1.h"

namespace qd::api {
namespace {

using schedulingv1::PriorityClass;

const field::Path kMetadata("metadata");
constexpr std::int32_t kHighestOfUsers = 1'000'000'000;
constexpr std::string_view kSystemPrefix = "system-";
constexpr std::pair<std::string_view, std::int32_t> kSystemClasses[] = {{"system-node-critical", 2'000'001'000},
                                                                        {"system-cluster-critical", 2'000'000'000}};

// Why it is none of the two classes that the system has; empty when it is one.
std::string whyNotOfSystem(const PriorityClass& object) {
    const std::string& name = object.metadata.name;
    for (const auto& [known, value] : kSystemClasses) {
        if (known != name) continue;
        if (object.value != value) return fmt::format("value of {} PriorityClass must be {}", name, value);
        if (object.globalDefault) return fmt::format("globalDefault of {} PriorityClass must be false", name);
        return {};
    }
    return fmt::format("{} is not a known system priority class", name);
}

field::Errors policyErrors(const std::optional<std::string>& policy) {
    const field::Path path("preemptionPolicy");
    if (!policy || contains({"Never", "PreemptLowerPriority"}, *policy)) return {};
    if (policy->empty()) return {field::required(path)};
    return {field::notSupported(path, *policy, {"PreemptLowerPriority", "Never"})};
}

field::Errors classErrors(const Object& object) {
    const auto& priority = as<PriorityClass>(object);
    field::Errors errors = validateObjectMeta(object.metadata, false, nullptr, kMetadata);
    if (priority.metadata.name.starts_with(kSystemPrefix)) {
        const std::string why = whyNotOfSystem(priority);
        if (!why.empty()) {
            errors.push_back(field::forbidden(
                kMetadata.child("name"),
                fmt::format("priority class names with '{}' prefix are reserved for system use only. error: {}",
                            kSystemPrefix, why)));
        }
    } else if (priority.value > kHighestOfUsers) {
        errors.push_back(
            field::forbidden(field::Path("value"),
                             fmt::format("maximum allowed value of a user defined priority is {}", kHighestOfUsers)));
    }
    field::append(errors, policyErrors(priority.preemptionPolicy));
    return errors;
}

field::Errors changeErrors(const Object& now, const Object& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    if (as<PriorityClass>(now).value != as<PriorityClass>(old).value)
        errors.push_back(field::forbidden(field::Path("value"), "may not be changed in an update."));
    const auto& policy = as<PriorityClass>(now).preemptionPolicy;
    if (policy != as<PriorityClass>(old).preemptionPolicy) {
        errors.push_back(
            immutable(field::Path("preemptionPolicy"), policy ? field::Shown(*policy) : field::Shown::null()));
    }
    return errors;
}

}  // namespace

Kind priorityClassKind() {
    Kind kind = plainKind("scheduling.k8s.io", "v1", "PriorityClass");
    kind.shortNames = {"pc"};
    kind.defaults = [](Object& object) {
        auto& policy = as<PriorityClass>(object).preemptionPolicy;
        if (!policy) policy = "PreemptLowerPriority";
    };
    kind.prepareForCreate = [](Object& object) {
        object.metadata.generation = 1;
    };  // which never grows: the value is fixed
    validateCreate(kind, classErrors);
    validateUpdate(kind, changeErrors);
    kind.columns = {nameColumn(), fieldColumn<PriorityClass>("Value", "integer", "value"),
                    fieldColumn<PriorityClass>("Global-Default", "boolean", "globalDefault"), ageColumn(),
                    fieldColumn<PriorityClass>("PreemptionPolicy", "string", "preemptionPolicy")};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& priority = as<PriorityClass>(object);
        return {object.metadata.name, static_cast<std::int64_t>(priority.value), priority.globalDefault,
                ageText(object.metadata.creationTimestamp, now), priority.preemptionPolicy.value_or("")};
    };
    return kind;
}

}  // namespace qd::api
