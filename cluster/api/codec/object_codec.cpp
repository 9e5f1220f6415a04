#include "cluster/api/codec/object_codec.h"

#include <fmt/format.h>

#include "cluster/api/codec/json_text.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/codec/protobuf.h"
#include "cluster/api/custom_object.h"
#include "cluster/api/registry.h"

namespace qd::api {

namespace {

Result<std::unique_ptr<Object>> decodeProtobufObject(std::string_view bytes) {
    const auto envelope = openProtobuf(bytes);
    if (!envelope) return fail(envelope.error());
    const auto& [apiVersion, kind] = envelope->typeMeta;
    auto object = makeObject(apiVersion, kind);
    if (!object)
        return fail(Reason::BadRequest,
                    fmt::format("no kind {} is registered for version {}", goQuoted(kind), goQuoted(apiVersion)));
    if (auto decoded = decodeProtobufMessage(envelope->message, object->descriptor(), object.get()); !decoded) {
        return fail(decoded.error());
    }
    return object;
}

}  // namespace

Result<std::unique_ptr<Object>> decodeObject(std::string_view bytes, std::vector<std::string>* strictErrors) {
    if (isProtobufEnvelope(bytes)) return decodeProtobufObject(bytes);
    const auto typeMeta = typeMetaOfJson(bytes);
    if (!typeMeta) return fail(typeMeta.error());
    if (typeMeta->kind.empty()) return fail(Reason::BadRequest, fmt::format("Object 'Kind' is missing in '{}'", bytes));
    if (typeMeta->apiVersion.empty())
        return fail(Reason::BadRequest, fmt::format("Object 'apiVersion' is missing in '{}'", bytes));
    if (auto object = makeObject(typeMeta->apiVersion, typeMeta->kind)) {
        if (auto decoded = decodeJson(bytes, object->descriptor(), object.get(), strictErrors); !decoded)
            return fail(decoded.error());
        return object;
    }
    if (findKind(typeMeta->apiVersion, typeMeta->kind)) {
        return fail(Reason::BadRequest,
                    fmt::format("{} {} is no object with metadata", typeMeta->apiVersion, typeMeta->kind));
    }
    auto tree = parseJson(bytes, strictErrors);
    if (!tree) return fail(tree.error());
    auto custom = CustomObject::fromTree(std::move(tree->as_object()));
    if (!custom) return fail(custom.error());
    return std::make_unique<CustomObject>(std::move(*custom));
}

std::string encodeStored(const Object& object) {
    const CustomObject* custom = object.asCustom();
    if (!custom) return encodeProtobuf(object, &object.metadata.resourceVersion);
    boost::json::object tree = custom->toTree();
    if (boost::json::object* metadata = tree["metadata"].if_object()) metadata->erase("resourceVersion");
    std::string out;
    appendJson(out, tree, MemberOrder::ByName);
    return out;
}

Result<std::unique_ptr<Object>> decodeStored(std::string_view bytes) {
    auto object = decodeObject(bytes);
    if (!object) return fail(Error{Reason::StoreReadError, object.error().message});
    return object;
}

}  // namespace qd::api
