#include "cluster/base/http/message.h"

#include <QtTest>

using namespace qd::http;

class MessageTest : public QObject {
    Q_OBJECT
private slots:
    void headerNamesCompareWithoutRegardToCase() {
        Headers headers{{"Content-Type", "application/json"}, {"accept", "a"}, {"Accept", "b"}};
        QCOMPARE(headers.get("content-type"), std::string_view("application/json"));
        QCOMPARE(headers.all("ACCEPT").size(), 2U);
        headers.set("aCCEPT", "c");
        QCOMPARE(headers.all("Accept"), std::vector<std::string_view>{"c"});
        QVERIFY(headers.find("Content-Typ") == nullptr);
    }

    void aTokenIsFoundInAnyFieldOfTheList() {
        const Headers headers{{"Connection", "keep-alive,  Upgrade"}, {"Connection", "x"}};
        QVERIFY(headers.hasToken("connection", "upgrade"));
        QVERIFY(headers.hasToken("connection", "X"));
        QVERIFY(!headers.hasToken("connection", "keep"));
    }

    void queriesAreParsedAsGoParsesThem_data() {
        QTest::addColumn<QString>("raw");
        QTest::addColumn<QString>("encodedAgain");
        QTest::newRow("empty") << ""
                               << "";
        QTest::newRow("order and repeats kept") << "command=sh&stdin=1&command=-c"
                                                << "command=sh&stdin=1&command=-c";
        QTest::newRow("plus is a space") << "a=b+c%20d"
                                         << "a=b+c+d";
        QTest::newRow("no value") << "watch&x="
                                  << "watch=&x=";
        QTest::newRow("broken escape is left out") << "a=%zz&b=1&c=%4"
                                                   << "b=1";
        QTest::newRow("semicolon is left out") << "a=1;b=2&c=3"
                                               << "c=3";
        QTest::newRow("selector") << "labelSelector=app%3Dweb%2Ctier+in+%28a%2Cb%29"
                                  << "labelSelector=app%3Dweb%2Ctier+in+%28a%2Cb%29";
        QTest::newRow("equals in the value") << "fieldSelector=metadata.name=x"
                                             << "fieldSelector=metadata.name%3Dx";
        QTest::newRow("empty pairs") << "&&a=1&"
                                     << "a=1";
    }
    void queriesAreParsedAsGoParsesThem() {
        QFETCH(QString, raw);
        QFETCH(QString, encodedAgain);
        QCOMPARE(QString::fromStdString(Query::parse(raw.toStdString()).encoded()), encodedAgain);
    }

    void pathsAreDecodedOnceAndBrokenOnesRefused() {
        QCOMPARE(decodePath("/a%20b/c+d").value(), std::string("/a b/c+d"));
        QVERIFY(!decodePath("/a%2").has_value());
        QVERIFY(!decodePath("/%G0").has_value());
        QCOMPARE(encodePathSegment("system:node/a b"), std::string("system:node%2Fa%20b"));
    }
};

QTEST_APPLESS_MAIN(MessageTest)
#include "message_test.moc"
