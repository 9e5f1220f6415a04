// Why a Pod fits nowhere: the verdict of each node and the sentence that people read.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/scheduler/framework/status.h"

namespace qd::scheduler {

struct NodeVerdict {
    Text node;
    Status status;
};

struct Diagnosis {
    std::size_t allNodes = 0;
    std::vector<NodeVerdict> nodes;
    // Holds for every node that `nodes` does not name.
    Status absent = {.code = Code::UnschedulableAndUnresolvable};
    // Set when a plugin turned the Pod away before any node was looked at.
    std::string preFilterMessage;
    std::string postFilterMessage;
    std::set<std::string_view> rejectedBy;  // plugins

    void add(Text node, Status status);
    // "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: ..."; wire behaviour.
    std::string message() const;
    const Status& of(const std::string& node) const;
};

}  // namespace qd::scheduler
