// Rolls a Deployment out for simulated hours while nodes get lost, controllers start anew, watches end and writes lose, and
// holds the control plane to its promises at every commit.
//
// QD_SIMULATION_SEEDS chooses the seeds: "100" the first hundred (the default), "17-17" one of them, which does exactly what it
// did before. QD_SIMULATION_HOURS goes through as many seeds, from the first chosen one on, as it can in that time. A failure
// names its seed. scripts/simulate sets both.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <QElapsedTimer>
#include <QtTest>
#include <atomic>
#include <limits>
#include <optional>
#include <set>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/discovery_v1.h"
#include "cluster/base/log.h"
#include "cluster/client/typed.h"
#include "tests/simulation/rollout_invariants.h"
#include "tests/simulation/simulated_cluster.h"

using namespace qd;
using namespace qd::simulation;
using namespace std::chrono_literals;

namespace {

constexpr unsigned kNodes = 5;
constexpr auto kLength = 2h;
constexpr auto kSettles = 20min;  // the longest that a Deployment may take once the faults have ended
const std::string kNamespace = "default";
const std::string kName = "web";

struct Failed {
    std::string what;
};

class Rollout {
public:
    explicit Rollout(std::uint64_t seed) : m_cluster(seed, kNodes), m_invariants(m_cluster.store(), kNamespace, kName), m_start(m_cluster.executor().clock().now()) {}

    // Throws Failed.
    void play();
    store::Revision revision() { return m_cluster.store().committed(); }

private:
    void run(base::Duration length);
    void runUntilSettled(base::Duration limit);
    void act();
    void begin();
    void rollOut();
    void killPod();
    void loseNode();
    void regainNodes(bool all);
    bool settled();
    void checkEndpoints();
    template <typename T>
    std::vector<client::Ptr<T>> listed() {
        const auto list = m_cluster.user().list(client::resourceOf<T>(), kNamespace, {}).value();
        std::vector<client::Ptr<T>> found;
        for (const auto& object : list.items) found.push_back(client::as<T>(object));
        return found;
    }
    std::vector<client::Ptr<corev1::Pod>> pods();
    std::uint64_t below(std::uint64_t bound) { return m_cluster.random().below(bound); }

