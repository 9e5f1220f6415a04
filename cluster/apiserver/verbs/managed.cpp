// Managed fields: who owns what, kept by each write. Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/api/codec/json.h"
#include "cluster/api/merge/field_manager.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/verbs/verbs.h"

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

// Reads the managed fields of a tree back into the object.
Result<void> setManagedFields(api::Object& object, const json::value& managed) {
    object.metadata.managedFields.clear();
    if (!managed.is_array()) return {};
    const json::object holder{{"managedFields", managed}};
    return api::decodeJson(json::serialize(holder), metav1::ObjectMeta::kDescriptor, &object.metadata);
}

}  // namespace

Result<void> Verbs::trackCreate(const Caller& caller, const Target& target, api::Object& now) const {
    const auto context = contextFor(target, m_context.clock.now());
    return setManagedFields(now, merge::updateManaged(context, nullptr, treeOf(now), caller.manager));
}

Result<void> Verbs::trackUpdate(const Caller& caller, const Target& target, const api::Object& old, api::Object& now) const {
    const auto context = contextFor(target, m_context.clock.now());
    return setManagedFields(now, merge::updateManaged(context, treeOf(old), treeOf(now), caller.manager));
}

}  // namespace qd::apiserver
