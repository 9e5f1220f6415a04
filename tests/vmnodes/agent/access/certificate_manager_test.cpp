// The certificate's whole life over an API server in memory and a clock that jumps. The test is the signer.
#include "vmnodes/agent/access/certificate_manager.h"

#include <QTemporaryDir>
#include <QtTest>

#include "cluster/api/types/certificates_v1.h"
#include "cluster/base/pki/private_file.h"
#include "cluster/base/pki/request_signing.h"
#include "cluster/client/typed.h"
#include "tests/support/fake_client.h"
#include "vmnodes/agent/access/client_certificate.h"

using namespace qd;
using namespace qd::agent;
using namespace std::chrono_literals;
using certificatesv1::CertificateSigningRequest;

namespace {

constexpr base::Duration kLife = 10h;

class Node {
public:
    Node() {
        client.whoAmI = [] { return Result<std::string>("system:node:n1"); };
        start();
    }

    // As when the agent, or its machine, is started again.
    void start() {
        manager.reset();
        manager = std::make_unique<CertificateManager>(
            executor, random,
            CertificateManager::Options{.nodeName = "n1", .folder = folder.filePath("pki").toStdString()}, client,
            hasToken ? &client : nullptr, [this](const pki::Identity& now) { shown.push_back(now); });
        manager->start();
        executor.runReady();
    }
    // Approves and signs what waits for it; how many that were.
    int sign(base::Duration life = kLife) {
        int signedNow = 0;
        for (const auto& request : client.all<CertificateSigningRequest>()) {
            if (!request->status.conditions.empty()) continue;
            answer(*request, "Approved",
                   pki::signRequest(authority, request->spec.request.data, request->spec.usages,
                                    {executor.clock().now(), executor.clock().now() + life})
                       ->pem());
            ++signedNow;
        }
        return signedNow;
    }
    void answer(CertificateSigningRequest request, const char* type, const std::string& certificate = {}) {
        auto& condition = request.status.conditions.emplace_back();
        condition.type = type;
        condition.status = "True";
        request.status.certificate.data = certificate;
        client.put(request);
    }
    // Joins, and forgets what was said meanwhile.
    void join() {
        QCOMPARE(sign(), 1);
        executor.runFor(5s);
        QVERIFY(manager->hasCertificate());
        client.takeWrites();
    }
    QStringList writes() {
        QStringList lines;
        for (const std::string& line : client.takeWrites()) lines << QString::fromStdString(line);
        return lines;
    }
    std::vector<std::shared_ptr<const CertificateSigningRequest>> requests() const {
        return client.all<CertificateSigningRequest>();
    }
    // Of the certificate on disk.
    std::string stored() const {
        const auto read = readClientCertificate(folder.filePath("pki/kubelet-client-current.pem").toStdString(), "n1");
        return read ? read->certificate.sha256() : read.error().message;
    }
    std::string lastShown() const { return pki::Certificate::parse(shown.back().certificatePem)->sha256(); }

    QTemporaryDir folder;
    base::SimulatedExecutor executor{1};
    base::Random random{7};
    tests::FakeClient client{executor};
    const pki::Authority authority =
        *pki::Authority::create("test-ca", {executor.clock().now() - 1h, executor.clock().now() + 24h * 4000});
    bool hasToken = true;
    std::vector<pki::Identity> shown;
    std::unique_ptr<CertificateManager> manager;
};

}  // namespace

class CertificateManagerTest : public QObject {
    Q_OBJECT
private slots:
    void aNewNodeAsksWithItsTokenAndKeepsWhatItGets() {
        Node node;
        QVERIFY(!node.manager->hasCertificate());
        QCOMPARE(node.requests().size(), 1U);
        QVERIFY(node.requests()[0]->metadata.name.starts_with("node-csr-"));
        node.join();
        QCOMPARE(node.shown.size(), 1U);
        QCOMPARE(node.stored(), node.lastShown());
        QVERIFY(!QFile::exists(node.folder.filePath("pki/kubelet-client.key.tmp")));
        node.executor.runFor(kLife / 2);
        QCOMPARE(node.writes(), QStringList());
    }

