// What the store needs to know of an object; everything else about objects is none of its business.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cluster/store/types.h"

namespace qd::store {

// Thread-safe. The one for real objects is in api_codec.h.
class Codec {
public:
    virtual ~Codec() = default;
    // The bytes that are kept on disk: equal objects give equal bytes. Leaves metadata.resourceVersion out.
    virtual std::string encode(const api::Object& object) const = 0;
    virtual Result<std::unique_ptr<api::Object>> decode(std::string_view bytes) const = 0;
    virtual std::unique_ptr<api::Object> clone(const api::Object& object) const = 0;
    // Writes metadata.resourceVersion.
    virtual void setRevision(api::Object& object, Revision revision) const = 0;
    // metadata.uid
    virtual std::string uid(const api::Object& object) const = 0;
};

}  // namespace qd::store
