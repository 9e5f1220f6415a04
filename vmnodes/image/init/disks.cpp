#include "disks.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <time.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "console.h"
#include "files.h"

namespace qd::image {
namespace {

constexpr std::size_t kStartSize = 65536;
constexpr std::size_t kSuperblock = 1024;  // ext4's, from the start of the disk

// The kernel's own number for growing a mounted ext4: _IOW('f', 16, __u64), fs/ext4/ext4.h.
constexpr unsigned long kExt4ResizeFs = _IOW('f', 16, std::uint64_t);

std::uint16_t word(std::string_view start, std::size_t offset) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(start[offset]) |
                                      (static_cast<unsigned char>(start[offset + 1]) << 8));
}

std::string diskWithSerial(const std::string& serial) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/sys/block", ignored)) {
        if (readWord(entry.path().string() + "/serial") == serial) return "/dev/" + entry.path().filename().string();
    }
    return {};
}

// Runs a program to its end, before the loop that reaps children has started.
int run(const std::vector<std::string>& command) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::vector<char*> words;
        for (const auto& part : command) words.push_back(const_cast<char*>(part.c_str()));
        words.push_back(nullptr);
        ::execv(words[0], words.data());
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

Outcome<> growToDisk(const std::string& device, const std::string& folder) {
    const Descriptor disk(::open(device.c_str(), O_RDONLY | O_CLOEXEC));
    const Descriptor root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!disk || !root) return failedCall("grow " + folder);
    std::uint64_t bytes = 0;
    struct statfs info {};
    if (::ioctl(disk.get(), BLKGETSIZE64, &bytes) != 0 || ::fstatfs(root.get(), &info) != 0) {
        return failedCall("size of " + device);
    }
    std::uint64_t blocks = bytes / static_cast<std::uint64_t>(info.f_bsize);
    // statfs leaves out the file system's own overhead, so this asks more often than needed; the kernel answers at once
    // then.
    if (::ioctl(root.get(), kExt4ResizeFs, &blocks) != 0) return failedCall("grow " + folder);
    return {};
}

}  // namespace

Outcome<std::string> findDisk(const std::string& serial, double seconds) {
    const double until = uptime() + seconds;
    for (;;) {
        if (auto device = diskWithSerial(serial); !device.empty()) return device;
        if (uptime() >= until) return failed("no disk has the serial " + serial);
        const timespec wait{0, 10'000'000};
        ::nanosleep(&wait, nullptr);
    }
}

DiskContent recogniseContent(std::string_view start) {
    if (start.find_first_not_of('\0') == std::string_view::npos) return DiskContent::Empty;
    if (start.size() < kSuperblock + 64 || word(start, kSuperblock + 0x38) != 0xEF53) return DiskContent::Other;
    constexpr std::uint16_t kErrors = 2;  // EXT4_ERROR_FS in s_state
    return (word(start, kSuperblock + 0x3A) & kErrors) != 0 ? DiskContent::NeedsCheck : DiskContent::Ext4;
}

Outcome<> mountDataDisk(const std::string& device, const std::string& folder) {
    std::string start(kStartSize, '\0');
    {
        const Descriptor disk(::open(device.c_str(), O_RDONLY | O_CLOEXEC));
        if (!disk) return failedCall(device);
        const ssize_t got = ::pread(disk.get(), start.data(), start.size(), 0);
        if (got < 0) return failedCall("read " + device);
        start.resize(static_cast<std::size_t>(got));
    }
    switch (recogniseContent(start)) {
        case DiskContent::Other:
            return failed("the data disk holds something that is not ext4");
        case DiskContent::Empty:
            if (run({"/usr/sbin/mkfs.ext4", "-q", "-m", "0", "-E", "assume_storage_prezeroed=1", device}) != 0) {
                return failed("mkfs.ext4 could not format the data disk");
            }
            break;
        case DiskContent::NeedsCheck:
            // e2fsck says 1 when it repaired everything.
            if (run({"/usr/sbin/e2fsck", "-p", device}) > 1) return failed("e2fsck could not repair the data disk");
            break;
        case DiskContent::Ext4:
            break;
    }
    // Inode tables that were never written are zeros on a sparse disk: writing them would only make the disk's file
    // grow.
    if (::mount(device.c_str(), folder.c_str(), "ext4", MS_NOATIME, "noinit_itable") != 0) {
        return failedCall("mount the data disk");
    }
    return growToDisk(device, folder);
}

}  // namespace qd::image
