// What the server serves, in the two forms of discovery.
// Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api, KEP-3352 (aggregated discovery).
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "cluster/api/kinds/kind.h"
#include "cluster/apiserver/own_group.h"

namespace qd::apiserver {

// Documents over a list of kinds, and over groups that say themselves what they serve. Pure but for those.
class Discovery {
public:
    // In discovery's order; kinds of one group version need not be adjacent. The own groups come last.
    Discovery(std::vector<const api::Kind*> kinds, const std::vector<const OwnGroup*>& own);

    boost::json::value apiVersions(std::string_view serverAddress) const;  // /api
    boost::json::value groupList() const;                                  // /apis
    std::optional<boost::json::value> group(std::string_view name) const;  // /apis/apps
    std::optional<boost::json::value> resourceList(std::string_view group, std::string_view version) const;
    // apidiscovery.k8s.io/v2 APIGroupDiscoveryList; core: /api, else /apis.
    boost::json::value aggregated(bool core) const;
    // Where the documents above are: "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1" and so on.
    std::vector<std::string> paths() const;

private:
    struct Version {
        std::string name;
        std::vector<const api::Kind*> kinds;
    };
    struct Group {
        std::string name;
        std::vector<Version> versions;  // the preferred one first
        const OwnGroup* own = nullptr;  // whose resources are asked for each time; its versions have no kinds
    };
    const Group* find(std::string_view name) const;

    std::vector<Group> m_groups;
};

// upstream's StorageVersionHash: base64 of the first eight bytes of SHA-256 of "group/version/kind".
std::string storageVersionHash(std::string_view group, std::string_view version, std::string_view kind);

}  // namespace qd::apiserver
