#include "vmnodes/agent/logs/cri_log.h"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

using namespace qd::agent::logs;
using qd::base::WallTime;

class CriLogTest : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        m_path = m_folder->filePath("0.log").toStdString();
        m_running = false;
        write(
            "2026-01-01T00:00:01.000000001Z stdout F one\n"
            "2026-01-01T00:00:02.5Z stderr F two\n"
            "2026-01-01T00:00:03Z stdout P thr\n"
            "2026-01-01T00:00:03Z stdout F ee\n"
            "2026-01-01T00:00:04Z stdout F \n"
            "2026-01-01T00:00:05Z stdout F five\n");
    }

    void whatTheOptionsAskForIsGiven_data() {
        QTest::addColumn<int>("tail");
        QTest::addColumn<int>("limit");
        QTest::addColumn<int>("since");
        QTest::addColumn<bool>("timestamps");
        QTest::addColumn<QString>("stream");
        QTest::addColumn<QString>("text");
        QTest::newRow("all") << -1 << -1 << 0 << false << ""
                             << "one\ntwo\nthree\n\nfive\n";
        QTest::newRow("last two") << 2 << -1 << 0 << false << ""
                                  << "\nfive\n";
        QTest::newRow("none") << 0 << -1 << 0 << false << ""
                              << "";
        QTest::newRow("more than there are") << 100 << -1 << 0 << false << ""
                                             << "one\ntwo\nthree\n\nfive\n";
        QTest::newRow("limit") << -1 << 6 << 0 << false << ""
                               << "one\ntw";
        QTest::newRow("since") << -1 << -1 << 4 << false << ""
                               << "\nfive\n";
        QTest::newRow("stderr") << -1 << -1 << 0 << false << "Stderr"
                                << "two\n";
        QTest::newRow("timestamps") << 1 << -1 << 0 << true << ""
                                    << "2026-01-01T00:00:05Z five\n";
    }
    void whatTheOptionsAskForIsGiven() {
        QFETCH(int, tail);
        QFETCH(int, limit);
        QFETCH(int, since);
        QFETCH(bool, timestamps);
        QFETCH(QString, stream);
        QFETCH(QString, text);
        LogOptions options;
        options.timestamps = timestamps;
        options.stream = stream.toStdString();
        if (tail >= 0) options.tailLines = tail;
        if (limit >= 0) options.limitBytes = limit;
        if (since > 0) options.since = *parseTime("2026-01-01T00:00:00Z") + std::chrono::seconds(since);
        QCOMPARE(QString::fromStdString(readAll(options)), text);
    }

    void followingEndsWhenTheContainerHasEndedAndAllIsRead() {
        m_running = true;
        LogOptions options;
        options.follow = true;
        options.tailLines = 1;
        auto reader = LogReader::open(m_path, options, [this] { return m_running; });
        std::string out;
        QVERIFY(reader->next(out) == LogReader::State::More);
        QVERIFY(reader->next(out) == LogReader::State::Waiting);
        write("2026-01-01T00:00:06Z stdout F si");
        QVERIFY(reader->next(out) == LogReader::State::More);
        QCOMPARE(out, std::string("five\n"));  // half a line is not shown
        m_running = false;
        write("x\n");
        QVERIFY(reader->next(out) == LogReader::State::More);
        QVERIFY(reader->next(out) == LogReader::State::End);
        QCOMPARE(out, std::string("five\nsix\n"));
    }

    void followingGoesOnInTheNewFileAfterARotation() {
        m_running = true;
        LogOptions options;
        options.follow = true;
        auto reader = LogReader::open(m_path, options, [this] { return m_running; });
        std::string out;
        while (reader->next(out) == LogReader::State::More) {
        }
        QVERIFY(*rotateIfLarge(m_path, 10, 3, *parseTime("2026-01-01T00:01:00Z")));
        write("2026-01-01T00:01:01Z stdout F new\n");
        out.clear();
        while (reader->next(out) == LogReader::State::More) {
        }
        QCOMPARE(out, std::string("new\n"));
    }

    void rotationKeepsAsManyFilesAsItMay() {
        QVERIFY(!*rotateIfLarge(m_path, 1 << 20, 3, {}));
        for (int minute = 1; minute <= 5; ++minute) {
            write("2026-01-01T00:00:01Z stdout F something long enough\n");
            QVERIFY(*rotateIfLarge(m_path, 10, 3, *parseTime("2026-01-01T00:00:00Z") + std::chrono::minutes(minute)));
        }
        QCOMPARE(QDir(m_folder->path()).entryList({"0.log.*"}).size(), 2);
        QVERIFY(QFile::exists(m_folder->filePath("0.log.20260101-000500")));
    }

    void timesAreRead() {
        QVERIFY(*parseTime("2026-01-01T02:00:00+02:00") == *parseTime("2026-01-01T00:00:00Z"));
        QCOMPARE((*parseTime("2026-01-01T00:00:00.123456789Z")).time_since_epoch().count() % 1'000'000, 123'456);
        QVERIFY(!parseTime("yesterday"));
        QVERIFY(!parseEntry("no such line"));
    }

    void aLogThatIsNotThereIsAnError() {
        QVERIFY(LogReader::open(m_path + ".no", {}, [] { return false; }).error().reason == qd::Reason::NotFound);
    }

private:
    void write(const char* text) { std::ofstream(m_path, std::ios::app) << text; }
    std::string readAll(const LogOptions& options) {
        auto reader = LogReader::open(m_path, options, [this] { return m_running; });
        std::string out;
        while (reader->next(out) == LogReader::State::More) {
        }
        return out;
    }
    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_path;
    bool m_running = false;
};

QTEST_APPLESS_MAIN(CriLogTest)
#include "cri_log_test.moc"
