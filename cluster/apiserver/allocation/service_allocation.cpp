#include "cluster/apiserver/allocation/service_allocation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cluster/api/kinds/core/service_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/apiserver/allocation/address_ledger.h"

namespace qd::apiserver {
namespace {

using qd::corev1::Service;
namespace field = api::field;

// How long an address counts as taken though no stored Service has it: longer than any write is under way.
constexpr auto kWriteTime = std::chrono::seconds(5);
constexpr std::size_t kMostSteps = 1U << 16;
const field::Path kSpec("spec");

std::string keyOf(const Service& service) { return service.metadata.namespace_ + "/" + service.metadata.name; }

base::Error invalid(const Service& service, const field::Errors& errors) { return field::toInvalid("", "Service", service.metadata.name, errors); }

bool hasAddresses(const Service& service) { return service.spec.type != "ExternalName"; }

bool wantsNodePorts(const Service& service) {
    if (service.spec.type == "NodePort") return true;
    return service.spec.type == "LoadBalancer" && service.spec.allocateLoadBalancerNodePorts.value_or(true);
}

bool mayHaveNodePorts(const Service& service) { return service.spec.type == "NodePort" || service.spec.type == "LoadBalancer"; }

// What a client that sends its own manifest again leaves out is taken from the stored Service.
void keepAllocated(Service& now, const Service& old) {
    if (hasAddresses(old) && hasAddresses(now)) {
        if (now.spec.clusterIP.empty()) now.spec.clusterIP = old.spec.clusterIP;
        if (now.spec.clusterIPs.empty()) now.spec.clusterIPs = old.spec.clusterIPs;
    }
    if (wantsNodePorts(old) && wantsNodePorts(now)) {
        std::set<std::int32_t> kept;
        std::map<std::string, std::int32_t> byName;
        for (const auto& before : old.spec.ports) {
            byName[before.name] = before.nodePort;
            for (const auto& after : now.spec.ports) {
                if (after.nodePort != 0 && after.nodePort == before.nodePort) kept.insert(after.nodePort);
            }
        }
        for (auto& port : now.spec.ports) {
            if (port.nodePort != 0) continue;
            const auto found = byName.find(port.name);
            if (found != byName.end() && !kept.contains(found->second)) port.nodePort = found->second;
        }
    }
    if (api::needsHealthCheckPort(old) && api::needsHealthCheckPort(now) && now.spec.healthCheckNodePort == 0) {
        now.spec.healthCheckNodePort = old.spec.healthCheckNodePort;
    }
}

// Older clients know clusterIP alone: clusterIPs follows it.
void alignAddresses(Service& now, const Service* old) {
    auto& plural = now.spec.clusterIPs;
    const std::string& singular = now.spec.clusterIP;
    if (!old) {
        if (!singular.empty() && plural.empty()) plural = {singular};
        return;
    }
    if (!old->spec.clusterIPs.empty() && plural.empty() && old->spec.clusterIP == singular) plural = old->spec.clusterIPs;
    if (old->spec.clusterIP == singular || plural != old->spec.clusterIPs) return;
    if (singular.empty()) {
        plural.clear();
    } else {
        plural = {singular};
    }
}

field::Errors policyErrors(const Service& service, const Service* old) {
    field::Errors errors;
    const field::Path path = kSpec.child("ipFamilyPolicy");
    const std::string policy = service.spec.ipFamilyPolicy.value_or("");
    const auto fault = [&](std::string_view text) { errors.push_back(field::invalid(path, policy, text)); };
    if (policy == "SingleStack") {
        if (service.spec.clusterIPs.size() == 2) fault("must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified");
        if (service.spec.ipFamilies.size() == 2) fault("must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified");
    } else if (old) {
        const auto reduced = [](const std::vector<std::string>& before, const std::vector<std::string>& after) {
            return before.size() == 2 && after.size() == 1 && before[0] == after[0];
        };
        if (reduced(old->spec.clusterIPs, service.spec.clusterIPs)) fault("must be 'SingleStack' to release the secondary cluster IP");
        if (reduced(old->spec.ipFamilies, service.spec.ipFamilies)) fault("must be 'SingleStack' to release the secondary IP family");
    }
    return errors;
}

// Both stacks are preferred before and after, and nothing about them changes.
bool keepsBothStacks(const Service& now, const Service* old) {
    return old && now.spec.ipFamilyPolicy == "PreferDualStack" && old->spec.type == now.spec.type && hasAddresses(now) &&
           old->spec.ipFamilyPolicy.value_or("PreferDualStack") == "PreferDualStack" && old->spec.clusterIPs == now.spec.clusterIPs &&
           old->spec.ipFamilies == now.spec.ipFamilies;
}

Result<void> settleFamilies(Service& now, const Service* old) {
    if (!hasAddresses(now) || keepsBothStacks(now, old)) return {};
    auto& spec = now.spec;
    const bool selectorless = spec.clusterIP == "None" && spec.selector.empty();
    if (!spec.ipFamilyPolicy) spec.ipFamilyPolicy = old && old->spec.ipFamilyPolicy ? *old->spec.ipFamilyPolicy : selectorless ? "RequireDualStack" : "SingleStack";
    if (const auto errors = api::clusterIPErrors(now, old); !errors.empty()) return fail(invalid(now, errors));

    if (old && spec.ipFamilyPolicy == "SingleStack") {
        if (old->spec.clusterIPs == spec.clusterIPs && spec.clusterIPs.size() > 1) spec.clusterIPs.resize(1);
        if (old->spec.ipFamilies == spec.ipFamilies && spec.ipFamilies.size() > 1) spec.ipFamilies.resize(1);
    }
    field::Errors errors = policyErrors(now, old);
    for (std::size_t i = 0; i < spec.clusterIPs.size() && spec.clusterIPs[i] != "None"; ++i) {
        if (i < spec.ipFamilies.size()) continue;
        const auto ip = api::IpAddress::parse(spec.clusterIPs[i]);
        if (ip && ip->v6) {
            errors.push_back(field::invalid(kSpec.child("clusterIPs").index(i), api::shownStrings(spec.clusterIPs), "IPv6 is not configured on this cluster"));
        } else {
            spec.ipFamilies.emplace_back("IPv4");
        }
    }
    if (!errors.empty()) return fail(invalid(now, errors));

    if (selectorless) {
        if (spec.ipFamilies.empty()) spec.ipFamilies = {"IPv4"};
        if (spec.ipFamilies.size() < 2 && spec.ipFamilyPolicy != "SingleStack") spec.ipFamilies.emplace_back(spec.ipFamilies[0] == "IPv4" ? "IPv6" : "IPv4");
        return {};
    }
    if (spec.ipFamilyPolicy == "RequireDualStack") {
        errors.push_back(field::invalid(kSpec.child("ipFamilyPolicy"), *spec.ipFamilyPolicy, "this cluster is not configured for dual-stack services"));
    }
    for (std::size_t i = 0; i < spec.ipFamilies.size(); ++i) {
        if (spec.ipFamilies[i] != "IPv4") errors.push_back(field::invalid(kSpec.child("ipFamilies").index(i), spec.ipFamilies[i], "not configured on this cluster"));
    }
    if (!errors.empty()) return fail(invalid(now, errors));
    if (spec.ipFamilies.empty()) spec.ipFamilies = {"IPv4"};
    return {};
}

}  // namespace

// One allocation: what is taken at its beginning, and what it takes.
class ServiceAllocation::Operation {
public:
    Operation(const ServiceAllocation& owner, const Reader& reader, const Service& service, bool dryRun)
        : m_owner(owner), m_key(keyOf(service)), m_dryRun(dryRun), m_ledger(reader), m_ranges(m_ledger.ranges(owner.m_ranges.addresses)) {
        std::set<std::string> stored;
        for (const auto& object : reader.list("services", "")) {
            const auto* other = api::objectAs<Service>(*object);
            if (!other) continue;
            stored.insert(keyOf(*other));
            if (keyOf(*other) == m_key && other->metadata.uid == service.metadata.uid && !service.metadata.uid.empty()) continue;
            take(*other);
        }
        const base::SteadyTime now = m_owner.m_clock.steady();
        auto& recent = m_owner.m_recent;
        std::erase_if(recent, [&](const Reservation& each) { return stored.contains(each.service) || now - each.time > kWriteTime; });
        for (const auto& each : recent) {
            if (each.service == m_key) continue;
            if (each.address != 0) m_addresses.insert(each.address);
            if (each.port != 0) m_ports.insert(each.port);
        }
    }

