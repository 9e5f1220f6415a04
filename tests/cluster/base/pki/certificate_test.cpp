#include "cluster/base/pki/certificate.h"

#include "cluster/base/pki/detached_signature.h"
#include "cluster/base/pki/request_signing.h"

#include <QtTest>

using namespace qd::pki;
using namespace std::chrono_literals;
using qd::base::WallTime;

namespace {

const WallTime kNow{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};

Validity years(int count) {
    return Validity::from(kNow, std::chrono::days(365 * count));
}

Authority newAuthority(const std::string& name = "quarterdeck-ca") {
    return Authority::create(name, years(10)).value();
}

}  // namespace

class CertificateTest : public QObject {
    Q_OBJECT
private slots:
    void anAuthorityIsTheSameAfterItsFilesWereRead() {
        const Authority created = newAuthority();
        const Authority loaded = Authority::load(created.certificate().pem(), created.key().pem().value()).value();
        QCOMPARE(loaded.certificate().sha256(), created.certificate().sha256());
        QVERIFY(loaded.certificate().isAuthority());
        QVERIFY(loaded.certificate().signedBy(created.certificate()));
    }

    void aCertificateWithAnotherKeyIsNoAuthority() {
        const Authority authority = newAuthority();
        const std::string other = PrivateKey::generate()->pem().value();
        QVERIFY(!Authority::load(authority.certificate().pem(), other).has_value());
        const Identity server = authority.issueServer({.commonName = "x"}, years(1)).value();
        QVERIFY(!Authority::load(server.certificatePem, server.keyPem).has_value());
    }

    void aServerCertificateCarriesItsNames() {
        const Authority authority = newAuthority();
        const Subject subject{.commonName = "kube-apiserver",
                              .organizations = {},
                              .dnsNames = {"localhost", "kubernetes.default.svc"},
                              .ipAddresses = {"127.0.0.1", "10.96.0.1", "::1"}};
        const Identity identity = authority.issueServer(subject, years(1)).value();
        const Certificate certificate = Certificate::parse(identity.certificatePem).value();
        QVERIFY(certificate.subject() == subject);
        QVERIFY(!certificate.isAuthority());
        QVERIFY(certificate.signedBy(authority.certificate()));
        QVERIFY(!certificate.signedBy(newAuthority().certificate()));
        QVERIFY(certificate.matches(PrivateKey::parse(identity.keyPem).value()));
    }

    void aNameCannotSmuggleInAnother() {
        const Subject subject{.commonName = "a/O=system:masters,O=system:masters",
                              .organizations = {"devs,O=system:masters"},
                              .dnsNames = {"a,IP:10.0.0.1"},
                              .ipAddresses = {}};
        const Identity identity = newAuthority().issueClient(subject, years(1)).value();
        QVERIFY(Certificate::parse(identity.certificatePem)->subject() == subject);
    }

    void whatIsNoAddressIsRefused() {
        const auto refused = newAuthority().issueServer({.commonName = "x", .ipAddresses = {"10.96.0"}}, years(1));
        QVERIFY(!refused.has_value());
        QVERIFY(refused.error().message.find("10.96.0") != std::string::npos);
    }

    void aRequestIsSignedAsItStands() {
        const Authority authority = newAuthority();
        const PrivateKey key = PrivateKey::generate().value();
        const Subject subject{.commonName = "jane", .organizations = {"devs", "ops"}, .dnsNames = {"jane.example"}, .ipAddresses = {"192.0.2.7"}};
        const std::string pem = makeSigningRequest(subject, key).value();
        const auto signedOne = signRequest(authority, pem, {"digital signature", "client auth", "server auth"}, years(1));
        QVERIFY(signedOne.has_value());
        QVERIFY(signedOne->subject() == subject);
        QVERIFY(signedOne->signedBy(authority.certificate()));
        QVERIFY(signedOne->matches(key));
        QVERIFY(!signedOne->isAuthority());
        QVERIFY(signedOne->notAfter() == years(1).notAfter);
    }

    void aRequestIsNotSignedBeyondItsAuthority() {
        const Authority authority = newAuthority();
        const std::string pem = makeSigningRequest({.commonName = "jane"}, PrivateKey::generate().value()).value();
        QVERIFY(signRequest(authority, pem, {"client auth"}, years(20))->notAfter() == authority.certificate().notAfter());
        const auto refused = signRequest(authority, pem, {"client auth", "world peace"}, years(1));
        QVERIFY(!refused.has_value());
        QCOMPARE(refused.error().message, std::string("unrecognized usage values: [\"world peace\"]"));
        QVERIFY(!signRequest(authority, "nonsense", {"client auth"}, years(1)).has_value());
        QVERIFY(signRequest(authority, pem, {}, years(1)).has_value());
    }

