#include "cluster/controllers/volumes/own_writes.h"

#include <charconv>

#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {
namespace {

std::uint64_t revisionIn(const std::string& text) {
    std::uint64_t revision = 0;
    std::from_chars(text.data(), text.data() + text.size(), revision);
    return revision;
}

}  // namespace

void OwnWrites::wrote(const api::ObjectPtr& written) {
    std::lock_guard lock(m_mutex);
    api::ObjectPtr& entry = m_written[{written->metadata.namespace_, written->metadata.name}];
    if (!entry || revisionOf(*entry) < revisionOf(*written)) entry = written;
}

api::ObjectPtr OwnWrites::newest(const std::string& ns, const std::string& name) {
    std::lock_guard lock(m_mutex);
    const auto own = m_written.find({ns, name});
    if (own == m_written.end()) return m_informer.get(ns, name);
    // In this order: the copy is at least as new as the revision that was read before it.
    const std::uint64_t seen = revisionIn(m_informer.resourceVersion());
    api::ObjectPtr copy = m_informer.get(ns, name);
    if (seen >= revisionOf(*own->second)) {
        m_written.erase(own);
        return copy;
    }
    return copy && revisionOf(*copy) > revisionOf(*own->second) ? copy : own->second;
}

}  // namespace qd::controllers
