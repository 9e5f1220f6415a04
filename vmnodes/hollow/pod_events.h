// The Events in which a kubelet tells what goes wrong with a Pod's containers, from how their statuses have changed. Pure.
//
// Of what goes well, starts and stops, nothing is told: it would be three Events and more for each of thousands of Pods.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"

namespace qd::hollow {

struct PodEvent {
    std::string fieldPath;  // spec.containers{web}
    std::string type;
    std::string reason;
    std::string message;
};

// `pod` has the status that was reported before, `now` is the next. What happened several times between them is told once.
std::vector<PodEvent> eventsOf(const corev1::Pod& pod, const corev1::PodStatus& now);

}  // namespace qd::hollow
