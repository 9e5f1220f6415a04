// Small files read and written whole, and descriptors that close themselves.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "outcome.h"

namespace qd::image {

class Descriptor {
public:
    explicit Descriptor(int fd = -1) : m_fd(fd) {}
    Descriptor(Descriptor&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(m_fd, other.m_fd);
        return *this;
    }
    ~Descriptor() {
        if (m_fd >= 0) ::close(m_fd);
    }
    int get() const { return m_fd; }
    explicit operator bool() const { return m_fd >= 0; }

private:
    int m_fd;
};

Outcome<std::string> readFile(const std::string& path);
// Without the white space at the end; empty when the file cannot be read. For /sys and /proc.
std::string readWord(const std::string& path);
Outcome<> writeFile(const std::string& path, std::string_view content, mode_t mode = 0644);
// All of it or an error; `what` names the thing in the error.
Outcome<> writeAll(int fd, std::string_view content, std::string_view what);
// mkdir -p.
Outcome<> makeFolders(const std::string& path, mode_t mode = 0755);

}  // namespace qd::image
