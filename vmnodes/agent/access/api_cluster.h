// The cluster behind the agent's API server: reads with a memory that outlives the server's absence, writes that check
// whom they are about, events.
//
// ConfigMaps and Secrets are read when a Pod needs them and remembered for a short while; when the server cannot be
// reached, what is remembered is used however old it is, so that containers restart while the control plane is away.
#pragma once

#include <mutex>

#include "cluster/client/event_recorder.h"
#include "cluster/client/informer.h"
#include "vmnodes/agent/cluster_access.h"

namespace qd::agent {

class ApiCluster final : public ClusterAccess, public EventSink {
public:
    // `services` is a started informer of all Services, or will be.
    ApiCluster(client::Client& client, base::Executor& executor, const client::Informer& services,
               std::string nodeName);

    Result<std::shared_ptr<const corev1::ConfigMap>> configMap(const std::string& ns, const std::string& name) override;
    Result<std::shared_ptr<const corev1::Secret>> secret(const std::string& ns, const std::string& name) override;
    Result<std::vector<std::shared_ptr<const corev1::Service>>> services() override;
    Result<ServiceAccountToken> serviceAccountToken(const corev1::Pod& pod, const std::string& audience,
                                                    std::int64_t expirationSeconds) override;
    Result<void> updateStatus(const corev1::Pod& pod, const corev1::PodStatus& status) override;
    Result<void> deletePod(const corev1::Pod& pod) override;

    void podEvent(const corev1::Pod& pod, const std::string& container, bool warning, const std::string& reason,
                  const std::string& message) override;
    void nodeEvent(bool warning, const std::string& reason, const std::string& message) override;

private:
    struct Remembered {
        api::ObjectPtr object;
        std::optional<Error> missing;
        base::SteadyTime read{};
    };
    template <typename T>
    Result<std::shared_ptr<const T>> remembered(const std::string& ns, const std::string& name);

    client::Client& m_client;
    const base::Clock& m_clock;
    const client::Informer& m_services;
    client::EventRecorder m_recorder;
    corev1::Node m_node;  // only its name: what node events are about
    std::mutex m_mutex;
    base::SteadyTime m_awayUntil{};                       // guarded by m_mutex: the server is not asked before
    std::map<std::string, Remembered> m_objects;          // guarded by m_mutex
    std::map<std::string, ServiceAccountToken> m_tokens;  // guarded by m_mutex
};

// No cluster at all: static Pods, which refer to nothing. Events go to the log.
class LonelyCluster final : public ClusterAccess, public EventSink {
public:
    Result<std::shared_ptr<const corev1::ConfigMap>> configMap(const std::string& ns, const std::string& name) override;
    Result<std::shared_ptr<const corev1::Secret>> secret(const std::string& ns, const std::string& name) override;
    Result<std::vector<std::shared_ptr<const corev1::Service>>> services() override;
    Result<ServiceAccountToken> serviceAccountToken(const corev1::Pod&, const std::string&, std::int64_t) override;
    Result<void> updateStatus(const corev1::Pod& pod, const corev1::PodStatus& status) override;
    Result<void> deletePod(const corev1::Pod& pod) override;
    void podEvent(const corev1::Pod& pod, const std::string& container, bool warning, const std::string& reason,
                  const std::string& message) override;
    void nodeEvent(bool warning, const std::string& reason, const std::string& message) override;
};

}  // namespace qd::agent
