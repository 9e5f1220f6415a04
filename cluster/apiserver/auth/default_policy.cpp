#include "cluster/apiserver/auth/default_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/apiserver/auth/default_policy_text.h"
#include "cluster/apiserver/auth/rbac_rules.h"

namespace qd::apiserver {
namespace {

constexpr const char* kGroup = "rbac.authorization.k8s.io";
constexpr const char* kAutoUpdate = "rbac.authorization.kubernetes.io/autoupdate";
constexpr const char* kBootstrapping = "kubernetes.io/bootstrapping";

std::vector<std::string> wordsOf(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
        const auto begin = text.find_first_not_of(' ', at);
        if (begin == std::string_view::npos) break;
        const auto end = std::min(text.find(' ', begin), text.size());
        words.emplace_back(text.substr(begin, end - begin));
        at = end;
    }
    return words;
}

std::vector<std::vector<std::string>> columnsOf(std::string_view line) {
    std::vector<std::vector<std::string>> columns;
    for (;;) {
        const auto bar = line.find('|');
        columns.push_back(wordsOf(line.substr(0, bar)));
        if (bar == std::string_view::npos) return columns;
        line.remove_prefix(bar + 1);
    }
}

void markAsDefault(metav1::ObjectMeta& meta) {
    meta.labels[kBootstrapping] = "rbac-defaults";
    meta.annotations[kAutoUpdate] = "true";
}

std::optional<rbacv1::Subject> subjectOf(const std::string& word) {
    const auto colon = word.find(':');
    if (colon == std::string::npos) return std::nullopt;
    const std::string kind = word.substr(0, colon);
    const std::string name = word.substr(colon + 1);
    rbacv1::Subject subject;
    if (kind == "serviceaccount") {
        const auto end = name.find(':');
        if (end == std::string::npos) return std::nullopt;
        subject.kind = "ServiceAccount";
        subject.namespace_ = name.substr(0, end);
        subject.name = name.substr(end + 1);
        return subject;
    }
    if (kind != "user" && kind != "group") return std::nullopt;
    subject.kind = kind == "user" ? "User" : "Group";
    subject.apiGroup = kGroup;
    subject.name = name;
    return subject;
}

// Reads the text line by line; what stands in a line belongs to the role last named.
class Parser {
public:
    Result<Policy> parse(std::string_view text) {
        for (int number = 1; !text.empty(); ++number) {
            const auto end = std::min(text.find('\n'), text.size());
            const std::string_view line = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            if (line.empty() || line.front() == '#') continue;
            if (!readLine(line)) return fail(Reason::BadRequest, fmt::format("line {} of the policy: {}", number, line));
        }
        return std::move(m_policy);
    }

private:
    bool readLine(std::string_view line) {
        const auto columns = columnsOf(line);
        if (line.front() != ' ') return columns.size() == 1 && beginRole(columns[0]);
        if (!m_rules) return false;
        if (columns.size() > 1) return addRule(columns);
        const auto& words = columns[0];
        if (words.empty()) return true;
        if (words[0] == "label" && words.size() == 2) {
            m_meta->labels[words[1]] = "true";
            return true;
        }
        if (words[0] == "aggregate" && words.size() == 2 && m_inCluster) return addAggregation(words[1]);
        return words[0] == "bind" && addBinding(words);
    }

    bool beginRole(const std::vector<std::string>& words) {
        m_inCluster = words[0] == "clusterrole";
        if (m_inCluster && words.size() == 2) {
            m_policy.clusterRoles.emplace_back();
            begin(m_policy.clusterRoles.back(), "", words[1]);
            return true;
        }
        if (words[0] != "role" || words.size() != 3) return false;
        m_policy.roles.emplace_back();
        begin(m_policy.roles.back(), words[1], words[2]);
        return true;
    }

    template <typename Role>
    void begin(Role& role, const std::string& ns, const std::string& name) {
        role.metadata.namespace_ = ns;
        role.metadata.name = name;
        markAsDefault(role.metadata);
        m_meta = &role.metadata;
        m_rules = &role.rules;
    }

    bool addRule(const std::vector<std::vector<std::string>>& columns) {
        rbacv1::PolicyRule rule;
        rule.verbs = columns[0];
        if (columns.size() == 2) {
            rule.nonResourceURLs = columns[1];
        } else {
            rule.apiGroups = columns[1];
            std::replace(rule.apiGroups.begin(), rule.apiGroups.end(), std::string("core"), std::string());
            rule.resources = columns[2];
            if (columns.size() == 4) rule.resourceNames = columns[3];
        }
        m_rules->push_back(std::move(rule));
        return columns.size() <= 4;
    }

