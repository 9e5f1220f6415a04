// UTF-8, with Go's habits: what is no valid sequence becomes U+FFFD, a byte at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace qd::api {

// Appends the character's encoding.
void appendUtf8(std::string& out, std::uint32_t character);

struct Utf8Character {
    std::uint32_t value;  // U+FFFD for an invalid byte
    std::size_t size;     // of its encoding in the text; 1 for an invalid byte
    bool valid;
};
// The first character of a text that is not empty.
Utf8Character firstCharacter(std::string_view text);

// Appends the first character of the text, U+FFFD when it is invalid, and returns how many bytes it took in the text.
std::size_t appendValidUtf8(std::string& out, std::string_view text);

}  // namespace qd::api
