#include "cluster/controllers/runtime/expectations.h"

#include <algorithm>
#include <charconv>

#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {
namespace {

std::uint64_t seenRevision(const client::Informer& informer) {
    const std::string text = informer.resourceVersion();
    std::uint64_t revision = 0;
    std::from_chars(text.data(), text.data() + text.size(), revision);
    return revision;
}

}  // namespace

void Expectations::wrote(const std::string& key, const client::Informer& informer, const api::Object& written) {
    std::lock_guard lock(m_mutex);
    auto& revision = m_entries[key].revisions[&informer];
    revision = std::max(revision, revisionOf(written));
}

void Expectations::removed(const std::string& key, const client::Informer& informer, const api::Object& object) {
    const auto& metadata = object.metadata;
    Removal removal{&informer, metadata.namespace_, metadata.name, metadata.uid};
    std::lock_guard lock(m_mutex);
    m_entries[key].removals.push_back(std::move(removal));
}

void Expectations::gone(const std::string& key, const client::Informer& informer, const api::Object& object) {
    const auto& metadata = object.metadata;
    Removal removal{&informer, metadata.namespace_, metadata.name, metadata.uid, true};
    std::lock_guard lock(m_mutex);
    m_entries[key].removals.push_back(std::move(removal));
}

bool Expectations::isSeen(const Removal& removal) {
    const auto object = removal.informer->get(removal.ns, removal.name);
    if (!object || object->metadata.uid != removal.uid) return true;
    return !removal.entirely && object->metadata.deletionTimestamp;
}

bool Expectations::fulfilled(const std::string& key) {
    std::lock_guard lock(m_mutex);
    const auto found = m_entries.find(key);
    if (found == m_entries.end()) return true;
    Entry& entry = found->second;
    std::erase_if(entry.revisions, [](const auto& waited) { return seenRevision(*waited.first) >= waited.second; });
    std::erase_if(entry.removals, isSeen);
    if (!entry.revisions.empty() || !entry.removals.empty()) return false;
    m_entries.erase(found);
    return true;
}

void Expectations::forget(const std::string& key) {
    std::lock_guard lock(m_mutex);
    m_entries.erase(key);
}

}  // namespace qd::controllers
