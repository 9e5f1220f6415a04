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

// Watch events and the options of requests are known under the name of every group version.
const KindName* ofEveryGroupVersion(std::string_view kind) {
    for (const auto* known :
         {&metav1::CreateOptions::kDescriptor, &metav1::UpdateOptions::kDescriptor, &metav1::PatchOptions::kDescriptor,
          &metav1::DeleteOptions::kDescriptor, &metav1::GetOptions::kDescriptor, &metav1::ListOptions::kDescriptor,
          &metav1::WatchEvent::kDescriptor}) {
        if (known->name == kind) return known->kind;
    }
    return nullptr;
}

}  // namespace

const KindName* findKind(std::string_view group, std::string_view version, std::string_view kind) {
    const auto& kinds = sortedKinds();
    const auto wanted = std::tie(group, version, kind);
    const auto found =
        std::lower_bound(kinds.begin(), kinds.end(), wanted,
                         [](const KindName* candidate, const auto& key) { return names(candidate) < key; });
    if (found != kinds.end() && names(*found) == wanted) return *found;
    return ofEveryGroupVersion(kind);
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
