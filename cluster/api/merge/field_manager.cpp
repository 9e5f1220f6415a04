#include "cluster/api/merge/field_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "cluster/api/merge/element_order.h"
#include "cluster/api/merge/json_value.h"
#include "cluster/api/merge/update_managers.h"

namespace qd::api::merge {
namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::string_view kBeforeFirstApply = "before-first-apply";
constexpr std::string_view kKubectl = "kubectl";
constexpr std::size_t kMaxAnnotationBytes = 256U * 1024U;

const json::value* member(const json::value* value, std::string_view name) {
    const json::object* object = value == nullptr ? nullptr : value->if_object();
    return object == nullptr ? nullptr : object->if_contains(name);
}

const json::value* metadataMember(const json::value& object, std::string_view name) {
    return member(member(&object, "metadata"), name);
}

std::string_view textOf(const json::value* value) {
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view{};
}

ManagerId identify(const ManagedContext& context, std::string_view manager, Operation operation) {
    ManagerId id{manager.empty() ? "unknown" : std::string(manager), operation, {}, std::string(context.subresource)};
    if (operation == Operation::Update) id.apiVersion = context.apiVersion();
    return id;
}

// "default/web; apps/v1, Kind=Deployment", as messages say which object they are about.
std::string describe(const ManagedContext& context, const json::value& object) {
    return fmt::format("{}/{}; {}, Kind={}", textOf(metadataMember(object, "namespace")),
                       textOf(metadataMember(object, "name")), context.apiVersion(), context.kind);
}

void setManagedFields(json::value& object, json::value managed) {
    json::value& metadata = object.get_object()["metadata"];
    if (!metadata.is_object()) metadata = json::object();
    if (managed.is_null()) {
        metadata.get_object().stable_erase("managedFields");
    } else {
        metadata.get_object().insert_or_assign("managedFields", std::move(managed));
    }
}

// Gives what changed between the two objects to the manager, and takes it from all others.
void trackUpdate(const ManagedContext& context, ManagedFields& managed, Changes& changes, std::string_view manager) {
    reconcileAll(context, managed);
    takeFromOthers(managed, changes, nullptr, true);
    FieldSet gained = changes.own().modified.unionWith(changes.own().added);
    gained = withoutTypeAndIdentity(withoutResetFields(context, std::move(gained)));
    if (!gained.empty()) {
        ManagedEntry entry{
            identify(context, manager, Operation::Update), context.apiVersion(), formatTime(context.now), {}};
        const ManagedEntry* previous = managed.find(entry.id);
        entry.fields = previous == nullptr ? std::move(gained) : gained.unionWith(previous->fields);
        managed.put(std::move(entry));
    }
    capUpdaters(managed);
}

// The managed fields that an update starts from, and whether they are the live object's as they stand.
struct Start {
    ManagedFields managed;
    const json::value* unchanged = nullptr;
};

Start startOf(const ManagedContext& context, const json::value& live, const json::value& updated, bool decode) {
    const json::value* stored = metadataMember(live, "managedFields");
    const json::value* given = context.subresource.empty() ? metadataMember(updated, "managedFields") : nullptr;
    if (given != nullptr && given->is_array() && !(stored != nullptr && equalValues(*given, *stored))) {
        const json::array& list = given->get_array();
        const bool emptyEntry = list.size() == 1 && list[0].is_object() && list[0].get_object().empty();
        if (list.empty() || emptyEntry) return {};
        if (auto managed = ManagedFields::decode(*given); managed && !managed->empty())
            return {std::move(*managed), nullptr};
    }
    if (stored == nullptr || !stored->is_array() || stored->get_array().empty()) return {};
    Start start{{}, stored};
    if (!decode) return start;
    if (auto managed = ManagedFields::decode(*stored)) {
        start.managed = std::move(*managed);
    } else {
        start.unchanged = nullptr;
    }
    return start;
}

// One attempt to apply.
struct Attempt {
    json::value object;  // null when applying changed nothing
    ManagedFields managed;
    std::vector<Conflict> conflicts;
};

Attempt attempt(const ManagedContext& context, const json::value& live, const json::value& applied,
                ManagedFields managed, std::string_view manager, bool force) {
    const Schema schema = schemaOf(context.schema);
    const ManagerId self = identify(context, manager, Operation::Apply);
    Attempt result;
    reconcileAll(context, managed);
    json::value merged = live;
    mergeInto(schema, merged, applied);

    ManagedEntry entry{self, context.apiVersion(), {}, withoutResetFields(context, fieldsOf(schema, applied))};
    FieldSet last;
    if (const ManagedEntry* previous = managed.find(self); previous != nullptr) {
        entry.time = previous->time;
        if (previous->apiVersion == entry.apiVersion) last = previous->fields;
    }
    const bool dropsFields = !last.difference(entry.fields).empty();
    managed.put(std::move(entry));
    if (dropsFields) prune(context, merged, managed, last);

    Changes changes(context, live, merged, {});
    result.conflicts = takeFromOthers(managed, changes, &self, force);
    if (!result.conflicts.empty()) return result;
    const bool changed = !equalValues(live, merged);
    ManagedEntry& own = *managed.find(self);
    own.fields = withoutTypeAndIdentity(own.fields);
    if (changed) own.time = formatTime(context.now);
    if (own.fields.empty()) managed.erase(self);
    if (changed) result.object = std::move(merged);
    result.managed = std::move(managed);
    return result;
}

// What kubectl wrote with client-side apply and nobody changed since: server-side apply by kubectl takes it over
// without a conflict.
std::optional<FieldSet> ownedByLastApplied(const ManagedContext& context, const json::value& live) {
    const json::value* annotations = metadataMember(live, "annotations");
    const std::string_view text = textOf(member(annotations, kLastApplied));
    if (text.empty()) return std::nullopt;
    boost::system::error_code error;
    const json::value last = json::parse(text, error);
    if (error || !last.is_object() || textOf(last.get_object().if_contains("apiVersion")) != context.apiVersion()) {
        return std::nullopt;
    }
    const Schema schema = schemaOf(context.schema);
    if (!validate(schema, last).empty()) return std::nullopt;
    const Comparison comparison = compare(schema, last, live);
    return fieldsOf(schema, last)
        .difference(comparison.modified)
        .difference(comparison.added)
        .difference(comparison.removed);
}

// Keeps the annotation of client-side apply in step for as long as an object has one.
void refreshLastApplied(json::value& object, const json::value& applied) {
    const json::value* present = metadataMember(object, "annotations");
    if (textOf(member(present, kLastApplied)).empty()) return;
    json::value config = applied;
    if (metadataMember(config, "annotations") != nullptr && metadataMember(config, "annotations")->is_object()) {
        config.at("metadata").at("annotations").get_object().stable_erase(kLastApplied);
    }
    std::string text;
    appendGoJson(text, config);
    text += '\n';
    json::object& annotations = object.at("metadata").at("annotations").get_object();
    annotations[kLastApplied] = std::move(text);
    std::size_t bytes = 0;
    for (const auto& annotation : annotations) bytes += annotation.key().size() + textOf(&annotation.value()).size();
    if (bytes > kMaxAnnotationBytes) annotations.stable_erase(kLastApplied);
}

Result<void> checkApplied(const ManagedContext& context, const json::value& applied) {
    const std::string_view apiVersion = textOf(member(&applied, "apiVersion"));
    const std::string_view kind = textOf(member(&applied, "kind"));
    if (apiVersion != context.apiVersion() || kind != context.kind) {
        const bool core = apiVersion.find('/') == std::string_view::npos;
        return fail(Reason::BadRequest,
                    fmt::format("invalid object type: {}{}, Kind={}", core ? "/" : "", apiVersion, kind));
    }
    const json::value* managed = metadataMember(applied, "managedFields");
    if (managed != nullptr && managed->is_array())
        return fail(Reason::BadRequest, "metadata.managedFields must be nil");
    if (const std::string wrong = validate(schemaOf(context.schema), applied); !wrong.empty()) {
        return fail(unclassified(
            fmt::format("failed to create typed patch object ({}): {}", describe(context, applied), wrong)));
    }
    return {};
}

}  // namespace

