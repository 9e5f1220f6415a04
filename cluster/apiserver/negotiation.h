// Which form the client sends and wants. Source: k8s.io/apiserver endpoints/handlers/negotiation;
// https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/apiserver/http.h"
#include "cluster/base/result.h"

namespace qd::apiserver {

enum class Encoding : std::uint8_t { Json, Yaml, Protobuf };

// "as=Table;v=v1;g=meta.k8s.io" and the like.
enum class Shown : std::uint8_t { Object, Table, PartialObjectMetadata };

struct Wanted {
    Encoding encoding = Encoding::Json;
    Shown as = Shown::Object;
    bool pretty = false;

    std::string_view contentType() const;
    bool operator==(const Wanted&) const = default;
};

// NotAcceptable when nothing that is accepted can be given. `allowShown`: whether tables and partial metadata make sense here.
Result<Wanted> negotiate(const Request& request, bool allowShown);

// What the body is; an absent Content-Type is JSON. UnsupportedMediaType otherwise.
Result<Encoding> bodyEncoding(const Request& request);

// One clause of an Accept header: media type in lower case, and its parameters.
struct MediaType {
    std::string type;
    std::vector<std::pair<std::string, std::string>> parameters;
    double quality = 1.0;

    std::string_view parameter(std::string_view name) const;
};
// In order of preference.
std::vector<MediaType> parseAccept(std::string_view header);

}  // namespace qd::apiserver
