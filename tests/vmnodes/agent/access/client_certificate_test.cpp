#include "vmnodes/agent/access/client_certificate.h"

#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>

#include "cluster/base/pki/private_file.h"
#include "vmnodes/agent/access/signing_request.h"

using namespace qd;
using namespace qd::agent;
using namespace std::chrono_literals;
using certificatesv1::CertificateSigningRequest;

namespace {

const base::WallTime kEight = base::WallTime(std::chrono::sys_days(std::chrono::year(2026) / 12 / 1)) + 8h;

const pki::Authority& authority() {
    static const pki::Authority made = *pki::Authority::create("test-ca", {kEight - 24h, kEight + 24h * 400});
    return made;
}

pki::Identity nodeIdentity(const pki::Subject& subject) {
    return *authority().issueClient(subject, {kEight, kEight + 10h});
}

QString problemOf(const Result<ClientCertificate>& result) {
    return result ? QString() : QString::fromStdString(result.error().message);
}

CertificateSigningRequest answered(std::initializer_list<const char*> conditions, const std::string& certificate) {
    CertificateSigningRequest request;
    request.metadata.name = "csr-1";
    for (const char* type : conditions) {
        auto& condition = request.status.conditions.emplace_back();
        condition.type = type;
        condition.status = "True";
        condition.reason = "Because";
        condition.message = "it is so";
    }
    request.status.certificate.data = certificate;
    return request;
}

}  // namespace

class ClientCertificateTest : public QObject {
    Q_OBJECT
private slots:
    void itIsRenewedAfterSeventyToNinetyPercentOfItsLife_data() {
        QTest::addColumn<double>("chance");
        QTest::addColumn<int>("minutes");
        QTest::newRow("earliest") << 0.0 << 420;
        QTest::newRow("half way") << 0.5 << 480;
        QTest::newRow("latest") << 1.0 << 540;
    }
    void itIsRenewedAfterSeventyToNinetyPercentOfItsLife() {
        QFETCH(double, chance);
        QFETCH(int, minutes);
        const auto certificate = *pki::Certificate::parse(nodeIdentity(nodeSubject("n1")).certificatePem);
        const auto off = renewalTime(certificate, chance) - (kEight + std::chrono::minutes(minutes));
        QVERIFY2(off < 1s && off > -1s, qPrintable(QString::number(off.count())));
        QVERIFY(!isOver(certificate, kEight + 10h - 1s));
        QVERIFY(isOver(certificate, kEight + 10h));
    }

    void itSurvivesInItsFileForTheOwnerAlone() {
        const QTemporaryDir folder;
        const std::filesystem::path file = folder.filePath("pki/current.pem").toStdString();
        QCOMPARE(readClientCertificate(file, "n1").error().reason, Reason::NotFound);
        const auto identity = nodeIdentity(nodeSubject("n1"));
        QVERIFY(writeClientCertificate(file, identity).has_value());
        struct stat status {};
        QCOMPARE(::stat(file.c_str(), &status), 0);
        QCOMPARE(status.st_mode & 0777U, 0600U);
        QCOMPARE(::stat(file.parent_path().c_str(), &status), 0);
        QCOMPARE(status.st_mode & 0777U, 0700U);
        const auto read = readClientCertificate(file, "n1");
        QVERIFY2(read.has_value(), qPrintable(problemOf(read)));
        QCOMPARE(read->certificate.sha256(), pki::Certificate::parse(identity.certificatePem)->sha256());
        QVERIFY(!read->pem.certificatePem.contains("PRIVATE KEY"));
        QVERIFY(read->certificate.matches(*pki::PrivateKey::parse(read->pem.keyPem)));
    }

    void whatIsNotThisNodesIsRefused() {
        const auto own = nodeIdentity(nodeSubject("n1")), others = nodeIdentity(nodeSubject("n2"));
        const auto person = nodeIdentity({.commonName = "system:node:n1", .organizations = {"people"}});
        const auto check = [](const std::string& certificate, const std::string& key) {
            return problemOf(parseClientCertificate(certificate, key, "n1"));
        };
        QCOMPARE(check(own.certificatePem, own.keyPem), QString());
        QVERIFY(check(own.certificatePem, others.keyPem).contains("is not that of its key"));
        QVERIFY(check(others.certificatePem, others.keyPem).contains("that of system:node:n2, not of the node n1"));
        QVERIFY(check(person.certificatePem, person.keyPem).contains("not of the node n1"));
        QVERIFY(!check("nothing", own.keyPem).isEmpty());
        QVERIFY(!check(own.certificatePem, own.keyPem.substr(0, 60)).isEmpty());
    }

    void theRequestIsWhatTheKubeletSignerTakes() {
        const auto key = *pki::PrivateKey::generate();
        const auto request = *nodeClientRequest("n1", key, 600);
        QCOMPARE(request.spec.signerName, std::string("kubernetes.io/kube-apiserver-client-kubelet"));
        QVERIFY((request.spec.usages == std::vector<std::string>{"digital signature", "client auth"}));
        QCOMPARE(request.spec.expirationSeconds.value_or(0), 600);
        const auto parsed = *pki::SigningRequest::parse(request.spec.request.data);
        QVERIFY((parsed.subject == pki::Subject{.commonName = "system:node:n1", .organizations = {"system:nodes"}}));
        QVERIFY(*parsed.key.der() == *key.publicKey().der());
        QVERIFY(!nodeClientRequest("n1", key, std::nullopt)->spec.expirationSeconds);
    }

    void itsNameIsThatOfTheKeyAndTheNode() {
        const auto key = *pki::PrivateKey::generate(), other = *pki::PrivateKey::generate();
        const std::string name = *requestName("n1", key);
        QVERIFY(QRegularExpression("^node-csr-[0-9a-f]{40}$").match(QString::fromStdString(name)).hasMatch());
        QCOMPARE(*requestName("n1", key), name);
        QVERIFY(*requestName("n2", key) != name);
        QVERIFY(*requestName("n1", other) != name);
        const auto first = *nodeClientRequest("n1", key, {}), again = *nodeClientRequest("n1", key, 600);
        QVERIFY(asksForTheSame(first, again));
        QVERIFY(!asksForTheSame(first, *nodeClientRequest("n1", other, {})));
        QVERIFY(!asksForTheSame(first, *nodeClientRequest("n2", key, {})));
        CertificateSigningRequest elsewhere = first;
        elsewhere.spec.signerName = "example.com/signer";
        QVERIFY(!asksForTheSame(first, elsewhere));
    }

    void anAnswerIsACertificateADenialOrStillToCome() {
        QVERIFY(!issuedCertificate(answered({}, ""))->has_value());
        QVERIFY(!issuedCertificate(answered({"Approved"}, ""))->has_value());
        QVERIFY(!issuedCertificate(answered({}, "pem"))->has_value());
        QCOMPARE(issuedCertificate(answered({"Approved"}, "pem"))->value(), std::string("pem"));
        const auto denied = issuedCertificate(answered({"Denied"}, ""));
        QCOMPARE(denied.error().reason, Reason::Forbidden);
        QCOMPARE(denied.error().message,
                 std::string("certificate signing request csr-1 is denied: Because: it is so"));
        QCOMPARE(issuedCertificate(answered({"Approved", "Failed"}, "")).error().reason, Reason::Invalid);
    }
};

QTEST_APPLESS_MAIN(ClientCertificateTest)
#include "client_certificate_test.moc"
