// What Pods that fit nowhere were told, for whoever asks later.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "cluster/scheduler/scheduler.h"

namespace qd::scheduler {

// Thread-safe. Keeps the newest failure of each Pod; the verdicts of the nodes only for the newest few hundred Pods, for
// they are many.
class FailureLog {
public:
    void record(const std::string& ns, const std::string& pod, Failure failure);
    void erase(const std::string& ns, const std::string& pod);
    std::optional<Failure> find(const std::string& ns, const std::string& pod) const;

private:
    using Key = std::pair<std::string, std::string>;
    mutable std::mutex m_mutex;
    std::map<Key, Failure> m_failures;
    std::deque<Key> m_detailed;  // oldest first; may name Pods that are gone
};

}  // namespace qd::scheduler
