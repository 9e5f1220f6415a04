// Writes that do not wait for the disk one by one.
//
// While a WriteScope lives, what its thread writes through a client in the same process is answered as soon as it is
// accepted: checked, numbered and in line for the disk. It gets there in the order of acceptance, and a write that fails
// takes with it those that were made upon it: whoever sees one of them sees those before it. A read through such a client
// waits for them first, so that it finds what the scope has written.
//
// Until wait() or then() have told so, nothing of it has happened: tell nobody outside the store. A scope that goes
// without either leaves its writes to the store, which is right for those whose loss is found out by other means
// (Events, a status that is reported again).
//
// A client over HTTPS takes no notice: its writes are on disk when they are answered.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "cluster/base/result.h"

namespace qd::client {

class WriteScope {
public:
    using Callback = std::move_only_function<void(const Result<void>&)>;

    // Of one write that was accepted.
    class Receipt {
    public:
        virtual ~Receipt() = default;
        virtual Result<void> wait() = 0;
        // Calls back on any thread, perhaps at once.
        virtual void then(Callback callback) = 0;
    };

    // Scopes of one thread are nested; a write belongs to the innermost.
    WriteScope();
    ~WriteScope();
    WriteScope(const WriteScope&) = delete;
    WriteScope& operator=(const WriteScope&) = delete;
    // Null when writes of this thread are to wait.
    static WriteScope* current();

    // For clients.
    void add(std::unique_ptr<Receipt> receipt);

    // Blocks until what was written so far is on disk; the first failure since the scope began.
    Result<void> wait();
    // The same without blocking: calls back once, at once when nothing is under way, else on a thread that every other
    // write waits for: hand over to an executor, do nothing else.
    void then(Callback callback);

private:
    WriteScope* const m_outer;
    std::vector<std::unique_ptr<Receipt>> m_receipts;  // not waited for yet
    Result<void> m_outcome;
};

}  // namespace qd::client
