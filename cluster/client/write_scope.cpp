#include "cluster/client/write_scope.h"

#include <mutex>
#include <utility>

namespace qd::client {
namespace {

WriteScope*& innermost() {
    thread_local WriteScope* scope = nullptr;
    return scope;
}

// Counts the answers that are still to come.
struct Outstanding {
    std::mutex mutex;
    std::size_t left = 0;
    Result<void> outcome;
    WriteScope::Callback callback;

    void answered(const Result<void>& one) {
        {
            std::lock_guard lock(mutex);
            if (!one && outcome) outcome = one;
            if (--left > 0) return;
        }
        callback(outcome);
    }
};

}  // namespace

WriteScope::WriteScope() : m_outer(std::exchange(innermost(), this)) {}

WriteScope::~WriteScope() { innermost() = m_outer; }

WriteScope* WriteScope::current() { return innermost(); }

void WriteScope::add(std::unique_ptr<Receipt> receipt) { m_receipts.push_back(std::move(receipt)); }

Result<void> WriteScope::wait() {
    for (const auto& receipt : std::exchange(m_receipts, {})) {
        auto one = receipt->wait();
        if (!one && m_outcome) m_outcome = std::move(one);
    }
    return m_outcome;
}

void WriteScope::then(Callback callback) {
    const auto receipts = std::exchange(m_receipts, {});
    if (receipts.empty()) return callback(m_outcome);
    auto all = std::make_shared<Outstanding>();
    all->left = receipts.size();
    all->outcome = m_outcome;
    all->callback = std::move(callback);
    for (const auto& receipt : receipts) receipt->then([all](const Result<void>& one) { all->answered(one); });
}

}  // namespace qd::client
