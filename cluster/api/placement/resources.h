// Amounts of resources as scheduler and nodes reckon with them: whole numbers, without the text that quantities carry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/api/types/core_v1.h"

namespace qd::api::placement {

struct Resources {
    std::int64_t milliCpu = 0;
    std::int64_t memory = 0;                                         // bytes
    std::int64_t ephemeralStorage = 0;                               // bytes
    std::int64_t pods = 0;                                           // how many a node may run
    std::vector<std::pair<std::string, std::int64_t>> scalars = {};  // extended resources, huge pages; sorted by name

    Resources() = default;
    explicit Resources(const api::Map<api::Quantity>& list);

    std::int64_t scalar(std::string_view name) const;
    // By the name of any of them.
    std::int64_t of(std::string_view name) const;
    Resources& operator+=(const Resources& other);
    Resources& operator-=(const Resources& other);
    // The greater of the two, resource by resource.
    void raiseTo(const Resources& other);
    // To change the amount of an extended resource or of huge pages; it is 0 before.
    std::int64_t& scalarRef(std::string_view name);
    bool operator==(const Resources&) const = default;
};

// Whether its node has said that what the Pod asks for now can never be.
bool resizeRefused(const corev1::Pod& pod);

// What a Pod without requests counts as when nodes are scored, so that such Pods spread too (upstream's figures).
inline constexpr std::int64_t kAssumedMilliCpu = 100;
inline constexpr std::int64_t kAssumedMemory = 200 * 1024 * 1024;

// What a Pod asks of its node: its containers together, or the most that its init containers need at a time where that
// is more, sidecars included, plus overhead; requests of the Pod as a whole replace the sums. While a running Pod is
// being resized, the most of what is asked, allotted and in force counts; once its node has refused for good, only what is
// allotted and in force. Source:
// https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers and
// KEP-1287.
Resources podRequests(const corev1::Pod& pod);
// The same, each container without a request for CPU or memory counting as kAssumed*.
Resources podScoringRequests(const corev1::Pod& pod);

}  // namespace qd::api::placement
