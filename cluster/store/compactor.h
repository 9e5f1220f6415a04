// Decides how far history is dropped, and drops it a step at a time.
#pragma once

#include <atomic>
#include <mutex>

#include "cluster/store/history_limits.h"
#include "cluster/store/log.h"

namespace qd::store {

// Thread-safe.
class Compactor {
public:
    Compactor(Log& log, HistoryLimits limits, const base::Clock& clock);

    // Whether step() has something to do. Looks at the limits only now and then.
    bool due(Revision newest) const;
    // At most one short transaction.
    Result<void> step(Revision newest);
    // All that is beyond the limits now.
    Result<void> run(Revision newest);

private:
    bool timeToLook(Revision newest) const;
    Result<void> look(Revision newest);
    Result<Revision> target(Revision newest, Revision oldest) const;

    Log& m_log;
    const HistoryLimits m_limits;
    const base::Clock& m_clock;
    std::mutex m_working;  // held while dropping; the rest never waits for it
    std::atomic<Revision> m_target = 0;
    std::atomic<Revision> m_lookedAtRevision = 0;
    std::atomic<base::SteadyTime> m_lookedAt;
};

}  // namespace qd::store
