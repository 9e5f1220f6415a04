// One state of one object. Entries are shared and immutable: the cache, the event window, lists and watchers hold the
// same one, and with it the same decoded object and the same encoded bytes. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cluster/store/codec.h"
#include "cluster/store/types.h"

namespace qd::store {

using Bytes = std::shared_ptr<const std::string>;

// Bounds the memory of encoded bytes: above the budget, those that were not asked for again since the last look are
// dropped.
class EncodingCache {
public:
    explicit EncodingCache(std::size_t budget) : m_budget(budget) {}
    // Of all encodings that are kept now.
    std::size_t bytes() const { return m_bytes.load(std::memory_order_relaxed); }

private:
    friend class Entry;
    void added(const Entry& entry, std::size_t bytes);
    void removed(const Entry& entry);
    void forget(const Entry& entry);
    void evict(const Entry& newest);

    const std::size_t m_budget;
    std::atomic<std::size_t> m_bytes = 0;
    std::mutex m_mutex;                 // taken before an entry's own, never after
    std::list<const Entry*> m_entries;  // guarded by m_mutex; those looked at longest ago first
};

// What the entries of one store share; lives as long as any of them.
struct EntryContext {
    EntryContext(const Codec& withCodec, std::size_t encodedBytes) : codec(withCodec), encodings(encodedBytes) {}
    const Codec& codec;
    EncodingCache encodings;
};

class Entry {
public:
    struct Origin {
        Key key;
        Revision revision = 0;
        Revision createdRevision = 0;
        bool deletion = false;
    };
    // An object that stands already; its resourceVersion is the revision.
    Entry(std::shared_ptr<EntryContext> context, Origin origin, api::ObjectPtr object, std::string_view stored);
    // An object still in its stored bytes.
    Entry(std::shared_ptr<EntryContext> context, Origin origin, std::string stored);
    // The deletion of `last`.
    Entry(std::shared_ptr<EntryContext> context, Origin origin, EntryPtr last);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry();

    const Key& key() const { return m_origin.key; }
    Revision revision() const { return m_origin.revision; }
    // The revision that created the object of which this is a later state.
    Revision createdRevision() const { return m_origin.createdRevision; }
    bool isDeletion() const { return m_origin.deletion; }

    // Never null for an entry that the store handed out. Its resourceVersion is revision().
    const api::ObjectPtr& object() const;

    // The object in a wire format, encoded at most once as long as the bytes are kept. `format` is a number of the
    // caller's choosing that stands for media type and API version. `encode` runs under this entry's lock: it must only
    // encode.
    Bytes encoded(std::uint32_t format, const std::function<std::string(const api::Object&)>& encode) const;

    // Used by the store: makes object() available, which can fail only for bytes that this version cannot read.
    Result<void> decode() const;
    // How many bytes the object takes on disk, and their hash.
    std::size_t storedSize() const { return m_storedSize; }
    std::size_t storedHash() const { return m_storedHash; }

private:
    friend class EncodingCache;
    struct Encoding {
        std::uint32_t format;
        Bytes bytes;
    };
    Result<api::ObjectPtr> decodeLocked() const;
    void dropEncodings() const;

    const std::shared_ptr<EntryContext> m_context;
    const Origin m_origin;
    std::size_t m_storedSize = 0;
    std::size_t m_storedHash = 0;

    mutable std::atomic<bool> m_decoded = false;
    mutable std::atomic<bool> m_used = false;  // an encoding was asked for since the cache last looked
    mutable std::mutex m_mutex;
    mutable api::ObjectPtr m_object;            // written once under m_mutex, read freely once m_decoded
    mutable std::string m_stored;               // guarded by m_mutex; until decoded
    mutable EntryPtr m_last;                    // guarded by m_mutex; of a deletion, until decoded
    mutable std::vector<Encoding> m_encodings;  // guarded by m_mutex
    // Guarded by EncodingCache::m_mutex.
    mutable std::list<const Entry*>::iterator m_place;
    mutable std::size_t m_listedBytes = 0;
    // Changed under EncodingCache::m_mutex, to false as the last thing that the cache does with the entry.
    mutable std::atomic<bool> m_listed = false;
};

}  // namespace qd::store
