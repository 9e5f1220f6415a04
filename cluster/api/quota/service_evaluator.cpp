#include <algorithm>

#include "cluster/api/quota/evaluator.h"

namespace qd::api {
namespace {

using corev1::Service;

// Ports are allocated later; what counts is what is asked for.
std::int64_t nodePorts(const Service& service) {
    const auto& ports = service.spec.ports;
    const auto all = static_cast<std::int64_t>(ports.size());
    if (service.spec.type == "NodePort") return all;
    if (service.spec.type != "LoadBalancer") return 0;
    if (service.spec.allocateLoadBalancerNodePorts.value_or(true)) return all;
    return std::count_if(ports.begin(), ports.end(), [](const auto& port) { return port.nodePort != 0; });
}

// The types that are counted by themselves.
std::string countedType(const Service& service) { return service.spec.type == "NodePort" || service.spec.type == "LoadBalancer" ? service.spec.type : std::string(); }

class ServiceEvaluator final : public QuotaEvaluator {
public:
    const std::string& groupResource() const override {
        static const std::string name = "services";
        return name;
    }
    ResourceNameSet matching(const ResourceNameSet& names) const override {
        ResourceNameSet result;
        for (const char* name : {"count/services", "services", "services.nodeports", "services.loadbalancers"}) {
            if (names.contains(name)) result.insert(name);
        }
        return result;
    }
    Quantities usage(const Object& object, base::WallTime) const override {
        const auto* service = objectAs<Service>(object);
        if (!service) return {};
        return {{"count/services", Quantity(1)},
                {"services", Quantity(1)},
                {"services.loadbalancers", Quantity(service->spec.type == "LoadBalancer" ? 1 : 0)},
                {"services.nodeports", Quantity(nodePorts(*service))}};
    }
    bool mayHaveShrunk(const Object& old, const Object& now, base::WallTime) const override {
        const auto* before = objectAs<Service>(old);
        const auto* after = objectAs<Service>(now);
        return before && after && countedType(*before) != countedType(*after);
    }
};

}  // namespace

std::unique_ptr<QuotaEvaluator> serviceEvaluator() { return std::make_unique<ServiceEvaluator>(); }

}  // namespace qd::api
