#include "cluster/apiserver/discovery/openapi_paths.h"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "cluster/api/openapi/document.h"
#include "cluster/api/registry.h"
#include "cluster/apiserver/status.h"

namespace qd::apiserver {
namespace {

namespace openapi = api::openapi;

const api::Struct* schemaOf(std::string_view group, std::string_view version, std::string_view kind) {
    const api::KindName* names = api::findKind(group, version, kind);
    return names ? names->structure : nullptr;
}

openapi::Resource resourceOf(const api::Kind& kind) {
    openapi::Resource resource{.kind = {kind.group, kind.version, kind.kind}, .plural = kind.plural, .namespaced = kind.namespaced, .verbs = kind.verbs, .schema = kind.structure};
    for (const auto& sub : kind.subresources) {
        const std::string group = sub.version.empty() ? kind.group : sub.group;
        const std::string version = sub.version.empty() ? kind.version : sub.version;
        const bool connects = sub.name == "exec" || sub.name == "attach" || sub.name == "portforward" || sub.name == "proxy";
        const std::vector<std::string> verbs = connects ? std::vector<std::string>{"connect"} : sub.verbs;
        resource.subresources.push_back({.name = sub.name, .kind = {group, version, sub.kind}, .schema = connects ? nullptr : schemaOf(group, version, sub.kind), .verbs = verbs});
    }
    return resource;
}

std::shared_ptr<openapi::OpenApi> documentsOf(const std::vector<const api::Kind*>& kinds, const std::string& gitVersion) {
    std::map<std::pair<std::string, std::string>, openapi::GroupVersionResources> parts;
    for (const api::Kind* kind : kinds) {
        if (!kind->structure) continue;  // no type describes it
        auto& part = parts[{kind->group, kind->version}];
        part.group = kind->group;
        part.version = kind->version;
        part.resources.push_back(resourceOf(*kind));
    }
    auto documents = std::make_shared<openapi::OpenApi>(gitVersion);
    for (auto& [name, part] : parts) documents->put(std::move(part));
    return documents;
}

// The bytes live as long as the response that shares them.
Response documentResponse(openapi::DocumentPtr document, std::string contentType) {
    if (!document) return errorResponse({Reason::NotFound, "the server could not find the requested resource"});
    Response response;
    response.headers = {{"Content-Type", std::move(contentType)}, {"Etag", "\"" + document->hash + "\""}};
    response.body = {http::Bytes(document, &document->bytes)};
    return response;
}

Response answer(const openapi::OpenApi& documents, const Request& request) {
    if (request.path == "/openapi/v2") {
        const bool protobuf = request.headers.get("Accept").find("proto-openapi.spec.v2") != std::string_view::npos;
        return protobuf ? documentResponse(documents.v2Protobuf(), std::string(openapi::kV2ProtobufType)) : documentResponse(documents.v2Json(), "application/json");
    }
    constexpr std::string_view kV3 = "/openapi/v3";
    if (request.path == kV3) return documentResponse(documents.v3Index(), "application/json");
    if (request.path.starts_with(std::string(kV3) + "/")) return documentResponse(documents.v3(std::string_view(request.path).substr(kV3.size() + 1)), "application/json");
    return textResponse(404, "404 page not found\n");
}

}  // namespace

void addOpenApiPaths(ApiServer& server, const std::string& gitVersion) {
    const auto documents = documentsOf(api::builtinKinds(), gitVersion);
    for (const char* path : {"/openapi/v2", "/openapi/v3"})
        server.addPath(path, [documents](const Request& request, const User&) { return answer(*documents, request); });
    const std::string version = fmt::format(
        "{{\"major\":\"1\",\"minor\":\"36\",\"gitVersion\":\"{}\",\"gitCommit\":\"\",\"gitTreeState\":\"clean\",\"buildDate\":\"\",\"goVersion\":\"\",\"compiler\":\"g++\",\"platform\":\"linux/amd64\"}}\n",
        gitVersion);
    server.addPath("/version", [version](const Request& request, const User&) {
        if (request.path != "/version" && request.path != "/version/") return errorResponse({Reason::NotFound, "the server could not find the requested resource"});
        return jsonResponse(200, version);
    });
}

}  // namespace qd::apiserver
