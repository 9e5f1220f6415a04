#include "cluster/api/meta/cron_schedule.h"

#include <QtTest>

#include "cluster/api/meta/time.h"

using namespace qd;
using api::CronSchedule;

namespace {

base::WallTime at(const QString& text) {
    return api::Time::parse(text.toStdString()).value().wall();
}

QString textOf(const std::optional<base::WallTime>& time) {
    return time ? QString::fromStdString(api::Time(*time).toString()) : "never";
}

}  // namespace

class CronScheduleTest : public QObject {
    Q_OBJECT
private slots:
    void theNextTimeIsFound_data() {
        QTest::addColumn<QString>("schedule");
        QTest::addColumn<QString>("after");
        QTest::addColumn<QString>("next");
        QTest::newRow("each minute") << "* * * * *"
                                     << "2026-11-24T10:00:00Z"
                                     << "2026-11-24T10:01:00Z";
        QTest::newRow("a question mark is a star") << "0 0 ? * *"
                                                   << "2026-11-24T10:00:00Z"
                                                   << "2026-11-25T00:00:00Z";
        QTest::newRow("steps") << "*/15 * * * *"
                               << "2026-11-24T10:16:00Z"
                               << "2026-11-24T10:30:00Z";
        QTest::newRow("steps from a number") << "5/20 * * * *"
                                             << "2026-11-24T10:06:00Z"
                                             << "2026-11-24T10:25:00Z";
        QTest::newRow("ranges and lists") << "0 9-11,17 * * *"
                                          << "2026-11-24T11:30:00Z"
                                          << "2026-11-24T17:00:00Z";
        QTest::newRow("names") << "0 0 * feb mon"
                               << "2026-11-24T10:00:00Z"
                               << "2027-02-01T00:00:00Z";
        QTest::newRow("Sunday is 0") << "0 12 * * 0"
                                     << "2026-11-24T10:00:00Z"
                                     << "2026-11-29T12:00:00Z";
        QTest::newRow("day of month or of week") << "0 0 13 * fri"
                                                 << "2026-11-24T10:00:00Z"
                                                 << "2026-11-27T00:00:00Z";
        QTest::newRow("the 29th of February") << "0 0 29 2 *"
                                              << "2026-11-24T10:00:00Z"
                                              << "2028-02-29T00:00:00Z";
        QTest::newRow("the 31st of February") << "0 0 31 2 *"
                                              << "2026-11-24T10:00:00Z"
                                              << "never";
        QTest::newRow("daily") << "@daily"
                               << "2026-11-24T10:00:00Z"
                               << "2026-11-25T00:00:00Z";
        QTest::newRow("weekly") << "@weekly"
                                << "2026-11-24T10:00:00Z"
                                << "2026-11-29T00:00:00Z";
        QTest::newRow("yearly") << "@annually"
                                << "2026-11-24T10:00:00Z"
                                << "2027-01-01T00:00:00Z";
        QTest::newRow("every so often") << "@every 1h30m"
                                        << "2026-11-24T10:00:05Z"
                                        << "2026-11-24T11:30:05Z";
        QTest::newRow("another zone") << "TZ=Asia/Kolkata 0 6 * * *"
                                      << "2026-11-24T10:00:00Z"
                                      << "2026-11-25T00:30:00Z";
        QTest::newRow("an hour that is skipped") << "TZ=Europe/Berlin 30 2 * * *"
                                                 << "2026-03-28T12:00:00Z"
                                                 << "2026-03-30T00:30:00Z";
        QTest::newRow("an hour that comes twice, first") << "TZ=Europe/Berlin 30 2 * * *"
                                                         << "2026-10-24T12:00:00Z"
                                                         << "2026-10-25T00:30:00Z";
        QTest::newRow("and again") << "TZ=Europe/Berlin 30 2 * * *"
                                   << "2026-10-25T00:30:00Z"
                                   << "2026-10-25T01:30:00Z";
    }
    void theNextTimeIsFound() {
        QFETCH(QString, schedule);
        QFETCH(QString, after);
        const auto parsed = CronSchedule::parse(schedule.toStdString());
        QVERIFY2(parsed.has_value(), parsed ? "" : parsed.error().message.c_str());
        QTEST(textOf(parsed->next(at(after))), "next");
    }

    void whatIsNoScheduleIsToldAsUpstreamDoes_data() {
        QTest::addColumn<QString>("schedule");
        QTest::addColumn<QString>("message");
        QTest::newRow("nothing") << ""
                                 << "empty spec string";
        QTest::newRow("too few") << "* * *"
                                 << "expected exactly 5 fields, found 3: [* * *]";
        QTest::newRow("a word") << "x * * * *"
                                << "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax";
        QTest::newRow("too large") << "60 * * * *"
                                   << "end of range (60) above maximum (59): 60";
        QTest::newRow("too small") << "* * 0 * *"
                                   << "beginning of range (0) below minimum (1): 0";
        QTest::newRow("backwards") << "9-5 * * * *"
                                   << "beginning of range (9) beyond end of range (5): 9-5";
        QTest::newRow("hyphens") << "1-2-3 * * * *"
                                 << "too many hyphens: 1-2-3";
        QTest::newRow("slashes") << "*/2/3 * * * *"
                                 << "too many slashes: */2/3";
        QTest::newRow("no step") << "*/0 * * * *"
                                 << "step of range should be a positive number: */0";
        QTest::newRow("a strange name") << "@sometimes"
                                        << "unrecognized descriptor: @sometimes";
        QTest::newRow("a strange zone") << "TZ=Moon/Crater * * * * *"
                                        << "provided bad location Moon/Crater: unknown time zone Moon/Crater";
    }
    void whatIsNoScheduleIsToldAsUpstreamDoes() {
        QFETCH(QString, schedule);
        const auto parsed = CronSchedule::parse(schedule.toStdString());
        QVERIFY(!parsed);
        QTEST(QString::fromStdString(parsed.error().message), "message");
    }

    void zonesAreCheckedByName() {
        QVERIFY(api::checkTimeZone(""));
        QVERIFY(api::checkTimeZone("America/New_York"));
        QCOMPARE(api::checkTimeZone("a/b").error().message, std::string("unknown time zone a/b"));
        QCOMPARE(api::checkTimeZone("../etc/passwd").error().message, std::string("time: invalid location name"));
        QCOMPARE(api::timeInZone(at("2026-11-24T10:00:00Z"), "America/New_York"),
                 std::string("2026-11-24T05:00:00-05:00"));
        QCOMPARE(api::timeInZone(at("2026-11-24T10:00:00Z"), ""), std::string("2026-11-24T10:00:00Z"));
        QCOMPARE(api::rfc1123(at("2026-11-24T10:00:00Z")), std::string("Tue, 24 Nov 2026 10:00:00 +0000"));
    }
};

QTEST_GUILESS_MAIN(CronScheduleTest)
#include "cron_schedule_test.moc"
