#include "cluster/control_plane/controller_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "cluster/controllers/controllers.h"

namespace qd::control_plane {

std::string controllerNames() {
    std::set<std::string_view> all;
    for (const auto& one : controllers::controllerDescriptors()) all.insert(one.name);
    std::set<std::string_view> absent;
    for (const auto& one : controllers::absentControllers()) absent.insert(one.name);
    return fmt::format(
        "All controllers: {}. '*' leaves out bootstrap-signer-controller and token-cleaner-controller. Not there yet: {}.",
        fmt::join(all, ", "), fmt::join(absent, ", "));
}

}  // namespace qd::control_plane
