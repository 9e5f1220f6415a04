// A cursor over the committed writes of one resource.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/store/types.h"

namespace qd::store {

class WatchCache;
class History;
struct WatchState;

// poll() takes what is there; wake() tells that there is more. Events are shared between all watchers; one that reads
// slowly costs nothing but its place, and reads on from the disk when the window in memory has moved past it.
//
// poll(), onEvents() and the destructor belong to one thread at a time. A Watch must not outlive its Store.
class Watch {
public:
    Watch(WatchCache& cache, History& history, std::string_view resource, std::string_view namespace_, Revision from);
    Watch(Watch&&) noexcept = default;
    Watch& operator=(Watch&& other) noexcept;
    // The wake-up call does not run any more once this returns (it waits for one that runs on another thread).
    ~Watch();

    // Called when poll() has something to give, once for each time that a poll() came back with nothing left (and at
    // once, if there is something already). It runs on the writer thread, which every write is waiting for: post to a
    // strand.
    void onEvents(std::function<void()> wake);

    // The next events in the order of their revisions, at most `limit`; fewer when that is all that is there. Every
    // event of the resource and namespace after the starting revision is given exactly once. Expired when history was
    // compacted past this watcher.
    Result<std::vector<EventPtr>> poll(std::size_t limit = 256);

    // Everything up to here has been given by poll(): what a bookmark may say. Advances with other resources' writes
    // too, each time poll() comes to the end.
    Revision progress() const { return m_position; }

private:
    WatchCache* m_cache = nullptr;
    History* m_history = nullptr;
    std::shared_ptr<WatchState> m_state;
    Revision m_position = 0;
};

}  // namespace qd::store
