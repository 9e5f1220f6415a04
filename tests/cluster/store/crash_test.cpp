// Kills a process that writes, at random instants, and looks whether anything acknowledged is gone.
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QRandomGenerator>
#include <QtTest>
#include <map>
#include <random>

#include "tests/cluster/store/test_objects.h"

using namespace qd::store;
using namespace qd::store::test;

namespace {

constexpr int kRounds = 500;
constexpr int kWriters = 16;
constexpr int kKeysPerWriter = 4;

// Sent through the pipe once a write is acknowledged.
struct Acknowledged {
    Revision revision = 0;
    std::int32_t writer = 0;
    std::int32_t number = 0;
    std::int32_t deletion = 0;
    std::int32_t padding = 0;
};

Key keyOf(int writer, int number) {
    return key("w" + std::to_string(writer) + '-' + std::to_string(number % kKeysPerWriter));
}

std::string textFor(int round, int writer, int number) {
    std::string text = std::to_string(round) + '/' + std::to_string(writer) + '/' + std::to_string(number) + '/';
    return text + std::string(static_cast<std::size_t>(number * 131 % 3000), 'x');
}

void write(Store& store, int pipe, int round, int writer) {
    for (int number = 0;; ++number) {
        const Key at = keyOf(writer, number);
        const bool deletion = number % 11 == 10 && store.latest(at)->entry;
        SubmitResult result =
            deletion ? store.submit(remove(at)) : store.submit(create(at, textFor(round, writer, number)));
        if (!result) result = store.submit(update(at, textFor(round, writer, number)));
        if (!result || !result->ticket.wait()) ::_exit(2);
        const Acknowledged message{result->revision, writer, number, deletion, 0};
        if (::write(pipe, &message, sizeof message) != sizeof message) ::_exit(3);
    }
}

// The child: writes until it is killed.
[[noreturn]] void run(const Options& options, int pipe, int round) {
    const NoteCodec codec;
    const qd::base::SystemClock clock;
    auto store = Store::open(options, codec, clock);
    if (!store) ::_exit(4);
    const Revision start = (*store)->committed();
    std::vector<qd::base::Thread> threads;
    for (int writer = 0; writer < kWriters; ++writer) {
        threads.emplace_back("writer", [&, writer](const std::stop_token&) { write(**store, pipe, round, writer); });
    }
    // Meanwhile all history before this round is dropped.
    if (round % 5 == 0 && !(*store)->compactTo(start)) ::_exit(5);
    while (true) ::pause();
}

class CrashTest : public QObject {
    Q_OBJECT
    std::mt19937 m_random{QRandomGenerator::global()->generate()};

    // Runs a child and kills it at a random instant. Returns what it acknowledged.
    std::vector<Acknowledged> killedRound(const Options& options, int round) {
        int ends[2];
        if (::pipe(ends) != 0) qFatal("pipe");
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(ends[0]);
            run(options, ends[1], round);
        }
        ::close(ends[1]);
        // From before the file is open until well into the writing; poll() ends early if the child fails by itself.
        pollfd none{-1, 0, 0};
        (void)::poll(&none, 1, static_cast<int>(m_random() % 50));
        ::kill(child, SIGKILL);
        std::vector<Acknowledged> acknowledged;
        Acknowledged message;
        while (::read(ends[0], &message, sizeof message) == sizeof message) acknowledged.push_back(message);
        ::close(ends[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        if (!WIFSIGNALED(status)) qFatal("the writing process ended by itself with %d", WEXITSTATUS(status));
        return acknowledged;
    }

    static void check(Store& store, Revision before, int round, const std::vector<Acknowledged>& acknowledged) {
        const auto events = store.history({.after = before, .limit = 0});
        QVERIFY(events.has_value());
        std::map<Revision, EventPtr> byRevision;
        for (const EventPtr& event : *events) byRevision[event->entry->revision()] = event;
        // No gaps and nothing twice: as many revisions as the distance from the newest before.
        QCOMPARE(static_cast<Revision>(byRevision.size()), store.committed() - before);
        QCOMPARE(byRevision.size(), events->size());
        std::map<int, Revision> newest;
        for (const Acknowledged& each : acknowledged) {
            QVERIFY2(byRevision.contains(each.revision), "an acknowledged write is gone");
            const Event& event = *byRevision[each.revision];
            QVERIFY(event.entry->key() == keyOf(each.writer, each.number));
            QCOMPARE(event.operation == Operation::Delete, each.deletion != 0);
            if (each.deletion == 0) QCOMPARE(textOf(event.entry), textFor(round, each.writer, each.number));
            QVERIFY(each.revision > newest[each.writer]);
            newest[each.writer] = each.revision;
        }
        // What is current is what the log says last.
        std::map<std::string, EventPtr> last;
        for (const EventPtr& event : *events) last[event->entry->key().path()] = event;
        for (const auto& [path, event] : last) {
            const EntryPtr current = *store.get(event->entry->key());
            if (event->operation == Operation::Delete) {
                QVERIFY(!current);
            } else {
                QVERIFY(current && current->revision() == event->entry->revision());
                QCOMPARE(textOf(current), textOf(event->entry));
            }
        }
    }

private slots:
    void nothingAcknowledgedIsLostWhenTheProcessIsKilled() {
        Fixture fixture;
        Revision newest = fixture.store->committed();
        std::size_t total = 0;
        for (int round = 0; round < kRounds; ++round) {
            fixture.store.reset();
            const std::vector<Acknowledged> acknowledged = killedRound(fixture.options, round);
            total += acknowledged.size();
            fixture.open();
            check(*fixture.store, newest, round, acknowledged);
            if (QTest::currentTestFailed()) return;
            newest = written(*fixture.store, create(key("after-" + std::to_string(round)), "x"))->revision();
            QCOMPARE(newest, fixture.store->committed());
        }
        QVERIFY(total > kRounds);  // the rounds did write
        qInfo("%zu acknowledged writes in %d killed processes", total, kRounds);
    }
};

}  // namespace

QTEST_APPLESS_MAIN(CrashTest)
#include "crash_test.moc"
