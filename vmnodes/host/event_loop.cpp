#include "vmnodes/host/event_loop.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "cluster/base/executor.h"

namespace qd::host {
namespace {

using Milliseconds = std::chrono::milliseconds;

short toPoll(int events) {
    return static_cast<short>(((events & VIR_EVENT_HANDLE_READABLE) != 0 ? POLLIN : 0) |
                              ((events & VIR_EVENT_HANDLE_WRITABLE) != 0 ? POLLOUT : 0));
}

int fromPoll(short events) {
    return ((events & POLLIN) != 0 ? VIR_EVENT_HANDLE_READABLE : 0) |
           ((events & POLLOUT) != 0 ? VIR_EVENT_HANDLE_WRITABLE : 0) |
           ((events & (POLLERR | POLLNVAL)) != 0 ? VIR_EVENT_HANDLE_ERROR : 0) |
           ((events & POLLHUP) != 0 ? VIR_EVENT_HANDLE_HANGUP : 0);
}

}  // namespace

// What libvirt has registered. All functions may be called from any thread, also from within callbacks; callbacks and
// the freeing of their arguments happen on the loop's thread only, without the lock.
class EventLoop::Poller {
public:
    static Poller& instance() {
        static auto* poller = new Poller;  // never destroyed: libvirt keeps calling until the process ends
        return *poller;
    }

    int addHandle(int fd, int events, virEventHandleCallback callback, void* opaque, virFreeCallback release) {
        const std::lock_guard lock(m_mutex);
        m_handles.emplace(++m_lastId, Handle{fd, events, callback, opaque, release});
        wake();
        return m_lastId;
    }
    void updateHandle(int id, int events) {
        const std::lock_guard lock(m_mutex);
        if (const auto found = m_handles.find(id); found != m_handles.end()) found->second.events = events;
        wake();
    }
    int removeHandle(int id) {
        const std::lock_guard lock(m_mutex);
        return retire(m_handles, id);
    }
    int addTimeout(int interval, virEventTimeoutCallback callback, void* opaque, virFreeCallback release) {
        const std::lock_guard lock(m_mutex);
        m_timeouts.emplace(++m_lastId, Timeout{interval, dueAfter(interval), callback, opaque, release});
        wake();
        return m_lastId;
    }
    void updateTimeout(int id, int interval) {
        const std::lock_guard lock(m_mutex);
        if (const auto found = m_timeouts.find(id); found != m_timeouts.end()) {
            found->second.interval = interval;
            found->second.due = dueAfter(interval);
        }
        wake();
    }
    int removeTimeout(int id) {
        const std::lock_guard lock(m_mutex);
        return retire(m_timeouts, id);
    }

    void run(const std::stop_token& stop) {
        const std::stop_callback woken(stop, [this] { wake(); });
        while (!stop.stop_requested()) runOnce();
    }
    // Frees what was removed; called on the loop's thread, or when there is none.
    void collect() {
        std::vector<Retired> retired;
        {
            const std::lock_guard lock(m_mutex);
            retired.swap(m_retired);
        }
        for (const Retired& one : retired) {
            if (one.release != nullptr) one.release(one.opaque);
        }
    }

private:
    struct Handle {
        int fd;
        int events;
        virEventHandleCallback callback;
        void* opaque;
        virFreeCallback release;
    };
    struct Timeout {
        int interval;  // milliseconds; negative: off
        base::SteadyTime due;
        virEventTimeoutCallback callback;
        void* opaque;
        virFreeCallback release;
    };
    struct Retired {
        void* opaque;
        virFreeCallback release;
    };

    Poller() : m_wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

    void wake() { ::eventfd_write(m_wake, 1); }
    base::SteadyTime dueAfter(int interval) const { return m_clock.steady() + Milliseconds(std::max(interval, 0)); }

    template <typename Entries>
    int retire(Entries& entries, int id) {
        const auto found = entries.find(id);
        if (found == entries.end()) return -1;
        m_retired.push_back({found->second.opaque, found->second.release});
        entries.erase(found);
        wake();
        return 0;
    }

