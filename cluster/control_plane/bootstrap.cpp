#include "cluster/control_plane/bootstrap.h"

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/networking_v1.h"
#include "cluster/api/types/scheduling_v1.h"
#include "cluster/client/typed.h"

namespace qd::control_plane {
namespace {

Result<void> unlessThere(Result<void> made) {
    if (!made && made.error().reason == Reason::AlreadyExists) return {};
    return made;
}

template <typename T>
Result<void> ensure(client::Client& client, const T& object) {
    auto existing = client.get(client::resourceOf<T>(), object.metadata.namespace_, object.metadata.name);
    if (existing) return {};
    auto made = client::Api<T>(client).create(object);
    return unlessThere(made ? Result<void>() : Result<void>(fail(std::move(made.error()))));
}

Result<void> createNamespaces(client::Client& client) {
    for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
        corev1::Namespace ns;
        ns.metadata.name = name;
        if (auto made = ensure(client, ns); !made) return fail(made.error().within(std::string("namespace ") + name));
    }
    return {};
}

Result<void> createPriorityClasses(client::Client& client) {
    struct Row {
        const char* name;
        std::int32_t value;
        const char* description;
    };
    constexpr Row kRows[] = {
        {"system-node-critical", 2'000'001'000, "Used for system critical pods that must not be moved from their current node."},
        {"system-cluster-critical", 2'000'000'000, "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."},
    };
    for (const Row& row : kRows) {
        schedulingv1::PriorityClass priority;
        priority.metadata.name = row.name;
        priority.value = row.value;
        priority.description = row.description;
        priority.preemptionPolicy = "PreemptLowerPriority";
        if (auto made = ensure(client, priority); !made) return fail(made.error().within(std::string("priority class ") + row.name));
    }
    return {};
}

// Ready from the beginning: nobody else can say so before there are controllers.
Result<void> createServiceCidr(client::Client& client, const std::string& cidr, base::WallTime now) {
    client::Api<networkingv1::ServiceCIDR> cidrs(client);
    networkingv1::ServiceCIDR wanted;
    wanted.metadata.name = "kubernetes";
    wanted.spec.cidrs = {cidr};
    if (cidrs.get("", wanted.metadata.name)) return {};
    const auto made = cidrs.create(wanted);
    if (!made) return unlessThere(fail(made.error()));
    networkingv1::ServiceCIDR ready = **made;
    auto& condition = ready.status.conditions.emplace_back();
    condition.type = networkingv1::ServiceCIDRConditionReady;
    condition.status = "True";
    condition.message = "Kubernetes default Service CIDR is ready";
    condition.lastTransitionTime = api::Time(now);
    const auto told = cidrs.updateStatus(ready);
    if (!told) return fail(told.error());
    return {};
}

// The first address of the service range is the API server's own.
std::string firstAddress(const std::string& cidr) {
    std::string base = cidr.substr(0, cidr.find('/'));
    return base.substr(0, base.rfind('.') + 1) + "1";
}

}  // namespace

Result<void> createSystemObjects(client::Client& client, const std::string& serviceCidr, base::WallTime now) {
    if (auto made = createNamespaces(client); !made) return made;
    if (auto made = createServiceCidr(client, serviceCidr, now); !made) return fail(made.error().within("service CIDR kubernetes"));
    if (auto made = createPriorityClasses(client); !made) return made;
    corev1::Service service;
    service.metadata.name = "kubernetes";
    service.metadata.namespace_ = "default";
    service.metadata.labels = {{"component", "apiserver"}, {"provider", "kubernetes"}};
    service.spec.clusterIP = firstAddress(serviceCidr);
    service.spec.clusterIPs = {service.spec.clusterIP};
    service.spec.type = "ClusterIP";
    service.spec.sessionAffinity = "None";
    corev1::ServicePort port;
    port.name = "https";
    port.protocol = "TCP";
    port.port = 443;
    port.targetPort = 6443;
    service.spec.ports = {port};
    if (auto made = ensure(client, service); !made) return fail(made.error().within("service kubernetes"));
    return {};
}

}  // namespace qd::control_plane
