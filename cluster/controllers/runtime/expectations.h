// What a controller has written and its informers have not shown yet.
//
// A sync that works from a copy older than the controller's own last write would write the same again: create the Pods
// of a ReplicaSet twice, delete one Pod too many. So a controller tells here what it wrote for a key, and does nothing
// for that key until its copies show it. What is waited for is a revision (or that an object is going), never a count:
// it cannot be missed, cannot leak and needs no expiry. The event that fulfils an expectation also brings the key
// back into the queue, but for one case: an object that came and went while a watch was broken is never told of. So a
// sync that finds its expectations unfulfilled looks again after a while.
//
// Thread-safe; the entries of one key are used by one sync at a time.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/client/informer.h"

namespace qd::controllers {

inline constexpr base::Duration kLookAgain = std::chrono::seconds(1);

class Expectations {
public:
    // The copy must become at least as new as `written`, the answer to a create, update or patch of that resource.
    void wrote(const std::string& key, const client::Informer& informer, const api::Object& written);
    // The copy must show that this object is being deleted or gone.
    void removed(const std::string& key, const client::Informer& informer, const api::Object& object);
    // The copy must not show this object any more, going or not.
    void gone(const std::string& key, const client::Informer& informer, const api::Object& object);
    // Whether everything written for the key is seen.
    bool fulfilled(const std::string& key);
    void forget(const std::string& key);

private:
    struct Removal {
        const client::Informer* informer;
        std::string ns;
        std::string name;
        std::string uid;
        bool entirely = false;  // to be going is not enough
    };
    struct Entry {
        std::map<const client::Informer*, std::uint64_t> revisions;
        std::vector<Removal> removals;
    };

    static bool isSeen(const Removal& removal);

    std::mutex m_mutex;
    std::unordered_map<std::string, Entry> m_entries;
};

}  // namespace qd::controllers
