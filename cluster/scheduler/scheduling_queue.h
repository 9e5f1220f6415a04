// The Pods that wait for a node.
//
//     active         may be tried now; by priority, then by how long they have waited
//     backoff        were tried and failed: 1 s, doubling to 10 s. When nothing is active, those that were merely
//     turned
//                    away (and not those that met errors) are tried before their time, as upstream does since v1.33
//     unschedulable  fit nowhere, or are gated, and wait for an event that may help (or five minutes)
//     in flight      are being scheduled or bound
//
// Not thread-safe: it lives on the scheduler's strand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "cluster/base/executor.h"
#include "cluster/scheduler/framework/framework.h"

namespace qd::scheduler {

struct QueuedPod {
    PodInfoPtr pod;
    base::SteadyTime since{};  // when it came into its present queue
    base::SteadyTime first{};  // when it was seen first
    int attempts = 0;
    int unschedulableCount = 0;
    int errorCount = 0;
    std::set<std::string_view> rejectedBy;
    bool gated = false;
};

// How long a Pod that failed waits: doubling from the first to the longest.
struct BackoffTimes {
    base::Duration first = std::chrono::seconds(1);
    base::Duration longest = std::chrono::seconds(10);
};

class SchedulingQueue {
public:
    // Every Pod that is added must be of a profile.
    SchedulingQueue(const Profiles& profiles, const base::Clock& clock, BackoffTimes backoff = {})
        : m_profiles(profiles), m_clock(clock), m_backoffTimes(backoff) {}

    void add(PodInfoPtr pod);
    // A waiting Pod changed.
    void update(const client::Ptr<corev1::Pod>& before, PodInfoPtr after);
    void remove(const std::string& uid);

    // The next Pod to try; it is in flight until done() or a return.
    std::optional<QueuedPod> pop();
    void done(const std::string& uid) { remove(uid); }
    // No node fits.
    void returnUnschedulable(const std::string& uid, std::set<std::string_view> rejectedBy);
    // Something went wrong on the way.
    void returnAfterError(const std::string& uid);

    // Asks the gates of a Pod that waits behind them anew; `now`: lets it go on in any case.
    void reconsider(const std::string& uid, bool now);
    // Something happened that may let Pods fit.
    void moveFor(const ClusterEvent& event);
    // Lets those whose time has come go on. Returns when to call again, if ever.
    std::optional<base::Duration> advance();

    struct Sizes {
        std::size_t active = 0;
        std::size_t backoff = 0;
        std::size_t unschedulable = 0;
        std::size_t gated = 0;
        std::size_t inFlight = 0;
    };
    Sizes sizes() const;
    bool hasReady() const { return !m_active.empty() || !m_backoff.empty(); }
    bool contains(const std::string& uid) const { return m_entries.contains(uid); }

private:
    enum class Place : std::uint8_t { Nowhere, Active, Backoff, ErrorBackoff, Unschedulable, InFlight };
    struct Entry : QueuedPod {
        Place place = Place::Nowhere;
        Happening awaits = Happening::None;  // what those that rejected it ask for
        base::SteadyTime until{};            // of the back-off
        std::uint64_t order = 0;
    };
    struct ByPriority {
        bool operator()(const Entry* a, const Entry* b) const;
    };
    struct ByExpiry {
        bool operator()(const Entry* a, const Entry* b) const;
    };
    struct ByOrder {
        bool operator()(const Entry* a, const Entry* b) const { return a->order < b->order; }
    };

    void take(Entry& entry);  // out of whichever queue it is in
    void put(Entry& entry, Place place);
    void requeue(Entry& entry);  // to active, or to backoff while that lasts, or among the gated
    base::Duration backoffOf(const Entry& entry) const;
    void setRejectedBy(Entry& entry, std::set<std::string_view> plugins);
    bool mayHelp(const Entry& entry, const ClusterEvent& event) const;
    const Framework& frameworkOf(const Entry& entry) const { return *m_profiles.of(*entry.pod); }

    const Profiles& m_profiles;
    const base::Clock& m_clock;
    const BackoffTimes m_backoffTimes;
    std::unordered_map<std::string, std::unique_ptr<Entry>> m_entries;  // by uid
    std::set<Entry*, ByPriority> m_active;
    std::set<Entry*, ByExpiry> m_backoff;
    std::set<Entry*, ByExpiry> m_errorBackoff;
    std::set<Entry*, ByOrder> m_unschedulable;
    std::size_t m_gated = 0;  // of the unschedulable
    // No unschedulable Pod's five minutes are over before; kept so that not all are asked each time.
    base::SteadyTime m_firstStuck = base::SteadyTime::max();
    std::uint64_t m_nextOrder = 0;
};

}  // namespace qd::scheduler
