// Schemas of OpenAPI v2 and v3 from descriptors, in the form in which kube-apiserver publishes them: refs with siblings
// wrapped in allOf (v3), x-kubernetes-* extensions, defaults (v3 only), descriptions from the field comments.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/descriptor.h"
#include "cluster/api/openapi/resources.h"

namespace qd::api::openapi {

enum class Dialect : std::uint8_t { V2, V3 };

class SchemaWriter {
public:
    explicit SchemaWriter(Dialect dialect) : m_dialect(dialect) {}

    // Adds the struct and all it refers to; returns its name.
    std::string add(const Struct& structure);
    // Adds a resource's kind (a struct, or a custom one) and the kind of its lists; returns the names of both.
    struct Names {
        std::string kind;
        std::string list;
    };
    Names add(const Resource& resource);
    // Adds the schema of a patch's body.
    std::string addPatch();

    boost::json::object reference(std::string_view name) const;
    // All schemas, sorted by name.
    boost::json::object take();

private:
    boost::json::object structSchema(const Struct& structure);
    boost::json::object fieldSchema(const Field& field);
    boost::json::object typeSchema(const Type& type);
    // A type as list items and map values show it: with the zero default of values that are always there.
    boost::json::object elementSchema(const Type& type);
    std::string addSpecial(const Type& type);
    void addFields(const Struct& structure, boost::json::object& properties, std::vector<std::string>& required);
    std::string addCustom(const Resource& resource);
    std::string addList(const Resource& resource, const std::string& kindName);
    void addWithKind(const std::string& name, boost::json::object schema, const KindId& kind);
    boost::json::object wrapReference(std::string_view name, boost::json::object siblings) const;

    Dialect m_dialect;
    std::map<std::string, boost::json::object, std::less<>> m_schemas;
};

// "com.example.oracle.v1.Widget" for a custom kind.
std::string customName(const KindId& kind);

}  // namespace qd::api::openapi
