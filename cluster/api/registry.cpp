#include "cluster/api/registry.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace qd::api {

namespace {

auto names(const KindName* kind) {
    return std::tie(kind->group, kind->version, kind->kind);
}

const std::vector<const KindName*>& sortedKinds() {
    static const auto kinds = [] {
        const auto served = servedKinds();
        std::vector<const KindName*> sorted(served.begin(), served.end());
        std::ranges::sort(sorted, {}, names);
        return sorted;
    }();
    return kinds;
}

}  // namespace

const KindName* findKind(std::string_view group, std::string_view version, std::string_view kind) {
    const auto& kinds = sortedKinds();
    const auto wanted = std::tie(group, version, kind);
    const auto found =
        std::lower_bound(kinds.begin(), kinds.end(), wanted,
                         [](const KindName* candidate, const auto& key) { return names(candidate) < key; });
    return found != kinds.end() && names(*found) == wanted ? *found : nullptr;
}

const KindName* findKind(std::string_view apiVersion, std::string_view kind) {
    const auto [group, version] = splitApiVersion(apiVersion);
    return findKind(group, version, kind);
}

std::unique_ptr<Object> makeObject(std::string_view apiVersion, std::string_view kind) {
    const KindName* found = findKind(apiVersion, kind);
    return found && found->make ? found->make() : nullptr;
}

GroupVersion splitApiVersion(std::string_view apiVersion) {
    const std::size_t slash = apiVersion.find('/');
    if (slash == std::string_view::npos) return {"", apiVersion};
    return {apiVersion.substr(0, slash), apiVersion.substr(slash + 1)};
}

}  // namespace qd::api
