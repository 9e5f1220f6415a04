// What the machine is, read from /proc, /sys and /etc once at the start; what it uses, read when asked.
#pragma once

#include <cstdint>
#include <string>

namespace qd::agent::node {

struct Machine {
    int cpus = 1;
    std::int64_t memoryBytes = 0;
    std::int64_t diskBytes = 0;  // of the file system that Pods use
    std::string machineId;
    std::string systemUuid;
    std::string bootId;
    std::string kernelVersion;
    std::string osImage;
};

// `root` stands before the paths of /proc and /sys, for tests; `data` is a folder on the Pods' file system.
Machine readMachine(const std::string& root, const std::string& data);

struct Pressure {
    std::int64_t memoryAvailable = 0;  // bytes
    std::int64_t diskAvailable = 0;    // bytes
    std::int64_t diskInodesFree = 0;
    std::int64_t diskInodes = 0;
    std::int64_t processes = 0;
    std::int64_t mostProcesses = 0;
};
Pressure readPressure(const std::string& root, const std::string& data);

}  // namespace qd::agent::node
