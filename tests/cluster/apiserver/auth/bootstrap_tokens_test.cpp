#include <QtTest>

#include "tests/cluster/apiserver/auth/auth_scene.h"

using namespace qd;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

// abcdef.0123456789abcdef
constexpr const char* kSecret =
    R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"bootstrap-token-abcdef","namespace":"kube-system","uid":"secret-1"},
    "type":"bootstrap.kubernetes.io/token","data":{"token-id":"YWJjZGVm","token-secret":"MDEyMzQ1Njc4OWFiY2RlZg==","usage-bootstrap-authentication":"dHJ1ZQ==",
    "auth-extra-groups":"c3lzdGVtOmJvb3RzdHJhcHBlcnM6c2hvcA=="}})";

}  // namespace

class BootstrapTokensTest : public QObject {
    Q_OBJECT

    std::unique_ptr<AuthScene> m_scene;

private slots:
    void init() {
        m_scene = std::make_unique<AuthScene>();
        m_scene->put(kSecret);
    }

    void aTokenIsABootstrapper() {
        const Answer self = m_scene->review("abcdef.0123456789abcdef");
        QCOMPARE(self.text("/status/authenticated"), std::string("true"));
        QCOMPARE(self.text("/status/user/username"), std::string("system:bootstrap:abcdef"));
        QCOMPARE(self.text("/status/user/groups"),
                 std::string(R"(["system:bootstrappers","system:bootstrappers:shop","system:authenticated"])"));
        QCOMPARE(self.text("/status/audiences/0"), std::string("https://kubernetes.default.svc.cluster.local"));
    }

    void othersAreNobody_data() {
        QTest::addColumn<QString>("token");
        QTest::newRow("another secret") << "abcdef.0123456789abcdee";
        QTest::newRow("another token") << "ghijkl.0123456789abcdef";
        QTest::newRow("no token") << "abcdef";
    }
    void othersAreNobody() {
        QFETCH(QString, token);
        const Answer self = m_scene->review(token.toStdString());
        QVERIFY(self.text("/status/authenticated") != "true");
    }
};

QTEST_APPLESS_MAIN(BootstrapTokensTest)
#include "bootstrap_tokens_test.moc"
