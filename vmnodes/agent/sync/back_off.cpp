#include "vmnodes/agent/sync/back_off.h"

#include <algorithm>

namespace qd::agent::sync {

base::Duration BackOff::remaining(const std::string& key, base::WallTime event, base::WallTime now) const {
    const auto found = m_entries.find(key);
    if (found == m_entries.end() || expired(found->second, event)) return {};
    return std::max(found->second.wait - (now - event), base::Duration::zero());
}

base::Duration BackOff::remainingSinceUpdate(const std::string& key, base::WallTime now) const {
    const auto found = m_entries.find(key);
    if (found == m_entries.end() || expired(found->second, now)) return {};
    return std::max(found->second.wait - (now - found->second.updated), base::Duration::zero());
}

void BackOff::next(const std::string& key, base::WallTime event, base::WallTime now) {
    const auto [entry, fresh] = m_entries.try_emplace(key);
    if (fresh || expired(entry->second, event))
        entry->second.wait = m_initial;
    else
        entry->second.wait = std::min(2 * entry->second.wait, m_most);
    entry->second.updated = now;
}

base::Duration BackOff::current(const std::string& key) const {
    const auto found = m_entries.find(key);
    return found == m_entries.end() ? base::Duration::zero() : found->second.wait;
}

}  // namespace qd::agent::sync
