#include "cluster/store/api_codec.h"

#include <fmt/format.h>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/codec/protobuf.h"
#include "cluster/api/registry.h"

namespace qd::store {
namespace {

bool isBuiltin(const api::Object& object) { return api::findKind(object.apiVersion(), object.kind()) != nullptr; }

}  // namespace

std::string ApiCodec::encode(const api::Object& object) const {
    const auto copy = object.clone();
    copy->metadata.resourceVersion.clear();
    return isBuiltin(object) ? api::encodeProtobuf(*copy) : api::encodeJson(*copy);
}

Result<std::unique_ptr<api::Object>> ApiCodec::decode(std::string_view bytes) const {
    if (!api::isProtobufEnvelope(bytes)) {
        auto tree = api::parseJson(bytes);
        if (!tree) return fail(tree.error().within("a stored object"));
        return api::objectFromTree(*tree);
    }
    const auto envelope = api::openProtobuf(bytes);
    if (!envelope) return fail(envelope.error().within("a stored object"));
    auto object = api::makeObject(envelope->typeMeta.apiVersion, envelope->typeMeta.kind);
    if (!object) {
        return fail(Reason::StoreReadError, fmt::format("the store holds a {} of {}, which this version does not know", envelope->typeMeta.kind, envelope->typeMeta.apiVersion));
    }
    if (auto read = api::decodeProtobufMessage(envelope->message, object->descriptor(), object.get()); !read) return fail(read.error().within("a stored object"));
    return object;
}

std::unique_ptr<api::Object> ApiCodec::clone(const api::Object& object) const { return object.clone(); }

void ApiCodec::setRevision(api::Object& object, Revision revision) const {
    object.metadata.resourceVersion = std::to_string(revision);
}

std::string ApiCodec::uid(const api::Object& object) const { return object.metadata.uid; }

}  // namespace qd::store
