#include "cluster/scheduler/framework/diagnosis.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace qd::scheduler {

void Diagnosis::add(Text node, Status status) {
    if (!status.plugin.empty()) rejectedBy.insert(status.plugin);
    nodes.push_back({std::move(node), std::move(status)});
}

std::string Diagnosis::message() const {
    std::string message = fmt::format("0/{} nodes are available:", allNodes);
    if (!preFilterMessage.empty()) {
        message += fmt::format(" {}.", preFilterMessage);
    } else {
        std::map<std::string, std::size_t> counts;
        for (const auto& verdict : nodes) {
            for (const auto& reason : verdict.status.reasons) ++counts[*reason];
        }
        if (nodes.size() < allNodes) {
            for (const auto& reason : absent.reasons) counts[*reason] += allNodes - nodes.size();
        }
        // Sorted as texts, the number included: that is how upstream's sentences read.
        std::vector<std::string> parts;
        for (const auto& [reason, count] : counts) parts.push_back(fmt::format("{} {}", count, reason));
        std::sort(parts.begin(), parts.end());
        if (!parts.empty()) message += fmt::format(" {}.", fmt::join(parts, ", "));
    }
    if (!postFilterMessage.empty()) message += " " + postFilterMessage;
    return message;
}

const Status& Diagnosis::of(const std::string& node) const {
    const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const auto& each) { return *each.node == node; });
    return found == nodes.end() ? absent : found->status;
}

}  // namespace qd::scheduler
