// Load for any Kubernetes API server: requests from a number of connections at once, and watches. Bodies are plain JSON
// texts, so that what the load itself costs is small and the same for every server.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cluster/client/transport/http_client.h"

namespace qd::bench {

struct Latencies {
    std::vector<double> milliseconds;

    // 0.5 is the median; 0 when there are none.
    double quantile(double share) const;
};

struct LoadResult {
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
    std::string firstFailure;
    double seconds = 0;
    Latencies latencies;
};

// What the n-th request is; called on one thread at a time.
using RequestSource = std::function<client::HttpRequest(std::uint64_t n)>;

struct LoadLimits {
    unsigned clients = 1;
    base::Duration length = std::chrono::hours(1);
    std::uint64_t count = UINT64_MAX;
};

// Sends requests until one of the limits is reached; each client sends its next one when the last is answered.
LoadResult runLoad(client::HttpClient& http, const base::Clock& clock, const LoadLimits& limits, const RequestSource& next);

// Opens `watchers` watches of the target and then sends `count` writes, each when all watchers have the one before.
// The latencies are those from the sending of a write to its arrival at each watcher.
Result<LoadResult> runFanOut(client::HttpClient& http, const base::Clock& clock, unsigned watchers, const std::string& target, std::uint64_t count, const RequestSource& write);

}  // namespace qd::bench
