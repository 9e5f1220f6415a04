// Reads what was committed since the last time, in order, and remembers the last of it for whoever has to find out why.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "cluster/store/store.h"

namespace qd::simulation {

class Commits {
public:
    // Of all namespaces, from the store's beginning on.
    Commits(store::Store& store, const std::vector<const char*>& resources);

    std::vector<store::EventPtr> take();
    void remember(const store::EventPtr& event);
    std::string history() const;

private:
    std::vector<store::Watch> m_watches;
    std::deque<store::EventPtr> m_history;
};

// One line: when, what, by whom, and how the object is now.
std::string described(const store::Event& event);

}  // namespace qd::simulation
