#include "cluster/api/codec/json_reader.h"

#include <fmt/format.h>

#include <utility>

#include "cluster/api/codec/utf8.h"

namespace qd::api {

namespace {

constexpr int kMaxDepth = 10'000;

bool isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

// A byte in single quotes as strconv.Quote would spell it.
std::string quoteByte(char c) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
        case '\'':
            return R"('\'')";
        case '\\':
            return R"('\\')";
        case '\a':
            return R"('\a')";
        case '\b':
            return R"('\b')";
        case '\f':
            return R"('\f')";
        case '\n':
            return R"('\n')";
        case '\r':
            return R"('\r')";
        case '\t':
            return R"('\t')";
        case '\v':
            return R"('\v')";
        default:
            break;
    }
    if (byte < 0x20 || byte == 0x7f) return fmt::format(R"('\x{:02x}')", byte);
    if (byte < 0x80) return fmt::format("'{}'", c);
    if (byte < 0xa0 || byte == 0xad) return fmt::format(R"('\u{:04x}')", byte);
    std::string text = "'";
    appendUtf8(text, byte);
    return text + '\'';
}

}  // namespace

void JsonReader::fail(std::string_view where) {
    if (m_failed) return;
    m_failed = true;
    m_error = m_position < m_text.size() ? fmt::format("invalid character {} {}", quoteByte(m_text[m_position]), where)
                                         : "unexpected end of JSON input";
    m_position = m_text.size();
}

void JsonReader::skipSpace() {
    while (m_position < m_text.size() && isSpace(m_text[m_position])) ++m_position;
}

JsonReader::Kind JsonReader::peek() {
    skipSpace();
    if (!m_failed && m_position < m_text.size()) {
        switch (const char c = m_text[m_position]) {
            case '{':
                return Kind::Object;
            case '[':
                return Kind::Array;
            case '"':
                return Kind::String;
            case 't':
                return Kind::True;
            case 'f':
                return Kind::False;
            case 'n':
                return Kind::Null;
            default:
                if (c == '-' || isDigit(c)) return Kind::Number;
        }
    }
    fail("looking for beginning of value");
    return Kind::Nothing;
}

void JsonReader::enter() {
    if (m_failed) return;
    if (++m_depth > kMaxDepth) return fail("exceeded max depth");
    ++m_position;
    m_first = true;
}

bool JsonReader::nextKey(std::string& key) {
    if (m_failed) return false;
    skipSpace();
    const bool first = std::exchange(m_first, false);
    const char c = m_position < m_text.size() ? m_text[m_position] : '\0';
    if (c == '}') {
        ++m_position;
        --m_depth;
        return false;
    }
    if (!first) {
        if (c != ',') return fail("after object key:value pair"), false;
        ++m_position;
        skipSpace();
    }
    if (m_position >= m_text.size() || m_text[m_position] != '"') {
        return fail("looking for beginning of object key string"), false;
    }
    readString(key);
    skipSpace();
    if (m_failed) return false;
    if (m_position >= m_text.size() || m_text[m_position] != ':') return fail("after object key"), false;
    ++m_position;
    return true;
}

bool JsonReader::nextElement() {
    if (m_failed) return false;
    skipSpace();
    const bool first = std::exchange(m_first, false);
    const char c = m_position < m_text.size() ? m_text[m_position] : '\0';
    if (c == ']') {
        ++m_position;
        --m_depth;
        return false;
    }
    if (first) return true;
    if (c != ',') return fail("after array element"), false;
    ++m_position;
    return true;
}

void JsonReader::readString(std::string& into) {
    into.clear();
    if (m_failed) return;
    ++m_position;  // the opening quote
    while (true) {
        const std::size_t start = m_position;
        while (m_position < m_text.size()) {
            const auto c = static_cast<unsigned char>(m_text[m_position]);
            if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80) break;
            ++m_position;
        }
        into.append(m_text.substr(start, m_position - start));
        if (m_position >= m_text.size()) return fail("in string literal");
        const auto c = static_cast<unsigned char>(m_text[m_position]);
        if (c == '"') {
            ++m_position;
            return;
        }
        if (c == '\\') {
            if (!readEscape(into)) return;
        } else if (c < 0x20) {
            return fail("in string literal");
        } else {
            m_position += appendValidUtf8(into, m_text.substr(m_position));
        }
    }
}