    Result<void> giveAddress(Service& service) {
        auto& addresses = service.spec.clusterIPs;
        if (!hasAddresses(service) || api::isHeadless(service)) return {};
        if (addresses.empty()) {
            const auto picked = pickAddress();
            if (!picked) {
                return fail(base::Reason::InternalError,
                            fmt::format("Internal error occurred: failed to allocate a serviceIP for Service \"{}\": range is full", service.metadata.name));
            }
            addresses = {api::IpAddress::fromV4(*picked).toString()};
        } else if (const auto ip = api::IpAddress::parse(addresses[0])) {
            if (const std::string refused = refusal(*ip); !refused.empty()) {
                return fail(invalid(service, {field::invalid(kSpec.child("clusterIPs"), api::shownStrings(addresses),
                                                             fmt::format("failed to allocate IP {}: {}", addresses[0], refused))}));
            }
            reserve(ip->v4(), 0);
        }
        service.spec.clusterIP = addresses[0];
        return {};
    }

    Result<void> givePorts(Service& service, const Service* old) {
        std::set<std::int32_t> before;
        if (old && mayHaveNodePorts(*old)) {
            for (const auto& port : old->spec.ports) before.insert(port.nodePort);
        }
        std::map<std::int32_t, std::int32_t> ofPort;  // TCP and UDP of one port share a node port
        auto& ports = service.spec.ports;
        for (std::size_t i = 0; i < ports.size() && mayHaveNodePorts(service); ++i) {
            auto& port = ports[i];
            if (port.nodePort == 0 && !wantsNodePorts(service)) continue;
            std::int32_t wanted = port.nodePort;
            if (wanted == 0 && !old) {
                if (ofPort.contains(port.port)) {
                    port.nodePort = ofPort[port.port];
                    continue;
                }
                for (const auto& other : ports) {
                    if (wanted == 0 && other.port == port.port) wanted = other.nodePort;
                }
            }
            if (wanted == 0) {
                const auto picked = pickPort();
                if (!picked) return fail(base::Reason::InternalError, "Internal error occurred: failed to allocate a nodePort: range is full");
                port.nodePort = *picked;
            } else {
                if (!before.contains(wanted) && m_mine.insert(wanted).second) {
                    if (const std::string refused = refusal(wanted); !refused.empty()) {
                        return fail(invalid(service, {field::invalid(kSpec.child("ports").index(i).child("nodePort"), wanted, refused)}));
                    }
                    reserve(0, wanted);
                }
                port.nodePort = wanted;
            }
            ofPort.emplace(port.port, port.nodePort);
        }
        return giveHealthCheckPort(service, old);
    }

private:
    Result<void> giveHealthCheckPort(Service& service, const Service* old) {
        if (!api::needsHealthCheckPort(service) || (old && api::needsHealthCheckPort(*old))) return {};
        auto& port = service.spec.healthCheckNodePort;
        if (port != 0) {
            if (const std::string refused = refusal(port); !refused.empty()) {
                return fail(base::Reason::InternalError,
                            fmt::format("Internal error occurred: failed to allocate requested HealthCheck NodePort {}: {}", port, refused));
            }
            reserve(0, port);
            return {};
        }
        const auto picked = pickPort();
        if (!picked) return fail(base::Reason::InternalError, "Internal error occurred: failed to allocate a HealthCheck NodePort 0: range is full");
        port = *picked;
        return {};
    }

