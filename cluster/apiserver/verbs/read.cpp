#include "cluster/apiserver/verbs/verbs.h"

namespace qd::apiserver {

Result<store::EntryPtr> Verbs::getEntry(const Target& target) const {
    auto entry = m_context.store.get(storeKey(target));
    if (!entry) return fail(std::move(entry.error()));
    if (!*entry) return fail(notFound(target));
    return *entry;
}

Result<api::ObjectPtr> Verbs::get(const Target& target) const {
    auto entry = getEntry(target);
    if (!entry) return fail(std::move(entry.error()));
    return served(*target.kind, (*entry)->object());
}

}  // namespace qd::apiserver
