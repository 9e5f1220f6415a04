#include "vmnodes/agent/volumes/atomic_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace qd::agent::volumes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kData = "..data";

Error problem(const std::string& what, const fs::path& path) {
    return {Reason::InternalError, what + " " + path.string() + ": " + std::strerror(errno)};
}

bool acceptable(const std::string& path) {
    if (path.empty() || path.front() == '/' || path.starts_with("..")) return false;
    for (const fs::path& part : fs::path(path))
        if (part == "..") return false;
    return true;
}

std::optional<std::string> readFile(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

bool isCurrent(const fs::path& data, const Payload& payload) {
    std::error_code error;
    if (!fs::is_directory(data, error)) return false;
    std::size_t files = 0;
    for (fs::recursive_directory_iterator it(data, error), end; !error && it != end; it.increment(error))
        files += it->is_regular_file(error) ? 1 : 0;
    if (files != payload.size()) return false;
    for (const auto& [path, file] : payload) {
        struct stat status {};
        if (::stat((data / path).c_str(), &status) != 0 || static_cast<int>(status.st_mode & 07777) != file.mode)
            return false;
        if (readFile(data / path) != file.data) return false;
    }
    return true;
}

Result<void> writeFile(const fs::path& path, const File& file, std::optional<std::int64_t> group) {
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return fail(problem("cannot write", path));
    std::size_t written = 0;
    while (written < file.data.size()) {
        const ssize_t count = ::write(descriptor, file.data.data() + written, file.data.size() - written);
        if (count < 0) break;
        written += static_cast<std::size_t>(count);
    }
    bool good = written == file.data.size();
    // The group first: a change of owner clears mode bits.
    good = good && (!group || ::fchown(descriptor, static_cast<uid_t>(-1), static_cast<gid_t>(*group)) == 0);
    good = good && ::fchmod(descriptor, static_cast<mode_t>(file.mode)) == 0;
    const Error failure = problem("cannot write", path);
    ::close(descriptor);
    if (!good) return fail(failure);
    return {};
}

// The names that stand in the volume's folder itself: the first part of each path.
std::set<std::string> topNames(const Payload& payload) {
    std::set<std::string> names;
    for (const auto& [path, file] : payload) names.insert(fs::path(path).begin()->string());
    return names;
}

Result<void> linkTo(const std::string& target, const fs::path& link) {
    const fs::path fresh = link.string() + "_tmp";
    ::unlink(fresh.c_str());
    if (::symlink(target.c_str(), fresh.c_str()) != 0) return fail(problem("cannot link", fresh));
    if (::rename(fresh.c_str(), link.c_str()) != 0) return fail(problem("cannot put in place", link));
    return {};
}

}  // namespace

Result<bool> writeAtomically(const std::string& folder, const Payload& payload, std::optional<std::int64_t> group) {
    for (const auto& [path, file] : payload)
        if (!acceptable(path)) return fail(Reason::BadRequest, "the path " + path + " is not allowed in a volume");
    const fs::path root = folder, data = root / kData;
    if (isCurrent(data, payload)) return false;

    std::error_code error;
    const fs::path before = fs::read_symlink(data, error);
    std::string name = (root / "..data_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return fail(problem("cannot make a folder in", root));
    const fs::path fresh = name;
    ::chmod(name.c_str(), 0755);
    for (const auto& [path, file] : payload)
        if (auto written = writeFile(fresh / path, file, group); !written) {
            fs::remove_all(fresh, error);
            return fail(written.error());
        }
    if (auto linked = linkTo(fresh.filename(), data); !linked) return fail(linked.error());
    const std::set<std::string> names = topNames(payload);
    for (const std::string& one : names) {
        const fs::path link = root / one;
        if (fs::is_symlink(link, error)) continue;
        if (auto linked = linkTo(std::string(kData) + "/" + one, link); !linked) return fail(linked.error());
    }
    for (fs::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
        const std::string present = it->path().filename();
        if (!present.starts_with("..") && !names.contains(present)) ::unlink(it->path().c_str());
    }
    if (!before.empty() && before != fresh.filename()) fs::remove_all(root / before, error);
    return true;
}

}  // namespace qd::agent::volumes
