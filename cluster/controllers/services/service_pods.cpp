#include "cluster/controllers/services/service_pods.h"

#include <algorithm>

#include "cluster/client/label_index.h"
#include "cluster/controllers/pods/pod_state.h"

namespace qd::controllers {
namespace {

std::optional<std::int32_t> namedPort(const corev1::Container& container, const std::string& name, const std::string& protocol) {
    for (const auto& port : container.ports) {
        // Absent is TCP, should the defaults not be filled in.
        if (port.name == name && (port.protocol.empty() ? "TCP" : port.protocol) == protocol) return port.containerPort;
    }
    return std::nullopt;
}

bool sameAddresses(const corev1::PodStatus& a, const corev1::PodStatus& b) {
    return a.podIP == b.podIP && a.podIPs == b.podIPs;
}

bool showsInEndpoints(const corev1::Pod& old, const corev1::Pod& now) {
    return old.metadata.uid != now.metadata.uid || old.metadata.labels != now.metadata.labels || old.metadata.deletionTimestamp != now.metadata.deletionTimestamp ||
           isReady(old) != isReady(now) || isFinished(old) != isFinished(now) || !sameAddresses(old.status, now.status) || old.spec.hostname != now.spec.hostname ||
           old.spec.subdomain != now.spec.subdomain || old.spec.nodeName != now.spec.nodeName;
}

}  // namespace

bool hasManagedEndpoints(const corev1::Service& service) { return service.spec.type != "ExternalName" && !service.spec.selector.empty(); }

bool isHeadless(const corev1::Service& service) { return service.spec.clusterIP.empty() || service.spec.clusterIP == corev1::ClusterIPNone; }

ServicePods selectedPods(const client::Informer& pods, const corev1::Service& service) {
    ServicePods selected;
    for (const auto& pod : client::withLabels(pods, service.metadata.namespace_, service.spec.selector))
        selected.push_back(client::as<corev1::Pod>(pod));
    return selected;
}

bool hasEndpoint(const corev1::Pod& pod, bool includeTerminating) {
    if (isFinished(pod) || (pod.status.podIP.empty() && pod.status.podIPs.empty())) return false;
    return includeTerminating || !pod.metadata.deletionTimestamp;
}

bool isIpv6(const std::string& address) { return address.find(':') != std::string::npos; }

std::optional<std::int32_t> targetPort(const corev1::Pod& pod, const corev1::ServicePort& port) {
    if (!port.targetPort.isString) return port.targetPort.number != 0 ? port.targetPort.number : port.port;
    const std::string protocol = port.protocol.empty() ? "TCP" : port.protocol;
    for (const auto& container : pod.spec.containers) {
        if (const auto number = namedPort(container, port.targetPort.text, protocol)) return number;
    }
    for (const auto& container : pod.spec.initContainers) {
        if (container.restartPolicy != corev1::ContainerRestartPolicyAlways) continue;
        if (const auto number = namedPort(container, port.targetPort.text, protocol)) return number;
    }
    return std::nullopt;
}

std::string endpointHostname(const corev1::Pod& pod, const corev1::Service& service) {
    return pod.spec.subdomain == service.metadata.name ? pod.spec.hostname : "";
}

void addServiceIndices(client::Informer& services, client::Informer& pods) {
    client::addSelectorIndex(services);
    client::addLabelIndex(pods);
}

void wakeServicesOf(Keys& keys, const client::Informer& services, const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if (old && now && !showsInEndpoints(static_cast<const corev1::Pod&>(*old), static_cast<const corev1::Pod&>(*now))) return;
    const api::Object& pod = now ? *now : *old;
    const auto wake = [&](const api::Labels& labels) {
        for (const auto& service : client::servicesSelecting(services, pod.metadata.namespace_, labels)) {
            if (hasManagedEndpoints(*service)) keys.add(keyOf(*service), pod);
        }
    };
    if (old) wake(old->metadata.labels);
    if (now && (!old || old->metadata.labels != now->metadata.labels)) wake(now->metadata.labels);
}

api::Time TriggerTimes::observe(const std::string& key, const corev1::Service& service, const ServicePods& pods) {
    std::lock_guard lock(m_mutex);
    const bool wasKnown = m_states.contains(key);
    State& state = m_states[key];
    api::Time earliest;
    const auto consider = [&earliest](api::Time time) {
        if (earliest.isZero() || time < earliest) earliest = time;
    };
    std::map<std::string, api::Time> podTimes;
    for (const auto& pod : pods) {
        const auto* condition = podCondition(pod->status, corev1::PodReady);
        if (!condition || condition->lastTransitionTime.isZero()) continue;
        podTimes[pod->metadata.name] = condition->lastTransitionTime;
        const auto before = state.pods.find(pod->metadata.name);
        if (before == state.pods.end() || condition->lastTransitionTime > before->second) consider(condition->lastTransitionTime);
    }
    if (service.metadata.creationTimestamp > state.service) consider(service.metadata.creationTimestamp);
    state.pods = std::move(podTimes);
    state.service = service.metadata.creationTimestamp;
    return wasKnown ? earliest : service.metadata.creationTimestamp;
}

void TriggerTimes::forget(const std::string& key) {
    std::lock_guard lock(m_mutex);
    m_states.erase(key);
}

void setTriggerTime(api::Object& object, api::Time time) {
    if (time.isZero()) {
        object.metadata.annotations.erase(corev1::EndpointsLastChangeTriggerTime);
    } else {
        object.metadata.annotations[corev1::EndpointsLastChangeTriggerTime] = time.toString();
    }
}

}  // namespace qd::controllers
