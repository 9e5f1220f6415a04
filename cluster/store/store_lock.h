// Makes one process the owner of a store file.
#pragma once

#include <filesystem>
#include <utility>

#include "cluster/base/result.h"

namespace qd::store {

// Holds `<store file>.lock`, which carries the owner's process id, by flock(2): the system lets go of it when the
// process ends in whatever way. The lock file stays; removing it would let two owners in.
class StoreLock {
public:
    // ServiceUnavailable, naming the file and the owner, when somebody else holds it; this process counts as somebody
    // else.
    static Result<StoreLock> acquire(const std::filesystem::path& storeFile);
    StoreLock() = default;
    StoreLock(StoreLock&& other) noexcept : m_descriptor(std::exchange(other.m_descriptor, -1)) {}
    StoreLock& operator=(StoreLock&& other) noexcept;
    ~StoreLock();

private:
    explicit StoreLock(int descriptor) : m_descriptor(descriptor) {}
    int m_descriptor = -1;
};

}  // namespace qd::store
