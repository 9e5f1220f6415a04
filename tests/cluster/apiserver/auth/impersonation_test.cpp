#include <QtTest>

#include "tests/cluster/apiserver/auth/auth_scene.h"

using namespace qd;
using namespace qd::tests;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

std::string role(const std::string& name, const std::string& rules) {
    return R"({"kind":"ClusterRole","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":")" + name + R"("},"rules":[)" + rules + "]}";
}
std::string binding(const std::string& name, const std::string& user) {
    return R"({"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":")" + name +
           R"("},"roleRef":{"kind":"ClusterRole","apiGroup":"rbac.authorization.k8s.io","name":")" + name +
           R"("},"subjects":[{"kind":"User","name":")" + user + "\"}]}";
}

}  // namespace

class ImpersonationTest : public QObject {
    Q_OBJECT

    std::unique_ptr<AuthScene> m_scene;

    Answer whoAmI(const std::string& token, const Headers& headers) {
        return m_scene->call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", token,
                             R"({"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"})", headers);
    }
    void allow(const std::string& user, const std::string& rules) {
        m_scene->put(role(user, rules));
        m_scene->put(binding(user, user));
    }

private slots:
    void init() {
        m_scene = std::make_unique<AuthScene>("admin-token,admin,1,system:masters\nann-token,ann,2\n");
        m_scene->put(role("everyone", R"({"verbs":["create"],"apiGroups":["authentication.k8s.io"],"resources":["selfsubjectreviews"]})"));
        m_scene->put(R"({"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"everyone"},
            "roleRef":{"kind":"ClusterRole","apiGroup":"rbac.authorization.k8s.io","name":"everyone"},
            "subjects":[{"kind":"Group","name":"system:authenticated"},{"kind":"Group","name":"system:unauthenticated"}]})");
    }

    void anAdministratorMayBeAnybody() {
        const Answer answer = whoAmI("admin-token", {{"Impersonate-User", "bob"}, {"Impersonate-Group", "devs"}, {"Impersonate-Group", "ops"},
                                                     {"Impersonate-Uid", "9"}, {"Impersonate-Extra-Example.com%2fscope", "a"}});
        QCOMPARE(answer.code, 201);
        QCOMPARE(answer.text("/status/userInfo"),
                 std::string(R"({"username":"bob","uid":"9","groups":["devs","ops","system:authenticated"],"extra":{"example.com/scope":["a"]}})"));
    }

    void aServiceAccountGetsItsGroups() {
        const Answer answer = whoAmI("admin-token", {{"Impersonate-User", "system:serviceaccount:shop:robot"}});
        QCOMPARE(answer.text("/status/userInfo/groups"), std::string(R"(["system:serviceaccounts","system:serviceaccounts:shop","system:authenticated"])"));
    }

    void aNodeGetsItsGroupUnlessGroupsAreNamed() {
        QCOMPARE(whoAmI("admin-token", {{"Impersonate-User", "system:node:worker"}}).text("/status/userInfo/groups"), std::string(R"(["system:nodes","system:authenticated"])"));
        QCOMPARE(whoAmI("admin-token", {{"Impersonate-User", "system:node:worker"}, {"Impersonate-Group", "x"}}).text("/status/userInfo/groups"), std::string(R"(["x","system:authenticated"])"));
    }

    void nobodyIsUnauthenticated() {
        QCOMPARE(whoAmI("admin-token", {{"Impersonate-User", "system:anonymous"}}).text("/status/userInfo/groups"), std::string(R"(["system:unauthenticated"])"));
    }

    void groupsNeedAUser() {
        const Answer answer = whoAmI("admin-token", {{"Impersonate-Group", "g"}});
        QCOMPARE(answer.code, 400);
        QCOMPARE(answer.message(), std::string("requested &user.DefaultInfo{Name:\"\", UID:\"\", Groups:[]string{\"g\"}, Extra:map[string][]string(nil)} without impersonating a user name"));
    }

    void othersMustBeAllowedTo() {
        const Answer answer = whoAmI("ann-token", {{"Impersonate-User", "bob"}});
        QCOMPARE(answer.code, 403);
        QCOMPARE(answer.message(), std::string("selfsubjectreviews.authentication.k8s.io is forbidden: User \"ann\" cannot impersonate-on:user-info:create resource "
                                               "\"selfsubjectreviews\" in API group \"authentication.k8s.io\" at the cluster scope"));
    }

    void theRightToBeOneUserIsNoRightToBeAnother() {
        allow("ann", R"({"verbs":["impersonate"],"apiGroups":[""],"resources":["users"],"resourceNames":["bob"]})");
        QCOMPARE(whoAmI("ann-token", {{"Impersonate-User", "bob"}}).code, 201);
        QCOMPARE(whoAmI("ann-token", {{"Impersonate-User", "carl"}}).code, 403);
        QCOMPARE(whoAmI("ann-token", {{"Impersonate-User", "bob"}, {"Impersonate-Group", "system:masters"}}).code, 403);
        QCOMPARE(whoAmI("ann-token", {{"Impersonate-User", "bob"}, {"Impersonate-Uid", "1"}}).code, 403);
        QCOMPARE(whoAmI("ann-token", {{"Impersonate-User", "bob"}, {"Impersonate-Extra-a.b/c", "1"}}).code, 403);
    }

    void aConstrainedRightIsForSomeRequestsOnly() {
        allow("ann", R"({"verbs":["impersonate:user-info"],"apiGroups":["authentication.k8s.io"],"resources":["users"]},
                        {"verbs":["impersonate-on:user-info:create"],"apiGroups":["authentication.k8s.io"],"resources":["selfsubjectreviews"]})");
        QCOMPARE(whoAmI("ann-token", {{"Impersonate-User", "bob"}}).code, 201);
        QCOMPARE(whoAmI("ann-token", {{"Impersonate-User", "system:serviceaccount:a:b"}}).code, 403);
        const Answer list = m_scene->call("GET", "/api/v1/namespaces", "ann-token", "", {{"Impersonate-User", "bob"}});
        QCOMPARE(list.code, 403);
    }

    void whoeverIsImpersonatedIsAskedForTheRequest() {
        const Answer answer = m_scene->call("GET", "/api/v1/namespaces", "admin-token", "", {{"Impersonate-User", "bob"}});
        QCOMPARE(answer.code, 403);
        QCOMPARE(answer.message(), std::string("namespaces is forbidden: User \"bob\" cannot list resource \"namespaces\" in API group \"\" at the cluster scope"));
    }
};

QTEST_APPLESS_MAIN(ImpersonationTest)
#include "impersonation_test.moc"
