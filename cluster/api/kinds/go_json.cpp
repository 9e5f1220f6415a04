#include "cluster/api/kinds/go_json.h"

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_text.h"

namespace qd::api {
namespace {

void appendMembers(std::string& out, const Struct& structure, const void* value, bool& first) {
    for (const Field& member : structure.fields) {
        const void* at = static_cast<const char*>(value) + member.offset;
        if (member.inlined && member.type().shape == Shape::Struct) {
            appendMembers(out, *member.type().structure, at, first);
            continue;
        }
        if (!first) out += ',';
        first = false;
        appendJsonString(out, member.goName);
        out += ':';
        appendGoJson(out, member.type(), at);
    }
}

bool hasJsonNames(const Struct& structure) { return structure.goPackage.starts_with("k8s.io/apimachinery"); }

}  // namespace

std::string goJson(const Struct& structure, const void* value) {
    if (hasJsonNames(structure)) return encodeJson(structure, value);
    std::string out = "{";
    bool first = true;
    appendMembers(out, structure, value, first);
    return out + "}";
}

void appendGoJson(std::string& out, const Type& type, const void* value) {
    switch (type.shape) {
        case Shape::Struct: out += goJson(*type.structure, value); return;
        case Shape::Pointer: {
            const void* target = type.pointer->get(value);
            if (!target) {
                out += "null";
            } else {
                appendGoJson(out, *type.element, target);
            }
            return;
        }
        case Shape::List: {
            const std::size_t count = type.list->size(value);
            if (count == 0) {
                out += "null";
                return;
            }
            const char* element = static_cast<const char*>(type.list->data(value));
            for (std::size_t i = 0; i < count; ++i, element += type.element->size) {
                out += i == 0 ? '[' : ',';
                appendGoJson(out, *type.element, element);
            }
            out += ']';
            return;
        }
        case Shape::Map: {
            if (type.map->size(value) == 0) {
                out += "null";
                return;
            }
            struct Context {
                std::string& out;
                const Type& element;
                bool first;
            } context{out, *type.element, true};
            type.map->visit(value, &context, [](void* raw, const std::string& key, const void* element) {
                auto& at = *static_cast<Context*>(raw);
                at.out += at.first ? '{' : ',';
                at.first = false;
                appendJsonString(at.out, key);
                at.out += ':';
                appendGoJson(at.out, at.element, element);
                return true;
            });
            out += '}';
            return;
        }
        default: appendJson(out, type, value);
    }
}

field::Shown shownStrings(const std::vector<std::string>& values) {
    if (values.empty()) return field::Shown::null();
    std::string out = "[";
    for (const auto& value : values) {
        if (out.size() > 1) out += ',';
        appendJsonString(out, value);
    }
    return field::Shown::raw(out + "]");
}

}  // namespace qd::api
