#include <QtTest>

#include "cluster/controllers/certificates/csr_approving_controller.h"
#include "cluster/controllers/certificates/csr_cleaner_controller.h"
#include "cluster/controllers/certificates/csr_signing_controller.h"
#include "cluster/controllers/certificates/signing_rules.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;
using certificatesv1::CertificateSigningRequest;
using Strings = std::vector<std::string>;

namespace {

constexpr char kClient[] = "kubernetes.io/kube-apiserver-client";
constexpr char kNodeClient[] = "kubernetes.io/kube-apiserver-client-kubelet";
constexpr char kServing[] = "kubernetes.io/kubelet-serving";
const Strings kClientUsages = {"digital signature", "client auth"};

const pki::Subject kNode{.commonName = "system:node:n1", .organizations = {"system:nodes"}};

pki::SigningRequest parsed(const pki::Subject& subject) {
    return *pki::SigningRequest::parse(*pki::makeSigningRequest(subject, *pki::PrivateKey::generate()));
}

CertificateSigningRequest request(const pki::Subject& subject, const std::string& signer, const Strings& usages = kClientUsages, const std::string& user = "system:bootstrap:abcdef") {
    CertificateSigningRequest made;
    made.metadata.name = "csr-1";
    made.spec.request.data = *pki::makeSigningRequest(subject, *pki::PrivateKey::generate());
    made.spec.signerName = signer;
    made.spec.usages = usages;
    made.spec.username = user;
    made.spec.groups = {"system:bootstrappers"};
    return made;
}

CertificateSigningRequest answered(CertificateSigningRequest made, const char* type, base::WallTime at) {
    auto& condition = made.status.conditions.emplace_back();
    condition.type = type;
    condition.status = "True";
    condition.lastUpdateTime = api::Time(at);
    return made;
}

class Certificates : public Scene {
public:
    Certificates() : Certificates(std::make_shared<pki::Authority>(*pki::Authority::create("test-ca", {base::WallTime(), base::WallTime() + std::chrono::days(40'000)}))) {}
    explicit Certificates(std::shared_ptr<const pki::Authority> signer)
        : Scene({{.name = "approving", .alias = "csrapproving", .make = [](Context& context) { return std::make_unique<CsrApprovingController>(context); }},
                 {.name = "signing", .alias = "csrsigning", .make = [signer](Context& context) { return std::make_unique<CsrSigningController>(context, signer, 8760h); }},
                 {.name = "cleaner", .alias = "csrcleaner", .make = [](Context& context) { return std::make_unique<CsrCleanerController>(context); }}}),
          authority(std::move(signer)) {}

    std::shared_ptr<const CertificateSigningRequest> stored() const { return client.stored<CertificateSigningRequest>("", "csr-1"); }
    QString conditions() const {
        QStringList lines;
        for (const auto& condition : stored()->status.conditions) lines << QString::fromStdString(condition.type + " " + condition.reason + ": " + condition.message);
        return lines.join('\n');
    }
    std::optional<pki::Certificate> certificate() const {
        const auto& pem = stored()->status.certificate.data;
        if (pem.empty()) return std::nullopt;
        return *pki::Certificate::parse(pem);
    }
    base::WallTime now() { return executor.clock().now(); }

    const std::shared_ptr<const pki::Authority> authority;
};

}  // namespace

class CertificatesTest : public QObject {
    Q_OBJECT
private slots:
    void signersTakeWhatTheyAreFor_data() {
        QTest::addColumn<QString>("signer");
        QTest::addColumn<pki::Subject>("subject");
        QTest::addColumn<Strings>("usages");
        QTest::addColumn<QString>("problem");
        const Strings rsa = {"client auth", "digital signature", "key encipherment"};
        const Strings serving = {"digital signature", "server auth"};
        pki::Subject named = kNode;
        named.dnsNames = {"n1"};
        pki::Subject stranger = kNode;
        stranger.organizations = {"system:masters"};
        pki::Subject misnamed = kNode;
        misnamed.commonName = "n1";
        QTest::newRow("a client") << kClient << pki::Subject{.commonName = "jane"} << kClientUsages << "";
        QTest::newRow("a client with an RSA key") << kClient << pki::Subject{.commonName = "jane"} << rsa << "";
        QTest::newRow("a server as a client") << kClient << kNode << serving << "invalid usage for client certificate: server auth";
        QTest::newRow("a client for nothing") << kClient << kNode << Strings{"digital signature"} << "missing required usage for client certificate: client auth";
        QTest::newRow("a node") << kNodeClient << kNode << kClientUsages << "";
        QTest::newRow("a node with an RSA key") << kNodeClient << kNode << rsa << "";
        QTest::newRow("a node that wants more") << kNodeClient << kNode << Strings{"client auth", "server auth"} << "usages did not match [client auth digital signature key encipherment]";
        QTest::newRow("a node with names") << kNodeClient << named << kClientUsages << "DNS subjectAltNames are not allowed";
        QTest::newRow("of another group") << kNodeClient << stranger << kClientUsages << "subject organization is not system:nodes";
        QTest::newRow("of another name") << kNodeClient << misnamed << kClientUsages << "subject common name does not begin with system:node:";
        QTest::newRow("a node's server") << kServing << named << serving << "";
        QTest::newRow("a server without names") << kServing << kNode << serving << "DNS or IP subjectAltName is required";
        QTest::newRow("a server as a client") << kServing << named << kClientUsages << "usages did not match [digital signature key encipherment server auth]";
        QTest::newRow("anything") << "kubernetes.io/legacy-unknown" << misnamed << Strings{"code signing"} << "";
    }
    void signersTakeWhatTheyAreFor() {
        QFETCH(QString, signer);
        QFETCH(pki::Subject, subject);
        QFETCH(Strings, usages);
        QTEST(QString::fromStdString(signerProblem(signer.toStdString(), parsed(subject), usages)), "problem");
    }

    void aLifeIsWithinLimits_data() {
        QTest::addColumn<int>("asked");
        QTest::addColumn<int>("minutes");
        QTest::newRow("nothing asked for") << -1 << 8760 * 60 - 5;
        QTest::newRow("too short") << 60 << 10;
        QTest::newRow("an hour") << 3600 << 60;
        QTest::newRow("a day loses what it was backdated by") << 86'400 << 24 * 60 - 5;
        QTest::newRow("too long") << 2'000'000'000 << 8760 * 60 - 5;
    }
    void aLifeIsWithinLimits() {
        QFETCH(int, asked);
        const base::WallTime now{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
        const auto validity = validityFor(asked < 0 ? std::nullopt : std::optional(asked), 8760h, now);
        QVERIFY(validity.notBefore == now - 5min);
        QTEST(static_cast<int>(std::chrono::duration_cast<std::chrono::minutes>(validity.notAfter - now).count()), "minutes");
    }

    void aNodeIsApprovedAndSignedWhenItsUserMayHaveNodes() {
        Certificates scene;
        scene.client.allows = [](const auto& review) {
            return review.user == "system:bootstrap:abcdef" && review.groups == Strings{"system:bootstrappers"} && review.resourceAttributes->subresource == "nodeclient" &&
                   review.resourceAttributes->verb == "create" && review.resourceAttributes->group == "certificates.k8s.io";
        };
        scene.client.put(request(kNode, kNodeClient));
        scene.settle();
        QCOMPARE(scene.conditions(), QString("Approved AutoApproved: Auto approving kubelet client certificate after SubjectAccessReview."));
        QVERIFY(scene.certificate());
        QVERIFY(scene.certificate()->subject() == kNode);
        QVERIFY(scene.certificate()->signedBy(scene.authority->certificate()));
        QCOMPARE(joined(scene.client.takeWrites()), QString("update certificatesigningrequests/approval csr-1\nupdate certificatesigningrequests/status csr-1\n"));
    }

    void anAgentMayRenewItsOwn() {
        Certificates scene;
        scene.client.allows = [](const auto& review) { return review.resourceAttributes->subresource == "selfnodeclient"; };
        scene.client.put(request(kNode, kNodeClient, kClientUsages, "system:node:n1"));
        scene.settle();
        QCOMPARE(scene.conditions(), QString("Approved AutoApproved: Auto approving self kubelet client certificate after SubjectAccessReview."));
        QVERIFY(scene.certificate());
    }

    void anAgentMayNotHaveAnothers() {
        Certificates scene;
        scene.client.allows = [](const auto& review) { return review.resourceAttributes->subresource == "selfnodeclient"; };
        scene.client.put(request(kNode, kNodeClient, kClientUsages, "system:node:n2"));
        scene.runFor(30s);
        QCOMPARE(scene.conditions(), QString());
        QVERIFY(!scene.certificate());
    }

    void whatPeopleAskForWaitsForPeople() {
        Certificates scene;
        scene.client.allows = [](const auto&) { return true; };
        scene.client.put(request({.commonName = "jane"}, kClient));
        scene.settle();
        QCOMPARE(scene.conditions(), QString());
        scene.client.put(answered(*scene.stored(), "Approved", scene.now()));
        scene.settle();
        QVERIFY(scene.certificate());
        QCOMPARE(scene.certificate()->subject().commonName, std::string("jane"));
    }

    void aRequestThatDoesNotFitItsSignerFails() {
        Certificates scene;
        scene.client.put(answered(request({.commonName = "jane"}, kClient, {"server auth"}), "Approved", scene.now()));
        scene.settle();
        QVERIFY(!scene.certificate());
        QVERIFY(scene.conditions().endsWith("Failed SignerValidationFailure: invalid usage for client certificate: server auth"));
        scene.client.takeWrites();
        scene.runFor(60s);
        QVERIFY(scene.client.takeWrites().empty());
    }

    void othersSignersAndDeniedRequestsAreLeftAlone() {
        Certificates scene;
        scene.client.put(answered(request({.commonName = "jane"}, "example.com/mine"), "Approved", scene.now()));
        scene.settle();
        QVERIFY(!scene.certificate());
        auto denied = answered(request({.commonName = "jane"}, kClient), "Approved", scene.now());
        scene.client.put(answered(denied, "Denied", scene.now()));
        scene.settle();
        QVERIFY(!scene.certificate());
    }

    void failedWritesAreTriedAgain() {
        Certificates scene;
        scene.client.allows = [](const auto&) { return true; };
        int refusals = 4;
        scene.client.refuse = [&](const std::string& what) -> std::optional<Error> {
            if (!what.starts_with("update") || refusals-- <= 0) return std::nullopt;
            return Error{Reason::Conflict, "modified"};
        };
        scene.client.put(request(kNode, kNodeClient));
        scene.runFor(30s);
        QVERIFY(scene.certificate());
    }

    void requestsAreKeptForAWhile_data() {
        QTest::addColumn<QString>("condition");
        QTest::addColumn<bool>("issued");
        QTest::addColumn<int>("minutes");
        QTest::newRow("nobody answered") << "" << false << 24 * 60;
        QTest::newRow("denied") << "Denied" << false << 60;
        QTest::newRow("failed") << "Failed" << false << 60;
        QTest::newRow("issued") << "Approved" << true << 60;
        QTest::newRow("approved, and not signed") << "Approved" << false << -1;
    }
    void requestsAreKeptForAWhile() {
        QFETCH(QString, condition);
        QFETCH(bool, issued);
        QFETCH(int, minutes);
        Certificates scene;
        auto made = request({.commonName = "jane"}, "example.com/mine");
        made.metadata.creationTimestamp = api::Time(scene.now());
        if (!condition.isEmpty()) made = answered(made, qPrintable(condition), scene.now());
        if (issued) made.status.certificate.data = scene.authority->certificate().pem();
        scene.client.put(made);
        const auto length = std::chrono::minutes(minutes < 0 ? 48 * 60 : minutes);
        scene.runFor(length - 1min);
        QVERIFY(scene.stored());
        scene.runFor(2min);
        QCOMPARE(scene.stored() == nullptr, minutes > 0);
    }

    void aRequestGoesWithItsCertificatesLife() {
        Certificates scene;
        scene.settle();
        auto made = answered(request({.commonName = "jane"}, kClient), "Approved", scene.now());
        made.spec.expirationSeconds = 600;
        scene.client.put(made);
        scene.runFor(9min);
        QVERIFY(scene.certificate());
        scene.runFor(2min);
        QVERIFY(!scene.stored());
    }
};


QTEST_APPLESS_MAIN(CertificatesTest)
#include "certificates_test.moc"
