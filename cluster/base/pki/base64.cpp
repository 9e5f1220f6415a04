#include <array>

#include "cluster/base/pki/token.h"

namespace qd::pki {

namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::string_view data, std::string_view alphabet, bool padded) {
    std::string out;
    out.reserve((data.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < data.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, data.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = group << 8 | (k < left ? static_cast<unsigned char>(data[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            if (k <= left) {
                out += alphabet[group >> (18 - 6 * k) & 63];
            } else if (padded) {
                out += '=';
            }
        }
    }
    return out;
}

std::array<std::int8_t, 256> valuesOf(std::string_view alphabet) {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    }
    return values;
}

// Without padding. Refuses bits that would be lost, so that each text has one meaning and each meaning one text.
Result<std::string> decode(std::string_view text, std::string_view alphabet) {
    const std::array<std::int8_t, 256> values = valuesOf(alphabet);
    std::string out;
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t group = 0;
    int bits = 0;
    for (const char c : text) {
        const int value = values[static_cast<unsigned char>(c)];
        if (value < 0) return fail(Reason::BadRequest, "illegal base64 character");
        group = group << 6 | static_cast<unsigned>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += static_cast<char>(group >> bits & 255);
        }
    }
    if (bits == 6 || (group & ((1U << bits) - 1)) != 0) return fail(Reason::BadRequest, "truncated base64");
    return out;
}

}  // namespace

std::string base64Encode(std::string_view data) {
    return encode(data, kStandard, true);
}
std::string base64UrlEncode(std::string_view data) {
    return encode(data, kUrl, false);
}

Result<std::string> base64Decode(std::string_view text) {
    if (text.size() % 4 != 0) return fail(Reason::BadRequest, "base64 without its padding");
    if (text.ends_with("==")) {
        text.remove_suffix(2);
    } else if (text.ends_with('=')) {
        text.remove_suffix(1);
    }
    return decode(text, kStandard);
}

Result<std::string> base64UrlDecode(std::string_view text) {
    return decode(text, kUrl);
}

}  // namespace qd::pki
