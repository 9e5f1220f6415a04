// Who is a node: the user system:node:NAME in the group system:nodes.
// https://kubernetes.io/docs/reference/access-authn-authz/node/
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cluster/apiserver/auth/user.h"

namespace qd::apiserver {

inline constexpr std::string_view kNodesGroup = "system:nodes";
inline constexpr std::string_view kNodeUserPrefix = "system:node:";

// The node's name in such a user name.
std::optional<std::string> nodeOfUser(std::string_view userName);

struct NodeIdentity {
    bool isNode = false;
    std::string name = {};  // empty for a node whose name cannot be told
};
NodeIdentity nodeIdentity(const User& user);

}  // namespace qd::apiserver
