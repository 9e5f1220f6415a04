#include "cluster/store/store_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace qd::store {
namespace {

// "process 123", or "another process" when the lock file does not tell.
std::string ownerOf(int descriptor) {
    std::array<char, 32> text{};
    const ssize_t length = ::pread(descriptor, text.data(), text.size() - 1, 0);
    const long pid = length > 0 ? std::strtol(text.data(), nullptr, 10) : 0;
    return pid > 0 ? fmt::format("process {}", pid) : "another process";
}

Error systemError(const std::filesystem::path& file, int number) {
    return {Reason::InternalError, fmt::format("cannot lock {}: {}", file.string(), std::strerror(number))};
}

}  // namespace

Result<StoreLock> StoreLock::acquire(const std::filesystem::path& storeFile) {
    const std::filesystem::path file = storeFile.string() + ".lock";
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return fail(systemError(file, errno));
    StoreLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return fail(systemError(file, errno));
        return fail(Reason::ServiceUnavailable,
                    fmt::format("the store {} is in use by {}", storeFile.string(), ownerOf(descriptor)));
    }
    const std::string pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, pid.data(), pid.size(), 0) < 0) {
        return fail(systemError(file, errno));
    }
    return lock;
}

StoreLock& StoreLock::operator=(StoreLock&& other) noexcept {
    std::swap(m_descriptor, other.m_descriptor);
    return *this;
}

StoreLock::~StoreLock() {
    if (m_descriptor >= 0) ::close(m_descriptor);
}

}  // namespace qd::store
