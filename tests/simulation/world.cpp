#include "tests/simulation/world.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "tests/simulation/invariants/owners.h"

namespace qd::simulation {
namespace {

using namespace std::chrono_literals;

constexpr auto kSettles = 30min;  // the longest that anything may take once the faults have ended
constexpr auto kNodesReady = 10s;
constexpr int kFaultyMinutes = 2;
constexpr std::uint64_t kLongestLoss = 600;  // seconds
constexpr std::uint64_t kLongestStep = 900;  // seconds

const std::vector<const char*> kWatched = {"pods",
                                           "services",
                                           "endpoints",
                                           "endpointslices.discovery.k8s.io",
                                           "configmaps",
                                           "namespaces",
                                           "nodes",
                                           "persistentvolumes",
                                           "persistentvolumeclaims",
                                           "resourcequotas",
                                           "deployments.apps",
                                           "replicasets.apps",
                                           "statefulsets.apps",
                                           "daemonsets.apps",
                                           "controllerrevisions.apps",
                                           "jobs.batch",
                                           "cronjobs.batch",
                                           "horizontalpodautoscalers.autoscaling",
                                           "poddisruptionbudgets.policy",
                                           "volumeattachments.storage.k8s.io",
                                           "certificatesigningrequests.certificates.k8s.io"};

}  // namespace

base::Duration faultyTime() {
    static const base::Duration length = [] {
        const char* minutes = std::getenv("QD_SIMULATION_MINUTES");
        return std::chrono::minutes(minutes ? std::max(1, std::atoi(minutes)) : kFaultyMinutes);
    }();
    return length;
}

World::World(std::uint64_t seed, Options options)
    : m_options(std::move(options)),
      m_cluster(seed, kNodes, m_options.cluster),
      m_commits(m_cluster.store(), kWatched),
      m_start(m_cluster.executor().clock().steady()) {
    holdTo<OwnersInvariant>();
}

void World::fail(const std::string& what) {
    const auto since = std::chrono::floor<std::chrono::seconds>(now() - m_start);
    throw Failed{fmt::format("{}\n{} after the start; the last commits:\n{}", what, since, m_commits.history())};
}

void World::judge() {
    for (const auto& event : m_commits.take()) {
        m_commits.remember(event);
        const Commit commit{.event = *event, .when = now()};
        for (const auto& invariant : m_invariants) {
            if (const auto what = invariant->see(commit)) fail(*what + " after " + described(*event));
        }
    }
    for (const auto& invariant : m_invariants) {
        if (const auto what = invariant->check(now())) fail(*what);
    }
}

void World::run(base::Duration length) {
    while (length > base::Duration(0)) {
        const auto step = std::min<base::Duration>(length, 1s);
        m_cluster.executor().runFor(step);
        length -= step;
        judge();
    }
}

void World::loseNode() {
    if (m_lost.size() + 2 > kNodes) return;
    harmed();
    const std::string& node = anyNode();
    m_lost[node] = now() + std::chrono::seconds(20 + below(kLongestLoss));
    m_cluster.nodes().loseContact(node);
}

void World::regainNodes(bool all) {
    std::erase_if(m_lost, [&](const auto& each) {
        if (!all && each.second > now()) return false;
        m_cluster.nodes().regainContact(each.first);
        harmed();
        return true;
    });
}

void World::stepClock() {
    const auto by = std::chrono::seconds(1 + below(oneIn(2) ? 30 : kLongestStep));
    m_cluster.stepClock(oneIn(2) ? base::Duration(by) : -base::Duration(by));
}

void World::something() {
    regainNodes(false);
    switch (below(10)) {
        case 0:
            if (m_options.losesNodes) loseNode();
            break;
        case 1:
            m_cluster.restartControllers();
            break;
        case 2:
            if (m_options.clockSteps) stepClock();
            break;
        default:
            act();
            break;
    }
}

void World::killAnyPod(const std::string& ns) {
    const auto pods = listed<corev1::Pod>(ns);
    if (pods.empty()) return;
    harmed();
    remove<corev1::Pod>(ns, pods[below(pods.size())]->metadata.name);
}

void World::play() {
    run(kNodesReady);
    begin();
    auto& faults = m_cluster.faults();
    faults = {.conflict = 0.05,
              .refusal = 0.02,
              .lostAnswer = 0.02,
              .watchEnd = 0.02,
              .watchDelay = 0.1,
              .longestDelay = std::chrono::seconds(oneIn(3) ? 10 : 2),
              .crash = m_options.crash};
    while (now() - m_start < m_options.longer * faultyTime()) {
        something();
        run(std::chrono::seconds(1 + below(m_options.longestPause)));
    }
    faults = {};
    regainNodes(true);
    wind();
    base::Duration waited(0);
    for (auto why = restless(); why; why = restless()) {
        if (waited >= kSettles) fail(fmt::format("it did not come to rest within {}: {}", kSettles, *why));
        run(5s);
        waited += 5s;
    }
    run(30s);
    if (const auto why = restless()) fail("it did not stay at rest: " + *why);
}

std::optional<std::string> World::restless() {
    for (const auto& invariant : m_invariants) {
        if (auto why = invariant->restless()) return why;
    }
    return settled();
}

corev1::PodTemplateSpec podsOf(const std::string& app, const std::string& restartPolicy) {
    corev1::PodTemplateSpec pods;
    pods.metadata.labels["app"] = app;
    pods.spec.restartPolicy = restartPolicy;
    pods.spec.terminationGracePeriodSeconds = 5;
    auto& container = pods.spec.containers.emplace_back();
    container.name = "c";
    container.image = "registry.example/app:0";
    container.resources.requests["cpu"] = api::Quantity::of("100m");
    return pods;
}

corev1::Service serviceOf(const std::string& ns, const std::string& app, bool headless) {
    corev1::Service service;
    service.metadata.namespace_ = ns;
    service.metadata.name = app;
    service.spec.selector["app"] = app;
    if (headless) service.spec.clusterIP = "None";
    service.spec.ports.resize(1);
    service.spec.ports[0].port = 80;
    return service;
}

}  // namespace qd::simulation
