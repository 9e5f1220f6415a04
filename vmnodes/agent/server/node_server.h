// What the API server (and a scraper) asks a node: logs, exec, attach, port-forward, stats, metrics. Those paths are
// kubelet's; the images that the host brings are our own. Handlers are quick; what takes longer is done on the executor
// while the response waits at its gate.
//
// Callers show a client certificate of the cluster's authority whose subject is one that may: see Callers.
#pragma once

#include <memory>

#include "cluster/apiserver/http.h"
#include "cluster/base/executor.h"
#include "vmnodes/agent/cri/runtime.h"
#include "vmnodes/agent/server/image_endpoint.h"
#include "vmnodes/agent/sync/pod_workers.h"

namespace qd::agent::server {

struct Callers {
    std::vector<std::string> commonNames = {"kube-apiserver-kubelet-client", "quarterdeck-apiserver"};
    std::vector<std::string> organizations = {"system:masters", "kubeadm:cluster-admins"};
};

// Opens the runtime's streaming sessions and joins them to ours; see stream_bridge.h.
class SessionOpener {
public:
    virtual ~SessionOpener() = default;
    // Called on the executor; may block for a connection on loopback. `url` is what the runtime answered.
    virtual apiserver::Response open(const std::string& url, const apiserver::Request& request) = 0;
};

class NodeServer {
public:
    NodeServer(base::Executor& executor, cri::Runtime& runtime, sync::PodWorkers& workers, SessionOpener& sessions,
               ImageEndpoint& images, Callers callers);

    // The handler for apiserver::Server. Thread-safe.
    apiserver::Response handle(apiserver::Request request);

private:
    struct Route {
        std::string kind;  // the first part of the path
        std::vector<std::string> parts;
    };
    bool mayCall(const apiserver::Request& request) const;
    apiserver::Response logs(const Route& route, const apiserver::Request& request);
    apiserver::Response session(const Route& route, apiserver::Request request);
    Result<std::string> sessionUrl(const Route& route, const apiserver::Request& request);
    apiserver::Response later(std::move_only_function<apiserver::Response()> work);

    base::Executor& m_executor;
    cri::Runtime& m_runtime;
    sync::PodWorkers& m_workers;
    SessionOpener& m_sessions;
    ImageEndpoint& m_images;
    Callers m_callers;
};

}  // namespace qd::agent::server
