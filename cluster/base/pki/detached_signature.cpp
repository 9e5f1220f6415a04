#include "cluster/base/pki/detached_signature.h"

#include <openssl/hmac.h>

#include "cluster/base/pki/token.h"

namespace qd::pki {

std::string detachedSignature(std::string_view content, std::string_view keyId, std::string_view secret) {
    const std::string header = base64UrlEncode(R"({"alg":"HS256","kid":")" + std::string(keyId) + "\"}");
    const std::string signedText = header + "." + base64UrlEncode(content);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(signedText.data()),
         signedText.size(), digest, &size);
    return header + ".." + base64UrlEncode({reinterpret_cast<const char*>(digest), size});
}

}  // namespace qd::pki
