// How the store turns objects into what it keeps on disk.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cluster/store/types.h"

namespace qd::store {

// Thread-safe.
class Codec {
public:
    virtual ~Codec() = default;
    // Equal objects give equal bytes. Leaves metadata.resourceVersion out: the store sets it when it decodes.
    virtual std::string encode(const api::Object& object) const = 0;
    virtual Result<std::unique_ptr<api::Object>> decode(std::string_view bytes) const = 0;
};

}  // namespace qd::store
