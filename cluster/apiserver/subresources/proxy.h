// pods/proxy, services/proxy and nodes/proxy: HTTP requests passed on to a Pod, to one of a Service's Pods, or to a
// node. Source: https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/.
#pragma once

#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/transport/forward.h"
#include "cluster/base/random.h"

namespace qd::apiserver {

class ProxyHandler final : public SubresourceHandler {
public:
    enum class To : std::uint8_t { Pod, Service, Node };
    ProxyHandler(ApiServer& server, Forwarder& forwarder, base::Random& random, To to)
        : m_server(server), m_forwarder(forwarder), m_random(random), m_to(to) {}
    Response handle(const Exchange& exchange) override;

private:
    // "name", "name:port" or "scheme:name:port", as the URL names what is meant.
    struct Named {
        std::string scheme;
        std::string name;
        std::string port;
    };
    static std::optional<Named> split(const std::string& id);
    Result<ForwardRequest> locate(const Exchange& exchange) const;
    Result<ForwardRequest> locatePod(const std::string& ns, const Named& named) const;
    Result<ForwardRequest> locateService(const std::string& ns, const std::string& id, Named named) const;
    Result<ForwardRequest> locateNode(const Named& named) const;

    ApiServer& m_server;
    Forwarder& m_forwarder;
    base::Random& m_random;
    To m_to;
};

}  // namespace qd::apiserver
