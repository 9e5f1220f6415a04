#include "cluster/apiserver/handlers/base64url.h"

#include <algorithm>

#include "cluster/api/codec/json_text.h"

namespace qd::apiserver::handlers {

std::string base64UrlEncode(std::string_view bytes) {
    std::string quoted;
    api::appendJsonBase64(quoted, bytes);
    std::string text = quoted.substr(1, quoted.size() - 2);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    while (text.ends_with('=')) text.pop_back();
    return text;
}

std::optional<std::string> base64UrlDecode(std::string_view text) {
    std::string plain(text);
    std::replace(plain.begin(), plain.end(), '-', '+');
    std::replace(plain.begin(), plain.end(), '_', '/');
    while (plain.size() % 4 != 0) plain += '=';
    std::string bytes;
    std::size_t position = 0;
    if (!api::decodeBase64(plain, bytes, position)) return std::nullopt;
    return bytes;
}

}  // namespace qd::apiserver::handlers
