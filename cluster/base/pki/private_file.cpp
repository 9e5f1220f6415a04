#include "cluster/base/pki/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace qd::pki {

namespace {

base::Failure systemFailure(std::string_view what, const std::filesystem::path& path, int code = errno) {
    const Reason reason = code == ENOENT   ? Reason::NotFound
                          : code == EACCES ? Reason::Forbidden
                                           : Reason::InternalError;
    return fail(reason, std::string(what) + " " + path.string() + ": " + std::generic_category().message(code));
}

bool writeAll(int file, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

void syncFolder(const std::filesystem::path& folder) {
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return;
    ::fsync(file);
    ::close(file);
}

}  // namespace

Result<void> writePrivateFile(const std::filesystem::path& path, std::string_view content, mode_t mode) {
    std::error_code ignored;
    std::filesystem::path target = path;
    if (std::filesystem::is_symlink(path, ignored)) target = std::filesystem::weakly_canonical(path, ignored);
    if (target.empty()) target = path;
    std::string draft = target.string() + ".XXXXXX";
    const int file = ::mkostemp(draft.data(), O_CLOEXEC);  // mode 0600
    if (file < 0) return systemFailure("create a file beside", target);
    const bool good = ::fchmod(file, mode) == 0 && writeAll(file, content) && ::fsync(file) == 0;
    const int code = errno;
    ::close(file);
    if (!good) {
        ::unlink(draft.c_str());
        return systemFailure("write", target, code);
    }
    if (::rename(draft.c_str(), target.c_str()) != 0) {
        const int renameCode = errno;
        ::unlink(draft.c_str());
        return systemFailure("replace", target, renameCode);
    }
    syncFolder(target.has_parent_path() ? target.parent_path() : std::filesystem::path("."));
    return {};
}

Result<std::string> readFile(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return systemFailure("open", path);
    std::string content;
    char part[16384];
    for (;;) {
        const ssize_t size = ::read(file, part, sizeof part);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) {
            const int code = errno;
            ::close(file);
            return systemFailure("read", path, code);
        }
        if (size == 0) break;
        content.append(part, static_cast<std::size_t>(size));
    }
    ::close(file);
    return content;
}

}  // namespace qd::pki