    void take(const Service& other) {
        for (const auto& text : other.spec.clusterIPs) {
            if (const auto ip = api::IpAddress::parse(text); ip && !ip->v6) m_addresses.insert(ip->v4());
        }
        for (const auto& port : other.spec.ports) {
            if (port.nodePort != 0) m_ports.insert(port.nodePort);
        }
        if (other.spec.healthCheckNodePort != 0) m_ports.insert(other.spec.healthCheckNodePort);
    }

    static std::uint32_t firstOf(const api::IpNetwork& range) { return range.first().v4() + 1; }
    // The last address of the network is its broadcast address.
    static std::uint32_t countOf(const api::IpNetwork& range) { return range.prefix > 30 ? 0 : static_cast<std::uint32_t>((std::uint64_t(1) << (32 - range.prefix)) - 2); }

    bool isTaken(std::uint32_t address) const {
        if (m_addresses.contains(address)) return true;
        const auto ip = api::IpAddress::fromV4(address);
        return (m_owner.m_ranges.reserved && m_owner.m_ranges.reserved->contains(ip)) || m_ledger.isTaken(ip, m_key);
    }

    std::string refusal(const api::IpAddress& ip) const {
        const bool within = !ip.v6 && std::ranges::any_of(m_ranges, [&](const auto& range) { return ip.v4() - firstOf(range) < countOf(range); });
        if (!within) {
            if (!m_dryRun) return "the provided network does not match the current range";
            return fmt::format("the provided IP ({}) is not in the valid range. The range of valid IPs is {}", ip.toString(),
                               (m_ranges.empty() ? m_owner.m_ranges.addresses : m_ranges.front()).toString());
        }
        return !m_dryRun && isTaken(ip.v4()) ? "provided IP is already allocated" : "";
    }

    std::string refusal(std::int32_t port) const {
        const auto& ranges = m_owner.m_ranges;
        // Upstream's dry run does not look at the range.
        if (m_dryRun) return m_ports.contains(port) ? "provided port is already allocated" : "";
        if (port < ranges.firstPort || port > ranges.lastPort) {
            return fmt::format("provided port is not in the valid range. The range of valid ports is {}-{}", ranges.firstPort, ranges.lastPort);
        }
        return m_ports.contains(port) ? "provided port is already allocated" : "";
    }