std::string ManagedContext::apiVersion() const {
    return group.empty() ? std::string(version) : fmt::format("{}/{}", group, version);
}

json::value updateManaged(const ManagedContext& context, const json::value& live, const json::value& updated,
                          std::string_view manager) {
    const bool exists = !textOf(metadataMember(live, "uid")).empty();
    Start start = startOf(context, live, updated, false);
    if (start.unchanged == nullptr && start.managed.empty() && exists) return nullptr;
    const json::value zero = live.is_object() ? json::value() : json::value(zeroObject(context.schema));
    const json::value& before = live.is_object() ? live : zero;
    const Unseen unseen{metadataMember(before, "managedFields"), metadataMember(updated, "managedFields")};
    Changes changes(context, before, updated, unseen);
    if (start.unchanged != nullptr) {
        if (changes.own().same()) return *start.unchanged;
        start = startOf(context, live, updated, true);
        if (start.managed.empty() && exists) return nullptr;
    }
    trackUpdate(context, start.managed, changes, manager);
    return start.managed.encode();
}

Result<json::value> applyManaged(const ManagedContext& context, const json::value& live, const json::value& applied,
                                 std::string_view manager, bool force) {
    if (auto valid = checkApplied(context, applied); !valid) return fail(valid.error());
    const json::value zero = zeroObject(context.schema);
    const json::value& current = live.is_object() ? live : zero;
    const json::value* stored = metadataMember(live, "managedFields");
    auto managed = ManagedFields::decode(stored == nullptr ? json::value() : *stored);
    if (!managed) return fail(unclassified("failed to decode managed fields: " + managed.error().message));
    if (managed->empty()) {
        Changes changes(context, zero, current, {});
        trackUpdate(context, *managed, changes, kBeforeFirstApply);
    }
    Attempt result = attempt(context, current, applied, *managed, manager, force);
    if (!result.conflicts.empty() && manager == kKubectl) {
        if (const auto own = ownedByLastApplied(context, current)) {
            std::erase_if(result.conflicts, [&own](const Conflict& conflict) { return own->contains(conflict.path); });
            if (result.conflicts.empty()) result = attempt(context, current, applied, *managed, manager, true);
        }
    }
    if (!result.conflicts.empty()) return fail(conflictError(result.conflicts));
    json::value object = result.object.is_object() ? std::move(result.object) : json::value(current);
    if (manager == kKubectl) refreshLastApplied(object, applied);
    setManagedFields(object, result.managed.encode());
    return object;
}

}  // namespace qd::api::merge
