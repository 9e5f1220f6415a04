#include "cluster/scheduler/placement_log.h"

namespace qd::scheduler {
namespace {

constexpr std::size_t kDetailed = 256;

}  // namespace

void PlacementLog::record(const std::string& ns, const std::string& pod, Attempt attempt) {
    Kept replaced;  // goes outside of the lock
    std::lock_guard lock(m_mutex);
    Key key{ns, pod};
    Kept& kept = m_attempts[key];
    replaced = std::move(kept);
    static_cast<Attempt&>(kept) = std::move(attempt);
    kept.serial = ++m_serial;
    m_detailed.emplace_back(std::move(key), kept.serial);
    if (m_detailed.size() > kDetailed) shorten();
}

void PlacementLog::shorten() {
    const auto [key, serial] = std::move(m_detailed.front());
    m_detailed.pop_front();
    const auto oldest = m_attempts.find(key);
    if (oldest == m_attempts.end() || oldest->second.serial != serial) return;
    if (!oldest->second.node.empty()) {
        m_attempts.erase(oldest);
        return;
    }
    oldest->second.diagnosis.reset();
    oldest->second.scores.reset();
}

void PlacementLog::erase(const std::string& ns, const std::string& pod) {
    std::lock_guard lock(m_mutex);
    m_attempts.erase({ns, pod});
}

std::optional<Attempt> PlacementLog::find(const std::string& ns, const std::string& pod) const {
    std::lock_guard lock(m_mutex);
    const auto found = m_attempts.find({ns, pod});
    if (found == m_attempts.end()) return std::nullopt;
    return found->second;
}

std::vector<std::pair<std::string, std::string>> PlacementLog::pods(const std::string& ns) const {
    std::lock_guard lock(m_mutex);
    std::vector<Key> keys;
    for (auto at = m_attempts.lower_bound({ns, ""}); at != m_attempts.end() && (ns.empty() || at->first.first == ns);
         ++at)
        keys.push_back(at->first);
    return keys;
}

}  // namespace qd::scheduler
