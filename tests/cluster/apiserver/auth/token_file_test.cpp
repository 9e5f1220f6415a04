#include "cluster/apiserver/auth/token_file.h"

#include <QtTest>

using qd::apiserver::bearerToken;
using qd::apiserver::TokenFile;

class TokenFileTest : public QObject {
    Q_OBJECT
private slots:
    void aLineNamesAUserWithItsGroups() {
        const auto file = TokenFile::parse("t1,ann,7,\"devs,ops\"\n\n# nobody\nt2, bob ,8\r\n");
        QVERIFY(file.has_value());
        const auto ann = (*file)->identify("t1", {"here"}).value();
        QVERIFY(ann.has_value());
        QCOMPARE(ann->user.name, std::string("ann"));
        QCOMPARE(ann->user.uid, std::string("7"));
        QCOMPARE(ann->user.groups, (std::vector<std::string>{"devs", "ops"}));
        QCOMPARE(ann->audiences, std::vector<std::string>{"here"});
        QCOMPARE((*file)->identify("t2", {}).value()->user.name, std::string("bob"));
        QVERIFY(!(*file)->identify("t3", {}).value().has_value());
        QVERIFY(!(*file)->identify("", {}).value().has_value());
    }

    void aLineThatSaysTooLittleIsNamed() {
        const auto file = TokenFile::parse("t1,ann,7\nt2,bob\n");
        QVERIFY(!file.has_value());
        QCOMPARE(file.error().message, std::string("line 2: token, user name and user id are needed, 2 fields found"));
        QVERIFY(!TokenFile::parse(",ann,7\n").has_value());
    }

    void aFileThatIsNotThereIsAnError() {
        const auto file = TokenFile::load("/nonexistent/tokens.csv");
        QVERIFY(!file.has_value());
        QVERIFY(file.error().message.starts_with("the token file"));
    }

    void theTokenIsTheHeadersSecondWord_data() {
        QTest::addColumn<QByteArray>("header");
        QTest::addColumn<QByteArray>("token");
        QTest::newRow("usual") << QByteArray("Bearer abc") << QByteArray("abc");
        QTest::newRow("any case") << QByteArray("bEARER abc") << QByteArray("abc");
        QTest::newRow("spaces around") << QByteArray("  Bearer abc  ") << QByteArray("abc");
        QTest::newRow("another scheme") << QByteArray("Basic abc") << QByteArray();
        QTest::newRow("no token") << QByteArray("Bearer ") << QByteArray();
        QTest::newRow("empty") << QByteArray() << QByteArray();
    }
    void theTokenIsTheHeadersSecondWord() {
        QFETCH(const QByteArray, header);
        QFETCH(const QByteArray, token);
        QCOMPARE(bearerToken(header.toStdString()).value_or(""), token.toStdString());
    }
};

QTEST_APPLESS_MAIN(TokenFileTest)
#include "token_file_test.moc"
