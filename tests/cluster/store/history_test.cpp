// Lists at any kept revision, the history of an object, and what compaction leaves.
#include <QtTest>
#include <map>
#include <random>

#include "cluster/base/simulation.h"
#include "tests/cluster/store/test_objects.h"

using namespace qd::store;
using namespace qd::store::test;

namespace {

// What a snapshot says, for comparison: "path=text@revision".
std::vector<std::string> stateOf(const Snapshot& snapshot) {
    std::vector<std::string> state;
    for (const EntryPtr& entry : snapshot.entries()) {
        state.push_back(entry->key().path() + '=' + textOf(entry) + '@' + versionOf(entry));
    }
    return state;
}

class HistoryTest : public QObject {
    Q_OBJECT
private slots:
    void aListIsPagedInPathOrder() {
        Fixture fixture;
        for (const char* name : {"d", "b", "a", "c"}) written(*fixture.store, create(key(name, "x"), "1"));
        written(*fixture.store, create(key("a", "x-y"), "1"));
        const auto first = fixture.store->list("notes", {.limit = 2});
        QVERIFY(pathsOf(first->entries) == std::vector<std::string>({"x-y/a", "x/a"}));
        QCOMPARE(first->next, "x/b");
        QCOMPARE(first->remaining, 3U);
        written(*fixture.store, remove(key("b", "x")));
        const auto second =
            fixture.store->list("notes", {.revision = first->revision, .start = first->next, .limit = 2});
        QVERIFY(pathsOf(second->entries) == std::vector<std::string>({"x/b", "x/c"}));
        QCOMPARE(second->revision, first->revision);
        const auto last =
            fixture.store->list("notes", {.revision = first->revision, .start = second->next, .limit = 2});
        QVERIFY(pathsOf(last->entries) == std::vector<std::string>({"x/d"}));
        QVERIFY(last->next.empty());
        QCOMPARE(fixture.store->list("notes", {.namespace_ = "x"})->entries.size(), 3U);
        QVERIFY(fixture.store->list("nothing", {})->entries.empty());
    }

    void resourcesAndNamespacesAreCounted() {
        Fixture fixture;
        written(*fixture.store, create(key("a", "x"), "1"));
        written(*fixture.store, create(key("a", "y"), "1"));
        written(*fixture.store, create(key("a", "y", "others"), "1"));
        written(*fixture.store, create(key("b", "y", "gone"), "1"));
        written(*fixture.store, remove(key("b", "y", "gone")));
        QVERIFY(fixture.store->resources() == std::vector<std::string>({"notes", "others"}));
        QVERIFY(fixture.store->resourcesIn("x") == std::vector<std::string>({"notes"}));
        QCOMPARE(fixture.store->count("notes"), 2U);
        QCOMPARE(fixture.store->count("notes", "y"), 1U);
        QCOMPARE(fixture.store->count("gone"), 0U);
    }

    void aRevisionInTheFutureIsTooLarge() {
        Fixture fixture;
        const auto list = fixture.store->snapshotAt("notes", 7);
        QCOMPARE(list.error().reason, qd::Reason::Timeout);
        QCOMPARE(list.error().message, "Timeout: Too large resource version: 7, current: 1");
        QCOMPARE(list.error().causes.at(0).reason, "ResourceVersionTooLarge");
    }

    void waitingForARevisionEndsWhenItIsCommittedOrGivenUp() {
        Fixture fixture({.file = {}, .commit = CommitMode::Inline});
        int called = 0;
        const Waiting now = fixture.store->whenCommitted(1, [&] { ++called; });
        QCOMPARE(called, 1);
        const Waiting later = fixture.store->whenCommitted(3, [&] { called += 10; });
        Waiting givenUp = fixture.store->whenCommitted(3, [&] { called += 100; });
        givenUp.cancel();
        written(*fixture.store, create(key("a"), "1"));
        QCOMPARE(called, 1);
        written(*fixture.store, create(key("b"), "1"));
        QCOMPARE(called, 11);
    }

    void everyKeptStateCanBeListed_data() {
        QTest::addColumn<int>("window");
        QTest::addColumn<bool>("reopened");
        QTest::newRow("from the window") << 1000 << false;
        QTest::newRow("from the disk") << 5 << false;
        QTest::newRow("after reopening") << 1000 << true;
    }
    void everyKeptStateCanBeListed() {
        QFETCH(int, window);
        QFETCH(bool, reopened);
        Fixture fixture({.file = {}, .commit = CommitMode::Inline, .windowEvents = static_cast<std::size_t>(window)});
        std::mt19937 random(3);
        std::map<Revision, std::vector<std::string>> states;
        for (int i = 0; i < 300; ++i) {
            const Key at =
                key("n" + std::to_string(random() % 12), random() % 2 ? "x" : "y", random() % 5 ? "notes" : "others");
            const std::string text = std::to_string(i);
            SubmitResult result = fixture.store->submit(create(at, text));
            if (!result) (void)fixture.store->submit(random() % 2 ? remove(at) : update(at, text));
            states[fixture.store->committed()] = stateOf(*fixture.store->snapshot("notes"));
        }
        if (reopened) fixture.reopen();
        for (const Revision floor :
             {Revision{1}, Revision{40}, Revision{41}, Revision{200}, fixture.store->committed()}) {
            QVERIFY(fixture.store->compactTo(floor));
            QCOMPARE(fixture.store->oldest(), floor);
            for (const auto& [revision, state] : states) {
                const auto then = fixture.store->snapshotAt("notes", revision);
                if (revision < floor) {
                    QCOMPARE(then.error().reason, qd::Reason::Expired);
                } else {
                    QVERIFY(stateOf(*then) == state);
                    QCOMPARE(then->revision(), revision);
                }
            }
        }
        // With all history gone the objects are as they were, and revisions go on.
        const Revision newest = fixture.store->committed();
        fixture.reopen();
        QCOMPARE(fixture.store->committed(), newest);
        QVERIFY(stateOf(*fixture.store->snapshot("notes")) == states.rbegin()->second);
        QCOMPARE(written(*fixture.store, create(key("new"), "1"))->revision(), newest + 1);
    }

