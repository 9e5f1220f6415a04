// What a namespace's labels demand of its Pods: the Pod Security Standards by level and version.
// Source: https://kubernetes.io/docs/concepts/security/pod-security-admission/.
#pragma once

#include <limits>
#include <string>

#include "cluster/api/field/path.h"
#include "cluster/api/values.h"

namespace qd::apiserver::pod_security {

enum class Level : std::uint8_t { Privileged, Baseline, Restricted };

struct LevelVersion {
    Level level = Level::Privileged;
    int minor = kLatest;  // of v1

    static constexpr int kLatest = std::numeric_limits<int>::max();
    std::string toString() const;  // "baseline:latest", "restricted:v1.30"
    bool operator==(const LevelVersion&) const = default;
};

struct Policy {
    LevelVersion enforce;
    LevelVersion warn;
    api::field::Errors errors;  // labels that say nothing known; enforcing fails closed, warning fails open
};

Policy policyOf(const api::Map<std::string>& labels);

}  // namespace qd::apiserver::pod_security
