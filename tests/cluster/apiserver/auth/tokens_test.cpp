#include <QtTest>

#include "tests/cluster/apiserver/auth/auth_scene.h"

using namespace qd;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

constexpr const char* kAccount = R"({"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"robot","namespace":"shop","uid":"account-1"}})";
constexpr const char* kPod = R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","namespace":"shop","uid":"pod-1"},
    "spec":{"serviceAccountName":"robot","nodeName":"worker","containers":[{"name":"c","image":"i"}]}})";
constexpr const char* kNode = R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"worker","uid":"node-1"}})";
constexpr const char* kSecret = R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"key","namespace":"shop","uid":"secret-1"}})";
const std::string kRobot = "system:serviceaccount:shop:robot";

std::string decodedClaims(const std::string& token) {
    const auto begin = token.find('.') + 1;
    return *pki::base64UrlDecode(token.substr(begin, token.find('.', begin) - begin));
}

}  // namespace

class TokensTest : public QObject {
    Q_OBJECT

    std::unique_ptr<AuthScene> m_scene;

    Answer ask(const std::string& spec, const std::string& account = "robot") { return m_scene->requestToken(account, spec); }
    std::string tokenFor(const std::string& spec) { return ask(spec).text("/status/token"); }

private slots:
    void init() {
        m_scene = std::make_unique<AuthScene>();
        for (const char* object : {kAccount, kPod, kNode, kSecret}) m_scene->put(object);
    }

    void aTokenIsItsServiceAccounts() {
        const Answer answer = ask(R"({})");
        QCOMPARE(answer.code, 201);
        QCOMPARE(answer.text("/spec/expirationSeconds"), std::string("3600"));
        QCOMPARE(answer.text("/spec/audiences/0"), std::string("https://kubernetes.default.svc.cluster.local"));
        QCOMPARE(answer.text("/metadata/uid"), std::string("account-1"));
        const Answer self = m_scene->review(answer.text("/status/token"));
        QCOMPARE(self.text("/status/authenticated"), std::string("true"));
        QCOMPARE(self.text("/status/user/username"), kRobot);
        QCOMPARE(self.text("/status/user/uid"), std::string("account-1"));
        QCOMPARE(self.text("/status/user/groups"), std::string(R"(["system:serviceaccounts","system:serviceaccounts:shop","system:authenticated"])"));
        QCOMPARE(self.text("/status/audiences/0"), std::string("https://kubernetes.default.svc.cluster.local"));
    }

    void aTokenSaysWhatItIsBoundTo() {
        const auto claims = *api::parseJson(decodedClaims(m_scene->tokenBoundTo("Pod", "web")));
        const auto& own = claims.at("kubernetes.io");
        QCOMPARE(api::serializeJson(own.at("namespace")), std::string("\"shop\""));
        QCOMPARE(std::string(own.at("pod").at("uid").as_string()), std::string("pod-1"));
        QCOMPARE(std::string(own.at("node").at("name").as_string()), std::string("worker"));
        QCOMPARE(std::string(own.at("serviceaccount").at("name").as_string()), std::string("robot"));
        QCOMPARE(std::string(claims.at("sub").as_string()), kRobot);
        QCOMPARE(claims.at("exp").as_int64() - claims.at("iat").as_int64(), std::int64_t{3600});
        QVERIFY(!claims.at("jti").as_string().empty());
    }

    void anExpiredTokenIsNobodys() {
        const std::string token = tokenFor(R"({"expirationSeconds":600})");
        m_scene->executor.runFor(650s);
        QCOMPARE(m_scene->nameOf(token), kRobot);  // clocks may differ by a minute
        m_scene->executor.runFor(20s);
        QCOMPARE(m_scene->nameOf(token), std::string());
        QCOMPARE(m_scene->call("GET", "/api", token).code, 401);
    }