    bool addAggregation(const std::string& label) {
        metav1::LabelSelector selector;
        selector.matchLabels[label] = "true";
        auto& rule = m_policy.clusterRoles.back().aggregationRule;
        if (!rule) rule.emplace();
        rule->clusterRoleSelectors.push_back(std::move(selector));
        return true;
    }

    // bind [as NAME] SUBJECT...
    bool addBinding(const std::vector<std::string>& words) {
        std::size_t at = 1;
        std::string name = m_meta->name;
        if (words.size() > 2 && words[1] == "as") {
            name = words[2];
            at = 3;
        }
        std::vector<rbacv1::Subject> subjects;
        for (; at < words.size(); ++at) {
            auto subject = subjectOf(words[at]);
            if (!subject) return false;
            subjects.push_back(std::move(*subject));
        }
        if (m_inCluster) {
            bind(m_policy.clusterRoleBindings.emplace_back(), "ClusterRole", name, std::move(subjects));
        } else {
            bind(m_policy.roleBindings.emplace_back(), "Role", name, std::move(subjects));
        }
        return true;
    }

    template <typename Binding>
    void bind(Binding& binding, const char* kind, const std::string& name, std::vector<rbacv1::Subject> subjects) {
        binding.metadata.namespace_ = m_meta->namespace_;
        binding.metadata.name = name;
        markAsDefault(binding.metadata);
        binding.roleRef.apiGroup = kGroup;
        binding.roleRef.kind = kind;
        binding.roleRef.name = m_meta->name;
        binding.subjects = std::move(subjects);
    }

    Policy m_policy;
    bool m_inCluster = false;
    metav1::ObjectMeta* m_meta = nullptr;  // of the role last named
    std::vector<rbacv1::PolicyRule>* m_rules = nullptr;
};

bool isProtected(const metav1::ObjectMeta& meta) {
    const auto found = meta.annotations.find(kAutoUpdate);
    return found != meta.annotations.end() && found->second == "false";
}

bool completeMeta(metav1::ObjectMeta& present, const metav1::ObjectMeta& wanted) {
    const auto before = present.labels.size() + present.annotations.size();
    present.labels.insert(wanted.labels.begin(), wanted.labels.end());
    present.annotations.insert(wanted.annotations.begin(), wanted.annotations.end());
    return present.labels.size() + present.annotations.size() != before;
}

bool completeRules(std::vector<rbacv1::PolicyRule>& present, const std::vector<rbacv1::PolicyRule>& wanted) {
    auto missing = missingRules(present, wanted);
    const bool any = !missing.empty();
    std::move(missing.begin(), missing.end(), std::back_inserter(present));
    return any;
}

template <typename T>
bool completeList(std::vector<T>& present, const std::vector<T>& wanted) {
    bool changed = false;
    for (const auto& each : wanted) {
        if (std::find(present.begin(), present.end(), each) != present.end()) continue;
        present.push_back(each);
        changed = true;
    }
    return changed;
}

template <typename Binding>
bool completeBinding(Binding& present, const Binding& wanted) {
    if (isProtected(present.metadata)) return false;
    bool changed = completeMeta(present.metadata, wanted.metadata);
    if (present.roleRef != wanted.roleRef) {
        present.roleRef = wanted.roleRef;
        changed = true;
    }
    return completeList(present.subjects, wanted.subjects) || changed;
}

}  // namespace

Result<Policy> parsePolicy(std::string_view text) { return Parser().parse(text); }

Result<Policy> defaultPolicy() { return parsePolicy(kDefaultPolicy); }

bool complete(rbacv1::ClusterRole& present, const rbacv1::ClusterRole& wanted) {
    if (isProtected(present.metadata)) return false;
    bool changed = completeMeta(present.metadata, wanted.metadata);
    if (!wanted.aggregationRule || !present.aggregationRule) changed = completeRules(present.rules, wanted.rules) || changed;
    if (!wanted.aggregationRule) return changed;
    if (!present.aggregationRule) {
        present.aggregationRule = wanted.aggregationRule;
        return true;
    }
    return completeList(present.aggregationRule->clusterRoleSelectors, wanted.aggregationRule->clusterRoleSelectors) || changed;
}

bool complete(rbacv1::Role& present, const rbacv1::Role& wanted) {
    if (isProtected(present.metadata)) return false;
    const bool changed = completeMeta(present.metadata, wanted.metadata);
    return completeRules(present.rules, wanted.rules) || changed;
}

bool complete(rbacv1::ClusterRoleBinding& present, const rbacv1::ClusterRoleBinding& wanted) { return completeBinding(present, wanted); }
bool complete(rbacv1::RoleBinding& present, const rbacv1::RoleBinding& wanted) { return completeBinding(present, wanted); }

}  // namespace qd::apiserver
