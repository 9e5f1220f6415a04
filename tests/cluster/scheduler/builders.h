// Short ways to write the Pods and nodes of the scheduler's tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/client/typed.h"

namespace qd::scheduler::testing {

inline corev1::Node node(const std::string& name, const std::string& cpu = "4", const std::string& memory = "8Gi",
                         const std::string& pods = "110") {
    corev1::Node node;
    node.metadata.name = name;
    node.metadata.uid = "node-" + name;
    node.metadata.labels["kubernetes.io/hostname"] = name;
    node.status.allocatable["cpu"] = api::Quantity::of(cpu);
    node.status.allocatable["memory"] = api::Quantity::of(memory);
    node.status.allocatable["pods"] = api::Quantity::of(pods);
    node.status.capacity = node.status.allocatable;
    return node;
}

inline corev1::Node labelled(corev1::Node node, const std::string& key, const std::string& value) {
    node.metadata.labels[key] = value;
    return node;
}

inline corev1::Node tainted(corev1::Node node, const std::string& key, const std::string& effect) {
    corev1::Taint taint;
    taint.key = key;
    taint.effect = effect;
    node.spec.taints.push_back(taint);
    return node;
}

inline corev1::Pod pod(const std::string& name, const std::string& cpu = "", const std::string& memory = "") {
    corev1::Pod pod;
    pod.metadata.namespace_ = "default";
    pod.metadata.name = name;
    pod.metadata.uid = "pod-" + name;
    pod.spec.schedulerName = "default-scheduler";
    corev1::Container container;
    container.name = "c";
    container.image = "registry.example/app:1";
    if (!cpu.empty()) container.resources.requests["cpu"] = api::Quantity::of(cpu);
    if (!memory.empty()) container.resources.requests["memory"] = api::Quantity::of(memory);
    pod.spec.containers.push_back(container);
    return pod;
}

inline corev1::Pod onNode(corev1::Pod pod, const std::string& node) {
    pod.spec.nodeName = node;
    return pod;
}

inline corev1::Pod labelled(corev1::Pod pod, const std::string& key, const std::string& value) {
    pod.metadata.labels[key] = value;
    return pod;
}

inline corev1::Pod withHostPort(corev1::Pod pod, std::int32_t port, const std::string& protocol = "TCP",
                                const std::string& ip = "") {
    corev1::ContainerPort hostPort;
    hostPort.hostPort = port;
    hostPort.containerPort = port;
    hostPort.protocol = protocol;
    hostPort.hostIP = ip;
    pod.spec.containers.front().ports.push_back(hostPort);
    return pod;
}

inline corev1::Toleration toleration(const std::string& key, const std::string& op, const std::string& effect = "") {
    corev1::Toleration toleration;
    toleration.key = key;
    toleration.operator_ = op;
    toleration.effect = effect;
    return toleration;
}

inline corev1::NodeSelectorTerm term(const std::string& key, const std::string& op,
                                     std::vector<std::string> values = {}) {
    corev1::NodeSelectorRequirement requirement;
    requirement.key = key;
    requirement.operator_ = op;
    requirement.values = std::move(values);
    corev1::NodeSelectorTerm term;
    term.matchExpressions.push_back(requirement);
    return term;
}

inline corev1::Pod requiring(corev1::Pod pod, corev1::NodeSelectorTerm term) {
    auto& required =
        pod.spec.affinity.ensure().nodeAffinity.ensure().requiredDuringSchedulingIgnoredDuringExecution.ensure();
    required.nodeSelectorTerms.push_back(std::move(term));
    return pod;
}

inline corev1::Pod spreadOver(corev1::Pod pod, const std::string& key, int maxSkew, const std::string& app,
                              const std::string& otherwise = "DoNotSchedule") {
    corev1::TopologySpreadConstraint constraint;
    constraint.topologyKey = key;
    constraint.maxSkew = maxSkew;
    constraint.whenUnsatisfiable = otherwise;
    constraint.labelSelector.emplace().matchLabels["app"] = app;
    pod.spec.topologySpreadConstraints.push_back(constraint);
    return labelled(std::move(pod), "app", app);
}

inline corev1::Pod withPriority(corev1::Pod pod, std::int32_t priority) {
    pod.spec.priority = priority;
    return pod;
}

inline corev1::Pod withClaim(corev1::Pod pod, const std::string& claim) {
    corev1::Volume volume;
    volume.name = "v-" + claim;
    volume.persistentVolumeClaim.emplace().claimName = claim;
    pod.spec.volumes.push_back(volume);
    return pod;
}

inline corev1::PersistentVolumeClaim claim(const std::string& name, const std::string& storageClass,
                                           const std::string& size = "1Gi") {
    corev1::PersistentVolumeClaim claim;
    claim.metadata.namespace_ = "default";
    claim.metadata.name = name;
    claim.spec.storageClassName = storageClass;
    claim.spec.accessModes = {"ReadWriteOnce"};
    claim.spec.resources.requests["storage"] = api::Quantity::of(size);
    claim.status.phase = "Pending";
    return claim;
}

inline corev1::PersistentVolumeClaim boundTo(corev1::PersistentVolumeClaim claim, const std::string& volume) {
    claim.spec.volumeName = volume;
    claim.status.phase = "Bound";
    claim.metadata.annotations["pv.kubernetes.io/bind-completed"] = "yes";
    return claim;
}

inline corev1::PersistentVolume volume(const std::string& name, const std::string& storageClass,
                                       const std::string& size = "1Gi") {
    corev1::PersistentVolume volume;
    volume.metadata.name = name;
    volume.spec.storageClassName = storageClass;
    volume.spec.accessModes = {"ReadWriteOnce"};
    volume.spec.capacity["storage"] = api::Quantity::of(size);
    volume.status.phase = "Available";
    return volume;
}

inline corev1::PersistentVolume reachableFrom(corev1::PersistentVolume volume, corev1::NodeSelectorTerm term) {
    volume.spec.nodeAffinity.ensure().required.ensure().nodeSelectorTerms.push_back(std::move(term));
    return volume;
}

inline storagev1::StorageClass storageClass(const std::string& name, const std::string& provisioner,
                                            const std::string& mode = "WaitForFirstConsumer") {
    storagev1::StorageClass storageClass;
    storageClass.metadata.name = name;
    storageClass.provisioner = provisioner;
    storageClass.volumeBindingMode = mode;
    return storageClass;
}

template <typename T>
client::Ptr<T> shared(T object) {
    return std::make_shared<const T>(std::move(object));
}

}  // namespace qd::scheduler::testing
