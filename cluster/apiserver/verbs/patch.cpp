#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <map>

#include "cluster/api/codec/tree_fit.h"
#include "cluster/api/merge/field_manager.h"
#include "cluster/api/merge/json_patch.h"
#include "cluster/api/merge/merge_patch.h"
#include "cluster/api/merge/strategic_merge_patch.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/verbs/managed.h"

namespace qd::apiserver {
namespace {

namespace json = boost::json;
namespace merge = api::merge;
namespace field = api::field;

Result<void> checkPatched(const Target& target, const api::Object& now, const api::Object& current) {
    if (now.metadata.name != target.name && !now.metadata.name.empty()) {
        return fail(Reason::BadRequest, fmt::format("the name of the object ({}) does not match the name on the URL ({})", now.metadata.name, target.name));
    }
    const std::string& version = now.metadata.resourceVersion;
    if (!version.empty() && version != current.metadata.resourceVersion) return fail(objectModified(target));
    if (!now.metadata.uid.empty() && now.metadata.uid != current.metadata.uid) {
        return fail(uidDiffers(target, now.metadata.uid, current.metadata.uid));
    }
    return {};
}

// A JSON value as Go's %+v shows it.
std::string goText(const json::value& value) {
    std::string out;
    if (const auto* object = value.if_object()) {
        std::map<std::string_view, const json::value*> sorted;
        for (const auto& member : *object) sorted.emplace(member.key(), &member.value());
        for (const auto& [key, member] : sorted) out += (out.empty() ? "" : " ") + std::string(key) + ":" + goText(*member);
        return "map[" + out + "]";
    }
    if (const auto* list = value.if_array()) {
        for (const auto& each : *list) out += (out.empty() ? "" : " ") + goText(each);
        return "[" + out + "]";
    }
    if (value.is_string()) return std::string(value.get_string());
    return value.is_null() ? "<nil>" : json::serialize(value);
}

// A patch that its kind cannot read: the object in question is what the patch makes, so the answer is 422.
Error unreadable(const Target& target, const PatchRequest& request, const Error& error) {
    const field::Path path("patch");
    if (request.format == PatchFormat::Strategic) return field::toInvalid("", "", "", {field::invalid(path, goText(request.patch), error.message)});
    if (error.message.starts_with("strict decoding error")) return error;
    return field::toInvalid(target.kind->group, target.kind->kind, target.name, {field::invalid(path, field::Shown::raw("\"\""), error.message)});
}

}  // namespace

Result<json::value> applyPatch(json::value live, const api::Struct& structure, const PatchRequest& request) {
    switch (request.format) {
        case PatchFormat::Json: return merge::applyJsonPatch(std::move(live), request.patch);
        case PatchFormat::Merge: return merge::applyMergePatch(std::move(live), request.patch);
        case PatchFormat::Strategic: {
            if (!request.patch.is_object()) return fail(Reason::BadRequest, "the patch is not an object");
            auto patched = merge::applyStrategicMergePatch(structure, std::move(live.as_object()), request.patch.as_object());
            if (!patched) return fail(std::move(patched.error()));
            return json::value(std::move(*patched));
        }
        case PatchFormat::Apply: break;
    }
    return live;
}

Result<Written> Verbs::patch(const Caller& caller, const Target& target, const PatchRequest& request) {
    std::vector<std::string> warnings;
    ChangeOptions options{.dryRun = request.dryRun};
    Change change;
    if (request.format == PatchFormat::Apply) {
        const auto applied = [&, this](const json::value& live) -> Result<std::unique_ptr<api::Object>> {
            const merge::FieldSet dropped = fieldsResetBy(target);
            merge::ManagedContext context{.schema = *target.kind->structure,
                                          .group = target.kind->group,
                                          .version = target.kind->version,
                                          .kind = target.kind->kind,
                                          .subresource = target.subresource,
                                          .resetFields = &dropped,
                                          .now = m_context.clock.now()};
            auto merged = merge::applyManaged(context, live, request.patch, caller.manager, request.force);
            if (!merged) return fail(std::move(merged.error()));
            auto decoded = decodeTree(*target.kind, *merged, request.fieldValidation);
            if (!decoded) return fail(std::move(decoded.error()));
            warnings = std::move(decoded->warnings);
            return std::move(decoded->object);
        };
        change = [applied](const api::Object& current) { return applied(treeOf(current)); };
        if (target.subresource.empty()) options.whenMissing = [applied] { return applied(nullptr); };
    } else {
        change = [&](const api::Object& current) -> Result<std::unique_ptr<api::Object>> {
            auto patched = applyPatch(treeOf(current), *target.kind->structure, request);
            if (!patched) return fail(std::move(patched.error()));
            if (request.format == PatchFormat::Strategic) {
                if (auto fits = api::checkFit(*patched, *target.kind->structure); !fits) return fail(unreadable(target, request, fits.error()));
            }
            auto decoded = decodeTree(*target.kind, *patched, request.fieldValidation);
            if (!decoded) return fail(unreadable(target, request, decoded.error()));
            warnings = std::move(decoded->warnings);
            if (auto fine = checkPatched(target, *decoded->object, current); !fine) return fail(std::move(fine.error()));
            decoded->object->metadata.name = target.name;
            decoded->object->metadata.namespace_ = target.namespace_;
            return std::move(decoded->object);
        };
        options.track = [&, this](const api::Object& old, api::Object& now) { return trackUpdate(caller, target, old, now); };
    }
    auto written = this->change(caller, target, change, options);
    if (written) written->warnings.insert(written->warnings.begin(), warnings.begin(), warnings.end());
    return written;
}

}  // namespace qd::apiserver