bool JsonReader::readEscape(std::string& into) {
    ++m_position;
    if (m_position >= m_text.size()) return fail("in string escape code"), false;
    const char c = m_text[m_position];
    switch (c) {
        case '"':
        case '\\':
        case '/':
            into += c;
            break;
        case 'b':
            into += '\b';
            break;
        case 'f':
            into += '\f';
            break;
        case 'n':
            into += '\n';
            break;
        case 'r':
            into += '\r';
            break;
        case 't':
            into += '\t';
            break;
        case 'u': {
            ++m_position;
            unsigned value = 0;
            if (!readHex4(value)) return false;
            // Two halves of a surrogate pair make one character; a lone half becomes the replacement character.
            if (value >= 0xd800 && value < 0xdc00 && m_text.substr(m_position).starts_with("\\u")) {
                const std::size_t back = m_position;
                m_position += 2;
                unsigned low = 0;
                if (!readHex4(low)) return false;
                if (low >= 0xdc00 && low < 0xe000) {
                    value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
                } else {
                    m_position = back;
                }
            }
            appendUtf8(into, value >= 0xd800 && value < 0xe000 ? 0xfffd : value);
            return true;
        }
        default:
            return fail("in string escape code"), false;
    }
    ++m_position;
    return true;
}

bool JsonReader::readHex4(unsigned& value) {
    value = 0;
    for (int i = 0; i < 4; ++i, ++m_position) {
        const char c = m_position < m_text.size() ? m_text[m_position] : '\0';
        unsigned digit = 0;
        if (isDigit(c)) {
            digit = static_cast<unsigned>(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = static_cast<unsigned>(c - 'a' + 10);
        } else if (c >= 'A' && c <= 'F') {
            digit = static_cast<unsigned>(c - 'A' + 10);
        } else {
            return fail("in \\u hexadecimal character escape"), false;
        }
        value = value * 16 + digit;
    }
    return true;
}

void JsonReader::skipDigits(std::string_view where) {
    if (m_position >= m_text.size() || !isDigit(m_text[m_position])) return fail(where);
    while (m_position < m_text.size() && isDigit(m_text[m_position])) ++m_position;
}

std::string_view JsonReader::readNumber() {
    if (m_failed) return "0";
    const std::size_t start = m_position;
    const auto at = [&](char c) { return m_position < m_text.size() && m_text[m_position] == c; };
    if (at('-')) ++m_position;
    if (at('0')) {
        ++m_position;
    } else {
        skipDigits("in numeric literal");
    }
    if (at('.')) {
        ++m_position;
        skipDigits("after decimal point in numeric literal");
    }
    if (at('e') || at('E')) {
        ++m_position;
        if (at('+') || at('-')) ++m_position;
        skipDigits("in exponent of numeric literal");
    }
    return m_failed ? "0" : textFrom(start);
}

void JsonReader::expectWord(std::string_view word) {
    for (const char expected : word) {
        if (m_position >= m_text.size() || m_text[m_position] != expected) {
            return fail(fmt::format("in literal {} (expecting '{}')", word, expected));
        }
        ++m_position;
    }
}

void JsonReader::readLiteral() {
    if (m_failed) return;
    const char c = m_text[m_position];
    expectWord(c == 't' ? "true" : c == 'f' ? "false" : "null");
}

std::string_view JsonReader::skipValue() {
    const Kind kind = peek();
    const std::size_t start = m_position;
    switch (kind) {
        case Kind::Object: {
            enter();
            while (nextKey(m_scratch)) skipValue();
            break;
        }
        case Kind::Array: {
            enter();
            while (nextElement()) skipValue();
            break;
        }
        case Kind::String:
            readString(m_scratch);
            break;
        case Kind::Number:
            readNumber();
            break;
        case Kind::True:
        case Kind::False:
        case Kind::Null:
            readLiteral();
            break;
        case Kind::Nothing:
            break;
    }
    return m_failed ? "null" : textFrom(start);
}

void JsonReader::finish() {
    if (m_failed) return;
    skipSpace();
    if (m_position < m_text.size()) fail("after top-level value");
}

}  // namespace qd::api
