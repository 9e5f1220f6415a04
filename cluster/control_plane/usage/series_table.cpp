#include "cluster/control_plane/usage/series_table.h"

#include <cmath>

#include "cluster/control_plane/usage/exposition.h"

namespace qd::control_plane {
namespace {

// More than this of one Pod is passed over: a program must not fill the control plane's memory.
constexpr std::size_t kMostSeries = 20'000;

bool cut(std::string& text, std::string_view ending) {
    if (!text.ends_with(ending) || text.size() == ending.size()) return false;
    text.resize(text.size() - ending.size());
    return true;
}

}  // namespace

std::optional<Series> SeriesTable::rateOf(std::map<SeriesName, Counter>& counters, const Known* before, SeriesName name,
                                          Counter now) {
    const auto [entry, isNew] = counters.try_emplace(std::move(name), now);
    if (!isNew || !before) return std::nullopt;
    const auto last = before->counters.find(entry->first);
    if (last == before->counters.end()) return std::nullopt;
    const base::Duration length = now.at - last->second.at;
    if (length <= base::Duration(0)) return std::nullopt;
    const double grown = now.value < last->second.value ? now.value : now.value - last->second.value;
    return Series{.metric = {},
                  .labels = entry->first.second,
                  .value = grown / std::chrono::duration<double>(length).count(),
                  .at = now.at,
                  .window = length};
}

void SeriesTable::take(const PodName& pod, std::string_view text, base::WallTime now) {
    const std::lock_guard lock(m_mutex);
    const auto found = m_known.find(pod);
    const Known* before = found == m_known.end() ? nullptr : &found->second;
    Known known;
    auto series = std::make_shared<PodSeries>();
    series->ns = pod.first;
    series->pod = pod.second;
    std::size_t count = 0;
    readExposition(text, [&](const MetricLine& line) {
        if (!std::isfinite(line.value) || ++count > kMostSeries) return;
        std::string metric(line.name);
        const base::WallTime at = line.at.value_or(now);
        if (!cut(metric, "_total")) {
            series->series.emplace(metric, Series{metric, line.labels, line.value, at, std::nullopt});
            return;
        }
        auto rate = rateOf(known.counters, before, {std::string(line.name), line.labels}, {line.value, at});
        if (!rate) return;
        cut(metric, "_seconds");
        rate->metric = metric;
        series->series.emplace(std::move(metric), std::move(*rate));
    });
    known.series = std::move(series);
    m_known[pod] = std::move(known);
}

void SeriesTable::forget(const PodName& pod) {
    const std::lock_guard lock(m_mutex);
    m_known.erase(pod);
}

void SeriesTable::keepOnly(const std::set<PodName>& pods) {
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_known, [&](const auto& entry) { return !pods.contains(entry.first); });
}

std::vector<std::shared_ptr<const PodSeries>> SeriesTable::all() const {
    const std::lock_guard lock(m_mutex);
    std::vector<std::shared_ptr<const PodSeries>> all;
    for (const auto& [pod, known] : m_known) all.push_back(known.series);
    return all;
}

std::shared_ptr<const PodSeries> SeriesTable::of(const PodName& pod) const {
    const std::lock_guard lock(m_mutex);
    const auto found = m_known.find(pod);
    return found == m_known.end() ? nullptr : found->second.series;
}

}  // namespace qd::control_plane
