#include "cluster/apiserver/discovery/discovery.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace qd::apiserver {
namespace {

namespace json = boost::json;

json::array strings(const std::vector<std::string>& all) {
    json::array array;
    for (const auto& each : all) array.emplace_back(each);
    return array;
}

std::string groupVersion(std::string_view group, std::string_view version) {
    return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

bool isStored(const api::Kind& kind) {
    return std::find(kind.verbs.begin(), kind.verbs.end(), "list") != kind.verbs.end() &&
           std::find(kind.verbs.begin(), kind.verbs.end(), "create") != kind.verbs.end();
}

json::object resourceEntry(const api::Kind& kind) {
    json::object entry{{"name", kind.plural}, {"singularName", kind.singular}, {"namespaced", kind.namespaced}, {"kind", kind.kind}, {"verbs", strings(kind.verbs)}};
    if (!kind.shortNames.empty()) entry["shortNames"] = strings(kind.shortNames);
    if (!kind.categories.empty()) entry["categories"] = strings(kind.categories);
    if (isStored(kind)) {
        const api::Kind& storage = kind.storedAs ? *kind.storedAs : kind;
        entry["storageVersionHash"] = storageVersionHash(storage.group, storage.version, storage.kind);
    }
    return entry;
}

json::object subresourceEntry(const api::Kind& kind, const api::Subresource& sub) {
    json::object entry{{"name", kind.plural + "/" + sub.name}, {"singularName", ""}, {"namespaced", kind.namespaced}};
    if (!sub.group.empty()) entry["group"] = sub.group;
    if (!sub.version.empty()) entry["version"] = sub.version;
    entry["kind"] = sub.kind;
    entry["verbs"] = strings(sub.verbs);
    return entry;
}

json::object responseKind(std::string_view group, std::string_view version, std::string_view kind) {
    return {{"group", group}, {"version", version}, {"kind", kind}};
}

json::object aggregatedResource(const api::Kind& kind) {
    json::object entry{{"resource", kind.plural},
                       {"responseKind", responseKind("", "", kind.kind)},
                       {"scope", kind.namespaced ? "Namespaced" : "Cluster"},
                       {"singularResource", kind.singular},
                       {"verbs", strings(kind.verbs)}};
    if (!kind.shortNames.empty()) entry["shortNames"] = strings(kind.shortNames);
    if (!kind.categories.empty()) entry["categories"] = strings(kind.categories);
    json::array subresources;
    for (const auto& sub : kind.subresources) {
        subresources.push_back(json::object{{"subresource", sub.name},
                                            {"responseKind", responseKind(sub.group, sub.version, sub.kind)},
                                            {"verbs", strings(sub.verbs)}});
    }
    if (!subresources.empty()) entry["subresources"] = std::move(subresources);
    return entry;
}

json::object ownEntry(const OwnResource& resource) {
    return {{"name", resource.name}, {"singularName", ""}, {"namespaced", resource.namespaced}, {"kind", resource.kind}, {"verbs", strings(resource.verbs)}};
}

// A subresource without a resource stands below one without a kind, which clients pass over.
json::array aggregatedOwn(const OwnGroup& group) {
    json::array resources;
    for (const OwnResource& resource : group.resources()) {
        const std::size_t slash = std::min(resource.name.find('/'), resource.name.size());
        const std::string parent = resource.name.substr(0, slash);
        const char* scope = resource.namespaced ? "Namespaced" : "Cluster";
        json::object kind = responseKind("", "", resource.kind);
        if (slash == resource.name.size()) {
            resources.push_back(json::object{{"resource", parent}, {"responseKind", std::move(kind)}, {"scope", scope}, {"singularResource", ""}, {"verbs", strings(resource.verbs)}});
            continue;
        }
        if (resources.empty() || resources.back().at("resource").as_string() != parent) {
            resources.push_back(json::object{{"resource", parent}, {"responseKind", responseKind("", "", "")}, {"scope", scope}, {"singularResource", ""}, {"verbs", nullptr}, {"subresources", json::array{}}});
        }
        json::object entry{{"subresource", resource.name.substr(slash + 1)}, {"responseKind", std::move(kind)}, {"verbs", strings(resource.verbs)}};
        resources.back().as_object()["subresources"].as_array().push_back(std::move(entry));
    }
    return resources;
}

json::object versionEntry(std::string_view group, std::string_view version) {
    return {{"groupVersion", groupVersion(group, version)}, {"version", version}};
}

// v2 before v1 before v1beta1: stable versions first, newest first.
int versionRank(std::string_view version) {
    int major = 0;
    std::size_t at = 1;
    while (at < version.size() && version[at] >= '0' && version[at] <= '9') major = major * 10 + (version[at++] - '0');
    const bool stable = at == version.size();
    return (stable ? 1000 : version.find("beta") != std::string_view::npos ? 500 : 0) + major;
}

}  // namespace

std::string storageVersionHash(std::string_view group, std::string_view version, std::string_view kind) {
    const std::string text = std::string(group) + "/" + std::string(version) + "/" + std::string(kind);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 16> encoded{};
    const int length = EVP_EncodeBlock(encoded.data(), digest.data(), 8);
    return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

Discovery::Discovery(std::vector<const api::Kind*> kinds, const std::vector<const OwnGroup*>& own) {
    for (const api::Kind* kind : kinds) {
        auto group = std::find_if(m_groups.begin(), m_groups.end(), [&](const Group& each) { return each.name == kind->group; });
        if (group == m_groups.end()) group = m_groups.insert(m_groups.end(), Group{kind->group, {}, nullptr});
        auto version = std::find_if(group->versions.begin(), group->versions.end(), [&](const Version& each) { return each.name == kind->version; });
        if (version == group->versions.end()) version = group->versions.insert(group->versions.end(), Version{kind->version, {}});
        version->kinds.push_back(kind);
    }
    for (auto& group : m_groups) {
        std::stable_sort(group.versions.begin(), group.versions.end(), [](const Version& a, const Version& b) { return versionRank(a.name) > versionRank(b.name); });
        for (auto& version : group.versions) {
            std::sort(version.kinds.begin(), version.kinds.end(), [](const api::Kind* a, const api::Kind* b) { return a->plural < b->plural; });
        }
    }
    for (const OwnGroup* each : own) {
        Group& group = m_groups.emplace_back(Group{each->name(), {}, each});
        for (auto& version : each->versions()) group.versions.push_back({std::move(version), {}});
    }
}

const Discovery::Group* Discovery::find(std::string_view name) const {
    const auto found = std::find_if(m_groups.begin(), m_groups.end(), [&](const Group& group) { return group.name == name; });
    return found == m_groups.end() ? nullptr : &*found;
}

json::value Discovery::apiVersions(std::string_view serverAddress) const {
    return json::object{{"kind", "APIVersions"},
                        {"versions", json::array{"v1"}},
                        {"serverAddressByClientCIDRs", json::array{json::object{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", serverAddress}}}}};
}

json::value Discovery::groupList() const {
    json::array groups;
    for (const auto& each : m_groups) {
        if (each.name.empty()) continue;
        json::object entry = group(each.name)->as_object();
        entry.erase("kind");
        entry.erase("apiVersion");
        groups.push_back(std::move(entry));
    }
    return json::object{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

std::optional<json::value> Discovery::group(std::string_view name) const {
    const Group* found = find(name);
    if (!found || name.empty()) return std::nullopt;
    json::array versions;
    for (const auto& version : found->versions) versions.push_back(versionEntry(name, version.name));
    return json::object{{"kind", "APIGroup"}, {"apiVersion", "v1"}, {"name", name}, {"versions", std::move(versions)}, {"preferredVersion", versionEntry(name, found->versions.front().name)}};
}

std::optional<json::value> Discovery::resourceList(std::string_view group, std::string_view version) const {
    const Group* found = find(group);
    if (!found) return std::nullopt;
    for (const auto& each : found->versions) {
        if (each.name != version) continue;
        json::array resources;
        for (const api::Kind* kind : each.kinds) {
            resources.push_back(resourceEntry(*kind));
            for (const auto& sub : kind->subresources) resources.push_back(subresourceEntry(*kind, sub));
        }
        if (found->own)
            for (const OwnResource& resource : found->own->resources()) resources.push_back(ownEntry(resource));
        json::object list{{"kind", "APIResourceList"}};
        if (!group.empty()) list["apiVersion"] = "v1";
        list["groupVersion"] = groupVersion(group, version);
        list["resources"] = std::move(resources);
        return list;
    }
    return std::nullopt;
}

std::vector<std::string> Discovery::paths() const {
    std::vector<std::string> paths{"/api", "/apis"};
    for (const auto& group : m_groups) {
        const std::string root = group.name.empty() ? "/api" : "/apis/" + group.name;
        if (!group.name.empty()) paths.push_back(root);
        for (const auto& version : group.versions) paths.push_back(root + "/" + version.name);
    }
    return paths;
}

json::value Discovery::aggregated(bool core) const {
    json::array items;
    for (const auto& group : m_groups) {
        if (group.name.empty() != core) continue;
        json::array versions;
        for (const auto& version : group.versions) {
            json::array resources;
            for (const api::Kind* kind : version.kinds) resources.push_back(aggregatedResource(*kind));
            if (group.own) resources = aggregatedOwn(*group.own);
            versions.push_back(json::object{{"version", version.name}, {"resources", std::move(resources)}, {"freshness", "Current"}});
        }
        json::object metadata;
        if (!group.name.empty()) metadata["name"] = group.name;
        items.push_back(json::object{{"metadata", std::move(metadata)}, {"versions", std::move(versions)}});
    }
    return json::object{{"kind", "APIGroupDiscoveryList"}, {"apiVersion", "apidiscovery.k8s.io/v2"}, {"metadata", json::object{}}, {"items", std::move(items)}};
}

}  // namespace qd::apiserver
