#include "cluster/api/codec/json_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "cluster/api/codec/utf8.h"

namespace qd::api {

namespace {

// Bytes that stand in a JSON string as they are.
constexpr std::array<bool, 256> kPlain = [] {
    std::array<bool, 256> plain{};
    for (unsigned c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
    return plain;
}();

constexpr std::string_view kHex = "0123456789abcdef";

void appendEscaped(std::string& out, unsigned char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\b':
            out += "\\b";
            break;
        case '\f':
            out += "\\f";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            out += "\\u00";
            out += kHex[c >> 4];
            out += kHex[c & 15];
    }
}

}  // namespace

void appendJsonString(std::string& out, std::string_view text) {
    out += '"';
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (kPlain[c]) {
            ++i;
            continue;
        }
        out.append(text, start, i - start);
        if (c < 0x80) {
            appendEscaped(out, c);
            ++i;
        } else {
            const Utf8Character character = firstCharacter(text.substr(i));
            if (!character.valid) {
                out += "\\ufffd";
            } else if (character.value == 0x2028 || character.value == 0x2029) {
                out += character.value == 0x2028 ? "\\u2028" : "\\u2029";
            } else {
                out.append(text, i, character.size);
            }
            i += character.size;
        }
        start = i;
    }
    out.append(text, start, text.size() - start);
    out += '"';
}

void appendJsonInteger(std::string& out, std::int64_t value) {
    std::array<char, 24> buffer;
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    out.append(buffer.data(), end);
}

void appendJsonDouble(std::string& out, double value) {
    // The shortest digits that read back as the number, and where the point stands in them: d.ddde±xx.
    std::array<char, 40> buffer;
    const auto [end, error] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value), std::chars_format::scientific);
    const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    const std::size_t mark = text.find('e');
    std::string digits;
    for (const char c : text.substr(0, mark)) {
        if (c != '.') digits += c;
    }
    int exponent = 0;
    std::from_chars(text.data() + mark + (text[mark + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);

    if (std::signbit(value)) out += '-';
    if (exponent < -6 || exponent >= 21) {
        out += digits[0];
        if (digits.size() > 1) out.append(1, '.').append(digits, 1);
        out += fmt::format("e{}{}", exponent < 0 ? '-' : '+', std::abs(exponent));
    } else if (exponent < 0) {
        out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
    } else {
        const auto whole = static_cast<std::size_t>(exponent) + 1;
        if (digits.size() < whole) digits.append(whole - digits.size(), '0');
        out.append(digits, 0, whole);
        if (digits.size() > whole) out.append(1, '.').append(digits, whole);
    }
}

void appendJsonCompacted(std::string& out, std::string_view json) {
    bool inString = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (!inString && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) continue;
        if (c == '<' || c == '>' || c == '&') {
            appendEscaped(out, static_cast<unsigned char>(c));
            continue;
        }
        const std::string_view rest = json.substr(i);
        if (rest.starts_with("\xe2\x80\xa8") || rest.starts_with("\xe2\x80\xa9")) {
            out += rest[2] == '\xa8' ? "\\u2028" : "\\u2029";
            i += 2;
            continue;
        }
        out += c;
        if (c == '"') inString = !inString;
        if (inString && c == '\\' && i + 1 < json.size()) out += json[++i];
    }
}

void appendJsonBase64(std::string& out, std::string_view bytes) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out += '"';
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t j) -> unsigned {
            return j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0U;
        };
        const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        out += alphabet[group >> 18];
        out += alphabet[group >> 12 & 63];
        out += i + 1 < bytes.size() ? alphabet[group >> 6 & 63] : '=';
        out += i + 2 < bytes.size() ? alphabet[group & 63] : '=';
    }
    out += '"';
}

bool decodeBase64(std::string_view text, std::string& out, std::size_t& position) {
    constexpr auto values = [] {
        std::array<signed char, 256> table{};
        table.fill(-1);
        constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (std::size_t i = 0; i < alphabet.size(); ++i) {
            table[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
        }
        return table;
    }();
    out.clear();
    unsigned group = 0;
    int have = 0;
    for (position = 0; position < text.size(); ++position) {
        const char c = text[position];
        if (c == '\n' || c == '\r') continue;
        if (c == '=') {
            // Padding: one or two signs that fill the last group of four, and nothing after them.
            std::string_view rest = text.substr(position);
            std::size_t signs = 0;
            for (const char p : rest) {
                if (p == '\n' || p == '\r') continue;
                if (p != '=') return position += signs, false;
                ++signs;
            }
            if (have < 2 || have + static_cast<int>(signs) != 4) return false;
            break;
        }
        const int value = values[static_cast<unsigned char>(c)];
        if (value < 0) return false;
        group = group << 6 | static_cast<unsigned>(value);
        if (++have == 4) {
            out += static_cast<char>(group >> 16);
            out += static_cast<char>(group >> 8);
            out += static_cast<char>(group);
            group = 0;
            have = 0;
        }
    }
    const bool padded = position < text.size();
    if (have != 0 && !padded) return position -= static_cast<std::size_t>(have), false;
    if (have >= 2) out += static_cast<char>(group >> (have == 2 ? 4 : 10));
    if (have == 3) out += static_cast<char>(group >> 2);
    return true;
}

std::string goQuoted(std::string_view text) {
    std::string out = "\"";
    for (std::size_t i = 0; i < text.size();) {
        const Utf8Character character = firstCharacter(text.substr(i));
        const auto c = character.value;
        if (!character.valid) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += static_cast<char>(c);
        } else if (c == '\a' || c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t' || c == '\v') {
            out += '\\';
            out += std::string_view("abtnvfr")[c - '\a'];
        } else if (c < 0x20 || c == 0x7f) {
            out += fmt::format("\\x{:02x}", c);
        } else if ((c >= 0x80 && c < 0xa0) || c == 0xad || c == 0x2028 || c == 0x2029 || c == 0xfeff) {
            out += fmt::format("\\u{:04x}", c);
        } else {
            out.append(text, i, character.size);
        }
        i += character.size;
    }
    return out + '"';
}

}  // namespace qd::api
