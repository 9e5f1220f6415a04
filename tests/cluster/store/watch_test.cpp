// Watching: every event once and in order, from memory and from disk.
#include <QtTest>
#include <condition_variable>
#include <mutex>
#include <random>

#include "tests/cluster/store/test_objects.h"

using namespace qd::store;
using namespace qd::store::test;

namespace {

class WatchTest : public QObject {
    Q_OBJECT
private slots:
    void aWatcherSeesWhatHappensToItsResourceAndNamespace() {
        Fixture fixture;
        Store& store = *fixture.store;
        auto everything = store.watch("notes", {}, store.committed());
        auto one = store.watch("notes", "x", store.committed());
        written(store, create(key("a", "x"), "1"));
        written(store, create(key("b", "y"), "1"));
        written(store, create(key("a", "x", "others"), "1"));
        written(store, update(key("a", "x"), "2"));
        written(store, remove(key("a", "x")));
        const auto events = everything->poll();
        QCOMPARE(spelled(*events), "+a@2 +b@3 ~a@5 -a@6");
        QCOMPARE(textOf((*events)[2]->previous), "1");
        QCOMPARE(textOf((*events)[3]->previous), "2");
        QCOMPARE(textOf((*events)[3]->entry), "2");
        QCOMPARE(versionOf((*events)[3]->entry), "6");
        QVERIFY(!(*events)[0]->previous);
        QCOMPARE((*events)[0]->actor, "tester");
        QCOMPARE(spelled(*one->poll()), "+a@2 ~a@5 -a@6");
        QVERIFY(everything->poll()->empty());
    }

    void watchersShareTheirEntriesWithTheCache() {
        Fixture fixture;
        Store& store = *fixture.store;
        auto a = store.watch("notes", {}, store.committed());
        auto b = store.watch("notes", {}, store.committed());
        written(store, create(key("a"), "1"));
        const EntryPtr entry = *store.get(key("a"));
        QCOMPARE(a->poll()->front()->entry, entry);
        QCOMPARE(b->poll()->front()->entry, entry);
    }

    void itsProgressFollowsOtherResourcesToo() {
        Fixture fixture;
        Store& store = *fixture.store;
        auto watch = store.watch("notes", {}, store.committed());
        written(store, create(key("a", "x", "others"), "1"));
        QCOMPARE(watch->progress(), 1);
        QVERIFY(watch->poll()->empty());
        QCOMPARE(watch->progress(), 2);
    }

    void aLimitedPollTakesTheRestLater() {
        Fixture fixture;
        Store& store = *fixture.store;
        auto watch = store.watch("notes", {}, store.committed());
        for (const char* name : {"a", "b", "c"}) written(store, create(key(name), "1"));
        QCOMPARE(spelled(*watch->poll(2)), "+a@2 +b@3");
        QCOMPARE(watch->progress(), 3);
        QCOMPARE(spelled(*watch->poll(2)), "+c@4");
    }

    void theWakeUpComesOncePerEndThatWasReached() {
        Fixture fixture({.file = {}, .commit = CommitMode::Inline});
        Store& store = *fixture.store;
        auto watch = store.watch("notes", "x", store.committed());
        int wakes = 0;
        watch->onEvents([&] { ++wakes; });
        written(store, create(key("a", "y"), "1"));
        QCOMPARE(wakes, 0);
        written(store, create(key("a", "x"), "1"));
        written(store, create(key("b", "x"), "1"));
        QCOMPARE(wakes, 1);
        QCOMPARE(watch->poll()->size(), 2U);
        written(store, create(key("c", "x"), "1"));
        QCOMPARE(wakes, 2);
        watch->onEvents([&] { wakes += 10; });  // something is there already
        QCOMPARE(wakes, 12);
    }

    void aWatchMayBeDroppedInItsOwnWakeUp() {
        Fixture fixture({.file = {}, .commit = CommitMode::Inline});
        Store& store = *fixture.store;
        auto watch = std::make_unique<Watch>(*store.watch("notes", {}, store.committed()));
        watch->onEvents([&] { watch.reset(); });
        written(store, create(key("a"), "1"));
        QVERIFY(!watch);
        QCOMPARE(store.metrics().watchers, 0U);
    }

    void whatTheWindowHasDroppedComesFromTheDisk() {
        Fixture fixture({.file = {}, .windowEvents = 4});
        Store& store = *fixture.store;
        auto slow = store.watch("notes", "x", store.committed());
        std::string expected;
        for (int i = 0; i < 20; ++i) {
            const EntryPtr entry = written(store, create(key("n" + std::to_string(i), i % 3 == 0 ? "x" : "y"), "1"));
            if (i % 3 == 0)
                expected +=
                    (expected.empty() ? "+n" : " +n") + std::to_string(i) + '@' + std::to_string(entry->revision());
        }
        std::vector<EventPtr> events;
        while (events.size() < 7) {
            const auto more = slow->poll(2);
            QVERIFY(more && !more->empty());
            events.insert(events.end(), more->begin(), more->end());
        }
        QCOMPARE(spelled(events), expected);
        QVERIFY(slow->poll()->empty());
        QCOMPARE(slow->progress(), store.committed());
    }

