#include <vector>

#include "cluster/api/codec/protobuf.h"
#include "cluster/api/codec/protobuf_wire.h"
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

constexpr std::string_view kMagic("k8s\0", 4);

std::uint64_t signExtended(std::int64_t value) {
    return static_cast<std::uint64_t>(value);
}

class Encoder {
public:
    explicit Encoder(ReverseWriter& out, const void* asEmpty = nullptr) : m_out(out), m_asEmpty(asEmpty) {}

    // Fields in ascending order of number, hence written from the last to the first.
    void message(const Struct& structure, const void* value) {
        const auto fields = structure.fields;
        if (structure.byNumber.empty()) {
            for (std::size_t i = fields.size(); i-- > 0;) member(fields[i], value);
        } else {
            for (std::size_t i = structure.byNumber.size(); i-- > 0;) member(fields[structure.byNumber[i]], value);
        }
    }

private:
    void member(const Field& field, const void* value) {
        if (field.number != 0) this->value(field.number, field.type(), bytes(value) + field.offset);
    }

    void value(std::uint32_t number, const Type& type, const void* value) {
        switch (type.shape) {
            case Shape::Bool:
                return m_out.field(number, std::uint64_t(as<bool>(value)));
            case Shape::Int32:
                return m_out.field(number, signExtended(as<std::int32_t>(value)));
            case Shape::Int64:
                return m_out.field(number, signExtended(as<std::int64_t>(value)));
            case Shape::Double:
                m_out.fixed64(std::bit_cast<std::uint64_t>(as<double>(value)));
                return m_out.tag(number, WireType::Fixed64);
            case Shape::String:
                return m_out.field(number,
                                   value == m_asEmpty ? std::string_view() : std::string_view(as<std::string>(value)));
            case Shape::Bytes:
                if (!as<Bytes>(value).empty()) m_out.field(number, std::string_view(as<Bytes>(value).data));
                return;
            case Shape::Pointer:
                if (const void* target = type.pointer->get(value)) this->value(number, *type.element, target);
                return;
            case Shape::List:
                return list(number, type, value);
            case Shape::Map:
                return map(number, type, value);
            default: {
                const std::size_t before = m_out.size();
                content(type, value);
                m_out.lengthSince(number, before);
            }
        }
    }

    // The values that are messages.
    void content(const Type& type, const void* value) {
        switch (type.shape) {
            case Shape::Struct:
                return message(*type.structure, value);
            case Shape::Time:
                if (as<Time>(value).isZero()) return;
                return timestamp(as<Time>(value).unixSeconds(), 0);
            case Shape::MicroTime: {
                if (as<MicroTime>(value).isZero()) return;
                const auto time = as<MicroTime>(value).wall().time_since_epoch();
                const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
                return timestamp(seconds.count(), (time - seconds).count() * 1000);
            }
            case Shape::Duration:
                return m_out.field(1, signExtended(as<Duration>(value).nanoseconds));
            case Shape::Quantity:
                return m_out.field(1, std::string_view(as<Quantity>(value).toString()));
            case Shape::IntOrString: {
                const auto& either = as<IntOrString>(value);
                m_out.field(3, std::string_view(either.text));
                m_out.field(2, signExtended(either.number));
                return m_out.field(1, std::uint64_t(either.isString));
            }
            case Shape::RawExtension:
            case Shape::FieldsV1:
            case Shape::Json:
                if (!as<JsonText>(value).empty()) m_out.field(1, std::string_view(as<JsonText>(value).raw));
                return;
            default:
                return;
        }
    }

    void timestamp(std::int64_t seconds, std::int64_t nanoseconds) {
        m_out.field(2, signExtended(nanoseconds));
        m_out.field(1, signExtended(seconds));
    }

    void list(std::uint32_t number, const Type& type, const void* value) {
        const std::size_t size = type.list->size(value);
        const std::byte* data = bytes(type.list->data(value));
        const std::size_t before = m_out.size();
        for (std::size_t i = size; i-- > 0;) {
            this->value(type.message ? 1 : number, *type.element, data + i * type.element->size);
        }
        if (type.message && size > 0) m_out.lengthSince(number, before);
    }

    void map(std::uint32_t number, const Type& type, const void* value) {
        std::vector<std::pair<const std::string*, const void*>> entries;
        entries.reserve(type.map->size(value));
        type.map->visit(value, &entries, [](void* opaque, const std::string& key, const void* item) {
            static_cast<decltype(entries)*>(opaque)->emplace_back(&key, item);
            return true;
        });
        for (std::size_t i = entries.size(); i-- > 0;) {
            const std::size_t before = m_out.size();
            const auto [key, item] = entries[i];
            if (type.element->shape == Shape::Bytes) {
                m_out.field(2, std::string_view(as<Bytes>(item).data));
            } else {
                this->value(2, *type.element, item);
            }
            m_out.field(1, std::string_view(*key));
            m_out.lengthSince(number, before);
        }
    }

    ReverseWriter& m_out;
    const void* m_asEmpty;
};

void wrap(ReverseWriter& out, std::string_view apiVersion, std::string_view kind, std::size_t before) {
    // runtime.Unknown: 1 typeMeta, 2 raw, 3 contentEncoding, 4 contentType.
    out.lengthSince(2, before);
    const std::size_t beforeType = out.size();
    out.field(2, kind);
    out.field(1, apiVersion);
    out.lengthSince(1, beforeType);
    out.bytes(kMagic);
}

// What follows the message in the envelope: empty contentEncoding and contentType.
std::size_t beginEnvelope(ReverseWriter& out) {
    out.field(4, std::string_view());
    out.field(3, std::string_view());
    return out.size();
}

}  // namespace

namespace {

std::string encodeEnveloped(const Struct& structure, const void* value, const std::string* asEmpty) {
    ReverseWriter out;
    const std::size_t before = beginEnvelope(out);
    Encoder(out, asEmpty).message(structure, value);
    wrap(out, structure.kind->apiVersion, structure.kind->kind, before);
    return out.take();
}

}  // namespace

std::string encodeProtobuf(const Object& object, const std::string* asEmpty) {
    return encodeEnveloped(object.descriptor(), &object, asEmpty);
}

std::string encodeProtobuf(const Struct& structure, const void* value) {
    return encodeEnveloped(structure, value, nullptr);
}

std::string encodeProtobufMessage(const Struct& structure, const void* value) {
    ReverseWriter out;
    Encoder(out).message(structure, value);
    return out.take();
}

std::string wrapProtobuf(std::string_view apiVersion, std::string_view kind, std::string_view message) {
    ReverseWriter out;
    const std::size_t before = beginEnvelope(out);
    out.bytes(message);
    wrap(out, apiVersion, kind, before);
    return out.take();
}

}  // namespace qd::api
