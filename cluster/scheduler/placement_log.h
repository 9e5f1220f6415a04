// What became of Pods when they were tried last, for whoever asks later: each node's verdict, each score.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cluster/base/time.h"
#include "cluster/scheduler/framework/diagnosis.h"
#include "cluster/scheduler/framework/framework.h"

namespace qd::scheduler {

struct ScoreSheet {
    std::vector<Text> nodes;
    Scores scores;
};

struct Attempt {
    std::string uid = {};
    std::string scheduler = {};      // the profile
    std::string node = {};           // where it was placed; empty: nowhere
    std::string nominatedNode = {};  // where room is being made
    std::string message = {};        // as in the Pod's condition; empty when it was placed
    // Nodes that turned it away; null for Pods that were tried long ago.
    std::shared_ptr<const Diagnosis> diagnosis = nullptr;
    // Null when no choice was to be made.
    std::shared_ptr<const ScoreSheet> scores = nullptr;
    base::WallTime when{};
    int attempts = 0;
};

// Thread-safe. Keeps the newest attempt of each Pod that could not be placed; nodes and scores, which are many, only of
// the newest few hundred attempts, and with them the Pods that were placed.
class PlacementLog {
public:
    void record(const std::string& ns, const std::string& pod, Attempt attempt);
    void erase(const std::string& ns, const std::string& pod);
    std::optional<Attempt> find(const std::string& ns, const std::string& pod) const;
    // Of one namespace, or of all; by namespace and name.
    std::vector<std::pair<std::string, std::string>> pods(const std::string& ns) const;

private:
    using Key = std::pair<std::string, std::string>;
    struct Kept : Attempt {
        std::uint64_t serial = 0;
    };
    void shorten();

    mutable std::mutex m_mutex;
    std::map<Key, Kept> m_attempts;
    std::deque<std::pair<Key, std::uint64_t>> m_detailed;  // oldest first; some have been replaced since
    std::uint64_t m_serial = 0;
};

}  // namespace qd::scheduler
