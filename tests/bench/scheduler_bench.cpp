// How many Pods a second the scheduler places, without an API server: plugins, cache and queue as in a cluster,
// bindings assumed and nothing written. Arguments: nodes. Each iteration places one Pod.
#include <benchmark/benchmark.h>

#include "cluster/scheduler/cache.h"
#include "cluster/scheduler/config/configuration.h"
#include "cluster/scheduler/framework/handle.h"
#include "cluster/scheduler/scheduling_algorithm.h"
#include "cluster/scheduler/scheduling_queue.h"
#include "cluster/scheduler/storage/storage_view.h"
#include "tests/cluster/scheduler/builders.h"
#include "tests/cluster/scheduler/fake_handle.h"

namespace {

using namespace qd;
using namespace qd::scheduler;
using namespace qd::scheduler::testing;

constexpr int kZones = 3;

std::string numbered(const std::string& name, std::size_t i) {
    return name + std::to_string(i);
}

corev1::Pod plain(std::size_t i) {
    return labelled(pod(numbered("p-", i), "10m", "10Mi"), "app", "web");
}

corev1::Pod beside(std::size_t i, bool preferred, bool anti) {
    corev1::Pod subject = plain(i);
    corev1::PodAffinityTerm term;
    term.topologyKey = anti ? "kubernetes.io/hostname" : "topology.kubernetes.io/zone";
    term.labelSelector.emplace().matchLabels["app"] = anti ? numbered("lonely-", i % 100) : "web";
    if (anti) subject.metadata.labels["app"] = numbered("lonely-", i % 100);
    auto& affinity = subject.spec.affinity.ensure();
    if (preferred) {
        corev1::WeightedPodAffinityTerm weighted;
        weighted.weight = 10;
        weighted.podAffinityTerm = term;
        affinity.podAffinity.ensure().preferredDuringSchedulingIgnoredDuringExecution.push_back(weighted);
    } else if (anti) {
        affinity.podAntiAffinity.ensure().requiredDuringSchedulingIgnoredDuringExecution.push_back(term);
    } else {
        affinity.podAffinity.ensure().requiredDuringSchedulingIgnoredDuringExecution.push_back(term);
    }
    return subject;
}

corev1::Pod spread(std::size_t i, const std::string& otherwise) {
    return spreadOver(spreadOver(plain(i), "topology.kubernetes.io/zone", 1, "web", otherwise),
                      "kubernetes.io/hostname", 10, "web", otherwise);
}

class Bench {
public:
    explicit Bench(std::size_t nodes) : m_handle(), m_algorithm(m_handle.random()) {
        m_profiles.add("default-scheduler", buildFramework(defaultProfile(), m_handle));
        m_handle.start();
        corev1::Service service;
        service.metadata.namespace_ = "default";
        service.metadata.name = "web";
        service.spec.selector["app"] = "web";
        m_handle.put(service);
        m_handle.settle();
        for (std::size_t i = 0; i < nodes; ++i) {
            corev1::Node each = node(numbered("n-", i), "1000", "4000Gi", "100000");
            each.metadata.labels["kubernetes.io/arch"] = "amd64";
            each.metadata.labels["kubernetes.io/os"] = "linux";
            m_cache.setNode(
                shared(labelled(std::move(each), "topology.kubernetes.io/zone", numbered("zone-", i % kZones))));
        }
    }

    bool place(corev1::Pod subject) {
        queue.add(makePodInfo(shared(std::move(subject)), m_cache.classes()));
        const auto next = queue.pop();
        Framework& framework = *m_profiles.of(*next->pod);
        CycleState state(framework.size());
        const auto outcome = m_algorithm.schedule(framework, state, *next->pod, m_cache);
        if (outcome.node) m_cache.assume(next->pod, outcome.node->name());
        queue.done(next->pod->uid());
        return outcome.node != nullptr;
    }

private:
    FakeHandle m_handle;
    Profiles m_profiles;
    Cache m_cache;
    SchedulingAlgorithm m_algorithm;

public:
    SchedulingQueue queue{m_profiles, m_handle.clock()};
};

template <typename Make>
void placePods(benchmark::State& state, Make make) {
    Bench bench(static_cast<std::size_t>(state.range(0)));
    std::size_t i = 0;
    for (auto _ : state) {
        if (!bench.place(make(i++))) return state.SkipWithError("a Pod fitted nowhere");
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(i));
}

void basic(benchmark::State& state) {
    placePods(state, plain);
}
void affinity(benchmark::State& state) {
    placePods(state, [](std::size_t i) { return beside(i, false, false); });
}
void antiAffinity(benchmark::State& state) {
    placePods(state, [](std::size_t i) { return beside(i, false, true); });
}
void preferredAffinity(benchmark::State& state) {
    placePods(state, [](std::size_t i) { return beside(i, true, false); });
}
void spreading(benchmark::State& state) {
    placePods(state, [](std::size_t i) { return spread(i, "DoNotSchedule"); });
}
void softSpreading(benchmark::State& state) {
    placePods(state, [](std::size_t i) { return spread(i, "ScheduleAnyway"); });
}

// What one event costs while so many Pods fit nowhere.
void eventsWithWaitingPods(benchmark::State& state) {
    Bench bench(1);
    PodClasses classes;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        bench.queue.add(makePodInfo(shared(pod(numbered("w-", static_cast<std::size_t>(i)), "64")), classes));
        bench.queue.pop();
        bench.queue.returnUnschedulable("pod-" + numbered("w-", static_cast<std::size_t>(i)), {"TaintToleration"});
    }
    const ClusterEvent event{Happening::PodAssigned, nullptr, shared(onNode(pod("x"), "n-0"))};
    for (auto _ : state) bench.queue.moveFor(event);
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK(basic)->Arg(100)->Arg(1000)->Arg(5000)->Iterations(5000)->Unit(benchmark::kMicrosecond);
BENCHMARK(affinity)->Arg(1000)->Arg(5000)->Iterations(2000)->Unit(benchmark::kMicrosecond);
BENCHMARK(antiAffinity)->Arg(1000)->Arg(5000)->Iterations(2000)->Unit(benchmark::kMicrosecond);
BENCHMARK(preferredAffinity)->Arg(1000)->Arg(5000)->Iterations(2000)->Unit(benchmark::kMicrosecond);
BENCHMARK(spreading)->Arg(1000)->Arg(5000)->Iterations(2000)->Unit(benchmark::kMicrosecond);
BENCHMARK(softSpreading)->Arg(1000)->Arg(5000)->Iterations(2000)->Unit(benchmark::kMicrosecond);
BENCHMARK(eventsWithWaitingPods)->Arg(5000)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
