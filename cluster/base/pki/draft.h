// A certificate that is being made, for the files of this folder only: its fields first, then extensions, then the signature.
#pragma once

#include <string>

#include "cluster/base/pki/certificate.h"
#include "cluster/base/pki/openssl.h"

namespace qd::pki {

// Version, serial number, times and key; name, extensions and signature are missing.
Result<OwnedX509> beginCertificate(EVP_PKEY* key, Validity validity);
// `value` as OpenSSL's configuration has it; never with text that comes from somebody else.
bool addExtension(X509* certificate, X509V3_CTX& context, int nid, const std::string& value);
Result<Certificate> finishCertificate(OwnedX509 certificate, const PrivateKey& signer);

}  // namespace qd::pki
