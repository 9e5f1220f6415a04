// What the store counts, for /metrics and for benchmarks.
#pragma once

#include <array>
#include <cstdint>

#include "cluster/base/time.h"

namespace qd::store {

struct Metrics {
    // Upper bounds of the buckets of commit times; the last bucket has none.
    static constexpr std::array<base::Duration, 8> kCommitBounds = {
        std::chrono::microseconds(250), std::chrono::milliseconds(1),  std::chrono::milliseconds(2),
        std::chrono::milliseconds(4),   std::chrono::milliseconds(8),  std::chrono::milliseconds(16),
        std::chrono::milliseconds(64),  std::chrono::milliseconds(256)};

    std::uint64_t writes = 0;   // committed
    std::uint64_t commits = 0;  // transactions that brought them to disk
    std::uint64_t failedCommits = 0;
    std::uint64_t rejected = 0;   // by their precondition
    std::uint64_t unchanged = 0;  // updates that changed nothing and so were not written
    std::uint64_t largestBatch = 0;
    std::array<std::uint64_t, 12> batchSizes = {};  // [i]: batches of 2^i to 2^(i+1)-1 writes, the last: and more
    base::Duration commitTime{0};                   // of all commits together: writing and syncing
    base::Duration longestCommit{0};
    std::array<std::uint64_t, kCommitBounds.size() + 1> commitTimes = {};
    std::uint64_t checkpoints = 0;
    std::uint64_t compactions = 0;
    std::uint64_t watchers = 0;
    std::uint64_t windowEvents = 0;
    std::uint64_t encodedBytes = 0;
};

}  // namespace qd::store
