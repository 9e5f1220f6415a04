// Ownership and errors of OpenSSL, for the files of this folder only.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "cluster/base/result.h"

namespace qd::pki {

template <auto free>
struct Freed {
    template <typename T>
    void operator()(T* pointer) const {
        free(pointer);
    }
};

template <typename T, auto free>
using Owned = std::unique_ptr<T, Freed<free>>;

using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedX509 = Owned<X509, X509_free>;
using OwnedRequest = Owned<X509_REQ, X509_REQ_free>;
using OwnedName = Owned<X509_NAME, X509_NAME_free>;
using OwnedDigest = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using OwnedNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

inline OwnedBio readingBio(std::string_view text) {
    return OwnedBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
inline OwnedBio writingBio() {
    return OwnedBio(BIO_new(BIO_s_mem()));
}

inline std::string contents(const OwnedBio& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

// The library's oldest queued error as ours; empties the queue.
inline base::Failure opensslFailure(Reason reason, std::string_view what) {
    char text[256] = "unknown error";
    if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return fail(reason, std::string(what) + ": " + text);
}

}  // namespace qd::pki
