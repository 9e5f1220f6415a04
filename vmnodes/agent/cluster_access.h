// What the agent needs of the cluster, as one interface: the API server stands behind it on a node, a table behind it
// in tests, and nothing behind it when the agent runs static Pods alone.
//
// Thread-safe. Reads may come from a cache; they answer NotFound only when the server said so.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::agent {

struct ServiceAccountToken {
    std::string token;
    base::WallTime expires{};
};

class ClusterAccess {
public:
    virtual ~ClusterAccess() = default;

    virtual Result<std::shared_ptr<const corev1::ConfigMap>> configMap(const std::string& ns,
                                                                       const std::string& name) = 0;
    virtual Result<std::shared_ptr<const corev1::Secret>> secret(const std::string& ns, const std::string& name) = 0;
    // All Services, for environment variables. Fails while they have not been read once.
    virtual Result<std::vector<std::shared_ptr<const corev1::Service>>> services() = 0;
    // A token of the Pod's service account, bound to the Pod. An empty audience is the API server's own.
    virtual Result<ServiceAccountToken> serviceAccountToken(const corev1::Pod& pod, const std::string& audience,
                                                            std::int64_t expirationSeconds) = 0;

    // Replaces what the agent owns of the Pod's status. NotFound when the Pod, or that Pod of the name, is gone.
    virtual Result<void> updateStatus(const corev1::Pod& pod, const corev1::PodStatus& status) = 0;
    // Deletes the object at once, if it is still the Pod with this uid.
    virtual Result<void> deletePod(const corev1::Pod& pod) = 0;
};

// Events about Pods and the node. Thread-safe; never blocks.
class EventSink {
public:
    virtual ~EventSink() = default;
    // `container` is empty or names the container that the event is about; `warning` sets the type.
    virtual void podEvent(const corev1::Pod& pod, const std::string& container, bool warning, const std::string& reason,
                          const std::string& message) = 0;
    virtual void nodeEvent(bool warning, const std::string& reason, const std::string& message) = 0;
};

}  // namespace qd::agent
