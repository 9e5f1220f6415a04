#include "vmnodes/host/state_watch.h"

#include <condition_variable>
#include <mutex>

namespace qd::host {

struct StateWatch::Shared {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::uint64_t events = 0;
    bool lost = false;
};

StateWatch::StateWatch(Connection& connection, base::Executor& executor)
    : m_shared(std::make_shared<Shared>()), m_strand(executor) {
    m_subscription = connection.subscribe(m_strand, [shared = m_shared](const LifecycleEvent& event) {
        const std::lock_guard lock(shared->mutex);
        ++shared->events;
        shared->lost |= event.kind == LifecycleEvent::Kind::Lost;
        shared->changed.notify_all();
    });
}

Result<StateWatch::Outcome> StateWatch::waitUntil(const std::function<Result<bool>()>& seen, base::SteadyTime deadline,
                                                  std::stop_token stop) {
    for (;;) {
        std::uint64_t before = 0;
        {
            const std::lock_guard lock(m_shared->mutex);
            if (m_shared->lost) return fail(Reason::ServiceUnavailable, "the connection to libvirt broke");
            before = m_shared->events;
        }
        const auto now = seen();
        if (!now) return fail(now.error());
        if (*now) return Outcome::Seen;
        std::unique_lock lock(m_shared->mutex);
        const bool event =
            m_shared->changed.wait_until(lock, stop, deadline, [&] { return m_shared->events != before; });
        if (stop.stop_requested()) return Outcome::Cancelled;
        if (!event) return Outcome::DeadlinePassed;
    }
}

}  // namespace qd::host
