#include "cluster/api/openapi/document.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <vector>

#include "cluster/api/openapi/gnostic.h"
#include "cluster/api/openapi/operations.h"
#include "cluster/api/openapi/schema_writer.h"

namespace qd::api::openapi {
namespace {

namespace json = boost::json;

std::string hashOf(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha512(), nullptr);
    std::string text;
    for (unsigned int i = 0; i < length; ++i) fmt::format_to(std::back_inserter(text), "{:02X}", digest[i]);
    return text;
}

DocumentPtr finish(std::string bytes) {
    std::string hash = hashOf(bytes);
    return std::make_shared<const Document>(Document{std::move(bytes), std::move(hash)});
}

json::object info(const std::string& version) {
    return {{"title", "Kubernetes"}, {"version", version}};
}

json::object bearerToken() {
    return {{"BearerToken", json::object{{"type", "apiKey"},
                                         {"description", "Bearer Token authentication"},
                                         {"name", "authorization"},
                                         {"in", "header"}}}};
}

std::string pathOf(std::string_view group, std::string_view version) {
    return group.empty() ? fmt::format("api/{}", version) : fmt::format("apis/{}/{}", group, version);
}

// What decides what a document says, for a hash that is known before the document is made.
std::string signature(const GroupVersionResources& resources, const std::string& serverVersion) {
    std::string text = serverVersion + ' ' + pathOf(resources.group, resources.version);
    for (const auto& resource : resources.resources) {
        text += fmt::format("\n{} {} {} {} {}", resource.plural, resource.kind.kind, resource.namespaced,
                            resource.description, resource.schema != nullptr ? resource.schema->openApiName : "");
        for (const auto& verb : resource.verbs) text += ' ' + verb;
        for (const auto& subresource : resource.subresources) {
            text += '/' + subresource.name;
            for (const auto& verb : subresource.verbs) text += ' ' + verb;
        }
        if (resource.schema == nullptr) text += json::serialize(resource.customSchema);
    }
    return text;
}

std::string makeV3(const GroupVersionResources& resources, const std::string& serverVersion) {
    SchemaWriter schemas(Dialect::V3);
    json::object paths;
    writePaths(resources, Dialect::V3, schemas, paths);
    const json::object document{
        {"openapi", "3.0.0"},
        {"info", info(serverVersion)},
        {"paths", std::move(paths)},
        {"components", json::object{{"schemas", schemas.take()}, {"securitySchemes", bearerToken()}}}};
    return json::serialize(document);
}

json::object makeV2(const std::vector<std::shared_ptr<const GroupVersionResources>>& parts,
                    const std::string& serverVersion) {
    SchemaWriter schemas(Dialect::V2);
    json::object paths;
    for (const auto& part : parts) writePaths(*part, Dialect::V2, schemas, paths);
    json::object requirement;
    requirement.emplace("BearerToken", json::array());
    json::array security;
    security.emplace_back(std::move(requirement));
    return {{"swagger", "2.0"},
            {"info", info(serverVersion)},
            {"paths", std::move(paths)},
            {"definitions", schemas.take()},
            {"securityDefinitions", bearerToken()},
            {"security", std::move(security)}};
}

}  // namespace

void OpenApi::put(GroupVersionResources resources) {
    std::string path = pathOf(resources.group, resources.version);
    std::string hash = hashOf(signature(resources, m_serverVersion));
    const std::lock_guard lock(m_mutex);
    Part& part = m_parts[std::move(path)];
    if (part.hash == hash) return;
    part = Part{std::make_shared<const GroupVersionResources>(std::move(resources)), nullptr, std::move(hash)};
    m_index = m_v2Json = m_v2Protobuf = nullptr;
}

void OpenApi::remove(std::string_view group, std::string_view version) {
    const std::lock_guard lock(m_mutex);
    m_parts.erase(pathOf(group, version));
    m_index = m_v2Json = m_v2Protobuf = nullptr;
}

DocumentPtr OpenApi::v3Index() const {
    const std::lock_guard lock(m_mutex);
    if (m_index == nullptr) {
        json::object paths;
        for (const auto& [path, part] : m_parts) {
            paths.emplace(path,
                          json::object{{"serverRelativeURL", fmt::format("/openapi/v3/{}?hash={}", path, part.hash)}});
        }
        m_index = finish(json::serialize(json::object{{"paths", std::move(paths)}}));
    }
    return m_index;
}

DocumentPtr OpenApi::v3(std::string_view path) const {
    std::shared_ptr<const GroupVersionResources> resources;
    std::string hash;
    {
        const std::lock_guard lock(m_mutex);
        const auto part = m_parts.find(path);
        if (part == m_parts.end()) return nullptr;
        if (part->second.document != nullptr) return part->second.document;
        resources = part->second.resources;
        hash = part->second.hash;
    }
    // Made outside of the lock; two threads may do it at once, once.
    auto document = std::make_shared<const Document>(Document{makeV3(*resources, m_serverVersion), hash});
    const std::lock_guard lock(m_mutex);
    if (const auto part = m_parts.find(path); part != m_parts.end() && part->second.hash == hash) {
        part->second.document = document;
    }
    return document;
}

DocumentPtr OpenApi::v2Json() const {
    const std::lock_guard lock(m_mutex);
    if (m_v2Json == nullptr) {
        std::vector<std::shared_ptr<const GroupVersionResources>> parts;
        for (const auto& [path, part] : m_parts) parts.push_back(part.resources);
        const json::object document = makeV2(parts, m_serverVersion);
        m_v2Json = finish(json::serialize(document));
        m_v2Protobuf = finish(encodeGnostic(document));
    }
    return m_v2Json;
}

DocumentPtr OpenApi::v2Protobuf() const {
    v2Json();
    const std::lock_guard lock(m_mutex);
    return m_v2Protobuf;
}

}  // namespace qd::api::openapi
