#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/base/pki/private_file.h"
#include "cluster/client/kubeconfig/kubeconfig.h"

namespace qd::client {

namespace {

using Backup = std::optional<std::filesystem::path>;

std::string compactTime(base::WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

// kubectl's own lock for kubeconfig files: `<file>.lock`, which exists while somebody writes.
class FileLock {
public:
    static Result<FileLock> take(const std::filesystem::path& file) {
        std::filesystem::path path = file.string() + ".lock";
        const int handle = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0);
        if (handle < 0) {
            return fail(Reason::Conflict, path.string() +
                                              " exists: another program is changing the kubeconfig. If none " +
                                              "is, remove that file and try again");
        }
        ::close(handle);
        return FileLock(std::move(path));
    }
    FileLock(FileLock&& other) noexcept : m_path(std::exchange(other.m_path, {})) {}
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock() {
        if (!m_path.empty()) ::unlink(m_path.c_str());
    }

private:
    explicit FileLock(std::filesystem::path path) : m_path(std::move(path)) {}
    std::filesystem::path m_path;
};

mode_t modeFor(const std::filesystem::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return 0600;
    return status.st_mode & 0600;
}

template <typename Change>
Result<Backup> changeFile(const std::filesystem::path& file, base::WallTime now, Change change) {
    std::error_code error;
    if (file.has_parent_path() && !std::filesystem::exists(file.parent_path(), error)) {
        std::filesystem::create_directories(file.parent_path(), error);
        if (error) return fail(Reason::InternalError, "create " + file.parent_path().string() + ": " + error.message());
    }
    const auto lock = FileLock::take(file);
    if (!lock) return fail(lock.error());
    const auto before = pki::readFile(file);
    if (!before && before.error().reason != Reason::NotFound) return fail(before.error());
    const auto after = change(before ? *before : std::string());
    if (!after) return fail(after.error().within(file.string()));
    if (before && *before == *after) return Backup();
    Backup backup;
    if (before) {
        backup = file.string() + ".quarterdeck-backup-" + compactTime(now);
        if (auto saved = pki::writePrivateFile(*backup, *before); !saved) return fail(saved.error());
    }
    if (auto written = pki::writePrivateFile(file, *after, modeFor(file)); !written) return fail(written.error());
    return backup;
}

}  // namespace

std::filesystem::path defaultKubeconfigPath(const char* kubeconfigVariable, const char* home) {
    const std::string_view list = kubeconfigVariable == nullptr ? "" : kubeconfigVariable;
    std::filesystem::path last;
    for (std::size_t begin = 0; begin < list.size();) {
        const std::size_t end = std::min(list.find(':', begin), list.size());
        if (end > begin) {
            last = list.substr(begin, end - begin);
            std::error_code ignored;
            if (std::filesystem::exists(last, ignored)) return last;
        }
        begin = end + 1;
    }
    if (!last.empty()) return last;
    if (home == nullptr || *home == '\0') return {};
    return std::filesystem::path(home) / ".kube" / "config";
}

Result<Backup> mergeIntoFile(const std::filesystem::path& file, const KubeconfigEntry& entry, bool makeCurrent,
                             base::WallTime now) {
    return changeFile(file, now, [&](const std::string& text) { return mergeKubeconfig(text, entry, makeCurrent); });
}

Result<Backup> removeFromFile(const std::filesystem::path& file, const std::string& name, base::WallTime now) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return Backup();
    return changeFile(file, now, [&](const std::string& text) -> Result<std::string> {
        const auto contexts = contextsOf(text);
        if (!contexts) return fail(contexts.error());
        auto without = removeFromKubeconfig(text, name);
        // A file that never held the entry stays as it was written, comments and all.
        const auto rewritten = removeFromKubeconfig(text, "");
        return without && rewritten && *without == *rewritten ? Result<std::string>(text) : without;
    });
}

}  // namespace qd::client
