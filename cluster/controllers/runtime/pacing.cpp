#include "cluster/controllers/runtime/pacing.h"

#include <algorithm>

namespace qd::controllers {
namespace {

constexpr base::Duration kQuick = std::chrono::milliseconds(1);
constexpr int kRest = 4;
constexpr base::Duration kLongest = std::chrono::milliseconds(100);

}  // namespace

base::Duration restAfter(base::Duration used) {
    return used <= kQuick ? base::Duration(0) : std::min(kLongest, used * kRest);
}

}  // namespace qd::controllers
