// One child process whose output is read until a condition or a deadline, and which never outlives the call.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::host {

struct ChildOutcome {
    std::string output;      // standard output and error
    bool satisfied = false;  // `enough` said so
    bool ended = false;      // by itself
    int exitCode = -1;       // when ended
};

// Runs the command until it ends, `enough(output)` holds, the deadline passes or `stop` is requested; then ends it.
// NotFound when there is no such program.
Result<ChildOutcome> runChild(const std::vector<std::string>& command, base::Duration deadline,
                              const base::Clock& clock, std::stop_token stop,
                              const std::function<bool(const std::string&)>& enough);

}  // namespace qd::host
