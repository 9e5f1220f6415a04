#include "cluster/controllers/endpoints/endpoints_controller.h"

#include <fmt/format.h>

#include "cluster/controllers/endpoints/subsets.h"
#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kManagedBy[] = "endpoints.kubernetes.io/managed-by";
constexpr char kControllerName[] = "endpoint-controller";
constexpr char kLeaderElection[] = "control-plane.alpha.kubernetes.io/leader";

}  // namespace

EndpointsController::EndpointsController(Context& context)
    : m_context(context),
      m_services(context.informers.informer(client::resourceOf<corev1::Service>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())),
      m_endpoints(context.informers.informer(client::resourceOf<corev1::Endpoints>())) {
    const auto wake = [this](const api::ObjectPtr& old, const api::ObjectPtr& now) { m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old); };
    addServiceIndices(m_services, m_pods);
    m_services.addHandler(wake);
    m_endpoints.addHandler([this, wake](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        // Endpoints that somebody has written down for no Service are theirs.
        const bool isTheirs = now && !now->metadata.labels.contains(kManagedBy) && !m_services.get(now->metadata.namespace_, now->metadata.name);
        if (!isTheirs) wake(old, now);
    });
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { wakeServicesOf(m_context.keys, m_services, old, now); });
}

// Endpoints that were left behind by Services that went while no controller ran.
void EndpointsController::ready() {
    for (const auto& endpoints : m_endpoints.list()) {
        if (!endpoints->metadata.annotations.contains(kLeaderElection)) m_context.keys.add(keyOf(*endpoints), *endpoints);
    }
}

Result<Outcome> EndpointsController::removeOf(const std::string& key) {
    m_times.forget(key);
    m_expectations.forget(key);
    const auto [ns, name] = splitKey(key);
    const auto left = m_endpoints.get(ns, name);
    if (!left || left->metadata.deletionTimestamp || left->metadata.annotations.contains(kLeaderElection)) return Outcome{};
    client::DeleteOptions options;
    options.uid = left->metadata.uid;
    const auto gone = m_context.client.remove(m_endpoints.resource(), ns, name, options);
    if (!gone && gone.error().reason != Reason::NotFound) return fail(gone.error());
    return Outcome{};
}

Result<Outcome> EndpointsController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto service = client::Lister<corev1::Service>(m_services).get(ns, name);
    if (!service) return removeOf(key);
    if (!hasManagedEndpoints(*service)) return Outcome{};
    if (!m_expectations.fulfilled(key)) return Outcome{kLookAgain};
    const ServicePods pods = selectedPods(m_pods, *service);
    const api::Time triggered = m_times.observe(key, *service, pods);

    const auto current = client::Lister<corev1::Endpoints>(m_endpoints).get(ns, name);
    corev1::Endpoints wanted;
    if (current) wanted = *current;
    wanted.metadata.namespace_ = ns;
    wanted.metadata.name = name;
    wanted.metadata.labels = service->metadata.labels;
    wanted.metadata.labels[kManagedBy] = kControllerName;
    if (isHeadless(*service)) {
        wanted.metadata.labels[corev1::IsHeadlessService] = "";
    } else {
        wanted.metadata.labels.erase(corev1::IsHeadlessService);
    }
    wanted.subsets = planSubsets(*service, pods);
    if (truncateSubsets(wanted.subsets)) {
        wanted.metadata.annotations[corev1::EndpointsOverCapacity] = "truncated";
    } else {
        wanted.metadata.annotations.erase(corev1::EndpointsOverCapacity);
    }
    const bool same = current && repackSubsets(current->subsets) == repackSubsets(wanted.subsets) && current->metadata.labels == wanted.metadata.labels &&
                      current->metadata.annotations.contains(corev1::EndpointsOverCapacity) == wanted.metadata.annotations.contains(corev1::EndpointsOverCapacity);
    if (same) return Outcome{};
    setTriggerTime(wanted, triggered);
    return write(key, wanted, current != nullptr);
}

Result<Outcome> EndpointsController::write(const std::string& key, const corev1::Endpoints& wanted, bool exists) {
    client::Api<corev1::Endpoints> endpoints(m_context.client);
    const auto written = exists ? endpoints.update(wanted, controllerWrite()) : endpoints.create(wanted, controllerWrite());
    if (written) {
        m_expectations.wrote(key, m_endpoints, **written);
        return Outcome{};
    }
    const Error& error = written.error();
    if (!exists && isNamespaceTerminating(error)) return Outcome{};
    // A conflict or a name that is taken means that the copy is behind; that is no news for anybody.
    if (error.reason != Reason::Conflict && error.reason != Reason::AlreadyExists) {
        const auto& metadata = wanted.metadata;
        const std::string message = exists ? fmt::format("Failed to update endpoint {}/{}: {}", metadata.namespace_, metadata.name, error.message)
                                           : fmt::format("Failed to create endpoint for service {}/{}: {}", metadata.namespace_, metadata.name, error.message);
        m_context.events.event(wanted, "Warning", exists ? "FailedToUpdateEndpoint" : "FailedToCreateEndpoint", message);
    }
    return fail(error);
}

}  // namespace qd::controllers
