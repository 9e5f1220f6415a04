#include "cluster/base/http/message.h"

#include <algorithm>

namespace qd::http {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

int hexDigit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool isUnreserved(char c) {
    const char l = lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
}

void appendEscaped(std::string& out, char c) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto value = static_cast<unsigned char>(c);
    out += {'%', kDigits[value >> 4], kDigits[value & 15]};
}

std::optional<std::string> decode(std::string_view raw, bool plusIsSpace) {
    std::string out;
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '%') {
            const int high = i + 2 < raw.size() ? hexDigit(raw[i + 1]) : -1;
            const int low = i + 2 < raw.size() ? hexDigit(raw[i + 2]) : -1;
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += plusIsSpace && raw[i] == '+' ? ' ' : raw[i];
        }
    }
    return out;
}

std::string encodeQueryPart(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (c == ' ') {
            out += '+';
        } else if (isUnreserved(c)) {
            out += c;
        } else {
            appendEscaped(out, c);
        }
    }
    return out;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// What Headers and Query share: both are lists of named texts.
template <typename List, typename Equal>
std::vector<std::string_view> valuesOf(const List& list, Equal equal) {
    std::vector<std::string_view> values;
    for (const auto& [name, value] : list) {
        if (equal(name)) values.emplace_back(value);
    }
    return values;
}

}  // namespace

std::size_t totalSize(const Buffers& buffers) {
    std::size_t size = 0;
    for (const Bytes& part : buffers) size += part->size();
    return size;
}

bool equalIgnoringCase(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

const std::string* Headers::find(std::string_view name) const {
    for (const Field& field : m_fields) {
        if (equalIgnoringCase(field.first, name)) return &field.second;
    }
    return nullptr;
}

std::string_view Headers::get(std::string_view name) const {
    const std::string* value = find(name);
    return value == nullptr ? std::string_view() : *value;
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
    return valuesOf(m_fields, [&](const std::string& other) { return equalIgnoringCase(other, name); });
}

bool Headers::hasToken(std::string_view name, std::string_view token) const {
    for (std::string_view rest : all(name)) {
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            if (equalIgnoringCase(trim(rest.substr(0, comma)), token)) return true;
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return false;
}

void Headers::set(std::string_view name, std::string value) {
    remove(name);
    m_fields.emplace_back(name, std::move(value));
}

void Headers::remove(std::string_view name) {
    std::erase_if(m_fields, [&](const Field& field) { return equalIgnoringCase(field.first, name); });
}

Query Query::parse(std::string_view raw) {
    Query query;
    while (!raw.empty()) {
        const std::size_t end = std::min(raw.find('&'), raw.size());
        const std::string_view pair = raw.substr(0, end);
        raw.remove_prefix(std::min(end + 1, raw.size()));
        if (pair.empty() || pair.contains(';')) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto name = decode(pair.substr(0, equals), true);
        auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
        if (name && value) query.add(std::move(*name), std::move(*value));
    }
    return query;
}

const std::string* Query::find(std::string_view name) const {
    for (const Parameter& parameter : m_parameters) {
        if (parameter.first == name) return &parameter.second;
    }
    return nullptr;
}

std::string_view Query::get(std::string_view name) const {
    const std::string* value = find(name);
    return value == nullptr ? std::string_view() : *value;
}

std::vector<std::string_view> Query::all(std::string_view name) const {
    return valuesOf(m_parameters, [&](const std::string& other) { return other == name; });
}

std::string Query::encoded() const {
    std::string out;
    for (const auto& [name, value] : m_parameters) {
        if (!out.empty()) out += '&';
        out += encodeQueryPart(name) + '=' + encodeQueryPart(value);
    }
    return out;
}

std::optional<std::string> decodePath(std::string_view raw) {
    return decode(raw, false);
}

std::string encodePathSegment(std::string_view segment) {
    std::string out;
    out.reserve(segment.size());
    for (const char c : segment) {
        if (isUnreserved(c) || std::string_view("$&+=:@").contains(c)) {
            out += c;
        } else {
            appendEscaped(out, c);
        }
    }
    return out;
}

}  // namespace qd::http
