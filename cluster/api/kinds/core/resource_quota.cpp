// Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/.
#include <algorithm>
#include <set>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"

namespace qd::api {
namespace {

using corev1::ResourceQuota;
using corev1::ResourceQuotaSpec;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");

bool isQuotaName(std::string_view name) {
    return contains({"cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage",
                     "requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods",
                     "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims",
                     "configmaps", "services.nodeports", "services.loadbalancers"},
                    name) ||
           isHugePages(name) || name.starts_with("requests.hugepages-");
}

field::Errors amountsErrors(const Map<Quantity>& amounts, const field::Path& path) {
    field::Errors errors;
    for (const auto& [name, amount] : amounts) {
        const field::Path at = path.key(name);
        field::append(errors, resourceNameErrors(name, at));
        if (name.find('/') == std::string::npos && !isQuotaName(name))
            errors.push_back(field::invalid(at, name, "must be a standard resource for quota"));
        field::append(errors, quantityErrors(name, amount, at));
    }
    return errors;
}

bool isScope(std::string_view scope) {
    return contains({"Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass",
                     "CrossNamespacePodAffinity", "VolumeAttributesClass"},
                    scope);
}

// Scopes are about Pods or claims, so that they limit what those use and nothing else.
bool scopeLimits(std::string_view scope, std::string_view name) {
    if (scope == "BestEffort") return name == "pods";
    if (scope == "VolumeAttributesClass") return contains({"persistentvolumeclaims", "requests.storage"}, name);
    if (!isScope(scope)) return true;
    return contains({"pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"}, name);
}

// One for each name that the scope says nothing about.
field::Errors misappliedErrors(std::string_view scope, const ResourceQuotaSpec& spec, const field::Path& path,
                               const field::Shown& value) {
    field::Errors errors;
    for (const auto& [name, amount] : spec.hard) {
        if (isQuotaName(name) && !scopeLimits(scope, name))
            errors.push_back(field::invalid(path, value, "unsupported scope applied to resource"));
    }
    return errors;
}

field::Errors conflictErrors(const std::set<std::string>& scopes, const ResourceQuotaSpec& spec,
                             const field::Path& path) {
    field::Errors errors;
    for (const auto& [a, b] : {std::pair("BestEffort", "NotBestEffort"), std::pair("NotTerminating", "Terminating")}) {
        if (scopes.contains(a) && scopes.contains(b))
            errors.push_back(field::invalid(path, shownStrings(spec.scopes), "conflicting scopes"));
    }
    return errors;
}

field::Errors scopesErrors(const ResourceQuotaSpec& spec) {
    const field::Path path = kSpec.child("scopes");
    const field::Shown value = shownStrings(spec.scopes);
    field::Errors errors;
    for (const auto& scope : spec.scopes) {
        if (!isScope(scope)) errors.push_back(field::invalid(path, value, "unsupported scope"));
        field::append(errors, misappliedErrors(scope, spec, path, value));
    }
    field::append(errors, conflictErrors({spec.scopes.begin(), spec.scopes.end()}, spec, path));
    return errors;
}

field::Errors operatorErrors(const corev1::ScopedResourceSelectorRequirement& requirement, const field::Path& path) {
    field::Errors errors;
    const std::string& op = requirement.operator_;
    if (isScope(requirement.scopeName) &&
        !contains({"PriorityClass", "VolumeAttributesClass"}, requirement.scopeName) && op != "Exists") {
        errors.push_back(field::invalid(
            path.child("operator"), op,
            "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
            "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or "
            "ResourceQuotaScopeCrossNamespacePodAffinity"));
    }
    if (contains({"In", "NotIn"}, op)) {
        if (requirement.values.empty()) {
            errors.push_back(
                field::required(path.child("values"),
                                "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
        }
    } else if (contains({"Exists", "DoesNotExist"}, op)) {
        if (!requirement.values.empty()) {
            errors.push_back(
                field::invalid(path.child("values"), shownStrings(requirement.values),
                               "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"));
        }
    } else {
        errors.push_back(field::invalid(path.child("operator"), op, "not a valid selector operator"));
    }
    return errors;
}

field::Errors scopeSelectorErrors(const ResourceQuotaSpec& spec) {
    if (!spec.scopeSelector) return {};
    const field::Path path = kSpec.child("scopeSelector", "matchExpressions");
    field::Errors errors;
    std::set<std::string> scopes;
    for (const auto& requirement : spec.scopeSelector->matchExpressions) {
        if (!isScope(requirement.scopeName))
            errors.push_back(field::invalid(path.child("scopeName"), requirement.scopeName, "unsupported scope"));
        field::append(errors, misappliedErrors(requirement.scopeName, spec, path, shown(*spec.scopeSelector)));
        field::append(errors, operatorErrors(requirement, path));
        scopes.insert(requirement.scopeName);
    }
    field::append(errors, conflictErrors(scopes, spec, path));
    return errors;
}

field::Errors specErrors(const ResourceQuotaSpec& spec) {
    field::Errors errors = amountsErrors(spec.hard, kSpec.child("hard"));
    field::append(errors, scopesErrors(spec));
    field::append(errors, scopeSelectorErrors(spec));
    return errors;
}

field::Errors changeErrors(const Object& nowObject, const Object& old) {
    const auto& now = as<ResourceQuota>(nowObject).spec;
    field::Errors errors = validateObjectMetaUpdate(nowObject.metadata, old.metadata, kMetadata);
    field::append(errors, specErrors(now));
    const auto& before = as<ResourceQuota>(old).spec.scopes;
    if (std::set<std::string>(now.scopes.begin(), now.scopes.end()) !=
        std::set<std::string>(before.begin(), before.end())) {
        errors.push_back(immutable(kSpec.child("scopes"), shownStrings(now.scopes)));
    }
    return errors;
}

field::Errors statusErrors(const Object& nowObject, const Object& old) {
    const auto& status = as<ResourceQuota>(nowObject).status;
    field::Errors errors = validateObjectMetaUpdate(nowObject.metadata, old.metadata, kMetadata);
    field::append(errors, amountsErrors(status.hard, field::Path("status.hard")));
    field::append(errors, amountsErrors(status.used, field::Path("status.used")));
    return errors;
}

// "pods: 1/10, requests.cpu: 500m/4": those that are limits, or those that are not.
std::string usageText(const corev1::ResourceQuotaStatus& status, bool limits) {
    std::vector<std::string> parts;
    for (const auto& [name, hard] : status.hard) {
        if (name.starts_with("limits.") != limits) continue;
        const auto used = status.used.find(name);
        parts.push_back(name + ": " + (used == status.used.end() ? Quantity() : used->second).toString() + "/" +
                        hard.toString());
    }
    return joined(parts, ", ");
}

}  // namespace

Kind resourceQuotaKind() {
    Kind kind = plainKind("", "v1", "ResourceQuota");
    kind.shortNames = {"quota"};
    kind.returnsDeletedObject = true;
    addStatus(kind);
    kind.defaults = [](Object& object) {
        auto& quota = as<ResourceQuota>(object);
        for (Map<Quantity>* amounts : {&quota.spec.hard, &quota.status.hard, &quota.status.used})
            roundResources(*amounts);
    };
    validateCreate(kind, [](const Object& object) {
        field::Errors errors = validateObjectMeta(object.metadata, true, nullptr, kMetadata);
        field::append(errors, specErrors(as<ResourceQuota>(object).spec));
        return errors;
    });
    validateUpdate(kind, changeErrors);
    validateSubresource(kind, "status", statusErrors);
    kind.columns = {
        nameColumn(),
        textColumn("Request", "Request represents a minimum amount of cpu/memory that a container may consume."),
        textColumn("Limit",
                   "Limits control the maximum amount of cpu/memory that a container may use independent of contention "
                   "on the node."),
        ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& status = as<ResourceQuota>(object).status;
        return {object.metadata.name, usageText(status, false), usageText(status, true),
                ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
