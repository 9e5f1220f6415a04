#include "cluster/controllers/volumes/operation_backoff.h"

#include <algorithm>

namespace qd::controllers {
namespace {

constexpr base::Duration kFirst = std::chrono::milliseconds(500);
constexpr base::Duration kLongest = std::chrono::seconds(122);

}  // namespace

base::Duration OperationBackoff::wait(const std::string& operation) {
    std::lock_guard lock(m_mutex);
    const auto found = m_entries.find(operation);
    if (found == m_entries.end()) return base::Duration(0);
    return std::max(base::Duration(0), found->second.until - m_clock.steady());
}

base::Duration OperationBackoff::failed(const std::string& operation) {
    std::lock_guard lock(m_mutex);
    const auto [found, fresh] = m_entries.try_emplace(operation, Entry{{}, kFirst});
    if (!fresh) found->second.pause = std::min(kLongest, found->second.pause * 2);
    found->second.until = m_clock.steady() + found->second.pause;
    return found->second.pause;
}

void OperationBackoff::forget(const std::string& operation) {
    std::lock_guard lock(m_mutex);
    m_entries.erase(operation);
}

}  // namespace qd::controllers