    // Milliseconds until the next timeout; -1 when none is on.
    int untilNextTimeout() const {
        std::optional<base::SteadyTime> next;
        for (const auto& [id, timeout] : m_timeouts) {
            if (timeout.interval >= 0 && (!next || timeout.due < *next)) next = timeout.due;
        }
        if (!next) return -1;
        return static_cast<int>(
            std::max<std::int64_t>(std::chrono::ceil<Milliseconds>(*next - m_clock.steady()).count(), 0));
    }

    void runOnce() {
        std::vector<pollfd> polled = {{m_wake, POLLIN, 0}};
        std::vector<int> ids = {0};
        int wait = -1;
        {
            const std::lock_guard lock(m_mutex);
            for (const auto& [id, handle] : m_handles) {
                if (handle.events == 0) continue;
                polled.push_back({handle.fd, toPoll(handle.events), 0});
                ids.push_back(id);
            }
            wait = m_retired.empty() ? untilNextTimeout() : 0;
        }
        ::poll(polled.data(), polled.size(), wait);
        eventfd_t ignored = 0;
        ::eventfd_read(m_wake, &ignored);
        callTimeouts();
        for (std::size_t i = 1; i < polled.size(); ++i) {
            if (polled[i].revents != 0) callHandle(ids[i], fromPoll(polled[i].revents));
        }
        collect();
    }

    // Entries are looked up again before each call: an earlier callback may have removed them.
    void callHandle(int id, int events) {
        std::optional<Handle> handle;
        {
            const std::lock_guard lock(m_mutex);
            if (const auto found = m_handles.find(id); found != m_handles.end()) handle = found->second;
        }
        if (handle) handle->callback(id, handle->fd, events, handle->opaque);
    }
    void callTimeouts() {
        const auto now = m_clock.steady();
        std::vector<std::pair<int, Timeout>> due;
        {
            const std::lock_guard lock(m_mutex);
            for (auto& [id, timeout] : m_timeouts) {
                if (timeout.interval < 0 || timeout.due > now) continue;
                timeout.due = now + Milliseconds(timeout.interval);
                due.emplace_back(id, timeout);
            }
        }
        for (const auto& [id, timeout] : due) {
            bool there = false;
            {
                const std::lock_guard lock(m_mutex);
                there = m_timeouts.contains(id);
            }
            if (there) timeout.callback(id, timeout.opaque);
        }
    }

    base::SystemClock m_clock;
    int m_wake;
    std::mutex m_mutex;
    int m_lastId = 0;
    std::map<int, Handle> m_handles;
    std::map<int, Timeout> m_timeouts;
    std::vector<Retired> m_retired;
};

struct EventLoop::Running {
    base::Thread thread;
};

EventLoop::EventLoop() : m_running(std::make_unique<Running>()) {
    static const bool registered = [] {
        virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});  // errors travel as Error, not to standard error
        virEventRegisterImpl(
            [](int fd, int events, virEventHandleCallback callback, void* opaque, virFreeCallback release) {
                return Poller::instance().addHandle(fd, events, callback, opaque, release);
            },
            [](int id, int events) { Poller::instance().updateHandle(id, events); },
            [](int id) { return Poller::instance().removeHandle(id); },
            [](int interval, virEventTimeoutCallback callback, void* opaque, virFreeCallback release) {
                return Poller::instance().addTimeout(interval, callback, opaque, release);
            },
            [](int id, int interval) { Poller::instance().updateTimeout(id, interval); },
            [](int id) { return Poller::instance().removeTimeout(id); });
        return true;
    }();
    static_cast<void>(registered);
    m_running->thread = base::Thread("libvirt", [](std::stop_token stop) { Poller::instance().run(stop); });
}

EventLoop::~EventLoop() {
    m_running->thread.requestStop();
    m_running->thread.join();
    Poller::instance().collect();
}

std::shared_ptr<EventLoop> EventLoop::shared() {
    static std::mutex mutex;
    static std::weak_ptr<EventLoop> current;
    const std::lock_guard lock(mutex);
    auto loop = current.lock();
    if (!loop) current = loop = std::shared_ptr<EventLoop>(new EventLoop);
    return loop;
}

}  // namespace qd::host
