#include "cluster/controllers/endpointslice_mirroring/mirror_plan.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "cluster/api/meta/ip.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

using discoveryv1::Endpoint;
using discoveryv1::EndpointSlice;

constexpr char kLeaderElection[] = "control-plane.alpha.kubernetes.io/leader";
constexpr char kLastApplied[] = "kubectl.kubernetes.io/last-applied-configuration";

// A type of address and a set of ports, in order of name, number, protocol and application protocol: what one slice has.
using PortsKey = std::vector<std::tuple<std::string, std::int32_t, std::string, std::string>>;
using SliceKey = std::pair<std::string, PortsKey>;

PortsKey keyOfPorts(const std::vector<discoveryv1::EndpointPort>& ports) {
    PortsKey key;
    for (const auto& port : ports) key.emplace_back(port.name.value_or(""), port.port.value_or(0), port.protocol.value_or("TCP"), port.appProtocol.value_or(""));
    std::sort(key.begin(), key.end());
    return key;
}

std::vector<discoveryv1::EndpointPort> portsOf(const corev1::EndpointSubset& subset) {
    std::vector<discoveryv1::EndpointPort> ports;
    for (const auto& from : subset.ports) {
        auto& port = ports.emplace_back();
        port.name = from.name;
        port.port = from.port;
        port.protocol = from.protocol;
        port.appProtocol = from.appProtocol;
    }
    return ports;
}

// What makes an endpoint the same one as before: its addresses, host name and target.
using Identity = std::tuple<std::vector<std::string>, std::string, std::string, std::string>;

Identity identityOf(const Endpoint& endpoint) {
    auto addresses = endpoint.addresses;
    std::sort(addresses.begin(), addresses.end());
    const auto* target = endpoint.targetRef.get();
    return {std::move(addresses), endpoint.hostname.value_or(""), target ? target->namespace_ : "", target ? target->name : ""};
}

Endpoint endpointOf(const corev1::EndpointAddress& address, const api::IpAddress& ip, bool ready) {
    Endpoint endpoint;
    endpoint.addresses = {ip.toString()};
    endpoint.conditions.ready = ready;
    endpoint.targetRef = address.targetRef;
    endpoint.nodeName = address.nodeName;
    if (!address.hostname.empty()) endpoint.hostname = address.hostname;
    return endpoint;
}

struct Wanted {
    std::vector<discoveryv1::EndpointPort> ports;
    std::vector<Endpoint> endpoints;  // one of each identity

    void add(Endpoint endpoint) {
        const Identity identity = identityOf(endpoint);
        const auto found = std::find_if(endpoints.begin(), endpoints.end(), [&](const Endpoint& other) { return identityOf(other) == identity; });
        if (found == endpoints.end()) {
            endpoints.push_back(std::move(endpoint));
        } else {
            *found = std::move(endpoint);
        }
    }
};

std::map<SliceKey, Wanted> wantedSlices(const corev1::Endpoints& endpoints, std::size_t most, MirrorPlan& plan) {
    std::map<SliceKey, Wanted> wanted;
    for (const auto& subset : endpoints.subsets) {
        const auto ports = portsOf(subset);
        const auto key = keyOfPorts(ports);
        std::size_t added = 0;
        const auto addAll = [&](const std::vector<corev1::EndpointAddress>& addresses, bool ready) {
            for (const auto& address : addresses) {
                if (added >= most) return;
                const auto ip = api::IpAddress::parse(address.ip);
                if (!ip) {
                    ++plan.invalidAddresses;
                    continue;
                }
                Wanted& slice = wanted[{ip->v6 ? "IPv6" : "IPv4", key}];
                slice.ports = ports;
                slice.add(endpointOf(address, *ip, ready));
                ++added;
            }
        };
        addAll(subset.addresses, true);
        addAll(subset.notReadyAddresses, false);
        plan.skippedAddresses += static_cast<int>(subset.addresses.size() + subset.notReadyAddresses.size() - added);
    }
    return wanted;
}

