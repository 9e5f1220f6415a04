#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_reader.h"
#include "cluster/api/codec/json_text.h"
#include "cluster/api/codec/type_meta.h"
#include "cluster/api/values.h"

namespace qd::api {

namespace {

using Kind = JsonReader::Kind;

std::byte* bytes(void* at) {
    return static_cast<std::byte*>(at);
}

template <typename T>
T& as(void* value) {
    return *static_cast<T*>(value);
}

// Resets to Go's nil where the type has one.
void setNull(const Type& type, void* value) {
    switch (type.shape) {
        case Shape::Pointer:
            type.pointer->reset(value);
            break;
        case Shape::List:
            type.list->resize(value, 0);
            break;
        case Shape::Map:
            type.map->clear(value);
            break;
        case Shape::Bytes:
            as<Bytes>(value).data.clear();
            break;
        case Shape::Time:
            as<Time>(value) = {};
            break;
        case Shape::MicroTime:
            as<MicroTime>(value) = {};
            break;
        case Shape::Quantity:
            as<Quantity>(value) = {};
            break;
        case Shape::IntOrString:
            as<IntOrString>(value).isString = false;
            break;
        default:
            break;  // Go leaves other values as they are
    }
}

std::string_view kindWord(Kind kind) {
    switch (kind) {
        case Kind::Object:
            return "object";
        case Kind::Array:
            return "array";
        case Kind::String:
            return "string";
        case Kind::Number:
            return "number";
        default:
            return "bool";
    }
}

// The type as Go's messages name it, as far as the descriptor knows.
std::string goType(const Type& type) {
    switch (type.shape) {
        case Shape::Bool:
            return "bool";
        case Shape::Int32:
            return "int32";
        case Shape::Int64:
            return "int64";
        case Shape::Double:
            return "float64";
        case Shape::Bytes:
            return "[]uint8";
        case Shape::Struct: {
            const std::string_view package = type.structure->goPackage;
            return fmt::format("{}.{}", package.substr(package.rfind('/') + 1), type.structure->name);
        }
        case Shape::Pointer:
            return goType(*type.element);
        case Shape::List:
            return "[]" + goType(*type.element);
        case Shape::Map:
            return "map[string]" + goType(*type.element);
        default:
            return "string";
    }
}

// "VolumeSource." for a member that a struct has from one that it embeds: Go's paths name those too.
std::string embeddedIn(const Struct& structure, std::string_view name) {
    const Field* embedded = nullptr;
    for (const Field& field : structure.fields) {
        if (!field.inlined && field.name == name) return {};
        if (field.inlined && field.type().shape == Shape::Struct && field.type().structure->find(name))
            embedded = &field;
    }
    if (!embedded) return {};
    return fmt::format("{}.{}", embedded->goName, embeddedIn(*embedded->type().structure, name));
}

class Decoder {
public:
    Decoder(std::string_view json, std::vector<std::string>* strictErrors)
        : m_reader(json), m_strictErrors(strictErrors) {}

    Result<void> decode(const Struct& structure, void* into) {
        const Kind kind = m_reader.peek();
        if (kind == Kind::Object) {
            readStruct(structure, into);
        } else if (kind == Kind::Null) {
            m_reader.readLiteral();
        } else {
            mistype(kind, goType(Type{.shape = Shape::Struct, .structure = &structure}));
        }
        m_reader.finish();
        if (m_reader.failed()) return fail(Reason::BadRequest, m_reader.error());
        if (!m_fatal.empty()) return fail(Reason::BadRequest, m_fatal);
        if (!m_mistyped.empty()) return fail(Reason::BadRequest, m_mistyped);
        return {};
    }

private:
    // Where the reader is, for messages; entries are names or indices.
    struct Step {
        std::string_view key;  // of an object's member; empty for an index
        std::size_t index = 0;
        bool inField = true;  // counts in the path of a type error, which names fields only
        const Struct* structure = nullptr;  // that has the member, itself or from one that it embeds
    };
    class Descent {
    public:
        Descent(Decoder& decoder, Step step) : m_decoder(decoder) { m_decoder.m_path.push_back(step); }
        ~Descent() { m_decoder.m_path.pop_back(); }
        Descent(const Descent&) = delete;
        Descent& operator=(const Descent&) = delete;

