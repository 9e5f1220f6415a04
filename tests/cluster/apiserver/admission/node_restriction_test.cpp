#include <QtTest>

#include "cluster/api/types/authentication_v1.h"
#include "cluster/api/types/coordination_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/plugins.h"
#include "tests/cluster/apiserver/admission/known_objects.h"

using namespace qd;
using namespace qd::apiserver;

namespace {

corev1::Pod podOn(const std::string& node) {
    corev1::Pod pod;
    pod.metadata.name = "web";
    pod.metadata.namespace_ = "shop";
    pod.metadata.uid = "pod-1";
    pod.spec.nodeName = node;
    pod.spec.serviceAccountName = "robot";
    corev1::Volume volume;
    volume.name = "token";
    volume.projected.emplace().sources.emplace_back().serviceAccountToken.emplace().audience = "vault";
    volume.projected->sources.emplace_back().serviceAccountToken.emplace();
    pod.spec.volumes = {volume};
    return pod;
}

corev1::Pod mirrorPod() {
    corev1::Pod pod;
    pod.metadata.name = "static";
    pod.metadata.namespace_ = "shop";
    pod.metadata.annotations["kubernetes.io/config.mirror"] = "x";
    pod.spec.nodeName = "worker";
    auto& owner = pod.metadata.ownerReferences.emplace_back();
    owner.apiVersion = "v1";
    owner.kind = "Node";
    owner.name = "worker";
    owner.uid = "node-1";
    owner.controller = true;
    return pod;
}

}  // namespace

class NodeRestrictionTest : public QObject {
    Q_OBJECT

    KnownObjects m_known;
    const std::unique_ptr<AdmissionPlugin> m_plugin = nodeRestriction(nullptr);

    AdmissionRequest request(Operation operation, const char* group, const char* kind, api::Object* now, const api::Object* old = nullptr) const {
        AdmissionRequest made;
        made.operation = operation;
        made.kind = api::builtinKind(group, "v1", kind);
        made.user = {.name = "system:node:worker", .uid = {}, .groups = {"system:nodes"}, .extra = {}};
        made.object = now;
        made.old = old;
        if (const api::Object* any = now ? now : old) {
            made.name = any->metadata.name;
            made.namespace_ = any->metadata.namespace_;
        }
        return made;
    }
    // "" when admitted.
    std::string answer(AdmissionRequest made) const {
        const auto admitted = m_plugin->mutate(made, m_known);
        return admitted ? std::string() : admitted.error().message;
    }
    std::string tokenAnswer(const std::vector<std::string>& audiences, const std::string& podUid) const {
        authenticationv1::TokenRequest token;
        token.spec.audiences = audiences;
        auto& bound = token.spec.boundObjectRef.emplace();
        bound.apiVersion = "v1";
        bound.kind = "Pod";
        bound.name = "web";
        bound.uid = podUid;
        auto made = request(Operation::Create, "", "ServiceAccount", &token);
        made.subresource = "token";
        made.namespace_ = "shop";
        made.name = "robot";
        return answer(made);
    }

private slots:
    void init() {
        m_known = KnownObjects();
        corev1::Node node;
        node.metadata.name = "worker";
        node.metadata.uid = "node-1";
        m_known.add("nodes", node);
        m_known.add("pods", podOn("worker"));
    }

    void othersAreNotRestricted() {
        corev1::Node node;
        node.metadata.name = "other";
        auto made = request(Operation::Create, "", "Node", &node);
        QVERIFY(!answer(made).empty());
        made.user.groups = {"system:masters"};
        QCOMPARE(answer(made), std::string());
    }

    void aNodeWritesItsOwnNodeWithoutTaintsAndWithKnownLabels() {
        corev1::Node old;
        old.metadata.name = "worker";
        corev1::Node now = old;
        now.metadata.labels = {{"kubernetes.io/hostname", "worker"}, {"node.kubernetes.io/x", "y"}, {"rack", "7"}, {"example.com/a", "b"}};
        QCOMPARE(answer(request(Operation::Create, "", "Node", &now)), std::string());
        QCOMPARE(answer(request(Operation::Update, "", "Node", &now, &old)), std::string());
        now.metadata.labels["node-restriction.kubernetes.io/secret"] = "yes";
        now.metadata.labels["node-role.kubernetes.io/control-plane"] = "";
        QCOMPARE(answer(request(Operation::Create, "", "Node", &now)),
                 std::string("nodes \"worker\" is forbidden: node \"worker\" is not allowed to set the following labels: node-restriction.kubernetes.io/secret, node-role.kubernetes.io/control-plane"));
        QCOMPARE(answer(request(Operation::Update, "", "Node", &now, &old)),
                 std::string("nodes \"worker\" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/secret, node-role.kubernetes.io/control-plane"));
        now = old;
        now.spec.taints.emplace_back().key = "k";
        QCOMPARE(answer(request(Operation::Update, "", "Node", &now, &old)), std::string("nodes \"worker\" is forbidden: node \"worker\" is not allowed to modify taints"));
    }

