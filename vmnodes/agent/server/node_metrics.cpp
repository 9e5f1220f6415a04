#include "vmnodes/agent/server/node_metrics.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "cluster/api/meta/time.h"
#include "vmnodes/agent/cgroups/hierarchy.h"

namespace qd::agent::server {
namespace {

namespace json = boost::json;

std::string timeText(base::WallTime time) {
    return api::Time(time).toString();
}

std::string label(const cri::ContainerStats& stats, const char* key) {
    const auto found = stats.labels.find(key);
    return found == stats.labels.end() ? std::string() : found->second;
}

json::object cpu(std::uint64_t nanoseconds, base::WallTime time) {
    return {{"time", timeText(time)}, {"usageCoreNanoSeconds", nanoseconds}};
}

json::object memory(std::uint64_t usage, std::uint64_t workingSet, std::uint64_t rss, base::WallTime time) {
    return {{"time", timeText(time)}, {"usageBytes", usage}, {"workingSetBytes", workingSet}, {"rssBytes", rss}};
}

json::object containerEntry(const cri::ContainerStats& one) {
    return {{"name", label(one, sync::kContainerNameLabel)},
            {"cpu", cpu(one.cpuUsageNanoseconds, one.cpuTimestamp)},
            {"memory", memory(one.usageBytes, one.workingSetBytes, one.rssBytes, one.memoryTimestamp)}};
}

std::string labels(const cri::ContainerStats& one) {
    return fmt::format("{{container=\"{}\",namespace=\"{}\",pod=\"{}\"}}", label(one, sync::kContainerNameLabel),
                       label(one, sync::kPodNamespaceLabel), label(one, sync::kPodNameLabel));
}

std::int64_t milliseconds(base::WallTime time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// Of the machine as a whole; what is in use is what could not be given to somebody else.
std::string nodeText(base::WallTime now) {
    const auto usage = cgroups::readMachineUsage();
    if (!usage) return {};
    return fmt::format(
        "# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds\n"
        "# TYPE node_cpu_usage_seconds_total counter\nnode_cpu_usage_seconds_total {} {}\n"
        "# HELP node_memory_working_set_bytes [STABLE] Current working set of the node in bytes\n"
        "# TYPE node_memory_working_set_bytes gauge\nnode_memory_working_set_bytes {} {}\n",
        static_cast<double>(usage->cpuNanoseconds) / 1e9, milliseconds(now), usage->workingSetBytes, milliseconds(now));
}

}  // namespace

std::string statsSummary(cri::Runtime& runtime, const sync::PodWorkers& workers, base::WallTime now) {
    json::object node;
    if (const auto usage = cgroups::readUsage("/sys/fs/cgroup/kubepods"))
        node = {{"cpu", cpu(usage->cpuNanoseconds, now)},
                {"memory", memory(usage->memoryBytes, usage->workingSetBytes, usage->rssBytes, now)}};
    const auto stats = runtime.listContainerStats();
    json::array pods;
    for (const auto& worker : workers.all()) {
        const auto pod = worker->pod();
        json::array containers;
        if (stats)
            for (const cri::ContainerStats& one : *stats)
                if (label(one, sync::kPodUidLabel) == pod->metadata.uid) containers.push_back(containerEntry(one));
        json::object entry = {
            {"podRef",
             {{"name", pod->metadata.name}, {"namespace", pod->metadata.namespace_}, {"uid", pod->metadata.uid}}},
            {"containers", std::move(containers)}};
        if (const auto usage = cgroups::readUsage("/sys/fs/cgroup" + cgroups::Hierarchy::podGroup(*pod))) {
            entry["cpu"] = cpu(usage->cpuNanoseconds, now);
            entry["memory"] = memory(usage->memoryBytes, usage->workingSetBytes, usage->rssBytes, now);
        }
        pods.push_back(std::move(entry));
    }
    return json::serialize(json::object{{"node", std::move(node)}, {"pods", std::move(pods)}});
}

std::string resourceMetrics(cri::Runtime& runtime, base::WallTime now) {
    std::string cpuText =
        "# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in "
        "core-seconds\n"
        "# TYPE container_cpu_usage_seconds_total counter\n";
    std::string memoryText =
        "# HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes\n"
        "# TYPE container_memory_working_set_bytes gauge\n";
    const auto stats = runtime.listContainerStats();
    if (stats)
        for (const cri::ContainerStats& one : *stats) {
            cpuText += fmt::format("container_cpu_usage_seconds_total{} {} {}\n", labels(one),
                                   static_cast<double>(one.cpuUsageNanoseconds) / 1e9, milliseconds(one.cpuTimestamp));
            memoryText += fmt::format("container_memory_working_set_bytes{} {} {}\n", labels(one), one.workingSetBytes,
                                      milliseconds(one.memoryTimestamp));
        }
    return nodeText(now) + cpuText + memoryText +
           fmt::format(
               "# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 "
               "otherwise\n"
               "# TYPE resource_scrape_error gauge\nresource_scrape_error {}\n",
               stats ? 0 : 1);
}

}  // namespace qd::agent::server
