// Submitting writes: preconditions, revisions, tickets.
#include <QtTest>
#include <latch>

#include "cluster/base/simulation.h"
#include "tests/cluster/store/test_objects.h"

using namespace qd::store;
using namespace qd::store::test;
using Why = Rejected::Why;

namespace {

class WriteTest : public QObject {
    Q_OBJECT
private slots:
    void theFirstWriteOfAStoreHasRevisionTwo() {
        Fixture fixture;
        QCOMPARE(fixture.store->committed(), 1);
        const EntryPtr entry = written(*fixture.store, create(key("a"), "one"));
        QCOMPARE(entry->revision(), 2);
        QCOMPARE(versionOf(entry), "2");
        QCOMPARE(fixture.store->committed(), 2);
    }

    void aCreatedObjectCanBeReadAndSurvivesReopening() {
        Fixture fixture;
        written(*fixture.store, create(key("a"), "one"));
        for (int round = 0; round < 2; ++round) {
            const auto entry = fixture.store->get(key("a"));
            QVERIFY(entry && *entry);
            QCOMPARE(textOf(*entry), "one");
            QCOMPARE(versionOf(*entry), "2");
            QCOMPARE((*entry)->createdRevision(), 2);
            fixture.reopen();
        }
    }

    void aCreateOverAnObjectIsRefusedWithTheObject() {
        Fixture fixture;
        written(*fixture.store, create(key("a"), "one"));
        const SubmitResult again = fixture.store->submit(create(key("a"), "two"));
        QVERIFY(!again);
        QCOMPARE(again.error().why, Why::Exists);
        QCOMPARE(again.error().error.reason, qd::Reason::AlreadyExists);
        QCOMPARE(textOf(again.error().current), "one");
        QCOMPARE(fixture.store->committed(), 2);
    }

    void anUpdateOrDeleteOfNothingIsRefused() {
        Fixture fixture;
        for (const bool updates : {true, false}) {
            const SubmitResult result = fixture.store->submit(updates ? update(key("a"), "x") : remove(key("a")));
            QVERIFY(!result);
            QCOMPARE(result.error().why, Why::Missing);
            QVERIFY(!result.error().current);
        }
    }

    void aWrongRevisionOrUidIsAConflictWithTheNewestState() {
        Fixture fixture;
        written(*fixture.store, create(key("a"), "one"));
        written(*fixture.store, update(key("a"), "two", 2));
        const SubmitResult stale = fixture.store->submit(update(key("a"), "three", 2));
        QVERIFY(!stale);
        QCOMPARE(stale.error().why, Why::RevisionDiffers);
        QCOMPARE(textOf(stale.error().current), "two");
        Write other = remove(key("a"));
        other.expectedUid = "another";
        const SubmitResult wrongUid = fixture.store->submit(std::move(other));
        QVERIFY(!wrongUid);
        QCOMPARE(wrongUid.error().why, Why::UidDiffers);
        written(*fixture.store, remove(key("a"), 3));
        QCOMPARE(fixture.store->metrics().rejected, 2U);
    }

    void aDeletionCarriesTheLastStateAtItsOwnRevision() {
        Fixture fixture;
        written(*fixture.store, create(key("a"), "one"));
        const EntryPtr gone = written(*fixture.store, remove(key("a")));
        QVERIFY(gone->isDeletion());
        QCOMPARE(textOf(gone), "one");
        QCOMPARE(versionOf(gone), "3");
        QCOMPARE(gone->createdRevision(), 2);
        QVERIFY(!*fixture.store->get(key("a")));
        const EntryPtr again = written(*fixture.store, create(key("a"), "new"));
        QCOMPARE(again->createdRevision(), 4);
        fixture.reopen();
        QCOMPARE((*fixture.store->get(key("a")))->createdRevision(), 4);
    }

    void anUpdateThatChangesNothingIsNotWritten() {
        Fixture fixture;
        written(*fixture.store, create(key("a"), "one"));
        for (int round = 0; round < 2; ++round) {
            const SubmitResult same = fixture.store->submit(update(key("a"), "one"));
            QVERIFY(same && same->unchanged);
            QCOMPARE(same->revision, 2);
            QVERIFY(same->ticket.wait());
            QCOMPARE(fixture.store->committed(), 2);
            fixture.reopen();
        }
    }

