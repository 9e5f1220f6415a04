// The explicit list of all built-in kinds.
#include <deque>

#include "cluster/api/kinds/kind.h"
#include "cluster/api/kinds/plain_kinds.h"

namespace qd::api {
namespace {

const std::deque<Kind>& allKinds() {
    static const std::deque<Kind> all = [] {
        std::deque<Kind> kinds;
        for (Kind& kind : plainKinds()) kinds.push_back(std::move(kind));
        return kinds;
    }();
    return all;
}

}  // namespace

const std::vector<const Kind*>& builtinKinds() {
    static const std::vector<const Kind*> list = [] {
        std::vector<const Kind*> pointers;
        for (const Kind& kind : allKinds()) pointers.push_back(&kind);
        return pointers;
    }();
    return list;
}

const Kind* builtinKind(std::string_view group, std::string_view version, std::string_view kindName) {
    for (const Kind* kind : builtinKinds()) {
        if (kind->kind == kindName && kind->group == group && kind->version == version) return kind;
    }
    return nullptr;
}

const Kind* findResource(std::string_view group, std::string_view version, std::string_view plural) {
    for (const Kind* kind : builtinKinds()) {
        if (kind->plural == plural && kind->group == group && kind->version == version) return kind;
    }
    return nullptr;
}

}  // namespace qd::api