void label(EndpointSlice& slice, const corev1::Endpoints& endpoints) {
    auto& meta = slice.metadata;
    meta.labels = endpoints.metadata.labels;
    meta.labels[discoveryv1::LabelServiceName] = endpoints.metadata.name;
    meta.labels[discoveryv1::LabelManagedBy] = kMirrorManagedBy;
    meta.annotations = endpoints.metadata.annotations;
    meta.annotations.erase(corev1::EndpointsLastChangeTriggerTime);
    meta.annotations.erase(kLastApplied);
}

EndpointSlice newSlice(const corev1::Endpoints& endpoints, const std::string& addressType) {
    constexpr std::size_t kLongestName = 253;
    EndpointSlice slice;
    slice.metadata.namespace_ = endpoints.metadata.namespace_;
    slice.metadata.generateName = endpoints.metadata.name + (endpoints.metadata.name.size() < kLongestName ? "-" : "");
    slice.metadata.ownerReferences.push_back(controllerReference(endpoints));
    slice.addressType = addressType;
    label(slice, endpoints);
    return slice;
}

bool sameEndpoints(const std::vector<Endpoint>& a, const std::vector<Endpoint>& b) {
    if (a.size() != b.size()) return false;
    return std::all_of(a.begin(), a.end(), [&](const Endpoint& one) { return std::find(b.begin(), b.end(), one) != b.end(); });
}

// A slice that goes and one that comes are one update.
void reuseNames(MirrorPlan& plan) {
    for (auto going = plan.remove.begin(); going != plan.remove.end();) {
        const auto coming = std::find_if(plan.create.begin(), plan.create.end(), [&](const EndpointSlice& slice) { return slice.addressType == (*going)->addressType; });
        if (coming == plan.create.end()) {
            ++going;
            continue;
        }
        EndpointSlice reused = **going;
        reused.metadata.labels = coming->metadata.labels;
        reused.metadata.annotations = coming->metadata.annotations;
        reused.metadata.ownerReferences = coming->metadata.ownerReferences;
        reused.endpoints = std::move(coming->endpoints);
        reused.ports = std::move(coming->ports);
        plan.update.push_back(std::move(reused));
        plan.create.erase(coming);
        going = plan.remove.erase(going);
    }
}

}  // namespace

bool isMirrored(const api::Object& endpoints) {
    const auto skip = endpoints.metadata.labels.find(discoveryv1::LabelSkipMirror);
    return (skip == endpoints.metadata.labels.end() || skip->second != "true") && !endpoints.metadata.annotations.contains(kLeaderElection);
}

MirrorPlan planMirror(const corev1::Endpoints& endpoints, const MirrorSlices& existing, std::size_t most) {
    MirrorPlan plan;
    auto wanted = wantedSlices(endpoints, most, plan);
    for (const auto& slice : existing) {
        const auto found = wanted.find({slice->addressType, keyOfPorts(slice->ports)});
        if (found == wanted.end()) {
            plan.remove.push_back(slice);  // nobody wants its ports, or another slice has them already
            continue;
        }
        EndpointSlice now = *slice;
        label(now, endpoints);
        if (found->second.endpoints.size() > most) found->second.endpoints.resize(most);
        if (!sameEndpoints(now.endpoints, found->second.endpoints)) now.endpoints = std::move(found->second.endpoints);
        if (!(now == *slice)) plan.update.push_back(std::move(now));
        wanted.erase(found);
    }
    for (auto& [key, slice] : wanted) {
        auto& made = plan.create.emplace_back(newSlice(endpoints, key.first));
        made.ports = std::move(slice.ports);
        if (slice.endpoints.size() > most) slice.endpoints.resize(most);
        made.endpoints = std::move(slice.endpoints);
    }
    reuseNames(plan);
    return plan;
}

}  // namespace qd::controllers
