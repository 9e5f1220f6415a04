#include "cluster/api/merge/update_managers.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <map>

namespace qd::api::merge {
namespace {

constexpr std::size_t kMaxUpdaters = 10;
constexpr std::string_view kAncientChanges = "ancient-changes";

void exclude(Comparison& comparison, const FieldSet* fields) {
    if (fields == nullptr || fields->empty()) return;
    comparison.removed = comparison.removed.recursiveDifference(*fields);
    comparison.modified = comparison.modified.recursiveDifference(*fields);
    comparison.added = comparison.added.recursiveDifference(*fields);
}

// As messages name a manager: "kubectl" with subresource "status" using apps/v1.
std::string displayManager(const ManagerId& id) {
    std::string text = '"' + id.manager + '"';
    if (!id.subresource.empty()) text += " with subresource \"" + id.subresource + '"';
    if (id.operation == Operation::Update) text += " using " + id.apiVersion;
    return text;
}

}  // namespace

Changes::Changes(const ManagedContext& context, const json::value& before, const json::value& after,
                 const Unseen& unseen)
    : m_context(context),
      m_before(before),
      m_after(after),
      m_own(compare(schemaOf(context.schema), before, after, unseen)) {
    exclude(m_own, context.resetFields);
}

const Comparison* Changes::in(const std::string& apiVersion, bool& alone) {
    alone = false;
    if (apiVersion == m_context.apiVersion()) return &m_own;
    alone = !m_context.convert;
    if (alone) return nullptr;
    const auto known =
        std::ranges::find(m_others, apiVersion, &std::pair<std::string, std::optional<Comparison>>::first);
    if (known != m_others.end()) return known->second ? &*known->second : nullptr;
    const auto before = m_context.convert(m_before, apiVersion);
    const auto after = m_context.convert(m_after, apiVersion);
    std::optional<Comparison> comparison;
    if (before && after) comparison = compare(schemaOf(*after->schema), before->object, after->object);
    m_others.emplace_back(apiVersion, std::move(comparison));
    return m_others.back().second ? &*m_others.back().second : nullptr;
}

std::vector<Conflict> takeFromOthers(ManagedFields& managed, Changes& changes, const ManagerId* self, bool force) {
    std::vector<Conflict> conflicts;
    ManagedFields left;
    for (auto& entry : managed.entries()) {
        bool alone = false;
        const Comparison* change = self != nullptr && entry.id == *self ? nullptr : changes.in(entry.apiVersion, alone);
        if (change == nullptr) {
            if (alone || (self != nullptr && entry.id == *self)) left.put(std::move(entry));
            continue;
        }
        const FieldSet taken = change->modified.unionWith(change->added);
        const FieldSet contested = entry.fields.intersection(taken);
        if (!force) {
            contested.forEach([&](const Path& path) { conflicts.push_back({entry.id, path}); });
        }
        entry.fields = entry.fields.difference(contested).difference(change->removed);
        if (!entry.fields.empty()) left.put(std::move(entry));
    }
    managed = std::move(left);
    std::ranges::stable_sort(conflicts, {}, [](const Conflict& conflict) { return conflict.manager.text(); });
    return conflicts;
}

void reconcileAll(const ManagedContext& context, ManagedFields& managed) {
    const Schema schema = schemaOf(context.schema);
    const std::string apiVersion = context.apiVersion();
    for (auto& entry : managed.entries()) {
        if (entry.apiVersion != apiVersion) continue;
        if (auto fields = reconcile(schema, entry.fields)) entry.fields = std::move(*fields);
    }
}

FieldSet withoutResetFields(const ManagedContext& context, FieldSet fields) {
    if (context.resetFields == nullptr || context.resetFields->empty()) return fields;
    return fields.recursiveDifference(*context.resetFields);
}

FieldSet withoutTypeAndIdentity(const FieldSet& fields) {
    static const FieldSet kStripped = {{"apiVersion"},
                                       {"kind"},
                                       {"metadata"},
                                       {"metadata", "name"},
                                       {"metadata", "namespace"},
                                       {"metadata", "creationTimestamp"},
                                       {"metadata", "selfLink"},
                                       {"metadata", "uid"},
                                       {"metadata", "clusterName"},
                                       {"metadata", "generation"},
                                       {"metadata", "managedFields"},
                                       {"metadata", "resourceVersion"}};
    return fields.difference(kStripped);
}

void capUpdaters(ManagedFields& managed) {
    std::vector<ManagedEntry*> updaters;
    for (auto& entry : managed.entries()) {
        if (entry.id.operation == Operation::Update) updaters.push_back(&entry);
    }
    if (updaters.size() <= kMaxUpdaters) return;
    std::ranges::sort(updaters, {}, [](const ManagedEntry* entry) { return std::pair(entry->time, entry->id.text()); });
    std::vector<ManagedEntry> byAge;
    for (const auto* entry : updaters) byAge.push_back(*entry);
    std::size_t count = byAge.size();
    std::map<std::string, ManagerId> firstOfVersion;
    for (std::size_t i = 0; i < byAge.size() && count > kMaxUpdaters; ++i) {
        const ManagedEntry& entry = byAge[i];
        const auto [first, isFirst] = firstOfVersion.emplace(entry.apiVersion, entry.id);
        if (isFirst) continue;
        // From the second of a version on, the first one's fields and this one's go into one bucket.
        const ManagerId bucketId{std::string(kAncientChanges), Operation::Update, entry.apiVersion, ""};
        if (managed.find(bucketId) == nullptr) {
            ManagedEntry bucket = *managed.find(first->second);
            managed.erase(first->second);
            bucket.id = bucketId;
            managed.put(std::move(bucket));
        }
        ManagedEntry* bucket = managed.find(bucketId);
        bucket->fields = entry.fields.unionWith(bucket->fields);
        bucket->time = entry.time;
        managed.erase(entry.id);
        --count;
    }
}

void prune(const ManagedContext& context, json::value& merged, const ManagedFields& managed, const FieldSet& last) {
    const Schema schema = schemaOf(context.schema);
    json::value pruned = merged;
    const FieldSet lastNamed = withNamedFields(schema, last);
    removeFields(schema, pruned, lastNamed);

    FieldSet owned;
    for (const auto& entry : managed.entries()) owned = owned.unionWith(entry.fields);
    const FieldSet mergedSet = withNamedFields(schema, fieldsOf(schema, merged));
    FieldSet kept = withNamedFields(schema, fieldsOf(schema, pruned));
    // What somebody owns comes back.
    pruned = merged;
    removeFields(schema, pruned, mergedSet.difference(kept.unionWith(withNamedFields(schema, owned))));
    kept = withNamedFields(schema, fieldsOf(schema, pruned));
    // What nobody ever applied comes back too: only what this manager had applied itself goes.
    removeFields(schema, merged, mergedSet.difference(kept).intersection(lastNamed));
}

Error conflictError(const std::vector<Conflict>& conflicts) {
    Error error{Reason::Conflict, {}};
    error.details = base::ErrorDetails{};
    for (const auto& conflict : conflicts) {
        error.causes.push_back(
            {"FieldManagerConflict", "conflict with " + displayManager(conflict.manager), displayPath(conflict.path)});
    }
    if (conflicts.size() == 1) {
        error.message = fmt::format("Apply failed with 1 conflict: conflict with {}: {}",
                                    displayManager(conflicts[0].manager), displayPath(conflicts[0].path));
        return error;
    }
    std::string lines;
    const ManagerId* last = nullptr;
    for (const auto& conflict : conflicts) {
        if (last == nullptr || !(*last == conflict.manager)) {
            if (!lines.empty()) lines += '\n';
            lines += fmt::format("conflicts with {}:", displayManager(conflict.manager));
        }
        lines += "\n- " + displayPath(conflict.path);
        last = &conflict.manager;
    }
    error.message = fmt::format("Apply failed with {} conflicts: {}", conflicts.size(), lines);
    return error;
}

}  // namespace qd::api::merge
