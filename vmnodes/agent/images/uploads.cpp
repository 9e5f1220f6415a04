#include "vmnodes/agent/images/uploads.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace qd::agent::images {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestId = 64;
constexpr auto kAbandonedAfter = std::chrono::hours(1);

bool isId(const std::string& id) {
    return !id.empty() && id.size() <= kLongestId && std::ranges::all_of(id, [](unsigned char one) {
        return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') || one == '-';
    });
}

void removeFile(const std::string& path) {
    std::error_code ignored;
    fs::remove(path, ignored);
}

Result<void> write(const std::string& path, int flags, std::string_view bytes) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    int problem = file < 0 ? errno : 0;
    while (problem == 0 && !bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written >= 0)
            bytes.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR)
            problem = errno;
    }
    if (file >= 0 && close(file) != 0 && problem == 0) problem = errno;
    if (problem == 0) return {};
    return fail(Error{.reason = Reason::InternalError,
                      .message = fmt::format("the node cannot keep the archive: {}", std::strerror(problem)),
                      .code = problem == ENOSPC ? 507 : 0});
}

}  // namespace

Uploads::Uploads(std::string folder, const base::Clock& clock) : m_folder(std::move(folder)), m_clock(clock) {
    std::error_code ignored;
    fs::remove_all(m_folder, ignored);
    fs::create_directories(m_folder, ignored);
}

Result<std::uint64_t> Uploads::append(const std::string& id, std::uint64_t offset, std::string_view bytes) {
    if (!isId(id)) return fail(Reason::BadRequest, "an upload's id is up to 64 letters, digits and dashes");
    const std::lock_guard lock(m_mutex);
    dropAbandoned();
    const auto found = m_uploads.find(id);
    const std::uint64_t size = found == m_uploads.end() ? 0 : found->second.size;
    if (offset != 0 && offset != size)
        return fail(Reason::Conflict, fmt::format("the archive has {} bytes so far, not {}", size, offset));
    if (auto written = write(pathOf(id), offset == 0 ? O_TRUNC : O_APPEND, bytes); !written) {
        m_uploads.erase(id);
        removeFile(pathOf(id));
        return fail(written.error());
    }
    m_uploads[id] = {offset + bytes.size(), m_clock.steady()};
    return offset + bytes.size();
}

Result<std::string> Uploads::take(const std::string& id) {
    const std::lock_guard lock(m_mutex);
    if (m_uploads.erase(id) == 0) return fail(Reason::NotFound, fmt::format("there is no archive \"{}\" here", id));
    // Out of the way of another upload of that id.
    const std::string path = fmt::format("{}/taken.{}", m_folder, ++m_taken);
    std::error_code problem;
    fs::rename(pathOf(id), path, problem);
    if (problem) return fail(Reason::InternalError, "cannot take the archive: " + problem.message());
    return path;
}

void Uploads::remove(const std::string& id) {
    const std::lock_guard lock(m_mutex);
    if (m_uploads.erase(id) != 0) removeFile(pathOf(id));
}

void Uploads::dropAbandoned() {
    const auto now = m_clock.steady();
    std::erase_if(m_uploads, [&](const auto& entry) {
        const bool abandoned = now - entry.second.touched > kAbandonedAfter;
        if (abandoned) removeFile(pathOf(entry.first));
        return abandoned;
    });
}

}  // namespace qd::agent::images
