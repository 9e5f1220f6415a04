#include "cluster/api/codec/utf8.h"

namespace qd::api {

void appendUtf8(std::string& out, std::uint32_t character) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (character < 0x80) {
        put(character);
    } else if (character < 0x800) {
        put(0xc0 | character >> 6);
        put(0x80 | (character & 0x3f));
    } else if (character < 0x10000) {
        put(0xe0 | character >> 12);
        put(0x80 | (character >> 6 & 0x3f));
        put(0x80 | (character & 0x3f));
    } else {
        put(0xf0 | character >> 18);
        put(0x80 | (character >> 12 & 0x3f));
        put(0x80 | (character >> 6 & 0x3f));
        put(0x80 | (character & 0x3f));
    }
}

Utf8Character firstCharacter(std::string_view text) {
    constexpr Utf8Character invalid{0xfffd, 1, false};
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return {first, 1, true};
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < size) return invalid;
    std::uint32_t value = first & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return invalid;
        value = value << 6 | (byte(i) & 0x3fU);
    }
    const bool tooLong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
    const bool surrogate = value >= 0xd800 && value < 0xe000;
    if (tooLong || surrogate || value > 0x10ffff) return invalid;
    return {value, size, true};
}

std::size_t appendValidUtf8(std::string& out, std::string_view text) {
    const Utf8Character character = firstCharacter(text);
    if (character.valid) {
        out.append(text.substr(0, character.size));
    } else {
        out.append("\xef\xbf\xbd");
    }
    return character.size;
}

}  // namespace qd::api
