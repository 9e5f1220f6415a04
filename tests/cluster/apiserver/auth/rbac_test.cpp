#include "cluster/apiserver/auth/rbac.h"

#include <QtTest>

#include "tests/cluster/apiserver/auth/auth_scene.h"

using namespace qd;
using namespace qd::tests;
using namespace qd::apiserver;

namespace {

User user(std::string name, std::vector<std::string> groups = {}) { return {.name = std::move(name), .uid = {}, .groups = std::move(groups), .extra = {}}; }

AuthorizationAttributes resource(const User& who, std::string verb, std::string group, std::string plural, std::string ns = {}, std::string name = {}) {
    AuthorizationAttributes asked;
    asked.user = &who;
    asked.verb = std::move(verb);
    asked.group = std::move(group);
    const auto slash = plural.find('/');
    asked.resource = plural.substr(0, slash);
    if (slash != std::string::npos) asked.subresource = plural.substr(slash + 1);
    asked.namespace_ = std::move(ns);
    asked.name = std::move(name);
    return asked;
}

AuthorizationAttributes path(const User& who, std::string verb, std::string url) {
    AuthorizationAttributes asked;
    asked.user = &who;
    asked.isResource = false;
    asked.verb = std::move(verb);
    asked.path = std::move(url);
    return asked;
}

rbacv1::PolicyRule rule(std::vector<std::string> verbs, std::vector<std::string> groups, std::vector<std::string> resources, std::vector<std::string> names = {}) {
    rbacv1::PolicyRule made;
    made.verbs = std::move(verbs);
    made.apiGroups = std::move(groups);
    made.resources = std::move(resources);
    made.resourceNames = std::move(names);
    return made;
}

constexpr const char* kReader = R"({"kind":"ClusterRole","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"reader"},
    "rules":[{"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]},{"verbs":["get"],"nonResourceURLs":["/healthz","/metrics/\u002a"]}]})";
constexpr const char* kReaders = R"({"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"readers"},
    "roleRef":{"kind":"ClusterRole","apiGroup":"rbac.authorization.k8s.io","name":"reader"},
    "subjects":[{"kind":"User","name":"ann"},{"kind":"Group","name":"devs"},{"kind":"ServiceAccount","namespace":"shop","name":"robot"}]})";
constexpr const char* kShopReaders = R"({"kind":"RoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"readers","namespace":"shop"},
    "roleRef":{"kind":"ClusterRole","apiGroup":"rbac.authorization.k8s.io","name":"reader"},
    "subjects":[{"kind":"User","name":"bob"},{"kind":"ServiceAccount","name":"helper"}]})";

}  // namespace

class RbacTest : public QObject {
    Q_OBJECT

    std::unique_ptr<AuthScene> m_scene;
    std::unique_ptr<RbacAuthorizer> m_rbac;

    bool allows(const AuthorizationAttributes& asked) const { return m_rbac->authorize(asked).decision == Decision::Allow; }

private slots:
    void init() {
        m_scene = std::make_unique<AuthScene>();
        m_rbac = std::make_unique<RbacAuthorizer>(*m_scene->store);
    }

    void aRuleIsForItsVerbsGroupsAndResources_data() {
        QTest::addColumn<QByteArray>("verb");
        QTest::addColumn<QByteArray>("group");
        QTest::addColumn<QByteArray>("resource");
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<bool>("allowed");
        const auto row = [](const char* what, const char* verb, const char* group, const char* plural, const char* name, bool allowed) {
            QTest::newRow(what) << QByteArray(verb) << QByteArray(group) << QByteArray(plural) << QByteArray(name) << allowed;
        };
        row("as it says", "get", "apps", "deployments", "x", true);
        row("another verb", "delete", "apps", "deployments", "x", false);
        row("another group", "get", "", "deployments", "x", false);
        row("another resource", "get", "apps", "replicasets", "x", false);
        row("a subresource is another resource", "get", "apps", "deployments/status", "x", false);
        row("a named subresource", "get", "apps", "statefulsets/status", "x", true);
        row("its resource is not meant", "get", "apps", "statefulsets", "x", false);
        row("a subresource of anything", "get", "apps", "replicasets/scale", "x", true);
        row("a named object", "get", "", "secrets", "mine", true);
        row("another object", "get", "", "secrets", "yours", false);
        row("no name is not that name", "get", "", "secrets", "", false);
        row("anything at all", "escalate", "any.group", "things/sub", "", false);
    }
    void aRuleIsForItsVerbsGroupsAndResources() {
        QFETCH(const QByteArray, verb);
        QFETCH(const QByteArray, group);
        QFETCH(const QByteArray, resource);
        QFETCH(const QByteArray, name);
        QFETCH(const bool, allowed);
        const std::vector<rbacv1::PolicyRule> rules = {rule({"get", "list"}, {"apps"}, {"deployments", "statefulsets/status", "*/scale"}),
                                                       rule({"get"}, {""}, {"secrets"}, {"mine"})};
        const User ann = user("ann");
        const auto asked = ::resource(ann, verb.toStdString(), group.toStdString(), resource.toStdString(), "n", name.toStdString());
        QCOMPARE(std::any_of(rules.begin(), rules.end(), [&](const auto& each) { return ruleAllows(each, asked); }), allowed);
        QVERIFY(ruleAllows(rule({"*"}, {"*"}, {"*"}), asked));
    }