    void preconditionsSeeWritesThatAreNotYetOnDiskButReadersDoNot() {
        Fixture fixture;
        Store& store = *fixture.store;
        // The writer thread is kept inside a ticket's callback, so that nothing more is committed.
        std::latch inside(1);
        std::latch release(1);
        const SubmitResult first = store.submit(create(key("first"), "x"));
        first->ticket.then([&](const auto&) {
            inside.count_down();
            release.wait();
        });
        inside.wait();
        const SubmitResult made = store.submit(create(key("a"), "one"));
        QVERIFY(made && !made->ticket.ready());
        QVERIFY(!*store.get(key("a")));
        QCOMPARE(store.committed(), 2);
        QCOMPARE(textOf(store.latest(key("a"))->entry), "one");
        QVERIFY(!store.latest(key("a"))->ticket.ready());

        QCOMPARE(store.submit(create(key("a"), "two")).error().why, Why::Exists);
        QCOMPARE(store.submit(update(key("a"), "two", 2)).error().why, Why::RevisionDiffers);
        QVERIFY(store.submit(update(key("a"), "two", made->revision)));
        const SubmitResult same = store.submit(update(key("a"), "two"));
        QVERIFY(same && same->unchanged && !same->ticket.ready());
        QVERIFY(store.submit(remove(key("a"))));
        QVERIFY(!store.latest(key("a"))->entry);
        QCOMPARE(store.submit(remove(key("a"))).error().why, Why::Missing);
        const SubmitResult again = store.submit(create(key("a"), "three"));
        QVERIFY(again);
        release.count_down();
        QVERIFY(again->ticket.wait());
        QCOMPARE(textOf(*store.get(key("a"))), "three");
        QCOMPARE(store.committed(), again->revision);
        QVERIFY(store.metrics().commits <= 3);
        QCOMPARE(store.metrics().largestBatch, 4U);
    }

    void aTicketCallsBackAfterTheWriteIsVisible() {
        Fixture fixture;
        const SubmitResult result = fixture.store->submit(create(key("a"), "one"));
        std::latch called(2);
        result->ticket.then([&](const qd::Result<void>& done) {
            if (!done || !*fixture.store->get(key("a"))) qFatal("too early");
            called.count_down();
        });
        QVERIFY(result->ticket.wait());
        result->ticket.then([&](const auto&) { called.count_down(); });  // at once
        called.wait();
    }

    void closingCommitsWhatWaits() {
        Fixture fixture;
        for (int i = 0; i < 100; ++i) QVERIFY(fixture.store->submit(create(key(std::to_string(i)), "x")));
        fixture.reopen();
        QCOMPARE(fixture.store->count("notes"), 100U);
    }

    void flushWaitsForEverythingSubmitted() {
        Fixture fixture;
        for (int i = 0; i < 100; ++i) QVERIFY(fixture.store->submit(create(key(std::to_string(i)), "x")));
        fixture.store->flush();
        QCOMPARE(fixture.store->count("notes"), 100U);
    }

    void inlineCommitsNeedNoThreadAndNoFile() {
        qd::base::SimulatedExecutor executor(1);
        NoteCodec codec;
        auto store = Store::open({.file = {}, .commit = CommitMode::Inline}, codec, executor.clock());
        QVERIFY(store);
        const SubmitResult result = (*store)->submit(create(key("a"), "one"));
        QVERIFY(result && result->ticket.ready());
        QCOMPARE(textOf(*(*store)->get(key("a"))), "one");
        // What is called back may write again.
        auto watch = (*store)->watch("notes", {}, (*store)->committed());
        int wakes = 0;
        watch->onEvents([&] {
            if (++wakes == 1 && !(*store)->submit(create(key("c"), "from the call"))) qFatal("refused");
        });
        QVERIFY((*store)->submit(create(key("b"), "two")));
        QCOMPARE(spelled(*watch->poll()), "+b@3 +c@4");
    }

    void manyWritersIncrementOneCounterWithoutLosingAny() {
        Fixture fixture;
        Store& store = *fixture.store;
        written(store, create(key("counter"), "0"));
        constexpr int kThreads = 8;
        constexpr int kEach = 50;
        {
            std::vector<qd::base::Thread> threads(kThreads);
            for (auto& thread : threads) {
                thread = qd::base::Thread("writer", [&](const std::stop_token&) {
                    for (int done = 0; done < kEach;) {
                        const auto latest = store.latest(key("counter"));
                        const int value = std::stoi(textOf(latest->entry));
                        const auto result =
                            store.submit(update(key("counter"), std::to_string(value + 1), latest->entry->revision()));
                        if (!result) continue;
                        if (!result->ticket.wait()) qFatal("lost");
                        ++done;
                    }
                });
            }
        }
        QCOMPARE(textOf(*store.get(key("counter"))), std::to_string(kThreads * kEach));
    }

    void anUnreadableObjectIsReportedAndNotOverwritten() {
        Fixture fixture;
        fixture.codec.unreadable = "none";
        written(*fixture.store, create(key("a"), "unreadable"));
        written(*fixture.store, create(key("b"), "fine"));
        fixture.codec.unreadable = "unreadable";
        fixture.reopen();
        QCOMPARE(fixture.store->get(key("a")).error().reason, qd::Reason::StoreReadError);
        QVERIFY(*fixture.store->get(key("b")));
        QCOMPARE(fixture.store->snapshot("notes").error().reason, qd::Reason::StoreReadError);
        QCOMPARE(fixture.store->latest(key("a")).error().reason, qd::Reason::StoreReadError);
        QCOMPARE(fixture.store->submit(update(key("a"), "x")).error().why, Why::Unavailable);
    }
};

}  // namespace

QTEST_APPLESS_MAIN(WriteTest)
#include "write_test.moc"
