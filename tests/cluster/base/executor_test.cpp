#include "cluster/base/executor.h"

#include <QtTest>
#include <algorithm>
#include <future>
#include <set>
#include <vector>

#include "cluster/base/simulation.h"

using namespace qd::base;
using namespace std::chrono_literals;

class ExecutorTest : public QObject {
    Q_OBJECT
private slots:
    void aStrandRunsItsTasksInOrderAndOneAtATime() {
        ThreadPool pool("test", 4);
        Strand strand(pool);
        std::vector<int> seen;
        std::promise<void> done;
        for (int i = 0; i < 1000; ++i) strand.post([&seen, i] { seen.push_back(i); });
        strand.post([&] { done.set_value(); });
        done.get_future().wait();
        QCOMPARE(seen.size(), 1000U);
        QVERIFY(std::is_sorted(seen.begin(), seen.end()));
    }

    void aStrandWithMuchToDoLetsOthersIn() {
        ThreadPool pool("test", 1);
        std::promise<void> gate;
        pool.post([opened = gate.get_future().share()] { opened.wait(); });
        Strand strand(pool);
        std::vector<int> seen;
        std::promise<void> done;
        for (int i = 0; i < 100; ++i) strand.post([&seen, i] { seen.push_back(i); });
        pool.post([&seen] { seen.push_back(-1); });
        strand.post([&] { done.set_value(); });
        gate.set_value();
        done.get_future().wait();
        QCOMPARE(seen.size(), 101U);
        QVERIFY(std::ranges::find(seen, -1) - seen.begin() < 50);
    }

    void anEarlierTimerDoesNotWaitForALaterOne() {
        ThreadPool pool("test", 1);
        const Timer later = pool.postAfter(24h, [] {});
        std::promise<void> ran;
        const Timer earlier = pool.postAfter(1ms, [&] { ran.set_value(); });
        QVERIFY(ran.get_future().wait_for(20s) == std::future_status::ready);
    }

    void aCancelledTimerNeverRuns() {
        ThreadPool pool("test", 1);
        bool ran = false;
        std::promise<void> later;
        { Timer timer = pool.postAfter(1ms, [&] { ran = true; }); }
        Timer marker = pool.postAfter(20ms, [&] { later.set_value(); });
        later.get_future().wait();
        QVERIFY(!ran);
    }

    void simulatedTimeJumpsToTheNextDueTask() {
        SimulatedExecutor executor(1);
        const auto start = executor.clock().now();
        std::vector<std::chrono::microseconds> at;
        Timer a = executor.postAfter(3h, [&] { at.push_back(executor.clock().now() - start); });
        Timer b = executor.postAfter(1h, [&] { at.push_back(executor.clock().now() - start); });
        executor.runFor(2h);
        QCOMPARE(at.size(), 1U);
        QVERIFY(at[0] == 1h);
        executor.runFor(2h);
        QCOMPARE(at.size(), 2U);
        QVERIFY(at[1] == 3h);
        QVERIFY(executor.clock().now() - start == 4h);
    }

    void theSameSeedGivesTheSameOrderAndOthersGiveOthers() {
        const auto orderFor = [](std::uint64_t seed) {
            SimulatedExecutor executor(seed);
            std::vector<int> order;
            for (int i = 0; i < 20; ++i) executor.post([&order, i] { order.push_back(i); });
            executor.runReady();
            return order;
        };
        QVERIFY(orderFor(7) == orderFor(7));
        std::set<std::vector<int>> orders;
        for (std::uint64_t seed = 0; seed < 10; ++seed) orders.insert(orderFor(seed));
        QVERIFY(orders.size() > 5);
    }
};

QTEST_APPLESS_MAIN(ExecutorTest)
#include "executor_test.moc"
