#include "cluster/store/entry.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/object.h"

namespace qd::store {
namespace {

std::size_t hashOf(std::string_view bytes) {
    return std::hash<std::string_view>()(bytes);
}

}  // namespace

std::strong_ordering comparePaths(std::string_view namespaceA, std::string_view nameA, std::string_view namespaceB,
                                  std::string_view nameB) {
    const std::size_t common = std::min(namespaceA.size(), namespaceB.size());
    if (const int order = namespaceA.substr(0, common).compare(namespaceB.substr(0, common)); order != 0) {
        return order <=> 0;
    }
    if (namespaceA.size() == namespaceB.size()) return nameA.compare(nameB) <=> 0;
    // One namespace begins with the other: the shorter one's '/' meets the longer one's next character.
    if (namespaceA.size() == common) return '/' <=> namespaceB[common];
    return namespaceA[common] <=> '/';
}

Error notReadable(const Key& key, const Error& why) {
    return {Reason::StoreReadError,
            fmt::format("the stored {} {} cannot be read: {}", key.resource, key.path(), why.message)};
}

Entry::Entry(std::shared_ptr<EntryContext> context, Origin origin, api::ObjectPtr object, std::string_view stored)
    : m_context(std::move(context)),
      m_origin(std::move(origin)),
      m_storedSize(stored.size()),
      m_storedHash(hashOf(stored)),
      m_decoded(true),
      m_object(std::move(object)) {}

Entry::Entry(std::shared_ptr<EntryContext> context, Origin origin, std::string stored)
    : m_context(std::move(context)),
      m_origin(std::move(origin)),
      m_storedSize(stored.size()),
      m_storedHash(hashOf(stored)),
      m_stored(std::move(stored)) {}

Entry::Entry(std::shared_ptr<EntryContext> context, Origin origin, EntryPtr last)
    : m_context(std::move(context)),
      m_origin(std::move(origin)),
      m_storedSize(last->storedSize()),
      m_last(std::move(last)) {}

Entry::~Entry() {
    if (m_listed.load(std::memory_order_acquire)) m_context->encodings.removed(*this);
}

const api::ObjectPtr& Entry::object() const {
    if (!m_decoded.load(std::memory_order_acquire)) (void)decode();
    return m_object;
}

Result<void> Entry::decode() const {
    if (m_decoded.load(std::memory_order_acquire)) return {};
    std::lock_guard lock(m_mutex);
    if (m_decoded.load(std::memory_order_relaxed)) return {};
    Result<api::ObjectPtr> object = decodeLocked();
    if (!object) return fail(notReadable(m_origin.key, object.error()));
    m_object = std::move(*object);
    m_stored = {};
    m_last.reset();
    m_decoded.store(true, std::memory_order_release);
    return {};
}

Result<api::ObjectPtr> Entry::decodeLocked() const {
    std::unique_ptr<api::Object> object;
    if (m_last) {
        if (auto readable = m_last->decode(); !readable) return fail(readable.error());
        object = m_last->object()->clone();
    } else {
        Result<std::unique_ptr<api::Object>> decoded = m_context->codec.decode(m_stored);
        if (!decoded) return fail(decoded.error());
        object = std::move(*decoded);
    }
    object->metadata.resourceVersion = std::to_string(m_origin.revision);
    return api::ObjectPtr(std::move(object));
}

Bytes Entry::encoded(std::uint32_t format, const std::function<std::string(const api::Object&)>& encode) const {
    const api::ObjectPtr& source = object();
    m_used.store(true, std::memory_order_relaxed);
    Bytes bytes;
    {
        std::lock_guard lock(m_mutex);
        for (const Encoding& encoding : m_encodings) {
            if (encoding.format == format) return encoding.bytes;
        }
        bytes = std::make_shared<const std::string>(encode(*source));
        m_encodings.push_back({format, bytes});
    }
    m_context->encodings.added(*this, bytes->size());
    return bytes;
}

void Entry::dropEncodings() const {
    std::vector<Encoding> dropped;
    std::lock_guard lock(m_mutex);
    dropped.swap(m_encodings);
}

void EncodingCache::added(const Entry& entry, std::size_t bytes) {
    m_bytes.fetch_add(bytes, std::memory_order_relaxed);
    std::lock_guard lock(m_mutex);
    entry.m_listedBytes += bytes;
    if (!entry.m_listed) {
        entry.m_place = m_entries.insert(m_entries.end(), &entry);
        entry.m_listed = true;
    }
    if (m_bytes.load(std::memory_order_relaxed) > m_budget) evict(entry);
}

void EncodingCache::removed(const Entry& entry) {
    // Nobody else has this entry any more, but the list may: evict() reaches entries through it.
    std::lock_guard lock(m_mutex);
    if (entry.m_listed) forget(entry);
}

void EncodingCache::forget(const Entry& entry) {
    m_entries.erase(entry.m_place);
    m_bytes.fetch_sub(entry.m_listedBytes, std::memory_order_relaxed);
    entry.m_listedBytes = 0;
    entry.m_listed.store(false, std::memory_order_release);
}

void EncodingCache::evict(const Entry& newest) {
    // One that was used since the last look gets another round; each is looked at no more than twice.
    for (std::size_t looks = 2 * m_entries.size(); looks > 0 && m_bytes.load(std::memory_order_relaxed) > m_budget;
         --looks) {
        const Entry& oldest = *m_entries.front();
        if (&oldest == &newest || oldest.m_used.exchange(false, std::memory_order_relaxed)) {
            m_entries.splice(m_entries.end(), m_entries, m_entries.begin());
            continue;
        }
        oldest.dropEncodings();
        forget(oldest);
    }
}

}  // namespace qd::store
