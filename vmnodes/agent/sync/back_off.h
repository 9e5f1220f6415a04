// Exponential back-off by key, as client-go's flowcontrol.Backoff: from `initial`, doubling to `most`, forgotten after
// twice `most` without an event. Not thread-safe.
#pragma once

#include <map>
#include <string>

#include "cluster/base/time.h"

namespace qd::agent::sync {

class BackOff {
public:
    BackOff(base::Duration initial, base::Duration most) : m_initial(initial), m_most(most) {}

    // How long still, at `now`, to wait after an event at `event`; zero when the wait is over.
    base::Duration remaining(const std::string& key, base::WallTime event, base::WallTime now) const;
    // Whether, at `now`, the wait that began with the last next() is not over.
    base::Duration remainingSinceUpdate(const std::string& key, base::WallTime now) const;
    // Counts one more event: starts at the initial wait, or doubles it.
    void next(const std::string& key, base::WallTime event, base::WallTime now);
    // The wait that next() decided last; zero for an unknown key.
    base::Duration current(const std::string& key) const;
    void forget(const std::string& key) { m_entries.erase(key); }

private:
    struct Entry {
        base::Duration wait{0};
        base::WallTime updated{};
    };
    bool expired(const Entry& entry, base::WallTime event) const { return event - entry.updated > 2 * m_most; }

    base::Duration m_initial;
    base::Duration m_most;
    std::map<std::string, Entry> m_entries;
};

}  // namespace qd::agent::sync
