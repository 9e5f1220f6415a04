#include "vmnodes/agent/cgroups/hierarchy.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace qd::agent::cgroups {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPods = "/kubepods";
constexpr const char* kBurstable = "/kubepods/burstable";
constexpr const char* kBestEffort = "/kubepods/besteffort";

std::string orMax(std::int64_t value) {
    return value > 0 ? std::to_string(value) : "max";
}

// The number after `key ` in a flat keyed file (cpu.stat, memory.stat); 0 when it is not there.
std::uint64_t keyed(const std::string& path, const std::string& key) {
    std::ifstream in(path);
    std::string name;
    std::uint64_t value = 0;
    while (in >> name >> value)
        if (name == key) return value;
    return 0;
}

}  // namespace

Result<Usage> readUsage(const std::string& folder) {
    std::ifstream current(folder + "/memory.current");
    Usage usage;
    if (!(current >> usage.memoryBytes)) return fail(Reason::NotFound, "the control group " + folder + " is gone");
    usage.cpuNanoseconds = keyed(folder + "/cpu.stat", "usage_usec") * 1000;
    const std::string memory = folder + "/memory.stat";
    const std::uint64_t inactive = keyed(memory, "inactive_file");
    usage.workingSetBytes = usage.memoryBytes > inactive ? usage.memoryBytes - inactive : 0;
    usage.rssBytes = keyed(memory, "anon");
    usage.pageFaults = keyed(memory, "pgfault");
    usage.majorPageFaults = keyed(memory, "pgmajfault");
    return usage;
}

Result<Usage> readMachineUsage(const std::string& root, const std::string& meminfo) {
    std::ifstream in(meminfo);
    std::uint64_t total = 0, available = 0, value = 0;  // kB
    for (std::string name, unit; in >> name >> value && std::getline(in, unit);) {
        if (name == "MemTotal:") total = value;
        if (name == "MemAvailable:") available = value;
    }
    if (total == 0 || available > total) return fail(Reason::NotFound, meminfo + " does not tell the machine's memory");
    Usage usage;
    usage.cpuNanoseconds = keyed(root + "/cpu.stat", "usage_usec") * 1000;
    usage.memoryBytes = usage.workingSetBytes = (total - available) * 1024;
    return usage;
}

Result<void> Hierarchy::write(const std::string& group, const std::string& file, const std::string& value) {
    const std::string path = m_root + group + "/" + file;
    // The kernel takes a setting as one write.
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_TRUNC);
    const ssize_t written = descriptor < 0 ? -1 : ::write(descriptor, value.data(), value.size());
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (written == static_cast<ssize_t>(value.size())) return {};
    return fail(Reason::InternalError, "cannot write " + value + " to " + path + ": " + std::strerror(error));
}

Result<void> Hierarchy::make(const std::string& group) {
    std::error_code error;
    fs::create_directories(m_root + group, error);
    if (error) return fail(Reason::InternalError, "cannot make the control group " + group + ": " + error.message());
    return {};
}

Result<void> Hierarchy::setUp(std::int64_t milliCpu, std::int64_t memoryBytes) {
    std::string available;
    {
        std::ifstream in(m_root + "/cgroup.controllers");
        std::string controller;
        while (in >> controller)
            for (const char* wanted : {"cpu", "cpuset", "io", "memory", "pids", "hugetlb"})
                if (controller == wanted) available += (available.empty() ? "+" : " +") + controller;
    }
    if (available.empty()) return fail(Reason::InternalError, m_root + " is no cgroup v2 hierarchy with controllers");
    for (const char* group : {kPods, kBurstable, kBestEffort})
        if (auto made = make(group); !made) return made;
    for (const char* group : {"", kPods, kBurstable, kBestEffort})
        if (auto enabled = write(group, "cgroup.subtree_control", available); !enabled) return enabled;
    if (auto set = write(kPods, "cpu.weight", std::to_string(cpuWeight(cpuShares(milliCpu)))); !set) return set;
    if (auto set = write(kPods, "memory.max", orMax(memoryBytes)); !set) return set;
    return write(kBestEffort, "cpu.weight", std::to_string(cpuWeight(2)));
}

Result<void> Hierarchy::setBurstableWeight(std::int64_t milliCpu) {
    return write(kBurstable, "cpu.weight", std::to_string(cpuWeight(cpuShares(milliCpu))));
}

std::string Hierarchy::podGroup(const corev1::Pod& pod) {
    const std::string name = "/pod" + pod.metadata.uid;
    switch (qosClass(pod)) {
        case QosClass::Guaranteed:
            return kPods + name;
        case QosClass::Burstable:
            return kBurstable + name;
        default:
            return kBestEffort + name;
    }
}

Result<void> Hierarchy::ensurePod(const corev1::Pod& pod) {
    const std::string group = podGroup(pod);
    if (auto made = make(group); !made) return made;
    const Amounts requests = podRequests(pod), limits = podLimits(pod);
    const std::uint64_t shares = qosClass(pod) == QosClass::BestEffort ? 2 : cpuShares(requests.milliCpu);
    if (auto set = write(group, "cpu.weight", std::to_string(cpuWeight(shares))); !set) return set;
    const std::string quota = limits.hasCpu ? std::to_string(cpuQuota(limits.milliCpu)) : "max";
    if (auto set = write(group, "cpu.max", quota + " " + std::to_string(kCpuPeriod)); !set) return set;
    return write(group, "memory.max", limits.hasMemory ? orMax(limits.memory) : "max");
}

Result<void> Hierarchy::removePod(const std::string& group) {
    const fs::path folder = m_root + group;
    std::error_code error;
    if (!fs::exists(folder, error)) return {};
    std::vector<fs::path> groups{folder};
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        if (it->is_directory(error)) groups.push_back(it->path());
    for (auto path = groups.rbegin(); path != groups.rend(); ++path)
        if (::rmdir(path->c_str()) != 0 && errno != ENOENT)
            return fail(Reason::InternalError,
                        "cannot remove the control group " + path->string() + ": " + std::strerror(errno));
    return {};
}

std::vector<std::string> Hierarchy::pods() const {
    std::vector<std::string> found;
    for (const std::string parent : {kPods, kBurstable, kBestEffort}) {
        std::error_code error;
        for (fs::directory_iterator it(m_root + parent, error), end; !error && it != end; it.increment(error)) {
            const std::string name = it->path().filename();
            if (name.starts_with("pod") && it->is_directory(error)) found.push_back(parent + "/" + name);
        }
    }
    return found;
}

}  // namespace qd::agent::cgroups
