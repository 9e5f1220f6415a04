#include "cluster/apiserver/auth/rbac_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "cluster/apiserver/auth/service_account_tokens.h"

namespace qd::apiserver {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view wanted) {
    return std::find(list.begin(), list.end(), wanted) != list.end();
}

bool containsOrAll(const std::vector<std::string>& list, std::string_view wanted) {
    return contains(list, "*") || contains(list, wanted);
}

bool resourceMatches(const rbacv1::PolicyRule& rule, const AuthorizationAttributes& asked) {
    if (asked.subresource.empty()) return containsOrAll(rule.resources, asked.resource);
    return containsOrAll(rule.resources, asked.resource + "/" + asked.subresource) ||
           contains(rule.resources, "*/" + asked.subresource);
}

bool urlCovers(const std::string& owned, const std::string& path) {
    if (owned == path) return true;
    return owned.ends_with('*') && path.starts_with(std::string_view(owned).substr(0, owned.size() - 1));
}

bool pathMatches(const rbacv1::PolicyRule& rule, const std::string& path) {
    return std::any_of(rule.nonResourceURLs.begin(), rule.nonResourceURLs.end(),
                       [&](const std::string& each) { return urlCovers(each, path); });
}

rbacv1::PolicyRule single(const std::string& verb, const std::string& group, const std::string& resource) {
    rbacv1::PolicyRule rule;
    rule.verbs = {verb};
    rule.apiGroups = {group};
    rule.resources = {resource};
    return rule;
}

// Every combination of one verb with one resource of one group and one name, or with one URL.
std::vector<rbacv1::PolicyRule> breakDown(const rbacv1::PolicyRule& rule) {
    std::vector<rbacv1::PolicyRule> parts;
    for (const auto& group : rule.apiGroups) {
        for (const auto& resource : rule.resources) {
            for (const auto& verb : rule.verbs) {
                if (rule.resourceNames.empty()) parts.push_back(single(verb, group, resource));
                for (const auto& name : rule.resourceNames) {
                    parts.push_back(single(verb, group, resource));
                    parts.back().resourceNames = {name};
                }
            }
        }
    }
    for (const auto& url : rule.nonResourceURLs) {
        for (const auto& verb : rule.verbs) {
            rbacv1::PolicyRule part;
            part.verbs = {verb};
            part.nonResourceURLs = {url};
            parts.push_back(std::move(part));
        }
    }
    return parts;
}

bool coversResource(const rbacv1::PolicyRule& owned, const std::string& resource) {
    if (containsOrAll(owned.resources, resource)) return true;
    const auto slash = resource.find('/');
    return slash != std::string::npos && contains(owned.resources, "*" + resource.substr(slash));
}

// `part` is one of breakDown()'s.
bool covers(const rbacv1::PolicyRule& owned, const rbacv1::PolicyRule& part) {
    if (!containsOrAll(owned.verbs, part.verbs.front())) return false;
    if (!part.nonResourceURLs.empty()) return pathMatches(owned, part.nonResourceURLs.front());
    if (!containsOrAll(owned.apiGroups, part.apiGroups.front())) return false;
    if (!coversResource(owned, part.resources.front())) return false;
    if (owned.resourceNames.empty()) return true;
    return !part.resourceNames.empty() && contains(owned.resourceNames, part.resourceNames.front());
}

std::string quotedList(const std::vector<std::string>& list) { return fmt::format("[\"{}\"]", fmt::join(list, "\" \"")); }

}  // namespace

bool ruleAllows(const rbacv1::PolicyRule& rule, const AuthorizationAttributes& asked) {
    if (!containsOrAll(rule.verbs, asked.verb)) return false;
    if (!asked.isResource) return pathMatches(rule, asked.path);
    const bool named = rule.resourceNames.empty() || contains(rule.resourceNames, asked.name);
    return named && containsOrAll(rule.apiGroups, asked.group) && resourceMatches(rule, asked);
}

bool isSubject(const rbacv1::Subject& subject, const User& user, const std::string& bindingNamespace) {
    if (subject.kind == "User") return subject.name == user.name;
    if (subject.kind == "Group") return user.isIn(subject.name);
    if (subject.kind != "ServiceAccount") return false;
    const std::string& ns = subject.namespace_.empty() ? bindingNamespace : subject.namespace_;
    return !ns.empty() && user.name == std::string(kServiceAccountUserPrefix) + ns + ":" + subject.name;
}

std::vector<rbacv1::PolicyRule> missingRules(const std::vector<rbacv1::PolicyRule>& held,
                                             const std::vector<rbacv1::PolicyRule>& wanted) {
    std::vector<rbacv1::PolicyRule> missing;
    for (const auto& rule : wanted) {
        for (auto& part : breakDown(rule)) {
            const bool covered =
                std::any_of(held.begin(), held.end(), [&](const auto& owned) { return covers(owned, part); });
            if (!covered) missing.push_back(std::move(part));
        }
    }
    return missing;
}

std::vector<rbacv1::PolicyRule> compactRules(const std::vector<rbacv1::PolicyRule>& rules) {
    std::vector<rbacv1::PolicyRule> compact;
    for (const auto& rule : rules) {
        const auto same = std::find_if(compact.begin(), compact.end(), [&](const rbacv1::PolicyRule& other) {
            return rule.nonResourceURLs.empty() && std::tie(other.apiGroups, other.resources, other.resourceNames, other.nonResourceURLs) ==
                                                       std::tie(rule.apiGroups, rule.resources, rule.resourceNames, rule.nonResourceURLs);
        });
        if (same == compact.end()) {
            compact.push_back(rule);
            continue;
        }
        for (const auto& verb : rule.verbs) {
            if (!contains(same->verbs, verb)) same->verbs.push_back(verb);
        }
    }
    return compact;
}

std::string describeRule(const rbacv1::PolicyRule& rule) {
    std::vector<std::string> parts;
    if (!rule.apiGroups.empty()) parts.push_back("APIGroups:" + quotedList(rule.apiGroups));
    if (!rule.resources.empty()) parts.push_back("Resources:" + quotedList(rule.resources));
    if (!rule.nonResourceURLs.empty()) parts.push_back("NonResourceURLs:" + quotedList(rule.nonResourceURLs));
    if (!rule.resourceNames.empty()) parts.push_back("ResourceNames:" + quotedList(rule.resourceNames));
    if (!rule.verbs.empty()) parts.push_back("Verbs:" + quotedList(rule.verbs));
    return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

}  // namespace qd::apiserver
