#include "cluster/store/api_codec.h"

#include "cluster/api/codec/object_codec.h"

namespace qd::store {

std::string ApiCodec::encode(const api::Object& object) const { return api::encodeStored(object); }

Result<std::unique_ptr<api::Object>> ApiCodec::decode(std::string_view bytes) const {
    auto object = api::decodeStored(bytes);
    if (!object) return fail(object.error().within("a stored object"));
    return object;
}

}  // namespace qd::store
