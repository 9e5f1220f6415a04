// How Go spells strings, numbers and nested texts in JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qd::api {

// In quotes, with <, > and & escaped, as the API server's encoder does.
void appendJsonString(std::string& out, std::string_view text);
void appendJsonInteger(std::string& out, std::int64_t value);
// The shortest text that reads back as the same number, in Go's choice of notation.
void appendJsonDouble(std::string& out, double value);
// A JSON text without its white space, and with the characters escaped that appendJsonString escapes.
void appendJsonCompacted(std::string& out, std::string_view json);
// Base64 (RFC 4648, padded) in quotes.
void appendJsonBase64(std::string& out, std::string_view bytes);

// The reverse of base64; false when the text is none, with `position` where it goes wrong.
bool decodeBase64(std::string_view text, std::string& out, std::size_t& position);

// A Go string literal (strconv.Quote), as error messages have it. Not just "quoted": std::quoted would be found as well.
std::string goQuoted(std::string_view text);

}  // namespace qd::api
