// Small questions about a Pod's spec, and the labels and annotations by which the agent finds its containers again
// after a restart. The keys and meanings are kubelet's (pkg/kubelet/types, kuberuntime/labels.go): tools that read them
// from the runtime work here too, and the whole state of a Pod can be rebuilt from the runtime alone.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/placement/node_admission.h"
#include "cluster/api/types/core_v1.h"

namespace qd::agent::sync {

using api::placement::isStaticPod;
using api::placement::kConfigSourceAnnotation;

inline constexpr char kPodNameLabel[] = "io.kubernetes.pod.name";
inline constexpr char kPodNamespaceLabel[] = "io.kubernetes.pod.namespace";
inline constexpr char kPodUidLabel[] = "io.kubernetes.pod.uid";
inline constexpr char kContainerNameLabel[] = "io.kubernetes.container.name";
inline constexpr char kHashAnnotation[] = "io.kubernetes.container.hash";
inline constexpr char kRestartCountAnnotation[] = "io.kubernetes.container.restartCount";
inline constexpr char kMessagePathAnnotation[] = "io.kubernetes.container.terminationMessagePath";
inline constexpr char kMessagePolicyAnnotation[] = "io.kubernetes.container.terminationMessagePolicy";
inline constexpr char kGracePeriodAnnotation[] = "io.kubernetes.pod.terminationGracePeriod";

enum class ContainerKind { Init, Sidecar, Regular, Ephemeral };

struct ContainerRef {
    const corev1::Container* container = nullptr;
    ContainerKind kind = ContainerKind::Regular;
};

bool isSidecar(const corev1::Container& container);  // an init container with restartPolicy Always
// Init containers (and sidecars), then regular ones, in the order of the spec.
std::vector<ContainerRef> containersOf(const corev1::Pod& pod);
// Null when the Pod has no init or regular container of that name.
const corev1::Container* findContainer(const corev1::Pod& pod, std::string_view name);
// An ephemeral container as a container: the same fields.
corev1::Container ephemeralAsContainer(const corev1::EphemeralContainer& ephemeral);

// Whether the Pod, in its final phase, runs nothing more.
bool isTerminalPhase(std::string_view phase);
// "web_default(uid)", as kubelet's messages name a Pod.
std::string podLabel(const corev1::Pod& pod);
// The part of a container's definition whose change means a new container: name and image.
std::string containerHash(const corev1::Container& container);
// Whether a container that ended with this code is started again, by its own rules, its own policy, or the Pod's.
bool restartsAfter(const corev1::Pod& pod, const corev1::Container& container, int exitCode);
std::int64_t gracePeriod(const corev1::Pod& pod);

// <root>/pods/<uid>
std::string podFolder(const std::string& root, std::string_view uid);
// /var/log/pods/<namespace>_<name>_<uid>
std::string podLogFolder(const std::string& root, const corev1::Pod& pod);

}  // namespace qd::agent::sync
