// Lets worlds live for simulated time while nodes get lost, controllers crash, watches end, writes lose and clocks are
// set, and holds the control plane to its promises at every commit.
//
// QD_SIMULATION_WORLDS chooses worlds by their names, with commas; all without it. QD_SIMULATION_SEEDS chooses the
// seeds: "100" the first hundred (the default), "17-17" one of them, which does exactly what it did before.
// QD_SIMULATION_HOURS goes through as many seeds, from the first chosen one on, as it can in that time. A failure names
// world and seed. scripts/simulate sets all.
#include <fmt/format.h>

#include <QElapsedTimer>
#include <QtTest>
#include <atomic>
#include <limits>
#include <optional>
#include <thread>

#include "cluster/base/executor.h"
#include "cluster/base/log.h"
#include "tests/simulation/world.h"

using namespace qd;
using namespace qd::simulation;

namespace {

struct Seeds {
    std::uint64_t first = 1;
    std::uint64_t last = 100;
    std::optional<double> hours;  // of the clock on the wall; then there is no last one

    bool one() const { return first == last && !hours; }
};

Seeds chosenSeeds() {
    Seeds seeds;
    if (const QString hours = qEnvironmentVariable("QD_SIMULATION_HOURS"); !hours.isEmpty())
        seeds.hours = hours.toDouble();
    const QStringList bounds = qEnvironmentVariable("QD_SIMULATION_SEEDS", "100").split('-');
    seeds.last = bounds.back().toULongLong();
    if (bounds.size() == 2) seeds.first = bounds.front().toULongLong();
    if (seeds.hours) seeds.last = std::numeric_limits<std::uint64_t>::max();
    return seeds;
}

std::vector<WorldKind> chosenWorlds() {
    const QString names = qEnvironmentVariable("QD_SIMULATION_WORLDS");
    if (names.isEmpty()) return worlds();
    std::vector<WorldKind> chosen;
    for (const auto& world : worlds()) {
        if (names.split(',').contains(world.name)) chosen.push_back(world);
    }
    return chosen;
}

// Plays every world under seed after seed on every processor: each cluster lives in one thread.
class Campaign {
public:
    Campaign(std::vector<WorldKind> kinds, const Seeds& seeds) : m_worlds(std::move(kinds)), m_seeds(seeds) {
        m_since.start();
    }

    // How many broke a promise.
    int run() {
        std::vector<base::Thread> threads;
        for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
            threads.emplace_back("simulation", [this](std::stop_token) { work(); });
        }
        for (auto& thread : threads) thread.join();
        return m_failures;
    }
    std::uint64_t played() const { return m_played; }

private:
    void work() {
        while (!over()) {
            const std::uint64_t turn = m_next++;
            const WorldKind& world = m_worlds[turn % m_worlds.size()];
            const std::uint64_t seed = m_seeds.first + turn / m_worlds.size();
            if (seed > m_seeds.last) return;
            try {
                world.make(seed)->play();
            } catch (const Failed& failed) {
                ++m_failures;
                fmt::print(stderr,
                           "world {0} seed {1} (again with scripts/simulate --world {0} --minutes {2} {1}-{1}): {3}\n",
                           world.name, seed, faultyTime() / std::chrono::minutes(1), failed.what);
            }
            ++m_played;
        }
    }
    bool over() const {
        if (m_failures >= kEnough) return true;
        return m_seeds.hours && static_cast<double>(m_since.elapsed()) > *m_seeds.hours * 3'600'000;
    }

    static constexpr int kEnough = 5;  // failures, to look at
    const std::vector<WorldKind> m_worlds;
    const Seeds m_seeds;
    QElapsedTimer m_since;
    std::atomic<std::uint64_t> m_next = 0;
    std::atomic<std::uint64_t> m_played = 0;
    std::atomic<int> m_failures = 0;
};

}  // namespace

class SimulationTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() {
        // A single seed is there to be looked at; among many, what the faults make the parts complain of is only noise.
        base::setUpLogging({.file = "", .level = chosenSeeds().one() ? spdlog::level::debug : spdlog::level::critical});
        QVERIFY2(!chosenWorlds().empty(), "QD_SIMULATION_WORLDS names no world");
    }

    void worldsKeepTheirPromisesUnderEverySeed() {
        Campaign campaign(chosenWorlds(), chosenSeeds());
        const int failures = campaign.run();
        qInfo("%llu clusters lived", static_cast<unsigned long long>(campaign.played()));
        QCOMPARE(failures, 0);
    }

    void oneSeedDoesTheSameTwice() {
        const WorldKind world = chosenWorlds().front();
        const auto revisionOf = [&](std::uint64_t seed) {
            const auto made = world.make(seed);
            try {
                made->play();
            } catch (const Failed&) {
            }
            return made->revision();
        };
        const store::Revision once = revisionOf(1);
        QCOMPARE(revisionOf(1), once);
        QVERIFY(revisionOf(2) != once);
    }
};

QTEST_APPLESS_MAIN(SimulationTest)
#include "simulation_test.moc"
