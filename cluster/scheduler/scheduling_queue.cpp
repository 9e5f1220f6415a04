#include "cluster/scheduler/scheduling_queue.h"

#include <algorithm>

namespace qd::scheduler {
namespace {

constexpr base::Duration kLongestUnschedulable = std::chrono::minutes(5);

}  // namespace

bool SchedulingQueue::ByPriority::operator()(const Entry* a, const Entry* b) const {
    if (a->pod->priority() != b->pod->priority()) return a->pod->priority() > b->pod->priority();
    if (a->since != b->since) return a->since < b->since;
    return a->order < b->order;
}

bool SchedulingQueue::ByExpiry::operator()(const Entry* a, const Entry* b) const {
    return a->until != b->until ? a->until < b->until : a->order < b->order;
}

void SchedulingQueue::take(Entry& entry) {
    switch (entry.place) {
        case Place::Active:
            m_active.erase(&entry);
            break;
        case Place::Backoff:
            m_backoff.erase(&entry);
            break;
        case Place::ErrorBackoff:
            m_errorBackoff.erase(&entry);
            break;
        case Place::Unschedulable:
            m_unschedulable.erase(&entry);
            if (entry.gated) --m_gated;
            break;
        case Place::InFlight:
        case Place::Nowhere:
            break;
    }
    entry.place = Place::Nowhere;
}

void SchedulingQueue::put(Entry& entry, Place place) {
    entry.place = place;
    switch (place) {
        case Place::Active:
            m_active.insert(&entry);
            break;
        case Place::Backoff:
            m_backoff.insert(&entry);
            break;
        case Place::ErrorBackoff:
            m_errorBackoff.insert(&entry);
            break;
        case Place::Unschedulable:
            m_unschedulable.insert(&entry);
            if (entry.gated) {
                ++m_gated;
            } else {
                m_firstStuck = std::min(m_firstStuck, entry.since + kLongestUnschedulable);
            }
            break;
        case Place::InFlight:
        case Place::Nowhere:
            break;
    }
}

base::Duration SchedulingQueue::backoffOf(const Entry& entry) const {
    const int count = entry.errorCount > 0 ? entry.errorCount : entry.unschedulableCount;
    if (count == 0) return base::Duration(0);
    const int doublings = std::min(count - 1, 16);
    return std::min(m_backoffTimes.longest, m_backoffTimes.first * (1 << doublings));
}

void SchedulingQueue::setRejectedBy(Entry& entry, std::set<std::string_view> plugins) {
    entry.rejectedBy = std::move(plugins);
    entry.awaits = frameworkOf(entry).interestsOf(entry.rejectedBy);
}

bool SchedulingQueue::mayHelp(const Entry& entry, const ClusterEvent& event) const {
    if (entry.rejectedBy.empty()) return true;
    return anyOf(entry.awaits, event.what) && frameworkOf(entry).mayHelp(*entry.pod, entry.rejectedBy, event);
}

void SchedulingQueue::requeue(Entry& entry) {
    take(entry);
    const Status gate = frameworkOf(entry).preEnqueue(*entry.pod);
    entry.gated = !gate.ok();
    if (entry.gated) {
        // What turned it away earlier still holds: events that help there ask the gates again.
        auto plugins = entry.rejectedBy;
        plugins.insert(gate.plugin);
        setRejectedBy(entry, std::move(plugins));
        return put(entry, Place::Unschedulable);
    }
    entry.until = entry.since + backoffOf(entry);
    if (entry.until > m_clock.steady()) return put(entry, entry.errorCount > 0 ? Place::ErrorBackoff : Place::Backoff);
    put(entry, Place::Active);
}

void SchedulingQueue::add(PodInfoPtr pod) {
    auto& slot = m_entries[pod->uid()];
    if (slot) return;
    slot = std::make_unique<Entry>();
    slot->pod = std::move(pod);
    slot->since = slot->first = m_clock.steady();
    slot->order = m_nextOrder++;
    requeue(*slot);
}

void SchedulingQueue::update(const client::Ptr<corev1::Pod>& before, PodInfoPtr after) {
    const auto found = m_entries.find(after->uid());
    if (found == m_entries.end()) return add(std::move(after));
    Entry& entry = *found->second;
    const Place place = entry.place;
    const ClusterEvent event{before ? podChange(*before, *after->pod) : Happening::None, before, after->pod};
    take(entry);  // the priority may be another one
    entry.pod = std::move(after);
    put(entry, place);
    if (place != Place::Unschedulable) return;
    if (mayHelp(entry, event)) requeue(entry);
}

void SchedulingQueue::remove(const std::string& uid) {
    const auto found = m_entries.find(uid);
    if (found == m_entries.end()) return;
    take(*found->second);
    m_entries.erase(found);
}

std::optional<QueuedPod> SchedulingQueue::pop() {
    Entry* next = !m_active.empty() ? *m_active.begin() : !m_backoff.empty() ? *m_backoff.begin() : nullptr;
    if (!next) return std::nullopt;
    take(*next);
    put(*next, Place::InFlight);
    ++next->attempts;
    return static_cast<const QueuedPod&>(*next);
}

void SchedulingQueue::returnUnschedulable(const std::string& uid, std::set<std::string_view> rejectedBy) {
    const auto found = m_entries.find(uid);
    if (found == m_entries.end()) return;
    Entry& entry = *found->second;
    take(entry);
    entry.gated = false;
    setRejectedBy(entry, std::move(rejectedBy));
    ++entry.unschedulableCount;
    entry.errorCount = 0;
    entry.since = m_clock.steady();
    put(entry, Place::Unschedulable);
}

void SchedulingQueue::returnAfterError(const std::string& uid) {
    const auto found = m_entries.find(uid);
    if (found == m_entries.end()) return;
    Entry& entry = *found->second;
    take(entry);
    entry.rejectedBy.clear();
    ++entry.errorCount;
    entry.since = m_clock.steady();
    requeue(entry);
}

void SchedulingQueue::reconsider(const std::string& uid, bool now) {
    const auto found = m_entries.find(uid);
    if (found == m_entries.end() || found->second->place != Place::Unschedulable) return;
    if (now || found->second->gated) requeue(*found->second);
}

void SchedulingQueue::moveFor(const ClusterEvent& event) {
    if (m_unschedulable.empty() || !m_profiles.interested(event.what)) return;
    std::vector<Entry*> helped;
    for (Entry* entry : m_unschedulable) {
        if (mayHelp(*entry, event)) helped.push_back(entry);
    }
    for (Entry* entry : helped) requeue(*entry);
}

std::optional<base::Duration> SchedulingQueue::advance() {
    const base::SteadyTime now = m_clock.steady();
    for (auto* queue : {&m_backoff, &m_errorBackoff}) {
        while (!queue->empty() && (*queue->begin())->until <= now) {
            Entry& entry = **queue->begin();
            take(entry);
            put(entry, Place::Active);
        }
    }
    if (m_firstStuck <= now) {
        m_firstStuck = base::SteadyTime::max();
        std::vector<Entry*> stuck;
        for (Entry* entry : m_unschedulable) {
            if (entry->gated) continue;
            const base::SteadyTime due = entry->since + kLongestUnschedulable;
            if (due <= now) {
                stuck.push_back(entry);
            } else {
                m_firstStuck = std::min(m_firstStuck, due);
            }
        }
        for (Entry* entry : stuck) requeue(*entry);
    }
    std::optional<base::SteadyTime> next;
    const auto sooner = [&next](base::SteadyTime due) { next = next ? std::min(*next, due) : due; };
    if (m_unschedulable.size() > m_gated && m_firstStuck != base::SteadyTime::max()) sooner(m_firstStuck);
    if (!m_backoff.empty()) sooner((*m_backoff.begin())->until);
    if (!m_errorBackoff.empty()) sooner((*m_errorBackoff.begin())->until);
    if (!next) return std::nullopt;
    return std::max(base::Duration(0), std::chrono::duration_cast<base::Duration>(*next - now));
}

SchedulingQueue::Sizes SchedulingQueue::sizes() const {
    const std::size_t backoff = m_backoff.size() + m_errorBackoff.size();
    const std::size_t waiting = m_unschedulable.size();
    return {m_active.size(), backoff, waiting - m_gated, m_gated,
            m_entries.size() - m_active.size() - backoff - waiting};
}

}  // namespace qd::scheduler
