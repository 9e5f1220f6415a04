#include "cluster/controllers/runtime/resources.h"

#include <algorithm>
#include <set>

#include "cluster/api/kinds/kind.h"

namespace qd::controllers {
namespace {

bool can(const api::Kind& kind, const char* verb) { return std::find(kind.verbs.begin(), kind.verbs.end(), verb) != kind.verbs.end(); }

}  // namespace

std::vector<Resource> builtinResources() {
    std::vector<Resource> resources;
    std::set<std::pair<std::string, std::string>> seen;
    for (const auto* kind : api::builtinKinds()) {
        if (kind->storedAs || !can(*kind, "list") || !can(*kind, "delete")) continue;
        if (!seen.emplace(kind->group, kind->plural).second) continue;
        resources.push_back({{kind->group, kind->version, kind->plural}, kind->kind, kind->namespaced});
    }
    return resources;
}

}  // namespace qd::controllers
