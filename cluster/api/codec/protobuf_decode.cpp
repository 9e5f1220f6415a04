#include <fmt/format.h>

#include "cluster/api/codec/protobuf.h"
#include "cluster/api/codec/protobuf_wire.h"
#include "cluster/api/codec/type_meta.h"
#include "cluster/api/values.h"

namespace qd::api {

namespace {

std::byte* bytes(void* at) {
    return static_cast<std::byte*>(at);
}

template <typename T>
T& as(void* value) {
    return *static_cast<T*>(value);
}

constexpr std::string_view kMagic("k8s\0", 4);

class Decoder {
public:
    bool message(std::string_view text, const Struct& structure, void* into) {
        WireReader reader(text);
        WireReader::Value value;
        std::size_t hint = 0;
        while (reader.next(value)) {
            const Field* field = find(structure, value.number, hint);
            if (field && !member(*field, value, bytes(into) + field->offset)) return false;
        }
        return !reader.failed() || failed("unexpected EOF");
    }

    const std::string& error() const { return m_error; }

private:
    bool failed(std::string message) {
        if (m_error.empty()) m_error = std::move(message);
        return false;
    }

    // Fields mostly come in the order of the table.
    static const Field* find(const Struct& structure, std::uint32_t number, std::size_t& hint) {
        const std::size_t count = structure.fields.size();
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t at = hint + i < count ? hint + i : hint + i - count;
            if (structure.fields[at].number == number) {
                hint = at;
                return &structure.fields[at];
            }
        }
        return nullptr;
    }

    bool member(const Field& field, const WireReader::Value& wire, void* into) {
        const Type& type = field.type();
        if (type.shape == Shape::List) return list(field, wire, into);
        if (type.shape == Shape::Map) return mapEntry(field, wire, into);
        return value(field.name, type, wire, into);
    }

    bool wrongWireType(std::string_view name, const WireReader::Value& wire) {
        return failed(fmt::format("proto: wrong wireType = {} for field {}", static_cast<int>(wire.type), name));
    }

    bool value(std::string_view name, const Type& type, const WireReader::Value& wire, void* into) {
        switch (type.shape) {
            case Shape::Bool:
            case Shape::Int32:
            case Shape::Int64:
                if (wire.type != WireType::Varint) return wrongWireType(name, wire);
                integer(type, wire.integer, into);
                return true;
            case Shape::Double:
                if (wire.type != WireType::Fixed64) return wrongWireType(name, wire);
                as<double>(into) = std::bit_cast<double>(wire.integer);
                return true;
            case Shape::Pointer: {
                const void* have = type.pointer->get(into);
                return value(name, *type.element, wire, have ? const_cast<void*>(have) : type.pointer->emplace(into));
            }
            default:
                if (wire.type != WireType::Bytes) return wrongWireType(name, wire);
                return lengthDelimited(type, wire.bytes, into);
        }
    }

    static void integer(const Type& type, std::uint64_t value, void* into) {
        if (type.shape == Shape::Bool) {
            as<bool>(into) = value != 0;
        } else if (type.shape == Shape::Int32) {
            as<std::int32_t>(into) = static_cast<std::int32_t>(value);
        } else {
            as<std::int64_t>(into) = static_cast<std::int64_t>(value);
        }
    }

    bool lengthDelimited(const Type& type, std::string_view text, void* into) {
        switch (type.shape) {
            case Shape::String:
                as<std::string>(into) = text;
                return true;
            case Shape::Bytes:
                as<Bytes>(into).data = text;
                return true;
            case Shape::Struct:
                clearTypeMeta(*type.structure, into);
                return message(text, *type.structure, into);
            case Shape::List:
                return wrappedList(type, text, into);
            case Shape::Time:
            case Shape::MicroTime:
                return timestamp(type, text, into);
            default:
                return simpleMessage(type, text, into);
        }
    }

    bool timestamp(const Type& type, std::string_view text, void* into) {
        std::int64_t seconds = 0;
        std::int32_t nanoseconds = 0;
        WireReader reader(text);
        WireReader::Value wire;
        while (reader.next(wire)) {
            if (wire.number == 1) seconds = static_cast<std::int64_t>(wire.integer);
            if (wire.number == 2) nanoseconds = static_cast<std::int32_t>(wire.integer);
        }
        if (type.shape == Shape::Time) {
            as<Time>(into) = text.empty() ? Time() : Time::fromUnix(seconds);
        } else {
            as<MicroTime>(into) = text.empty() ? MicroTime() : MicroTime::fromUnix(seconds, nanoseconds);
        }
        return !reader.failed() || failed("unexpected EOF");
    }