    std::optional<std::uint32_t> pickAddress() {
        for (const auto& range : m_ranges) {
            const auto picked = pickFrom(range);
            if (!picked) continue;
            reserve(*picked, 0);
            return picked;
        }
        return std::nullopt;
    }

    // The lower part of the range is left to those who choose their addresses, while the upper part has free ones.
    std::optional<std::uint32_t> pickFrom(const api::IpNetwork& range) const {
        const std::uint32_t count = countOf(range);
        const std::uint32_t low = std::min<std::uint32_t>(256, std::max<std::uint32_t>(16, count / 16));
        const std::uint32_t begin = low < count ? low : 0;
        auto picked = pickBetween(firstOf(range), begin, count);
        if (!picked && begin > 0) picked = pickBetween(firstOf(range), 0, begin);
        return picked;
    }

    std::optional<std::uint32_t> pickBetween(std::uint32_t first, std::uint32_t begin, std::uint32_t end) const {
        const std::uint32_t count = end - begin;
        if (count == 0) return std::nullopt;
        std::uint32_t offset = static_cast<std::uint32_t>(m_owner.m_random.below(count));
        for (std::uint32_t i = 0; i < std::min<std::uint64_t>(count, kMostSteps); ++i, ++offset) {
            const std::uint32_t address = first + begin + offset % count;
            if (!isTaken(address)) return address;
        }
        return std::nullopt;
    }

    std::optional<std::int32_t> pickPort() {
        // A dry run is shown a number that no Service can get: nothing is promised.
        if (m_dryRun) {
            m_shown = m_shown.value_or(32768) + 1;
            return *m_shown;
        }
        const std::int32_t count = m_owner.m_ranges.lastPort - m_owner.m_ranges.firstPort + 1;
        std::int32_t offset = static_cast<std::int32_t>(m_owner.m_random.below(static_cast<std::uint64_t>(count)));
        for (std::int32_t i = 0; i < count; ++i, ++offset) {
            const std::int32_t port = m_owner.m_ranges.firstPort + offset % count;
            if (m_ports.contains(port)) continue;
            reserve(0, port);
            return port;
        }
        return std::nullopt;
    }

    void reserve(std::uint32_t address, std::int32_t port) {
        if (address != 0) m_addresses.insert(address);
        if (port != 0) m_ports.insert(port);
        if (m_dryRun) {
            if (port != 0) m_shown = std::max(m_shown.value_or(port), port);
            return;
        }
        m_owner.m_recent.push_back({m_key, address, port, m_owner.m_clock.steady()});
    }

    const ServiceAllocation& m_owner;
    std::string m_key;
    bool m_dryRun;
    AddressLedger m_ledger;
    std::vector<api::IpNetwork> m_ranges;  // to choose from
    std::set<std::uint32_t> m_addresses;
    std::set<std::int32_t> m_ports;
    std::set<std::int32_t> m_mine;
    std::optional<std::int32_t> m_shown;  // the largest port of a dry run
};

Result<void> ServiceAllocation::allocate(AdmissionRequest& request, const Reader& reader) const {
    if (!request.object || !request.subresource.empty()) return {};
    auto* now = api::objectAs<Service>(*request.object);
    if (!now) return {};
    const auto* old = request.old ? api::objectAs<Service>(*request.old) : nullptr;
    if (old) keepAllocated(*now, *old);
    alignAddresses(*now, old);
    if (auto settled = settleFamilies(*now, old); !settled) return settled;

    const std::lock_guard lock(m_mutex);
    Operation operation(*this, reader, *now, request.dryRun);
    // A Service keeps its address; one that had none gets one.
    if (!old || !hasAddresses(*old)) {
        if (auto given = operation.giveAddress(*now); !given) return given;
    }
    return operation.givePorts(*now, old);
}

Result<void> ServiceAllocation::validate(const AdmissionRequest& request, const Reader& reader) const {
    if (!m_store || request.dryRun || request.operation == apiserver::Operation::Delete) return {};
    const auto* now = itself<Service>(request);
    if (!now || !hasAddresses(*now) || api::isHeadless(*now)) return {};
    const auto* old = request.old ? api::objectAs<Service>(*request.old) : nullptr;
    if (old && hasAddresses(*old) && old->spec.clusterIPs == now->spec.clusterIPs) return {};
    for (const auto& text : now->spec.clusterIPs) {
        const auto ip = api::IpAddress::parse(text);
        if (!ip || AddressLedger(reader).write(*m_store, *now, *ip, m_random.uuid(), m_clock.now())) continue;
        return fail(invalid(*now, {field::invalid(kSpec.child("clusterIPs"), api::shownStrings(now->spec.clusterIPs),
                                                  fmt::format("failed to allocate IP {}: provided IP is already allocated", text))}));
    }
    return {};
}

}  // namespace qd::apiserver
