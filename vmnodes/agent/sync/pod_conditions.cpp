#include "vmnodes/agent/sync/pod_conditions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "vmnodes/agent/sync/pod_facts.h"

namespace qd::agent::sync {
namespace {

struct Draft {
    const char* type;
    bool holds = true;
    std::string reason = {};
    std::string message = {};
};

const corev1::ContainerStatus* find(const std::vector<corev1::ContainerStatus>& all, const std::string& name) {
    const auto found = std::ranges::find(all, name, &corev1::ContainerStatus::name);
    return found == all.end() ? nullptr : &*found;
}

// "containers with unready status: [a b]"
std::string listed(const char* what, const std::vector<std::string>& names) {
    return fmt::format("containers with {} status: [{}]", what, fmt::join(names, " "));
}

Draft containersReady(const corev1::Pod& pod, const corev1::PodStatus& status) {
    Draft draft{corev1::ContainersReady};
    if (status.phase == corev1::PodSucceeded || status.phase == corev1::PodFailed) {
        draft.holds = false;
        draft.reason = status.phase == corev1::PodFailed ? "PodFailed" : "PodCompleted";
        return draft;
    }
    std::vector<std::string> unready;
    for (const corev1::Container& container : pod.spec.initContainers) {
        const corev1::ContainerStatus* one = find(status.initContainerStatuses, container.name);
        if (isSidecar(container) && !(one != nullptr && one->ready)) unready.push_back(container.name);
    }
    for (const corev1::Container& container : pod.spec.containers) {
        const corev1::ContainerStatus* one = find(status.containerStatuses, container.name);
        if (one == nullptr || !one->ready) unready.push_back(container.name);
    }
    if (!unready.empty()) {
        draft.holds = false;
        draft.reason = "ContainersNotReady";
        draft.message = listed("unready", unready);
    }
    return draft;
}

Draft ready(const corev1::Pod& pod, const corev1::PodStatus& status,
            const std::vector<corev1::PodCondition>& conditions) {
    Draft draft = containersReady(pod, status);
    draft.type = corev1::PodReady;
    if (!draft.holds) return draft;
    std::vector<std::string> complaints;
    for (const corev1::PodReadinessGate& gate : pod.spec.readinessGates) {
        const auto found = std::ranges::find(conditions, gate.conditionType, &corev1::PodCondition::type);
        if (found == conditions.end())
            complaints.push_back(fmt::format("corresponding condition of pod readiness gate \"{}\" does not exist.",
                                             gate.conditionType));
        else if (found->status != corev1::ConditionTrue)
            complaints.push_back(fmt::format("the status of pod readiness gate \"{}\" is not \"True\", but {}",
                                             gate.conditionType, found->status));
    }
    if (!complaints.empty()) {
        draft.holds = false;
        draft.reason = "ReadinessGatesNotReady";
        draft.message = fmt::format("{}", fmt::join(complaints, ", "));
    }
    return draft;
}

Draft initialized(const corev1::Pod& pod, const corev1::PodStatus& status) {
    Draft draft{corev1::PodInitialized};
    if (status.phase == corev1::PodSucceeded) {
        draft.reason = "PodCompleted";
        return draft;
    }
    const bool regularStarted = std::ranges::any_of(status.containerStatuses, [](const corev1::ContainerStatus& one) {
        return one.started.value_or(false) || one.state.terminated || one.lastState.terminated;
    });
    if (regularStarted) return draft;
    std::vector<std::string> incomplete;
    for (const corev1::Container& container : pod.spec.initContainers) {
        const corev1::ContainerStatus* one = find(status.initContainerStatuses, container.name);
        const bool done = one != nullptr && (isSidecar(container) ? one->started.value_or(false) : one->ready);
        if (!done) incomplete.push_back(container.name);
    }
    if (!incomplete.empty()) {
        draft.holds = false;
        draft.reason = "ContainersNotInitialized";
        draft.message = listed("incomplete", incomplete);
    }
    return draft;
}

bool isOurs(const std::string& type) {
    for (const char* ours : {corev1::PodReadyToStartContainers, corev1::PodInitialized, corev1::PodReady,
                             corev1::ContainersReady, corev1::PodScheduled})
        if (type == ours) return true;
    return false;
}

}  // namespace

void setConditions(const corev1::Pod& pod, bool sandboxReady, const corev1::PodStatus& old, base::WallTime now,
                   corev1::PodStatus& status) {
    for (const corev1::PodCondition& condition : pod.status.conditions)
        if (!isOurs(condition.type)) status.conditions.push_back(condition);
    for (const corev1::PodCondition& condition : old.conditions) {  // set by the agent itself: eviction, shutdown
        const auto same = std::ranges::find(status.conditions, condition.type, &corev1::PodCondition::type);
        if (condition.type == corev1::DisruptionTarget && same == status.conditions.end())
            status.conditions.push_back(condition);
    }
    const Draft drafts[] = {{corev1::PodReadyToStartContainers, sandboxReady},
                            initialized(pod, status),
                            ready(pod, status, status.conditions),
                            containersReady(pod, status),
                            {corev1::PodScheduled}};
    for (const Draft& draft : drafts) {
        corev1::PodCondition condition;
        condition.type = draft.type;
        condition.observedGeneration = pod.metadata.generation;
        condition.status = draft.holds ? corev1::ConditionTrue : corev1::ConditionFalse;
        condition.reason = draft.reason;
        condition.message = draft.message;
        condition.lastTransitionTime = api::Time(now);
        for (const auto* before : {&pod.status.conditions, &old.conditions}) {
            const auto same = std::ranges::find(*before, condition.type, &corev1::PodCondition::type);
            if (same != before->end() && same->status == condition.status)
                condition.lastTransitionTime = same->lastTransitionTime;
        }
        status.conditions.push_back(std::move(condition));
    }
}

}  // namespace qd::agent::sync
