// Small objects for the tests of controllers.
#pragma once

#include <string>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::tests {

inline corev1::PodTemplateSpec templateOf(const std::string& image, const api::Map<std::string>& labels = {{"app", "web"}}) {
    corev1::PodTemplateSpec ofTemplate;
    ofTemplate.metadata.labels = labels;
    corev1::Container container;
    container.name = "c";
    container.image = image;
    ofTemplate.spec.containers.push_back(container);
    return ofTemplate;
}

inline metav1::LabelSelector selecting(const api::Map<std::string>& labels) {
    metav1::LabelSelector selector;
    selector.matchLabels = labels;
    return selector;
}

inline appsv1::ReplicaSet replicaSet(const std::string& name, std::int32_t replicas) {
    appsv1::ReplicaSet set;
    set.metadata.namespace_ = "default";
    set.metadata.name = name;
    set.metadata.labels = {{"app", "web"}};
    set.spec.replicas = replicas;
    set.spec.selector = selecting({{"app", "web"}});
    set.spec.template_ = templateOf("lab:1");
    return set;
}

inline appsv1::Deployment deployment(const std::string& name, std::int32_t replicas) {
    appsv1::Deployment made;
    made.metadata.namespace_ = "default";
    made.metadata.name = name;
    made.spec.replicas = replicas;
    made.spec.selector = selecting({{"app", "web"}});
    made.spec.template_ = templateOf("lab:1");
    made.spec.strategy.type = appsv1::RollingUpdateDeploymentStrategyType;
    made.spec.strategy.rollingUpdate.emplace().maxSurge = api::IntOrString("25%");
    made.spec.strategy.rollingUpdate->maxUnavailable = api::IntOrString("25%");
    made.spec.revisionHistoryLimit = 10;
    made.spec.progressDeadlineSeconds = 600;
    return made;
}

inline corev1::Pod pod(const std::string& name, const api::Map<std::string>& labels = {{"app", "web"}}) {
    corev1::Pod made;
    made.metadata.namespace_ = "default";
    made.metadata.name = name;
    made.metadata.labels = labels;
    made.spec.containers = templateOf("lab:1").spec.containers;
    made.status.phase = corev1::PodPending;
    return made;
}

inline void markReady(corev1::Pod& pod, api::Time since, bool ready = true) {
    pod.status.phase = corev1::PodRunning;
    std::erase_if(pod.status.conditions, [](const auto& condition) { return condition.type == corev1::PodReady; });
    corev1::PodCondition condition;
    condition.type = corev1::PodReady;
    condition.status = ready ? "True" : "False";
    condition.lastTransitionTime = since;
    pod.status.conditions.push_back(condition);
}

}  // namespace qd::tests
