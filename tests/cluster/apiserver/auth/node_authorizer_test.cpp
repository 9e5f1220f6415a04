#include "cluster/apiserver/auth/node_authorizer.h"

#include <QtTest>

#include "cluster/apiserver/auth/default_policy.h"
#include "tests/cluster/apiserver/auth/auth_scene.h"

using namespace qd;
using namespace qd::tests;
using namespace qd::apiserver;

namespace {

std::string pod(const std::string& name, const std::string& node, const std::string& spec, const std::string& annotations = "{}") {
    return "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"" + name + "\",\"namespace\":\"shop\",\"annotations\":" + annotations +
           "},\"spec\":{\"nodeName\":\"" + node + "\"" + spec + "}}";
}

// A Pod that refers to a Secret and a ConfigMap in each way, a claim, and its service account.
const std::string kNeedy =
    ",\"serviceAccountName\":\"robot\",\"imagePullSecrets\":[{\"name\":\"pull\"}],"
    "\"initContainers\":[{\"name\":\"i\",\"envFrom\":[{\"secretRef\":{\"name\":\"from\"}},{\"configMapRef\":{\"name\":\"from\"}}]}],"
    "\"containers\":[{\"name\":\"c\",\"env\":[{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"key\",\"key\":\"k\"}}},"
    "{\"name\":\"B\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"key\",\"key\":\"k\"}}}]}],"
    "\"volumes\":[{\"name\":\"s\",\"secret\":{\"secretName\":\"volume\"}},{\"name\":\"m\",\"configMap\":{\"name\":\"volume\"}},"
    "{\"name\":\"p\",\"projected\":{\"sources\":[{\"secret\":{\"name\":\"projected\"}},{\"configMap\":{\"name\":\"projected\"}}]}},"
    "{\"name\":\"d\",\"persistentVolumeClaim\":{\"claimName\":\"data\"}},{\"name\":\"e\",\"ephemeral\":{}}]";

constexpr const char* kVolume = R"({"kind":"PersistentVolume","apiVersion":"v1","metadata":{"name":"pv"},
    "spec":{"claimRef":{"namespace":"shop","name":"data"},"csi":{"driver":"d","volumeHandle":"h",
    "nodePublishSecretRef":{"namespace":"vault","name":"mount"},"controllerExpandSecretRef":{"namespace":"vault","name":"grow"}}}})";

}  // namespace

class NodeAuthorizerTest : public QObject {
    Q_OBJECT

    std::unique_ptr<AuthScene> m_scene;
    std::unique_ptr<NodeAuthorizer> m_authorizer;
    const User m_worker{.name = "system:node:worker", .uid = {}, .groups = {"system:nodes", "system:authenticated"}, .extra = {}};
    const User m_other{.name = "system:node:other", .uid = {}, .groups = {"system:nodes", "system:authenticated"}, .extra = {}};

    AuthorizationAttributes question(const User& who, const std::string& verb, const std::string& resource, const std::string& ns, const std::string& name) const {
        AuthorizationAttributes asked;
        asked.user = &who;
        asked.verb = verb;
        const auto dot = resource.find('.');
        asked.group = dot == std::string::npos ? "" : resource.substr(dot + 1);
        const std::string plural = resource.substr(0, dot);
        const auto slash = plural.find('/');
        asked.resource = plural.substr(0, slash);
        if (slash != std::string::npos) asked.subresource = plural.substr(slash + 1);
        asked.namespace_ = ns;
        asked.name = name;
        return asked;
    }
    bool may(const User& who, const std::string& verb, const std::string& resource, const std::string& ns, const std::string& name, const std::string& fields = {}) const {
        auto asked = question(who, verb, resource, ns, name);
        asked.fieldSelector = fields;
        return m_authorizer->authorize(asked).decision == Decision::Allow;
    }
    std::string reason(const User& who, const std::string& verb, const std::string& resource, const std::string& ns, const std::string& name) const {
        return m_authorizer->authorize(question(who, verb, resource, ns, name)).reason;
    }

private slots:
    void init() {
        m_scene = std::make_unique<AuthScene>();
        const auto policy = defaultPolicy().value();
        for (const auto& role : policy.clusterRoles) {
            if (role.metadata.name == "system:node") m_authorizer = std::make_unique<NodeAuthorizer>(*m_scene->store, role.rules);
        }
        m_scene->put(pod("web", "worker", kNeedy));
        m_scene->put(kVolume);
    }
    void cleanup() { m_authorizer.reset(); }

