// What hollow nodes, which pull nothing, know of an image by its name.
#pragma once

#include <string>

namespace qd::hollow {

// The last part of the name: "app" of "registry.example/team/app:1.2@sha256:…".
std::string shortName(const std::string& image);

// Whether the name says that there is no such image, so that it cannot be pulled: the tag is `404`, the last part of
// the name or the tag holds `nonexistent`, `non-existent`, `does-not-exist` or `doesnt-exist`, or the registry's host
// name is reserved for never being there (RFC 2606, `.invalid`) or begins with `invalid.`.
bool isMissing(const std::string& image);

}  // namespace qd::hollow
