#include "cluster/api/codec/yaml_scalars.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace qd::api {

namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> kNulls = {"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 11> kTrues = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                                     "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalses = {"n",     "N",     "no",  "No",  "NO", "false",
                                                      "False", "FALSE", "off", "Off", "OFF"};

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

// As strconv.ParseInt(text, 0, 64): 0x, 0o, 0b and a leading 0 tell the base.
std::optional<std::int64_t> parseInteger(std::string_view text) {
    bool negative = false;
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
        negative = text[0] == '-';
        text.remove_prefix(1);
    }
    int base = 10;
    if (text.size() > 1 && text[0] == '0') {
        const char mark = text[1];
        base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
        text.remove_prefix(isDigit(mark) ? 1 : 2);
        if (base == 8 && !isDigit(mark) && mark != 'o' && mark != 'O') return std::nullopt;
    }
    std::uint64_t magnitude = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    const std::uint64_t limit = std::uint64_t{1} << 63;
    if (magnitude > limit || (magnitude == limit && !negative)) return std::nullopt;
    return negative ? static_cast<std::int64_t>(0 - magnitude) : static_cast<std::int64_t>(magnitude);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looksLikeFloat(std::string_view text) {
    std::size_t i = 0;
    const auto digits = [&] {
        const std::size_t start = i;
        while (i < text.size() && isDigit(text[i])) ++i;
        return i - start;
    };
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    const std::size_t before = digits();
    std::size_t after = 0;
    if (i < text.size() && text[i] == '.') {
        ++i;
        after = digits();
    }
    if (before + after == 0) return false;
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        ++i;
        if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
        if (digits() == 0) return false;
    }
    return i == text.size();
}

}  // namespace

json::value resolveScalar(std::string_view text) {
    if (std::ranges::find(kNulls, text) != kNulls.end()) return nullptr;
    if (std::ranges::find(kTrues, text) != kTrues.end()) return true;
    if (std::ranges::find(kFalses, text) != kFalses.end()) return false;
    const char first = text[0];
    if (first == '+' || first == '-' || first == '.' || isDigit(first)) {
        std::string plain(text);
        std::erase(plain, '_');
        if (const auto whole = parseInteger(plain)) return *whole;
        if (looksLikeFloat(plain)) {
            std::string_view digits = plain;
            if (digits[0] == '+') digits.remove_prefix(1);
            double real = 0;
            if (std::from_chars(digits.data(), digits.data() + digits.size(), real).ec == std::errc()) return real;
        }
    }
    return json::string(text);
}

}  // namespace qd::api
