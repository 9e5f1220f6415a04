// A world is a cluster in which something lives on for some simulated time while faults happen to it, under a seed.
// What it must hold to is in its invariants; and when the faults have ended, it must come to rest.
//
// To add one: a class in worlds/, a line in world_list.cpp, its invariants in docs/simulation.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/client/typed.h"
#include "tests/simulation/commits.h"
#include "tests/simulation/invariants/invariant.h"
#include "tests/simulation/simulated_cluster.h"

namespace qd::simulation {

// For how long faults happen: QD_SIMULATION_MINUTES, in simulated time. With other minutes a seed does other things.
base::Duration faultyTime();

// A promise was broken.
struct Failed {
    std::string what;
};

class World {
public:
    struct Options {
        std::uint64_t longestPause = 30;  // seconds, between two things that happen
        std::uint64_t longer = 1;         // for how many times as long as elsewhere faults happen
        double crash = 0.004;             // share of the controllers' writes after which they all end
        bool clockSteps = true;
        bool losesNodes = true;
        SimulatedCluster::Options cluster = {};
    };
    World(std::uint64_t seed, Options options);
    virtual ~World() = default;

    // Throws Failed.
    void play();
    store::Revision revision() { return m_cluster.store().committed(); }

protected:
    static constexpr unsigned kNodes = 5;

    // Makes what is there at first. Before the faults.
    virtual void begin() = 0;
    // Something that people do.
    virtual void act() = 0;
    // After the faults: lets what goes on for ever come to an end.
    virtual void wind() {}
    // What is not yet as it was asked for; nothing when all is.
    virtual std::optional<std::string> settled() = 0;
    // Called whenever something harms Pods that run, and when it ends.
    virtual void harmed() {}

    // Lets time pass, in small steps, and holds the invariants to what is committed.
    void run(base::Duration length);
    template <typename T, typename... Arguments>
    T& holdTo(Arguments&&... arguments) {
        auto made = std::make_unique<T>(std::forward<Arguments>(arguments)...);
        T& invariant = *made;
        m_invariants.push_back(std::move(made));
        return invariant;
    }

    SimulatedCluster& cluster() { return m_cluster; }
    std::uint64_t below(std::uint64_t bound) { return m_cluster.random().below(bound); }
    bool oneIn(std::uint64_t n) { return below(n) == 0; }
    base::SteadyTime now() { return m_cluster.executor().clock().steady(); }
    const std::string& anyNode() { return m_cluster.nodes().names()[below(kNodes)]; }
    bool anyNodeLost() const { return !m_lost.empty(); }
    bool isLost(const std::string& node) const { return m_lost.contains(node); }

    // A person's requests, which no fault meets.
    template <typename T>
    void create(const T& object) {
        const auto made = client::Api<T>(m_cluster.user()).create(object);
        if (!made) throw Failed{object.metadata.name + ": " + made.error().message};
    }
    // Null when there is none.
    template <typename T>
    client::Ptr<T> get(const std::string& ns, const std::string& name) {
        return client::Api<T>(m_cluster.user()).get(ns, name).value_or(nullptr);
    }
    template <typename T>
    std::vector<client::Ptr<T>> listed(const std::string& ns) {
        std::vector<client::Ptr<T>> found;
        const auto list = m_cluster.user().list(client::resourceOf<T>(), ns, {});
        if (!list) throw Failed{list.error().message};
        for (const auto& object : list->items) found.push_back(client::as<T>(object));
        return found;
    }
    // Does nothing when it is gone.
    template <typename T>
    void change(const std::string& ns, const std::string& name, const std::function<void(T&)>& how) {
        const auto known = get<T>(ns, name);
        if (!known) return;
        T changed = *known;
        how(changed);
        const auto written = client::Api<T>(m_cluster.user()).update(changed);
        if (!written) throw Failed{name + ": " + written.error().message};
    }
    template <typename T>
    void remove(const std::string& ns, const std::string& name, const client::DeleteOptions& options = {}) {
        (void)client::Api<T>(m_cluster.user()).remove(ns, name, options);
    }
    void killAnyPod(const std::string& ns);

private:
    void judge();
    void something();
    void loseNode();
    void regainNodes(bool all);
    void stepClock();
    // What is not at rest; nothing when everything is.
    std::optional<std::string> restless();
    [[noreturn]] void fail(const std::string& what);

    const Options m_options;
    SimulatedCluster m_cluster;
    Commits m_commits;
    std::vector<std::unique_ptr<Invariant>> m_invariants;
    base::SteadyTime m_start;
    std::map<std::string, base::SteadyTime> m_lost;  // nodes, until when
};

struct WorldKind {
    const char* name;
    std::unique_ptr<World> (*make)(std::uint64_t seed);
};

const std::vector<WorldKind>& worlds();

// A template whose Pods carry the label app with this value.
corev1::PodTemplateSpec podsOf(const std::string& app, const std::string& restartPolicy = "Always");
// A Service for the Pods with that label; headless: without an address of its own.
corev1::Service serviceOf(const std::string& ns, const std::string& app, bool headless = false);

}  // namespace qd::simulation
