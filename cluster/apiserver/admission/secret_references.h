// Which Secrets a Pod names.
#pragma once

#include <string>

#include "cluster/api/types/core_v1.h"

namespace qd::apiserver {

// Whether it names any, in volumes, environments or for pulling images.
bool namesSecrets(const corev1::PodSpec& spec);
// What is wrong with the first reference to a Secret that the ServiceAccount does not list; empty when nothing is.
std::string foreignSecret(const corev1::PodSpec& spec, const corev1::ServiceAccount& account);
// The same for ephemeral containers alone.
std::string foreignEphemeralSecret(const corev1::PodSpec& spec, const corev1::ServiceAccount& account);

}  // namespace qd::apiserver
