#include "cluster/store/watch.h"

#include <algorithm>

#include "cluster/store/entry.h"
#include "cluster/store/history.h"
#include "cluster/store/watch_cache.h"

namespace qd::store {
namespace {

Result<void> decodeAll(const std::vector<EventPtr>& events) {
    for (const EventPtr& event : events) {
        if (auto readable = event->entry->decode(); !readable) return readable;
        if (!event->previous) continue;
        if (auto readable = event->previous->decode(); !readable) return readable;
    }
    return {};
}

}  // namespace

Watch::Watch(WatchCache& cache, History& history, std::string_view resource, std::string_view namespace_, Revision from)
    : m_cache(&cache), m_history(&history), m_state(std::make_shared<WatchState>()), m_position(from) {
    m_state->resource = resource;
    m_state->namespace_ = namespace_;
    m_cache->addWatcher(m_state);
}

Watch& Watch::operator=(Watch&& other) noexcept {
    std::swap(m_cache, other.m_cache);
    std::swap(m_history, other.m_history);
    std::swap(m_state, other.m_state);
    std::swap(m_position, other.m_position);
    return *this;
}

Watch::~Watch() {
    if (!m_state) return;
    m_cache->removeWatcher(*m_state);
    std::lock_guard lock(m_state->wakeMutex);
    m_state->wake = nullptr;
}

void Watch::onEvents(std::function<void()> wake) {
    {
        std::lock_guard lock(m_state->wakeMutex);
        m_state->wake = std::move(wake);
    }
    // Looks without taking anything, which arms the watcher when nothing is there.
    std::vector<EventPtr> events;
    const WatchCache::Reading reading = m_cache->read(*m_state, m_position, 1, events);
    if (events.empty() && reading.atEnd) return;
    std::lock_guard lock(m_state->wakeMutex);
    m_state->wake();
}

Result<std::vector<EventPtr>> Watch::poll(std::size_t limit) {
    std::vector<EventPtr> events;
    while (true) {
        const WatchCache::Reading reading = m_cache->read(*m_state, m_position, limit, events);
        if (reading.inWindow) {
            if (auto readable = decodeAll(events); !readable) return fail(readable.error());
            m_position = reading.position;
            return events;
        }
        LogFilter filter;
        filter.after = m_position;
        filter.upTo = reading.base;
        filter.resource = m_state->resource;
        filter.namespace_ = m_state->namespace_;
        filter.limit = limit - events.size();
        Result<std::vector<EventPtr>> older = m_history->events(filter);
        if (!older) return fail(older.error());
        const bool full = older->size() == filter.limit;
        m_position = full ? older->back()->entry->revision() : reading.base;
        events.insert(events.end(), older->begin(), older->end());
        if (full) return events;
    }
}

}  // namespace qd::store
