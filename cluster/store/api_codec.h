// How real objects are kept: Kubernetes' protobuf for built-in kinds, JSON for custom resources, both without the
// resourceVersion, which is the log's.
#pragma once

#include "cluster/store/codec.h"

namespace qd::store {

class ApiCodec final : public Codec {
public:
    std::string encode(const api::Object& object) const override;
    Result<std::unique_ptr<api::Object>> decode(std::string_view bytes) const override;
};

}  // namespace qd::store
