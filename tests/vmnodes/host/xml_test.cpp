#include "vmnodes/host/xml.h"

#include <QtTest>

using namespace qd::host;

class XmlTest : public QObject {
    Q_OBJECT
private slots:
    void markupInValuesIsEscapedAndReadBackUnchanged() {
        const std::string nasty = "a<b>&\"c\"'d' ]]> <!-- \xc3\xbc";
        const auto text = Xml("domain").attr("title", nasty).child(Xml("name", nasty)).toString();
        QVERIFY(text);
        QVERIFY(text->find("<b>") == text->npos);
        const auto document = XmlDocument::parse(*text);
        QVERIFY(document);
        QCOMPARE(document->first("/domain/name"), nasty);
        QCOMPARE(document->first("/domain/@title"), nasty);
    }

    void aCharacterThatXmlCannotHoldIsRefusedWithItsPlace_data() {
        QTest::addColumn<QByteArray>("value");
        QTest::newRow("a control character") << QByteArray("a\x01z");
        QTest::newRow("a NUL") << QByteArray("a\0z", 3);
        QTest::newRow("bytes that are not UTF-8") << QByteArray("a\xff\xfe");
        QTest::newRow("a non-character") << QByteArray("a\xef\xbf\xbf");
    }
    void aCharacterThatXmlCannotHoldIsRefusedWithItsPlace() {
        QFETCH(QByteArray, value);
        const auto text = Xml("a").child(Xml("cmdline", value.toStdString())).toString();
        QVERIFY(!text);
        QVERIFY(text.error().reason == qd::Reason::Invalid);
        QVERIFY(text.error().message.find("<cmdline>") != std::string::npos);
    }

    void numbersAndNestingAreWrittenInOrder() {
        Xml disk("disk");
        disk.add(Xml("size", 12));
        disk.add(Xml("address")).add(Xml("slot").attr("index", 3));
        QCOMPARE(disk.toString().value(),
                 "<disk>\n <size>12</size>\n <address>\n  <slot index=\"3\"/>\n </address>\n</disk>\n");
    }

    void metadataIsFoundByItsNamespaceWhateverItsPrefix() {
        const auto document = XmlDocument::parse(
            "<domain><metadata><q:cluster xmlns:q='https://quarterdeck.dev/xmlns/libvirt/1' uuid='u1'/>"
            "<x:cluster xmlns:x='https://example.com/' uuid='u2'/></metadata></domain>");
        QVERIFY(document);
        QCOMPARE(document->all("/domain/metadata/quarterdeck:cluster/@uuid"), std::vector<std::string>{"u1"});
        QVERIFY(!document->first("/domain/nothing"));
    }

    void brokenXmlIsAnError() {
        QVERIFY(!XmlDocument::parse("<domain><name></domain>"));
        QVERIFY(!XmlDocument::parse(""));
    }
};

QTEST_APPLESS_MAIN(XmlTest)
#include "xml_test.moc"
