// metadata.managedFields: who owns which fields of an object, decoded, and written back.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cluster/api/merge/field_set.h"
#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::api::merge {

enum class Operation : std::uint8_t { Apply, Update };

// Tells managers apart. The API version belongs to the identity of those that update, not of those that apply: who
// applies with another version takes over from himself.
struct ManagerId {
    std::string manager;
    Operation operation = Operation::Update;
    std::string apiVersion;  // empty for Apply
    std::string subresource;

    bool operator==(const ManagerId&) const = default;
    // The order in which upstream's identifiers (JSON texts) sort.
    std::string text() const;
};

struct ManagedEntry {
    ManagerId id;
    std::string apiVersion;  // that the fields are written in
    std::string time;        // RFC 3339, UTC; empty when unknown
    FieldSet fields;
};

class ManagedFields {
public:
    // Fails as the API server does when an entry's operation, apiVersion or fieldsType is wrong or its fields are
    // unreadable.
    static Result<ManagedFields> decode(const json::value& managedFields);
    // Null when nobody manages anything.
    json::value encode() const;

    bool empty() const { return m_entries.empty(); }
    ManagedEntry* find(const ManagerId& id);
    // Replaces or adds.
    ManagedEntry& put(ManagedEntry entry);
    void erase(const ManagerId& id);
    std::vector<ManagedEntry>& entries() { return m_entries; }
    const std::vector<ManagedEntry>& entries() const { return m_entries; }

private:
    std::vector<ManagedEntry> m_entries;
};

// The field manager of a request that names none: what the user agent says before its first slash, printable, at most
// 128 bytes.
std::string managerFromUserAgent(std::string_view userAgent);

// Whether two lists of managed fields differ in nothing but their times.
bool sameManagedFieldsButTimes(const json::value& a, const json::value& b);

// Gives the new object the old one's times of managed fields if nothing else differs between the two, so that a write
// that changes nothing stays one.
void keepTimesOfUnchanged(const json::object& before, json::object& after);

// A time as managed fields carry it: 2026-01-31T12:00:00Z.
std::string formatTime(base::WallTime time);

}  // namespace qd::api::merge
