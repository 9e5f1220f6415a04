#include "cluster/store/watch_cache.h"

#include <algorithm>

#include "cluster/store/entry.h"

namespace qd::store {
namespace {

std::size_t costOf(const Event& event) {
    return event.entry->storedSize() + sizeof(Event) + sizeof(Entry);
}

bool concerns(const WatchState& watcher, const Event& event) {
    return watcher.namespace_.empty() || watcher.namespace_ == event.entry->key().namespace_;
}

EntrySet applied(const EntrySet& entries, const Event& event) {
    const Key& key = event.entry->key();
    return event.operation == Operation::Delete ? entries.without(key.namespace_, key.name) : entries.with(event.entry);
}

}  // namespace

void WatchCache::Calls::run() {
    for (const auto& watcher : watchers) {
        std::lock_guard lock(watcher->wakeMutex);
        if (!watcher->wake) continue;
        // A copy, because the call may drop the watch and with it the function.
        const auto wake = watcher->wake;
        wake();
    }
    for (const auto& callback : waiting) callback();
}

void WatchCache::load(std::vector<EntryPtr> entries, Revision committed) {
    std::unordered_map<std::string, std::vector<EntryPtr>> byResource;
    for (EntryPtr& entry : entries) byResource[entry->key().resource].push_back(std::move(entry));
    std::lock_guard lock(m_mutex);
    m_loadedAt = committed;
    m_committed.store(committed, std::memory_order_release);
    for (auto& [name, of] : byResource) resourceLocked(name).entries = EntrySet(std::move(of));
}

WatchCache::Calls WatchCache::publish(std::span<const EventPtr> events) {
    std::unordered_map<Resource*, EntrySet> changed;
    std::vector<Resource*> owners;
    owners.reserve(events.size());
    {
        std::lock_guard lock(m_mutex);
        for (const EventPtr& event : events) owners.push_back(&resourceLocked(event->entry->key().resource));
    }
    for (std::size_t i = 0; i < events.size(); ++i) {
        EntrySet& set = changed.try_emplace(owners[i], owners[i]->entries).first->second;
        set = applied(set, *events[i]);
    }
    Calls calls;
    std::vector<EventPtr> dropped;  // freed after the lock is let go
    {
        std::lock_guard lock(m_mutex);
        for (auto& [resource, set] : changed) std::swap(resource->entries, set);
        for (std::size_t i = 0; i < events.size(); ++i) {
            appendLocked(*owners[i], events[i], dropped);
            for (const auto& watcher : owners[i]->watchers) {
                if (!watcher->armed || !concerns(*watcher, *events[i])) continue;
                watcher->armed = false;
                calls.watchers.push_back(watcher);
            }
        }
        if (!events.empty()) m_committed.store(events.back()->entry->revision(), std::memory_order_release);
        collectCallsLocked(calls);
    }
    return calls;
}

EntryPtr WatchCache::find(const Key& key) const {
    EntrySet entries;
    {
        std::lock_guard lock(m_mutex);
        if (const Resource* resource = findLocked(key.resource)) entries = resource->entries;
    }
    return entries.find(key.namespace_, key.name);
}

Snapshot WatchCache::snapshot(std::string_view resource) const {
    std::lock_guard lock(m_mutex);
    const Resource* found = findLocked(resource);
    return {found ? found->entries : EntrySet(), m_committed.load(std::memory_order_relaxed)};
}

bool WatchCache::isDecoded(std::string_view resource) const {
    std::lock_guard lock(m_mutex);
    const Resource* found = findLocked(resource);
    return !found || found->decoded;
}

void WatchCache::setDecoded(std::string_view resource) {
    std::lock_guard lock(m_mutex);
    resourceLocked(resource).decoded = true;
}

WatchCache::Past WatchCache::past(std::string_view resource, Revision revision) const {
    std::lock_guard lock(m_mutex);
    Past past;
    past.committed = m_committed.load(std::memory_order_relaxed);
    const Resource* found = findLocked(resource);
    past.inWindow = revision >= (found ? found->base : m_loadedAt);
    if (!found) return past;
    past.entries = found->entries;
    if (!past.inWindow) return past;
    const auto from = std::ranges::partition_point(
        found->window, [&](const EventPtr& event) { return event->entry->revision() <= revision; });
    past.since.assign(from, found->window.end());
    return past;
}

std::vector<std::pair<std::string, EntrySet>> WatchCache::all() const {
    std::lock_guard lock(m_mutex);
    std::vector<std::pair<std::string, EntrySet>> all;
    all.reserve(m_resources.size());
    for (const auto& [name, resource] : m_resources) all.emplace_back(name, resource.entries);
    return all;
}

WatchCache::Size WatchCache::size() const {
    std::lock_guard lock(m_mutex);
    Size size;
    for (const auto& [name, resource] : m_resources) {
        size.watchers += resource.watchers.size();
        size.windowEvents += resource.window.size();
    }
    return size;
}

void WatchCache::whenCommitted(Revision revision, std::shared_ptr<std::atomic<bool>> cancelled,
                               std::function<void()> callback) {
    {
        std::lock_guard lock(m_mutex);
        if (m_committed.load(std::memory_order_relaxed) < revision) {
            // Those that gave up waiting for a revision that is far off would stay for ever.
            std::erase_if(m_waiters, [](const auto& each) { return each.second.cancelled->load(); });
            m_waiters.emplace(revision, Waiter{std::move(cancelled), std::move(callback)});
            return;
        }
    }
    callback();
}

WatchCache::Reading WatchCache::read(WatchState& watcher, Revision position, std::size_t limit,
                                     std::vector<EventPtr>& events) {
    std::lock_guard lock(m_mutex);
    const Resource& resource = resourceLocked(watcher.resource);
    Reading reading;
    reading.base = resource.base;
    reading.position = position;
    reading.inWindow = position >= resource.base;
    if (!reading.inWindow) return reading;
    auto at = std::ranges::partition_point(resource.window,
                                           [&](const EventPtr& event) { return event->entry->revision() <= position; });
    for (; at != resource.window.end() && events.size() < limit; ++at) {
        reading.position = (*at)->entry->revision();
        if (concerns(watcher, **at)) events.push_back(*at);
    }
    reading.atEnd = at == resource.window.end();
    if (reading.atEnd) {
        reading.position = std::max(position, m_committed.load(std::memory_order_relaxed));
        watcher.armed = true;
    }
    return reading;
}

void WatchCache::addWatcher(const std::shared_ptr<WatchState>& watcher) {
    std::lock_guard lock(m_mutex);
    resourceLocked(watcher->resource).watchers.push_back(watcher);
}

void WatchCache::removeWatcher(const WatchState& watcher) {
    std::lock_guard lock(m_mutex);
    auto& watchers = resourceLocked(watcher.resource).watchers;
    std::erase_if(watchers, [&](const auto& each) { return each.get() == &watcher; });
}

WatchCache::Resource& WatchCache::resourceLocked(std::string_view name) {
    if (const auto found = m_resources.find(name); found != m_resources.end()) return found->second;
    Resource& resource = m_resources[std::string(name)];
    resource.base = m_loadedAt;  // a resource never seen has had no event since
    return resource;
}

const WatchCache::Resource* WatchCache::findLocked(std::string_view name) const {
    const auto found = m_resources.find(name);
    return found == m_resources.end() ? nullptr : &found->second;
}

void WatchCache::appendLocked(Resource& resource, const EventPtr& event, std::vector<EventPtr>& dropped) {
    resource.window.push_back(event);
    resource.windowBytes += costOf(*event);
    while (resource.window.size() > m_limits.events ||
           (resource.windowBytes > m_limits.bytes && resource.window.size() > 1)) {
        EventPtr& oldest = resource.window.front();
        resource.windowBytes -= costOf(*oldest);
        resource.base = oldest->entry->revision();
        dropped.push_back(std::move(oldest));
        resource.window.pop_front();
    }
}

void WatchCache::collectCallsLocked(Calls& calls) {
    const auto end = m_waiters.upper_bound(m_committed.load(std::memory_order_relaxed));
    for (auto at = m_waiters.begin(); at != end; ++at) {
        calls.waiting.push_back([waiter = std::move(at->second)] {
            if (!waiter.cancelled->load()) waiter.callback();
        });
    }
    m_waiters.erase(m_waiters.begin(), end);
}

}  // namespace qd::store
