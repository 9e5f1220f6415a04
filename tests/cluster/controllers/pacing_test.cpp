#include "cluster/controllers/runtime/pacing.h"

#include <QtTest>

using namespace qd::controllers;
using qd::base::Duration;
using namespace std::chrono_literals;

class PacingTest : public QObject {
    Q_OBJECT
private slots:
    void whatIsQuickDoesNotRest() {
        QCOMPARE(restAfter(0ms), Duration(0));
        QCOMPARE(restAfter(1ms), Duration(0));
    }
    void aLongSyncRestsFourTimesAsLong() { QCOMPARE(restAfter(5ms), Duration(20ms)); }
    void nobodyRestsLongerThanATenthOfASecond() {
        QCOMPARE(restAfter(25ms), Duration(100ms));
        QCOMPARE(restAfter(3s), Duration(100ms));
    }
};

QTEST_APPLESS_MAIN(PacingTest)
#include "pacing_test.moc"
