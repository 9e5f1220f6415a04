// The receipt of a write that is on its way to the disk.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "cluster/base/result.h"

namespace qd::store {

// All writes that one transaction commits share one Commit. Thread-safe.
class Commit {
public:
    using Callback = std::move_only_function<void(const Result<void>&)>;

    bool done() const;
    Result<void> wait() const;
    void then(Callback callback);
    // Called once. Wakes those that wait, then runs the callbacks on this thread.
    void fulfil(Result<void> result);

private:
    mutable std::mutex m_mutex;
    mutable std::condition_variable m_changed;
    std::optional<Result<void>> m_result;  // guarded by m_mutex until set, then constant
    std::vector<Callback> m_callbacks;     // guarded by m_mutex
};

// Copyable. An error means that the write did not happen: nobody has seen it and nobody will.
class [[nodiscard]] Ticket {
public:
    // Fulfilled already.
    Ticket() = default;
    explicit Ticket(std::shared_ptr<Commit> commit) : m_commit(std::move(commit)) {}

    bool ready() const { return !m_commit || m_commit->done(); }
    // Blocks until the write is on disk and visible to every reader. Not for code that runs in the simulation
    // with a writer thread.
    Result<void> wait() const { return m_commit ? m_commit->wait() : Result<void>(); }
    // Calls back once the write is on disk and visible: at once on this thread if it is already, else on the writer
    // thread, which every other write is waiting for: hand over to an executor or an I/O context, do nothing else.
    void then(Commit::Callback callback) const;

private:
    std::shared_ptr<Commit> m_commit;
};

}  // namespace qd::store
