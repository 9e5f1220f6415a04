#include "tests/simulation/invariants/mirrors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qd::simulation {
namespace {

constexpr const char* kMirrors = "endpointslicemirroring-controller.k8s.io";

std::string line(const std::string& name, std::int32_t port, const std::string& protocol, const std::string& address,
                 bool ready) {
    return fmt::format("{}:{}/{} {}{}", name, port, protocol, address, ready ? "" : " not ready");
}

std::set<std::string> linesOf(const corev1::Endpoints& endpoints) {
    std::set<std::string> lines;
    for (const auto& subset : endpoints.subsets) {
        for (const auto& port : subset.ports) {
            for (const auto& each : subset.addresses)
                lines.insert(line(port.name, port.port, port.protocol, each.ip, true));
            for (const auto& each : subset.notReadyAddresses)
                lines.insert(line(port.name, port.port, port.protocol, each.ip, false));
        }
    }
    return lines;
}

std::set<std::string> linesOf(const discoveryv1::EndpointSlice& slice) {
    std::set<std::string> lines;
    for (const auto& port : slice.ports) {
        for (const auto& endpoint : slice.endpoints) {
            for (const auto& address : endpoint.addresses)
                lines.insert(line(port.name.value_or(""), port.port.value_or(0), port.protocol.value_or(""), address,
                                  endpoint.conditions.ready.value_or(true)));
        }
    }
    return lines;
}

std::string labelOf(const api::Object& object, const char* name) {
    const auto found = object.metadata.labels.find(name);
    return found == object.metadata.labels.end() ? "" : found->second;
}

}  // namespace

std::optional<std::string> MirrorsInvariant::see(const Commit& commit) {
    const auto& meta = commit.object().metadata;
    if (meta.namespace_ != m_ns) return std::nullopt;
    if (const auto* service = api::objectAs<corev1::Service>(commit.object())) {
        m_services[meta.name].manual = !commit.gone() && service->spec.selector.empty();
    } else if (const auto* endpoints = api::objectAs<corev1::Endpoints>(commit.object())) {
        State& state = m_services[meta.name];
        state.mirrored = !commit.gone() && labelOf(*endpoints, "endpointslice.kubernetes.io/skip-mirror") != "true";
        state.endpoints = linesOf(*endpoints);
    } else if (const auto* slice = api::objectAs<discoveryv1::EndpointSlice>(commit.object())) {
        if (labelOf(*slice, "endpointslice.kubernetes.io/managed-by") != kMirrors) return std::nullopt;
        auto& slices = m_services[labelOf(*slice, "kubernetes.io/service-name")].slices;
        slices[meta.name] = linesOf(*slice);
        if (commit.gone()) slices.erase(meta.name);
    }
    return std::nullopt;
}

std::optional<std::string> MirrorsInvariant::difference(const std::string& service, const State& state) {
    const Lines wanted = state.mirrored && state.manual ? state.endpoints : Lines{};
    Lines mirrored;
    for (const auto& [name, lines] : state.slices) mirrored.insert(lines.begin(), lines.end());
    if (mirrored == wanted) return std::nullopt;
    return fmt::format("of {}, {} are to be mirrored, and {} are", service, wanted, mirrored);
}

std::optional<std::string> MirrorsInvariant::check(base::SteadyTime now) {
    for (auto& [service, state] : m_services) {
        const auto differs = difference(service, state);
        if (!differs) {
            state.differsSince.reset();
        } else if (!state.differsSince) {
            state.differsSince = now;
        } else if (now - *state.differsSince > kLate) {
            return "for too long, " + *differs;
        }
    }
    return std::nullopt;
}

std::optional<std::string> MirrorsInvariant::restless() const {
    for (const auto& [service, state] : m_services) {
        if (auto differs = difference(service, state)) return differs;
        for (const auto& [name, lines] : state.slices) {
            if (lines.empty()) return fmt::format("the EndpointSlice {} mirrors nothing", name);
            for (const auto& [other, others] : state.slices) {
                if (other != name && others.contains(*lines.begin()))
                    return fmt::format("the EndpointSlices {} and {} mirror the same", name, other);
            }
        }
    }
    return std::nullopt;
}

}  // namespace qd::simulation
