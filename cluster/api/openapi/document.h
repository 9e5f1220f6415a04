// The OpenAPI documents of a server: /openapi/v3 (an index, and a document a group version) and /openapi/v2 (one
// document, as JSON and as the protobuf form of old clients).
//
// Documents are made when first asked for and kept until their group version changes. Thread-safe; what is returned is
// immutable and stays valid after changes.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "cluster/api/openapi/resources.h"

namespace qd::api::openapi {

struct Document {
    std::string bytes;
    std::string hash;  // of the content, for ETag and the index's ?hash=
};
using DocumentPtr = std::shared_ptr<const Document>;

inline constexpr std::string_view kV2ProtobufType = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

class OpenApi {
public:
    // The version as /version tells it, e.g. "v1.36.2".
    explicit OpenApi(std::string serverVersion) : m_serverVersion(std::move(serverVersion)) {}

    // Adds a group version or replaces it (a CRD was installed or changed).
    void put(GroupVersionResources resources);
    void remove(std::string_view group, std::string_view version);

    // /openapi/v3: the paths of all documents with their hashes.
    DocumentPtr v3Index() const;
    // /openapi/v3/<path>, e.g. "api/v1" or "apis/apps/v1"; null when there is none. The hash is that of the index.
    DocumentPtr v3(std::string_view path) const;
    // /openapi/v2 as JSON and as gnostic's protobuf.
    DocumentPtr v2Json() const;
    DocumentPtr v2Protobuf() const;

private:
    struct Part {
        std::shared_ptr<const GroupVersionResources> resources;
        DocumentPtr document;
        std::string hash;
    };

    mutable std::mutex m_mutex;
    std::string m_serverVersion;
    mutable std::map<std::string, Part, std::less<>> m_parts;  // by path
    mutable DocumentPtr m_index;
    mutable DocumentPtr m_v2Json;
    mutable DocumentPtr m_v2Protobuf;
};

}  // namespace qd::api::openapi