    void revisionsAreNotGivenOutAgainAfterTheNewestDeletionWasCompacted() {
        Fixture fixture;
        written(*fixture.store, create(key("a"), "1"));
        written(*fixture.store, remove(key("a")));
        QVERIFY(fixture.store->compactTo(3));
        fixture.reopen();
        QCOMPARE(fixture.store->committed(), 3);
        QCOMPARE(written(*fixture.store, create(key("a"), "1"))->revision(), 4);
    }

    void theHistoryOfAnObjectSaysWhoWroteItAndWhy() {
        Fixture fixture;
        Store& store = *fixture.store;
        written(store, create(key("a"), "1", "alice"));
        written(store, create(key("b"), "1", "controller", 2));
        Write second = update(key("a"), "2");
        second.actor = "bob";
        second.cause = 3;
        written(store, std::move(second));
        written(store, remove(key("a")));
        written(store, create(key("a"), "3", "carol"));

        const HistoryQuery ofA{.resource = "notes", .namespace_ = "default", .name = "a"};
        const auto events = store.history(ofA);
        QCOMPARE(spelled(*events), "+a@2 ~a@4 -a@5 +a@6");
        QCOMPARE((*events)[0]->actor, "alice");
        QCOMPARE((*events)[1]->actor, "bob");
        QCOMPARE((*events)[1]->cause, 3);
        QCOMPARE(textOf((*events)[1]->previous), "1");
        QCOMPARE(textOf((*events)[2]->entry), "2");
        QVERIFY(!(*events)[3]->previous);
        QVERIFY((*events)[0]->time.time_since_epoch().count() > 0);

        HistoryQuery newest = ofA;
        newest.newestFirst = true;
        newest.limit = 2;
        QCOMPARE(spelled(*store.history(newest)), "+a@6 -a@5");
        HistoryQuery between = ofA;
        between.after = 2;
        between.upTo = 5;
        QCOMPARE(spelled(*store.history(between)), "~a@4 -a@5");
        QCOMPARE(spelled(*store.history({.cause = 2})), "+b@3");
        QCOMPARE(spelled(*store.history({.actor = "carol"})), "+a@6");
        QCOMPARE(spelled(*store.history({.after = 3, .newestFirst = true, .limit = 2})), "+a@6 -a@5");
        QCOMPARE((*store.at(4))->actor, "bob");
        QVERIFY(!*store.at(99));

        QVERIFY(store.compactTo(4));
        QCOMPARE(spelled(*store.history(ofA)), "~a@4 -a@5 +a@6");
        QVERIFY(!*store.at(2));
        QVERIFY(*store.at(3));  // b's newest state is part of the base
    }

    void historyIsDroppedByAge() {
        qd::base::SimulatedClock clock(qd::base::WallTime(std::chrono::seconds(1'700'000'000)));
        NoteCodec codec;
        auto store = Store::open({.file = {},
                                  .commit = CommitMode::Inline,
                                  .history = {.age = std::chrono::hours(1), .minimumRevisions = 2}},
                                 codec, clock);
        for (int i = 0; i < 10; ++i) {
            written(**store, create(key(std::to_string(i)), "1"));
            clock.advance(std::chrono::minutes(20));
        }
        QVERIFY((*store)->compact());
        // 2 was written at 0:00, 11 at 3:00; it is 3:20, and 8 was the newest at 2:20.
        QCOMPARE((*store)->oldest(), 9);
        QCOMPARE(*(*store)->revisionAt(clock.now() - std::chrono::minutes(30)), 10);
        clock.advance(std::chrono::hours(9));
        QVERIFY((*store)->compact());
        QCOMPARE((*store)->oldest(), 9);  // the newest two stay
        QCOMPARE((*store)->count("notes"), 10U);
    }

    void historyIsDroppedBySize() {
        Fixture fixture(
            {.file = {}, .commit = CommitMode::Inline, .history = {.bytes = 400'000, .minimumRevisions = 10}}, false);
        written(*fixture.store, create(key("a"), "1"));
        for (int i = 0; i < 3000; ++i)
            written(*fixture.store,
                    update(key("a"), std::string(1000, static_cast<char>('a' + i % 26)) + std::to_string(i)));
        QVERIFY(fixture.store->oldest() > 1);  // by itself
        QVERIFY(fixture.store->compact());
        QVERIFY(fixture.store->oldest() > 2000);
        QVERIFY(fixture.store->oldest() <= fixture.store->committed() - 10);
        QVERIFY(!fixture.store->snapshotAt("notes", fixture.store->oldest())->entries().empty());
    }
};

}  // namespace

QTEST_APPLESS_MAIN(HistoryTest)
#include "history_test.moc"
