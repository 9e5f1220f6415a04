#include "tests/simulation/invariants/endpoints.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cluster/api/types/discovery_v1.h"

namespace qd::simulation {
namespace {

bool takesTraffic(const corev1::Pod& pod) {
    const auto& status = pod.status;
    if (pod.metadata.deletionTimestamp || status.podIP.empty() || status.phase == "Succeeded" ||
        status.phase == "Failed")
        return false;
    return isReady(pod);
}

}  // namespace

std::optional<std::string> EndpointsInvariant::see(const Commit& commit) {
    const api::Object& object = commit.object();
    if (object.metadata.namespace_ != m_ns) return std::nullopt;
    const std::string& name = object.metadata.name;
    const bool gone = commit.gone();
    if (const auto* pod = api::objectAs<corev1::Pod>(object)) {
        const auto app = pod->metadata.labels.find("app");
        m_ready.erase(name);
        if (!gone && app != pod->metadata.labels.end() && app->second == m_service && takesTraffic(*pod))
            m_ready[name] = pod->status.podIP;
    } else if (const auto* endpoints = api::objectAs<corev1::Endpoints>(object)) {
        if (name != m_service) return std::nullopt;
        m_endpoints.clear();
        if (gone) return std::nullopt;
        for (const auto& subset : endpoints->subsets) {
            for (const auto& address : subset.addresses) m_endpoints.insert(address.ip);
        }
    } else if (const auto* slice = api::objectAs<discoveryv1::EndpointSlice>(object)) {
        const auto service = slice->metadata.labels.find("kubernetes.io/service-name");
        if (service == slice->metadata.labels.end() || service->second != m_service) return std::nullopt;
        m_slices.erase(name);
        if (gone) return std::nullopt;
        for (const auto& endpoint : slice->endpoints) {
            if (endpoint.conditions.ready.value_or(true))
                m_slices[name].insert(endpoint.addresses.begin(), endpoint.addresses.end());
        }
    }
    return std::nullopt;
}

std::optional<std::string> EndpointsInvariant::difference() const {
    Addresses wanted;
    for (const auto& [name, address] : m_ready) wanted.insert(address);
    Addresses sliced;
    for (const auto& [name, some] : m_slices) sliced.insert(some.begin(), some.end());
    if (m_endpoints == wanted && sliced == wanted) return std::nullopt;
    return fmt::format("the ready Pods of {} are {}, the Endpoints say {}, the EndpointSlices {}", m_service, wanted,
                       m_endpoints, sliced);
}

std::optional<std::string> EndpointsInvariant::check(base::SteadyTime now) {
    const auto differs = difference();
    if (!differs) {
        m_differsSince.reset();
    } else if (!m_differsSince) {
        m_differsSince = now;
    } else if (now - *m_differsSince > kLate) {
        return "for too long " + *differs;
    }
    return std::nullopt;
}

}  // namespace qd::simulation
