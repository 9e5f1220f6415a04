// The value of the label pod-template-hash and of the names made from it.
#pragma once

#include <optional>
#include <string>

#include "cluster/api/types/core_v1.h"

namespace qd::controllers {

// Of everything the template says, and of how often an earlier value of it met another template (the collision count).
// Looks as upstream's: up to ten characters of bcdf…2456789. The value is our own, since upstream hashes how Go prints
// the struct; nothing may depend on it, because upstream's changes with every field that is added to Pods too.
std::string templateHash(const corev1::PodTemplateSpec& ofTemplate, std::optional<std::int32_t> collisions);

// FNV-1a (32 bits) of the text, spelled in the same alphabet.
std::string safeHash(std::string_view text);

}  // namespace qd::controllers
