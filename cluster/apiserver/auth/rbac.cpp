#include "cluster/apiserver/auth/rbac.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "cluster/api/field/path.h"
#include "cluster/apiserver/auth/service_account_tokens.h"

namespace qd::apiserver {
namespace {

constexpr std::array<const char*, 4> kResources = {
    "clusterroles.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io",
    "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io"};
enum Which : std::size_t { ClusterRoles, ClusterRoleBindings, Roles, RoleBindings };

using Snapshots = std::array<store::Snapshot, kResources.size()>;

std::string userKey(std::string_view name) { return "u:" + std::string(name); }
std::string groupKey(std::string_view name) { return "g:" + std::string(name); }

std::string keyOf(const rbacv1::Subject& subject, const std::string& bindingNamespace) {
    if (subject.kind == "User") return userKey(subject.name);
    if (subject.kind == "Group") return groupKey(subject.name);
    const std::string& ns = subject.namespace_.empty() ? bindingNamespace : subject.namespace_;
    if (ns.empty()) return "nobody";  // no user's key
    return userKey(std::string(kServiceAccountUserPrefix) + ns + ":" + subject.name);
}

std::string describe(const rbacv1::Subject& subject, const std::string& bindingNamespace) {
    if (subject.kind != "ServiceAccount") return fmt::format("{} \"{}\"", subject.kind, subject.name);
    const std::string& ns = subject.namespace_.empty() ? bindingNamespace : subject.namespace_;
    return fmt::format("{} \"{}/{}\"", subject.kind, subject.name, ns);
}

}  // namespace

class RbacIndex {
public:
    explicit RbacIndex(Snapshots snapshots);

    bool isOf(const Snapshots& snapshots) const {
        for (std::size_t i = 0; i < snapshots.size(); ++i) {
            if (!m_snapshots[i].set().isSame(snapshots[i].set())) return false;
        }
        return true;
    }

    // A binding that names a subject, in the order of the list of bindings.
    struct Grant {
        std::size_t order;
        const rbacv1::ClusterRoleBinding* ofCluster;  // one of the two
        const rbacv1::RoleBinding* ofNamespace;
        std::size_t subject;

        const rbacv1::RoleRef& ref() const { return ofCluster ? ofCluster->roleRef : ofNamespace->roleRef; }
        std::string describe() const;
    };
    // Those that apply to a user in a namespace, cluster-wide ones first, each binding once.
    std::vector<Grant> grants(const User& user, const std::string& ns) const;
    // Null when there is no such role.
    const std::vector<rbacv1::PolicyRule>* rules(const rbacv1::RoleRef& ref, const std::string& ns) const;

private:
    using BySubject = std::unordered_map<std::string, std::vector<Grant>>;
    static void collect(const BySubject& index, const User& user, std::vector<Grant>& out);
    // Made at the first question about the namespace, so that a change of one binding does not cost a look at all.
    const BySubject& inNamespace(const std::string& ns) const;

