// The live objects of one resource at one revision: an ordered, persistent set. A copy is one pointer; changing a copy
// leaves the others as they were. So a list is taken under a lock for as long as copying a pointer takes, and read
// without one.
//
// It is an array of chunks of at most kChunk entries. A change copies one chunk and the array of chunk pointers, about
// sqrt(n) work: 3 microseconds at 10,000 objects.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "cluster/store/types.h"

namespace qd::store {

class EntrySet {
public:
    EntrySet();
    // Entries in any order, no two of one path.
    explicit EntrySet(std::vector<EntryPtr> entries);

    std::size_t size() const { return m_root->size; }
    // Whether nothing was changed between the two. May say no although what they hold is equal.
    bool isSame(const EntrySet& other) const { return m_root == other.m_root; }
    std::size_t count(std::string_view namespace_) const;  // empty: all
    // Null when there is none.
    EntryPtr find(std::string_view namespace_, std::string_view name) const;

    [[nodiscard]] EntrySet with(EntryPtr entry) const;  // inserts, or replaces the one with the same path
    [[nodiscard]] EntrySet without(std::string_view namespace_, std::string_view name) const;

    // Visits in path order the entries of a namespace (empty: all) whose path is not before `start` ("namespace/name",
    // empty: from the beginning), until visit returns false.
    template <typename Visit>
    void visit(std::string_view namespace_, std::string_view start, Visit&& visit) const {
        const Root& root = *m_root;
        for (Place at = lowerBound(namespace_, start); at.chunk < root.chunks.size(); ++at.chunk, at.index = 0) {
            for (const Chunk& chunk = *root.chunks[at.chunk]; at.index < chunk.size(); ++at.index) {
                if (!namespace_.empty() && !isIn(*chunk[at.index], namespace_)) return;
                if (!visit(chunk[at.index])) return;
            }
        }
    }

private:
    static constexpr std::size_t kChunk = 128;
    using Chunk = std::vector<EntryPtr>;
    struct Root {
        std::vector<std::shared_ptr<const Chunk>> chunks;  // none is empty
        std::size_t size = 0;
    };
    struct Place {
        std::size_t chunk = 0;
        std::size_t index = 0;
    };
    explicit EntrySet(std::shared_ptr<const Root> root) : m_root(std::move(root)) {}
    Place lowerBound(std::string_view namespace_, std::string_view start) const;
    Place firstNotBefore(std::string_view namespace_, std::string_view name) const;
    static bool isIn(const Entry& entry, std::string_view namespace_);

    std::shared_ptr<const Root> m_root;
};

}  // namespace qd::store
