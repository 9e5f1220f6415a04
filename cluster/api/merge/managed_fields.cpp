#include "cluster/api/merge/managed_fields.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cctype>
#include <tuple>

#include "cluster/api/merge/json_value.h"

namespace qd::api::merge {
namespace {

constexpr std::size_t kMaxManagerLength = 128;

std::string textOf(const json::object& object, std::string_view name) {
    const json::value* member = object.if_contains(name);
    return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string();
}

base::Failure refuse(std::string message) {
    return fail(Reason::BadRequest, std::move(message));
}

Result<ManagedEntry> decodeEntry(const json::value& value, std::size_t index) {
    static const json::object kNothing;
    const json::object& object = value.is_object() ? value.get_object() : kNothing;
    ManagedEntry entry;
    const std::string operation = textOf(object, "operation");
    if (operation != "Apply" && operation != "Update") return refuse("operation must be `Apply` or `Update`");
    entry.apiVersion = textOf(object, "apiVersion");
    if (entry.apiVersion.empty()) return refuse("apiVersion must not be empty");
    const std::string type = textOf(object, "fieldsType");
    if (type.empty()) return refuse(fmt::format("missing fieldsType in managed fields entry {}", index));
    if (type != "FieldsV1")
        return refuse(fmt::format("invalid fieldsType \"{}\" in managed fields entry {}", type, index));
    entry.id.manager = textOf(object, "manager");
    entry.id.operation = operation == "Apply" ? Operation::Apply : Operation::Update;
    if (entry.id.operation == Operation::Update) entry.id.apiVersion = entry.apiVersion;
    entry.id.subresource = textOf(object, "subresource");
    entry.time = textOf(object, "time");
    if (const json::value* fields = object.if_contains("fieldsV1"); fields != nullptr) {
        auto set = FieldSet::fromFieldsV1(*fields);
        if (!set) return fail(set.error().within("error decoding set"));
        entry.fields = std::move(*set);
    }
    return entry;
}

json::object encodeEntry(const ManagedEntry& entry) {
    json::object object;
    object.reserve(7);
    if (!entry.id.manager.empty()) object.emplace("manager", entry.id.manager);
    object.emplace("operation", entry.id.operation == Operation::Apply ? "Apply" : "Update");
    object.emplace("apiVersion", entry.apiVersion);
    if (!entry.time.empty()) object.emplace("time", entry.time);
    object.emplace("fieldsType", "FieldsV1");
    object.emplace("fieldsV1", entry.fields.toFieldsV1());
    if (!entry.id.subresource.empty()) object.emplace("subresource", entry.id.subresource);
    return object;
}

const json::value* managedFieldsOf(const json::object& object) {
    const json::value* metadata = object.if_contains("metadata");
    return metadata != nullptr && metadata->is_object() ? metadata->get_object().if_contains("managedFields") : nullptr;
}

bool equalButMember(const json::object& a, const json::object& b, std::string_view ignored) {
    const std::size_t left = a.size() - (a.contains(ignored) ? 1 : 0);
    const std::size_t right = b.size() - (b.contains(ignored) ? 1 : 0);
    if (left != right) return false;
    return std::ranges::all_of(a, [&](const json::key_value_pair& member) {
        if (member.key() == ignored) return true;
        const json::value* other = b.if_contains(member.key());
        return other != nullptr && equalValues(member.value(), *other);
    });
}

bool equalButManagedFields(const json::object& a, const json::object& b) {
    const json::value* left = a.if_contains("metadata");
    const json::value* right = b.if_contains("metadata");
    if (left == nullptr || right == nullptr || !left->is_object() || !right->is_object()) return false;
    return equalButMember(left->get_object(), right->get_object(), "managedFields") && equalButMember(a, b, "metadata");
}

}  // namespace

std::string ManagerId::text() const {
    return fmt::format("{{\"manager\":\"{}\",\"operation\":\"{}\",\"apiVersion\":\"{}\",\"subresource\":\"{}\"}}",
                       manager, operation == Operation::Apply ? "Apply" : "Update", apiVersion, subresource);
}

Result<ManagedFields> ManagedFields::decode(const json::value& managedFields) {
    ManagedFields managed;
    const json::array* list = managedFields.if_array();
    if (list == nullptr) return managed;
    for (std::size_t i = 0; i < list->size(); ++i) {
        auto entry = decodeEntry((*list)[i], i);
        if (!entry) return fail(entry.error());
        managed.put(std::move(*entry));
    }
    return managed;
}

json::value ManagedFields::encode() const {
    if (m_entries.empty()) return nullptr;
    std::vector<const ManagedEntry*> sorted;
    for (const auto& entry : m_entries) sorted.push_back(&entry);
    // Upstream orders by operation, then by age to the second.
    std::ranges::sort(sorted, {}, [](const ManagedEntry* entry) {
        return std::tuple(entry->id.operation, std::string_view(entry->time), std::string_view(entry->id.manager),
                          std::string_view(entry->apiVersion), std::string_view(entry->id.subresource));
    });
    json::array list;
    list.reserve(sorted.size());
    for (const auto* entry : sorted) list.push_back(encodeEntry(*entry));
    return list;
}

ManagedEntry* ManagedFields::find(const ManagerId& id) {
    const auto at = std::ranges::find(m_entries, id, &ManagedEntry::id);
    return at == m_entries.end() ? nullptr : &*at;
}

ManagedEntry& ManagedFields::put(ManagedEntry entry) {
    if (ManagedEntry* present = find(entry.id); present != nullptr) return *present = std::move(entry);
    return m_entries.emplace_back(std::move(entry));
}

void ManagedFields::erase(const ManagerId& id) {
    std::erase_if(m_entries, [&id](const ManagedEntry& entry) { return entry.id == id; });
}

std::string managerFromUserAgent(std::string_view userAgent) {
    std::string manager;
    for (const char c : userAgent.substr(0, userAgent.find('/'))) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) continue;
        if (manager.size() == kMaxManagerLength) break;
        manager += c;
    }
    // A cut must not leave half a character behind.
    if (manager.size() == kMaxManagerLength) {
        std::size_t lead = manager.size();
        while (lead > 0 && (static_cast<unsigned char>(manager[lead - 1]) & 0xC0U) == 0x80U) --lead;
        if (lead > 0) {
            const auto first = static_cast<unsigned char>(manager[lead - 1]);
            const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
            if (lead - 1 + length > manager.size()) manager.resize(lead - 1);
        }
    }
    return manager;
}

bool sameManagedFieldsButTimes(const json::value& a, const json::value& b) {
    if (!a.is_array() || !b.is_array() || a.get_array().size() != b.get_array().size()) return false;
    return std::ranges::equal(a.get_array(), b.get_array(), [](const json::value& left, const json::value& right) {
        return left.is_object() && right.is_object() && equalButMember(left.get_object(), right.get_object(), "time");
    });
}

void keepTimesOfUnchanged(const json::object& before, json::object& after) {
    const json::value* old = managedFieldsOf(before);
    const json::value* current = managedFieldsOf(after);
    if (old == nullptr || current == nullptr || !old->is_array() || old->get_array().empty()) return;
    if (!sameManagedFieldsButTimes(*old, *current) || !equalButManagedFields(before, after)) return;
    after.at("metadata").get_object().at("managedFields") = *old;
}

std::string formatTime(base::WallTime time) {
    return fmt::format(
        "{:%Y-%m-%dT%H:%M:%SZ}",
        fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time))));
}

}  // namespace qd::api::merge
