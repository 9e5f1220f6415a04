// What Endpoints and EndpointSlices have in common: which Pods stand behind a Service, and where they answer.
// Source: https://kubernetes.io/docs/concepts/services-networking/service/.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

using ServicePods = std::vector<client::Ptr<corev1::Pod>>;

// Whether the controllers look after this Service: it selects Pods and is no ExternalName.
bool hasManagedEndpoints(const corev1::Service& service);
bool isHeadless(const corev1::Service& service);

// What the functions below need; before the informers start.
void addServiceIndices(client::Informer& services, client::Informer& pods);
// The Pods that the Service selects, in order of their names.
ServicePods selectedPods(const client::Informer& pods, const corev1::Service& service);
// Whether a Pod has an address and has not finished; one that is being deleted counts where asked for.
bool hasEndpoint(const corev1::Pod& pod, bool includeTerminating);
bool isIpv6(const std::string& address);
// The container's port that a Service's port leads to; nothing when the Pod has none of that name.
std::optional<std::int32_t> targetPort(const corev1::Pod& pod, const corev1::ServicePort& port);
// The host name under which DNS knows the Pod behind this Service; empty for none.
std::string endpointHostname(const corev1::Pod& pod, const corev1::Service& service);

// Wakes the Services that a changed Pod concerns: those that select it or did, when something that shows in endpoints changed.
void wakeServicesOf(Keys& keys, const client::Informer& services, const api::ObjectPtr& old, const api::ObjectPtr& now);

// When what changed since the last sync of a Service changed, for the annotation endpoints.kubernetes.io/last-change-trigger-time.
// Thread-safe.
class TriggerTimes {
public:
    // Zero when nothing is new.
    api::Time observe(const std::string& key, const corev1::Service& service, const ServicePods& pods);
    void forget(const std::string& key);

private:
    struct State {
        api::Time service;
        std::map<std::string, api::Time> pods;
    };
    std::mutex m_mutex;
    std::map<std::string, State> m_states;
};
// Sets the annotation, or takes it away for a zero time.
void setTriggerTime(api::Object& object, api::Time time);

}  // namespace qd::controllers