    void aNodeReadsWhatItsPodsNeed() {
        for (const char* name : {"pull", "from", "key", "volume", "projected"}) QVERIFY2(may(m_worker, "get", "secrets", "shop", name), name);
        for (const char* name : {"from", "key", "volume", "projected"}) QVERIFY2(may(m_worker, "watch", "configmaps", "shop", name), name);
        QVERIFY(may(m_worker, "get", "persistentvolumeclaims", "shop", "data"));
        QVERIFY(may(m_worker, "get", "persistentvolumeclaims", "shop", "web-e"));
        QVERIFY(may(m_worker, "get", "persistentvolumes", "", "pv"));
        QVERIFY(may(m_worker, "get", "secrets", "vault", "mount"));
        QVERIFY(may(m_worker, "get", "pods", "shop", "web"));
        QVERIFY(may(m_worker, "create", "serviceaccounts/token", "shop", "robot"));
        QVERIFY(may(m_worker, "get", "serviceaccounts", "shop", "robot"));
    }

    void noOtherNodeReadsIt() {
        QVERIFY(!may(m_other, "get", "secrets", "shop", "pull"));
        QVERIFY(!may(m_other, "get", "configmaps", "shop", "volume"));
        QVERIFY(!may(m_other, "get", "persistentvolumes", "", "pv"));
        QVERIFY(!may(m_other, "get", "secrets", "vault", "mount"));
        QVERIFY(!may(m_other, "get", "pods", "shop", "web"));
        QVERIFY(!may(m_other, "create", "serviceaccounts/token", "shop", "robot"));
        QCOMPARE(reason(m_other, "get", "secrets", "shop", "pull"), std::string("no relationship found between node 'other' and this object"));
    }

    void aNodeReadsNothingElse() {
        QVERIFY(!may(m_worker, "get", "secrets", "shop", "another"));
        QVERIFY(!may(m_worker, "get", "secrets", "other", "pull"));
        QVERIFY(!may(m_worker, "get", "secrets", "vault", "grow"));
        QVERIFY(!may(m_worker, "list", "secrets", "shop", ""));
        QVERIFY(!may(m_worker, "list", "secrets", "", ""));
        QVERIFY(!may(m_worker, "update", "secrets", "shop", "pull"));
        QVERIFY(!may(m_worker, "get", "secrets/x", "shop", "pull"));
        QVERIFY(!may(m_worker, "delete", "persistentvolumeclaims", "shop", "data"));
        QVERIFY(!may(m_worker, "get", "namespaces", "", "shop"));
        QVERIFY(!may(m_worker, "get", "deployments.apps", "shop", "web"));
        QCOMPARE(reason(m_worker, "list", "secrets", "shop", ""), std::string("No Object name found"));
        QCOMPARE(reason(m_worker, "delete", "secrets", "shop", "pull"), std::string("can only read resources of this type"));
    }

    void aPodThatGoesTakesItsNeedsAlong() {
        QVERIFY(may(m_worker, "get", "secrets", "shop", "pull"));
        m_scene->put(pod("web2", "worker", ",\"imagePullSecrets\":[{\"name\":\"pull\"}]"));
        m_scene->remove("pods", "shop", "web");
        QVERIFY(may(m_worker, "get", "secrets", "shop", "pull"));
        QVERIFY(!may(m_worker, "get", "secrets", "shop", "volume"));
        QVERIFY(!may(m_worker, "get", "secrets", "vault", "mount"));
        m_scene->remove("pods", "shop", "web2");
        QVERIFY(!may(m_worker, "get", "secrets", "shop", "pull"));
    }

    void aPodCountsOnceItIsBound() {
        m_scene->put(pod("late", "", ",\"imagePullSecrets\":[{\"name\":\"late\"}]"));
        QVERIFY(!may(m_worker, "get", "secrets", "shop", "late"));
        m_scene->replace(pod("late", "worker", ",\"imagePullSecrets\":[{\"name\":\"late\"}]"));
        QVERIFY(may(m_worker, "get", "secrets", "shop", "late"));
    }

    void aMirrorPodLeadsToNothing() {
        m_scene->put(pod("mirror", "worker", ",\"imagePullSecrets\":[{\"name\":\"stolen\"}]", "{\"kubernetes.io/config.mirror\":\"x\"}"));
        QVERIFY(may(m_worker, "get", "pods", "shop", "mirror"));
        QVERIFY(!may(m_worker, "get", "secrets", "shop", "stolen"));
    }

