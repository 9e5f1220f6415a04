// What the scheduler counts about itself. Names and labels are kube-scheduler's, so that dashboards made for it work:
// https://kubernetes.io/docs/reference/instrumentation/metrics/.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "cluster/base/time.h"
#include "cluster/scheduler/scheduling_queue.h"

namespace qd::scheduler {

// Counts durations by bounds that double from the first.
class DurationHistogram {
public:
    static constexpr std::size_t kBounds = 15;
    explicit DurationHistogram(base::Duration first) : m_first(first) {}
    void observe(base::Duration duration);
    std::uint64_t count() const { return m_count; }
    // The lines of one series; labels: as in `result="scheduled",profile="a"`, or empty.
    void append(std::string& text, std::string_view name, std::string_view labels) const;

private:
    base::Duration m_first;
    std::array<std::atomic<std::uint64_t>, kBounds> m_atMost{};  // each without those of the bounds before
    std::atomic<std::uint64_t> m_count{0};
    std::atomic<std::int64_t> m_microseconds{0};
};

// Thread-safe. Counted over all profiles.
struct SchedulerMetrics {
    std::atomic<std::uint64_t> scheduled{0};
    std::atomic<std::uint64_t> unschedulable{0};
    std::atomic<std::uint64_t> errors{0};
    std::atomic<std::uint64_t> preemptions{0};  // attempts
    // From a Pod's turn until it is bound, or turned away.
    DurationHistogram scheduledDuration{std::chrono::milliseconds(1)};
    DurationHistogram unschedulableDuration{std::chrono::milliseconds(1)};
    DurationHistogram errorDuration{std::chrono::milliseconds(1)};
    // Of finding a node alone.
    DurationHistogram algorithmDuration{std::chrono::microseconds(31)};
    // From a Pod's first sight until it is bound.
    DurationHistogram podDuration{std::chrono::milliseconds(10)};

    // Pods that wait.
    std::atomic<std::size_t> active{0};
    std::atomic<std::size_t> backoff{0};
    std::atomic<std::size_t> pendingUnschedulable{0};
    std::atomic<std::size_t> gated{0};

    void setQueued(const SchedulingQueue::Sizes& sizes);
    std::uint64_t attempts() const { return scheduled + unschedulable + errors; }
};

std::string metricsText(const SchedulerMetrics& metrics);

}  // namespace qd::scheduler
