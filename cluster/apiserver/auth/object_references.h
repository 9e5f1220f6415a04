// Which other objects an object makes a node need. Pure functions.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "cluster/api/types/core_v1.h"

namespace qd::apiserver {

// Names in the Pod's namespace, without empty ones.
std::set<std::string> secretsOf(const corev1::Pod& pod);
std::set<std::string> configMapsOf(const corev1::Pod& pod);
// Those of its generic ephemeral volumes too.
std::set<std::string> claimsOf(const corev1::Pod& pod);
std::set<std::string> resourceClaimsOf(const corev1::Pod& pod);

// Namespaces and names of the Secrets that a node needs for mounting a volume.
std::set<std::pair<std::string, std::string>> secretsOf(const corev1::PersistentVolume& volume);

}  // namespace qd::apiserver
