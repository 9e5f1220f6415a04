// Keeps ServiceCIDRs from going while Services have addresses of theirs alone, and says which are ready.
#pragma once

#include "cluster/api/types/networking_v1.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class ServiceCidrController final : public Controller {
public:
    explicit ServiceCidrController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    void onAddress(const api::ObjectPtr& old, const api::ObjectPtr& now);
    Result<Outcome> syncLeaving(const networkingv1::ServiceCIDR& cidr);
    Result<void> setFinalizer(const networkingv1::ServiceCIDR& cidr, bool present);
    Result<void> setReady(const networkingv1::ServiceCIDR& cidr, bool ready, const std::string& reason, const std::string& message);

    Context& m_context;
    client::Informer& m_cidrs;
    client::Informer& m_addresses;
};

}  // namespace qd::controllers
