#include <QtTest>

#include "tests/cluster/apiserver/auth/auth_scene.h"
#include "tests/cluster/apiserver/auth/rbac_objects.h"

using namespace qd;
using namespace qd::tests;

namespace {

const std::string kWritesRbac = R"({"verbs":["create","update","patch","get"],"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles","rolebindings","clusterroles","clusterrolebindings"]})";
const std::string kReadsPods = R"({"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]})";
const std::string kWritesPods = R"({"verbs":["get","delete","create"],"apiGroups":[""],"resources":["pods"]})";
const std::string kNamespaced = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/";
const std::string kCluster = "/apis/rbac.authorization.k8s.io/v1/";

}  // namespace

class RbacEscalationTest : public QObject {
    Q_OBJECT

    std::unique_ptr<AuthScene> m_scene;

    void allowAnn(const std::string& name, const std::string& rules) {
        m_scene->put(roleText("", name, rules));
        m_scene->put(bindingText("", name, "ClusterRole", name, "ann"));
    }
    Answer post(const std::string& path, const std::string& body, const std::string& token = "ann-token") { return m_scene->call("POST", path, token, body); }

private slots:
    void init() {
        m_scene = std::make_unique<AuthScene>("admin-token,admin,1,system:masters\nann-token,ann,2,devs\n");
        allowAnn("rbac", kWritesRbac);
        allowAnn("reader", kReadsPods);
    }

    void aRoleMayHoldWhatItsWriterHolds() { QCOMPARE(post(kNamespaced + "roles", roleText("shop", "r", kReadsPods)).code, 201); }

    void aRoleMayHoldNoMore() {
        const Answer answer = post(kNamespaced + "roles", roleText("shop", "r", kWritesPods));
        QCOMPARE(answer.code, 403);
        QCOMPARE(QString::fromStdString(answer.message()),
                 QString("roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"ann\" (groups=[\"devs\" \"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n"
                         "{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\" \"create\"]}"));
        QCOMPARE(post(kNamespaced + "roles", roleText("shop", "r", kWritesPods), "admin-token").code, 201);
    }

    void aRoleMayNotGrowBeyond() {
        QCOMPARE(post(kNamespaced + "roles", roleText("shop", "r", kReadsPods)).code, 201);
        QCOMPARE(m_scene->call("PUT", kNamespaced + "roles/r", "ann-token", roleText("shop", "r", kReadsPods + "," + kWritesPods)).code, 403);
        QCOMPARE(m_scene->call("PUT", kNamespaced + "roles/r", "ann-token", roleText("shop", "r", "")).code, 200);
    }

    void whoMayEscalateMayWriteAnything() {
        allowAnn("escalator", R"({"verbs":["escalate"],"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles"]})");
        QCOMPARE(post(kNamespaced + "roles", roleText("shop", "r", kWritesPods)).code, 201);
        QCOMPARE(post(kCluster + "clusterroles", roleText("", "r", kWritesPods)).code, 403);
    }

    void aBindingGivesWhatItsWriterHolds() {
        m_scene->put(roleText("", "writer", kWritesPods));
        QCOMPARE(post(kNamespaced + "rolebindings", bindingText("shop", "b", "ClusterRole", "reader", "bob")).code, 201);
        const Answer answer = post(kNamespaced + "rolebindings", bindingText("shop", "c", "ClusterRole", "writer", "bob"));
        QCOMPARE(answer.code, 403);
        QVERIFY(answer.message().starts_with("rolebindings.rbac.authorization.k8s.io \"c\" is forbidden: user \"ann\""));
        QCOMPARE(post(kCluster + "clusterrolebindings", bindingText("", "c", "ClusterRole", "writer", "bob")).code, 403);
    }

    void whoMayBindARoleMayGiveIt() {
        m_scene->put(roleText("", "writer", kWritesPods));
        allowAnn("binder", R"({"verbs":["bind"],"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"],"resourceNames":["writer"]})");
        QCOMPARE(post(kNamespaced + "rolebindings", bindingText("shop", "b", "ClusterRole", "writer", "bob")).code, 201);
    }

    void aRoleThatIsMissingCannotBeGiven() {
        const Answer answer = post(kNamespaced + "rolebindings", bindingText("shop", "b", "ClusterRole", "absent", "bob"));
        QCOMPARE(answer.code, 404);
        QCOMPARE(answer.message(), std::string("clusterroles.rbac.authorization.k8s.io \"absent\" not found"));
    }

    void gatheringIsForAdministrators() {
        const std::string gathering = R"({"kind":"ClusterRole","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"g"},"aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"a":"b"}}]}})";
        const Answer answer = post(kCluster + "clusterroles", gathering);
        QCOMPARE(answer.message(), std::string("clusterroles.rbac.authorization.k8s.io \"g\" is forbidden: must have cluster-admin privileges to use the aggregationRule"));
    }

    void reviewsAnswerWhatIsAllowed() {
        const auto ask = [&](const std::string& kind, const std::string& spec, const std::string& path) {
            return m_scene->call("POST", "/apis/authorization.k8s.io/v1/" + path, "admin-token",
                                 "{\"kind\":\"" + kind + "\",\"apiVersion\":\"authorization.k8s.io/v1\",\"spec\":" + spec + "}");
        };
        const std::string pods = "\"resourceAttributes\":{\"namespace\":\"shop\",\"resource\":\"pods\",\"verb\":\"get\"}";
        Answer answer = ask("SubjectAccessReview", "{\"user\":\"ann\"," + pods + "}", "subjectaccessreviews");
        QCOMPARE(answer.text("/status/allowed"), std::string("true"));
        QCOMPARE(answer.text("/status/reason"), std::string("RBAC: allowed by ClusterRoleBinding \"reader\" of ClusterRole \"reader\" to User \"ann\""));
        QCOMPARE(ask("SubjectAccessReview", "{\"groups\":[\"g\"]," + pods + "}", "subjectaccessreviews").text("/status/allowed"), std::string("false"));
        QCOMPARE(ask("LocalSubjectAccessReview", "{\"user\":\"ann\"," + pods + "}", "namespaces/shop/localsubjectaccessreviews").text("/status/allowed"), std::string("true"));
        answer = ask("LocalSubjectAccessReview", "{\"user\":\"ann\"," + pods + "}", "namespaces/other/localsubjectaccessreviews");
        QCOMPARE(answer.message(), std::string(".authorization.k8s.io \"\" is invalid: spec.resourceAttributes.namespace: Invalid value: \"shop\": must match metadata.namespace"));
        QCOMPARE(ask("SelfSubjectAccessReview", "{" + pods + "}", "selfsubjectaccessreviews").text("/status/allowed"), std::string("true"));
    }

    void aListOfRulesIsComplete() {
        allowAnn("self", R"({"verbs":["create"],"apiGroups":["authorization.k8s.io"],"resources":["selfsubjectrulesreviews"]},{"verbs":["get"],"nonResourceURLs":["/healthz"]})");
        const Answer answer = post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", R"({"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","spec":{"namespace":"shop"}})");
        QCOMPARE(answer.code, 201);
        QCOMPARE(answer.text("/status/incomplete"), std::string("false"));
        QCOMPARE(answer.tree().at("status").at("resourceRules").as_array().size(), std::size_t{3});
        QCOMPARE(answer.text("/status/nonResourceRules/0/nonResourceURLs/0"), std::string("/healthz"));
        const Answer refused = post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", R"({"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","spec":{}})");
        QCOMPARE(refused.message(), std::string("no namespace on request"));
    }
};

QTEST_APPLESS_MAIN(RbacEscalationTest)
#include "rbac_escalation_test.moc"
