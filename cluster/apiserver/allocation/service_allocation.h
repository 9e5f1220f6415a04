// Gives Services their addresses and node ports: picks free ones, honours those asked for, fills in what a client left out of
// an update, and settles ipFamilies and ipFamilyPolicy for a cluster that has IPv4 Services only.
// Source: https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/ and .../service/#avoid-nodeport-collisions.
//
// As upstream, it works after admission and before validation, and nobody becomes the manager of what it fills in. What is taken is
// read from the stored Services and IPAddresses; what was given out moments ago and is not stored yet is remembered here, so that two
// Services created at once never get the same. Addresses come from the ServiceCIDRs that are ready. An address that is given out is
// written down as an IPAddress just before its Service is stored; one whose Service never came to be, or is gone, is free, and the
// address repair controller takes it away. Thread-safe.
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
#include "cluster/store/store.h"

namespace qd::apiserver {

struct ServiceRanges {
    api::IpNetwork addresses;  // IPv4, at least a /30; what counts while there are no ServiceCIDRs
    std::optional<api::IpNetwork> reserved = {};  // for load balancers: no Service gets a cluster IP there
    std::int32_t firstPort = 30000;
    std::int32_t lastPort = 32767;
};

class ServiceAllocation final : public AdmissionPlugin {
public:
    // store: where IPAddresses are written; null: nowhere. All outlive it.
    ServiceAllocation(ServiceRanges ranges, const base::Clock& clock, base::Random& random, store::Store* store = nullptr)
        : m_ranges(ranges), m_clock(clock), m_random(random), m_store(store) {}

    const char* name() const override { return "ServiceAllocation"; }
    Result<void> allocate(AdmissionRequest& request, const Reader& reader) const override;
    Result<void> validate(const AdmissionRequest& request, const Reader& reader) const override;

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
    store::Store* m_store;
    mutable std::mutex m_mutex;
    mutable std::deque<Reservation> m_recent;  // guarded by m_mutex
};

}  // namespace qd::apiserver
