// What goes wrong when a Pod does not come up, and what its reader can do: words for the reasons that the kubelet's
// contract, the runtimes and the scheduler give. Pure.
// https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/
#pragma once

#include <QString>

#include "cluster/api/types/core_v1.h"

namespace qd::models {

// A thing that went wrong, as a sentence, and what to do about it.
struct Trouble {
    QString what;
    QString remedy;

    bool operator==(const Trouble&) const = default;
};

// Whether a waiting container's reason means trouble, not progress.
bool isTrouble(std::string_view reason);
// A container that waits for one of those reasons. `spec` may be null when it is not known.
Trouble waitingTrouble(const corev1::ContainerStatus& status, const corev1::Container* spec);
// A container that has ended, or whose last run has.
Trouble endedTrouble(const std::string& container, const corev1::ContainerStateTerminated& ended);
// A Pod that the scheduler finds no node for, by the scheduler's message.
Trouble placeTrouble(std::string_view message);

}  // namespace qd::models
