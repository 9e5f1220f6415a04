#include <QtTest>

#include "vmnodes/host/timestamp_counter.h"

using qd::host::timestampCounterKhz;

class TimestampCounterTest : public QObject {
    Q_OBJECT
private slots:
    void twoMeasurementsAgreeWithinAHundredPartsInAMillion() {
        const auto first = timestampCounterKhz();
        QVERIFY2(first, "this processor's counter does not tick steadily");
        const auto second = timestampCounterKhz();
        QVERIFY(second);
        QVERIFY2(*first > 100'000 && *first < 20'000'000, qPrintable(QString::number(*first)));
        const double difference = std::abs(static_cast<double>(*first) - static_cast<double>(*second));
        QVERIFY2(difference / static_cast<double>(*first) < 1e-4, qPrintable(QString("%1 %2").arg(*first).arg(*second)));
    }
};

QTEST_GUILESS_MAIN(TimestampCounterTest)
#include "timestamp_counter_test.moc"