    private:
        Decoder& m_decoder;
    };

    std::string pathTo(std::string_view last) const {
        std::string path;
        for (const Step& step : m_path) {
            if (step.key.data() == nullptr) {
                path += fmt::format("[{}]", step.index);
            } else {
                if (!path.empty()) path += '.';
                path += step.key;
            }
        }
        if (!path.empty()) path += '.';
        return path + std::string(last);
    }

    void tellStrict(std::string_view what, std::string_view key) {
        if (!m_strictErrors || m_lenient > 0 || m_strictErrors->size() >= 100) return;
        std::string error = fmt::format("{} field {}", what, goQuoted(pathTo(key)));
        if (std::ranges::find(*m_strictErrors, error) == m_strictErrors->end())
            m_strictErrors->push_back(std::move(error));
    }

    // The value does not fit the type: the first such error is kept and the value skipped.
    void mistype(Kind kind, const std::string& type) {
        const std::string_view text = m_reader.skipValue();
        mistype(kind == Kind::Number && (type.starts_with("int") || type.starts_with("float"))
                    ? fmt::format("number {}", text)
                    : std::string(kindWord(kind)),
                type);
    }
    void mistype(const std::string& value, const std::string& type) {
        if (!m_mistyped.empty()) return;
        std::string path;
        for (const Step& step : m_path) {
            if (!step.inField || step.key.data() == nullptr) continue;
            if (!path.empty()) path += '.';
            if (step.structure) path += embeddedIn(*step.structure, step.key);
            path += step.key;
        }
        m_mistyped = m_struct.empty() || path.empty()
                         ? fmt::format("json: cannot unmarshal {} into Go value of type {}", value, type)
                         : fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}", value,
                                       m_struct, path, type);
    }

    // An error of a value's own parser ends Go's decoding; only the syntax of the rest still counts.
    void failFatally(std::string message) {
        if (m_fatal.empty()) m_fatal = std::move(message);
    }

    void readValue(const Type& type, void* into) {
        const Kind kind = m_reader.peek();
        if (m_reader.failed()) return;
        if (!m_fatal.empty()) {
            m_reader.skipValue();
            return;
        }
        if (kind == Kind::Null && type.shape != Shape::Duration && !isUnion(type)) {
            m_reader.readLiteral();
            return setNull(type, into);
        }
        switch (type.shape) {
            case Shape::Bool:
                return readBool(kind, type, into);
            case Shape::Int32:
            case Shape::Int64:
            case Shape::Double:
                return readNumber(kind, type, into);
            case Shape::String:
                if (kind != Kind::String) return mistype(kind, goType(type));
                return m_reader.readString(as<std::string>(into));
            case Shape::Bytes:
                return readBytes(kind, type, into);
            case Shape::Struct:
                return readStructValue(kind, type, into);
            case Shape::Pointer: {
                const void* have = type.pointer->get(into);
                return readValue(*type.element, have ? const_cast<void*>(have) : type.pointer->emplace(into));
            }
            case Shape::List:
                return readList(kind, type, into);
            case Shape::Map:
                return readMap(kind, type, into);
            case Shape::Time:
                return readParsed<Time>(kind, into);
            case Shape::MicroTime:
                return readParsed<MicroTime>(kind, into);
            case Shape::Duration:
                return readParsed<Duration>(kind, into);
            case Shape::Quantity:
                return readQuantity(kind, into);
            case Shape::IntOrString:
                return readIntOrString(kind, into);
            case Shape::RawExtension:
            case Shape::FieldsV1:
            case Shape::Json:
                as<JsonText>(into).raw = m_reader.skipValue();
                return;
        }
    }

    static bool isUnion(const Type& type) {
        return type.shape == Shape::Struct && type.structure->form != JsonForm::Object;
    }

    void readBool(Kind kind, const Type& type, void* into) {
        if (kind != Kind::True && kind != Kind::False) return mistype(kind, goType(type));
        m_reader.readLiteral();
        as<bool>(into) = kind == Kind::True;
    }