    Snapshots m_snapshots;  // keeps alive what the rest points to
    BySubject m_cluster;
    std::size_t m_clusterBindings = 0;
    mutable std::mutex m_mutex;
    mutable std::unordered_map<std::string, BySubject> m_namespaces;  // guarded by m_mutex; what is in it stays as it is
};

RbacIndex::RbacIndex(Snapshots snapshots) : m_snapshots(std::move(snapshots)) {
    for (const auto& entry : m_snapshots[ClusterRoleBindings].entries()) {
        const auto& binding = static_cast<const rbacv1::ClusterRoleBinding&>(*entry->object());
        for (std::size_t i = 0; i < binding.subjects.size(); ++i) {
            m_cluster[keyOf(binding.subjects[i], "")].push_back({m_clusterBindings, &binding, nullptr, i});
        }
        ++m_clusterBindings;
    }
}

const RbacIndex::BySubject& RbacIndex::inNamespace(const std::string& ns) const {
    const std::lock_guard lock(m_mutex);
    if (const auto found = m_namespaces.find(ns); found != m_namespaces.end()) return found->second;
    BySubject index;
    std::size_t order = m_clusterBindings;
    for (const auto& entry : m_snapshots[RoleBindings].entries(ns)) {
        const auto& binding = static_cast<const rbacv1::RoleBinding&>(*entry->object());
        for (std::size_t i = 0; i < binding.subjects.size(); ++i) {
            index[keyOf(binding.subjects[i], ns)].push_back({order, nullptr, &binding, i});
        }
        ++order;
    }
    // What has no bindings is not remembered: anybody may ask for namespaces that are not there.
    static const BySubject kNone;
    return index.empty() ? kNone : m_namespaces.emplace(ns, std::move(index)).first->second;
}

std::string RbacIndex::Grant::describe() const {
    if (ofCluster) {
        return fmt::format("ClusterRoleBinding \"{}\" of {} \"{}\" to {}", ofCluster->metadata.name, ref().kind, ref().name,
                           qd::apiserver::describe(ofCluster->subjects[subject], ""));
    }
    const auto& meta = ofNamespace->metadata;
    return fmt::format("RoleBinding \"{}/{}\" of {} \"{}\" to {}", meta.name, meta.namespace_, ref().kind, ref().name,
                       qd::apiserver::describe(ofNamespace->subjects[subject], meta.namespace_));
}

void RbacIndex::collect(const BySubject& index, const User& user, std::vector<Grant>& out) {
    const auto add = [&](const std::string& key) {
        const auto found = index.find(key);
        if (found != index.end()) out.insert(out.end(), found->second.begin(), found->second.end());
    };
    add(userKey(user.name));
    for (const auto& group : user.groups) add(groupKey(group));
}

std::vector<RbacIndex::Grant> RbacIndex::grants(const User& user, const std::string& ns) const {
    std::vector<Grant> all;
    collect(m_cluster, user, all);
    if (!ns.empty()) collect(inNamespace(ns), user, all);
    std::sort(all.begin(), all.end(), [](const Grant& a, const Grant& b) {
        return std::pair(a.order, a.subject) < std::pair(b.order, b.subject);
    });
    all.erase(std::unique(all.begin(), all.end(), [](const Grant& a, const Grant& b) { return a.order == b.order; }),
              all.end());
    return all;
}

const std::vector<rbacv1::PolicyRule>* RbacIndex::rules(const rbacv1::RoleRef& ref, const std::string& ns) const {
    const bool isCluster = ref.kind == "ClusterRole";
    const auto entry = isCluster ? m_snapshots[ClusterRoles].find("", ref.name) : m_snapshots[Roles].find(ns, ref.name);
    if (!entry) return nullptr;
    // The snapshot keeps the object alive.
    const api::Object& role = *entry->object();
    return isCluster ? &static_cast<const rbacv1::ClusterRole&>(role).rules : &static_cast<const rbacv1::Role&>(role).rules;
}

RbacAuthorizer::RbacAuthorizer(const store::Store& store) : m_store(store) {}
RbacAuthorizer::~RbacAuthorizer() = default;

std::shared_ptr<const RbacIndex> RbacAuthorizer::index() const {
    Snapshots now;
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (auto snapshot = m_store.snapshot(kResources[i])) now[i] = std::move(*snapshot);
    }
    const std::lock_guard lock(m_mutex);
    if (!m_index || !m_index->isOf(now)) m_index = std::make_shared<const RbacIndex>(std::move(now));
    return m_index;
}

namespace {

std::string roleMissing(const rbacv1::RoleRef& ref) {
    const char* resource = ref.kind == "ClusterRole" ? "clusterrole" : "role";
    return fmt::format("{}.rbac.authorization.k8s.io \"{}\" not found", resource, ref.name);
}

}  // namespace

Verdict RbacAuthorizer::authorize(const AuthorizationAttributes& asked) const {
    const auto index = this->index();
    const std::string ns = asked.isResource ? asked.namespace_ : "";
    std::vector<std::string> errors;
    for (const auto& grant : index->grants(*asked.user, ns)) {
        const auto* rules = index->rules(grant.ref(), ns);
        if (!rules) {
            errors.push_back(roleMissing(grant.ref()));
            continue;
        }
        for (const auto& rule : *rules) {
            if (ruleAllows(rule, asked)) return {Decision::Allow, "RBAC: allowed by " + grant.describe()};
        }
    }
    return {Decision::NoOpinion, errors.empty() ? "" : "RBAC: " + api::field::aggregate(errors)};
}

std::vector<rbacv1::PolicyRule> RbacAuthorizer::rulesFor(const User& user, const std::string& ns,
                                                         std::vector<std::string>* missing) const {
    const auto index = this->index();
    std::vector<rbacv1::PolicyRule> all;
    for (const auto& grant : index->grants(user, ns)) {
        if (const auto* rules = index->rules(grant.ref(), ns)) {
            all.insert(all.end(), rules->begin(), rules->end());
        } else if (missing) {
            missing->push_back(roleMissing(grant.ref()));
        }
    }
    return all;
}

Result<std::vector<rbacv1::PolicyRule>> RbacAuthorizer::rulesOf(const rbacv1::RoleRef& ref, const std::string& ns) const {
    const auto index = this->index();
    const auto* rules = index->rules(ref, ns);
    if (!rules) {
        const char* resource = ref.kind == "ClusterRole" ? "clusterroles" : "roles";
        Error error{Reason::NotFound, fmt::format("{}.rbac.authorization.k8s.io \"{}\" not found", resource, ref.name)};
        error.details = base::ErrorDetails{ref.name, "rbac.authorization.k8s.io", resource, "", 0};
        return fail(std::move(error));
    }
    return *rules;
}

Verdict UnionAuthorizer::authorize(const AuthorizationAttributes& attributes) const {
    std::vector<std::string> reasons;
    for (const auto& member : m_members) {
        Verdict verdict = member->authorize(attributes);
        if (verdict.decision != Decision::NoOpinion) return verdict;
        if (!verdict.reason.empty()) reasons.push_back(std::move(verdict.reason));
    }
    return {Decision::NoOpinion, fmt::format("{}", fmt::join(reasons, "\n"))};
}

}  // namespace qd::apiserver
