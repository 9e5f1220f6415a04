// Gives Services their addresses and node ports: picks free ones, honours those asked for, fills in what a client left out of
// an update, and settles ipFamilies and ipFamilyPolicy for a cluster that has IPv4 Services only.
// Source: https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/ and .../service/#avoid-nodeport-collisions.
//
// As upstream, it works after admission and before validation, and nobody becomes the manager of what it fills in. What is taken is read from the stored Services; what was given out moments ago and is not stored yet is remembered here, so
// that two Services created at once never get the same. Thread-safe.
#pragma once

#include <deque>
#include <mutex>
#include <set>
#include <string>

#include "cluster/api/meta/ip.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/admission.h"
#include "cluster/base/random.h"
#include "cluster/base/time.h"

namespace qd::apiserver {

struct ServiceRanges {
    api::IpNetwork addresses;  // IPv4, at least a /30
    std::int32_t firstPort = 30000;
    std::int32_t lastPort = 32767;
};

class ServiceAllocation final : public AdmissionPlugin {
public:
    ServiceAllocation(ServiceRanges ranges, const base::Clock& clock, base::Random& random) : m_ranges(ranges), m_clock(clock), m_random(random) {}

    const char* name() const override { return "ServiceAllocation"; }
    Result<void> allocate(AdmissionRequest& request, const Reader& reader) const override;

private:
    class Operation;
    struct Reservation {
        std::string service;  // namespace/name
        std::uint32_t address = 0;
        std::int32_t port = 0;
        base::SteadyTime time;
    };

    ServiceRanges m_ranges;
    const base::Clock& m_clock;
    base::Random& m_random;
    mutable std::mutex m_mutex;
    mutable std::deque<Reservation> m_recent;  // guarded by m_mutex
};

}  // namespace qd::apiserver
