#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>

#include "cluster/api/merge/json_value.h"
#include "cluster/api/merge/typed_value.h"

namespace qd::api::merge {
namespace {

std::string printed(const json::value& value) {
    std::string text = "&{";
    appendGoPrint(text, value);
    return text + '}';
}

class Validator {
public:
    void visit(const Schema& declared, const json::value& value, const std::string& path) {
        const Schema schema = settle(declared, &value);
        if (declared.nature == Nature::Any) {
            if (schema.nature == Nature::Map && value.is_object()) {
                for (const auto& member : value.get_object()) visit(Schema{}, member.value(), path);
            }
            return;
        }
        if (value.is_null()) return;
        switch (schema.nature) {
            case Nature::Scalar:
                visitScalar(*schema.type, value, path);
                break;
            case Nature::List:
                visitList(schema, value, path);
                break;
            default:
                visitMap(schema, value, path);
        }
    }

    std::string report() const {
        if (m_errors.size() == 1) return m_errors.front();
        std::string text;
        if (!m_errors.empty()) text = "errors:";
        for (const auto& error : m_errors) text += "\n  " + error;
        return text;
    }

private:
    void refuse(const std::string& path, const std::string& message) {
        m_errors.push_back(path.empty() ? message : path + ": " + message);
    }

    void visitScalar(const Type& type, const json::value& value, const std::string& path) {
        const bool number = value.is_number();
        switch (type.shape) {
            case Shape::Bool:
                if (!value.is_bool()) refuse(path, "expected boolean, got " + printed(value));
                break;
            case Shape::Int32:
            case Shape::Int64:
            case Shape::Double:
                if (!number) refuse(path, fmt::format("expected numeric (int or float), got {}", goTypeName(value)));
                break;
            case Shape::String:
            case Shape::Bytes:
            case Shape::Duration:
                if (!value.is_string()) {
                    std::string text;
                    appendGoPrint(text, value);
                    refuse(path, fmt::format("expected string, got &value.valueUnstructured{{Value:{}}}", text));
                }
                break;
            default:
                if (!number && !value.is_string() && !value.is_bool()) {
                    refuse(path, "expected any scalar, got " + printed(value));
                }
        }
    }

    void visitList(const Schema& schema, const json::value& value, const std::string& path) {
        if (!value.is_array()) {
            refuse(path, "expected list, got " + printed(value));
            return;
        }
        std::set<PathElement> seen;
        const Schema itemSchema = schema.item();
        for (std::size_t i = 0; i < value.get_array().size(); ++i) {
            const json::value& item = value.get_array()[i];
            PathElement element = PathElement::index(i);
            if (schema.associative) {
                auto found = itemElement(schema, item);
                if (!found) {
                    refuse(path, fmt::format("element {}: {}", i, found.error().message));
                    return;
                }
                element = std::move(*found);
                if (!seen.insert(element).second) refuse(path, "duplicate entries for key " + element.display());
            }
            visit(itemSchema, item, path + element.display());
        }
    }

    void visitMap(const Schema& schema, const json::value& value, const std::string& path) {
        if (!value.is_object()) {
            refuse(path, "expected map, got " + printed(value));
            return;
        }
        FieldFinder finder(schema.structure);
        const auto others = schema.others();
        for (const auto& member : value.get_object()) {
            const std::string_view name(member.key().data(), member.key().size());
            const Field* field = finder.find(name);
            const std::string below = path + '.' + std::string(name);
            // Every object says what it is, though its struct does not list it.
            const bool typeMeta = path.empty() && (name == "apiVersion" || name == "kind");
            if (field == nullptr && !others && !typeMeta) {
                refuse(below, "field not declared in schema");
                return;
            }
            visit(field != nullptr ? schemaOf(*field) : others.value_or(Schema{}), member.value(), below);
        }
    }

    std::vector<std::string> m_errors;
};

}  // namespace

std::string validate(const Schema& schema, const json::value& value) {
    Validator validator;
    validator.visit(schema, value, {});
    return validator.report();
}

}  // namespace qd::api::merge