    void aStartedAgainNodeUsesWhatItHas() {
        Node node;
        node.join();
        const std::string before = node.lastShown();
        node.start();
        QVERIFY(node.manager->hasCertificate());
        QCOMPARE(node.shown.size(), 2U);
        QCOMPARE(node.lastShown(), before);
        node.executor.runFor(1h);
        QCOMPARE(node.writes(), QStringList());
    }

    void oneThatIsStartedAgainBeforeTheAnswerWaitsForTheSameRequest() {
        Node node;
        node.start();
        node.executor.runFor(1min);
        QCOMPARE(node.requests().size(), 1U);
        node.join();
        QCOMPARE(node.stored(), node.lastShown());
    }

    void itRenewsAsTheNodeThatItIsAfterSeventyToNinetyPercent() {
        Node node;
        const base::SteadyTime began = node.executor.clock().steady();
        node.join();
        const std::string first = node.lastShown();
        for (int round = 1; round <= 3; ++round) {
            const auto asked = static_cast<std::size_t>(round) + 1;
            QVERIFY(node.executor.runUntil([&] { return node.requests().size() == asked; }, kLife));
            const auto age = node.executor.clock().steady() - began;
            QVERIFY2(age >= round * kLife * 7 / 10 && age <= round * (kLife * 9 / 10 + 2min),
                     qPrintable(QString::number(age.count())));
            QVERIFY(node.writes().value(0).startsWith("create certificatesigningrequests csr-"));
            QVERIFY(node.manager->hasCertificate());  // the old one, still
            QCOMPARE(node.sign(), 1);
            node.executor.runFor(10s);
        }
        QCOMPARE(node.shown.size(), 4U);
        QVERIFY(node.lastShown() != first);
        QCOMPARE(node.stored(), node.lastShown());
        QVERIFY(node.shown[0].keyPem != node.shown[1].keyPem);
    }

    void aSuspendedMachineNoticesThatTimeHasPassed() {
        Node node;
        node.join();
        node.executor.simulatedClock().stepWall(kLife * 95 / 100);
        node.executor.runFor(61s);
        QCOMPARE(node.writes().size(), 1);
        QCOMPARE(node.sign(), 1);
        node.executor.runFor(10s);
        QCOMPARE(node.shown.size(), 2U);
    }

    void aCertificateThatHasEndedIsReplacedByToken() {
        Node node;
        node.join();
        node.executor.simulatedClock().stepWall(kLife + 1h);
        QVERIFY(!node.manager->hasCertificate());
        node.start();
        QVERIFY(!node.manager->hasCertificate());
        QVERIFY(node.writes().value(0).startsWith("create certificatesigningrequests node-csr-"));
        QCOMPARE(node.sign(), 1);
        node.executor.runFor(10s);
        QVERIFY(node.manager->hasCertificate());
        QCOMPARE(node.stored(), node.lastShown());
    }

    void aCertificateThatTheServerDoesNotTakeIsReplacedByToken_data() {
        QTest::addColumn<bool>("anonymous");
        QTest::newRow("it is refused") << false;
        QTest::newRow("it is that of somebody else") << true;
    }
    void aCertificateThatTheServerDoesNotTakeIsReplacedByToken() {
        QFETCH(bool, anonymous);
        Node node;
        node.join();
        node.client.whoAmI = [anonymous]() -> Result<std::string> {
            if (anonymous) return "system:anonymous";
            return fail(Reason::Unauthorized, "Unauthorized");
        };
        node.start();
        QVERIFY(node.writes().value(0).startsWith("create certificatesigningrequests node-csr-"));
        QVERIFY(!node.manager->hasCertificate());
        node.client.whoAmI = [] { return Result<std::string>("system:node:n1"); };
        QCOMPARE(node.sign(), 1);
        node.executor.runFor(10s);
        QVERIFY(node.manager->hasCertificate());
    }

    void aServerThatIsAwayAtTheStartIsAskedLater() {
        Node node;
        node.join();
        bool away = true;
        int asked = 0;
        node.client.whoAmI = [&]() -> Result<std::string> {
            ++asked;
            if (away) return fail(Reason::ServiceUnavailable, "connection refused");
            return "system:node:n1";
        };
        node.start();
        node.executor.runFor(30s);
        QVERIFY(node.manager->hasCertificate());
        QVERIFY(asked >= 2 && asked <= 5);
        away = false;
        node.executor.runFor(20s);
        asked = 0;
        node.executor.runFor(1h);
        QCOMPARE(asked, 0);
        QCOMPARE(node.writes(), QStringList());
    }

