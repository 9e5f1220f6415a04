#include "cluster/controllers/service_lb/service_lb_controller.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/base/log.h"
#include "cluster/controllers/runtime/ownership.h"
#include "cluster/controllers/service_lb/load_balancer_rules.h"

namespace qd::controllers {
namespace {

using corev1::Service;

constexpr char kNodesKey[] = "nodes";  // no Service's: those have a namespace

std::set<std::string> namesOf(const std::vector<client::Ptr<corev1::Node>>& nodes) {
    std::set<std::string> names;
    for (const auto& node : nodes) names.insert(node->metadata.name);
    return names;
}

}  // namespace

ServiceLbController::ServiceLbController(Context& context, std::shared_ptr<LoadBalancers> balancers)
    : m_context(context),
      m_balancers(std::move(balancers)),
      m_services(context.informers.informer(client::resourceOf<Service>())),
      m_nodes(context.informers.informer(client::resourceOf<corev1::Node>())) {
    m_services.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onService(old, now); });
    m_nodes.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onNode(old, now); });
}

void ServiceLbController::onService(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if (!now) {
        // It went with its finalizer taken off by force: there is nobody left to tell of a failure but the log.
        if (auto removed = m_balancers->remove(static_cast<const Service&>(*old)); !removed) base::logger("service-lb-controller")->warn("{}: {}", keyOf(*old), removed.error().message);
        return;
    }
    const auto& service = static_cast<const Service&>(*now);
    bool concerned = needsCleanup(service);
    if (!old) {
        concerned = concerned || wantsLoadBalancer(service);
    } else if (const auto change = changeOf(static_cast<const Service&>(*old), service); change.matters) {
        if (!change.reason.empty()) m_context.events.event(service, "Normal", change.reason, change.message);
        concerned = true;
    }
    if (concerned) m_context.keys.add(keyOf(service), service);
}

void ServiceLbController::onNode(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const bool before = old && takesTraffic(static_cast<const corev1::Node&>(*old));
    const bool after = now && takesTraffic(static_cast<const corev1::Node&>(*now));
    if (before != after) m_context.keys.add(kNodesKey, now ? *now : *old);
}

// Nobody is to get an address that another Service has from before.
void ServiceLbController::ready() {
    for (const auto& service : client::Lister<Service>(m_services).list()) {
        if (wantsLoadBalancer(*service)) m_balancers->learn(*service);
    }
    m_lastNodes = namesOf(nodes());
}

std::vector<client::Ptr<corev1::Node>> ServiceLbController::nodes() const {
    auto all = client::Lister<corev1::Node>(m_nodes).list();
    std::erase_if(all, [](const auto& node) { return !takesTraffic(*node); });
    return all;
}

void ServiceLbController::warnWithoutNodes(const Service& service, bool none) {
    if (none) m_context.events.event(service, "Warning", "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer");
}

Result<void> ServiceLbController::setFinalizer(const Service& service, bool present) {
    if (hasLoadBalancerFinalizer(service) == present) return {};
    const std::string patch = fmt::format(R"({{"metadata":{{"{}finalizers":["{}"]}}}})", present ? "" : "$deleteFromPrimitiveList/", kLoadBalancerFinalizer);
    const auto written = m_context.client.patch(m_services.resource(), service.metadata.namespace_, service.metadata.name, client::PatchKind::Strategic, patch, controllerPatch());
    if (written || (!present && written.error().reason == Reason::NotFound)) return {};
    return fail(written.error());
}

Result<void> ServiceLbController::setStatus(const Service& service, const corev1::LoadBalancerStatus& status) {
    if (service.status.loadBalancer == status) return {};
    std::string ingress = "null";
    if (!status.ingress.empty()) {
        ingress = "[";
        for (const auto& one : status.ingress) {
            ingress += (ingress.size() > 1 ? "," : "") + fmt::format(R"({{"ip":"{}","ipMode":"{}"}})", one.ip, one.ipMode.value_or(corev1::LoadBalancerIPModeVIP));
        }
        ingress += "]";
    }
    const std::string patch = fmt::format(R"({{"status":{{"loadBalancer":{{"ingress":{}}}}}}})", ingress);
    const auto written = m_context.client.patch(m_services.resource(), service.metadata.namespace_, service.metadata.name, client::PatchKind::Merge, patch, controllerPatch(), "status");
    if (written || written.error().reason == Reason::NotFound) return {};  // it went with its finalizer
    return fail(written.error().within("failed to update load balancer status"));
}

Result<void> ServiceLbController::takeAway(const Service& service) {
    if (m_balancers->exists(service)) {
        m_context.events.event(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer");
        if (auto removed = m_balancers->remove(service); !removed) return fail(removed.error().within("failed to delete load balancer"));
    }
    if (auto without = setFinalizer(service, false); !without) return fail(without.error().within("failed to remove load balancer cleanup finalizer"));
    m_context.events.event(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer");
    return setStatus(service, {});
}

Result<void> ServiceLbController::ensure(const Service& service) {
    m_context.events.event(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer");
    if (auto with = setFinalizer(service, true); !with) return fail(with.error().within("failed to add load balancer cleanup finalizer"));
    const auto to = nodes();
    warnWithoutNodes(service, to.empty());
    const auto status = m_balancers->ensure(service, to);
    if (!status) return fail(status.error().within("failed to ensure load balancer"));
    m_context.events.event(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer");
    return setStatus(service, *status);
}

Result<Outcome> ServiceLbController::nodesChanged() {
    const auto now = nodes();
    auto names = namesOf(now);
    if (std::exchange(m_lastNodes, names) == names) return Outcome{};
    for (const auto& service : client::Lister<Service>(m_services).list()) {
        if (!wantsLoadBalancer(*service) || needsCleanup(*service) || !m_balancers->exists(*service)) continue;
        if (const auto updated = m_balancers->ensure(*service, now); !updated) {
            m_context.events.event(*service, "Warning", "UpdateLoadBalancerFailed",
                                   fmt::format("Error updating load balancer with new hosts [{}]: {}", fmt::join(names, " "), updated.error().message));
            m_context.keys.add(keyOf(*service), *service);
            continue;
        }
        warnWithoutNodes(*service, now.empty());
        if (!now.empty()) m_context.events.event(*service, "Normal", "UpdatedLoadBalancer", "Updated load balancer with new hosts");
    }
    return Outcome{};
}

Result<Outcome> ServiceLbController::sync(const std::string& key) {
    if (key == kNodesKey) return nodesChanged();
    const auto [ns, name] = splitKey(key);
    const auto service = client::Lister<Service>(m_services).get(ns, name);
    if (!service) return Outcome{};
    const auto done = wantsLoadBalancer(*service) && !needsCleanup(*service) ? ensure(*service) : takeAway(*service);
    if (done) return Outcome{};
    m_context.events.event(*service, "Warning", "SyncLoadBalancerFailed", "Error syncing load balancer: " + done.error().message);
    return fail(done.error());
}

}  // namespace qd::controllers