    SimulatedCluster m_cluster;
    RolloutInvariants m_invariants;
    base::WallTime m_start;
    int m_version = 0;
    bool m_harmed = false;  // Pods were taken away, and it has not settled since
    std::map<std::string, base::WallTime> m_lost;  // nodes, until when
};

void Rollout::run(base::Duration length) {
    // Small steps, so that an excuse does not cover what was committed before it.
    while (length > base::Duration(0)) {
        const auto step = std::min<base::Duration>(length, 1s);
        m_cluster.executor().runFor(step);
        length -= step;
        if (const auto broken = m_invariants.check(m_cluster.executor().clock().now())) {
            throw Failed{fmt::format("{}\n{} after the start; the last commits:\n{}", *broken, std::chrono::floor<std::chrono::seconds>(m_cluster.executor().clock().now() - m_start), m_invariants.history())};
        }
    }
}

void Rollout::begin() {
    run(30s);
    appsv1::Deployment deployment;
    deployment.metadata.namespace_ = kNamespace;
    deployment.metadata.name = kName;
    deployment.spec.replicas = static_cast<std::int32_t>(3 + below(6));
    deployment.spec.selector.emplace().matchLabels["app"] = kName;
    deployment.spec.template_.metadata.labels["app"] = kName;
    deployment.spec.strategy.type = "RollingUpdate";
    auto& rolling = deployment.spec.strategy.rollingUpdate.emplace();
    const auto surge = static_cast<std::int32_t>(below(4));
    rolling.maxSurge = api::IntOrString(surge);
    rolling.maxUnavailable = api::IntOrString(static_cast<std::int32_t>(surge == 0 ? 1 + below(2) : below(3)));
    corev1::Container container;
    container.name = "c";
    container.image = "registry.example/app:0";
    container.resources.requests["cpu"] = api::Quantity::of("100m");
    deployment.spec.template_.spec.containers.push_back(container);
    deployment.spec.template_.spec.terminationGracePeriodSeconds = 5;
    client::Api<appsv1::Deployment> deployments(m_cluster.user());
    if (const auto made = deployments.create(deployment); !made) throw Failed{made.error().message};
    corev1::Service service;
    service.metadata.namespace_ = kNamespace;
    service.metadata.name = kName;
    service.spec.selector["app"] = kName;
    service.spec.ports.resize(1);
    service.spec.ports[0].port = 80;
    if (const auto made = client::Api<corev1::Service>(m_cluster.user()).create(service); !made) throw Failed{made.error().message};
}

void Rollout::rollOut() {
    client::Api<appsv1::Deployment> deployments(m_cluster.user());
    for (int attempt = 0; attempt < 10; ++attempt) {
        auto deployment = *deployments.get(kNamespace, kName).value();
        // Sometimes back to what it was.
        const int version = below(4) == 0 && m_version > 0 ? m_version - 1 : ++m_version;
        deployment.spec.template_.spec.containers[0].image = fmt::format("registry.example/app:{}", version);
        if (deployments.update(deployment)) return;
    }
}

void Rollout::killPod() {
    const auto all = pods();
    if (all.empty()) return;
    m_harmed = true;
    m_invariants.excuseMissing(true);
    (void)client::Api<corev1::Pod>(m_cluster.user()).remove(kNamespace, all[below(all.size())]->metadata.name);
}

void Rollout::loseNode() {
    if (m_lost.size() + 2 > kNodes) return;
    const std::string& node = m_cluster.nodes().names()[below(kNodes)];
    m_harmed = true;
    m_invariants.excuseMissing(true);
    m_lost[node] = m_cluster.executor().clock().now() + std::chrono::seconds(20 + below(900));
    m_cluster.nodes().loseContact(node);
}

void Rollout::regainNodes(bool all) {
    const auto now = m_cluster.executor().clock().now();
    std::erase_if(m_lost, [&](const auto& each) {
        if (!all && each.second > now) return false;
        m_cluster.nodes().regainContact(each.first);
        return true;
    });
}

void Rollout::act() {
    regainNodes(false);
    if (m_harmed && m_lost.empty() && settled()) {
        m_harmed = false;
        m_invariants.excuseMissing(false);
    }
    switch (below(8)) {
        case 0: return killPod();
        case 1: return loseNode();
        case 2:
        case 3:
        case 4: return rollOut();
        case 5: return m_cluster.restartControllers();
        default: return;
    }
}

std::vector<client::Ptr<corev1::Pod>> Rollout::pods() {
    return listed<corev1::Pod>();
}

bool Rollout::settled() {
    const auto deployment = client::Api<appsv1::Deployment>(m_cluster.user()).get(kNamespace, kName).value();
    const auto& status = deployment->status;
    const std::int32_t wanted = deployment->spec.replicas.value_or(1);
    return status.observedGeneration == deployment->metadata.generation && status.updatedReplicas == wanted && status.replicas == wanted &&
           status.availableReplicas == wanted && static_cast<std::int32_t>(pods().size()) == wanted;
}

void Rollout::runUntilSettled(base::Duration limit) {
    for (base::Duration waited(0); waited < limit; waited += 5s) {
        if (settled()) return;
        run(5s);
    }
    throw Failed{fmt::format("it did not settle within {}; the last commits:\n{}", std::chrono::floor<std::chrono::seconds>(limit), m_invariants.history())};
}

void Rollout::checkEndpoints() {
    std::set<std::string> ready;
    for (const auto& pod : pods()) ready.insert(pod->status.podIP);
    std::set<std::string> addresses;
    const auto endpoints = client::Api<corev1::Endpoints>(m_cluster.user()).get(kNamespace, kName).value();
    for (const auto& subset : endpoints->subsets) {
        for (const auto& address : subset.addresses) addresses.insert(address.ip);
        if (!subset.notReadyAddresses.empty()) throw Failed{"there are addresses that are not ready"};
    }
    if (addresses != ready) throw Failed{fmt::format("the Endpoints are {}, the ready Pods {}", addresses, ready)};
    std::set<std::string> sliced;
    for (const auto& slice : listed<discoveryv1::EndpointSlice>()) {
        for (const auto& endpoint : slice->endpoints) {
            if (endpoint.conditions.ready.value_or(true)) sliced.insert(endpoint.addresses.begin(), endpoint.addresses.end());
        }
    }
    sliced.erase("10.96.0.1");
    if (sliced != ready) throw Failed{fmt::format("the EndpointSlices hold {}, the ready Pods are {}", sliced, ready)};
}

void Rollout::play() {
    auto& faults = m_cluster.faults();
    begin();
    runUntilSettled(kSettles);
    m_invariants.excuseMissing(false);
    faults = {.conflict = 0.05, .refusal = 0.02, .lostAnswer = 0.02, .watchEnd = 0.02, .watchDelay = 0.1};
    while (m_cluster.executor().clock().now() - m_start < kLength) {
        act();
        run(std::chrono::seconds(5 + below(240)));
    }
    faults = {};
    regainNodes(true);
    runUntilSettled(kSettles);
    run(30s);
    checkEndpoints();
}

struct Seeds {
    std::uint64_t first = 1;
    std::uint64_t last = 100;
    std::optional<double> hours;  // of the clock on the wall; then there is no last one