    void whatFailsIsTriedAgainAtMostHalfAMinuteLater() {
        Node node;
        node.join();
        int asked = 0;
        node.client.refuse = [&](const std::string&) -> std::optional<Error> {
            ++asked;
            return Error{Reason::ServiceUnavailable, "connection refused"};
        };
        node.executor.runFor(kLife * 9 / 10 + 5min);
        asked = 0;
        node.executor.runFor(10min);
        QVERIFY2(asked >= 17 && asked <= 19, qPrintable(QString::number(asked)));
        node.client.refuse = nullptr;
        node.executor.runFor(36s);
        QCOMPARE(node.sign(), 1);
        node.executor.runFor(10s);
        QCOMPARE(node.stored(), node.lastShown());
        QCOMPARE(node.shown.size(), 2U);
    }

    void aServerThatForgotTheNodeIsAskedByToken() {
        Node node;
        node.join();
        node.client.refuse = [](const std::string& line) -> std::optional<Error> {
            if (line.starts_with("create certificatesigningrequests csr-"))
                return Error{Reason::Unauthorized, "Unauthorized"};
            return std::nullopt;
        };
        node.executor.runFor(kLife * 9 / 10 + 1min);
        QVERIFY(node.requests().back()->metadata.name.starts_with("node-csr-"));
        QCOMPARE(node.sign(), 1);
        node.executor.runFor(10s);
        QCOMPARE(node.shown.size(), 2U);
    }

    void aDenialIsTakenForAnAnswer() {
        Node node;
        node.answer(*node.requests()[0], "Denied");
        node.executor.runFor(10min);
        QVERIFY(!node.manager->hasCertificate());
        QCOMPARE(node.requests().size(), 1U);
        // The cleaner takes it away after an hour: the node asks once more.
        node.client.erase(client::resourceOf<CertificateSigningRequest>(), "", node.requests()[0]->metadata.name);
        node.executor.runFor(1min);
        node.join();
    }

    void aRenewalThatNobodyAnswersIsAskedAgain() {
        Node node;
        node.join();
        QVERIFY(node.executor.runUntil([&] { return node.requests().size() == 2; }, kLife));
        node.executor.runFor(14min);
        QCOMPARE(node.requests().size(), 2U);
        node.executor.runFor(2min);
        QCOMPARE(node.requests().size(), 3U);
    }

    void aCertificateForAnotherKeyIsNotTaken() {
        Node node;
        const auto now = node.executor.clock().now();
        const auto stranger = node.authority.issueClient(nodeSubject("n1"), {now, now + kLife});
        node.answer(*node.requests()[0], "Approved", stranger->certificatePem);
        node.executor.runFor(10s);
        QVERIFY(!node.manager->hasCertificate());
        QVERIFY(node.shown.empty());
        QCOMPARE(node.requests().size(), 2U);  // with another key
        node.join();
    }

    void aBrokenFileIsAskedToBeReplaced() {
        Node node;
        node.join();
        const auto file = node.folder.filePath("pki/kubelet-client-current.pem").toStdString();
        QVERIFY(pki::writePrivateFile(file, "-----BEGIN").has_value());
        node.start();
        QVERIFY(!node.manager->hasCertificate());
        node.join();
        QCOMPARE(node.stored(), node.lastShown());
    }

    void withoutATokenANodeThatHasNothingStaysOutside() {
        Node node;
        node.join();
        node.hasToken = false;
        node.start();
        QVERIFY(node.manager->hasCertificate());  // renewals need no token
        node.executor.simulatedClock().stepWall(kLife);
        node.executor.runFor(10min);
        QVERIFY(!node.manager->hasCertificate());
        QCOMPARE(node.writes(), QStringList());
    }
};

QTEST_GUILESS_MAIN(CertificateManagerTest)
#include "certificate_manager_test.moc"
