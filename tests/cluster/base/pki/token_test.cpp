#include "cluster/base/pki/token.h"

#include <QtTest>

#include "tests/cluster/base/pki/rsa_key.h"

using namespace qd;
using namespace qd::pki;

namespace {

const std::string kClaims = R"({"iss":"https://kubernetes.default.svc","sub":"system:serviceaccount:default:web"})";

PrivateKey keyOf(const QString& kind) {
    return kind == "RS256" ? tests::rsaKey() : PrivateKey::generate().value();
}

}  // namespace

class TokenTest : public QObject {
    Q_OBJECT
private slots:
    void aTokenVerifiesWithItsKeyOnly_data() {
        QTest::addColumn<QString>("algorithm");
        QTest::newRow("ES256") << "ES256";
        QTest::newRow("RS256") << "RS256";
    }
    void aTokenVerifiesWithItsKeyOnly() {
        QFETCH(QString, algorithm);
        const TokenSigner signer = TokenSigner::create(keyOf(algorithm)).value();
        const std::string token = signer.sign(kClaims).value();
        const auto verifier = TokenVerifier::create({PrivateKey::generate()->publicKey(), signer.publicKey()}).value();
        QCOMPARE(verifier.verify(token).value(), kClaims);
        const auto stranger = TokenVerifier::create({keyOf(algorithm).publicKey()}).value();
        QVERIFY(stranger.verify(token).error().reason == qd::Reason::Unauthorized);
        QVERIFY(QString::fromStdString(base64UrlDecode(token.substr(0, token.find('.'))).value()).contains(algorithm));
    }

    void eachChangedCharacterIsNoticed() {
        const TokenSigner signer = TokenSigner::create(PrivateKey::generate().value()).value();
        const auto verifier = TokenVerifier::create({signer.publicKey()}).value();
        const std::string token = signer.sign(kClaims).value();
        for (std::size_t i = 0; i < token.size(); ++i) {
            std::string changed = token;
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            QVERIFY2(!verifier.verify(changed).has_value(), changed.c_str());
        }
        QVERIFY(!verifier.verify(token + ".x").has_value());
        QVERIFY(!verifier.verify(token.substr(0, token.rfind('.') + 1)).has_value());
        QVERIFY(!verifier.verify("").has_value());
        QVERIFY(!verifier.verify("..").has_value());
    }

    void theTokenCannotChooseItsAlgorithm_data() {
        QTest::addColumn<QByteArray>("header");
        QTest::newRow("none") << QByteArray(R"({"alg":"none"})");
        QTest::newRow("symmetric") << QByteArray(R"({"alg":"HS256"})");
        QTest::newRow("the other one") << QByteArray(R"({"alg":"RS256"})");
        QTest::newRow("not text") << QByteArray(R"({"alg":7})");
        QTest::newRow("not an object") << QByteArray("[]");
    }
    void theTokenCannotChooseItsAlgorithm() {
        QFETCH(QByteArray, header);
        const TokenSigner signer = TokenSigner::create(PrivateKey::generate().value()).value();
        const auto verifier = TokenVerifier::create({signer.publicKey()}).value();
        const std::string token = signer.sign(kClaims).value();
        const std::string forged = base64UrlEncode(header.toStdString()) + token.substr(token.find('.'));
        QVERIFY(!verifier.verify(forged).has_value());
        QVERIFY(!verifier.verify(forged.substr(0, forged.rfind('.') + 1)).has_value());
    }

    void theKeySetNamesEveryKeyWithTheIdOfItsTokens() {
        const TokenSigner curve = TokenSigner::create(PrivateKey::generate().value()).value();
        const TokenSigner rsa = TokenSigner::create(tests::rsaKey()).value();
        const auto verifier = TokenVerifier::create({curve.publicKey(), rsa.publicKey()}).value();
        const QJsonObject document =
            QJsonDocument::fromJson(QByteArray::fromStdString(verifier.keySetDocument())).object();
        const QJsonArray keys = document["keys"].toArray();
        QCOMPARE(keys.size(), 2);
        QCOMPARE(keys[0]["kid"].toString().toStdString(), curve.keyId());
        QCOMPARE(keys[0]["x"].toString().size(), 43);
        QCOMPARE(keys[1]["kid"].toString().toStdString(), rsa.keyId());
        QCOMPARE(keys[1]["e"].toString(), QString("AQAB"));
    }

    void base64IsExact_data() {
        QTest::addColumn<QByteArray>("data");
        for (int length = 0; length < 9; ++length) {
            QByteArray data;
            for (int i = 0; i < length; ++i) data += static_cast<char>(0xf8 + 37 * i);
            QTest::addRow("%d bytes", length) << data;
        }
    }
    void base64IsExact() {
        QFETCH(QByteArray, data);
        const std::string text = base64Encode(data.toStdString());
        QCOMPARE(QByteArray::fromStdString(text), data.toBase64());
        QCOMPARE(QByteArray::fromStdString(base64Decode(text).value()), data);
        const std::string url = base64UrlEncode(data.toStdString());
        QCOMPARE(QByteArray::fromStdString(base64UrlDecode(url).value()), data);
    }

    void base64ThatIsNotExactIsRefused() {
        for (const char* text : {"A", "AA", "AA=", "AB==", "A===", "AAA\n", "====", "A=A="}) {
            QVERIFY2(!base64Decode(text).has_value(), text);
        }
    }
};

QTEST_APPLESS_MAIN(TokenTest)
#include "token_test.moc"
