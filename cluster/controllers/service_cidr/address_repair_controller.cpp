#include "cluster/controllers/service_cidr/address_repair_controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/controllers/runtime/ownership.h"
#include "cluster/controllers/service_cidr/service_cidr_rules.h"

namespace qd::controllers {
namespace {

using corev1::Service;
using networkingv1::IPAddress;

// As long as a request may take: the Service of a younger address may be on its way.
constexpr base::Duration kCreationTime = std::chrono::seconds(60);

bool hasAddresses(const Service& service) { return service.spec.type != corev1::ServiceTypeExternalName && !service.spec.clusterIP.empty() && service.spec.clusterIP != corev1::ClusterIPNone; }

std::vector<std::string> addressesOf(const api::ObjectPtr& object) {
    if (!object) return {};
    const auto& service = static_cast<const Service&>(*object);
    return hasAddresses(service) ? service.spec.clusterIPs : std::vector<std::string>();
}

bool has(const Service& service, const std::string& ip) {
    return hasAddresses(service) && std::ranges::find(service.spec.clusterIPs, ip) != service.spec.clusterIPs.end();
}

bool refersToService(const IPAddress& address) { return address.spec.parentRef && address.spec.parentRef->group.empty() && address.spec.parentRef->resource == "services"; }

std::string parentKey(const IPAddress& address) { return address.spec.parentRef ? address.spec.parentRef->namespace_ + "/" + address.spec.parentRef->name : std::string(); }

std::string familyOf(const std::string& ip) { return ip.find(':') == std::string::npos ? "IPv4" : "IPv6"; }

bool isLabelled(const IPAddress& address) {
    const auto family = address.metadata.labels.find(networkingv1::LabelIPAddressFamily);
    return isAllocated(address) && family != address.metadata.labels.end() && family->second == familyOf(address.metadata.name);
}

}  // namespace

AddressRepairController::AddressRepairController(Context& context)
    : m_context(context),
      m_services(context.informers.informer(client::resourceOf<Service>())),
      m_cidrs(context.informers.informer(client::resourceOf<networkingv1::ServiceCIDR>())),
      m_addresses(context.informers.informer(client::resourceOf<IPAddress>())) {
    m_services.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onService(old, now); });
    m_addresses.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onAddress(old, now); });
    m_cidrs.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (old || !now) return;
        for (const auto& service : m_services.list()) m_context.keys.add(keyOf(*service), *now);
    });
}

void AddressRepairController::onService(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const auto before = addressesOf(old);
    const auto after = addressesOf(now);
    if (before == after && old) return;
    for (const auto& ip : before) {
        if (std::ranges::find(after, ip) != after.end()) continue;
        {
            const std::lock_guard lock(m_mutex);
            m_givenUp[ip] = keyOf(*old);
        }
        m_context.keys.add(ip, now ? *now : *old);
    }
    if (now) m_context.keys.add(keyOf(*now), *now);
}

void AddressRepairController::onAddress(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if (now) m_context.keys.add(now->metadata.name, *now);
    const auto& last = static_cast<const IPAddress&>(now ? *now : *old);
    if (old && refersToService(static_cast<const IPAddress&>(*old))) m_context.keys.add(parentKey(static_cast<const IPAddress&>(*old)), last);
}

Result<bool> AddressRepairController::isGivenUp(const IPAddress& address, const std::string& service) {
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_givenUp.find(address.metadata.name);
        if (found == m_givenUp.end() || found->second != service) return false;
    }
    const auto [ns, name] = splitKey(service);
    const auto newest = client::Api<Service>(m_context.client).get(ns, name);
    if (newest) return !has(**newest, address.metadata.name);
    if (newest.error().reason == Reason::NotFound) return true;
    return fail(newest.error());
}

Result<void> AddressRepairController::remove(const IPAddress& address) {
    client::DeleteOptions options;
    options.uid = address.metadata.uid;
    const auto removed = client::Api<IPAddress>(m_context.client).remove("", address.metadata.name, options);
    if (removed || removed.error().reason == Reason::NotFound || removed.error().reason == Reason::Conflict) return {};
    return fail(removed.error());
}

Result<void> AddressRepairController::create(const Service& service, const std::string& ip) {
    const auto parsed = api::IpAddress::parse(ip);
    const auto created = client::Api<IPAddress>(m_context.client).create(addressOf(service, *parsed), controllerWrite());
    if (created || created.error().reason == Reason::AlreadyExists) return {};
    return fail(created.error());
}

Result<void> AddressRepairController::recreate(const Service& service, const IPAddress& address, const std::string& ip) {
    if (auto removed = remove(address); !removed) return removed;
    return create(service, ip);
}

