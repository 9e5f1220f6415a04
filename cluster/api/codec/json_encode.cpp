#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_text.h"
#include "cluster/api/codec/omit_empty.h"
#include "cluster/api/compare.h"
#include "cluster/api/custom_object.h"
#include "cluster/api/values.h"

namespace qd::api {

namespace {

const std::byte* bytes(const void* at) {
    return static_cast<const std::byte*>(at);
}

template <typename T>
const T& as(const void* value) {
    return *static_cast<const T*>(value);
}

class Encoder {
public:
    Encoder(std::string& out, JsonOptions options) : m_out(out), m_options(options) {}

    void object(const Struct& structure, const void* value, bool withType) {
        m_out += '{';
        bool first = true;
        if (withType && structure.isObject) {
            typeMeta(structure.kind->apiVersion, structure.kind->kind);
            first = false;
        }
        members(structure, value, first);
        m_out += '}';
    }

    void typeMeta(std::string_view apiVersion, std::string_view kind) {
        m_out += "\"kind\":";
        appendJsonString(m_out, kind);
        m_out += ",\"apiVersion\":";
        appendJsonString(m_out, apiVersion);
    }

    void value(const Type& type, const void* value) {
        switch (type.shape) {
            case Shape::Bool:
                m_out += as<bool>(value) ? "true" : "false";
                return;
            case Shape::Int32:
                return appendJsonInteger(m_out, as<std::int32_t>(value));
            case Shape::Int64:
                return appendJsonInteger(m_out, as<std::int64_t>(value));
            case Shape::Double:
                return appendJsonDouble(m_out, as<double>(value));
            case Shape::String:
                return appendJsonString(m_out, as<std::string>(value));
            case Shape::Bytes:
                return as<Bytes>(value).empty() ? null() : appendJsonBase64(m_out, as<Bytes>(value).data);
            case Shape::Struct:
                return structValue(*type.structure, value);
            case Shape::Pointer: {
                const void* target = type.pointer->get(value);
                return target ? this->value(*type.element, target) : null();
            }
            case Shape::List:
                return list(type, value);
            case Shape::Map:
                return map(type, value);
            case Shape::Time:
                return time(as<Time>(value));
            case Shape::MicroTime:
                return time(as<MicroTime>(value));
            case Shape::Duration:
                return appendJsonString(m_out, as<Duration>(value).toString());
            case Shape::Quantity:
                m_out += '"';
                m_out += as<Quantity>(value).toString();
                m_out += '"';
                return;
            case Shape::IntOrString: {
                const auto& either = as<IntOrString>(value);
                return either.isString ? appendJsonString(m_out, either.text) : appendJsonInteger(m_out, either.number);
            }
            case Shape::RawExtension:
            case Shape::FieldsV1:
            case Shape::Json: {
                const auto& text = as<JsonText>(value);
                return text.empty() ? null() : appendJsonCompacted(m_out, text.raw);
            }
        }
    }

private:
    void null() { m_out += "null"; }

    template <typename T>
    void time(const T& time) {
        if (time.isZero()) return null();
        m_out += '"';
        m_out += time.toString();
        m_out += '"';
    }

    void members(const Struct& structure, const void* value, bool& first) {
        for (const Field& field : structure.fields) {
            const void* member = bytes(value) + field.offset;
            const Type& type = field.type();
            if (field.inlined) {
                members(*type.structure, member, first);
                continue;
            }
            if (field.omitEmpty && isEmpty(type, member)) continue;
            if (field.omitZero && isZero(type, member)) continue;
            if (!first) m_out += ',';
            first = false;
            m_out += '"';
            m_out += field.name;
            m_out += "\":";
            this->value(type, member);
        }
    }

    void structValue(const Struct& structure, const void* value) {
        if (structure.form == JsonForm::Object) return object(structure, value, m_options.nestedTypes);
        // The second of its two fields wins when it is there: the schema over `allows`, the array over the schema.
        const Field& first = structure.fields[0];
        const Field& second = structure.fields[1];
        const void* secondValue = bytes(value) + second.offset;
        const bool hasSecond = !isEmpty(second.type(), secondValue);
        hasSecond ? this->value(second.type(), secondValue) : this->value(first.type(), bytes(value) + first.offset);
    }

    void list(const Type& type, const void* value) {
        const std::size_t size = type.list->size(value);
        if (size == 0) return null();
        const std::byte* data = bytes(type.list->data(value));
        for (std::size_t i = 0; i < size; ++i) {
            m_out += i == 0 ? '[' : ',';
            this->value(*type.element, data + i * type.element->size);
        }
        m_out += ']';
    }

    void map(const Type& type, const void* value) {
        if (type.map->size(value) == 0) return null();
        struct Context {
            Encoder& encoder;
            const Type& element;
            char before;
        } context{*this, *type.element, '{'};
        type.map->visit(value, &context, [](void* opaque, const std::string& key, const void* item) {
            auto& c = *static_cast<Context*>(opaque);
            c.encoder.m_out += std::exchange(c.before, ',');
            appendJsonString(c.encoder.m_out, key);
            c.encoder.m_out += ':';
            const bool emptyBytes = c.element.shape == Shape::Bytes && as<Bytes>(item).empty();
            if (emptyBytes) {
                c.encoder.m_out += "\"\"";  // a key of a Secret whose value is empty
            } else {
                c.encoder.value(c.element, item);
            }
            return true;
        });
        m_out += '}';
    }

    std::string& m_out;
    JsonOptions m_options;
};

}  // namespace

bool isEmpty(const Type& type, const void* value) {
    switch (type.shape) {
        case Shape::Bool:
            return !as<bool>(value);
        case Shape::Int32:
            return as<std::int32_t>(value) == 0;
        case Shape::Int64:
            return as<std::int64_t>(value) == 0;
        case Shape::Double:
            return as<double>(value) == 0;
        case Shape::String:
            return as<std::string>(value).empty();
        case Shape::Bytes:
            return as<Bytes>(value).empty();
        case Shape::Pointer:
            return !type.pointer->get(value);
        case Shape::List:
            return type.list->size(value) == 0;
        case Shape::Map:
            return type.map->size(value) == 0;
        default:
            return false;
    }
}

std::string encodeJson(const Object& object, JsonOptions options) {
    if (const CustomObject* custom = object.asCustom()) return custom->toJson();
    return encodeJson(object.descriptor(), &object, options);
}

std::string encodeJson(const Struct& structure, const void* value, JsonOptions options) {
    std::string out;
    out.reserve(2048);
    Encoder(out, options).object(structure, value, true);
    return out;
}

void appendJson(std::string& out, const Type& type, const void* value, JsonOptions options) {
    Encoder(out, options).value(type, value);
}

}  // namespace qd::api
