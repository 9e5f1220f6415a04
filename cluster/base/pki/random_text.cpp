#include "cluster/base/pki/random_text.h"

#include <openssl/rand.h>

#include <string_view>

#include "cluster/base/pki/openssl.h"

namespace qd::pki {

Result<std::string> randomText(std::size_t length) {
    constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
    constexpr unsigned kFair = 256 - 256 % kAlphabet.size();  // bytes beyond it would favour some characters
    std::string text;
    while (text.size() < length) {
        unsigned char byte = 0;
        if (RAND_bytes(&byte, 1) != 1) return opensslFailure(Reason::InternalError, "random bytes");
        if (byte < kFair) text += kAlphabet[byte % kAlphabet.size()];
    }
    return text;
}

}  // namespace qd::pki
