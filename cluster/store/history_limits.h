// How much of the past a store keeps.
#pragma once

#include <chrono>
#include <cstddef>

#include "cluster/store/types.h"

namespace qd::store {

// How much of the past is kept. The newest `minimumRevisions` are kept whatever their age and size.
struct HistoryLimits {
    std::chrono::hours age{24};
    std::size_t bytes = std::size_t{256} << 20;  // of the file in use, live objects included
    Revision minimumRevisions = 1000;
};

}  // namespace qd::store
