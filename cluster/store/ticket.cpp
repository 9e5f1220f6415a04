#include "cluster/store/ticket.h"

#include <utility>

namespace qd::store {

bool Commit::done() const {
    std::lock_guard lock(m_mutex);
    return m_result.has_value();
}

Result<void> Commit::wait() const {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [&] { return m_result.has_value(); });
    return *m_result;
}

void Commit::then(Callback callback) {
    {
        std::lock_guard lock(m_mutex);
        if (!m_result) {
            m_callbacks.push_back(std::move(callback));
            return;
        }
    }
    callback(*m_result);
}

void Commit::fulfil(Result<void> result) {
    std::vector<Callback> callbacks;
    {
        std::lock_guard lock(m_mutex);
        m_result = std::move(result);
        callbacks.swap(m_callbacks);
    }
    m_changed.notify_all();
    for (Callback& callback : callbacks) callback(*m_result);
}

void Ticket::then(Commit::Callback callback) const {
    if (m_commit) {
        m_commit->then(std::move(callback));
    } else {
        callback(Result<void>());
    }
}

}  // namespace qd::store
