// A key as clusters had it whose service account tokens are signed with RS256.
#pragma once

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "cluster/base/pki/certificate.h"

namespace qd::tests {

// 2,048 bits, a new one at each call.
inline pki::PrivateKey rsaKey() {
    return pki::PrivateKey(std::shared_ptr<EVP_PKEY>(EVP_RSA_gen(2048U), EVP_PKEY_free));
}

}  // namespace qd::tests
