#include "files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>

namespace qd::image {

Outcome<std::string> readFile(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return failedCall(path);
    std::string content;
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failedCall(path);
        if (got == 0) return content;
        content.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

std::string readWord(const std::string& path) {
    auto content = readFile(path);
    if (!content) return {};
    content->erase(content->find_last_not_of(" \t\n\0") + 1);
    return *content;
}

Outcome<> writeFile(const std::string& path, std::string_view content, mode_t mode) {
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!file) return failedCall(path);
    return writeAll(file.get(), content, path);
}

Outcome<> writeAll(int fd, std::string_view content, std::string_view what) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failedCall(what);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Outcome<> makeFolders(const std::string& path, mode_t mode) {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
        if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) return failedCall(part);
        if (slash == std::string::npos) return {};
    }
}

}  // namespace qd::image
