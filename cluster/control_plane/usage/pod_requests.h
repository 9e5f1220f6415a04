// Asks programs in Pods for their metrics, over the addresses that Pods have.
#pragma once

#include <string>

#include "cluster/apiserver/transport/forward.h"
#include "cluster/base/executor.h"
#include "cluster/control_plane/usage/pod_scraper.h"

namespace qd::control_plane {

// Thread-safe. The forwarder must outlive it.
class PodRequests {
public:
    PodRequests(apiserver::Forwarder& forwarder, const base::Clock& clock) : m_forwarder(forwarder), m_clock(clock) {}

    // Waits for the whole answer: five seconds and 8 MiB at most. The addresses of this machine and of links are
    // refused, so that a Pod's status cannot lead here.
    Result<std::string> get(const ScrapeTarget& target) const;

private:
    apiserver::Forwarder& m_forwarder;
    const base::Clock& m_clock;
};

}  // namespace qd::control_plane
