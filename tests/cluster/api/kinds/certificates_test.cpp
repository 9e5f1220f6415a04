// Signing requests: what is refused, who may change what through which endpoint, the table.
#include <QtTest>

#include "cluster/api/types/certificates_v1.h"
#include "cluster/base/pki/certificate.h"
#include "kind_trial.h"

using namespace qd::api;
using namespace qd::api::test;
using qd::certificatesv1::CertificateSigningRequest;

namespace {

const Kind& requests() {
    return *builtinKind("certificates.k8s.io", "v1", "CertificateSigningRequest");
}

const std::string& request() {
    static const std::string pem = [] {
        const auto key = qd::pki::PrivateKey::generate();
        return *qd::pki::makeSigningRequest(qd::pki::Subject{.commonName = "u"}, *key);
    }();
    return pem;
}

const std::string& certificate() {
    static const std::string pem = [] {
        const auto now = qd::base::WallTime(std::chrono::hours(24 * 365 * 50));
        return qd::pki::Authority::create("ca", qd::pki::Validity::from(now, std::chrono::days(1)))
            ->certificate()
            .pem();
    }();
    return pem;
}

CertificateSigningRequest proper() {
    CertificateSigningRequest csr;
    csr.metadata.name = "x";
    csr.metadata.resourceVersion = "1";
    csr.spec.request.data = request();
    csr.spec.signerName = "example.com/signer";
    csr.spec.usages = {"client auth"};
    return csr;
}

void approve(CertificateSigningRequest& csr, const char* type = "Approved") {
    auto& condition = csr.status.conditions.emplace_back();
    condition.type = type;
    condition.status = "True";
}

std::string changed(const char* subresource, const CertificateSigningRequest& old, CertificateSigningRequest now) {
    const UpdateRules& rules = *subresource ? requests().subresourceUpdates.at(subresource) : requests().update;
    rules.prepare(now, old);
    return told(rules.validate(now, old));
}

bool holds(const std::string& text, const QString& part) {
    return text.find(part.toStdString()) != std::string::npos;
}

using Break = void (*)(CertificateSigningRequest&);

}  // namespace

class CertificatesTest : public QObject {
    Q_OBJECT
private slots:
    void aProperRequestPasses() { QCOMPARE(told(requests().validate(proper())), std::string()); }

    void faultsNameTheField_data() {
        QTest::addColumn<Break>("spoil");
        QTest::addColumn<QString>("fault");
        const auto row = [](const char* name, Break spoil, const char* fault) {
            QTest::newRow(name) << spoil << fault;
        };
        row(
            "no request", [](auto& csr) { csr.spec.request.data.clear(); },
            "spec.request: Invalid value: null: PEM block type must be CERTIFICATE REQUEST");
        row(
            "a certificate", [](auto& csr) { csr.spec.request.data = certificate(); },
            "PEM block type must be CERTIFICATE REQUEST");
        row("no usages", [](auto& csr) { csr.spec.usages.clear(); }, "spec.usages: Required value");
        row(
            "an unknown usage", [](auto& csr) { csr.spec.usages = {"everything"}; },
            "spec.usages[0]: Unsupported value: \"everything\": supported values: \"any\", \"cert sign\"");
        row(
            "a usage twice", [](auto& csr) { csr.spec.usages = {"any", "any"}; },
            "spec.usages[1]: Duplicate value: \"any\"");
        row("no signer", [](auto& csr) { csr.spec.signerName.clear(); }, "spec.signerName: Required value");
        row(
            "a signer of no domain", [](auto& csr) { csr.spec.signerName = "signer"; },
            "spec.signerName: Invalid value: \"signer\": must be a fully qualified domain and path of the form "
            "'example.com/signer-name'");
        row(
            "a signer of a short domain", [](auto& csr) { csr.spec.signerName = "example/signer"; },
            "spec.signerName: Invalid value: \"example\": should be a domain with at least two segments separated by "
            "dots");
        row(
            "the old signer", [](auto& csr) { csr.spec.signerName = "kubernetes.io/legacy-unknown"; },
            "the legacy signerName is not allowed via this API version");
        row(
            "a short life", [](auto& csr) { csr.spec.expirationSeconds = 60; },
            "spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 600 seconds (10 minutes)");
    }
    void faultsNameTheField() {
        QFETCH(Break, spoil);
        QFETCH(QString, fault);
        CertificateSigningRequest csr = proper();
        spoil(csr);
        const std::string faults = told(requests().validate(csr));
        QVERIFY2(holds(faults, fault), faults.c_str());
    }

    void nobodyMakesAnApprovedRequest() {
        CertificateSigningRequest csr = proper();
        approve(csr);
        requests().prepareForCreate(csr);
        QVERIFY(csr.status.conditions.empty());
    }

    void anUpdateChangesNeitherSpecNorStatus() {
        CertificateSigningRequest now = proper();
        now.spec.username = "somebody else";
        approve(now);
        requests().update.prepare(now, proper());
        QVERIFY(now.spec == proper().spec);
        QVERIFY(now.status == proper().status);
    }

    void approvalIsGivenThroughItsEndpointAlone() {
        CertificateSigningRequest now = proper();
        approve(now);
        QCOMPARE(changed("approval", proper(), now), std::string());
        QCOMPARE(changed("status", proper(), now),
                 std::string("status.conditions: Forbidden: updates may not add a condition of type \"Approved\""));
    }

    void approvalLasts() {
        CertificateSigningRequest old = proper();
        approve(old);
        QCOMPARE(changed("approval", old, proper()),
                 std::string("status.conditions: Forbidden: updates may not remove a condition of type \"Approved\""));
        CertificateSigningRequest now = old;
        approve(now, "Denied");
        QCOMPARE(
            changed("approval", old, now),
            std::string(
                "status.conditions: Invalid value: \"Denied\": Approved and Denied conditions are mutually exclusive"));
    }

    void approvalIsTrueOrAbsent() {
        CertificateSigningRequest now = proper();
        approve(now);
        now.status.conditions[0].status = "False";
        QCOMPARE(changed("approval", proper(), now),
                 std::string("status.conditions[0].status: Unsupported value: \"False\": supported values: \"True\""));
    }

    void aCertificateIsSetOnceAndThroughTheStatus() {
        CertificateSigningRequest now = proper();
        now.status.certificate.data = certificate();
        QCOMPARE(changed("status", proper(), now), std::string());
        CertificateSigningRequest other = now;
        other.status.certificate.data = certificate() + certificate();
        QCOMPARE(changed("status", now, other),
                 std::string("status.certificate: Forbidden: updates may not modify existing certificate content"));
        now.status.certificate.data = "nonsense";
        QCOMPARE(changed("status", proper(), now),
                 std::string("status.certificate: Invalid value: \"<certificate data>\": must contain at least one "
                             "CERTIFICATE PEM block"));
    }

    void theTableTellsHowFarItIs() {
        const auto condition = [](const CertificateSigningRequest& csr) {
            return std::get<std::string>(requests().cells(csr, qd::base::WallTime(std::chrono::seconds(1000)))[5]);
        };
        CertificateSigningRequest csr = proper();
        QCOMPARE(condition(csr), std::string("Pending"));
        approve(csr);
        csr.status.certificate.data = certificate();
        QCOMPARE(condition(csr), std::string("Approved,Issued"));
        csr = proper();
        approve(csr, "Denied");
        QCOMPARE(condition(csr), std::string("Denied"));
    }
};

QTEST_APPLESS_MAIN(CertificatesTest)
#include "certificates_test.moc"
