#include "cluster/api/meta/quantity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>

namespace qd::api {

namespace {

using Int128 = Quantity::Int128;
using Format = Quantity::Format;

constexpr Int128 kNano = 1'000'000'000;
constexpr Int128 kMax = ((Int128(1) << 126) - 1) * 2 + 1;
constexpr Int128 kMaxBinary = Int128(std::numeric_limits<std::int64_t>::max()) * kNano;
// In how many digits a 64-bit number fits whatever they are; Kubernetes keeps the text of numbers up to it.
constexpr int kSafeDigits = 18;

Int128 saturatingMultiply(Int128 a, Int128 b) {
    Int128 result;
    if (__builtin_mul_overflow(a, b, &result)) return (a < 0) == (b < 0) ? kMax : -kMax;
    return result;
}

Int128 saturatingAdd(Int128 a, Int128 b) {
    Int128 result;
    if (__builtin_add_overflow(a, b, &result)) return a > 0 ? kMax : -kMax;
    return result;
}

// a / b rounded away from zero; b > 0.
Int128 divideUp(Int128 a, Int128 b) {
    const Int128 quotient = a / b;
    return a % b == 0 ? quotient : quotient + (a > 0 ? 1 : -1);
}

std::string decimal(Int128 value) {
    if (value == 0) return "0";
    const bool negative = value < 0;
    std::string digits;
    for (; value != 0; value /= 10)
        digits.insert(digits.begin(), static_cast<char>('0' + std::abs(static_cast<int>(value % 10))));
    return negative ? "-" + digits : digits;
}

struct Suffix {
    int base;
    int exponent;
    Format format;
};

struct NamedSuffix {
    std::string_view name;
    Suffix suffix;
};

constexpr std::array kSuffixes = {
    NamedSuffix{"Ki", {2, 10, Format::BinarySI}},  NamedSuffix{"Mi", {2, 20, Format::BinarySI}},
    NamedSuffix{"Gi", {2, 30, Format::BinarySI}},  NamedSuffix{"Ti", {2, 40, Format::BinarySI}},
    NamedSuffix{"Pi", {2, 50, Format::BinarySI}},  NamedSuffix{"Ei", {2, 60, Format::BinarySI}},
    NamedSuffix{"n", {10, -9, Format::DecimalSI}}, NamedSuffix{"u", {10, -6, Format::DecimalSI}},
    NamedSuffix{"m", {10, -3, Format::DecimalSI}}, NamedSuffix{"", {10, 0, Format::DecimalSI}},
    NamedSuffix{"k", {10, 3, Format::DecimalSI}},  NamedSuffix{"M", {10, 6, Format::DecimalSI}},
    NamedSuffix{"G", {10, 9, Format::DecimalSI}},  NamedSuffix{"T", {10, 12, Format::DecimalSI}},
    NamedSuffix{"P", {10, 15, Format::DecimalSI}}, NamedSuffix{"E", {10, 18, Format::DecimalSI}},
};

std::optional<Suffix> interpret(std::string_view text) {
    for (const NamedSuffix& known : kSuffixes) {
        if (known.name == text) return known.suffix;
    }
    if (text.size() > 1 && (text[0] == 'e' || text[0] == 'E')) {
        std::string_view digits = text.substr(1);
        if (digits[0] == '+') digits.remove_prefix(1);
        std::int32_t exponent = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
        if (error == std::errc() && end == digits.data() + digits.size())
            return Suffix{10, exponent, Format::DecimalExponent};
    }
    return std::nullopt;
}

std::string_view decimalSuffix(int exponent) {
    for (const NamedSuffix& known : kSuffixes) {
        if (known.suffix.format == Format::DecimalSI && known.suffix.exponent == exponent) return known.name;
    }
    return {};
}

struct Parts {
    bool negative = false;
    std::string_view whole;     // digits before the point, without leading zeros
    std::string_view fraction;  // digits after it
    std::string_view suffix;
};

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

std::size_t digitsFrom(std::string_view text, std::size_t position) {
    while (position < text.size() && isDigit(text[position])) ++position;
    return position;
}

// The grammar of Kubernetes' own scanner, which takes "1." and ".5" too.
std::optional<Parts> split(std::string_view text) {
    Parts parts;
    std::size_t position = 0;
    if (text[0] == '-' || text[0] == '+') {
        parts.negative = text[0] == '-';
        position = 1;
    }
    while (position < text.size() && text[position] == '0') ++position;
    std::size_t end = digitsFrom(text, position);
    parts.whole = text.substr(position, end - position);
    position = end;
    if (position < text.size() && text[position] == '.') {
        end = digitsFrom(text, position + 1);
        parts.fraction = text.substr(position + 1, end - position - 1);
        position = end;
    }
    parts.suffix = text.substr(position);
    end = std::min(text.find_first_not_of("eEinumkKMGTP", position), text.size());
    if (end < text.size() && (text[end] == '-' || text[end] == '+')) ++end;
    if (digitsFrom(text, end) != text.size()) return std::nullopt;
    return parts;
}

// 0.whole+fraction digits times 10^exponent in billionths, rounded up from zero.
Int128 decimalNano(std::string_view whole, std::string_view fraction, std::int64_t exponent) {
    Int128 value = 0;
    bool more = false;  // digits that did not fit
    std::int64_t scale = exponent - static_cast<std::int64_t>(fraction.size()) + 9;
    const auto digit = [&](char c) {
        if (value > kMax / 100) {
            more |= c != '0';
            ++scale;
        } else {
            value = value * 10 + (c - '0');
        }
    };
    for (const char c : whole) digit(c);
    for (const char c : fraction) digit(c);
    for (; scale > 0 && value != 0; --scale) {
        if (value > kMax / 10) return kMax;
        value *= 10;
    }
    for (; scale < 0 && value != 0; ++scale) {
        more |= value % 10 != 0;
        value /= 10;
    }
    return value + (more ? 1 : 0);
}

// Whether Kubernetes goes on writing the number as it was written, although that is not the canonical form: its parser
// does for short numbers whose scale a suffix can express.
bool keepsText(const Parts& parts, const Suffix& suffix) {
    const std::string whole = parts.whole.empty() ? "0" : std::string(parts.whole);
    const int digits = static_cast<int>(whole.size() + parts.fraction.size());
    const std::string shifted = whole + std::string(parts.fraction);
    if (suffix.format == Format::BinarySI) {
        const int precision =
            15 - static_cast<int>(whole.size()) - static_cast<int>(static_cast<float>(suffix.exponent) * 3 / 10) - 1;
        if (!parts.fraction.empty() || precision < 0) return false;
        return (std::strtoll(shifted.c_str(), nullptr, 10) & 7) != 0;
    }
    const int scale = suffix.exponent - static_cast<int>(parts.fraction.size());
    return digits <= kSafeDigits && scale >= -9 && scale % 3 == 0 && !shifted.ends_with("000") && shifted[0] != '0';
}

}  // namespace

Quantity::Quantity(std::int64_t value, Format format) : m_nano(value * kNano), m_format(format) {}

Quantity Quantity::milli(std::int64_t value, Format format) {
    return ofNano(value * Int128(1'000'000), format);
}

Quantity Quantity::ofNano(Int128 nano, Format format) {
    Quantity quantity;
    quantity.m_nano = nano;
    quantity.m_format = format;
    return quantity;
}

Result<Quantity> Quantity::parse(std::string_view text) {
    if (text == "0") return Quantity();
    const auto parts = text.empty() ? std::nullopt : split(text);
    if (!parts) {
        return fail(Reason::BadRequest,
                    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    }
    const auto suffix = interpret(parts->suffix);
    if (!suffix) return fail(Reason::BadRequest, "unable to parse quantity's suffix");

    Quantity quantity;
    quantity.m_format = suffix->format;
    if (suffix->base == 10) {
        quantity.m_nano = decimalNano(parts->whole, parts->fraction, suffix->exponent);
    } else {
        // The fraction of a binary number is exact at 10^-18, where rounding up begins to be visible in no suffix.
        const Int128 factor = Int128(1) << suffix->exponent;
        Int128 fraction = 0, scale = 1;
        for (const char c : parts->fraction.substr(0, 18)) {
            fraction = fraction * 10 + (c - '0');
            scale *= 10;
        }
        const Int128 whole = saturatingMultiply(decimalNano(parts->whole, "", 0), factor);
        const Int128 part = saturatingMultiply(fraction, factor);
        const Int128 nano = scale <= kNano ? saturatingMultiply(part, kNano / scale) : divideUp(part, scale / kNano);
        quantity.m_nano = std::min(saturatingAdd(whole, nano), kMaxBinary);
        if (quantity.m_nano > 0 && quantity.m_nano < kNano) quantity.m_format = Format::DecimalSI;
    }
    if (parts->negative) quantity.m_nano = -quantity.m_nano;
    quantity.m_text = keepsText(*parts, *suffix) ? std::string(text) : quantity.canonical();
    return quantity;
}

Quantity Quantity::of(std::string_view literal) {
    auto parsed = parse(literal);
    if (!parsed) {
        std::fputs(fmt::format("'{}' is no quantity: {}\n", literal, parsed.error().message).c_str(), stderr);
        std::abort();
    }
    return *parsed;
}

std::string Quantity::canonical() const {
    if (m_nano == 0) return "0";
    if (m_format == Format::BinarySI && m_nano % kNano == 0 && (m_nano <= -1024 * kNano || m_nano >= 1024 * kNano)) {
        Int128 value = m_nano / kNano;
        int exponent = 0;
        for (; value % 1024 == 0 && exponent < 60; exponent += 10) value /= 1024;
        constexpr std::array<std::string_view, 7> names = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
        return decimal(value) + std::string(names[static_cast<std::size_t>(exponent / 10)]);
    }
    // The largest exponent divisible by three that leaves a whole number.
    Int128 value = m_nano;
    int exponent = -9;
    for (; value % 1000 == 0 && (m_format == Format::DecimalExponent || exponent < 18); exponent += 3) value /= 1000;
    if (m_format == Format::DecimalExponent)
        return decimal(value) + (exponent == 0 ? "" : fmt::format("e{}", exponent));
    return decimal(value) + std::string(decimalSuffix(exponent));
}

std::int64_t Quantity::scaled(std::int64_t unit) const {
    const Int128 rounded = divideUp(m_nano, unit);
    constexpr auto low = std::numeric_limits<std::int64_t>::min();
    constexpr auto high = std::numeric_limits<std::int64_t>::max();
    return rounded > high ? high : rounded < low ? low : static_cast<std::int64_t>(rounded);
}

Quantity& Quantity::operator+=(const Quantity& other) {
    if (m_nano == 0) m_format = other.m_format;
    m_nano = saturatingAdd(m_nano, other.m_nano);
    m_text.clear();
    return *this;
}

Quantity& Quantity::operator-=(const Quantity& other) {
    if (m_nano == 0) m_format = other.m_format;
    m_nano = saturatingAdd(m_nano, -other.m_nano);
    m_text.clear();
    return *this;
}

Quantity& Quantity::operator*=(std::int64_t factor) {
    m_nano = saturatingMultiply(m_nano, factor);
    m_text.clear();
    return *this;
}

Quantity Quantity::operator-() const {
    return ofNano(-m_nano, m_format);
}

}  // namespace qd::api
