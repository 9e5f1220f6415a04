#include "tests/simulation/endpoints_invariant.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/discovery_v1.h"

namespace qd::simulation {
namespace {

constexpr base::Duration kLateFor = std::chrono::seconds(60);  // under faults: lost watches and refused writes

bool takesTraffic(const corev1::Pod& pod) {
    const auto& status = pod.status;
    if (pod.metadata.deletionTimestamp || status.podIP.empty() || status.phase == "Succeeded" || status.phase == "Failed") return false;
    return std::ranges::any_of(status.conditions, [](const auto& each) { return each.type == "Ready" && each.status == "True"; });
}

}  // namespace

void EndpointsInvariant::apply(const store::Event& event) {
    const api::Object& object = *event.entry->object();
    const std::string& name = object.metadata.name;
    const bool gone = event.operation == store::Operation::Delete;
    if (const auto* pod = api::objectAs<corev1::Pod>(object)) {
        m_ready.erase(name);
        if (!gone && takesTraffic(*pod)) m_ready[name] = pod->status.podIP;
    } else if (const auto* endpoints = api::objectAs<corev1::Endpoints>(object)) {
        if (name != m_service) return;
        m_endpoints.clear();
        if (gone) return;
        for (const auto& subset : endpoints->subsets) {
            for (const auto& address : subset.addresses) m_endpoints.insert(address.ip);
        }
    } else if (const auto* slice = api::objectAs<discoveryv1::EndpointSlice>(object)) {
        const auto service = slice->metadata.labels.find("kubernetes.io/service-name");
        if (service == slice->metadata.labels.end() || service->second != m_service) return;
        m_slices.erase(name);
        if (gone) return;
        for (const auto& endpoint : slice->endpoints) {
            if (endpoint.conditions.ready.value_or(true)) m_slices[name].insert(endpoint.addresses.begin(), endpoint.addresses.end());
        }
    }
}

EndpointsInvariant::Addresses EndpointsInvariant::ready() const {
    Addresses addresses;
    for (const auto& [name, address] : m_ready) addresses.insert(address);
    return addresses;
}

EndpointsInvariant::Addresses EndpointsInvariant::sliced() const {
    Addresses addresses;
    for (const auto& [name, some] : m_slices) addresses.insert(some.begin(), some.end());
    return addresses;
}

std::optional<std::string> EndpointsInvariant::broken(base::WallTime now) {
    const Addresses wanted = ready();
    const Addresses slices = sliced();
    if (m_endpoints == wanted && slices == wanted) {
        m_differsSince.reset();
    } else if (!m_differsSince) {
        m_differsSince = now;
    } else if (now - *m_differsSince > kLateFor) {
        return fmt::format("for a minute the ready Pods {} have not been what the Endpoints {} and the EndpointSlices {} say", wanted, m_endpoints, slices);
    }
    return std::nullopt;
}

}  // namespace qd::simulation
