#include "cluster/apiserver/auth/default_policy.h"

#include <QtTest>
#include <set>

using namespace qd;
using namespace qd::apiserver;

namespace {

constexpr const char* kAutoUpdate = "rbac.authorization.kubernetes.io/autoupdate";

template <typename T>
const T* named(const std::vector<T>& all, const std::string& name) {
    for (const auto& each : all) {
        if (each.metadata.name == name) return &each;
    }
    return nullptr;
}

rbacv1::PolicyRule rule(std::vector<std::string> verbs, std::string resource) {
    rbacv1::PolicyRule made;
    made.verbs = std::move(verbs);
    made.apiGroups = {""};
    made.resources = {std::move(resource)};
    return made;
}

}  // namespace

class DefaultPolicyTest : public QObject {
    Q_OBJECT

    const Policy m_policy = defaultPolicy().value();

private slots:
    void everyObjectIsMarkedAsADefault() {
        QCOMPARE(m_policy.clusterRoles.size(), std::size_t{69});
        QCOMPARE(m_policy.clusterRoleBindings.size(), std::size_t{50});
        for (const auto& role : m_policy.clusterRoles) {
            QCOMPARE(role.metadata.labels.at("kubernetes.io/bootstrapping"), std::string("rbac-defaults"));
            QCOMPARE(role.metadata.annotations.at(kAutoUpdate), std::string("true"));
            QVERIFY2(role.rules.empty() == static_cast<bool>(role.aggregationRule), role.metadata.name.c_str());
        }
    }

    void everyBindingsRoleIsThere() {
        for (const auto& binding : m_policy.clusterRoleBindings) QVERIFY2(named(m_policy.clusterRoles, binding.roleRef.name), binding.metadata.name.c_str());
        for (const auto& binding : m_policy.roleBindings) {
            const auto* role = named(m_policy.roles, binding.roleRef.name);
            QVERIFY2(role, binding.metadata.name.c_str());
        }
    }

    void namesAreUsedOnce() {
        std::set<std::string> names;
        for (const auto& role : m_policy.clusterRoles) QVERIFY2(names.insert(role.metadata.name).second, role.metadata.name.c_str());
    }

    void aggregatedRolesGatherRolesThatAreThere() {
        for (const char* name : {"admin", "edit", "view"}) {
            const auto* role = named(m_policy.clusterRoles, name);
            QVERIFY(role && role->aggregationRule);
            const auto& label = role->aggregationRule->clusterRoleSelectors[0].matchLabels.begin()->first;
            QVERIFY(std::any_of(m_policy.clusterRoles.begin(), m_policy.clusterRoles.end(), [&](const auto& other) { return other.metadata.labels.contains(label); }));
        }
    }

    void aRoleThatGathersKeepsItsRules() {
        const auto* wanted = named(m_policy.clusterRoles, "view");
        rbacv1::ClusterRole present = *wanted;
        present.rules = {rule({"get"}, "pods")};
        QVERIFY(!complete(present, *wanted));
    }

    void whatLacksIsAddedAndTheRestStays() {
        rbacv1::ClusterRole wanted;
        wanted.metadata.annotations[kAutoUpdate] = "true";
        wanted.rules = {rule({"get", "list"}, "pods")};
        rbacv1::ClusterRole present;
        present.rules = {rule({"get"}, "pods"), rule({"watch"}, "nodes")};
        QVERIFY(complete(present, wanted));
        QCOMPARE(present.rules.size(), std::size_t{3});
        QVERIFY(present.rules[2] == rule({"list"}, "pods"));
        QCOMPARE(present.metadata.annotations.at(kAutoUpdate), std::string("true"));
        QVERIFY(!complete(present, wanted));
    }

    void aProtectedRoleStaysAsItIs() {
        rbacv1::ClusterRole wanted;
        wanted.rules = {rule({"get"}, "pods")};
        rbacv1::ClusterRole present;
        present.metadata.annotations[kAutoUpdate] = "false";
        QVERIFY(!complete(present, wanted));
        QVERIFY(present.rules.empty());
    }

    void aBindingGetsItsSubjectsBack() {
        const auto* wanted = named(m_policy.clusterRoleBindings, "system:public-info-viewer");
        rbacv1::ClusterRoleBinding present = *wanted;
        present.subjects.erase(present.subjects.begin());
        present.subjects.push_back({.kind = "User", .name = "ann"});
        QVERIFY(complete(present, *wanted));
        QCOMPARE(present.subjects.size(), wanted->subjects.size() + 1);
        QVERIFY(!complete(present, *wanted));
    }

    void aLineThatCannotBeReadIsNamed() {
        QCOMPARE(parsePolicy("clusterrole a\n  get | core | pods\n  bind who:ann\n").error().message, std::string("line 3 of the policy:   bind who:ann"));
        QVERIFY(!parsePolicy("  get | core | pods\n").has_value());
        QVERIFY(!parsePolicy("role a\n").has_value());
    }
};

QTEST_APPLESS_MAIN(DefaultPolicyTest)
#include "default_policy_test.moc"
