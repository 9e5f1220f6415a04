// Pods for which room is being made on a node, and that wait until it is there.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/scheduler/framework/pod_info.h"

namespace qd::scheduler {

// Not thread-safe: it lives on the scheduler's strand.
class Nominations {
public:
    // An empty node takes the nomination back. The newest copy of a Pod counts.
    void set(const PodInfoPtr& pod, const std::string& node);
    void remove(const std::string& uid);

    const std::vector<PodInfoPtr>& on(const std::string& node) const;
    // The node of a Pod; empty when it has none.
    const std::string& of(const std::string& uid) const;

private:
    std::unordered_map<std::string, std::vector<PodInfoPtr>> m_byNode;
    std::unordered_map<std::string, std::string> m_nodes;  // by uid
};

}  // namespace qd::scheduler
