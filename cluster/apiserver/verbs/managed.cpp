// Managed fields: who owns what, kept by each write. Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/.
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/api/codec/json_tree.h"
#include "cluster/api/merge/field_manager.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/verbs/managed.h"

namespace qd::apiserver {
namespace {

namespace json = boost::json;
namespace merge = api::merge;

merge::ManagedContext contextFor(const Target& target, base::WallTime now) {
    return merge::ManagedContext{.schema = *target.kind->structure,
                                 .group = target.kind->group,
                                 .version = target.kind->version,
                                 .kind = target.kind->kind,
                                 .subresource = target.subresource,
                                 .now = now};
}

std::string textOf(const json::object& entry, std::string_view name) {
    const json::value* found = entry.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

// Reads the managed fields, as updateManaged gives them, back into the object.
Result<void> setManagedFields(api::Object& object, const json::value& managed) {
    object.metadata.managedFields.clear();
    if (!managed.is_array()) return {};
    for (const json::value& each : managed.get_array()) {
        const json::object& entry = each.get_object();
        auto& into = object.metadata.managedFields.emplace_back();
        into.manager = textOf(entry, "manager");
        into.operation = textOf(entry, "operation");
        into.apiVersion = textOf(entry, "apiVersion");
        into.fieldsType = textOf(entry, "fieldsType");
        into.subresource = textOf(entry, "subresource");
        if (const std::string written = textOf(entry, "time"); !written.empty()) {
            auto time = api::Time::parse(written);
            if (!time) return fail(std::move(time.error()));
            into.time = *time;
        }
        if (const json::value* fields = entry.if_contains("fieldsV1")) into.fieldsV1.emplace().raw = json::serialize(*fields);
    }
    return {};
}

// Trees that live as long as a request is looked at: nothing of them is freed singly.
class Scratch {
public:
    json::value treeOf(const api::Object& object) { return api::toTree(object, &m_memory); }
    api::TreePair changedTrees(const api::Object& before, const api::Object& after) { return api::changedTrees(before, after, &m_memory); }

private:
    std::array<unsigned char, 16384> m_first;
    json::monotonic_resource m_memory{m_first.data(), m_first.size()};
};

}  // namespace

merge::FieldSet fieldsResetBy(const Target& target) {
    const auto found = target.kind->subresourceUpdates.find(target.subresource);
    const bool ofSubresource = found != target.kind->subresourceUpdates.end();
    merge::FieldSet fields;
    for (const std::string& path : ofSubresource ? found->second.resetFields : target.kind->update.resetFields) {
        merge::Path elements;
        for (std::size_t at = 0; at <= path.size();) {
            const auto dot = std::min(path.find('.', at), path.size());
            elements.push_back(merge::PathElement::field(std::string_view(path).substr(at, dot - at)));
            at = dot + 1;
        }
        fields.insert(elements);
    }
    return fields;
}

Result<void> Verbs::trackCreate(const Caller& caller, const Target& target, api::Object& now) const {
    Scratch scratch;
    auto context = contextFor(target, m_context.clock.now());
    const merge::FieldSet dropped = fieldsResetBy(target);
    context.resetFields = &dropped;
    return setManagedFields(now, merge::updateManaged(context, nullptr, scratch.treeOf(now), caller.manager));
}

Result<void> Verbs::trackUpdate(const Caller& caller, const Target& target, const api::Object& old, api::Object& now) const {
    Scratch scratch;
    auto context = contextFor(target, m_context.clock.now());
    const merge::FieldSet dropped = fieldsResetBy(target);
    context.resetFields = &dropped;
    // Those that came back as they were say nothing.
    if (now.metadata.managedFields == old.metadata.managedFields) now.metadata.managedFields.clear();
    const auto [before, after] = scratch.changedTrees(old, now);
    return setManagedFields(now, merge::updateManaged(context, before, after, caller.manager));
}

}  // namespace qd::apiserver
