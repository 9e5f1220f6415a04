// What Pods say of themselves, as series under the names of the metrics APIs.
//
// As the reference adapter's default rules have it, a metric whose name ends with _total is a counter: it is served as
// its rate a second, without the ending (and without _seconds before it): http_requests_total becomes http_requests.
// Everything else is served as it is.
// Source: https://github.com/kubernetes-sigs/prometheus-adapter/blob/master/docs/walkthrough.md.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/api/values.h"
#include "cluster/base/time.h"

namespace qd::control_plane {

struct Series {
    std::string metric;
    api::Map<std::string> labels;  // as the Pod gives them
    double value = 0;
    base::WallTime at{};
    std::optional<base::Duration> window;  // of a rate
};

// The series of one Pod, by metric.
struct PodSeries {
    std::string ns, pod;
    std::multimap<std::string, Series, std::less<>> series;
};

// Thread-safe.
class SeriesTable {
public:
    using PodName = std::pair<std::string, std::string>;  // namespace and name

    // The text that a Pod answered with. A counter has a rate from its second reading on; one that fell has begun anew.
    void take(const PodName& pod, std::string_view text, base::WallTime now);
    void forget(const PodName& pod);
    void keepOnly(const std::set<PodName>& pods);

    std::vector<std::shared_ptr<const PodSeries>> all() const;
    // Null when nothing is known of the Pod.
    std::shared_ptr<const PodSeries> of(const PodName& pod) const;

private:
    struct Counter {
        double value = 0;
        base::WallTime at{};
    };
    using SeriesName = std::pair<std::string, api::Map<std::string>>;  // name and labels
    struct Known {
        std::map<SeriesName, Counter> counters;
        std::shared_ptr<const PodSeries> series;
    };
    static std::optional<Series> rateOf(std::map<SeriesName, Counter>& counters, const Known* before, SeriesName name,
                                        Counter now);

    mutable std::mutex m_mutex;
    std::map<PodName, Known> m_known;  // guarded by m_mutex
};

}  // namespace qd::control_plane
