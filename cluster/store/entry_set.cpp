#include "cluster/store/entry_set.h"

#include <algorithm>

#include "cluster/store/entry.h"

namespace qd::store {
namespace {

bool before(const Entry& entry, std::string_view namespace_, std::string_view name) {
    return comparePaths(entry.key().namespace_, entry.key().name, namespace_, name) < 0;
}

bool samePath(const Entry& entry, std::string_view namespace_, std::string_view name) {
    return entry.key().namespace_ == namespace_ && entry.key().name == name;
}

}  // namespace

EntrySet::EntrySet() {
    static const auto kEmpty = std::make_shared<const Root>();
    m_root = kEmpty;
}

EntrySet::EntrySet(std::vector<EntryPtr> entries) {
    std::ranges::sort(
        entries, [](const EntryPtr& a, const EntryPtr& b) { return before(*a, b->key().namespace_, b->key().name); });
    auto root = std::make_shared<Root>();
    root->size = entries.size();
    // Chunks begin three quarters full, so that the first insertions do not split every one of them.
    constexpr std::size_t kFill = kChunk * 3 / 4;
    for (std::size_t from = 0; from < entries.size(); from += kFill) {
        const auto begin = entries.begin() + static_cast<std::ptrdiff_t>(from);
        const auto end = begin + static_cast<std::ptrdiff_t>(std::min(kFill, entries.size() - from));
        root->chunks.push_back(
            std::make_shared<const Chunk>(std::make_move_iterator(begin), std::make_move_iterator(end)));
    }
    m_root = std::move(root);
}

std::size_t EntrySet::count(std::string_view namespace_) const {
    if (namespace_.empty()) return m_root->size;
    const Place from = firstNotBefore(namespace_, {});
    std::size_t count = 0;
    for (std::size_t chunk = from.chunk; chunk < m_root->chunks.size(); ++chunk) {
        const Chunk& entries = *m_root->chunks[chunk];
        const std::size_t begin = chunk == from.chunk ? from.index : 0;
        if (isIn(*entries.back(), namespace_)) {
            count += entries.size() - begin;
            continue;
        }
        const auto end = std::partition_point(entries.begin() + static_cast<std::ptrdiff_t>(begin), entries.end(),
                                              [&](const EntryPtr& entry) { return isIn(*entry, namespace_); });
        return count + static_cast<std::size_t>(end - entries.begin()) - begin;
    }
    return count;
}

EntryPtr EntrySet::find(std::string_view namespace_, std::string_view name) const {
    const Place at = firstNotBefore(namespace_, name);
    if (at.chunk == m_root->chunks.size()) return nullptr;
    const EntryPtr& entry = (*m_root->chunks[at.chunk])[at.index];
    return samePath(*entry, namespace_, name) ? entry : nullptr;
}

EntrySet EntrySet::with(EntryPtr entry) const {
    auto root = std::make_shared<Root>(*m_root);
    const Key& key = entry->key();
    Place at = firstNotBefore(key.namespace_, key.name);
    if (root->chunks.empty()) {
        root->chunks.push_back(std::make_shared<const Chunk>(1, std::move(entry)));
        root->size = 1;
        return EntrySet(std::move(root));
    }
    if (at.chunk == root->chunks.size()) at = {at.chunk - 1, root->chunks.back()->size()};
    Chunk chunk = *root->chunks[at.chunk];
    if (at.index < chunk.size() && samePath(*chunk[at.index], key.namespace_, key.name)) {
        chunk[at.index] = std::move(entry);
    } else {
        chunk.insert(chunk.begin() + static_cast<std::ptrdiff_t>(at.index), std::move(entry));
        ++root->size;
    }
    if (chunk.size() > kChunk) {
        // Written in rising order, as generated names often are, chunks stay full instead of half empty.
        const bool appended = at.index + 1 == chunk.size() && at.chunk + 1 == root->chunks.size();
        const auto middle = chunk.begin() + static_cast<std::ptrdiff_t>(appended ? kChunk : kChunk / 2);
        auto second =
            std::make_shared<const Chunk>(std::make_move_iterator(middle), std::make_move_iterator(chunk.end()));
        chunk.erase(middle, chunk.end());
        root->chunks.insert(root->chunks.begin() + static_cast<std::ptrdiff_t>(at.chunk) + 1, std::move(second));
    }
    root->chunks[at.chunk] = std::make_shared<const Chunk>(std::move(chunk));
    return EntrySet(std::move(root));
}

EntrySet EntrySet::without(std::string_view namespace_, std::string_view name) const {
    const Place at = firstNotBefore(namespace_, name);
    if (at.chunk == m_root->chunks.size()) return *this;
    if (!samePath(*(*m_root->chunks[at.chunk])[at.index], namespace_, name)) return *this;
    auto root = std::make_shared<Root>(*m_root);
    const auto place = root->chunks.begin() + static_cast<std::ptrdiff_t>(at.chunk);
    Chunk chunk = **place;
    chunk.erase(chunk.begin() + static_cast<std::ptrdiff_t>(at.index));
    --root->size;
    const auto next = place + 1;
    if (chunk.empty()) {
        root->chunks.erase(place);
    } else if (next != root->chunks.end() && chunk.size() + (*next)->size() <= kChunk / 2) {
        chunk.insert(chunk.end(), (*next)->begin(), (*next)->end());
        *place = std::make_shared<const Chunk>(std::move(chunk));
        root->chunks.erase(next);
    } else {
        *place = std::make_shared<const Chunk>(std::move(chunk));
    }
    return EntrySet(std::move(root));
}

EntrySet::Place EntrySet::lowerBound(std::string_view namespace_, std::string_view start) const {
    std::string_view startNamespace;
    std::string_view startName = start;
    if (const std::size_t slash = start.find('/'); slash != std::string_view::npos) {
        startNamespace = start.substr(0, slash);
        startName = start.substr(slash + 1);
    }
    if (!namespace_.empty() && comparePaths(startNamespace, startName, namespace_, {}) < 0) {
        return firstNotBefore(namespace_, {});
    }
    return firstNotBefore(startNamespace, startName);
}

EntrySet::Place EntrySet::firstNotBefore(std::string_view namespace_, std::string_view name) const {
    const auto chunk = std::ranges::partition_point(
        m_root->chunks, [&](const auto& each) { return before(*each->back(), namespace_, name); });
    if (chunk == m_root->chunks.end()) return {m_root->chunks.size(), 0};
    const auto entry =
        std::ranges::partition_point(**chunk, [&](const EntryPtr& each) { return before(*each, namespace_, name); });
    return {static_cast<std::size_t>(chunk - m_root->chunks.begin()),
            static_cast<std::size_t>(entry - (*chunk)->begin())};
}

bool EntrySet::isIn(const Entry& entry, std::string_view namespace_) {
    return entry.key().namespace_ == namespace_;
}

}  // namespace qd::store
