// The queue between watching and working: a key stands in it once, however often it was added; a key that is being worked
// on comes back after it is done if it was added meanwhile, so that no two workers ever have the same key.
//
// Failures come back after an exponential delay per key (5 ms doubling to 1000 s, client-go's default).
// Source of the semantics: client-go util/workqueue.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "cluster/base/executor.h"

namespace qd::client {

class WorkQueue {
public:
    struct Item {
        std::string key;
        std::uint64_t cause = 0;  // the newest revision that asked for this key
    };

    // onReady is called, without a lock held, each time an item may be taken.
    WorkQueue(base::Executor& executor, std::function<void()> onReady);
    ~WorkQueue();

    void add(const std::string& key, std::uint64_t cause = 0);
    void addAfter(const std::string& key, base::Duration delay, std::uint64_t cause = 0);
    // Adds after the key's back-off, which grows with each call until forget().
    void addRateLimited(const std::string& key, std::uint64_t cause = 0);
    void forget(const std::string& key);
    // How often the key was rate limited since it was forgotten last.
    int failures(const std::string& key) const;

    // The next item, if any; it counts as being worked on until done().
    std::optional<Item> take();
    void done(const std::string& key);
    std::size_t size() const;

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::client
