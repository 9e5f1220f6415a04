// Writes the files of a volume so that a reader sees either all old or all new ones: they stand in a folder of their
// own,
// "..data" is a symbolic link to it, and each name of the volume is a link through "..data". A change makes a new
// folder and swaps the one link. Source: kubelet's pkg/volume/util/atomic_writer.go, whose layout programs rely on.
#pragma once

#include <optional>
#include <string>

#include "vmnodes/agent/volumes/payload.h"

namespace qd::agent::volumes {

// Makes the folder's content that of the payload. Answers whether anything changed. `group` owns the files when given.
// Paths that leave the folder, or begin with "..", are refused.
Result<bool> writeAtomically(const std::string& folder, const Payload& payload, std::optional<std::int64_t> group);

}  // namespace qd::agent::volumes
