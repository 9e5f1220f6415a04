// Makes sure that a container's image is present, by its pull policy, with kubelet's back-off, events and words.
// Source: https://kubernetes.io/docs/concepts/containers/images/.
#pragma once

#include <mutex>

#include "vmnodes/agent/cluster_access.h"
#include "vmnodes/agent/cri/runtime.h"
#include "vmnodes/agent/sync/back_off.h"
#include "vmnodes/agent/sync/pod_status.h"

namespace qd::agent::sync {

struct EnsuredImage {
    std::string ref;  // to run
    std::optional<std::int64_t> user;
    std::string userName;
};

// Thread-safe. A pull blocks its caller only.
class ImagePuller {
public:
    ImagePuller(cri::ImageService& images, ClusterAccess& cluster, EventSink& events, const base::Clock& clock)
        : m_images(images), m_cluster(cluster), m_events(events), m_clock(clock) {}

    // The failure is what the container's status shows: ErrImagePull, ImagePullBackOff, ErrImageNeverPull,
    // InvalidImageName, ImageInspectError.
    std::expected<EnsuredImage, StartFailure> ensure(const corev1::Pod& pod, const corev1::Container& container,
                                                     const cri::SandboxConfig& sandbox);
    // How long until a pull that failed is tried again.
    base::Duration remaining(const corev1::Pod& pod, const corev1::Container& container);

private:
    std::expected<std::string, StartFailure> pull(const corev1::Pod& pod, const corev1::Container& container,
                                                  const std::string& image, const cri::SandboxConfig& sandbox);
    std::vector<cri::AuthConfig> credentials(const corev1::Pod& pod, const std::string& image);

    cri::ImageService& m_images;
    ClusterAccess& m_cluster;
    EventSink& m_events;
    const base::Clock& m_clock;
    std::mutex m_mutex;
    BackOff m_backOff{std::chrono::seconds(10), std::chrono::seconds(300)};
    std::map<std::string, std::string> m_lastError;
};

// The name with ":latest" when it has neither tag nor digest.
std::string withDefaultTag(const std::string& image);
// "IfNotPresent", "Always" or "Never"; what the API server would have set when it is empty.
std::string pullPolicy(const corev1::Container& container);
// The registry that an image comes from: "docker.io" unless the first part of the name is a host.
std::string registryOf(const std::string& image);
// The credentials in a Secret of type kubernetes.io/dockerconfigjson or dockercfg that are for this registry.
std::vector<cri::AuthConfig> credentialsIn(const corev1::Secret& secret, const std::string& registry);

}  // namespace qd::agent::sync
