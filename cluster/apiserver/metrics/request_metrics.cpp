#include "cluster/apiserver/metrics/request_metrics.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "cluster/api/kinds/kind.h"

namespace qd::apiserver {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60};

bool isChannel(const std::string& subresource) {
    return subresource == "exec" || subresource == "attach" || subresource == "portforward" || subresource == "proxy" ||
           subresource == "log";
}

// Only what the server knows becomes a label: a client must not be able to make series without end.
std::string knownMethod(const std::string& method) {
    for (const char* known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
        if (method == known) return method;
    }
    return "other";
}

RequestInfo knownPart(const RequestInfo& info) {
    const api::Kind* kind = info.isResource ? api::findResource(info.group, info.version, info.resource) : nullptr;
    if (!kind) return {};
    RequestInfo known = info;
    const auto served = [&](const api::Subresource& each) { return each.name == info.subresource; };
    const bool isServed = kind->subresourceUpdates.contains(info.subresource) ||
                          std::any_of(kind->subresources.begin(), kind->subresources.end(), served);
    if (!isServed) known.subresource.clear();
    return known;
}

std::string verbOf(const Request& request, const RequestInfo& info) {
    if (!info.isResource) return knownMethod(request.method);
    if (isChannel(info.subresource)) return "CONNECT";
    if (info.verb == "list") return "LIST";
    if (info.verb == "watch") return "WATCH";
    if (info.verb == "deletecollection") return "DELETECOLLECTION";
    if (info.verb == "patch" && request.headers.get("Content-Type").starts_with("application/apply-patch"))
        return "APPLY";
    return knownMethod(request.method);
}

std::string scopeOf(const RequestInfo& info) {
    if (!info.isResource) return "";
    if (!info.name.empty()) return "resource";
    return info.namespace_.empty() ? "cluster" : "namespace";
}

prometheus::Labels labelsOf(const Request& request, const RequestInfo& info) {
    return {{"component", "apiserver"},        {"group", info.group},
            {"resource", info.resource},       {"scope", scopeOf(info)},
            {"subresource", info.subresource}, {"verb", verbOf(request, info)},
            {"version", info.version}};
}

prometheus::MetricFamily gauges(std::string name, std::string help) {
    prometheus::MetricFamily family;
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = prometheus::MetricType::Gauge;
    return family;
}

void add(prometheus::MetricFamily& family, prometheus::Labels labels, double value) {
    prometheus::ClientMetric metric;
    for (const auto& [name, text] : labels) metric.label.push_back({name, text});
    metric.gauge.value = value;
    family.metric.push_back(std::move(metric));
}

}  // namespace

struct RequestMetrics::State {
    // Looking a counter up by its labels costs more than many a request: they are remembered by one text.
    struct Series {
        prometheus::Counter* count = nullptr;
        prometheus::Histogram* duration = nullptr;
    };

    prometheus::Registry registry;
    prometheus::Family<prometheus::Counter>& requests = prometheus::BuildCounter()
                                                            .Name("apiserver_request_total")
                                                            .Help("Requests by verb, resource and HTTP code.")
                                                            .Register(registry);
    prometheus::Family<prometheus::Histogram>& durations =
        prometheus::BuildHistogram()
            .Name("apiserver_request_duration_seconds")
            .Help("Response latency in seconds by verb and resource.")
            .Register(registry);
    prometheus::Gauge& inflight = prometheus::BuildGauge()
                                      .Name("apiserver_current_inflight_requests")
                                      .Help("Requests that are being answered.")
                                      .Register(registry)
                                      .Add({});
    std::mutex mutex;
    std::unordered_map<std::string, Series> series;  // guarded by mutex

    Series& find(const std::string& what, const prometheus::Labels& labels, int code, bool timed) {
        const std::lock_guard lock(mutex);
        Series& found = series[what];
        if (found.count) return found;
        prometheus::Labels counted = labels;
        counted["code"] = std::to_string(code);
        found.count = &requests.Add(counted);
        if (timed) found.duration = &durations.Add(labels, kSeconds);
        return found;
    }
};

RequestMetrics::RequestMetrics(const base::Clock& clock) : m_state(std::make_shared<State>()), m_clock(clock) {}
RequestMetrics::~RequestMetrics() = default;

Response RequestMetrics::observe(const Request& request, const RequestInfo& asked, base::SteadyTime begun,
                                 Response response) {
    const RequestInfo info = knownPart(asked);
    const std::string verb = verbOf(request, info);
    std::string what = fmt::format("{}|{}|{}|{}|{}|{}", verb, info.group, info.version, info.resource, info.subresource,
                                   scopeOf(info));
    auto note = [state = m_state, labels = labelsOf(request, info), what = std::move(what),
                 timed = verb != "WATCH" && verb != "CONNECT", begun, clock = &m_clock](int code) {
        const auto& series = state->find(fmt::format("{}|{}", what, code), labels, code, timed);
        series.count->Increment();
        if (series.duration) series.duration->Observe(std::chrono::duration<double>(clock->steady() - begun).count());
    };
    if (!response.gate) {
        note(response.code);
        return response;
    }
    m_state->inflight.Increment();
    const int code = response.code;
    response.gate = [gate = std::exchange(response.gate, nullptr), note = std::move(note), code,
                     state = m_state](Release release) mutable {
        gate([release = std::move(release), note = std::move(note), code,
              state](std::unique_ptr<Response> instead) mutable {
            note(instead ? instead->code : code);
            state->inflight.Decrement();
            release(std::move(instead));
        });
    };
    return response;
}

std::string RequestMetrics::text(const store::Store& store) const {
    std::vector<prometheus::MetricFamily> families = m_state->registry.Collect();
    auto objects = gauges("apiserver_resource_objects", "Number of stored objects by resource.");
    for (const std::string& groupResource : store.resources()) {
        const auto dot = groupResource.find('.');
        const std::string group = dot == std::string::npos ? "" : groupResource.substr(dot + 1);
        add(objects, {{"group", group}, {"resource", groupResource.substr(0, dot)}},
            static_cast<double>(store.count(groupResource)));
    }
    families.push_back(std::move(objects));
    const auto metrics = store.metrics();
    auto writes = gauges("quarterdeck_store_writes", "Writes that are on disk, by outcome.");
    add(writes, {{"outcome", "committed"}}, static_cast<double>(metrics.writes));
    add(writes, {{"outcome", "rejected"}}, static_cast<double>(metrics.rejected));
    add(writes, {{"outcome", "unchanged"}}, static_cast<double>(metrics.unchanged));
    families.push_back(std::move(writes));
    auto commits = gauges("quarterdeck_store_commits", "Transactions that brought writes to disk, by outcome.");
    add(commits, {{"outcome", "done"}}, static_cast<double>(metrics.commits));
    add(commits, {{"outcome", "failed"}}, static_cast<double>(metrics.failedCommits));
    families.push_back(std::move(commits));
    auto time = gauges("quarterdeck_store_commit_seconds", "Time that all commits together have taken.");
    add(time, {}, std::chrono::duration<double>(metrics.commitTime).count());
    families.push_back(std::move(time));
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace qd::apiserver
