#include "vmnodes/agent/node/machine.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace qd::agent::node {
namespace {

std::string firstLine(const std::string& path) {
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    return line;
}

// The amount after `key` in /proc/meminfo, in bytes.
std::int64_t memory(const std::string& root, const std::string& key) {
    std::ifstream in(root + "/proc/meminfo");
    std::string name, unit;
    std::int64_t kilobytes = 0;
    while (in >> name >> kilobytes && std::getline(in, unit))
        if (name == key) return kilobytes * 1024;
    return 0;
}

std::string osRelease(const std::string& root) {
    std::ifstream in(root + "/etc/os-release");
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("PRETTY_NAME=")) continue;
        line.erase(0, 12);
        std::erase(line, '"');
        return line;
    }
    return "Linux";
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

Machine readMachine(const std::string& root, const std::string& data) {
    Machine machine;
    machine.cpus = std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
    machine.memoryBytes = memory(root, "MemTotal:");
    struct statvfs disk {};
    if (::statvfs(data.c_str(), &disk) == 0)
        machine.diskBytes = static_cast<std::int64_t>(disk.f_blocks * disk.f_frsize);
    machine.machineId = firstLine(root + "/etc/machine-id");
    machine.systemUuid = lower(firstLine(root + "/sys/class/dmi/id/product_uuid"));
    if (machine.systemUuid.empty()) machine.systemUuid = machine.machineId;
    machine.bootId = firstLine(root + "/proc/sys/kernel/random/boot_id");
    machine.kernelVersion = firstLine(root + "/proc/sys/kernel/osrelease");
    machine.osImage = osRelease(root);
    return machine;
}

Pressure readPressure(const std::string& root, const std::string& data) {
    Pressure pressure;
    pressure.memoryAvailable = memory(root, "MemAvailable:");
    struct statvfs disk {};
    if (::statvfs(data.c_str(), &disk) == 0) {
        pressure.diskAvailable = static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize);
        pressure.diskInodesFree = static_cast<std::int64_t>(disk.f_favail);
        pressure.diskInodes = static_cast<std::int64_t>(disk.f_files);
    }
    // "0.20 0.18 0.12 1/80 11206": running/all
    std::ifstream load(root + "/proc/loadavg");
    std::string ignored, counts;
    load >> ignored >> ignored >> ignored >> counts;
    if (const std::size_t slash = counts.find('/'); slash != std::string::npos)
        pressure.processes = std::atoll(counts.c_str() + slash + 1);
    pressure.mostProcesses = std::atoll(firstLine(root + "/proc/sys/kernel/pid_max").c_str());
    return pressure;
}

}  // namespace qd::agent::node