    void theTokenThatPodsGetIsHonouredForAYear() {
        const std::string spec = R"({"expirationSeconds":3607,"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"web"}})";
        const Answer answer = ask(spec);
        const auto claims = *api::parseJson(decodedClaims(answer.text("/status/token")));
        QCOMPARE(claims.at("exp").as_int64() - claims.at("iat").as_int64(), std::int64_t{365} * 86400);
        QCOMPARE(claims.at("kubernetes.io").at("warnafter").as_int64() - claims.at("iat").as_int64(), std::int64_t{3607});
        QCOMPARE(answer.text("/spec/expirationSeconds"), std::string("3607"));
    }

    void aTokenGoesWithWhatItIsBoundTo_data() {
        QTest::addColumn<QByteArray>("kind");
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("resource");
        QTest::newRow("Pod") << QByteArray("Pod") << QByteArray("web") << QByteArray("pods");
        QTest::newRow("Secret") << QByteArray("Secret") << QByteArray("key") << QByteArray("secrets");
        QTest::newRow("Node") << QByteArray("Node") << QByteArray("worker") << QByteArray("nodes");
        QTest::newRow("ServiceAccount") << QByteArray() << QByteArray("robot") << QByteArray("serviceaccounts");
    }
    void aTokenGoesWithWhatItIsBoundTo() {
        QFETCH(const QByteArray, kind);
        QFETCH(const QByteArray, name);
        QFETCH(const QByteArray, resource);
        const std::string token = kind.isEmpty() ? tokenFor("{}") : m_scene->tokenBoundTo(kind.constData(), name.constData());
        QCOMPARE(m_scene->nameOf(token), kRobot);
        m_scene->remove(resource.toStdString(), kind == "Node" ? "" : "shop", name.toStdString());
        QCOMPARE(m_scene->nameOf(token), std::string());
    }

    void aTokenIsNotItsSuccessors() {
        const std::string token = tokenFor("{}");
        m_scene->remove("serviceaccounts", "shop", "robot");
        m_scene->put(R"({"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"robot","namespace":"shop","uid":"account-2"}})");
        QCOMPARE(m_scene->nameOf(token), std::string());
    }

    void aTokenForOthersIsNotForUs() {
        const std::string token = tokenFor(R"({"audiences":["vault"]})");
        QCOMPARE(m_scene->call("GET", "/api", token).code, 401);
        const Answer review = m_scene->review(token, R"(["vault","x"])");
        QCOMPARE(review.text("/status/user/username"), kRobot);
        QCOMPARE(review.text("/status/audiences"), std::string(R"(["vault"])"));
    }

    void aForgedTokenIsNobodys() {
        std::string token = tokenFor("{}");
        token[token.size() - 5] = token[token.size() - 5] == 'A' ? 'B' : 'A';
        QCOMPARE(m_scene->nameOf(token), std::string());
        const auto other = *apiserver::ServiceAccountIssuer::create(*pki::PrivateKey::generate());
        const auto forged = *other.issue({.namespace_ = "shop", .account = {"robot", "account-1"}, .audiences = AuthScene::audiences(), .issued = m_scene->executor.clock().now(), .lifeSeconds = 600});
        QCOMPARE(m_scene->nameOf(forged), std::string());
    }

    void aTokenOfAnEllipticKeyIsGoodToo() {
        const auto issuer = *apiserver::ServiceAccountIssuer::create(*pki::PrivateKey::generate());
        const apiserver::ServiceAccountTokens source(issuer, m_scene->server->reader(), m_scene->executor.clock());
        const auto token = *issuer.issue({.namespace_ = "shop", .account = {"robot", "account-1"}, .audiences = {"a"}, .issued = m_scene->executor.clock().now(), .lifeSeconds = 600});
        const auto identity = source.identify(token, {"a"});
        QVERIFY(identity && *identity);
        QCOMPARE((*identity)->user.name, kRobot);
        QVERIFY(issuer.keySetDocument().find("ES256") != std::string::npos);
    }

    void aTokenInASecretIsGoodWhileTheSecretHasIt() {
        const std::string token = *apiserver::issueLegacyToken(m_scene->issuer, {.namespace_ = "shop", .secret = "legacy", .account = {"robot", "account-1"}});
        const auto put = [&](const std::string& value, bool again) {
            const std::string text = "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"legacy\",\"namespace\":\"shop\"},\"data\":{\"token\":\"" + pki::base64Encode(value) + "\"}}";
            again ? m_scene->replace(text) : m_scene->put(text);
        };
        QCOMPARE(m_scene->nameOf(token), std::string());
        put(token, false);
        QCOMPARE(m_scene->nameOf(token), kRobot);
        put("another", true);
        QCOMPARE(m_scene->review(token).text("/status/error"), std::string("[invalid bearer token, Token does not match server's copy]"));
        put(token, true);
        m_scene->remove("serviceaccounts", "shop", "robot");
        QCOMPARE(m_scene->nameOf(token), std::string());
    }

    void whatCannotBeIssuedIsRefused_data() {
        QTest::addColumn<QByteArray>("spec");
        QTest::addColumn<int>("code");
        QTest::addColumn<QByteArray>("message");
        QTest::newRow("too short") << QByteArray(R"({"expirationSeconds":10})") << 422
            << QByteArray("TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes");
        QTest::newRow("too long") << QByteArray(R"({"expirationSeconds":4294967297})") << 422
            << QByteArray("TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds");
        QTest::newRow("no such Pod") << QByteArray(R"({"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"absent"}})") << 404 << QByteArray("pods \"absent\" not found");
        QTest::newRow("no name") << QByteArray(R"({"boundObjectRef":{"kind":"Node"}})") << 400 << QByteArray("Name parameter required.");
        QTest::newRow("no such kind") << QByteArray(R"({"boundObjectRef":{"kind":"Deployment","apiVersion":"apps/v1","name":"d"}})") << 400
            << QByteArray("cannot bind token to object of type apps/v1, Kind=Deployment");
        QTest::newRow("another uid") << QByteArray(R"({"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"web","uid":"x"}})") << 409
            << QByteArray("Operation cannot be fulfilled on Pod \"web\": the UID in the bound object reference (x) does not match the UID in record. The object might have been deleted and then recreated");
    }
    void whatCannotBeIssuedIsRefused() {
        QFETCH(const QByteArray, spec);
        QFETCH(const int, code);
        QFETCH(const QByteArray, message);
        const Answer answer = ask(spec.toStdString());
        QCOMPARE(answer.code, code);
        QCOMPARE(QByteArray::fromStdString(answer.message()), message);
    }

    void aPodsTokenIsItsOwnAccounts() {
        m_scene->put(R"({"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"other","namespace":"shop"}})");
        const Answer answer = ask(R"({"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"web"}})", "other");
        QCOMPARE(answer.message(), std::string("cannot bind token for serviceaccount \"other\" to pod running with different serviceaccount name."));
        QCOMPARE(ask("{}", "nobody").message(), std::string("serviceaccounts \"nobody\" not found"));
    }

    void blanksAreNoToken() { QCOMPARE(m_scene->nameOf("  "), std::string("system:anonymous")); }

    void nonsenseIsRefused() {
        QCOMPARE(m_scene->call("GET", "/api", "nonsense").code, 401);
        const Answer review = m_scene->review("nonsense");
        QCOMPARE(review.code, 201);
        QCOMPARE(review.text("/status"), std::string(R"({"user":{},"error":"invalid bearer token"})"));
    }
};

QTEST_APPLESS_MAIN(TokensTest)
#include "tokens_test.moc"
