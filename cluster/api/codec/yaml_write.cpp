#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/codec/json_text.h"
#include "cluster/api/codec/utf8.h"
#include "cluster/api/codec/yaml.h"
#include "cluster/api/codec/yaml_scalars.h"

namespace qd::api {

namespace {

namespace json = boost::json;

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

// 2006-01-02, perhaps with a time: other readers would take it for a date.
bool looksLikeTimestamp(std::string_view text) {
    if (text.size() < 8 || !std::all_of(text.begin(), text.begin() + 4, isDigit) || text[4] != '-') return false;
    return text.find('-', 5) != std::string_view::npos &&
           text.find_first_not_of("0123456789-:.TtZz+ ") == std::string_view::npos;
}

bool hasControl(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const Utf8Character character = firstCharacter(text.substr(i));
        const auto c = character.value;
        if (!character.valid || (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
            c == 0x2029 || c == 0xfeff) {
            return true;
        }
        i += character.size;
    }
    return false;
}

bool canBePlain(std::string_view text) {
    if (text.front() == ' ' || text.back() == ' ' || text.find_first_of("\t\n") != std::string_view::npos) return false;
    if (std::string_view("#,[]{}&*!|>'\"%@`").find(text.front()) != std::string_view::npos) return false;
    if (std::string_view("-?:").find(text.front()) != std::string_view::npos && (text.size() == 1 || text[1] == ' '))
        return false;
    if (text.starts_with("---") || text.starts_with("...")) return false;
    return text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos && text.back() != ':';
}

class Writer {
public:
    std::string out;

    void node(const json::value& tree, std::size_t indent) {
        if (const auto* object = tree.if_object(); object && !object->empty()) {
            mapping(*object, indent);
        } else if (const auto* array = tree.if_array(); array && !array->empty()) {
            sequence(*array, indent);
        } else {
            scalar(tree, indent);
            out += '\n';
        }
    }

private:
    static bool isBlock(const json::value& tree) {
        return (tree.is_object() && !tree.get_object().empty()) || (tree.is_array() && !tree.get_array().empty());
    }

    void mapping(const json::object& object, std::size_t indent) {
        std::vector<const json::key_value_pair*> members;
        for (const auto& member : object) members.push_back(&member);
        std::ranges::sort(members, {}, [](const auto* member) { return std::string_view(member->key()); });
        bool first = true;
        for (const auto* member : members) {
            // The first member of a list's element stands behind its dash.
            if (!std::exchange(first, false) || m_atLineStart) out.append(indent, ' ');
            m_atLineStart = true;
            text(member->key(), indent);
            out += ':';
            const json::value& value = member->value();
            if (isBlock(value)) {
                out += '\n';
                node(value, value.is_array() ? indent : indent + 2);
            } else {
                out += ' ';
                scalar(value, indent + 2);
                out += '\n';
            }
        }
    }

    void sequence(const json::array& array, std::size_t indent) {
        bool first = true;
        for (const json::value& element : array) {
            if (!std::exchange(first, false) || m_atLineStart) out.append(indent, ' ');
            out += "- ";
            m_atLineStart = !isBlock(element);
            node(element, indent + 2);
            m_atLineStart = true;
        }
    }

    void scalar(const json::value& value, std::size_t indent) {
        switch (value.kind()) {
            case json::kind::null:
                out += "null";
                return;
            case json::kind::bool_:
                out += value.get_bool() ? "true" : "false";
                return;
            case json::kind::int64:
                return appendJsonInteger(out, value.get_int64());
            case json::kind::uint64:
                out += std::to_string(value.get_uint64());
                return;
            case json::kind::double_:
                return appendJsonDouble(out, value.get_double());
            case json::kind::object:
                out += "{}";
                return;
            case json::kind::array:
                out += "[]";
                return;
            case json::kind::string:
                return text({value.get_string().data(), value.get_string().size()}, indent);
        }
    }

    void text(std::string_view text, std::size_t indent) {
        if (hasControl(text)) return doubleQuoted(text);
        if (text.find('\n') != std::string_view::npos) return literal(text, indent);
        if (text.empty() || !resolveScalar(text).is_string() || looksLikeTimestamp(text)) {
            out += '"';
            out += text;
            out += '"';
        } else if (canBePlain(text)) {
            out += text;
        } else {
            out += '\'';
            for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
            out += '\'';
        }
    }

    void literal(std::string_view text, std::size_t indent) {
        // Leading space needs an indentation indicator; trailing space would be lost to the eye but is kept.
        out += '|';
        if (text.front() == ' ' || text.front() == '\n') out += '2';
        if (!text.ends_with('\n')) {
            out += '-';
        } else if (text.ends_with("\n\n") || text == "\n") {
            out += '+';
        }
        std::string_view rest = text;
        if (rest.ends_with('\n')) rest.remove_suffix(1);
        while (true) {
            const std::size_t end = rest.find('\n');
            const std::string_view line = rest.substr(0, end);
            out += '\n';
            if (!line.empty()) {
                out.append(indent, ' ');
                out += line;
            }
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 1);
        }
    }

    void doubleQuoted(std::string_view text) {
        out += '"';
        for (std::size_t i = 0; i < text.size();) {
            const Utf8Character character = firstCharacter(text.substr(i));
            const auto c = character.value;
            if (c == '"' || c == '\\') {
                out += '\\';
                out += static_cast<char>(c);
            } else if (c == '\n') {
                out += "\\n";
            } else if (c == '\t') {
                out += "\\t";
            } else if (c == '\r') {
                out += "\\r";
            } else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
                out += fmt::format("\\x{:02x}", c);
            } else if (c == 0x2028 || c == 0x2029 || c == 0xfeff || !character.valid) {
                out += fmt::format("\\u{:04x}", c);
            } else {
                out.append(text, i, character.size);
            }
            i += character.size;
        }
        out += '"';
    }

    bool m_atLineStart = true;
};

}  // namespace

std::string toYaml(const json::value& tree) {
    Writer writer;
    writer.node(tree, 0);
    return std::move(writer.out);
}

}  // namespace qd::api
