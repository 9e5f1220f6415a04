#include "system.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <ranges>
#include <vector>

#include "console.h"
#include "files.h"

namespace qd::image {
namespace {

constexpr const char* kControlGroups = "/sys/fs/cgroup";

struct Mount {
    const char* type;
    const char* folder;
    unsigned long flags;
    const char* options;
};

Outcome<> mountAll(std::initializer_list<Mount> mounts) {
    for (const auto& [type, folder, flags, options] : mounts) {
        if (auto made = makeFolders(folder); !made) return made;
        if (::mount(type, folder, type, flags, options) != 0 && errno != EBUSY)
            return failedCall(std::string("mount ") + folder);
    }
    return {};
}

constexpr unsigned long kPlain = MS_NOSUID | MS_NODEV | MS_NOEXEC;

}  // namespace

Outcome<> mountKernelFileSystems() {
    return mountAll(
        {{"devtmpfs", "/dev", MS_NOSUID, "mode=0755"}, {"proc", "/proc", kPlain, ""}, {"sysfs", "/sys", kPlain, ""}});
}

Outcome<> mountMemoryFileSystems() {
    if (auto mounted = mountAll({{"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666,gid=5"},
                                 {"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"},
                                 {"mqueue", "/dev/mqueue", kPlain, ""},
                                 {"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755"},
                                 {"tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777"},
                                 {"cgroup2", kControlGroups, kPlain, "nsdelegate"},
                                 {"bpf", "/sys/fs/bpf", kPlain, "mode=0700"}});
        !mounted) {
        return mounted;
    }
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) != 0) return failedCall("share the mounts");
    return {};
}

std::string controlGroup(const std::string& service) {
    return std::string(kControlGroups) + "/system/" + service;
}

Outcome<> prepareControlGroups() {
    for (const auto* service : {"init", "containerd", "agent"}) {
        if (auto made = makeFolders(controlGroup(service)); !made) return made;
    }
    if (auto moved = writeFile(controlGroup("init") + "/cgroup.procs", "1"); !moved) return moved;
    const std::string offered = readWord(std::string(kControlGroups) + "/cgroup.controllers");
    for (const auto part : offered | std::views::split(' ')) {
        const std::string controller(part.begin(), part.end());
        constexpr std::string_view kWanted[] = {"cpu", "cpuset", "io", "memory", "pids", "hugetlb"};
        if (std::ranges::find(kWanted, controller) == std::end(kWanted)) continue;
        for (const auto* group : {"", "/system"}) {
            if (auto on = writeFile(std::string(kControlGroups) + group + "/cgroup.subtree_control", "+" + controller);
                !on)
                return on;
        }
    }
    return {};
}

void applySysctls(const std::string& file) {
    const auto text = readFile(file);
    if (!text) return warn(text.error());
    for (const auto range : *text | std::views::split('\n')) {
        std::string line(range.begin(), range.end());
        std::erase(line, ' ');
        const std::size_t equals = line.find('=');
        if (line.starts_with('#') || equals == std::string::npos) continue;
        std::string path = line.substr(0, equals);
        std::ranges::replace(path, '.', '/');
        if (auto set = writeFile("/proc/sys/" + path, line.substr(equals + 1)); !set) warn(set.error());
    }
}

Outcome<> prepareDataFolders() {
    for (const auto* folder :
         {"/var/lib/containerd", "/var/lib/quarterdeck", "/var/log/pods", "/var/log/containers", "/var/tmp"}) {
        if (auto made = makeFolders(folder); !made) return made;
    }
    ::chmod("/var/tmp", 01777);
    ::chmod("/var/lib/quarterdeck", 0700);
    return {};
}

void unmountAll() {
    const auto table = readFile("/proc/self/mounts");
    if (!table) return warn(table.error());
    std::vector<std::string> folders;
    for (const auto range : *table | std::views::split('\n')) {
        const std::string line(range.begin(), range.end());
        const std::size_t begin = line.find(' ') + 1;
        if (begin != 0) folders.push_back(line.substr(begin, line.find(' ', begin) - begin));
    }
    for (const auto& folder : folders | std::views::reverse) {
        if (folder == "/" || folder.starts_with("/dev") || folder.starts_with("/proc") || folder.starts_with("/sys"))
            continue;
        // Spaces in /proc/self/mounts are octal escapes; such a mount is left to the read-only remount below.
        if (::umount2(folder.c_str(), UMOUNT_NOFOLLOW) != 0 && folder == "/var") {
            warn("unmount /var: " + std::string(std::strerror(errno)) + "; making it read-only instead");
            ::mount(nullptr, "/var", nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
        }
    }
}

}  // namespace qd::image
