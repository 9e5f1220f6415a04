#include "cluster/control_plane/usage/usage_table.h"

#include <cmath>

#include "cluster/control_plane/usage/exposition.h"

namespace qd::control_plane {
namespace {

struct Interval {
    base::WallTime end{};
    base::Duration length{};
    api::Map<api::Quantity> usage;
};

// In billionths of a core and in bytes, as the metrics API writes them. Nothing when the two do not go together.
std::optional<Interval> between(const Counters& before, const Counters& now) {
    const base::Duration length = now.at - before.at;
    if (length <= base::Duration(0) || now.cpuSeconds < before.cpuSeconds) return std::nullopt;
    const double cores = (now.cpuSeconds - before.cpuSeconds) / std::chrono::duration<double>(length).count();
    Interval interval{.end = now.at, .length = length, .usage = {}};
    interval.usage["cpu"] = api::Quantity::ofNano(std::llround(cores * 1e9), api::Quantity::Format::DecimalSI);
    interval.usage["memory"] = api::Quantity(std::llround(now.memoryBytes), api::Quantity::Format::BinarySI);
    return interval;
}

template <typename Metrics>
void setTimes(Metrics& metrics, const Interval& interval) {
    metrics.timestamp = api::Time(interval.end);
    metrics.window.nanoseconds =
        std::chrono::nanoseconds(std::chrono::duration_cast<std::chrono::milliseconds>(interval.length)).count();
}

UsageTable::NodePtr nodeUse(const std::string& name, const NodeReading& before, const NodeReading& now) {
    if (!before.node || !now.node) return nullptr;
    const auto interval = between(*before.node, *now.node);
    if (!interval) return nullptr;
    auto metrics = std::make_shared<metricsv1beta1::NodeMetrics>();
    metrics->metadata.name = name;
    metrics->usage = interval->usage;
    setTimes(*metrics, *interval);
    return metrics;
}

UsageTable::PodPtr podUse(const std::string& ns, const std::string& name, const NodeReading::Containers& before,
                          const NodeReading::Containers& now) {
    auto metrics = std::make_shared<metricsv1beta1::PodMetrics>();
    metrics->metadata.namespace_ = ns;
    metrics->metadata.name = name;
    for (const auto& [container, counters] : now) {
        const auto known = before.find(container);
        const auto interval = known == before.end() ? std::nullopt : between(known->second, counters);
        if (!interval) return nullptr;
        auto& entry = metrics->containers.emplace_back();
        entry.name = container;
        entry.usage = interval->usage;
        setTimes(*metrics, *interval);
    }
    return metrics->containers.empty() ? nullptr : metrics;
}

}  // namespace

NodeReading readResourceMetrics(std::string_view text, base::WallTime now) {
    NodeReading reading;
    readExposition(text, [&](const MetricLine& line) {
        const bool isCpu = line.name.ends_with("_cpu_usage_seconds_total"),
                   isMemory = line.name.ends_with("_memory_working_set_bytes");
        if (!isCpu && !isMemory) return;
        Counters* counters = nullptr;
        if (line.name.starts_with("node_")) {
            counters = &(reading.node ? *reading.node : reading.node.emplace());
        } else if (line.name.starts_with("container_")) {
            counters = &reading.pods[{std::string(line.label("namespace")), std::string(line.label("pod"))}]
                                    [std::string(line.label("container"))];
        } else {
            return;  // of Pods: their containers say the same
        }
        (isCpu ? counters->cpuSeconds : counters->memoryBytes) = line.value;
        if (isCpu) counters->at = line.at.value_or(now);
    });
    return reading;
}

void UsageTable::take(const std::string& node, NodeReading reading) {
    const std::lock_guard lock(m_mutex);
    Known& known = m_known[node];
    known.node = nodeUse(node, known.last, reading);
    known.pods.clear();
    for (const auto& [pod, containers] : reading.pods) {
        const auto before = known.last.pods.find(pod);
        if (before == known.last.pods.end()) continue;
        if (auto use = podUse(pod.first, pod.second, before->second, containers)) known.pods.push_back(std::move(use));
    }
    known.last = std::move(reading);
}

void UsageTable::set(const std::string& node, std::optional<metricsv1beta1::NodeMetrics> ofNode,
                     std::vector<metricsv1beta1::PodMetrics> ofPods) {
    const std::lock_guard lock(m_mutex);
    Known& known = m_known[node];
    known.node = ofNode ? std::make_shared<const metricsv1beta1::NodeMetrics>(std::move(*ofNode)) : nullptr;
    known.pods.clear();
    for (auto& pod : ofPods) known.pods.push_back(std::make_shared<const metricsv1beta1::PodMetrics>(std::move(pod)));
}

void UsageTable::forget(const std::string& node) {
    const std::lock_guard lock(m_mutex);
    m_known.erase(node);
}

std::vector<UsageTable::NodePtr> UsageTable::nodes() const {
    const std::lock_guard lock(m_mutex);
    std::vector<NodePtr> all;
    for (const auto& [name, known] : m_known)
        if (known.node) all.push_back(known.node);
    return all;
}

std::vector<UsageTable::PodPtr> UsageTable::pods(const std::string& ns) const {
    const std::lock_guard lock(m_mutex);
    std::vector<PodPtr> all;
    for (const auto& [name, known] : m_known)
        for (const auto& pod : known.pods)
            if (ns.empty() || pod->metadata.namespace_ == ns) all.push_back(pod);
    return all;
}

}  // namespace qd::control_plane
