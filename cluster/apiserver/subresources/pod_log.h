// pods/log: what a container wrote, from the agent of its node.
// Source:
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod.
#pragma once

#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/transport/forward.h"

namespace qd::apiserver {

class PodLogHandler final : public SubresourceHandler {
public:
    PodLogHandler(ApiServer& server, Forwarder& forwarder) : m_server(server), m_forwarder(forwarder) {}
    Response handle(const Exchange& exchange) override;

private:
    ApiServer& m_server;
    Forwarder& m_forwarder;
};

}  // namespace qd::apiserver
