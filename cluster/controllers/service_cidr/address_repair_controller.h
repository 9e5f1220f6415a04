// Keeps Services' cluster IPs and the IPAddress objects that stand for them in step: makes those that are missing or were deleted,
// and removes those whose Service is gone, never came to be or has another address.
//
// Upstream's runs in kube-apiserver (ipallocator-repair-controller). Nothing is repaired before the ServiceCIDR `kubernetes` exists.
#pragma once

#include <map>
#include <mutex>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/networking_v1.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class AddressRepairController final : public Controller {
public:
    explicit AddressRepairController(Context& context);
    // key: a Service's, or the name of an IPAddress.
    Result<Outcome> sync(const std::string& key) override;

private:
    void onService(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void onAddress(const api::ObjectPtr& old, const api::ObjectPtr& now);
    // Whether the Service was seen to give it up, and does not have it again.
    Result<bool> isGivenUp(const networkingv1::IPAddress& address, const std::string& service);
    Result<void> checkAddress(const corev1::Service& service, const std::string& text);
    Result<void> recreate(const corev1::Service& service, const networkingv1::IPAddress& address, const std::string& ip);
    Result<void> create(const corev1::Service& service, const std::string& ip);
    Result<void> remove(const networkingv1::IPAddress& address);
    Result<Outcome> syncAddress(const std::string& name);

    Context& m_context;
    client::Informer& m_services;
    client::Informer& m_cidrs;
    client::Informer& m_addresses;
    std::mutex m_mutex;
    std::map<std::string, std::string> m_givenUp;  // by address: the Service that had it; guarded by m_mutex
};

}  // namespace qd::controllers
