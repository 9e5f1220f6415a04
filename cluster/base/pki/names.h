// X.509 subject and alternative names to and from Subject; for the files of this folder only. Names are built from
// their parts and never from OpenSSL's configuration text, so that a comma in one cannot add another.
#pragma once

#include <string>
#include <vector>

#include "cluster/base/pki/certificate.h"
#include "cluster/base/pki/openssl.h"

namespace qd::pki {

Result<OwnedName> nameOf(const Subject& subject);
// Null when the subject has none.
Result<OwnedNames> alternativeNamesOf(const Subject& subject);
// Common name and organizations only.
Subject subjectOf(const X509_NAME* name);
// Appends to the subject, and to the other lists where they are given.
void readAlternativeNames(const GENERAL_NAMES* names, Subject& subject, std::vector<std::string>* emailAddresses,
                          std::vector<std::string>* uris);

}  // namespace qd::pki