Result<void> AddressRepairController::checkAddress(const Service& service, const std::string& text) {
    const auto warn = [&](const char* reason, const std::string& message) { m_context.events.event(service, "Warning", reason, message); };
    const auto parsed = api::IpAddress::parse(text);
    if (!parsed) {
        warn("ClusterIPNotValid", fmt::format("Cluster IP {} is not a valid IP; please recreate Service", text));
        return {};
    }
    const std::string ip = parsed->toString();
    const std::string shown = fmt::format("[{}]: {}", familyOf(ip), ip);
    const std::string named = fmt::format("{}/{}", service.metadata.namespace_, service.metadata.name);
    const auto cidrs = client::Lister<networkingv1::ServiceCIDR>(m_cidrs).list();
    if (std::ranges::none_of(cidrs, [&](const auto& cidr) { return contains(*cidr, *parsed); })) {
        warn("ClusterIPOutOfRange", fmt::format("Cluster IP {} is not within any configured Service CIDR; please recreate service", shown));
        return {};
    }
    auto address = client::Lister<IPAddress>(m_addresses).get("", ip);
    if (!address) {
        // Our copy may be older than the Service.
        const auto newest = client::Api<IPAddress>(m_context.client).get("", ip);
        if (!newest && newest.error().reason != Reason::NotFound) return fail(newest.error());
        if (newest) address = *newest;
    }
    if (!address) {
        warn("ClusterIPNotAllocated", fmt::format("Cluster IP {} is not allocated; repairing", shown));
        return create(service, ip);
    }
    const bool own = refersToService(*address) && parentKey(*address) == named;
    if (own) return isLabelled(*address) ? Result<void>() : recreate(service, *address, ip);
    const auto other = refersToService(*address) ? client::Lister<Service>(m_services).get(address->spec.parentRef->namespace_, address->spec.parentRef->name) : nullptr;
    if (other && has(*other, ip)) {
        warn("ClusterIPAlreadyAllocated", fmt::format("Cluster IP [{}]:{} was assigned to multiple services; please recreate service", familyOf(ip), ip));
        return {};
    }
    warn("ClusterIPNotAllocated", fmt::format("the ClusterIP {} for Service {} has a wrong reference; repairing", shown, named));
    return recreate(service, *address, ip);
}

Result<Outcome> AddressRepairController::syncAddress(const std::string& name) {
    const auto address = client::Lister<IPAddress>(m_addresses).get("", name);
    if (!address) {
        const std::lock_guard lock(m_mutex);
        m_givenUp.erase(name);
        return Outcome{};
    }
    if (!isAllocated(*address) || address->metadata.deletionTimestamp) return Outcome{};
    const auto warn = [&](const std::string& message) { m_context.events.event(*address, "Warning", "IPAddressNotAllocated", message); };
    const auto done = [](Result<void> removed) -> Result<Outcome> {
        if (!removed) return fail(std::move(removed.error()));
        return Outcome{};
    };
    if (!refersToService(*address)) {
        warn(fmt::format("IPAddress {} appears to have been modified, not referencing a Service: cleaning up", name));
        return done(remove(*address));
    }
    const std::string parent = parentKey(*address);
    const auto [ns, serviceName] = splitKey(parent);
    const auto service = client::Lister<Service>(m_services).get(ns, serviceName);
    if (service && has(*service, name)) return Outcome{};
    const auto givenUp = isGivenUp(*address, parent);
    if (!givenUp) return fail(givenUp.error());
    if (*givenUp) return done(remove(*address));
    const base::Duration left = kCreationTime - (m_context.executor.clock().now() - address->metadata.creationTimestamp.wall());
    if (left > base::Duration(0)) return Outcome{left};
    warn(service ? fmt::format("IPAddress: {} for Service {} has a wrong reference; cleaning up", name, parent)
                 : fmt::format("IPAddress: {} for Service {} appears to have leaked: cleaning up", name, parent));
    return done(remove(*address));
}

Result<Outcome> AddressRepairController::sync(const std::string& key) {
    if (!m_cidrs.get("", kDefaultServiceCidr)) return Outcome{};
    const auto [ns, name] = splitKey(key);
    if (ns.empty()) return syncAddress(name);
    const auto service = client::Lister<Service>(m_services).get(ns, name);
    if (!service || !hasAddresses(*service)) return Outcome{};
    for (const auto& ip : service->spec.clusterIPs) {
        if (auto checked = checkAddress(*service, ip); !checked) return fail(std::move(checked.error()));
    }
    return Outcome{};
}

}  // namespace qd::controllers
