// Reads the metrics of programs in Pods, every 15 seconds, from Pods that ask for it by the usual annotations:
//
//     prometheus.io/scrape: "true"
//     prometheus.io/port: "8080"        (without it: the ports that the containers declare)
//     prometheus.io/path: /metrics
//     prometheus.io/scheme: http
//
// Pods on hollow nodes run nothing: their annotations say what they would answer (vmnodes/hollow/pod_usage.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/executor.h"
#include "cluster/client/informer.h"
#include "cluster/control_plane/usage/series_table.h"

namespace qd::control_plane {

struct ScrapeTarget {
    std::string address;
    std::uint16_t port = 0;
    bool tls = false;
    std::string path;

    bool operator==(const ScrapeTarget&) const = default;
};
// Where a Pod is to be asked; empty for one that does not run or does not ask for it. Pure.
std::vector<ScrapeTarget> scrapeTargets(const corev1::Pod& pod);

class PodScraper {
public:
    // Answers what a program says; may block.
    using Ask = std::function<Result<std::string>(const ScrapeTarget& target)>;

    // `work` runs the rounds, `asking` the questions, which wait for their answers.
    PodScraper(base::Executor& work, base::Executor& asking, Ask ask, std::shared_ptr<SeriesTable> table,
               base::Duration period);
    ~PodScraper();

    // Call it once, before the informers start.
    void begin(client::InformerFactory& informers);
    // Nothing is asked after this returns; a question on its way is not waited for, its executor is.
    void stop();

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::control_plane
