#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <cctype>
#include <charconv>

#include "cluster/api/merge/field_set.h"
#include "cluster/api/merge/json_value.h"

namespace qd::api::merge {
namespace {

bool startsNumber(std::string_view text, std::size_t at) {
    return at < text.size() && (text[at] == '-' || std::isdigit(static_cast<unsigned char>(text[at])) != 0);
}

// The place of a value in the order number, string, boolean.
int valueRank(std::string_view text, std::size_t at) {
    if (startsNumber(text, at)) return 0;
    return at < text.size() && text[at] == '"' ? 1 : 2;
}

double numberAt(std::string_view text, std::size_t at) {
    double number = 0;
    std::from_chars(text.data() + at, text.data() + text.size(), number);
    return number;
}

// Orders canonical JSON of keys or values: texts, except that numbers compare by value.
std::strong_ordering compareJsonTexts(std::string_view a, std::string_view b) {
    std::size_t i = 0;
    std::size_t value = 0;  // where the value that is being compared begins
    bool quoted = false;
    while (i < a.size() && i < b.size() && a[i] == b[i]) {
        if (a[i] == '"' && (i == 0 || a[i - 1] != '\\')) quoted = !quoted;
        if (!quoted && (a[i] == ':' || a[i] == ',' || a[i] == '{')) value = i + 1;
        ++i;
    }
    const bool atEnd = i >= a.size() && i >= b.size();
    if (atEnd) return std::strong_ordering::equal;
    if (!quoted || i == value) {
        const int left = valueRank(a, value);
        const int right = valueRank(b, value);
        if (left != right) return left <=> right;
        if (left == 0) {
            const double x = numberAt(a, value);
            const double y = numberAt(b, value);
            if (x != y) return x < y ? std::strong_ordering::less : std::strong_ordering::greater;
        }
    }
    // A string that ends before the other one is the smaller, whatever its quote compares to.
    if (quoted && i < a.size() && i < b.size()) {
        if (a[i] == '"') return std::strong_ordering::less;
        if (b[i] == '"') return std::strong_ordering::greater;
    }
    return a.substr(i).compare(b.substr(i)) <=> 0;
}

// Whether the text is what we would write ourselves: no spaces or escapes outside and inside of strings, one level,
// sorted.
bool isCanonicalKey(std::string_view text) {
    if (text.size() < 2 || text.front() != '{' || text.back() != '}') return false;
    std::string_view last;
    std::size_t at = 1;
    while (at < text.size() - 1) {
        if (text[at] != '"') return false;
        const std::size_t end = text.find('"', at + 1);
        if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != ':') return false;
        const std::string_view name = text.substr(at + 1, end - at - 1);
        if (!last.empty() && name <= last) return false;
        last = name;
        at = end + 2;
        if (text[at] == '"') {
            at = text.find('"', at + 1);
            if (at == std::string_view::npos) return false;
            ++at;
        } else {
            while (at < text.size() - 1 && (std::isalnum(static_cast<unsigned char>(text[at])) != 0)) ++at;
        }
        if (at == text.size() - 1) break;
        if (text[at] != ',') return false;
        ++at;
    }
    return text.find_first_of("\\<>& \t\n\r") == std::string_view::npos;
}

bool isCanonicalValue(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
        return text.substr(1, text.size() - 2).find_first_of("\"\\<>&") == std::string_view::npos;
    }
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
}

Result<json::value> parseJson(std::string_view text) {
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    if (error)
        return fail(Reason::BadRequest, fmt::format("parsing key as path element: {}: {}", text, error.message()));
    return value;
}

void appendDisplayed(std::string& out, const json::value& value) {
    if (value.is_array()) {
        out += '[';
        for (std::size_t i = 0; i < value.get_array().size(); ++i) {
            if (i != 0) out += ',';
            appendDisplayed(out, value.get_array()[i]);
        }
        out += ']';
    } else {
        appendGoJson(out, value);
    }
}

