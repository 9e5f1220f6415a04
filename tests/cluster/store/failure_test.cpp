// A disk that fails: what fails, what stays, and how it goes on.
#include <sqlite3.h>

#include <QtTest>
#include <latch>

#include "tests/cluster/store/failing_vfs.h"
#include "tests/cluster/store/test_objects.h"

using namespace qd::store;
using namespace qd::store::test;

namespace {

class FailureTest : public QObject {
    Q_OBJECT
    FailingVfs& m_disk = FailingVfs::instance();

    static Options options() { return {.file = {}, .vfs = "failing"}; }

private slots:
    void cleanup() {
        m_disk.writeCode = SQLITE_OK;
        m_disk.syncCode = SQLITE_OK;
        m_disk.readCode = SQLITE_OK;
    }

    void aFailedCommitFailsItsTicketsAndChangesNothing_data() {
        QTest::addColumn<int>("writeCode");
        QTest::addColumn<int>("syncCode");
        QTest::addColumn<QString>("says");
        QTest::newRow("disk full") << SQLITE_FULL << SQLITE_OK << "no space left";
        QTest::newRow("write error") << SQLITE_IOERR_WRITE << SQLITE_OK << "the disk refused";
        QTest::newRow("sync error") << SQLITE_OK << SQLITE_IOERR_FSYNC << "the disk refused";
    }
    void aFailedCommitFailsItsTicketsAndChangesNothing() {
        QFETCH(int, writeCode);
        QFETCH(int, syncCode);
        QFETCH(QString, says);
        Fixture fixture(options());
        Store& store = *fixture.store;
        written(store, create(key("a"), "one"));
        auto watch = std::make_unique<Watch>(*store.watch("notes", {}, store.committed()));
        m_disk.writeCode = writeCode;
        m_disk.syncCode = syncCode;
        const SubmitResult changed = store.submit(update(key("a"), "two"));
        QVERIFY(changed);
        const qd::Result<void> done = changed->ticket.wait();
        QVERIFY(!done);
        QCOMPARE(done.error().reason, qd::Reason::ServiceUnavailable);
        QVERIFY2(QString::fromStdString(done.error().message).contains(says), done.error().message.c_str());
        QVERIFY(QString::fromStdString(done.error().message).contains("cluster.db"));
        QVERIFY(!store.health());
        QCOMPARE(textOf(*store.get(key("a"))), "one");
        QCOMPARE(textOf(store.latest(key("a"))->entry), "one");
        QVERIFY(watch->poll()->empty());

        cleanup();
        const EntryPtr next = written(store, update(key("a"), "three", 2));
        QVERIFY(next->revision() > changed->revision);  // never given out twice
        QVERIFY(store.health());
        const auto events = watch->poll();
        QCOMPARE(events->size(), 1U);
        QCOMPARE(textOf(events->front()->previous), "one");
        QCOMPARE(store.metrics().failedCommits, 1U);
        watch.reset();
        fixture.reopen();
        QCOMPARE(textOf(*fixture.store->get(key("a"))), "three");
        QCOMPARE(fixture.store->history({})->size(), 2U);
    }

    void whatWasSubmittedAfterAFailingCommitFailsWithIt() {
        Fixture fixture(options());
        Store& store = *fixture.store;
        std::latch inside(1);
        std::latch release(1);
        const SubmitResult first = store.submit(create(key("first"), "x"));
        first->ticket.then([&](const auto&) {
            inside.count_down();
            release.wait();
        });
        inside.wait();
        m_disk.writeCode = SQLITE_FULL;
        const SubmitResult made = store.submit(create(key("a"), "one"));
        std::optional<SubmitResult> dependent;
        std::latch answered(1);
        made->ticket.then([&](const qd::Result<void>& result) {
            if (result) qFatal("should have failed");
            // Nothing is pending any more: the object is not there.
            dependent = store.submit(update(key("a"), "two"));
            answered.count_down();
        });
        release.count_down();
        QVERIFY(!made->ticket.wait());
        answered.wait();  // those that wait are woken before the callbacks run
        store.flush();
        cleanup();
        QVERIFY(!*store.get(key("a")));
        QVERIFY(!store.latest(key("a"))->entry);
        written(store, create(key("a"), "again"));
        QVERIFY(dependent && !*dependent);
        QCOMPARE(dependent->error().why, Rejected::Why::Missing);
    }

    void aFailingDiskUnderManyWritersLosesNothingThatWasAcknowledged() {
        Fixture fixture(options());
        std::atomic<int> acknowledged = 0;
        std::atomic<int> failed = 0;
        {
            std::vector<qd::base::Thread> threads;
            for (int w = 0; w < 6; ++w) {
                threads.emplace_back("writer", [&, w](const std::stop_token&) {
                    for (int i = 0; i < 60; ++i) {
                        const SubmitResult result =
                            fixture.store->submit(create(key(std::to_string(w) + '.' + std::to_string(i)), "x"));
                        if (!result) qFatal("refused");
                        ++(result->ticket.wait() ? acknowledged : failed);
                        if (w == 0) m_disk.writeCode = i % 7 == 3 ? SQLITE_FULL : SQLITE_OK;
                    }
                });
            }
        }
        cleanup();
        QVERIFY(failed > 0);
        QCOMPARE(fixture.store->count("notes"), static_cast<std::size_t>(acknowledged));
        fixture.reopen();
        QCOMPARE(fixture.store->count("notes"), static_cast<std::size_t>(acknowledged));
    }

    void aDamagedFileStopsWritesButNotReads() {
        Fixture fixture(options());
        written(*fixture.store, create(key("a"), "one"));
        m_disk.writeCode = SQLITE_CORRUPT;
        QVERIFY(!fixture.store->submit(update(key("a"), "two"))->ticket.wait());
        cleanup();
        const SubmitResult refused = fixture.store->submit(update(key("a"), "three"));
        QVERIFY(!refused);
        QCOMPARE(refused.error().why, Rejected::Why::Unavailable);
        QCOMPARE(refused.error().error.reason, qd::Reason::StoreReadError);
        QCOMPARE(textOf(*fixture.store->get(key("a"))), "one");
        fixture.reopen();
        written(*fixture.store, update(key("a"), "four"));
    }

    void aFileThatCannotBeReadIsNotOpened() {
        Fixture fixture(options());
        written(*fixture.store, create(key("a"), "one"));
        fixture.store.reset();
        m_disk.readCode = SQLITE_IOERR_READ;
        const auto opened = Store::open(fixture.options, fixture.codec, fixture.clock);
        QVERIFY(!opened);
        QCOMPARE(opened.error().reason, qd::Reason::ServiceUnavailable);
    }
};

}  // namespace

QTEST_APPLESS_MAIN(FailureTest)
#include "failure_test.moc"
