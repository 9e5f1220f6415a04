// Gives Services of the type LoadBalancer their addresses, and takes them back. A Service that has one carries a finalizer, so that
// it cannot go before its load balancer has.
#pragma once

#include <memory>
#include <set>

#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/service_lb/load_balancers.h"

namespace qd::controllers {

// For one worker: the nodes that it knows are its own.
class ServiceLbController final : public Controller {
public:
    ServiceLbController(Context& context, std::shared_ptr<LoadBalancers> balancers);
    Result<Outcome> sync(const std::string& key) override;
    void ready() override;

private:
    void onService(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void onNode(const api::ObjectPtr& old, const api::ObjectPtr& now);
    std::vector<client::Ptr<corev1::Node>> nodes() const;
    Result<void> ensure(const corev1::Service& service);
    Result<void> takeAway(const corev1::Service& service);
    Result<void> setFinalizer(const corev1::Service& service, bool present);
    Result<void> setStatus(const corev1::Service& service, const corev1::LoadBalancerStatus& status);
    Result<Outcome> nodesChanged();
    void warnWithoutNodes(const corev1::Service& service, bool none);

    Context& m_context;
    const std::shared_ptr<LoadBalancers> m_balancers;
    client::Informer& m_services;
    client::Informer& m_nodes;
    std::set<std::string> m_lastNodes;
};

}  // namespace qd::controllers
