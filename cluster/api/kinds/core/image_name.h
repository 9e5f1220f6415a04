// How container images are named: [domain/]path[:tag][@digest].
// Source: https://github.com/distribution/reference (its grammar) and https://kubernetes.io/docs/concepts/containers/images/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace qd::api {

// The tag of an image name; "latest" when it has neither tag nor digest, "" when it has a digest alone. Null when the text is
// no image name.
std::optional<std::string> imageTag(std::string_view image);

// Always for the tag "latest", IfNotPresent for all others.
std::string defaultPullPolicy(std::string_view image);

}  // namespace qd::api
