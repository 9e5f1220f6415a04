#include "cluster/control_plane/pki_folder.h"

#include <QtTest>

#include "cluster/apiserver/auth/service_account_tokens.h"
#include "cluster/base/pki/private_file.h"
#include "tests/cluster/base/pki/rsa_key.h"

using namespace qd;
using namespace std::chrono_literals;

namespace {

const base::WallTime kNow{std::chrono::seconds(1'767'225'600)};

std::string headerOf(const std::string& token) { return *pki::base64UrlDecode(token.substr(0, token.find('.'))); }

}  // namespace

class PkiFolderTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    control_plane::Pki open(base::WallTime now = kNow) {
        auto keys = control_plane::openPki(m_folder.path().toStdString(), {"127.0.0.1"}, {}, now);
        if (!keys) qFatal("%s", keys.error().message.c_str());
        return std::move(*keys);
    }
    std::filesystem::path file(const char* name) const { return std::filesystem::path(m_folder.path().toStdString()) / name; }

private slots:
    void init() {
        m_folder = QTemporaryDir();
        QVERIFY(m_folder.isValid());
    }

    void aNewClustersTokensAreSignedWithAnEllipticCurve() {
        const auto keys = open();
        const auto issuer = apiserver::ServiceAccountIssuer::create(keys.serviceAccountKey);
        QVERIFY(issuer.has_value());
        const auto token = issuer->issue({.namespace_ = "shop", .account = {"robot", "uid-1"}, .issued = kNow, .lifeSeconds = 600});
        QVERIFY(token.has_value());
        QVERIFY(QString::fromStdString(headerOf(*token)).contains("\"alg\":\"ES256\""));
        QVERIFY(QString::fromStdString(issuer->discoveryDocument("https://here")).contains("[\"ES256\"]"));
    }

    void theKeyOfTokensStaysTheSame() {
        const auto first = open().serviceAccountKey.pem();
        QCOMPARE(*open(kNow + std::chrono::days(100)).serviceAccountKey.pem(), *first);
    }

    void aKeyOfRsaThatIsThereGoesOnSigning() {
        const auto old = tests::rsaKey();
        QVERIFY(pki::writePrivateFile(file("sa.key"), *old.pem()).has_value());
        const auto before = apiserver::ServiceAccountIssuer::create(old)->issue({.namespace_ = "shop", .account = {"robot", "uid-1"}, .issued = kNow, .lifeSeconds = 600});
        const auto issuer = apiserver::ServiceAccountIssuer::create(open().serviceAccountKey);
        QVERIFY(issuer->verify(*before).has_value());
        QVERIFY(QString::fromStdString(issuer->discoveryDocument("https://here")).contains("[\"RS256\"]"));
        QVERIFY(QString::fromStdString(issuer->keySetDocument()).contains("\"kty\":\"RSA\""));
    }

    void certificatesAreKeptUntilTheyNearTheirEnd() {
        const std::string first = open().server.certificatePem;
        QCOMPARE(open(kNow + std::chrono::days(100)).server.certificatePem, first);
        QVERIFY(open(kNow + std::chrono::days(360)).server.certificatePem != first);
    }

    void nobodyElseReadsTheKeys() {
        open();
        for (const char* name : {"sa.key", "ca.key", "apiserver.key", "admin.key", "apiserver-kubelet-client.key"}) {
            QCOMPARE(std::filesystem::status(file(name)).permissions() & std::filesystem::perms(077), std::filesystem::perms::none);
        }
    }
};

QTEST_APPLESS_MAIN(PkiFolderTest)
#include "pki_folder_test.moc"
