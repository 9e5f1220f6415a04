#include "cluster/scheduler/failure_log.h"

namespace qd::scheduler {
namespace {

constexpr std::size_t kDetailed = 256;

}  // namespace

void FailureLog::record(const std::string& ns, const std::string& pod, Failure failure) {
    std::lock_guard lock(m_mutex);
    const Key key{ns, pod};
    m_failures.insert_or_assign(key, std::move(failure));
    std::erase(m_detailed, key);
    m_detailed.push_back(key);
    if (m_detailed.size() <= kDetailed) return;
    if (const auto oldest = m_failures.find(m_detailed.front()); oldest != m_failures.end()) oldest->second.diagnosis.reset();
    m_detailed.pop_front();
}

void FailureLog::erase(const std::string& ns, const std::string& pod) {
    std::lock_guard lock(m_mutex);
    m_failures.erase({ns, pod});
}

std::optional<Failure> FailureLog::find(const std::string& ns, const std::string& pod) const {
    std::lock_guard lock(m_mutex);
    const auto found = m_failures.find({ns, pod});
    if (found == m_failures.end()) return std::nullopt;
    return found->second;
}

}  // namespace qd::scheduler