    void aNodeSeesItsOwnPodsAlone() {
        QVERIFY(may(m_worker, "list", "pods", "", "", "spec.nodeName=worker"));
        QVERIFY(may(m_worker, "watch", "pods", "shop", "", "spec.nodeName=worker,status.phase!=Failed"));
        QVERIFY(!may(m_worker, "list", "pods", "", "", "spec.nodeName!=worker"));
        QVERIFY(!may(m_worker, "list", "pods", "", "", "spec.nodeName=other"));
        QVERIFY(!may(m_worker, "list", "pods", "", ""));
        QCOMPARE(reason(m_worker, "list", "pods", "", ""), std::string("can only list/watch pods with spec.nodeName field selector"));
        QVERIFY(may(m_worker, "patch", "pods/status", "shop", "web"));
        QVERIFY(may(m_worker, "delete", "pods", "shop", "web"));
        QVERIFY(!may(m_worker, "update", "pods", "shop", "web"));
        QVERIFY(!may(m_worker, "get", "pods/log", "shop", "web"));
        QVERIFY(may(m_worker, "create", "pods/eviction", "shop", "web"));
    }

    void aNodeHasItsOwnNodeLeaseAndCsiNode() {
        QVERIFY(may(m_worker, "get", "nodes", "", "worker"));
        QVERIFY(may(m_worker, "patch", "nodes/status", "", "worker"));
        QVERIFY(!may(m_worker, "get", "nodes", "", "other"));
        QVERIFY(!may(m_worker, "list", "nodes", "", ""));
        QVERIFY(!may(m_worker, "delete", "nodes", "", "worker"));
        QVERIFY(may(m_worker, "update", "leases.coordination.k8s.io", "kube-node-lease", "worker"));
        QVERIFY(may(m_worker, "create", "leases.coordination.k8s.io", "kube-node-lease", ""));
        QVERIFY(!may(m_worker, "update", "leases.coordination.k8s.io", "kube-node-lease", "other"));
        QVERIFY(!may(m_worker, "update", "leases.coordination.k8s.io", "kube-system", "worker"));
        QVERIFY(!may(m_worker, "list", "leases.coordination.k8s.io", "kube-node-lease", ""));
        QVERIFY(may(m_worker, "get", "csinodes.storage.k8s.io", "", "worker"));
        QVERIFY(!may(m_worker, "get", "csinodes.storage.k8s.io", "", "other"));
    }

    void aNodeSeesItsAttachmentsAndSlices() {
        m_scene->put(R"({"kind":"VolumeAttachment","apiVersion":"storage.k8s.io/v1","metadata":{"name":"at"},"spec":{"attacher":"d","nodeName":"worker","source":{"persistentVolumeName":"pv"}}})");
        QVERIFY(may(m_worker, "get", "volumeattachments.storage.k8s.io", "", "at"));
        QVERIFY(!may(m_other, "get", "volumeattachments.storage.k8s.io", "", "at"));
        QVERIFY(may(m_worker, "list", "resourceslices.resource.k8s.io", "", "", "spec.nodeName=worker"));
        QVERIFY(!may(m_worker, "list", "resourceslices.resource.k8s.io", "", ""));
    }

    void whatAllNodesNeedIsForAllNodes() {
        QVERIFY(may(m_other, "watch", "services", "", ""));
        QVERIFY(may(m_other, "create", "events", "shop", ""));
        QVERIFY(may(m_other, "create", "certificatesigningrequests.certificates.k8s.io", "", ""));
        QVERIFY(may(m_other, "list", "runtimeclasses.node.k8s.io", "", ""));
        QVERIFY(may(m_other, "create", "tokenreviews.authentication.k8s.io", "", ""));
    }

    void whoIsNoNodeIsNotItsBusiness() {
        const User person{.name = "system:node:worker", .uid = {}, .groups = {"system:authenticated"}, .extra = {}};
        QVERIFY(!may(person, "get", "pods", "shop", "web"));
        const User nameless{.name = "system:node:", .uid = {}, .groups = {"system:nodes"}, .extra = {}};
        QCOMPARE(reason(nameless, "get", "pods", "shop", "web"), std::string("unknown node for user \"system:node:\""));
    }
};

QTEST_APPLESS_MAIN(NodeAuthorizerTest)
#include "node_authorizer_test.moc"
