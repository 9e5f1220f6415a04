// The words that every part of the store shares.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::api {
class Object;
using ObjectPtr = std::shared_ptr<const Object>;
}  // namespace qd::api

namespace qd::store {

class Entry;
using EntryPtr = std::shared_ptr<const Entry>;

// Counts the writes of a cluster from its beginning; a revision belongs to exactly one write. It is what Kubernetes
// calls resourceVersion. A new store stands at kFirstRevision, so that an empty list never says "0", which means "any"
// in a request.
using Revision = std::int64_t;
inline constexpr Revision kFirstRevision = 1;

// Where an object is kept. Ordered as upstream orders its etcd keys: by resource, then by "namespace/name".
struct Key {
    std::string resource;    // as schema.GroupResource prints it: "pods", "deployments.apps"
    std::string namespace_;  // empty for a cluster-scoped resource
    std::string name;

    // "namespace/name", or "name" alone.
    std::string path() const { return namespace_.empty() ? name : namespace_ + '/' + name; }
    bool operator==(const Key&) const = default;
};

// Compares two places of one resource in the order of "namespace/name", without building those strings. It is not the
// order of (namespace, name): '-' and '.' sort before '/', so that namespace "a-b" stands before namespace "a".
std::strong_ordering comparePaths(std::string_view namespaceA, std::string_view nameA, std::string_view namespaceB,
                                  std::string_view nameB);

struct KeyHash {
    std::size_t operator()(const Key& key) const {
        const std::hash<std::string> hash;
        return (hash(key.resource) * 31 + hash(key.namespace_)) * 31 + hash(key.name);
    }
};

// Numbers are stored; never renumber.
enum class Operation : std::uint8_t { Create = 1, Update = 2, Delete = 3 };

// One committed write, as a watcher sees it: Create is ADDED, Update MODIFIED, Delete DELETED.
struct Event {
    Operation operation = Operation::Create;
    EntryPtr entry;     // after the write; of a deletion the last state, at the deletion's revision
    EntryPtr previous;  // before the write; null for Create
    base::WallTime time = {};
    std::string actor;   // who wrote: a user name or a component
    Revision cause = 0;  // the revision that made the actor write; 0: a person, or unknown
};
using EventPtr = std::shared_ptr<const Event>;

}  // namespace qd::store