    void aClusterWideBindingIsForEveryNamespace() {
        m_scene->put(kReader);
        m_scene->put(kReaders);
        for (const User& who : {user("ann"), user("x", {"devs"}), user("system:serviceaccount:shop:robot")}) {
            QVERIFY(allows(::resource(who, "get", "", "pods", "anywhere", "p")));
            QVERIFY(allows(::resource(who, "list", "", "pods")));
            QVERIFY(!allows(::resource(who, "delete", "", "pods", "anywhere", "p")));
            QVERIFY(allows(path(who, "get", "/healthz")));
            QVERIFY(allows(path(who, "get", "/metrics/x")));
            QVERIFY(!allows(path(who, "get", "/metrics")));
            QVERIFY(!allows(path(who, "post", "/healthz")));
        }
        QVERIFY(!allows(::resource(user("robot"), "get", "", "pods", "shop", "p")));
    }

    void aBindingInANamespaceIsForThatNamespace() {
        m_scene->put(kReader);
        m_scene->put(kShopReaders);
        for (const User& who : {user("bob"), user("system:serviceaccount:shop:helper")}) {
            QVERIFY(allows(::resource(who, "get", "", "pods", "shop", "p")));
            QVERIFY(!allows(::resource(who, "get", "", "pods", "other", "p")));
            QVERIFY(!allows(::resource(who, "list", "", "pods")));
            QVERIFY(!allows(path(who, "get", "/healthz")));
        }
    }

    void anAccountWithoutANamespaceIsNobody() {
        m_scene->put(kReader);
        m_scene->put(R"({"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"b"},"roleRef":{"kind":"ClusterRole","name":"reader"},"subjects":[{"kind":"ServiceAccount","name":"robot"}]})");
        QVERIFY(!allows(::resource(user("system:serviceaccount::robot"), "get", "", "pods", "n", "p")));
    }

    void whatWasWrittenCountsAtOnce() {
        const User ann = user("ann");
        const auto asked = ::resource(ann, "get", "", "pods", "n", "p");
        m_scene->put(kReaders);
        QVERIFY(!allows(asked));
        m_scene->put(kReader);
        QVERIFY(allows(asked));
        m_scene->remove("clusterrolebindings.rbac.authorization.k8s.io", "", "readers");
        QVERIFY(!allows(asked));
    }

    void theReasonNamesTheBinding() {
        m_scene->put(kReader);
        m_scene->put(kReaders);
        m_scene->put(kShopReaders);
        QCOMPARE(m_rbac->authorize(::resource(user("x", {"devs"}), "get", "", "pods")).reason,
                 std::string("RBAC: allowed by ClusterRoleBinding \"readers\" of ClusterRole \"reader\" to Group \"devs\""));
        QCOMPARE(m_rbac->authorize(::resource(user("system:serviceaccount:shop:helper"), "get", "", "pods", "shop")).reason,
                 std::string("RBAC: allowed by RoleBinding \"readers/shop\" of ClusterRole \"reader\" to ServiceAccount \"helper/shop\""));
    }

    void aRoleThatIsMissingIsTold() {
        m_scene->put(kReaders);
        QCOMPARE(m_rbac->authorize(::resource(user("ann"), "get", "", "pods")).reason, std::string("RBAC: clusterrole.rbac.authorization.k8s.io \"reader\" not found"));
    }

    void whatSomebodyWouldGainIsWhatHeLacks() {
        const std::vector<rbacv1::PolicyRule> held = {rule({"get"}, {""}, {"pods", "*/status"}), rule({"*"}, {"apps"}, {"*"}), rule({"get"}, {""}, {"secrets"}, {"mine"})};
        QVERIFY(missingRules(held, {rule({"get"}, {""}, {"pods", "nodes/status"}), rule({"list", "delete"}, {"apps"}, {"deployments/scale"})}).empty());
        QVERIFY(missingRules(held, {rule({"get"}, {""}, {"secrets"}, {"mine"})}).empty());
        const auto missing = missingRules(held, {rule({"get", "list"}, {""}, {"pods", "secrets"})});
        QCOMPARE(missing.size(), std::size_t{3});
        QVERIFY(missing[0] == rule({"list"}, {""}, {"pods"}));
        QVERIFY(missingRules(held, {rule({"*"}, {""}, {"pods"})}).size() == 1);
    }

    void aRuleIsShownAsUpstreamShowsIt() {
        QCOMPARE(describeRule(rule({"get", "list"}, {"apps"}, {"deployments"})), std::string("{APIGroups:[\"apps\"], Resources:[\"deployments\"], Verbs:[\"get\" \"list\"]}"));
    }
};

QTEST_APPLESS_MAIN(RbacTest)
#include "rbac_test.moc"
