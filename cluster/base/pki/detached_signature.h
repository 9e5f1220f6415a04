// The signature of a text that travels apart from it: JSON Web Signature with detached content (RFC 7515, appendix F), HS256.
#pragma once

#include <string>
#include <string_view>

namespace qd::pki {

// "header..signature"; keyId stands in the header and must need no escapes in JSON.
std::string detachedSignature(std::string_view content, std::string_view keyId, std::string_view secret);

}  // namespace qd::pki
