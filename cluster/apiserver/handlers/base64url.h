// Base64 as continue tokens spell it: the URL alphabet, no padding (RFC 4648 section 5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace qd::apiserver::handlers {

std::string base64UrlEncode(std::string_view bytes);
std::optional<std::string> base64UrlDecode(std::string_view text);

}  // namespace qd::apiserver::handlers
