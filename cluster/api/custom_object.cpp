#include "cluster/api/custom_object.h"

#include <boost/json/value.hpp>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/compare.h"
#include "cluster/api/type_of.h"

namespace qd::api {

namespace {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
constexpr Field kFields[] = {{.name = "metadata",
                              .goName = "ObjectMeta",
                              .number = 1,
                              .offset = __builtin_offsetof(CustomObject, metadata),
                              .valueType = &kTypeOf<metav1::ObjectMeta>,
                              .omitEmpty = true}};
#pragma GCC diagnostic pop

constinit const Struct kDescriptor = {
    .name = "CustomObject", .goPackage = "", .openApiName = "", .fields = kFields, .isObject = true};

std::string takeString(boost::json::object& tree, std::string_view key) {
    const auto found = tree.find(key);
    if (found == tree.end()) return {};
    const boost::json::string* text = found->value().if_string();
    std::string value = text ? std::string(text->data(), text->size()) : std::string();
    tree.erase(found);
    return value;
}

}  // namespace

CustomObject::CustomObject(std::string apiVersion, std::string kind)
    : m_apiVersion(std::move(apiVersion)), m_kind(std::move(kind)) {}
CustomObject::CustomObject(const CustomObject&) = default;
CustomObject& CustomObject::operator=(const CustomObject&) = default;
CustomObject::~CustomObject() = default;

const Struct& CustomObject::descriptor() const {
    return kDescriptor;
}

std::unique_ptr<Object> CustomObject::clone() const {
    return std::make_unique<CustomObject>(*this);
}

boost::json::object CustomObject::toTree() const {
    boost::json::object tree;
    tree.reserve(content.size() + 3);
    tree["apiVersion"] = m_apiVersion;
    tree["kind"] = m_kind;
    tree["metadata"] = api::toTree(metadata);
    for (const auto& member : content) tree.insert(member);
    return tree;
}

std::string CustomObject::toJson() const {
    std::string out;
    appendJson(out, toTree(), MemberOrder::ByName);
    return out;
}

Result<CustomObject> CustomObject::fromTree(boost::json::object tree) {
    std::string apiVersion = takeString(tree, "apiVersion");
    CustomObject object(std::move(apiVersion), takeString(tree, "kind"));
    if (const auto found = tree.find("metadata"); found != tree.end()) {
        if (auto decoded = api::fromTree(found->value(), metav1::ObjectMeta::kDescriptor, &object.metadata); !decoded) {
            return fail(decoded.error());
        }
        tree.erase(found);
    }
    object.content = std::move(tree);
    return object;
}

bool CustomObject::operator==(const CustomObject& other) const {
    return m_apiVersion == other.m_apiVersion && m_kind == other.m_kind && metadata == other.metadata &&
           content == other.content;
}

bool equal(const Object& a, const Object& b) {
    const CustomObject* left = a.asCustom();
    const CustomObject* right = b.asCustom();
    if (left || right) return left && right && *left == *right;
    return &a.descriptor() == &b.descriptor() && equal(a.descriptor(), &a, &b);
}

}  // namespace qd::api
