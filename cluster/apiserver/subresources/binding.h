// pods/binding: assigns a Pod to a node. Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/binding-v1/.
#pragma once

#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/api_server.h"

namespace qd::apiserver {

// Conflict when the Pod is bound already, Invalid for a target that is no node.
Result<Written> bindPod(Verbs& verbs, const Caller& caller, const std::string& ns, const std::string& name,
                        const corev1::Binding& binding, bool dryRun);

class BindingHandler final : public SubresourceHandler {
public:
    // nameInBody: the old endpoint /bindings, where the Pod's name stands in the object.
    BindingHandler(ApiServer& server, bool nameInBody) : m_server(server), m_nameInBody(nameInBody) {}
    Response handle(const Exchange& exchange) override;

private:
    ApiServer& m_server;
    bool m_nameInBody;
};

}  // namespace qd::apiserver
