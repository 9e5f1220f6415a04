// What the runtime has of one Pod: its sandboxes and containers, the newest first. The agent keeps no other memory of
// what runs, so that its restart changes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vmnodes/agent/cri/runtime.h"

namespace qd::agent::sync {

struct Observed {
    std::vector<cri::SandboxStatus> sandboxes;
    std::vector<cri::ContainerStatus> containers;
    std::vector<std::string> ips;  // of the newest ready sandbox
    bool hostNetwork = false;      // of the newest sandbox

    // The newest container of that name; null when there is none.
    const cri::ContainerStatus* find(std::string_view container) const;
    // The newest sandbox when it is ready, else null.
    const cri::SandboxStatus* readySandbox() const;
    bool anyRunning() const;
};

// Reads the state of a Pod, with the termination messages that its ended containers left.
Result<Observed> observe(cri::Runtime& runtime, const std::string& podUid);

std::string containerName(const cri::ContainerStatus& status);
int restartCount(const cri::ContainerStatus& status);
// "containerd://<id>"
std::string containerId(const std::string& id);

}  // namespace qd::agent::sync
