// Waits for a state to be seen: looks once, then again after each of libvirt's events.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "cluster/base/executor.h"
#include "cluster/base/result.h"
#include "vmnodes/host/connection.h"

namespace qd::host {

class StateWatch {
public:
    enum class Outcome : std::uint8_t { Seen, DeadlinePassed, Cancelled };

    // Begins to listen; make it before requesting the change that is waited for.
    StateWatch(Connection& connection, base::Executor& executor);

    // ServiceUnavailable when the connection breaks meanwhile, and whatever error `seen` returns.
    Result<Outcome> waitUntil(const std::function<Result<bool>()>& seen, base::SteadyTime deadline,
                              std::stop_token stop);

private:
    struct Shared;
    std::shared_ptr<Shared> m_shared;
    base::Strand m_strand;
    Subscription m_subscription;
};

}  // namespace qd::host
