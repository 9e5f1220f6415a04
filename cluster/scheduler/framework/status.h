// What a plugin says about a Pod, or about a Pod on a node.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qd::scheduler {

enum class Code : std::uint8_t {
    Success,
    Error,                        // something went wrong; the Pod is tried again
    Unschedulable,                // not here as things are; removing Pods may help
    UnschedulableAndUnresolvable, // not here, and removing Pods does not help
    Skip,                         // the plugin has nothing to do with this Pod
};

// Shared, because the same words are said of thousands of nodes.
using Text = std::shared_ptr<const std::string>;

inline Text text(std::string words) { return std::make_shared<const std::string>(std::move(words)); }

struct Status {
    Code code = Code::Success;
    std::string_view plugin = {};  // whose verdict it is; set by the framework
    std::vector<Text> reasons = {};

    bool ok() const { return code == Code::Success; }
    bool skipped() const { return code == Code::Skip; }
    bool rejected() const { return code == Code::Unschedulable || code == Code::UnschedulableAndUnresolvable; }
    // The reasons joined as upstream joins them.
    std::string message() const {
        std::string joined;
        for (const auto& reason : reasons) {
            if (!joined.empty()) joined += ", ";
            joined += *reason;
        }
        return joined;
    }

    static Status skip() { return {.code = Code::Skip}; }
    static Status unschedulable(Text reason) { return {.code = Code::Unschedulable, .reasons = {std::move(reason)}}; }
    static Status unresolvable(Text reason) {
        return {.code = Code::UnschedulableAndUnresolvable, .reasons = {std::move(reason)}};
    }
    static Status error(std::string message) { return {.code = Code::Error, .reasons = {text(std::move(message))}}; }
};

}  // namespace qd::scheduler