    void aNodeWritesNoOtherNode() {
        corev1::Node node;
        node.metadata.name = "other";
        QCOMPARE(answer(request(Operation::Create, "", "Node", &node)), std::string("nodes \"other\" is forbidden: node \"worker\" is not allowed to modify node \"other\""));
    }

    void aNodeMakesMirrorPodsAlone() {
        corev1::Pod pod = podOn("worker");
        QCOMPARE(answer(request(Operation::Create, "", "Pod", &pod)),
                 std::string("pods \"web\" is forbidden: pod does not have \"kubernetes.io/config.mirror\" annotation, node \"worker\" can only create mirror pods"));
        pod = mirrorPod();
        QCOMPARE(answer(request(Operation::Create, "", "Pod", &pod)), std::string());
        pod.metadata.ownerReferences[0].uid = "x";
        QVERIFY(answer(request(Operation::Create, "", "Pod", &pod)).ends_with("node worker UID mismatch: expected x got node-1"));
        pod = mirrorPod();
        pod.spec.serviceAccountName = "robot";
        QVERIFY(answer(request(Operation::Create, "", "Pod", &pod)).ends_with("node \"worker\" can not create pods that reference serviceaccounts"));
        pod = mirrorPod();
        pod.spec.volumes = {podOn("worker").spec.volumes};
        QVERIFY(answer(request(Operation::Create, "", "Pod", &pod)).ends_with("reference serviceaccounts (via projected volumes)"));
        pod = mirrorPod();
        pod.spec.nodeName = "other";
        QVERIFY(answer(request(Operation::Create, "", "Pod", &pod)).ends_with("node \"worker\" can only create pods with spec.nodeName set to itself"));
    }

    void aNodeReportsAndRemovesItsOwnPods() {
        corev1::Pod old = podOn("worker");
        corev1::Pod now = old;
        now.status.phase = "Running";
        auto status = request(Operation::Update, "", "Pod", &now, &old);
        status.subresource = "status";
        QCOMPARE(answer(status), std::string());
        now.metadata.labels["app"] = "mine";
        QVERIFY(answer(status).ends_with("node \"worker\" cannot update labels through pod status"));
        QVERIFY(!answer(request(Operation::Update, "", "Pod", &now, &old)).empty());
        QCOMPARE(answer(request(Operation::Delete, "", "Pod", nullptr, &old)), std::string());
        m_known.add("pods", podOn("other"));
        QVERIFY(answer(request(Operation::Delete, "", "Pod", nullptr, &old)).ends_with("node \"worker\" can only delete pods with spec.nodeName set to itself"));
        old.spec.nodeName = "other";
        now = old;
        QVERIFY(answer(status).ends_with("node \"worker\" can only update pod status for pods with spec.nodeName set to itself"));
    }

    void aNodeGetsTokensForItsOwnPodsAndTheirAudiences() {
        QCOMPARE(tokenAnswer({}, "pod-1"), std::string());
        QCOMPARE(tokenAnswer({"vault"}, "pod-1"), std::string());
        QVERIFY(tokenAnswer({"bank"}, "pod-1").ends_with("audience \"bank\" not found in pod spec volume, system:node:worker is not authorized to request tokens for this audience"));
        QVERIFY(tokenAnswer({"a", "b"}, "pod-1").ends_with("node may only request 0 or 1 audiences"));
        QVERIFY(tokenAnswer({}, "").ends_with("node requested token with a pod binding without a uid"));
        QVERIFY(tokenAnswer({}, "pod-2").find("does not match the UID in record") != std::string::npos);
        m_known.add("pods", podOn("other"));
        QVERIFY(tokenAnswer({}, "pod-1").ends_with("node requested token bound to a pod scheduled on a different node"));
    }

    void aNodeHasOneLease() {
        coordinationv1::Lease lease;
        lease.metadata.name = "worker";
        lease.metadata.namespace_ = "kube-node-lease";
        QCOMPARE(answer(request(Operation::Create, "coordination.k8s.io", "Lease", &lease)), std::string());
        lease.metadata.name = "other";
        QVERIFY(answer(request(Operation::Create, "coordination.k8s.io", "Lease", &lease)).ends_with("can only access node lease with the same name as the requesting node"));
        lease.metadata.namespace_ = "shop";
        QVERIFY(answer(request(Operation::Create, "coordination.k8s.io", "Lease", &lease)).ends_with("can only access leases in the \"kube-node-lease\" system namespace"));
    }

    void aClaimsStatusIsAllOfItThatANodeWrites() {
        corev1::PersistentVolumeClaim old;
        old.metadata.name = "data";
        old.metadata.namespace_ = "shop";
        corev1::PersistentVolumeClaim now = old;
        now.status.conditions.emplace_back().type = "Resizing";
        auto made = request(Operation::Update, "", "PersistentVolumeClaim", &now, &old);
        QVERIFY(answer(made).ends_with("may only update PVC status"));
        made.subresource = "status";
        QCOMPARE(answer(made), std::string());
        now.metadata.labels["a"] = "b";
        QVERIFY(!answer(made).empty());
    }
};

QTEST_APPLESS_MAIN(NodeRestrictionTest)
#include "node_restriction_test.moc"
