// What admission adds to signing requests and volumes, and who may approve and sign.
#include <QtTest>
#include <set>

#include "cluster/api/types/certificates_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/certificates.h"
#include "cluster/apiserver/admission/request_facts.h"
#include "cluster/base/pki/certificate.h"
#include "tests/cluster/apiserver/admission/known_objects.h"

using namespace qd;
using namespace qd::apiserver;
using certificatesv1::CertificateSigningRequest;

namespace {

const base::WallTime kNow{std::chrono::hours(24 * 365 * 50)};

// Grants what it was told, as "verb signer".
class Grants final : public Authorizer {
public:
    explicit Grants(std::set<std::string> granted) : m_granted(std::move(granted)) {}
    Verdict authorize(const AuthorizationAttributes& asked) const override {
        const bool granted = asked.group == "certificates.k8s.io" && asked.resource == "signers" &&
                             m_granted.contains(asked.verb + " " + asked.name);
        return {granted ? Decision::Allow : Decision::NoOpinion, ""};
    }

private:
    std::set<std::string> m_granted;
};

CertificateSigningRequest csr(const std::string& signer = "example.com/signer", const std::string& group = "team") {
    static const auto key = pki::PrivateKey::generate();
    CertificateSigningRequest made;
    made.metadata.name = "x";
    made.spec.signerName = signer;
    made.spec.request.data = *pki::makeSigningRequest(pki::Subject{.commonName = "u", .organizations = {group}}, *key);
    return made;
}

AdmissionRequest requestFor(api::Object& now, const api::Object* old = nullptr, const std::string& subresource = "") {
    AdmissionRequest request;
    request.operation = old ? Operation::Update : Operation::Create;
    const api::KindName& name = *now.descriptor().kind;
    request.kind = api::builtinKind(name.group, name.version, name.kind);
    request.name = now.metadata.name;
    request.subresource = subresource;
    request.user.name = "jane";
    request.object = &now;
    request.old = old;
    return request;
}

void add(CertificateSigningRequest& request, const char* type) {
    auto& condition = request.status.conditions.emplace_back();
    condition.type = type;
    condition.status = "True";
}

QString text(const Result<void>& outcome) {
    return outcome ? QString() : QString::fromStdString(outcome.error().message);
}

class StandingClock final : public base::Clock {
public:
    base::WallTime now() const override { return kNow; }
    base::SteadyTime steady() const override { return {}; }
};

const StandingClock kClock;
const KnownObjects kNothing;

}  // namespace

class SigningRequestTest final : public QObject {
    Q_OBJECT
private slots:
    void aRequestNamesWhoAsksWhateverItSays() {
        auto object = csr();
        object.spec.username = "system:admin";
        object.spec.extra["k"] = {"v"};
        auto request = requestFor(object);
        request.user.uid = "u1";
        request.user.groups = {"team"};
        QVERIFY(RequestFacts(kClock).allocate(request, kNothing));
        QCOMPARE(object.spec.username, std::string("jane"));
        QCOMPARE(object.spec.uid, std::string("u1"));
        QCOMPARE(object.spec.groups, std::vector<std::string>{"team"});
        QVERIFY(object.spec.extra.empty());
    }

    void aNewConditionGetsItsTimesAndAnOldOneKeepsThem() {
        auto old = csr();
        add(old, "Approved");
        old.status.conditions[0].lastTransitionTime = api::Time(kNow - std::chrono::hours(1));
        auto now = csr();
        add(now, "Approved");
        add(now, "Failed");
        auto request = requestFor(now, &old, "status");
        QVERIFY(RequestFacts(kClock).allocate(request, kNothing));
        QVERIFY(now.status.conditions[0].lastTransitionTime == old.status.conditions[0].lastTransitionTime);
        QVERIFY(now.status.conditions[0].lastUpdateTime == api::Time(kNow));
        QVERIFY(now.status.conditions[1].lastTransitionTime == api::Time(kNow));
    }

    void aVolumeKnowsSinceWhenItIsInItsPhase() {
        corev1::PersistentVolume old;
        old.status.phase = "Available";
        old.status.lastPhaseTransitionTime = api::Time(kNow - std::chrono::hours(1));
        corev1::PersistentVolume now;
        now.status.phase = "Available";
        auto request = requestFor(now, &old, "status");
        QVERIFY(RequestFacts(kClock).allocate(request, kNothing));
        QVERIFY(now.status.lastPhaseTransitionTime == old.status.lastPhaseTransitionTime);
        now.status.phase = "Bound";
        QVERIFY(RequestFacts(kClock).allocate(request, kNothing));
        QVERIFY(now.status.lastPhaseTransitionTime == api::Time(kNow));
    }

    void onlyWhoMayActForTheSignerApproves_data() {
        QTest::addColumn<QString>("grant");
        QTest::addColumn<QString>("message");
        const char* refused =
            "certificatesigningrequests.certificates.k8s.io \"x\" is forbidden: user not permitted to approve requests "
            "with signerName \"example.com/signer\"";
        QTest::newRow("nobody") << "" << refused;
        QTest::newRow("who signs") << "sign example.com/signer" << refused;
        QTest::newRow("for another signer") << "approve example.com/other" << refused;
        QTest::newRow("for the signer") << "approve example.com/signer" << "";
        QTest::newRow("for the domain") << "approve example.com/*" << "";
    }
    void onlyWhoMayActForTheSignerApproves() {
        QFETCH(QString, grant);
        QFETCH(QString, message);
        const Grants grants({grant.toStdString()});
        const auto old = csr();
        auto now = csr();
        add(now, "Approved");
        QCOMPARE(text(certificateApproval(&grants)->validate(requestFor(now, &old, "approval"), kNothing)), message);
        QCOMPARE(text(certificateApproval(&grants)->validate(requestFor(now, &old, "status"), kNothing)), QString());
    }

    void onlyWhoMayActForTheSignerSigns() {
        const Grants none({});
        const Grants signs({"sign example.com/signer"});
        const auto old = csr();
        auto now = csr();
        QCOMPARE(text(certificateSigning(&none)->validate(requestFor(now, &old, "status"), kNothing)),
                 QString());  // nothing changed
        now.status.certificate.data = "signed";
        QCOMPARE(text(certificateSigning(&none)->validate(requestFor(now, &old, "status"), kNothing)),
                 QString("certificatesigningrequests.certificates.k8s.io \"x\" is forbidden: user not permitted to "
                         "sign requests with signerName \"example.com/signer\""));
        QVERIFY(certificateSigning(&signs)->validate(requestFor(now, &old, "status"), kNothing));
    }

    void nobodyAsksForTheMastersGroup() {
        auto masters = csr("kubernetes.io/kube-apiserver-client", "system:masters");
        QCOMPARE(text(certificateSubjectRestriction()->validate(requestFor(masters), kNothing)),
                 QString("certificatesigningrequests.certificates.k8s.io \"x\" is forbidden: use of "
                         "kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed"));
        auto team = csr("kubernetes.io/kube-apiserver-client");
        QVERIFY(certificateSubjectRestriction()->validate(requestFor(team), kNothing));
        auto elsewhere = csr("example.com/signer", "system:masters");
        QVERIFY(certificateSubjectRestriction()->validate(requestFor(elsewhere), kNothing));
    }
};

QTEST_APPLESS_MAIN(SigningRequestTest)
#include "signing_request_test.moc"
