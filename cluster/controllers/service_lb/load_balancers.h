// Who gives load balancers to Services: what a cloud provider is to upstream's service controller. The cluster's own is a range of
// addresses that every node answers at (the agent's IPVS serves what a Service's status says).
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cluster/api/meta/ip.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/client/typed.h"

namespace qd::controllers {

class LoadBalancers {
public:
    virtual ~LoadBalancers() = default;
    // Takes note of a load balancer that a Service's status says it has, before any other call: after a restart.
    virtual void learn(const corev1::Service& service) = 0;
    // Makes the load balancer, or brings it in line with the Service and the nodes. Idempotent.
    virtual Result<corev1::LoadBalancerStatus> ensure(const corev1::Service& service, const std::vector<client::Ptr<corev1::Node>>& nodes) = 0;
    virtual bool exists(const corev1::Service& service) = 0;
    // Idempotent.
    virtual Result<void> remove(const corev1::Service& service) = 0;
};

// One address a Service, out of an IPv4 range: the one it asks for (spec.loadBalancerIP), else the lowest that is free. Thread-safe.
class LoadBalancerRange final : public LoadBalancers {
public:
    explicit LoadBalancerRange(const api::IpNetwork& range) : m_range(range) {}

    void learn(const corev1::Service& service) override;
    Result<corev1::LoadBalancerStatus> ensure(const corev1::Service& service, const std::vector<client::Ptr<corev1::Node>>& nodes) override;
    bool exists(const corev1::Service& service) override;
    Result<void> remove(const corev1::Service& service) override;

private:
    struct Holder {
        std::string key;
        std::string uid;
    };
    std::uint32_t first() const;
    std::uint32_t count() const;
    bool contains(std::uint32_t address) const { return address - first() < count(); }
    std::optional<std::uint32_t> heldBy(const corev1::Service& service) const;
    Result<std::uint32_t> choose(const corev1::Service& service) const;

    const api::IpNetwork m_range;
    std::mutex m_mutex;
    std::map<std::uint32_t, Holder> m_held;  // guarded by m_mutex
};

}  // namespace qd::controllers
