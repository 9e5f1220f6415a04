// One resource as it stood at one revision. Cheap to copy, immutable, needs no lock.
#pragma once

#include <vector>

#include "cluster/store/entry.h"
#include "cluster/store/entry_set.h"

namespace qd::store {

class Snapshot {
public:
    Snapshot() = default;
    Snapshot(EntrySet entries, Revision revision) : m_entries(std::move(entries)), m_revision(revision) {}

    // What a list made of it says as its resourceVersion: a watch from here misses nothing and repeats nothing.
    Revision revision() const { return m_revision; }
    std::size_t count(std::string_view namespace_ = {}) const { return m_entries.count(namespace_); }
    EntryPtr find(std::string_view namespace_, std::string_view name) const { return m_entries.find(namespace_, name); }

    // bool visit(const EntryPtr&), in path order, until it returns false; `start` is the first path wanted
    // ("namespace/name", "name" for a cluster-scoped resource, empty for all). The path after entry e is e.key().path()
    // + '\0'.
    template <typename Visit>
    void visit(std::string_view namespace_, std::string_view start, Visit&& visit) const {
        m_entries.visit(namespace_, start, std::forward<Visit>(visit));
    }
    std::vector<EntryPtr> entries(std::string_view namespace_ = {}) const;
    const EntrySet& set() const { return m_entries; }

private:
    EntrySet m_entries;
    Revision m_revision = 0;
};

}  // namespace qd::store