    void readNumber(Kind kind, const Type& type, void* into) {
        if (kind != Kind::Number) return mistype(kind, goType(type));
        const std::string_view text = m_reader.readNumber();
        const auto parsed = [&](auto& value) {
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (error != std::errc() || end != text.data() + text.size())
                mistype(fmt::format("number {}", text), goType(type));
        };
        if (type.shape == Shape::Int32) return parsed(as<std::int32_t>(into));
        if (type.shape == Shape::Int64) return parsed(as<std::int64_t>(into));
        parsed(as<double>(into));
    }

    void readBytes(Kind kind, const Type& type, void* into) {
        if (kind != Kind::String) return mistype(kind, goType(type));
        m_reader.readString(m_text);
        std::size_t position = 0;
        if (!decodeBase64(m_text, as<Bytes>(into).data, position))
            failFatally(fmt::format("illegal base64 data at input byte {}", position));
    }

    // Values whose own parser reads a string.
    template <typename T>
    void readParsed(Kind kind, void* into) {
        if (kind == Kind::Null) {
            m_reader.readLiteral();
            m_text.clear();
        } else if (kind != Kind::String) {
            m_reader.skipValue();
            return failFatally(fmt::format("json: cannot unmarshal {} into Go value of type string", kindWord(kind)));
        } else {
            m_reader.readString(m_text);
        }
        if (m_reader.failed()) return;
        auto value = T::parse(m_text);
        if (!value) return failFatally(value.error().message);
        as<T>(into) = *value;
    }

    void readQuantity(Kind kind, void* into) {
        std::string_view text;
        if (kind == Kind::String) {
            m_reader.readString(m_text);
            text = m_text;
        } else {
            text = m_reader.skipValue();
        }
        if (m_reader.failed()) return;
        while (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != std::string_view::npos)
            text.remove_prefix(1);
        while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos)
            text.remove_suffix(1);
        auto value = Quantity::parse(text);
        if (!value) return failFatally(value.error().message);
        as<Quantity>(into) = std::move(*value);
    }

    void readIntOrString(Kind kind, void* into) {
        auto& either = as<IntOrString>(into);
        if (kind == Kind::String) {
            either.isString = true;
            return m_reader.readString(either.text);
        }
        either.isString = false;
        const std::string_view text = m_reader.skipValue();
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), either.number);
        if (kind != Kind::Number) {
            failFatally(fmt::format("json: cannot unmarshal {} into Go value of type int32", kindWord(kind)));
        } else if (error != std::errc() || end != text.data() + text.size()) {
            failFatally(fmt::format("json: cannot unmarshal number {} into Go value of type int32", text));
        }
    }

    void readStructValue(Kind kind, const Type& type, void* into) {
        if (type.structure->form != JsonForm::Object) return readUnion(kind, *type.structure, into);
        if (kind != Kind::Object) return mistype(kind, goType(type));
        clearTypeMeta(*type.structure, into);
        readStruct(*type.structure, into);
    }

    // Schemas inside of these are read by Go's standard decoder, which knows no strictness.
    void readUnion(Kind kind, const Struct& structure, void* into) {
        const Field& first = structure.fields[0];
        const Field& second = structure.fields[1];
        setNull(first.type(), bytes(into) + first.offset);
        setNull(second.type(), bytes(into) + second.offset);
        ++m_lenient;
        if (structure.form == JsonForm::SchemaOrBool) {
            auto& allows = as<bool>(bytes(into) + first.offset);
            if (kind == Kind::Object) {
                readValue(second.type(), bytes(into) + second.offset);
            } else {
                m_reader.skipValue();
                if (kind != Kind::True && kind != Kind::False) failFatally("boolean or JSON schema expected");
            }
            allows = kind == Kind::Object || kind == Kind::True;
        } else if (kind == Kind::Object) {
            readValue(first.type(), bytes(into) + first.offset);
        } else if (kind == Kind::Array) {
            readValue(second.type(), bytes(into) + second.offset);
        } else {
            m_reader.skipValue();
        }
        --m_lenient;
    }

    void readStruct(const Struct& structure, void* into) {
        const std::string outerStruct = std::exchange(m_struct, std::string(structure.name));
        std::vector<const Field*> seen;
        bool sawApiVersion = false, sawKind = false;
        std::string key;
        m_reader.enter();
        while (m_reader.nextKey(key)) {
            std::size_t offset = 0;
            const Field* field = structure.find(key, &offset);
            if (!field && structure.isObject && (key == "apiVersion" || key == "kind")) {
                readTypeMember(key, key == "kind" ? sawKind : sawApiVersion);
            } else if (!field) {
                tellStrict("unknown", key);
                m_reader.skipValue();
            } else {
                if (m_strictErrors) {
                    if (std::ranges::find(seen, field) != seen.end()) tellStrict("duplicate", key);
                    seen.push_back(field);
                }
                const Descent descent(*this, {.key = field->name, .structure = &structure});
                readValue(field->type(), bytes(into) + offset);
            }
        }
        m_struct = outerStruct;
    }

    // An object's own kind is known already; only its type is checked.
    void readTypeMember(std::string_view key, bool& seen) {
        if (std::exchange(seen, true)) tellStrict("duplicate", key);
        const Descent descent(*this, {.key = key});
        const Kind kind = m_reader.peek();
        if (kind == Kind::String || kind == Kind::Null) {
            m_reader.skipValue();
        } else {
            mistype(kind, "string");
        }
    }

    void readList(Kind kind, const Type& type, void* into) {
        if (kind != Kind::Array) return mistype(kind, goType(type));
        type.list->resize(into, 0);
        m_reader.enter();
        for (std::size_t i = 0; m_reader.nextElement(); ++i) {
            type.list->resize(into, i + 1);
            const Descent descent(*this, {.key = {}, .index = i});
            readValue(*type.element, bytes(const_cast<void*>(type.list->data(into))) + i * type.element->size);
        }
    }

    void readMap(Kind kind, const Type& type, void* into) {
        if (kind != Kind::Object) return mistype(kind, goType(type));
        std::set<std::string, std::less<>> seen;
        std::string key;
        m_reader.enter();
        while (m_reader.nextKey(key)) {
            if (m_strictErrors && !seen.insert(key).second) tellStrict("duplicate", key);
            void* item = type.map->insert(into, key);
            const Descent descent(*this, {.key = key, .inField = false});
            readValue(*type.element, item);
        }
    }

    JsonReader m_reader;
    std::vector<std::string>* m_strictErrors;
    std::vector<Step> m_path;
    std::string m_struct;    // the innermost struct, for type errors
    std::string m_mistyped;  // the first type error
    std::string m_fatal;
    std::string m_text;
    int m_lenient = 0;
};

}  // namespace

