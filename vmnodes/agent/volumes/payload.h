// The files of configMap, secret, downwardAPI and projected volumes, computed before anything is written.
#pragma once

#include <map>

#include "vmnodes/agent/cluster_access.h"
#include "cluster/api/downward/downward_api.h"

namespace qd::agent::volumes {

struct File {
    std::string data;
    int mode = 0644;

    bool operator==(const File&) const = default;
};
using Payload = std::map<std::string, File>;  // by path relative to the volume

struct PayloadResult {
    Payload files;
    // When the volume should be computed again although nothing changed: a token ages. 1970 = not for that reason.
    base::WallTime refreshAt{};
};

// Whether the volume is one of the four kinds.
bool isPayloadVolume(const corev1::Volume& volume);
// Fails as kubelet words it when an object or key is missing and not optional.
Result<PayloadResult> payloadOf(const corev1::Pod& pod, const corev1::Volume& volume, const api::downward::DownwardFacts& facts,
                                ClusterAccess& cluster, base::WallTime now);

}  // namespace qd::agent::volumes
