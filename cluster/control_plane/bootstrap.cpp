#include "cluster/control_plane/bootstrap.h"

#include "cluster/api/types/core_v1.h"
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

// The first address of the service range is the API server's own.
std::string firstAddress(const std::string& cidr) {
    std::string base = cidr.substr(0, cidr.find('/'));
    return base.substr(0, base.rfind('.') + 1) + "1";
}

}  // namespace

Result<void> createSystemObjects(client::Client& client, const std::string& serviceCidr) {
    if (auto made = createNamespaces(client); !made) return made;
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
