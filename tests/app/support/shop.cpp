#include "tests/app/support/shop.h"

namespace qd::tests {

namespace {

using namespace std::chrono_literals;

std::string setName(int revision) {
    return revision == 7 ? "web-7f6b8" : revision == 6 ? "web-59d7c" : "web-" + std::to_string(revision);
}

corev1::PodTemplateSpec podTemplate(int revision) {
    corev1::PodTemplateSpec made;
    made.metadata.labels = {{"app", "web"}};
    corev1::Container container;
    container.name = "web";
    container.image = revision == 7 ? "registry.example.com/shop/web:1.5.0"
                                    : "registry.example.com/shop/web:1.4." + std::to_string(revision - 5);
    container.resources.requests = {{"cpu", api::Quantity::of("100m")}, {"memory", api::Quantity::of("128Mi")}};
    made.spec.containers.push_back(container);
    return made;
}

corev1::PodCondition condition(std::string type, std::string status) {
    corev1::PodCondition made;
    made.type = std::move(type);
    made.status = std::move(status);
    return made;
}

template <typename T>
std::unique_ptr<T> named(const std::string& space, const std::string& name, base::Duration age) {
    auto made = std::make_unique<T>();
    made->metadata.namespace_ = space;
    made->metadata.name = name;
    made->metadata.uid = std::string(T::kDescriptor.name) + '/' + space + '/' + name;
    made->metadata.creationTimestamp = api::Time(shopNow() - age);
    return made;
}

std::unique_ptr<corev1::Event> event(const std::string& kind, const std::string& object, const std::string& reason,
                                     const std::string& message, const std::string& type, base::Duration age) {
    auto made = named<corev1::Event>("shop", object + "." + reason, age);
    made->involvedObject.kind = kind;
    made->involvedObject.namespace_ = "shop";
    made->involvedObject.name = object;
    made->reason = reason;
    made->message = message;
    made->type = type;
    made->count = 1;
    made->lastTimestamp = api::Time(shopNow() - age);
    return made;
}

}  // namespace

base::WallTime shopNow() {
    return base::WallTime(1'795'000'000s);
}

std::unique_ptr<appsv1::Deployment> shopDeployment() {
    auto web = named<appsv1::Deployment>("shop", "web", 72h);
    web->metadata.generation = 9;
    web->metadata.annotations["deployment.kubernetes.io/revision"] = "7";
    metav1::ManagedFieldsEntry entry;
    entry.manager = "kubectl-set";
    entry.operation = "Update";
    entry.time = api::Time(shopNow() - 14s);
    web->metadata.managedFields.push_back(entry);
    web->spec.replicas = 10;
    web->spec.selector.ensure().matchLabels = {{"app", "web"}};
    web->spec.template_ = podTemplate(7);
    web->status.observedGeneration = 9;
    web->status.replicas = 11;
    web->status.updatedReplicas = 8;
    web->status.readyReplicas = 9;
    web->status.availableReplicas = 9;
    web->status.unavailableReplicas = 2;
    return web;
}

std::unique_ptr<appsv1::ReplicaSet> shopReplicaSet(int revision, int replicas, int ready) {
    const base::Duration ages[] = {72h, 60h, 50h, 26h, 9h, 2h, 14s};
    auto set = named<appsv1::ReplicaSet>("shop", setName(revision), ages[revision - 1]);
    set->metadata.annotations["deployment.kubernetes.io/revision"] = std::to_string(revision);
    metav1::OwnerReference owner;
    owner.apiVersion = "apps/v1";
    owner.kind = "Deployment";
    owner.name = "web";
    owner.uid = "Deployment/shop/web";
    owner.controller = true;
    set->metadata.ownerReferences.push_back(owner);
    set->spec.replicas = replicas;
    set->spec.template_ = podTemplate(revision);
    set->spec.template_.metadata.labels["pod-template-hash"] = setName(revision).substr(4);
    set->status.replicas = replicas;
    set->status.readyReplicas = ready;
    return set;
}

std::unique_ptr<corev1::Pod> shopPod(int revision, const std::string& suffix, PodLife life, int node, int address) {
    auto pod = named<corev1::Pod>("shop", setName(revision) + '-' + suffix, revision == 7 ? 12s : 2h);
    pod->metadata.labels = {{"app", "web"}, {"pod-template-hash", setName(revision).substr(4)}};
    metav1::OwnerReference owner;
    owner.kind = "ReplicaSet";
    owner.name = setName(revision);
    owner.uid = "ReplicaSet/shop/" + setName(revision);
    owner.controller = true;
    pod->metadata.ownerReferences.push_back(owner);
    pod->spec = podTemplate(revision).spec;
    corev1::ContainerStatus status;
    status.name = "web";
    if (life != PodLife::Pending) {
        pod->spec.nodeName = "qd-dev-" + std::to_string(node);
        pod->status.podIP = "10.244." + std::to_string(node - 1) + '.' + std::to_string(address);
    }
    switch (life) {
        case PodLife::Pending:
            pod->status.phase = "Pending";
            break;
        case PodLife::Running:
            status.state.running.emplace();
            break;
        case PodLife::Ready:
        case PodLife::Terminating:
            status.state.running.emplace();
            status.ready = true;
            pod->status.conditions.push_back(condition("Ready", "True"));
            if (life == PodLife::Terminating) pod->metadata.deletionTimestamp = api::Time(shopNow() + 8s);
            break;
        case PodLife::Crashing:
            status.state.waiting.emplace().reason = "CrashLoopBackOff";
            status.state.waiting->message = "back-off 20s restarting failed container";
            status.restartCount = 4;
            break;
        case PodLife::Succeeded:
            status.state.terminated.emplace();
            break;
    }
    if (life != PodLife::Pending) pod->status.phase = life == PodLife::Succeeded ? "Succeeded" : "Running";
    if (life != PodLife::Pending) pod->status.containerStatuses.push_back(status);
    return pod;
}

std::unique_ptr<corev1::Service> shopService() {
    auto service = named<corev1::Service>("shop", "web", 72h);
    service->spec.type = "ClusterIP";
    service->spec.clusterIP = "10.96.12.7";
    service->spec.selector = {{"app", "web"}};
    corev1::ServicePort port;
    port.port = 80;
    port.protocol = "TCP";
    port.targetPort = "http";
    service->spec.ports.push_back(port);
    return service;
}

std::unique_ptr<discoveryv1::EndpointSlice> shopSlice(const std::vector<const corev1::Pod*>& pods) {
    auto slice = named<discoveryv1::EndpointSlice>("shop", "web-abcde", 72h);
    slice->metadata.labels = {{"kubernetes.io/service-name", "web"}};
    slice->addressType = "IPv4";
    for (const corev1::Pod* pod : pods) {
        if (pod->status.podIP.empty()) continue;
        discoveryv1::Endpoint endpoint;
        endpoint.addresses.push_back(pod->status.podIP);
        endpoint.nodeName = pod->spec.nodeName;
        endpoint.targetRef.ensure().kind = "Pod";
        endpoint.targetRef->name = pod->metadata.name;
        const bool leaving = pod->metadata.deletionTimestamp.has_value();
        const bool ready = !pod->status.containerStatuses.empty() && pod->status.containerStatuses.front().ready;
        endpoint.conditions.ready = ready && !leaving;
        endpoint.conditions.serving = ready;
        endpoint.conditions.terminating = leaving;
        slice->endpoints.push_back(endpoint);
    }
    return slice;
}

std::unique_ptr<corev1::Node> shopNode(int number, bool ready) {
    auto node = named<corev1::Node>("", "qd-dev-" + std::to_string(number), 72h);
    node->status.allocatable = {{"cpu", api::Quantity::of("2")}, {"memory", api::Quantity::of("4Gi")}};
    node->status.nodeInfo.kubeletVersion = "v1.36.2";
    node->status.nodeInfo.osImage = "Debian GNU/Linux 13 (trixie)";
    corev1::NodeAddress address;
    address.type = "InternalIP";
    address.address = "10.244.255." + std::to_string(number);
    node->status.addresses.push_back(address);
    corev1::NodeCondition condition;
    condition.type = "Ready";
    condition.status = ready ? "True" : "Unknown";
    condition.lastHeartbeatTime = api::Time(shopNow() - (ready ? 3s : 52s));
    node->status.conditions.push_back(condition);
    return node;
}

std::vector<std::unique_ptr<corev1::Pod>> shopPods() {
    std::vector<std::unique_ptr<corev1::Pod>> pods;
    pods.push_back(shopPod(6, "x2k4d", PodLife::Ready, 2, 10));
    pods.push_back(shopPod(6, "b7wq9", PodLife::Ready, 1, 14));
    pods.push_back(shopPod(6, "m4tzl", PodLife::Terminating, 2, 11));
    int address = 15;
    for (const char* suffix : {"c9rfp", "h5j2n", "k8v4s", "p3d7m", "q6x9b", "t2n5g", "w4l8z"}) {
        pods.push_back(shopPod(7, suffix, PodLife::Ready, 1 + address % 2, address));
        ++address;
    }
    pods.push_back(shopPod(7, "z7c3r", PodLife::Running, 2, 29));
    return pods;
}

std::vector<std::unique_ptr<api::Object>> shop() {
    std::vector<std::unique_ptr<api::Object>> objects;
    for (const char* name : {"default", "kube-system", "shop"})
        objects.push_back(named<corev1::Namespace>("", name, 72h));
    objects.push_back(shopNode(1));
    objects.push_back(shopNode(2));
    objects.push_back(shopDeployment());
    auto api = shopDeployment();
    api->metadata.name = "api";
    api->metadata.uid = "Deployment/shop/api";
    api->spec.replicas = 3;
    api->status = {};
    api->status.observedGeneration = 9;
    api->status.replicas = api->status.updatedReplicas = api->status.readyReplicas = api->status.availableReplicas = 3;
    objects.push_back(std::move(api));
    for (int revision = 1; revision <= 5; ++revision) objects.push_back(shopReplicaSet(revision, 0, 0));
    objects.push_back(shopReplicaSet(6, 2, 2));
    objects.push_back(shopReplicaSet(7, 8, 7));
    auto pods = shopPods();
    std::vector<const corev1::Pod*> plain;
    for (const auto& pod : pods) plain.push_back(pod.get());
    objects.push_back(shopSlice(plain));
    for (auto& pod : pods) objects.push_back(std::move(pod));
    objects.push_back(shopService());
    objects.push_back(
        event("Deployment", "web", "ScalingReplicaSet", "Scaled up replica set web-7f6b8 from 7 to 8", "Normal", 12s));
    objects.push_back(event("Pod", "web-7f6b8-z7c3r", "Scheduled",
                            "Successfully assigned shop/web-7f6b8-z7c3r to qd-dev-2", "Normal", 11s));
    objects.push_back(event("Pod", "web-7f6b8-z7c3r", "Started", "Started container web", "Normal", 9s));
    objects.push_back(event("Pod", "web-7f6b8-z7c3r", "Unhealthy",
                            "Readiness probe failed: HTTP probe failed with statuscode: 503", "Warning", 4s));
    return objects;
}

}  // namespace qd::tests
