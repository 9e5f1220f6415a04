// A plugin at work: what it says of a Pod on each node, and how it scores them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/scheduler/cache.h"
#include "cluster/scheduler/framework/framework.h"
#include "tests/cluster/scheduler/builders.h"

namespace qd::scheduler::testing {

// One plugin among nodes and Pods.
struct Scene {
    template <typename T, typename... Arguments>
    static Scene of(Arguments&&... arguments) {
        Scene scene;
        scene.framework = std::make_unique<Framework>();
        scene.framework->add(std::make_unique<T>(std::forward<Arguments>(arguments)...));
        return scene;
    }

    void add(corev1::Node node) { cache.setNode(shared(std::move(node))); }
    void add(corev1::Pod pod) { cache.setPod(info(std::move(pod))); }
    PodInfoPtr info(corev1::Pod pod) { return makePodInfo(shared(std::move(pod)), cache.classes()); }

    // What is said of the Pod on each node, in the order in which they were added.
    std::vector<std::string> filter(corev1::Pod pod) {
        const auto subject = info(std::move(pod));
        CycleState state(framework->size());
        Diagnosis diagnosis;
        const auto prepared = framework->preFilter(state, *subject, cache, diagnosis);
        std::vector<std::string> said;
        for (const auto* node : cache.all()) {
            said.push_back(prepared.status.ok() ? framework->filter(state, *subject, *node).message()
                                                : prepared.status.message());
        }
        return said;
    }

    std::vector<std::int64_t> score(corev1::Pod pod) {
        const auto subject = info(std::move(pod));
        CycleState state(framework->size());
        return framework->score(state, *subject, Feasible(cache.all()), cache).value().totals;
    }

    Cache cache;
    std::unique_ptr<Framework> framework;
};

}  // namespace qd::scheduler::testing
