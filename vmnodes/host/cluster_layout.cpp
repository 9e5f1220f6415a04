#include "vmnodes/host/cluster_layout.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace qd::host {
namespace {

namespace fs = std::filesystem;

std::string fromEnvironment(const char* variable, const char* belowHome) {
    // The specification says to ignore relative paths.
    if (const char* value = std::getenv(variable); value != nullptr && *value == '/') return value;
    const char* home = std::getenv("HOME");
    return std::string(home != nullptr ? home : "") + belowHome;
}

base::Failure failed(std::string_view action, const std::string& path) {
    return fail(Reason::InternalError, fmt::format("{} {}: {}", action, path, std::strerror(errno)));
}

std::string clustersFolder(const Directories& directories) {
    return directories.data + "/clusters";
}

Result<void> writeAll(int file, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const ssize_t written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failed("writing", path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

// Writes beside the file and renames, so that a crash leaves the old or the new content.
Result<void> replaceFile(const std::string& path, std::string_view content) {
    const std::string fresh = path + ".new";
    const int file = ::open(fresh.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) return failed("making", fresh);
    auto written = writeAll(file, content, fresh);
    if (written && ::fsync(file) != 0) written = failed("writing", fresh);
    ::close(file);
    if (!written) return written;
    if (::rename(fresh.c_str(), path.c_str()) != 0) return failed("replacing", path);
    const int folder = ::open(fs::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        ::fsync(folder);
        ::close(folder);
    }
    return {};
}

struct flock wholeFile() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

// "<pid> <server>\n", written by the owner. A file that is being written may be short; what is there counts.
Owner readOwner(int file) {
    char buffer[1024];
    const ssize_t count = ::pread(file, buffer, sizeof(buffer), 0);
    std::istringstream words(std::string(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0))));
    Owner owner;
    words >> owner.pid >> owner.server;
    return owner;
}

Result<void> writeOwner(int file, const std::string& server) {
    const std::string content = fmt::format("{} {}\n", ::getpid(), server);
    if (::pwrite(file, content.data(), content.size(), 0) != static_cast<ssize_t>(content.size()) ||
        ::ftruncate(file, static_cast<off_t>(content.size())) != 0) {
        return failed("writing", "the owner file");
    }
    return {};
}

}  // namespace

Directories Directories::fromEnvironment() {
    const char* cache = std::getenv("QD_CACHE_DIR");
    return {host::fromEnvironment("XDG_DATA_HOME", "/.local/share") + "/quarterdeck",
            host::fromEnvironment("XDG_STATE_HOME", "/.local/state") + "/quarterdeck",
            cache != nullptr && *cache == '/' ? std::string(cache)
                                              : host::fromEnvironment("XDG_CACHE_HOME", "/.cache") + "/quarterdeck"};
}

ClusterLayout::ClusterLayout(const Directories& directories, const std::string& name)
    : m_name(name),
      m_folder(clustersFolder(directories) + "/" + name),
      m_logFile(directories.state + "/" + name + ".log") {}

bool ClusterLayout::exists() const {
    std::error_code ignored;
    return fs::exists(m_folder, ignored);
}

Result<ClusterSpec> ClusterLayout::create(ClusterSpec spec, base::Random& random) const {
    if (auto valid = validate(spec); !valid) return fail(valid.error());
    if (spec.name != m_name)
        return fail(Reason::Invalid, fmt::format("the settings are those of \"{}\", not of \"{}\"", spec.name, m_name));
    if (spec.uuid.empty()) spec.uuid = random.uuid();
    std::error_code error;
    fs::create_directories(fs::path(m_folder).parent_path(), error);
    fs::create_directories(fs::path(m_logFile).parent_path(), error);
    // Made apart and renamed into place: a cluster that is there has its settings.
    std::string fresh = m_folder + ".XXXXXX";
    if (::mkdtemp(fresh.data()) == nullptr)
        return failed("making a folder for the cluster in", fs::path(m_folder).parent_path().string());
    const auto abandon = [&](Error why) {
        fs::remove_all(fresh, error);
        return fail(std::move(why));
    };
    if (::mkdir((fresh + "/pki").c_str(), 0700) != 0) return abandon(failed("making", fresh + "/pki").error());
    if (auto written = replaceFile(fresh + "/cluster.yaml", toYaml(spec)); !written) return abandon(written.error());
    if (::rename(fresh.c_str(), m_folder.c_str()) != 0) {
        if (errno == ENOTEMPTY || errno == EEXIST) {
            return abandon(
                {Reason::AlreadyExists,
                 fmt::format("there is a cluster \"{}\" already; choose another name, or delete it", m_name)});
        }
        return abandon(failed("making", m_folder).error());
    }
    return spec;
}

