// The composition root of the control plane: builds its parts, starts them in order and stops them in reverse.
//
//     auto plane = ControlPlane::start({.dataDir = dir});
//     plane->kubeconfig();   // for kubectl
//     plane->client("gui");  // in process
//
// Order: store, certificates, API server (listening), the objects that every cluster has, controllers and scheduler, ready.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/transport/server.h"
#include "cluster/client/client.h"
#include "cluster/client/kubeconfig/kubeconfig.h"

namespace qd::hollow {
class Script;
}

namespace qd::control_plane {

struct Options {
    std::filesystem::path dataDir;
    std::string clusterName = "quarterdeck";
    std::vector<apiserver::ListenAddress> listen = {{"127.0.0.1", 0}};
    // Further addresses that the server certificate must be good for, e.g. the cluster's bridge.
    std::vector<std::string> certificateAddresses = {};
    std::string serviceCidr = "10.96.0.0/16";
    std::string podCidr = "10.244.0.0/16";
    std::string loadBalancerRange = {};  // of Services of that type: a network, "none", or empty for the end of serviceCidr
    // As kube-controller-manager reads it. The last two are off by default there, and on wherever machines join by token.
    std::vector<std::string> controllers = {"*", "bootstrap-signer-controller", "token-cleaner-controller"};
    bool scheduler = true;
    std::filesystem::path schedulerConfig = {};  // a KubeSchedulerConfiguration; empty: the default profile
    unsigned hollowNodes = 0;
    std::shared_ptr<const hollow::Script> hollowScript = {};  // what they do when, from the start on
    base::Duration metricResolution = std::chrono::seconds(15);  // how often nodes and Pods are asked for their metrics
    base::Duration autoscalerSyncPeriod = std::chrono::seconds(15);
    std::filesystem::path tokenFile = {};  // CSV: token,user,uid,"group1,group2"
};

class ControlPlane {
public:
    static Result<std::unique_ptr<ControlPlane>> start(Options options);
    ~ControlPlane();

    apiserver::ApiServer& apiServer();
    apiserver::Server& transport();
    // As an administrator of the cluster; `manager` is the field manager of its writes.
    std::unique_ptr<client::Client> client(const std::string& manager);
    base::Executor& executor();
    std::string serverUrl() const;
    client::KubeconfigEntry kubeconfigEntry() const;
    std::string kubeconfig() const;
    std::string authorityPem() const;
    // Tells machines that join by a bootstrap token to find the API server here. At first it is serverUrl().
    Result<void> announce(const std::string& url);

    // Ends requests, controllers and the store in that order; acknowledged writes are on disk already.
    void stop();

private:
    struct State;
    explicit ControlPlane(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

}  // namespace qd::control_plane
