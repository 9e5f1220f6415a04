// The committed state in memory: for each resource its live objects and a window of its newest events.
//
// One thread at a time publishes; everything else may run on any thread. The lock is held for copying pointers only:
// new sets of objects are made before it is taken, and what is replaced is freed after it is let go.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/store/snapshot.h"
#include "cluster/store/types.h"

namespace qd::store {

struct WindowLimits {
    std::size_t events = 0;
    std::size_t bytes = 0;
};

// What the cache knows of a watcher.
struct WatchState {
    std::string resource;
    std::string namespace_;  // empty: all
    bool armed = false;      // guarded by the cache's mutex: wake it at the next event

    // Held while `wake` runs. Recursive, so that a watch may be dropped from within its own wake-up call.
    std::recursive_mutex wakeMutex;
    std::function<void()> wake;  // guarded by wakeMutex; empty when the watch is gone
};

class WatchCache {
public:
    // What publishing asks to be called, once no lock is held any more.
    struct Calls {
        std::vector<std::shared_ptr<WatchState>> watchers;
        std::vector<std::function<void()>> waiting;
        void run();
    };
    struct Reading {
        bool inWindow = false;  // otherwise the window has moved past the position: read up to `base` from the log
        Revision base = 0;
        bool atEnd = false;
        Revision position = 0;  // everything up to here has been read
    };
    // The state some time ago: undo `since`, in any order, each key's first event.
    struct Past {
        EntrySet entries;
        Revision committed = 0;
        bool inWindow = false;
        std::vector<EventPtr> since;
    };
    struct Size {
        std::size_t watchers = 0;
        std::size_t windowEvents = 0;
    };

    explicit WatchCache(WindowLimits limits) : m_limits(limits) {}

    // Once, before anything else.
    void load(std::vector<EntryPtr> entries, Revision committed);
    // The events of one transaction, in order.
    [[nodiscard]] Calls publish(std::span<const EventPtr> events);

    Revision committed() const { return m_committed.load(std::memory_order_acquire); }
    EntryPtr find(const Key& key) const;
    Snapshot snapshot(std::string_view resource) const;
    // Whether every live object of the resource is known to be decoded. Those written since opening always are.
    bool isDecoded(std::string_view resource) const;
    void setDecoded(std::string_view resource);
    Past past(std::string_view resource, Revision revision) const;
    std::vector<std::pair<std::string, EntrySet>> all() const;
    Size size() const;
    // Calls back at once or from publish().
    void whenCommitted(Revision revision, std::shared_ptr<std::atomic<bool>> cancelled, std::function<void()> callback);

    // Appends up to `limit` (all together) events after `position` to `events`; arms the watcher when it comes to the
    // end.
    Reading read(WatchState& watcher, Revision position, std::size_t limit, std::vector<EventPtr>& events);
    void addWatcher(const std::shared_ptr<WatchState>& watcher);
    void removeWatcher(const WatchState& watcher);

private:
    struct Resource {
        EntrySet entries;
        std::deque<EventPtr> window;  // every event after `base`
        Revision base = 0;
        std::size_t windowBytes = 0;
        bool decoded = false;
        std::vector<std::shared_ptr<WatchState>> watchers;
    };
    struct StringHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    struct Waiter {
        std::shared_ptr<std::atomic<bool>> cancelled;
        std::function<void()> callback;
    };
    Resource& resourceLocked(std::string_view name);
    const Resource* findLocked(std::string_view name) const;
    void appendLocked(Resource& resource, const EventPtr& event, std::vector<EventPtr>& dropped);
    void collectCallsLocked(Calls& calls);

    const WindowLimits m_limits;
    std::atomic<Revision> m_committed = 0;  // changed under m_mutex
    mutable std::mutex m_mutex;
    // Guarded by m_mutex. Only publish() changes `entries`, so that it may read them without.
    std::unordered_map<std::string, Resource, StringHash, std::equal_to<>> m_resources;
    Revision m_loadedAt = 0;
    std::multimap<Revision, Waiter> m_waiters;
};

}  // namespace qd::store