Result<ClusterSpec> ClusterLayout::load() const {
    std::ifstream in(specFile());
    if (!in && !exists())
        return fail(Reason::NotFound,
                    fmt::format("there is no cluster \"{}\"; \"qdeck list\" shows those that there are", m_name));
    if (!in) return failed("reading", specFile());
    std::ostringstream text;
    text << in.rdbuf();
    auto spec = parseClusterSpec(text.str());
    if (!spec) return fail(spec.error().within(specFile()));
    if (auto valid = validate(*spec); !valid) return fail(valid.error().within(specFile()));
    if (spec->name != m_name)
        return fail(Reason::Invalid,
                    fmt::format("{}: the name is \"{}\", but the folder is \"{}\"", specFile(), spec->name, m_name));
    return spec;
}

Result<void> ClusterLayout::save(const ClusterSpec& spec) const {
    if (auto valid = validate(spec); !valid) return valid;
    return replaceFile(specFile(), toYaml(spec));
}

Result<void> ClusterLayout::remove() const {
    if (!exists()) return {};
    // Held until the folder is gone, so that nobody starts the cluster meanwhile.
    const auto ownership = Ownership::acquire(*this);
    if (!ownership) return fail(ownership.error());
    std::error_code error;
    fs::remove_all(m_folder, error);
    if (error) return fail(Reason::InternalError, fmt::format("removing {}: {}", m_folder, error.message()));
    fs::remove(m_logFile, error);
    return {};
}

Result<std::optional<Owner>> ClusterLayout::owner() const {
    const int file = ::open(ownerFile().c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) return std::optional<Owner>();
    if (file < 0) return failed("opening", ownerFile());
    struct flock lock = wholeFile();
    const bool asked = ::fcntl(file, F_OFD_GETLK, &lock) == 0;
    std::optional<Owner> owner;
    if (asked && lock.l_type != F_UNLCK) owner = readOwner(file);
    ::close(file);
    if (!asked) return failed("asking for the lock of", ownerFile());
    return owner;
}

Result<Ownership> Ownership::acquire(const ClusterLayout& layout) {
    const int file = ::open(layout.ownerFile().c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0 && errno == ENOENT)
        return fail(Reason::NotFound, fmt::format("there is no cluster \"{}\"", layout.name()));
    if (file < 0) return failed("opening", layout.ownerFile());
    Ownership ownership(file);
    struct flock lock = wholeFile();
    if (::fcntl(file, F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES) return failed("locking", layout.ownerFile());
        return fail(Reason::Conflict, fmt::format("the cluster \"{}\" is run by another process (pid {})",
                                                  layout.name(), readOwner(file).pid));
    }
    if (auto written = ownership.publish({}); !written) return fail(written.error());
    return ownership;
}

Ownership::Ownership(Ownership&& other) noexcept : m_file(std::exchange(other.m_file, -1)) {}

Ownership& Ownership::operator=(Ownership&& other) noexcept {
    std::swap(m_file, other.m_file);
    return *this;
}

Ownership::~Ownership() {
    if (m_file >= 0) ::close(m_file);
}

Result<void> Ownership::publish(const std::string& server) {
    return writeOwner(m_file, server);
}

Result<std::vector<ClusterEntry>> listClusters(const Directories& directories) {
    std::vector<ClusterEntry> clusters;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(clustersFolder(directories), error)) {
        const std::string name = entry.path().filename().string();
        // A dot stands only in the name of a folder that is being made.
        if (!entry.is_directory() || name.find('.') != name.npos) continue;
        const ClusterLayout layout(directories, name);
        clusters.push_back({name, layout.load(), layout.owner().value_or(std::nullopt)});
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return fail(Reason::InternalError, fmt::format("reading {}: {}", clustersFolder(directories), error.message()));
    }
    std::ranges::sort(clusters, {}, &ClusterEntry::name);
    return clusters;
}

}  // namespace qd::host
