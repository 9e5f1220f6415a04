// Disks by their serial, and the data disk's file system.
#pragma once

#include <string>

#include "outcome.h"

namespace qd::image {

// "/dev/vdb" of the virtio disk with this serial. Waits up to `seconds` for it to appear.
Outcome<std::string> findDisk(const std::string& serial, double seconds);

enum class DiskContent { Ext4, NeedsCheck, Empty, Other };
// What lies on a disk, from its first 64 KiB: an ext4 that may be mounted, one that recorded an error, zeros, or
// something else.
DiskContent recogniseContent(std::string_view start);

// Formats the disk if it is empty, checks it if it asks for that, mounts it, and grows the file system to the disk's
// size.
Outcome<> mountDataDisk(const std::string& device, const std::string& folder);

}  // namespace qd::image
