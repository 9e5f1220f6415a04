#include "cluster/controllers/pods/template_hash.h"

#include <fmt/format.h>

namespace qd::controllers {
namespace {

// FNV-1a, 32 bits. Source: RFC 9923.
struct Fnv {
    std::uint32_t value = 2'166'136'261U;

    void add(std::string_view text) {
        for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16'777'619U;
    }
    void add(std::int64_t number) { add(fmt::format("{};", number)); }
    void addText(std::string_view text) {
        add(static_cast<std::int64_t>(text.size()));
        add(text);
    }
};

const std::byte* bytes(const void* at) { return static_cast<const std::byte*>(at); }

void addValue(Fnv& hash, const api::Type& type, const void* value);

// Only what is set counts, with its name: a field that a later version adds changes no hash until somebody sets it.
void addStruct(Fnv& hash, const api::Struct& structure, const void* value) {
    Fnv content = hash;
    content.add("{");
    bool isSet = false;
    for (const auto& field : structure.fields) {
        Fnv alone = content;
        alone.addText(field.name);
        const std::uint32_t before = alone.value;
        addValue(alone, field.type(), bytes(value) + field.offset);
        if (alone.value == before) continue;
        content = alone;
        isSet = true;
    }
    if (!isSet) return;
    content.add("}");
    hash = content;
}

void addList(Fnv& hash, const api::Type& type, const void* value) {
    const std::size_t count = type.list->size(value);
    if (count == 0) return;
    const std::byte* data = bytes(type.list->data(value));
    hash.add("[");
    for (std::size_t i = 0; i < count; ++i) {
        hash.add(static_cast<std::int64_t>(i));
        addValue(hash, *type.element, data + i * type.element->size);
    }
    hash.add("]");
}

void addMap(Fnv& hash, const api::Type& type, const void* value) {
    struct Context {
        Fnv& hash;
        const api::Type& type;
    } context{hash, type};
    type.map->visit(value, &context, [](void* opaque, const std::string& key, const void* entry) {
        auto& [into, of] = *static_cast<Context*>(opaque);
        into.addText(key);
        addValue(into, *of.element, entry);
        return true;
    });
}

template <typename T>
const T& as(const void* value) {
    return *static_cast<const T*>(value);
}

void addValue(Fnv& hash, const api::Type& type, const void* value) {
    switch (type.shape) {
        case api::Shape::Bool:
            if (as<bool>(value)) hash.add("t");
            return;
        case api::Shape::Int32:
            if (as<std::int32_t>(value) != 0) hash.add(as<std::int32_t>(value));
            return;
        case api::Shape::Int64:
            if (as<std::int64_t>(value) != 0) hash.add(as<std::int64_t>(value));
            return;
        case api::Shape::Double:
            if (as<double>(value) != 0) hash.add(fmt::format("{}", as<double>(value)));
            return;
        case api::Shape::String:
            if (!as<std::string>(value).empty()) hash.addText(as<std::string>(value));
            return;
        case api::Shape::Bytes:
            if (!as<api::Bytes>(value).empty()) hash.addText(as<api::Bytes>(value).data);
            return;
        case api::Shape::Struct:
            return addStruct(hash, *type.structure, value);
        case api::Shape::Pointer:
            if (const void* content = type.pointer->get(value)) {
                hash.add("*");
                addValue(hash, *type.element, content);
            }
            return;
        case api::Shape::List:
            return addList(hash, type, value);
        case api::Shape::Map:
            return addMap(hash, type, value);
        case api::Shape::Time:
            if (!as<api::Time>(value).isZero()) hash.add(as<api::Time>(value).unixSeconds());
            return;
        case api::Shape::MicroTime:
            if (!as<api::MicroTime>(value).isZero()) hash.add(as<api::MicroTime>(value).unixMicroseconds());
            return;
        case api::Shape::Duration:
            hash.add(as<api::Duration>(value).nanoseconds);
            return;
        case api::Shape::Quantity:
            hash.addText(as<api::Quantity>(value).toString());
            return;
        case api::Shape::IntOrString:
            hash.add(as<api::IntOrString>(value).isString ? "s" : "n");
            hash.addText(as<api::IntOrString>(value).toString());
            return;
        case api::Shape::RawExtension:
        case api::Shape::FieldsV1:
        case api::Shape::Json:
            hash.addText(as<api::JsonText>(value).raw);
            return;
    }
}

// Decimal digits spelled in letters that make no words. Source: k8s.io/apimachinery/pkg/util/rand SafeEncodeString.
std::string spelled(std::uint32_t value) {
    constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
    std::string text = fmt::format("{}", value);
    for (char& c : text) c = kAlphabet[static_cast<unsigned char>(c) % kAlphabet.size()];
    return text;
}

}  // namespace

std::string templateHash(const corev1::PodTemplateSpec& ofTemplate, std::optional<std::int32_t> collisions) {
    Fnv hash;
    addStruct(hash, corev1::PodTemplateSpec::kDescriptor, &ofTemplate);
    if (collisions) hash.add(*collisions);
    return spelled(hash.value);
}

std::string safeHash(std::string_view text) {
    Fnv hash;
    hash.add(text);
    return spelled(hash.value);
}

}  // namespace qd::controllers
