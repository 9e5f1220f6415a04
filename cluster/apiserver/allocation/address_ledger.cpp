#include "cluster/apiserver/allocation/address_ledger.h"

#include <algorithm>

#include "cluster/api/types/networking_v1.h"

namespace qd::apiserver {
namespace {

using networkingv1::IPAddress;
using networkingv1::ServiceCIDR;

constexpr const char* kAddresses = "ipaddresses.networking.k8s.io";
constexpr const char* kRanges = "servicecidrs.networking.k8s.io";
constexpr const char* kManager = "ipallocator.k8s.io";
constexpr const char* kActor = "system:apiserver";

// One that nobody has judged yet counts as ready: controllers may not be running.
bool isReady(const ServiceCIDR& cidr) {
    if (cidr.metadata.deletionTimestamp) return false;
    const auto& conditions = cidr.status.conditions;
    const auto found = std::ranges::find(conditions, networkingv1::ServiceCIDRConditionReady, &metav1::Condition::type);
    return found == conditions.end() || found->status == "True";
}

std::unique_ptr<IPAddress> addressFor(const corev1::Service& service, const api::IpAddress& ip, std::string uid,
                                      base::WallTime now) {
    auto address = std::make_unique<IPAddress>();
    auto& meta = address->metadata;
    meta.name = ip.toString();
    meta.uid = std::move(uid);
    meta.creationTimestamp = api::Time(now);
    meta.labels = {{networkingv1::LabelIPAddressFamily, ip.v6 ? "IPv6" : "IPv4"},
                   {networkingv1::LabelManagedBy, kManager}};
    auto& parent = address->spec.parentRef.emplace();
    parent.resource = "services";
    parent.namespace_ = service.metadata.namespace_;
    parent.name = service.metadata.name;
    return address;
}

}  // namespace

std::vector<api::IpNetwork> AddressLedger::ranges(const api::IpNetwork& otherwise) const {
    const auto known = m_reader.list(kRanges, "");
    if (known.empty()) return {otherwise};
    std::vector<api::IpNetwork> ranges;
    for (const auto& object : known) {
        const auto* cidr = api::objectAs<ServiceCIDR>(*object);
        if (!cidr || !isReady(*cidr)) continue;
        for (const auto& text : cidr->spec.cidrs) {
            if (const auto network = api::IpNetwork::parse(text); network && !network->address.v6)
                ranges.push_back(*network);
        }
    }
    return ranges;
}

bool AddressLedger::isTaken(const api::IpAddress& ip, const std::string& service) const {
    const auto object = m_reader.get(kAddresses, "", ip.toString());
    const auto* address = object ? api::objectAs<IPAddress>(*object) : nullptr;
    if (!address) return false;
    const auto* parent = address->spec.parentRef.get();
    if (!parent || !parent->group.empty() || parent->resource != "services") return true;
    if (parent->namespace_ + "/" + parent->name == service) return false;
    const auto found = m_reader.get("services", parent->namespace_, parent->name);
    const auto* owner = found ? api::objectAs<corev1::Service>(*found) : nullptr;
    return owner && std::ranges::find(owner->spec.clusterIPs, ip.toString()) != owner->spec.clusterIPs.end();
}

bool AddressLedger::write(store::Store& store, const corev1::Service& service, const api::IpAddress& ip,
                          std::string uid, base::WallTime now) const {
    const store::Key key{kAddresses, "", ip.toString()};
    const auto latest = store.latest(key);
    if (!latest) return false;
    store::Write write{.operation = store::Operation::Create,
                       .key = key,
                       .object = addressFor(service, ip, std::move(uid), now),
                       .actor = kActor};
    if (latest->entry) {
        // Left behind by a Service that is gone, or by this one before it was stored.
        if (isTaken(ip, service.metadata.namespace_ + "/" + service.metadata.name)) return false;
        write.operation = store::Operation::Update;
        write.expectedRevision = latest->entry->revision();
    }
    return store.submit(std::move(write)).has_value();
}

}  // namespace qd::apiserver