    bool one() const { return first == last && !hours; }
};

Seeds chosenSeeds() {
    Seeds seeds;
    if (const QString hours = qEnvironmentVariable("QD_SIMULATION_HOURS"); !hours.isEmpty()) seeds.hours = hours.toDouble();
    const QStringList bounds = qEnvironmentVariable("QD_SIMULATION_SEEDS", "100").split('-');
    seeds.last = bounds.back().toULongLong();
    if (bounds.size() == 2) seeds.first = bounds.front().toULongLong();
    if (seeds.hours) seeds.last = std::numeric_limits<std::uint64_t>::max();
    return seeds;
}

// Plays seed after seed on every processor: each cluster lives in one thread.
class Campaign {
public:
    explicit Campaign(const Seeds& seeds) : m_seeds(seeds), m_next(seeds.first) { m_since.start(); }

    // How many seeds broke a promise.
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
        for (std::uint64_t seed = m_next++; seed <= m_seeds.last && !over(); seed = m_next++) {
            try {
                Rollout rollout(seed);
                rollout.play();
            } catch (const Failed& failed) {
                ++m_failures;
                fmt::print(stderr, "seed {} (again with scripts/simulate {}-{}): {}\n", seed, seed, seed, failed.what);
            }
            ++m_played;
        }
    }
    bool over() const {
        if (m_failures >= kEnough) return true;
        return m_seeds.hours && static_cast<double>(m_since.elapsed()) > *m_seeds.hours * 3'600'000;
    }

    static constexpr int kEnough = 5;  // failures, to look at
    const Seeds m_seeds;
    QElapsedTimer m_since;
    std::atomic<std::uint64_t> m_next;
    std::atomic<std::uint64_t> m_played = 0;
    std::atomic<int> m_failures = 0;
};

}  // namespace

class RolloutSimulationTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() {
        // A single seed is there to be looked at; among many, what the faults make the parts complain of is only noise.
        base::setUpLogging({.file = "", .level = chosenSeeds().one() ? spdlog::level::debug : spdlog::level::critical});
    }

    void rolloutsKeepTheirPromisesUnderEverySeed() {
        Campaign campaign(chosenSeeds());
        const int failures = campaign.run();
        qInfo("%llu clusters lived %lld hours each", static_cast<unsigned long long>(campaign.played()), static_cast<long long>(kLength / 1h));
        QCOMPARE(failures, 0);
    }

    void oneSeedDoesTheSameTwice() {
        const auto revisionOf = [](std::uint64_t seed) {
            Rollout rollout(seed);
            try {
                rollout.play();
            } catch (const Failed&) {
            }
            return rollout.revision();
        };
        const store::Revision once = revisionOf(1);
        QCOMPARE(revisionOf(1), once);
        QVERIFY(revisionOf(2) != once);
    }
};

QTEST_APPLESS_MAIN(RolloutSimulationTest)
#include "rollout_simulation_test.moc"