    void everyUsageCanBeSigned() {
        const Authority authority = newAuthority();
        const std::string pem = makeSigningRequest({.commonName = "jane"}, PrivateKey::generate().value()).value();
        for (const char* usage : {"signing", "digital signature", "content commitment", "key encipherment", "key agreement", "data encipherment", "cert sign", "crl sign",
                                  "encipher only", "decipher only", "any", "server auth", "client auth", "code signing", "email protection", "s/mime", "ipsec end system",
                                  "ipsec tunnel", "ipsec user", "timestamping", "ocsp signing", "microsoft sgc", "netscape sgc"}) {
            QVERIFY2(signRequest(authority, pem, {usage}, years(1)).has_value(), usage);
        }
    }

    // RFC 7515, appendix F; as openssl computes it.
    void aDetachedSignatureLeavesItsContentOut() {
        const std::string signature = detachedSignature("text", "abcdef", "0123456789abcdef");
        QCOMPARE(signature.substr(0, signature.find('.')), std::string("eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9"));
        QCOMPARE(signature, std::string("eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9..v28Ea_KqmHOtFWksJ_4tbV6AFRNzMkrRUG_jsuLJz-4"));
        QVERIFY(signature != detachedSignature("text", "abcdef", "0123456789abcdee"));
        QVERIFY(signature != detachedSignature("test", "abcdef", "0123456789abcdef"));
    }

    void aSigningRequestIsSignedForItsOwnKey() {
        const PrivateKey key = PrivateKey::generate().value();
        const Subject subject{.commonName = "system:node:worker-1",
                              .organizations = {"system:nodes"},
                              .dnsNames = {"worker-1"},
                              .ipAddresses = {"192.168.7.2"}};
        const std::string pem = makeSigningRequest(subject, key).value();
        const SigningRequest request = SigningRequest::parse(pem).value();
        QVERIFY(request.subject == subject);
        const Authority authority = newAuthority();
        const Certificate certificate =
            authority.sign(request.subject, request.key, {.clientAuth = true}, years(1)).value();
        QVERIFY(certificate.matches(key));
        QVERIFY(certificate.subject() == subject);
    }

    void aSigningRequestThatWasChangedIsRefused() {
        std::string pem = makeSigningRequest({.commonName = "a"}, PrivateKey::generate().value()).value();
        const std::size_t middle = pem.size() / 2;
        pem[middle] = pem[middle] == 'A' ? 'B' : 'A';
        QVERIFY(!SigningRequest::parse(pem).has_value());
    }

    void rubbishIsRefusedAndNeverCrashes_data() {
        QTest::addColumn<QString>("text");
        QTest::newRow("empty") << "";
        QTest::newRow("words") << "hello";
        QTest::newRow("empty block") << "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
        QTest::newRow("not DER") << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        QTest::newRow("no end") << "-----BEGIN CERTIFICATE-----\nMIIB";
    }
    void rubbishIsRefusedAndNeverCrashes() {
        QFETCH(QString, text);
        QVERIFY(!Certificate::parse(text.toStdString()).has_value());
        QVERIFY(!PrivateKey::parse(text.toStdString()).has_value());
        QVERIFY(!PublicKey::parse(text.toStdString()).has_value());
        QVERIFY(!SigningRequest::parse(text.toStdString()).has_value());
    }

    void aCertificateIsRenewedInTheLastFifthOfItsLife() {
        const Validity validity{kNow, kNow + std::chrono::days(100)};
        const Identity identity = newAuthority().issueClient({.commonName = "a"}, validity).value();
        const Certificate certificate = Certificate::parse(identity.certificatePem).value();
        QVERIFY(!needsRenewal(certificate, kNow));
        QVERIFY(!needsRenewal(certificate, kNow + std::chrono::days(79)));
        QVERIFY(needsRenewal(certificate, kNow + std::chrono::days(81)));
        QVERIFY(needsRenewal(certificate, kNow - std::chrono::days(1)));
        QVERIFY(certificate.notAfter() == validity.notAfter);
    }

    void noCertificateOutlivesItsAuthority() {
        const Authority authority = newAuthority();
        const Identity identity = authority.issueClient({.commonName = "a"}, years(20)).value();
        QVERIFY(Certificate::parse(identity.certificatePem)->notAfter() == authority.certificate().notAfter());
    }
};

QTEST_APPLESS_MAIN(CertificateTest)
#include "certificate_test.moc"