std::string displayedKey(std::string_view text) {
    std::string out = "[";
    if (const auto parsed = parseJson(text); parsed && parsed->is_object()) {
        for (const auto& member : parsed->get_object()) {
            if (out.size() > 1) out += ',';
            out += std::string_view(member.key().data(), member.key().size());
            out += '=';
            appendDisplayed(out, member.value());
        }
    }
    return out + ']';
}

}  // namespace

PathElement PathElement::field(std::string_view name) {
    return {Kind::Field, std::string(name)};
}

PathElement PathElement::key(std::vector<KeyField> fields) {
    std::ranges::sort(fields, {}, &KeyField::first);
    std::string text = "{";
    for (const auto& [name, value] : fields) {
        if (text.size() > 1) text += ',';
        appendGoJson(text, json::value(name));
        text += ':';
        appendGoJson(text, *value);
    }
    text += '}';
    return {Kind::Key, std::move(text)};
}

PathElement PathElement::value(const json::value& item) {
    std::string text;
    appendGoJson(text, item);
    return {Kind::Value, std::move(text)};
}

PathElement PathElement::index(std::size_t index) {
    return {Kind::Index, fmt::format_int(index).str()};
}

Result<PathElement> PathElement::parse(std::string_view text) {
    if (text.size() < 2) return fail(Reason::BadRequest, "key must be 2 characters long:");
    if (text[1] != ':') return fail(Reason::BadRequest, fmt::format("missing colon: {}", text));
    const std::string_view rest = text.substr(2);
    switch (text[0]) {
        case 'f':
            return PathElement(Kind::Field, std::string(rest));
        case 'k': {
            if (isCanonicalKey(rest)) return PathElement(Kind::Key, std::string(rest));
            auto parsed = parseJson(rest);
            if (!parsed) return fail(parsed.error());
            if (!parsed->is_object()) return fail(Reason::BadRequest, fmt::format("not a key: {}", text));
            std::vector<KeyField> fields;
            for (const auto& member : parsed->get_object()) {
                fields.emplace_back(std::string_view(member.key().data(), member.key().size()), &member.value());
            }
            return key(std::move(fields));
        }
        case 'v': {
            if (isCanonicalValue(rest)) return PathElement(Kind::Value, std::string(rest));
            auto parsed = parseJson(rest);
            if (!parsed) return fail(parsed.error());
            return value(*parsed);
        }
        case 'i': {
            std::size_t number = 0;
            const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
            if (error != std::errc{} || end != rest.data() + rest.size()) {
                return fail(Reason::BadRequest, fmt::format("not an index: {}", text));
            }
            return index(number);
        }
        default:
            return fail(Reason::NotFound, "unknown path element type");
    }
}

std::string PathElement::encoded() const {
    static constexpr std::string_view kPrefixes = "fkvi";
    std::string text;
    text.reserve(m_text.size() + 2);
    text += kPrefixes[static_cast<std::size_t>(m_kind)];
    text += ':';
    text += m_text;
    return text;
}

std::string PathElement::display() const {
    switch (m_kind) {
        case Kind::Field:
            return "." + m_text;
        case Kind::Key:
            return displayedKey(m_text);
        case Kind::Value:
            return "[=" + m_text + "]";
        case Kind::Index:
            break;
    }
    return "[" + m_text + "]";
}

std::vector<std::string> PathElement::keyNames() const {
    std::vector<std::string> names;
    if (m_kind != Kind::Key) return names;
    if (const auto parsed = parseJson(m_text); parsed && parsed->is_object()) {
        for (const auto& member : parsed->get_object()) names.emplace_back(member.key());
    }
    return names;
}

std::strong_ordering PathElement::operator<=>(const PathElement& other) const {
    if (m_kind != other.m_kind) return m_kind <=> other.m_kind;
    if (m_kind == Kind::Field) return m_text.compare(other.m_text) <=> 0;
    return compareJsonTexts(m_text, other.m_text);
}

std::string displayPath(std::span<const PathElement> path) {
    std::string text;
    for (const auto& element : path) text += element.display();
    return text;
}

}  // namespace qd::api::merge
