#include "cluster/api/codec/json_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cluster/api/codec/json_reader.h"
#include "cluster/api/codec/json_text.h"
#include "cluster/api/custom_object.h"
#include "cluster/api/registry.h"

namespace qd::api {

namespace json = boost::json;

namespace {

using Kind = JsonReader::Kind;

class TreeBuilder {
public:
    TreeBuilder(std::string_view text, std::vector<std::string>* duplicates, json::storage_ptr memory)
        : m_reader(text), m_duplicates(duplicates), m_memory(std::move(memory)) {}

    Result<json::value> build() {
        json::value tree = value();
        m_reader.finish();
        if (m_reader.failed()) return fail(Reason::BadRequest, m_reader.error());
        if (!m_error.empty()) return fail(Reason::BadRequest, m_error);
        return tree;
    }

private:
    json::value value() {
        switch (m_reader.peek()) {
            case Kind::Object:
                return object();
            case Kind::Array:
                return array();
            case Kind::String: {
                m_reader.readString(m_text);
                return json::string(m_text, m_memory);
            }
            case Kind::Number:
                return number(m_reader.readNumber());
            case Kind::True:
                m_reader.readLiteral();
                return true;
            case Kind::False:
                m_reader.readLiteral();
                return false;
            case Kind::Null:
                m_reader.readLiteral();
                return nullptr;
            case Kind::Nothing:
                break;
        }
        return nullptr;
    }

    json::value number(std::string_view text) {
        const char* const end = text.data() + text.size();
        std::int64_t whole = 0;
        if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc() && read.ptr == end)
            return whole;
        double real = 0;
        if (const auto read = std::from_chars(text.data(), end, real); read.ec != std::errc() || read.ptr != end) {
            if (m_error.empty())
                m_error = fmt::format("json: cannot unmarshal number {} into Go value of type float64", text);
        }
        return real;
    }

    json::value object() {
        json::object members(m_memory);
        std::string key;
        m_reader.enter();
        while (m_reader.nextKey(key)) {
            const std::size_t length = m_path.size();
            if (m_duplicates && members.contains(key)) tell(key);
            if (m_duplicates) m_path += (m_path.empty() ? "" : ".") + key;
            members.insert_or_assign(key, value());
            m_path.resize(length);
        }
        return members;
    }

    json::value array() {
        json::array elements(m_memory);
        m_reader.enter();
        while (m_reader.nextElement()) {
            const std::size_t length = m_path.size();
            if (m_duplicates) m_path += fmt::format("[{}]", elements.size());
            elements.push_back(value());
            m_path.resize(length);
        }
        return elements;
    }

    void tell(const std::string& key) {
        std::string error = fmt::format("duplicate field {}", goQuoted(m_path.empty() ? key : m_path + '.' + key));
        if (m_duplicates->size() < 100 && std::ranges::find(*m_duplicates, error) == m_duplicates->end()) {
            m_duplicates->push_back(std::move(error));
        }
    }

    JsonReader m_reader;
    std::vector<std::string>* m_duplicates;
    json::storage_ptr m_memory;
    std::string m_path;
    std::string m_text;
    std::string m_error;
};

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

}  // namespace

Result<json::value> parseJson(std::string_view text, std::vector<std::string>* duplicates, json::storage_ptr memory) {
    return TreeBuilder(text, duplicates, std::move(memory)).build();
}

void appendJson(std::string& out, const json::object& tree, MemberOrder order) {
    std::vector<const json::key_value_pair*> members;
    members.reserve(tree.size());
    for (const auto& member : tree) members.push_back(&member);
    if (order == MemberOrder::ByName)
        std::ranges::sort(members, {}, [](const auto* member) { return std::string_view(member->key()); });
    out += '{';
    bool first = true;
    for (const auto* member : members) {
        if (!std::exchange(first, false)) out += ',';
        appendJsonString(out, member->key());
        out += ':';
        appendJson(out, member->value(), order);
    }
    out += '}';
}

void appendJson(std::string& out, const json::value& tree, MemberOrder order) {
    switch (tree.kind()) {
        case json::kind::null:
            out += "null";
            return;
        case json::kind::bool_:
            out += tree.get_bool() ? "true" : "false";
            return;
        case json::kind::int64:
            return appendJsonInteger(out, tree.get_int64());
        case json::kind::uint64:
            out += std::to_string(tree.get_uint64());
            return;
        case json::kind::double_:
            return appendJsonDouble(out, tree.get_double());
        case json::kind::string:
            return appendJsonString(out, view(tree.get_string()));
        case json::kind::object:
            return appendJson(out, tree.get_object(), order);
        case json::kind::array: {
            out += '[';
            bool first = true;
            for (const json::value& element : tree.get_array()) {
                if (!std::exchange(first, false)) out += ',';
                appendJson(out, element, order);
            }
            out += ']';
        }
    }
}

std::string serializeJson(const json::value& tree, MemberOrder order) {
    std::string out;
    appendJson(out, tree, order);
    return out;
}

Result<void> fromTree(const json::value& tree, const Struct& structure, void* into,
                      std::vector<std::string>* strictErrors) {
    return decodeJson(serializeJson(tree), structure, into, strictErrors);
}

Result<std::unique_ptr<Object>> objectFromTree(const json::value& tree, std::vector<std::string>* strictErrors) {
    const json::object* members = tree.if_object();
    if (!members) return fail(Reason::BadRequest, "an object must be a JSON object");
    const auto text = [&](std::string_view key) -> std::string_view {
        const json::value* found = members->if_contains(key);
        return found && found->is_string() ? view(found->get_string()) : std::string_view();
    };
    if (auto object = makeObject(text("apiVersion"), text("kind"))) {
        if (auto decoded = fromTree(tree, object->descriptor(), object.get(), strictErrors); !decoded)
            return fail(decoded.error());
        return object;
    }
    auto custom = CustomObject::fromTree(*members);
    if (!custom) return fail(custom.error());
    return std::make_unique<CustomObject>(std::move(*custom));
}

}  // namespace qd::api
