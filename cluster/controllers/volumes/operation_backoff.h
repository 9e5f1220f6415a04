// How long to leave an operation on real storage alone after it failed: half a second, doubling up to about two
// minutes, as upstream does beside its work queues. What wakes the key meanwhile does not start it sooner. Thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "cluster/base/time.h"

namespace qd::controllers {

class OperationBackoff {
public:
    explicit OperationBackoff(const base::Clock& clock) : m_clock(clock) {}

    // How long until the operation may begin; 0 when it may now.
    base::Duration wait(const std::string& operation);
    // Returns how long to wait from now.
    base::Duration failed(const std::string& operation);
    void forget(const std::string& operation);

private:
    struct Entry {
        base::SteadyTime until;
        base::Duration pause;
    };

    const base::Clock& m_clock;
    std::mutex m_mutex;
    std::unordered_map<std::string, Entry> m_entries;
};

}  // namespace qd::controllers
