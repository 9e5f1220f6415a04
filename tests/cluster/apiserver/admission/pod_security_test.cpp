#include <QtTest>

#include "cluster/apiserver/admission/plugins.h"
#include "cluster/apiserver/admission/pod_security/checks.h"
#include "tests/cluster/apiserver/admission/known_objects.h"

using namespace qd;
using namespace qd::apiserver;
using namespace qd::apiserver::pod_security;

namespace {

corev1::Pod pod() {
    corev1::Pod made;
    made.metadata.name = "web";
    made.metadata.namespace_ = "shop";
    made.spec.containers.emplace_back().name = "main";
    return made;
}

// A Pod that breaks nothing.
corev1::Pod restrictedPod() {
    corev1::Pod made = pod();
    auto& security = made.spec.containers[0].securityContext.emplace();
    security.allowPrivilegeEscalation = false;
    security.runAsNonRoot = true;
    security.capabilities.emplace().drop = {"ALL"};
    security.seccompProfile.emplace().type = "RuntimeDefault";
    return made;
}

KnownObjects namespaceWith(api::Map<std::string> labels) {
    KnownObjects known;
    corev1::Namespace ns;
    ns.metadata.name = "shop";
    ns.metadata.labels = std::move(labels);
    known.add("namespaces", ns);
    return known;
}

QString found(const corev1::Pod& made, Level level, int minor = LevelVersion::kLatest) {
    return QString::fromStdString(violations(viewOf(made.metadata, made.spec), {level, minor}));
}

}  // namespace

class PodSecurityTest final : public QObject {
    Q_OBJECT

    std::vector<std::string> m_warnings;

    Result<void> admit(corev1::Pod& made, const KnownObjects& known, const corev1::Pod* old = nullptr) {
        m_warnings.clear();
        AdmissionRequest request;
        request.operation = old ? Operation::Update : Operation::Create;
        request.kind = api::builtinKind("", "v1", "Pod");
        request.namespace_ = "shop";
        request.name = "web";
        request.object = &made;
        request.old = old;
        request.warnings = &m_warnings;
        return podSecurity()->validate(request, known);
    }

private slots:
    void anythingIsAllowedWithoutLabels() {
        auto made = pod();
        made.spec.hostNetwork = true;
        QVERIFY(admit(made, namespaceWith({})));
        QVERIFY(m_warnings.empty());
    }

    void aBaselinePodMayNotReachIntoTheHost() {
        auto made = pod();
        QCOMPARE(found(made, Level::Baseline), QString());
        made.spec.hostNetwork = made.spec.hostPID = true;
        made.spec.containers[0].securityContext.emplace().privileged = true;
        made.spec.containers[0].ports.emplace_back().hostPort = 80;
        made.spec.volumes.emplace_back().name = "root";
        made.spec.volumes[0].hostPath.emplace().path = "/";
        QCOMPARE(found(made, Level::Baseline),
                 QStringLiteral("host namespaces (hostNetwork=true, hostPID=true), hostPath volumes (volume \"root\"), "
                                "hostPort (container \"main\" uses hostPort 80), "
                                "privileged (container \"main\" must not set securityContext.privileged=true)"));
    }

    void aRestrictedPodMustSayThatItIsHarmless() {
        QCOMPARE(found(restrictedPod(), Level::Restricted), QString());
        QCOMPARE(
            found(pod(), Level::Restricted),
            QStringLiteral(
                "allowPrivilegeEscalation != false (container \"main\" must set "
                "securityContext.allowPrivilegeEscalation=false), "
                "unrestricted capabilities (container \"main\" must set securityContext.capabilities.drop=[\"ALL\"]), "
                "runAsNonRoot != true (pod or container \"main\" must set securityContext.runAsNonRoot=true), "
                "seccompProfile (pod or container \"main\" must set securityContext.seccompProfile.type to "
                "\"RuntimeDefault\" or \"Localhost\")"));
    }

    void whatWasForbiddenLaterIsAllowedByAnOlderVersion() {
        auto made = pod();
        made.spec.containers[0].livenessProbe.emplace().httpGet.emplace().host = "elsewhere";
        QCOMPARE(found(made, Level::Baseline, 33), QString());
        QCOMPARE(
            found(made, Level::Baseline, 34),
            QStringLiteral("probe or lifecycle host (container \"main\" uses probe or lifecycle host \"elsewhere\")"));
    }

    void aPodWithUsersOfItsOwnMayBeRoot() {
        auto made = restrictedPod();
        made.spec.containers[0].securityContext->runAsNonRoot.reset();
        made.spec.hostUsers = false;
        QCOMPARE(found(made, Level::Restricted), QString());
        QVERIFY(found(made, Level::Restricted, 34).startsWith(QStringLiteral("runAsNonRoot != true")));
    }

    void aNamespacesLabelIsEnforced() {
        auto made = pod();
        made.spec.hostIPC = true;
        const auto refused = admit(made, namespaceWith({{"pod-security.kubernetes.io/enforce", "baseline"},
                                                        {"pod-security.kubernetes.io/enforce-version", "v1.30"}}));
        QVERIFY(!refused);
        QCOMPARE(
            refused.error().message,
            std::string(
                "pods \"web\" is forbidden: violates PodSecurity \"baseline:v1.30\": host namespaces (hostIPC=true)"));
    }

    void aWarningLetsThePodIn() {
        auto made = pod();
        made.spec.hostIPC = true;
        QVERIFY(admit(made, namespaceWith({{"pod-security.kubernetes.io/warn", "baseline"}})));
        QCOMPARE(m_warnings, std::vector<std::string>{
                                 "would violate PodSecurity \"baseline:latest\": host namespaces (hostIPC=true)"});
    }

    void aPodThatWasThereBeforeTheLabelMayChangeItsLabels() {
        auto old = pod();
        old.spec.hostIPC = true;
        auto now = old;
        now.metadata.labels["a"] = "b";
        const auto known = namespaceWith({{"pod-security.kubernetes.io/enforce", "restricted"}});
        QVERIFY(admit(now, known, &old));
        now.spec.containers[0].image = "other";
        QVERIFY(!admit(now, known, &old));
    }

    void anUnknownLevelIsRefusedOnNamespacesAndFailsClosed() {
        const Policy policy = policyOf(
            {{"pod-security.kubernetes.io/enforce", "strict"}, {"pod-security.kubernetes.io/warn-version", "1.30"}});
        QCOMPARE(policy.enforce.level, Level::Restricted);
        QCOMPARE(policy.errors.size(), std::size_t(2));
        QCOMPARE(policy.errors[0].message(),
                 std::string("metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"strict\": must be "
                             "one of privileged, baseline, restricted"));
        QCOMPARE(policy.errors[1].message(), std::string("metadata.labels[pod-security.kubernetes.io/warn-version]: "
                                                         "Invalid value: \"1.30\": must be \"latest\" or \"v1.x\""));
    }
};

QTEST_APPLESS_MAIN(PodSecurityTest)
#include "pod_security_test.moc"
