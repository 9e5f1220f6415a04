#include "cluster/controllers/service_cidr/service_cidr_controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/controllers/runtime/ownership.h"
#include "cluster/controllers/service_cidr/service_cidr_rules.h"

namespace qd::controllers {
namespace {

using networkingv1::ServiceCIDR;

// Until whoever gives out addresses knows that none of this range is to be given.
constexpr base::Duration kDeletionGrace = std::chrono::seconds(10);

bool hasFinalizer(const ServiceCIDR& cidr) {
    const auto& finalizers = cidr.metadata.finalizers;
    return std::ranges::find(finalizers, kServiceCidrFinalizer) != finalizers.end();
}

}  // namespace

ServiceCidrController::ServiceCidrController(Context& context)
    : m_context(context),
      m_cidrs(context.informers.informer(client::resourceOf<ServiceCIDR>())),
      m_addresses(context.informers.informer(client::resourceOf<networkingv1::IPAddress>())) {
    // One that comes or goes may free another: there are few.
    m_cidrs.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        const api::Object& because = now ? *now : *old;
        if (now) m_context.keys.add(keyOf(*now), because);
        if (old && now) return;
        for (const auto& cidr : m_cidrs.list()) m_context.keys.add(keyOf(*cidr), because);
    });
    m_addresses.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onAddress(old, now); });
}

void ServiceCidrController::onAddress(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if (old && now) return;
    const auto& address = static_cast<const networkingv1::IPAddress&>(now ? *now : *old);
    const auto ip = api::IpAddress::parse(address.metadata.name);
    if (!ip || !isAllocated(address)) return;
    for (const auto& cidr : client::Lister<ServiceCIDR>(m_cidrs).list()) {
        if (cidr->metadata.deletionTimestamp && contains(*cidr, *ip)) m_context.keys.add(keyOf(*cidr), address);
    }
}

Result<void> ServiceCidrController::setFinalizer(const ServiceCIDR& cidr, bool present) {
    if (hasFinalizer(cidr) == present) return {};
    const std::string patch = fmt::format(R"({{"metadata":{{"{}finalizers":["{}"]}}}})", present ? "" : "$deleteFromPrimitiveList/", kServiceCidrFinalizer);
    const auto written = m_context.client.patch(m_cidrs.resource(), "", cidr.metadata.name, client::PatchKind::Strategic, patch, controllerPatch());
    if (written || written.error().reason == Reason::NotFound) return {};
    return fail(written.error());
}

Result<void> ServiceCidrController::setReady(const ServiceCIDR& cidr, bool ready, const std::string& reason, const std::string& message) {
    ServiceCIDR now = cidr;
    auto& conditions = now.status.conditions;
    auto found = std::ranges::find(conditions, networkingv1::ServiceCIDRConditionReady, &metav1::Condition::type);
    if (found == conditions.end()) {
        found = conditions.emplace(conditions.end());
        found->type = networkingv1::ServiceCIDRConditionReady;
    }
    const char* status = ready ? "True" : "False";
    if (found->status != status) found->lastTransitionTime = api::Time(m_context.executor.clock().now());
    found->status = status;
    found->reason = reason;
    found->message = message;
    if (now == cidr) return {};
    const auto written = client::Api<ServiceCIDR>(m_context.client).updateStatus(now, controllerWrite());
    if (written || written.error().reason == Reason::NotFound) return {};
    return fail(written.error());
}

Result<Outcome> ServiceCidrController::syncLeaving(const ServiceCIDR& cidr) {
    const auto cidrs = client::Lister<ServiceCIDR>(m_cidrs).list();
    const auto addresses = client::Lister<networkingv1::IPAddress>(m_addresses).list();
    Result<void> done;
    if (!mayGo(cidr, cidrs, addresses)) {
        done = setReady(cidr, false, networkingv1::ServiceCIDRReasonTerminating,
                        "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR");
    } else {
        const base::Duration left = kDeletionGrace - (m_context.executor.clock().now() - cidr.metadata.deletionTimestamp->wall());
        if (left > base::Duration(0)) return Outcome{left};
        done = setFinalizer(cidr, false);
    }
    if (!done) return fail(std::move(done.error()));
    return Outcome{};
}

Result<Outcome> ServiceCidrController::sync(const std::string& key) {
    const auto cidr = client::Lister<ServiceCIDR>(m_cidrs).get("", key);
    if (!cidr) return Outcome{};
    if (cidr->metadata.deletionTimestamp) return syncLeaving(*cidr);
    if (!hasFinalizer(*cidr)) {
        // The event of this write brings the key back: the status is written to what it made.
        if (auto with = setFinalizer(*cidr, true); !with) return fail(std::move(with.error()));
        return Outcome{};
    }
    if (auto ready = setReady(*cidr, true, "", "Kubernetes Service CIDR is ready"); !ready) {
        if (ready.error().reason != Reason::Conflict) {
            m_context.events.event(*cidr, "Warning", "KubernetesServiceCIDRError", "The ServiceCIDR Status can not be set to Ready=True");
        }
        return fail(std::move(ready.error()));
    }
    return Outcome{};
}

}  // namespace qd::controllers
