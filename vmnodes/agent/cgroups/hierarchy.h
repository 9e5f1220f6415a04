// The cgroup v2 hierarchy of Pods: kubepods/pod<uid> (Guaranteed), kubepods/burstable/pod<uid>,
// kubepods/besteffort/pod<uid>. Containers' own groups are the runtime's. Thread-safe as the file system is: one call
// for one Pod at a time.
#pragma once

#include <string>
#include <vector>

#include "cluster/base/result.h"
#include "vmnodes/agent/cgroups/resources.h"

namespace qd::agent::cgroups {

struct Usage {
    std::uint64_t cpuNanoseconds = 0;
    std::uint64_t memoryBytes = 0;      // memory.current
    std::uint64_t workingSetBytes = 0;  // without inactive file pages
    std::uint64_t rssBytes = 0;         // anonymous memory
    std::uint64_t pageFaults = 0;
    std::uint64_t majorPageFaults = 0;
};

// Reads a group's counters; `folder` is absolute. NotFound when the group is gone.
Result<Usage> readUsage(const std::string& folder);
// Of the whole machine: the root group's processor time, and the memory that is not available to anybody else. `root` and
// `meminfo` are where the kernel shows them.
Result<Usage> readMachineUsage(const std::string& root = "/sys/fs/cgroup", const std::string& meminfo = "/proc/meminfo");

class Hierarchy {
public:
    // `root`: where cgroup v2 is mounted.
    explicit Hierarchy(std::string root = "/sys/fs/cgroup") : m_root(std::move(root)) {}

    // Makes kubepods and its classes and enables the controllers in them. The sum of the Pods may use `milliCpu` and
    // `memoryBytes`: what the node can allocate. Idempotent.
    Result<void> setUp(std::int64_t milliCpu, std::int64_t memoryBytes);

    // The Pod's group relative to the root, as the runtime takes it: "/kubepods/burstable/pod<uid>".
    static std::string podGroup(const corev1::Pod& pod);

    // Makes the Pod's group with its limits, or brings its limits up to date.
    Result<void> ensurePod(const corev1::Pod& pod);
    // Removes the group of a Pod, with what containers left in it. All processes in it must have ended.
    Result<void> removePod(const std::string& group);
    // The groups of all Pods that are there, relative to the root.
    std::vector<std::string> pods() const;

    // The class besteffort has the least weight, burstable the sum of its Pods' requests.
    Result<void> setBurstableWeight(std::int64_t milliCpu);

    std::string folder(const std::string& group) const { return m_root + group; }

private:
    Result<void> make(const std::string& group);
    Result<void> write(const std::string& group, const std::string& file, const std::string& value);

    std::string m_root;
};

}  // namespace qd::agent::cgroups