Result<void> decodeJson(std::string_view json, const Struct& structure, void* into,
                        std::vector<std::string>* strictErrors) {
    return Decoder(json, strictErrors).decode(structure, into);
}

Result<TypeMeta> typeMetaOfJson(std::string_view json) {
    constexpr std::string_view context = "couldn't get version/kind; json parse error: ";
    JsonReader reader(json);
    TypeMeta typeMeta;
    std::string mistyped;
    const auto begins = reader.peek();
    if (begins == Kind::Object) {
        std::string key;
        reader.enter();
        while (reader.nextKey(key)) {
            std::string* into = key == "kind" ? &typeMeta.kind : key == "apiVersion" ? &typeMeta.apiVersion : nullptr;
            const Kind kind = reader.peek();
            if (into && kind == Kind::String) {
                reader.readString(*into);
                continue;
            }
            reader.skipValue();
            if (into && kind != Kind::Null && mistyped.empty()) {
                mistyped = fmt::format("json: cannot unmarshal {} into Go struct field .{} of type string",
                                       kindWord(kind), key);
            }
        }
    } else {
        reader.skipValue();
        if (begins != Kind::Null) {
            mistyped = fmt::format(
                "json: cannot unmarshal {} into Go value of type struct {{ APIVersion string "
                "\"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
                kindWord(begins));
        }
    }
    reader.finish();
    if (reader.failed()) return fail(Reason::BadRequest, std::string(context) + reader.error());
    if (!mistyped.empty()) return fail(Reason::BadRequest, std::string(context) + mistyped);
    return typeMeta;
}

}  // namespace qd::api