    // Duration, Quantity, IntOrString and the JSON texts.
    bool simpleMessage(const Type& type, std::string_view text, void* into) {
        WireReader reader(text);
        WireReader::Value wire;
        while (reader.next(wire)) {
            switch (type.shape) {
                case Shape::Duration:
                    if (wire.number == 1) as<Duration>(into).nanoseconds = static_cast<std::int64_t>(wire.integer);
                    break;
                case Shape::Quantity: {
                    if (wire.number != 1) break;
                    auto parsed = Quantity::parse(wire.bytes);
                    if (!parsed) return failed(parsed.error().message);
                    as<Quantity>(into) = std::move(*parsed);
                    break;
                }
                case Shape::IntOrString: {
                    auto& either = as<IntOrString>(into);
                    if (wire.number == 1) either.isString = wire.integer != 0;
                    if (wire.number == 2) either.number = static_cast<std::int32_t>(wire.integer);
                    if (wire.number == 3) either.text = wire.bytes;
                    break;
                }
                default:
                    if (wire.number == 1) as<JsonText>(into).raw = wire.bytes;
            }
        }
        return !reader.failed() || failed("unexpected EOF");
    }

    static void* append(const Type& type, void* list) {
        const std::size_t size = type.list->size(list);
        type.list->resize(list, size + 1);
        return bytes(const_cast<void*>(type.list->data(list))) + size * type.element->size;
    }

    bool list(const Field& field, const WireReader::Value& wire, void* into) {
        const Type& type = field.type();
        if (type.message)
            return wire.type == WireType::Bytes ? wrappedList(type, wire.bytes, into) : wrongWireType(field.name, wire);
        // Numbers may also come packed.
        const Shape shape = type.element->shape;
        const bool varints = shape == Shape::Bool || shape == Shape::Int32 || shape == Shape::Int64;
        if (varints && wire.type == WireType::Bytes) {
            std::string_view rest = wire.bytes;
            while (!rest.empty()) {
                std::uint64_t value = 0;
                for (int shift = 0; !rest.empty() && shift < 64; shift += 7) {
                    const auto byte = static_cast<unsigned char>(rest.front());
                    rest.remove_prefix(1);
                    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
                    if (byte < 0x80) break;
                }
                integer(*type.element, value, append(type, into));
            }
            return true;
        }
        return value(field.name, *type.element, wire, append(type, into));
    }

    bool wrappedList(const Type& type, std::string_view text, void* into) {
        WireReader reader(text);
        WireReader::Value wire;
        while (reader.next(wire)) {
            if (wire.number == 1 && !value("items", *type.element, wire, append(type, into))) return false;
        }
        return !reader.failed() || failed("unexpected EOF");
    }

    bool mapEntry(const Field& field, const WireReader::Value& wire, void* into) {
        if (wire.type != WireType::Bytes) return wrongWireType(field.name, wire);
        const Type& type = field.type();
        std::string_view key;
        WireReader::Value item;
        bool hasItem = false;
        WireReader reader(wire.bytes);
        WireReader::Value part;
        while (reader.next(part)) {
            if (part.number == 1) key = part.bytes;
            if (part.number == 2) {
                item = part;
                hasItem = true;
            }
        }
        if (reader.failed()) return failed("unexpected EOF");
        void* slot = type.map->insert(into, key);
        if (!hasItem) return true;
        if (type.element->shape == Shape::List && !type.element->message) return failed("proto: a map of plain lists");
        return value(field.name, *type.element, item, slot);
    }

    std::string m_error;
};

}  // namespace

bool isProtobufEnvelope(std::string_view bytes) {
    return bytes.starts_with(kMagic);
}

Result<ProtobufEnvelope> openProtobuf(std::string_view bytes) {
    if (bytes.empty()) return fail(Reason::BadRequest, "empty data");
    if (!isProtobufEnvelope(bytes)) {
        return fail(Reason::BadRequest,
                    "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
    }
    if (bytes.size() == kMagic.size()) return fail(Reason::BadRequest, "empty body");
    ProtobufEnvelope envelope;
    WireReader reader(bytes.substr(kMagic.size()));
    WireReader::Value value;
    while (reader.next(value)) {
        if (value.type != WireType::Bytes) continue;
        if (value.number == 2) envelope.message = value.bytes;
        if (value.number != 1) continue;
        WireReader typeReader(value.bytes);
        WireReader::Value part;
        while (typeReader.next(part)) {
            if (part.number == 1) envelope.typeMeta.apiVersion = part.bytes;
            if (part.number == 2) envelope.typeMeta.kind = part.bytes;
        }
        if (typeReader.failed()) return fail(Reason::BadRequest, "unexpected EOF");
    }
    if (reader.failed()) return fail(Reason::BadRequest, "unexpected EOF");
    return envelope;
}

Result<void> decodeProtobufMessage(std::string_view message, const Struct& structure, void* into) {
    Decoder decoder;
    if (!decoder.message(message, structure, into)) return fail(Reason::BadRequest, decoder.error());
    return {};
}

}  // namespace qd::api
