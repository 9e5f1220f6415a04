// The file systems, control groups and kernel settings that a node runs with.
#pragma once

#include <string>

#include "outcome.h"

namespace qd::image {

// /dev, /proc, /sys: what both stages need before anything else.
Outcome<> mountKernelFileSystems();
// /run, /tmp, /dev/pts, cgroup2 and the rest; everything shared, so that mounts of the agent reach containers.
Outcome<> mountMemoryFileSystems();
// Enables the controllers in the root group, and makes /system/<name> for PID 1 and the services. PID 1 moves into its
// own.
Outcome<> prepareControlGroups();
// The group of a service: "/sys/fs/cgroup/system/<name>".
std::string controlGroup(const std::string& service);
// "net.ipv4.ip_forward = 1" lines of a file; each is tried, and those that fail are warned about.
void applySysctls(const std::string& file);
// Folders that must exist on the data disk.
Outcome<> prepareDataFolders();
// Unmounts what is not needed to power off, the last mounted first.
void unmountAll();

}  // namespace qd::image
