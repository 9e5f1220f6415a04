// Source: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/flowcontrol/kinds.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/types/flowcontrol_v1.h"

namespace qd::api {
namespace {

using flowcontrolv1::FlowSchema;
using flowcontrolv1::FlowSchemaSpec;
using flowcontrolv1::Subject;
using Strings = std::vector<std::string>;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
constexpr std::int32_t kDefaultPrecedence = 1000;

bool holdsAll(const Strings& list) {
    return std::find(list.begin(), list.end(), "*") != list.end();
}

// "*" stands alone. what: as upstream calls the others.
field::Errors wildcardErrors(const Strings& list, const char* what, const field::Path& path) {
    if (list.size() < 2 || !holdsAll(list)) return {};
    return {
        field::invalid(path, shownStrings(list), fmt::format("if '*' is present, must not specify other {}", what))};
}

field::Errors verbsErrors(const Strings& verbs, const field::Path& path) {
    static const std::vector<std::string> kVerbs = {"create", "delete", "deletecollection", "get",  "list",
                                                    "patch",  "proxy",  "update",           "watch"};
    if (verbs.empty()) return {field::required(path, "verbs must contain at least one value")};
    if (holdsAll(verbs)) return wildcardErrors(verbs, "verbs", path);
    const bool known = std::all_of(verbs.begin(), verbs.end(), [](const std::string& verb) {
        return std::find(kVerbs.begin(), kVerbs.end(), verb) != kVerbs.end();
    });
    if (known) return {};
    return {field::notSupported(path, shownStrings(verbs), kVerbs)};
}

field::Errors namespacesErrors(const flowcontrolv1::ResourcePolicyRule& rule, const field::Path& path) {
    if (rule.namespaces.empty()) {
        if (rule.clusterScope) return {};
        return {field::required(path, "resource rules that are not cluster scoped must supply at least one namespace")};
    }
    if (holdsAll(rule.namespaces)) return wildcardErrors(rule.namespaces, "namespaces", path);
    field::Errors errors;
    for (std::size_t i = 0; i < rule.namespaces.size(); ++i) {
        for (const auto& complaint : dns1123LabelErrors(rule.namespaces[i])) {
            errors.push_back(field::invalid(path.index(i), rule.namespaces[i],
                                            "each member of this list must be '*' or a DNS-1123 label; " + complaint));
        }
    }
    return errors;
}

field::Errors resourceRuleErrors(const flowcontrolv1::ResourcePolicyRule& rule, const field::Path& path) {
    field::Errors errors = verbsErrors(rule.verbs, path.child("verbs"));
    if (rule.apiGroups.empty())
        errors.push_back(field::required(path.child("apiGroups"), "resource rules must supply at least one api group"));
    field::append(errors, wildcardErrors(rule.apiGroups, "api groups", path.child("apiGroups")));
    if (rule.resources.empty())
        errors.push_back(field::required(path.child("resources"), "resource rules must supply at least one resource"));
    field::append(errors, wildcardErrors(rule.resources, "resources", path.child("resources")));
    field::append(errors, namespacesErrors(rule, path.child("namespaces")));
    return errors;
}

// What is wrong with a path of URLs, of which the end may be a wildcard.
std::string_view urlFault(std::string_view url) {
    if (url.empty()) return "must not be empty";
    if (url == "/") return {};
    if (!url.starts_with('/')) return "must start with slash";
    if (url.find(' ') != std::string_view::npos) return "must not contain white-space";
    if (url.find("//") != std::string_view::npos) return "must not contain double slash";
    const auto star = url.find('*');
    if (star != std::string_view::npos && (star + 1 != url.size() || !url.ends_with("/*")))
        return "wildcard can only do suffix matching";
    return {};
}

field::Errors urlRuleErrors(const flowcontrolv1::NonResourcePolicyRule& rule, const field::Path& path) {
    field::Errors errors = verbsErrors(rule.verbs, path.child("verbs"));
    const field::Path urls = path.child("nonResourceURLs");
    if (rule.nonResourceURLs.empty())
        errors.push_back(field::required(urls, "nonResourceURLs must contain at least one value"));
    if (holdsAll(rule.nonResourceURLs)) {
        field::append(errors, wildcardErrors(rule.nonResourceURLs, "non-resource URLs", urls));
        return errors;
    }
    for (std::size_t i = 0; i < rule.nonResourceURLs.size(); ++i) {
        const auto fault = urlFault(rule.nonResourceURLs[i]);
        if (!fault.empty()) errors.push_back(field::invalid(urls.index(i), rule.nonResourceURLs[i], fault));
    }
    return errors;
}

field::Errors accountErrors(const flowcontrolv1::ServiceAccountSubject& account, const field::Path& path) {
    field::Errors errors;
    if (account.name.empty()) {
        errors.push_back(field::required(path.child("name")));
    } else if (account.name != "*") {
        field::append(errors, subdomainErrors(path.child("name"), account.name));
    }
    if (account.namespace_.empty()) {
        errors.push_back(field::required(path.child("namespace"), "must specify namespace for service account"));
    } else {
        field::append(errors, labelErrors(path.child("namespace"), account.namespace_));
    }
    return errors;
}

template <typename Named>
field::Errors namedErrors(const Named& named, const field::Path& path) {
    if (named.name.empty()) return {field::required(path.child("name"))};
    return {};
}

// The member that a subject of its kind has, and none of the others.
field::Errors subjectErrors(const Subject& subject, const field::Path& path) {
    if (!contains({"Group", "ServiceAccount", "User"}, subject.kind))
        return {field::notSupported(path.child("kind"), subject.kind, {"Group", "ServiceAccount", "User"})};
    field::Errors errors;
    const auto check = [&](const auto& member, const char* name, const char* kind, auto errorsOf) {
        if (subject.kind != kind) return;
        const field::Path at = path.child(name);
        field::append(errors, member ? errorsOf(*member, at)
                                     : field::Errors{field::required(
                                           at, fmt::format("{} is required when subject kind is '{}'", name, kind))});
    };
    const auto refuse = [&](bool given, const char* name, const char* kind) {
        if (given && subject.kind != kind)
            errors.push_back(field::forbidden(
                path.child(name), fmt::format("{} is forbidden when subject kind is not '{}'", name, kind)));
    };
    check(subject.serviceAccount, "serviceAccount", "ServiceAccount",
          [](const auto& member, const field::Path& at) { return accountErrors(member, at); });
    check(subject.user, "user", "User",
          [](const auto& member, const field::Path& at) { return namedErrors(member, at); });
    check(subject.group, "group", "Group",
          [](const auto& member, const field::Path& at) { return namedErrors(member, at); });
    refuse(subject.serviceAccount.has_value(), "serviceAccount", "ServiceAccount");
    refuse(subject.user.has_value(), "user", "User");
    refuse(subject.group.has_value(), "group", "Group");
    return errors;
}

field::Errors ruleErrors(const flowcontrolv1::PolicyRulesWithSubjects& rule, const field::Path& path) {
    field::Errors errors;
    if (rule.subjects.empty())
        errors.push_back(field::required(path.child("subjects"), "subjects must contain at least one value"));
    for (std::size_t i = 0; i < rule.subjects.size(); ++i)
        field::append(errors, subjectErrors(rule.subjects[i], path.child("subjects").index(i)));
    if (rule.resourceRules.empty() && rule.nonResourceRules.empty()) {
        errors.push_back(
            field::required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"));
    }
    for (std::size_t i = 0; i < rule.resourceRules.size(); ++i)
        field::append(errors, resourceRuleErrors(rule.resourceRules[i], path.child("resourceRules").index(i)));
    for (std::size_t i = 0; i < rule.nonResourceRules.size(); ++i)
        field::append(errors, urlRuleErrors(rule.nonResourceRules[i], path.child("nonResourceRules").index(i)));
    return errors;
}

field::Errors specErrors(const FlowSchema& schema) {
    const auto& spec = schema.spec;
    const field::Path precedence = kSpec.child("matchingPrecedence");
    field::Errors errors;
    if (spec.matchingPrecedence <= 0)
        errors.push_back(field::invalid(precedence, spec.matchingPrecedence, "must be a positive value"));
    if (spec.matchingPrecedence > flowcontrolv1::FlowSchemaMaxMatchingPrecedence) {
        errors.push_back(
            field::invalid(precedence, spec.matchingPrecedence,
                           fmt::format("must not be greater than {}", flowcontrolv1::FlowSchemaMaxMatchingPrecedence)));
    }
    if (spec.matchingPrecedence == 1 && schema.metadata.name != flowcontrolv1::FlowSchemaNameExempt) {
        errors.push_back(field::invalid(precedence, spec.matchingPrecedence,
                                        "only the schema named 'exempt' may have matchingPrecedence 1"));
    }
    if (spec.distinguisherMethod && !contains({"ByNamespace", "ByUser"}, spec.distinguisherMethod->type)) {
        errors.push_back(field::notSupported(kSpec.child("distinguisherMethod", "type"),
                                             shown(*spec.distinguisherMethod), {"ByNamespace", "ByUser"}));
    }
    const field::Path level = kSpec.child("priorityLevelConfiguration", "name");
    if (spec.priorityLevelConfiguration.name.empty()) {
        errors.push_back(field::required(level, "must reference a priority level"));
    } else {
        field::append(errors, subdomainErrors(level, spec.priorityLevelConfiguration.name));
    }
    for (std::size_t i = 0; i < spec.rules.size(); ++i)
        field::append(errors, ruleErrors(spec.rules[i], kSpec.child("rules").index(i)));
    return errors;
}

// A rule for all requests of these groups.
flowcontrolv1::PolicyRulesWithSubjects everythingOf(const Strings& groups) {
    flowcontrolv1::PolicyRulesWithSubjects rule;
    for (const auto& group : groups) {
        auto& subject = rule.subjects.emplace_back();
        subject.kind = flowcontrolv1::SubjectKindGroup;
        subject.group.emplace().name = group;
    }
    rule.resourceRules.push_back(
        {.verbs = {"*"}, .apiGroups = {"*"}, .resources = {"*"}, .clusterScope = true, .namespaces = {"*"}});
    rule.nonResourceRules.push_back({.verbs = {"*"}, .nonResourceURLs = {"*"}});
    return rule;
}

// The two schemas that every API server has are what they are.
std::optional<FlowSchemaSpec> fixedSpec(const std::string& name) {
    FlowSchemaSpec spec;
    spec.priorityLevelConfiguration.name = name;
    if (name == flowcontrolv1::FlowSchemaNameExempt) {
        spec.matchingPrecedence = 1;
        spec.rules = {everythingOf({"system:masters"})};
        return spec;
    }
    if (name != flowcontrolv1::FlowSchemaNameCatchAll) return std::nullopt;
    spec.matchingPrecedence = static_cast<std::int32_t>(flowcontrolv1::FlowSchemaMaxMatchingPrecedence);
    spec.distinguisherMethod.emplace().type = flowcontrolv1::FlowDistinguisherMethodByUserType;
    spec.rules = {everythingOf({"system:unauthenticated", "system:authenticated"})};
    return spec;
}

field::Errors conditionsErrors(const FlowSchema& schema) {
    field::Errors errors;
    std::set<std::string> types;
    for (std::size_t i = 0; i < schema.status.conditions.size(); ++i) {
        const field::Path at = field::Path("status.conditions").index(i).child("type");
        const std::string& type = schema.status.conditions[i].type;
        if (!types.insert(type).second) errors.push_back(field::duplicate(at, type));
        if (type.empty()) errors.push_back(field::required(at, "must not be empty"));
    }
    return errors;
}

field::Errors schemaErrors(const Object& object) {
    const auto& schema = as<FlowSchema>(object);
    field::Errors errors = validateObjectMeta(object.metadata, false, nullptr, kMetadata);
    field::append(errors, specErrors(schema));
    const auto fixed = fixedSpec(object.metadata.name);
    if (fixed && !(*fixed == schema.spec)) {
        errors.push_back(field::invalid(kSpec, shown(schema.spec),
                                        fmt::format("spec of '{}' must equal the fixed value", object.metadata.name)));
    }
    field::append(errors, conditionsErrors(schema));
    return errors;
}

std::string danglingText(const FlowSchema& schema) {
    for (const auto& condition : schema.status.conditions) {
        if (condition.type == flowcontrolv1::FlowSchemaConditionDangling) return condition.status;
    }
    return "?";
}

void addTable(Kind& kind) {
    kind.columns = {nameColumn(),
                    fieldColumn<FlowSchemaSpec>("PriorityLevel", "string", "priorityLevelConfiguration"),
                    fieldColumn<FlowSchemaSpec>("MatchingPrecedence", "integer", "matchingPrecedence"),
                    fieldColumn<FlowSchemaSpec>("DistinguisherMethod", "string", "distinguisherMethod"),
                    ageColumn(),
                    textColumn("MissingPL", "references a broken or non-existent PriorityLevelConfiguration")};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& spec = as<FlowSchema>(object).spec;
        return {object.metadata.name,
                spec.priorityLevelConfiguration.name,
                static_cast<std::int64_t>(spec.matchingPrecedence),
                spec.distinguisherMethod ? spec.distinguisherMethod->type : "<none>",
                ageText(object.metadata.creationTimestamp, now),
                danglingText(as<FlowSchema>(object))};
    };
}

}  // namespace

Kind flowSchemaKind() {
    Kind kind = plainKind("flowcontrol.apiserver.k8s.io", "v1", "FlowSchema");
    addStatus(kind);
    countGenerations(kind);
    kind.defaults = [](Object& object) {
        auto& precedence = as<FlowSchema>(object).spec.matchingPrecedence;
        if (precedence == 0) precedence = kDefaultPrecedence;
    };
    validateCreate(kind, schemaErrors);
    validateUpdate(kind, [](const Object& now, const Object&) { return schemaErrors(now); });
    auto& status = kind.subresourceUpdates["status"];
    status.prepare = [keepSpec = status.prepare](Object& now, const Object& old) {
        keepSpec(now, old);
        keepForStatusUpdate(now.metadata, old.metadata);
    };
    status.resetFields = {"metadata", "spec"};
    validateSubresource(kind, "status",
                        [](const Object& now, const Object&) { return conditionsErrors(as<FlowSchema>(now)); });
    addTable(kind);
    return kind;
}

}  // namespace qd::api
