#include "cluster/store/errors.h"

#include <fmt/format.h>

namespace qd::store {

Error tooLargeRevision(Revision requested, Revision current) {
    Error error{Reason::Timeout,
                fmt::format("Timeout: Too large resource version: {}, current: {}", requested, current)};
    error.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", {}});
    error.details.emplace().retryAfterSeconds = 1;
    return error;
}

Error tooOldRevision(Revision requested, Revision oldest) {
    return {Reason::Expired, fmt::format("too old resource version: {} ({})", requested, oldest)};
}

Error tooOldListRevision() {
    return {Reason::Expired, "The resourceVersion for the provided list is too old."};
}

}  // namespace qd::store
