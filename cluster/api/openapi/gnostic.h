// The protobuf form of an OpenAPI v2 document (gnostic's openapi.v2.Document), which clients before Kubernetes 1.27 ask
// for.
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace qd::api::openapi {

// Encodes a v2 document; members that the format does not know are left out, extensions (x-...) are carried as YAML.
std::string encodeGnostic(const boost::json::object& document);

}  // namespace qd::api::openapi