    void aWatchGoesOnWhereItWasAfterReopening() {
        Fixture fixture;
        written(*fixture.store, create(key("a"), "1"));
        written(*fixture.store, update(key("a"), "2"));
        fixture.reopen();
        auto watch = fixture.store->watch("notes", {}, 2);
        written(*fixture.store, remove(key("a")));
        const auto events = watch->poll();
        QCOMPARE(spelled(*events), "~a@3 -a@4");
        QCOMPARE(textOf((*events)[0]->previous), "1");
    }

    void aWatchFromBeforeTheHistoryIsExpired() {
        Fixture fixture({.file = {}, .windowEvents = 1});
        Store& store = *fixture.store;
        auto slow = store.watch("notes", {}, 2);
        for (int i = 0; i < 10; ++i) written(store, create(key(std::to_string(i)), "1"));
        QVERIFY(store.compactTo(8));
        const auto late = store.watch("notes", {}, 7);
        QVERIFY(!late);
        QCOMPARE(late.error().reason, qd::Reason::Expired);
        QCOMPARE(late.error().message, "too old resource version: 7 (8)");
        QCOMPARE(slow->poll().error().reason, qd::Reason::Expired);
        QCOMPARE(spelled(*store.watch("notes", {}, 8)->poll()), "+7@9 +8@10 +9@11");
    }

    // Four watchers start at random revisions while eight writers change forty objects; the window is so small that
    // they fall out of it now and then. Each must see exactly the log from where it started.
    void concurrentWatchersSeeExactlyTheEventsAfterTheirStart() {
        Fixture fixture({.file = {}, .windowEvents = 32});
        Store& store = *fixture.store;
        constexpr int kWriters = 8;
        constexpr int kEach = 100;
        std::atomic<int> running = kWriters;
        struct Seen {
            Revision from = 0;
            std::vector<EventPtr> events;
        };
        std::vector<Seen> seen(4);
        {
            std::vector<qd::base::Thread> threads;
            for (int w = 0; w < kWriters; ++w) {
                threads.emplace_back("writer", [&, w](const std::stop_token&) {
                    std::mt19937 random(static_cast<unsigned>(w));
                    for (int i = 0; i < kEach; ++i) {
                        const Key at = key("n" + std::to_string(random() % 40));
                        const std::string text = std::to_string(w) + '.' + std::to_string(i);
                        SubmitResult result = store.submit(create(at, text));
                        if (!result) result = store.submit(random() % 4 == 0 ? remove(at) : update(at, text));
                        if (result && i % 3 == 0 && !result->ticket.wait()) qFatal("failed");
                    }
                    store.flush();
                    --running;
                });
            }
            for (Seen& each : seen) {
                threads.emplace_back("watcher", [&](const std::stop_token&) {
                    std::mutex mutex;
                    std::condition_variable changed;
                    bool woken = false;
                    each.from = store.committed();
                    auto watch = store.watch("notes", {}, each.from);
                    watch->onEvents([&] {
                        std::lock_guard lock(mutex);
                        woken = true;
                        changed.notify_one();
                    });
                    while (true) {
                        const bool last = running == 0;
                        const auto events = watch->poll(7);
                        if (!events) qFatal("%s", events.error().message.c_str());
                        each.events.insert(each.events.end(), events->begin(), events->end());
                        if (!events->empty()) continue;
                        if (last) return;
                        std::unique_lock lock(mutex);
                        changed.wait_for(lock, std::chrono::milliseconds(20), [&] { return woken; });
                        woken = false;
                    }
                });
            }
        }
        for (const Seen& each : seen) {
            const auto expected = store.history({.after = each.from, .limit = 0});
            QCOMPARE(spelled(each.events), spelled(*expected));
            for (std::size_t i = 0; i < each.events.size(); ++i) {
                QCOMPARE(textOf(each.events[i]->entry), textOf((*expected)[i]->entry));
                QCOMPARE(each.events[i]->previous == nullptr, (*expected)[i]->previous == nullptr);
                if (each.events[i]->previous)
                    QCOMPARE(textOf(each.events[i]->previous), textOf((*expected)[i]->previous));
            }
        }
        QVERIFY(store.committed() > 300);
    }
};

}  // namespace

QTEST_APPLESS_MAIN(WatchTest)
#include "watch_test.moc"
