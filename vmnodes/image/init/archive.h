// Unpacks the plain tar archive that the host writes raw to the configuration disk.
#pragma once

#include <string>
#include <string_view>

#include "outcome.h"

namespace qd::image {

// Writes the archive's regular files (0600) and folders (0700) below `folder`. Format: ustar, with zeros after its end.
// Refuses names that lead out of the folder, other kinds of entries, wrong checksums, and an archive that is cut off;
// what was written before stays.
Outcome<> unpackArchive(std::string_view archive, const std::string& folder);

}  // namespace qd::image
