// What is accepted of a Pod's spec and yet is most likely not what was meant.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/field/path.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {

std::vector<std::string> podWarnings(const corev1::Pod& pod);
// `path` is that of the template; its metadata and spec stand below.
std::vector<std::string> podTemplateWarnings(const corev1::PodTemplateSpec& pod, const field::Path& path);
// Amounts of storage that are no whole bytes.
std::vector<std::string> claimWarnings(const corev1::PersistentVolumeClaimSpec& claim, const field::Path& path);

}  // namespace qd::api
