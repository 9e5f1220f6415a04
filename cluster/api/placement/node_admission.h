// Whether a node takes a Pod that names it. The scheduler has seen to that for the Pods that it has placed; others are bound by
// hand, by another scheduler, or came when the node had filled up meanwhile. Whoever runs Pods asks here before it starts one
// and reports those that are refused as failed, so that their controllers make others.
//
// The rules and words are kubelet's (pkg/kubelet/lifecycle, pkg/kubelet/sysctl). Pure. Left out: that a critical Pod drives
// others off the node.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cluster/api/placement/host_ports.h"
#include "cluster/api/placement/resources.h"
#include "cluster/base/time.h"

namespace qd::api::placement {

inline constexpr char kConfigSourceAnnotation[] = "kubernetes.io/config.source";

// Whether the Pod comes from a file of its node rather than from the API server.
bool isStaticPod(const corev1::Pod& pod);

// What a Pod, or many, take of their node.
struct PodNeeds {
    Resources requests;  // `pods` is how many they are
    std::vector<HostPort> hostPorts;

    PodNeeds& operator+=(const PodNeeds& other);
};
PodNeeds needsOf(const corev1::Pod& pod);

struct Refusal {
    std::string reason;   // OutOfcpu, NodePorts, ...
    std::string message;  // as in the Event; the status says more, see refusedStatus()

    bool operator==(const Refusal&) const = default;
};

// `taken`: all other Pods that the node has taken and that have not ended. Extended resources that the node does not have are
// somebody else's to count. Static Pods and their mirrors are not refused for want of resources.
std::optional<Refusal> refusalOf(const corev1::Pod& pod, const corev1::Node& node, const PodNeeds& taken);

// In which order Pods that wait are asked about: the oldest first.
bool comesBefore(const corev1::Pod& a, const corev1::Pod& b);

// Of a Pod that was refused: failed, with nothing said of containers, which it never had. Conditions that are not the node's to
// say stay.
corev1::PodStatus refusedStatus(const corev1::Pod& pod, const Refusal& refusal, base::WallTime now);

// How fast a node refuses Pods: 25 at once, then one each second. A controller that makes a refused Pod anew at once would
// otherwise do nothing else, and fill the cluster with failed Pods. Who is to be refused and may not be yet, waits.
class RefusalPace {
public:
    // Zero: now.
    base::Duration left(base::SteadyTime now) const;
    void spend(base::SteadyTime now);

private:
    base::SteadyTime m_paidUntil{};  // had there been one each second from the first on
};

struct Decision {
    std::optional<Refusal> refusal;
    base::Duration wait{};  // more than none: nothing is decided yet, ask again then
};

// Decides about one Pod. A refusal is asked about once more of the newest Node, if `newest` gives one: what the scheduler went by,
// a label say, may not have come here yet. Whoever carries a refusal out spends it of the pace.
Decision decide(const corev1::Pod& pod, const corev1::Node& node, const PodNeeds& taken, const RefusalPace& pace, base::SteadyTime now,
                const std::function<std::shared_ptr<const corev1::Node>()>& newest);

}  // namespace qd::api::placement
