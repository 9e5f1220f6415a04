#include "cluster/apiserver/admission/default_class.h"

#include <algorithm>

namespace qd::apiserver {
namespace {

bool isNewer(const api::Object& a, const api::Object& b) {
    const auto& made = a.metadata.creationTimestamp;
    const auto& other = b.metadata.creationTimestamp;
    if (made.wall() != other.wall()) return made.wall() > other.wall();
    return a.metadata.name < b.metadata.name;
}

}  // namespace

api::ObjectPtr newestMarked(const std::vector<api::ObjectPtr>& classes,
                            std::initializer_list<std::string_view> annotations) {
    api::ObjectPtr newest;
    for (const auto& each : classes) {
        const bool marked = std::any_of(annotations.begin(), annotations.end(), [&](std::string_view key) {
            const auto found = each->metadata.annotations.find(key);
            return found != each->metadata.annotations.end() && found->second == "true";
        });
        if (marked && (!newest || isNewer(*each, *newest))) newest = each;
    }
    return newest;
}

}  // namespace qd::apiserver
