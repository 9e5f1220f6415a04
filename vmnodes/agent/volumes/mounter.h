// The few mounts that volumes need, behind an interface so that tests need no root.
#pragma once

#include <memory>
#include <string>

#include "cluster/base/result.h"

namespace qd::agent::volumes {

class Mounter {
public:
    virtual ~Mounter() = default;
    // Mounts memory on the folder unless it is mounted; size 0 = half of the node's memory.
    virtual Result<void> mountMemory(const std::string& folder, std::uint64_t bytes) = 0;
    // Mounts what `relative` names below `volume` on `target` (made when missing). Symbolic links cannot lead out of
    // the volume. A missing `relative` is made as a folder.
    virtual Result<void> bindBelow(const std::string& volume, const std::string& relative,
                                   const std::string& target) = 0;
    // Succeeds when nothing is mounted there.
    virtual Result<void> unmount(const std::string& path) = 0;
};

std::unique_ptr<Mounter> systemMounter();

}  // namespace qd::agent::volumes
