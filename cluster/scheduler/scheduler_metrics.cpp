#include "cluster/scheduler/scheduler_metrics.h"

#include <fmt/format.h>

namespace qd::scheduler {
namespace {

double seconds(base::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

void begin(std::string& text, std::string_view name, std::string_view type, std::string_view help) {
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void appendAttempts(std::string& text, const SchedulerMetrics& metrics) {
    constexpr std::string_view name = "scheduler_schedule_attempts_total";
    begin(text, name, "counter",
          "Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, "
          "while 'error' means an internal scheduler problem.");
    text += fmt::format("{}{{result=\"error\"}} {}\n", name, metrics.errors.load());
    text += fmt::format("{}{{result=\"scheduled\"}} {}\n", name, metrics.scheduled.load());
    text += fmt::format("{}{{result=\"unschedulable\"}} {}\n", name, metrics.unschedulable.load());
}

void appendDurations(std::string& text, const SchedulerMetrics& metrics) {
    constexpr std::string_view attempt = "scheduler_scheduling_attempt_duration_seconds";
    begin(text, attempt, "histogram", "Scheduling attempt latency in seconds (scheduling algorithm + binding)");
    metrics.errorDuration.append(text, attempt, "result=\"error\"");
    metrics.scheduledDuration.append(text, attempt, "result=\"scheduled\"");
    metrics.unschedulableDuration.append(text, attempt, "result=\"unschedulable\"");
    constexpr std::string_view algorithm = "scheduler_scheduling_algorithm_duration_seconds";
    begin(text, algorithm, "histogram", "Scheduling algorithm latency in seconds");
    metrics.algorithmDuration.append(text, algorithm, "");
    constexpr std::string_view pod = "scheduler_pod_scheduling_sli_duration_seconds";
    begin(text, pod, "histogram",
          "E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve "
          "multiple scheduling attempts.");
    metrics.podDuration.append(text, pod, "");
}

void appendQueues(std::string& text, const SchedulerMetrics& metrics) {
    constexpr std::string_view name = "scheduler_pending_pods";
    begin(text, name, "gauge", "Number of pending pods, by the queue type.");
    text += fmt::format("{}{{queue=\"active\"}} {}\n", name, metrics.active.load());
    text += fmt::format("{}{{queue=\"backoff\"}} {}\n", name, metrics.backoff.load());
    text += fmt::format("{}{{queue=\"gated\"}} {}\n", name, metrics.gated.load());
    text += fmt::format("{}{{queue=\"unschedulable\"}} {}\n", name, metrics.pendingUnschedulable.load());
}

}  // namespace

void DurationHistogram::observe(base::Duration duration) {
    base::Duration bound = m_first;
    for (auto& each : m_atMost) {
        if (duration <= bound) {
            ++each;
            break;
        }
        bound *= 2;
    }
    ++m_count;
    m_microseconds += std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

void DurationHistogram::append(std::string& text, std::string_view name, std::string_view labels) const {
    const std::string_view comma = labels.empty() ? "" : ",";
    base::Duration bound = m_first;
    std::uint64_t sum = 0;
    for (const auto& each : m_atMost) {
        sum += each;
        text += fmt::format("{}_bucket{{{}{}le=\"{}\"}} {}\n", name, labels, comma, seconds(bound), sum);
        bound *= 2;
    }
    text += fmt::format("{}_bucket{{{}{}le=\"+Inf\"}} {}\n", name, labels, comma, m_count.load());
    const std::string braced = labels.empty() ? "" : fmt::format("{{{}}}", labels);
    text += fmt::format("{}_sum{} {}\n", name, braced, static_cast<double>(m_microseconds) / 1e6);
    text += fmt::format("{}_count{} {}\n", name, braced, m_count.load());
}

void SchedulerMetrics::setQueued(const SchedulingQueue::Sizes& sizes) {
    active = sizes.active;
    backoff = sizes.backoff;
    pendingUnschedulable = sizes.unschedulable;
    gated = sizes.gated;
}

std::string metricsText(const SchedulerMetrics& metrics) {
    std::string text;
    appendAttempts(text, metrics);
    appendDurations(text, metrics);
    appendQueues(text, metrics);
    constexpr std::string_view preemptions = "scheduler_preemption_attempts_total";
    begin(text, preemptions, "counter", "Total preemption attempts in the cluster till now");
    text += fmt::format("{} {}\n", preemptions, metrics.preemptions.load());
    return text;
}

}  // namespace qd::scheduler
