#include "cluster/api/compare.h"

#include "cluster/api/values.h"

namespace qd::api {

namespace {

const std::byte* bytes(const void* at) {
    return static_cast<const std::byte*>(at);
}

template <typename T>
bool same(const void* a, const void* b) {
    return *static_cast<const T*>(a) == *static_cast<const T*>(b);
}

// The walk that both comparisons take; they differ in quantities alone.
template <bool kByText>
class Comparison {
public:
    static bool values(const Type& type, const void* a, const void* b) {
        switch (type.shape) {
            case Shape::Bool:
                return same<bool>(a, b);
            case Shape::Int32:
                return same<std::int32_t>(a, b);
            case Shape::Int64:
                return same<std::int64_t>(a, b);
            case Shape::Double:
                return same<double>(a, b);
            case Shape::String:
                return same<std::string>(a, b);
            case Shape::Bytes:
                return same<Bytes>(a, b);
            case Shape::Struct:
                return structs(*type.structure, a, b);
            case Shape::Pointer: {
                const void* left = type.pointer->get(a);
                const void* right = type.pointer->get(b);
                return left && right ? values(*type.element, left, right) : left == right;
            }
            case Shape::List:
                return lists(type, a, b);
            case Shape::Map:
                return maps(type, a, b);
            case Shape::Time:
                return same<Time>(a, b);
            case Shape::MicroTime:
                return same<MicroTime>(a, b);
            case Shape::Duration:
                return same<Duration>(a, b);
            case Shape::Quantity:
                return same<Quantity>(a, b) && (!kByText || text(a) == text(b));
            case Shape::IntOrString:
                return same<IntOrString>(a, b);
            case Shape::RawExtension:
            case Shape::FieldsV1:
            case Shape::Json:
                return same<JsonText>(a, b);
        }
        return false;
    }

    static bool structs(const Struct& structure, const void* a, const void* b) {
        for (const Field& field : structure.fields) {
            if (!values(field.type(), bytes(a) + field.offset, bytes(b) + field.offset)) return false;
        }
        return true;
    }

private:
    static std::string text(const void* quantity) { return static_cast<const Quantity*>(quantity)->toString(); }

    static bool lists(const Type& type, const void* a, const void* b) {
        const std::size_t size = type.list->size(a);
        if (size != type.list->size(b)) return false;
        const std::byte* left = bytes(type.list->data(a));
        const std::byte* right = bytes(type.list->data(b));
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t at = i * type.element->size;
            if (!values(*type.element, left + at, right + at)) return false;
        }
        return true;
    }

    static bool maps(const Type& type, const void* a, const void* b) {
        if (type.map->size(a) != type.map->size(b)) return false;
        struct Context {
            const Type& type;
            const void* other;
            bool equal = true;
        } context{type, b};
        type.map->visit(a, &context, [](void* opaque, const std::string& key, const void* value) {
            auto& c = *static_cast<Context*>(opaque);
            const void* other = c.type.map->find(c.other, key);
            return c.equal = other && values(*c.type.element, value, other);
        });
        return context.equal;
    }
};

}  // namespace

bool equal(const Type& type, const void* a, const void* b) {
    return Comparison<false>::values(type, a, b);
}

bool equal(const Struct& structure, const void* a, const void* b) {
    return Comparison<false>::structs(structure, a, b);
}

bool identical(const Type& type, const void* a, const void* b) {
    return Comparison<true>::values(type, a, b);
}

bool isZero(const Type& type, const void* value) {
    switch (type.shape) {
        case Shape::Bool:
            return !*static_cast<const bool*>(value);
        case Shape::Int32:
            return *static_cast<const std::int32_t*>(value) == 0;
        case Shape::Int64:
            return *static_cast<const std::int64_t*>(value) == 0;
        case Shape::Double:
            return *static_cast<const double*>(value) == 0;
        case Shape::String:
            return static_cast<const std::string*>(value)->empty();
        case Shape::Bytes:
            return static_cast<const Bytes*>(value)->empty();
        case Shape::Struct:
            for (const Field& field : type.structure->fields) {
                if (!isZero(field.type(), bytes(value) + field.offset)) return false;
            }
            return true;
        case Shape::Pointer:
            return !type.pointer->get(value);
        case Shape::List:
            return type.list->size(value) == 0;
        case Shape::Map:
            return type.map->size(value) == 0;
        case Shape::Time:
            return static_cast<const Time*>(value)->isZero();
        case Shape::MicroTime:
            return static_cast<const MicroTime*>(value)->isZero();
        case Shape::Duration:
            return static_cast<const Duration*>(value)->nanoseconds == 0;
        case Shape::Quantity:
            return static_cast<const Quantity*>(value)->isZero();
        case Shape::IntOrString:
            return *static_cast<const IntOrString*>(value) == IntOrString();
        case Shape::RawExtension:
        case Shape::FieldsV1:
        case Shape::Json:
            return static_cast<const JsonText*>(value)->empty();
    }
    return false;
}

}  // namespace qd::api
