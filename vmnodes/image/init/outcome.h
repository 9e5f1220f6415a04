// PID 1 of a node, and the same program as /init of the initramfs.
//
// It is one thread and one epoll loop, linked statically, and depends on nothing of the rest of the tree, so that the
// node image's hash changes only when the node changes. What it promises to the host and to the agent is in
// docs/node-image.md.
//
// Failures are words for the console: there is nobody else to tell.
#pragma once

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>
#include <string_view>

namespace qd::image {

template <typename T = void>
using Outcome = std::expected<T, std::string>;

inline std::unexpected<std::string> failed(std::string why) {
    return std::unexpected(std::move(why));
}
// "what: No such file or directory", from errno.
inline std::unexpected<std::string> failedCall(std::string_view what) {
    return std::unexpected(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace qd::image
