#include "cluster/store/snapshot.h"

namespace qd::store {

std::vector<EntryPtr> Snapshot::entries(std::string_view namespace_) const {
    std::vector<EntryPtr> entries;
    entries.reserve(count(namespace_));
    visit(namespace_, {}, [&](const EntryPtr& entry) {
        entries.push_back(entry);
        return true;
    });
    return entries;
}

}  // namespace qd::store
