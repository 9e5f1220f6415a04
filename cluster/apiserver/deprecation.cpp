#include "cluster/apiserver/deprecation.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::apiserver {
namespace {

struct Deprecated {
    std::string_view group;
    std::string_view version;
    std::string_view kind;
    std::string_view since;
    std::string_view instead;  // may be empty
};

constexpr Deprecated kDeprecated[] = {
    {"", "v1", "ComponentStatus", "v1.19", ""},
    {"", "v1", "Endpoints", "v1.33", "discovery.k8s.io/v1 EndpointSlice"},
};

}  // namespace

std::vector<std::string> deprecationWarnings(const api::Kind& kind) {
    const auto found = std::ranges::find_if(
        kDeprecated, [&](const Deprecated& each) { return each.kind == kind.kind && each.group == kind.group && each.version == kind.version; });
    if (found == std::end(kDeprecated)) return {};
    std::string text = fmt::format("{} {} is deprecated in {}+", kind.groupVersion(), kind.kind, found->since);
    if (!found->instead.empty()) text += fmt::format("; use {}", found->instead);
    return {std::move(text)};
}

}  // namespace qd::apiserver
