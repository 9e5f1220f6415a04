#include <QtTest>

#include "cluster/api/meta/quantity.h"
#include "cluster/api/meta/time.h"

using namespace qd::api;

class ValuesTest : public QObject {
    Q_OBJECT
private slots:
    void quantitiesAreWrittenAsKubernetesWritesThem_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("written");
        const auto row = [](const char* text, const char* written) { QTest::newRow(text) << text << written; };
        row("0", "0");
        row("0n", "0");
        row("0Mi", "0");
        row("1", "1");
        row("500m", "500m");
        row("0.5", "500m");
        row("1.5", "1500m");
        row("1000m", "1");
        row("1000", "1k");
        row("1024", "1024");
        row("1000k", "1M");
        row("1024k", "1024k");
        row("1024Ki", "1Mi");
        row("1500Mi", "1500Mi");
        row("1.5Gi", "1536Mi");
        row("0.5Gi", "512Mi");
        row("0.5Mi", "512Ki");
        row("512Ki", "512Ki");
        row("8Ki", "8Ki");
        row("1Ki", "1Ki");
        row("100Mi", "100Mi");
        row("1e3", "1e3");
        row("1E3", "1E3");  // short numbers stay as they were written
        row("12e6", "12e6");
        row("1500e3", "1500e3");
        row("1.500", "1.500");
        row("+5", "+5");
        row("005", "005");
        row("-5", "-5");
        row("-1.5Gi", "-1536Mi");
        row(".5", "500m");
        row("5.", "5.");
        row("0.0000000001", "1n");  // finer than a billionth rounds up
        row("1.0000000001", "1000000001n");
        row("0.1Ki", "102400m");
        row("1E", "1E");
        row("100E", "100E");
        row("9Ei", "9223372036854775807");
        row("1e-3", "1e-3");
        row("1e-9", "1e-9");
        row("123456789012345678901", "123456789012345678901");
    }
    void quantitiesAreWrittenAsKubernetesWritesThem() {
        QFETCH(QString, text);
        QFETCH(QString, written);
        const auto quantity = Quantity::parse(text.toStdString());
        QVERIFY2(quantity.has_value(), quantity ? "" : quantity.error().message.c_str());
        QCOMPARE(QString::fromStdString(quantity->toString()), written);
    }

    void whatIsNoQuantityIsRefused_data() {
        QTest::addColumn<QString>("text");
        for (const char* text :
             {"", "1.1.M", "1+1.0M", "0.1mi", "0.1am", "aoeu", ".5i", "1i", "-3.01i", "1Mu", "1 Mi", "1e", "0x10"}) {
            QTest::newRow(text) << text;
        }
    }
    void whatIsNoQuantityIsRefused() {
        QFETCH(QString, text);
        QVERIFY(!Quantity::parse(text.toStdString()));
    }

    void amountsAddAndCompareExactly() {
        QVERIFY(Quantity::of("1Gi") == Quantity::of("1024Mi"));
        QVERIFY(Quantity::of("1001m") > Quantity::of("1"));
        QCOMPARE((Quantity::of("200m") + Quantity::of("0.8")).toString(), std::string("1"));
        QCOMPARE((Quantity() + Quantity::of("512Mi") + Quantity::of("512Mi")).toString(), std::string("1Gi"));
        QCOMPARE((Quantity::of("1Gi") - Quantity::of("1Mi")).toString(), std::string("1023Mi"));
        QCOMPARE((Quantity::of("100m") * 3).toString(), std::string("300m"));
        QCOMPARE(Quantity::of("1500m").value(), 2);  // rounds up
        QCOMPARE(Quantity::of("0.0011").milliValue(), 2);
        QCOMPARE(Quantity(2048, Quantity::Format::BinarySI).toString(), std::string("2Ki"));
        QCOMPARE(Quantity(1000, Quantity::Format::BinarySI).toString(), std::string("1k"));  // below 1024 decimal
        QCOMPARE(Quantity::milli(1500).toString(), std::string("1500m"));
    }

    void timesReadAnyZoneAndWriteUtc() {
        QCOMPARE(Time::parse("2008-01-01T01:01:01Z")->toString(), std::string("2008-01-01T01:01:01Z"));
        QCOMPARE(Time::parse("2008-01-01T01:01:01.999+02:00")->toString(), std::string("2007-12-31T23:01:01Z"));
        QVERIFY(Time().isZero());
        QVERIFY(!Time::parse("2008-02-30T01:01:01Z"));
        QVERIFY(!Time::parse("yesterday"));
        QCOMPARE(Time::parse("yesterday").error().message,
                 std::string(
                     R"(parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006")"));
        QCOMPARE(MicroTime::parse("2008-01-01T01:01:01.000001Z")->toString(),
                 std::string("2008-01-01T01:01:01.000001Z"));
        QVERIFY(!MicroTime::parse("2008-01-01T01:01:01Z"));  // six digits are asked for
    }

    void durationsAreGos_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("written");
        const auto row = [](const char* text, const char* written) { QTest::newRow(text) << text << written; };
        row("0", "0s");
        row("1h2m3.5s", "1h2m3.5s");
        row("90m", "1h30m0s");
        row("1.5h", "1h30m0s");
        row("-2s", "-2s");
        row("100ms", "100ms");
        row("1us", "1\xc2\xb5s");
        row("5ns", "5ns");
        row("1m0.000000001s", "1m0.000000001s");
    }
    void durationsAreGos() {
        QFETCH(QString, text);
        QFETCH(QString, written);
        const auto duration = Duration::parse(text.toStdString());
        QVERIFY(duration.has_value());
        QCOMPARE(QString::fromStdString(duration->toString()), written);
    }

    void whatIsNoDurationIsRefused() {
        for (const char* text : {"", "1", "s", "1x", "3000000h", "1..5s"}) QVERIFY(!Duration::parse(text));
    }
};

QTEST_APPLESS_MAIN(ValuesTest)
#include "values_test.moc"
