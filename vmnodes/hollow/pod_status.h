// The status that a kubelet would report of a Pod that runs so.
#pragma once

#include "vmnodes/hollow/pod_run.h"

namespace qd::hollow {

// Keeps of the present status what is not the node's to say (QoS class, conditions of others, nomination). Times of conditions
// move only with their status.
corev1::PodStatus statusOf(const corev1::Pod& pod, const PodRun& run, const Timing& timing, const std::string& hostAddress, base::WallTime now);

}  // namespace qd::hollow
