#include "cluster/api/openapi/operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "cluster/api/types/meta_v1.h"

namespace qd::api::openapi {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 4> kMediaTypes = {"application/json", "application/yaml",
                                                         "application/vnd.kubernetes.protobuf", "application/cbor"};
constexpr std::array<std::string_view, 4> kPatchTypes = {"application/apply-patch+yaml", "application/json-patch+json",
                                                         "application/merge-patch+json",
                                                         "application/strategic-merge-patch+json"};

bool has(const std::vector<std::string>& verbs, std::string_view verb) {
    return std::ranges::find(verbs, verb) != verbs.end();
}

// rbac.authorization.k8s.io -> RbacAuthorization, "" -> Core.
std::string groupWord(std::string_view group) {
    if (group.empty()) return "Core";
    if (group.ends_with(".k8s.io")) group.remove_suffix(7);
    std::string word;
    bool upper = true;
    for (const char c : group) {
        if (c == '.' || c == '-') {
            upper = true;
            continue;
        }
        word += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        upper = false;
    }
    return word;
}

std::string capitalised(std::string_view word) {
    std::string text(word);
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

std::string_view article(std::string_view kind) {
    return !kind.empty() && std::string_view("AEIOU").find(kind[0]) != std::string_view::npos ? "an" : "a";
}

class PathWriter {
public:
    PathWriter(const GroupVersionResources& resources, Dialect dialect, SchemaWriter& schemas, json::object& paths)
        : m_resources(resources),
          m_dialect(dialect),
          m_schemas(schemas),
          m_paths(paths),
          m_root(resources.group.empty() ? "/api/" + resources.version
                                         : fmt::format("/apis/{}/{}", resources.group, resources.version)),
          m_tag(resources.group.empty() ? "core" : groupTag(resources.group)),
          m_word(groupWord(resources.group) + capitalised(resources.version)) {
        m_tag += '_' + resources.version;
    }

    void write() {
        writeDiscovery();
        for (const auto& resource : m_resources.resources) writeResource(resource);
    }

private:
    // What an operation is besides its parameters.
    struct Call {
        std::string_view id = {};      // read, list, create, ...
        std::string_view action = {};  // x-kubernetes-action
        std::string description = {};
        const Struct* options = nullptr;  // whose fields are query parameters
        std::string body = {};            // schema names; empty for none
        std::string answer = {};
        bool created = false;   // may answer 201
        bool accepted = false;  // may answer 202
        bool patch = false;
    };

    // A place in the URL space and the kind that stands there.
    struct Place {
        std::string path = {};
        std::string idSuffix = {};  // NamespacedDeploymentScale
        KindId kind = {};
        bool named = false;
        bool namespaced = false;
    };

    static std::string groupTag(std::string_view group) {
        if (group.ends_with(".k8s.io")) group.remove_suffix(7);
        std::string tag = groupWord(group);
        if (!tag.empty() && tag[0] >= 'A' && tag[0] <= 'Z') tag[0] = static_cast<char>(tag[0] - 'A' + 'a');
        return tag;
    }

    json::object parameter(std::string_view name, std::string_view in, std::string_view doc,
                           std::string_view type) const {
        json::object out{{"name", name}, {"in", in}};
        if (!doc.empty()) out.emplace("description", doc);
        if (in == "path") out.emplace("required", true);
        if (m_dialect == Dialect::V2) {
            out.emplace("type", type);
            out.emplace("uniqueItems", true);
        } else {
            out.emplace("schema", json::object{{"type", type}, {"uniqueItems", true}});
        }
        return out;
    }

    json::array pathParameters(const Place& place) const {
        json::array list;
        if (place.named) list.push_back(parameter("name", "path", "name of the " + place.kind.kind, "string"));
        if (place.namespaced) {
            list.push_back(
                parameter("namespace", "path", "object name and auth scope, such as for teams and projects", "string"));
        }
        list.push_back(
            parameter("pretty", "query",
                      "If 'true', then the output is pretty printed. Defaults to 'false' unless the user-agent "
                      "indicates a browser or command-line HTTP tool (curl and wget).",
                      "string"));
        return list;
    }

    void addOptions(const Struct& options, json::array& list) const {
        for (const Field& field : options.fields) {
            if (field.inlined || field.name == "apiVersion" || field.name == "kind") continue;
            const Type& type = field.type().shape == Shape::Pointer ? *field.type().element : field.type();
            std::string_view word = "string";
            if (type.shape == Shape::Bool) word = "boolean";
            if (type.shape == Shape::Int32 || type.shape == Shape::Int64) word = "integer";
            if (type.shape == Shape::Struct) continue;
            list.push_back(parameter(field.name, "query", field.doc, word));
        }
    }

    json::object answer(std::string_view description, const std::string& schema) const {
        json::object out{{"description", description}};
        if (m_dialect == Dialect::V2) {
            out.emplace("schema", schema.empty() ? json::object{{"type", "string"}} : m_schemas.reference(schema));
            return out;
        }
        json::object content;
        if (schema.empty()) {
            content.emplace("*/*", json::object{{"schema", json::object{{"type", "string"}}}});
        } else {
            for (const auto type : kMediaTypes)
                content.emplace(type, json::object{{"schema", m_schemas.reference(schema)}});
        }
        out.emplace("content", std::move(content));
        return out;
    }

    void addBody(const Call& call, json::object& operation, json::array& parameters) const {
        if (m_dialect == Dialect::V2) {
            json::array consumes;
            if (call.patch) {
                for (const auto type : kPatchTypes) consumes.emplace_back(type);
            } else {
                consumes.emplace_back("*/*");
            }
            operation.emplace("consumes", std::move(consumes));
            if (!call.body.empty()) {
                json::object body{{"name", "body"}, {"in", "body"}};
                if (call.created || call.patch || call.action == "put") body.emplace("required", true);
                body.emplace("schema", m_schemas.reference(call.body));
                parameters.insert(parameters.begin(), std::move(body));
            }
            return;
        }
        if (call.body.empty()) return;
        json::object content;
        if (call.patch) {
            for (const auto type : kPatchTypes)
                content.emplace(type, json::object{{"schema", m_schemas.reference(call.body)}});
        } else {
            content.emplace("*/*", json::object{{"schema", m_schemas.reference(call.body)}});
        }
        json::object body{{"content", std::move(content)}};
        if (call.action != "delete" && call.action != "deletecollection") body.emplace("required", true);
        operation.emplace("requestBody", std::move(body));
    }

    void addOperation(json::object& item, std::string_view method, const Place& place, const Call& call) const {
        json::object operation{{"tags", json::array{m_tag}},
                               {"description", call.description},
                               {"operationId", fmt::format("{}{}{}", call.id, m_word, place.idSuffix)}};
        json::array parameters;
        if (call.options != nullptr) addOptions(*call.options, parameters);
        addBody(call, operation, parameters);
        if (m_dialect == Dialect::V2) {
            json::array produces;
            for (const auto type : kMediaTypes) produces.emplace_back(type);
            operation.emplace("produces", std::move(produces));
            operation.emplace("schemes", json::array{"https"});
        }
        if (!parameters.empty()) operation.emplace("parameters", std::move(parameters));
        json::object responses{{"200", answer("OK", call.answer)}};
        if (call.created) responses.emplace("201", answer("Created", call.answer));
        if (call.accepted) responses.emplace("202", answer("Accepted", call.answer));
        responses.emplace("401", json::object{{"description", "Unauthorized"}});
        operation.emplace("responses", std::move(responses));
        if (!call.action.empty()) operation.emplace("x-kubernetes-action", call.action);
        if (!place.kind.kind.empty()) {
            operation.emplace(
                "x-kubernetes-group-version-kind",
                json::object{{"group", place.kind.group}, {"kind", place.kind.kind}, {"version", place.kind.version}});
        }
        item.emplace(method, std::move(operation));
    }

    void put(const Place& place, json::object item) {
        if (item.empty()) return;
        item.emplace("parameters", pathParameters(place));
        m_paths.emplace(place.path, std::move(item));
    }

    void writeDiscovery() {
        const std::string answerName = m_schemas.add(metav1::APIResourceList::kDescriptor);
        json::object item;
        const Place place{.path = m_root + "/", .idSuffix = "APIResources"};
        addOperation(item, "get", place,
                     Call{.id = "get", .description = "get available resources", .answer = answerName});
        m_paths.emplace(place.path, std::move(item));
    }

    void writeResource(const Resource& resource) {
        const auto [name, list] = m_schemas.add(resource);
        const std::string collection =
            m_root + (resource.namespaced ? "/namespaces/{namespace}/" : "/") + resource.plural;
        const std::string suffix = (resource.namespaced ? "Namespaced" : "") + resource.kind.kind;
        writeCollection(resource, {collection, suffix, resource.kind, false, resource.namespaced}, name, list);
        writeItem(resource, {collection + "/{name}", suffix, resource.kind, true, resource.namespaced}, name);
        if (resource.namespaced && has(resource.verbs, "list")) {
            json::object item;
            const Place all{m_root + "/" + resource.plural, resource.kind.kind + "ForAllNamespaces", resource.kind,
                            false, false};
            addOperation(item, "get", all, listCall(resource, list));
            put(all, std::move(item));
        }
        for (const auto& subresource : resource.subresources)
            writeSubresource(resource, subresource, collection, suffix, name);
    }

    static Call listCall(const Resource& resource, const std::string& list) {
        return Call{.id = "list",
                    .action = "list",
                    .description = "list or watch objects of kind " + resource.kind.kind,
                    .options = &metav1::ListOptions::kDescriptor,
                    .answer = list};
    }

    void writeCollection(const Resource& resource, const Place& place, const std::string& name,
                         const std::string& list) {
        const std::string& kind = resource.kind.kind;
        json::object item;
        if (has(resource.verbs, "list")) addOperation(item, "get", place, listCall(resource, list));
        if (has(resource.verbs, "create")) {
            addOperation(item, "post", place,
                         Call{.id = "create",
                              .action = "post",
                              .description = fmt::format("create {} {}", article(kind), kind),
                              .options = &metav1::CreateOptions::kDescriptor,
                              .body = name,
                              .answer = name,
                              .created = true,
                              .accepted = true});
        }
        if (has(resource.verbs, "deletecollection")) {
            Place many = place;
            many.idSuffix = (resource.namespaced ? "CollectionNamespaced" : "Collection") + kind;
            // The verb stands before the group: deleteAppsV1CollectionNamespacedDeployment.
            addOperation(item, "delete", many,
                         Call{.id = "delete",
                              .action = "deletecollection",
                              .description = "delete collection of " + kind,
                              .options = &metav1::ListOptions::kDescriptor,
                              .body = m_schemas.add(metav1::DeleteOptions::kDescriptor),
                              .answer = m_schemas.add(metav1::Status::kDescriptor)});
        }
        put(place, std::move(item));
    }

    Call patchCall(std::string description, const std::string& answerName) {
        return Call{.id = "patch",
                    .action = "patch",
                    .description = std::move(description),
                    .options = &metav1::PatchOptions::kDescriptor,
                    .body = m_schemas.addPatch(),
                    .answer = answerName,
                    .created = true,
                    .patch = true};
    }

    static Call replaceCall(std::string description, const std::string& name) {
        return Call{.id = "replace",
                    .action = "put",
                    .description = std::move(description),
                    .options = &metav1::UpdateOptions::kDescriptor,
                    .body = name,
                    .answer = name,
                    .created = true};
    }

    void writeItem(const Resource& resource, const Place& place, const std::string& name) {
        const std::string& kind = resource.kind.kind;
        json::object item;
        if (has(resource.verbs, "get")) {
            addOperation(
                item, "get", place,
                Call{.id = "read", .action = "get", .description = "read the specified " + kind, .answer = name});
        }
        if (has(resource.verbs, "update"))
            addOperation(item, "put", place, replaceCall("replace the specified " + kind, name));
        if (has(resource.verbs, "delete")) {
            addOperation(item, "delete", place,
                         Call{.id = "delete",
                              .action = "delete",
                              .description = fmt::format("delete {} {}", article(kind), kind),
                              .options = &metav1::DeleteOptions::kDescriptor,
                              .body = m_schemas.add(metav1::DeleteOptions::kDescriptor),
                              .answer = m_schemas.add(metav1::Status::kDescriptor),
                              .accepted = true});
        }
        if (has(resource.verbs, "patch")) {
            addOperation(item, "patch", place, patchCall("partially update the specified " + kind, name));
        }
        put(place, std::move(item));
    }

    void writeSubresource(const Resource& resource, const Subresource& sub, const std::string& collection,
                          const std::string& suffix, const std::string& resourceSchema) {
        const std::string& kind = resource.kind.kind;
        std::string name = sub.schema != nullptr ? m_schemas.add(*sub.schema) : std::string();
        if (sub.schema == nullptr && sub.kind.kind == kind) name = resourceSchema;
        const std::string answerName = sub.answer != nullptr ? m_schemas.add(*sub.answer) : name;
        const Place place{collection + "/{name}/" + sub.name, suffix + capitalised(sub.name), sub.kind, true,
                          resource.namespaced};
        json::object item;
        if (has(sub.verbs, "get")) {
            addOperation(item, "get", place,
                         Call{.id = "read",
                              .action = "get",
                              .description = fmt::format("read {} of the specified {}", sub.name, kind),
                              .answer = answerName});
        }
        if (has(sub.verbs, "update")) {
            addOperation(item, "put", place,
                         replaceCall(fmt::format("replace {} of the specified {}", sub.name, kind), name));
        }
        if (has(sub.verbs, "patch")) {
            addOperation(item, "patch", place,
                         patchCall(fmt::format("partially update {} of the specified {}", sub.name, kind), answerName));
        }
        if (has(sub.verbs, "create") && sub.schema != nullptr) {
            addOperation(item, "post", place,
                         Call{.id = "create",
                              .action = "post",
                              .description = fmt::format("create {} of {} {}", sub.name, article(kind), kind),
                              .options = &metav1::CreateOptions::kDescriptor,
                              .body = name,
                              .answer = answerName,
                              .created = true,
                              .accepted = true});
        }
        if (has(sub.verbs, "connect")) {
            for (const auto& [method, word] : {std::pair("get", "GET"), std::pair("post", "POST")}) {
                const std::string id = fmt::format("connect{}", capitalised(method));
                addOperation(item, method, place,
                             Call{.id = id,
                                  .action = "connect",
                                  .description = fmt::format("connect {} requests to {} of {}", word, sub.name, kind)});
            }
        }
        put(place, std::move(item));
    }

    const GroupVersionResources& m_resources;
    Dialect m_dialect;
    SchemaWriter& m_schemas;
    json::object& m_paths;
    std::string m_root;
    std::string m_tag;
    std::string m_word;
};

}  // namespace

void writePaths(const GroupVersionResources& resources, Dialect dialect, SchemaWriter& schemas, json::object& paths) {
    PathWriter(resources, dialect, schemas, paths).write();
}

}  // namespace qd::api::openapi
