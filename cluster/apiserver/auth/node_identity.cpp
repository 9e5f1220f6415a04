#include "cluster/apiserver/auth/node_identity.h"

#include "cluster/api/meta/names.h"

namespace qd::apiserver {

std::optional<std::string> nodeOfUser(std::string_view userName) {
    if (!userName.starts_with(kNodeUserPrefix)) return std::nullopt;
    std::string name(userName.substr(kNodeUserPrefix.size()));
    if (!api::dns1123SubdomainErrors(name).empty()) return std::nullopt;
    return name;
}

NodeIdentity nodeIdentity(const User& user) {
    if (!user.name.starts_with(kNodeUserPrefix) || !user.isIn(kNodesGroup)) return {};
    return {true, user.name.substr(kNodeUserPrefix.size())};
}

}  // namespace qd::apiserver
