// pods/exec, pods/attach and pods/portforward: the client's connection becomes a channel to the agent of the Pod's
// node. Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ and KEP-4006
// (WebSockets).
#pragma once

#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/transport/forward.h"

namespace qd::apiserver {

class PodStreamHandler final : public SubresourceHandler {
public:
    enum class What : std::uint8_t { Exec, Attach, PortForward };
    PodStreamHandler(ApiServer& server, Forwarder& forwarder, What what)
        : m_server(server), m_forwarder(forwarder), m_what(what) {}
    Response handle(const Exchange& exchange) override;

private:
    Result<void> mayCreate(const Exchange& exchange) const;
    Result<ForwardRequest> toStream(const Exchange& exchange) const;

    ApiServer& m_server;
    Forwarder& m_forwarder;
    What m_what;
};

}  // namespace qd::apiserver
