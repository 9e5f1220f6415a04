// Files that hold secrets: written whole or not at all, readable by their owner only.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "cluster/base/result.h"

namespace qd::pki {

// Writes a new file beside `path`, syncs it and renames it over `path`: a reader, and a power cut, see the old or the
// new content. The mode is set before the first byte is written. A symbolic link at `path` is followed, not replaced.
Result<void> writePrivateFile(const std::filesystem::path& path, std::string_view content, mode_t mode = 0600);

// NotFound when there is no such file.
Result<std::string> readFile(const std::filesystem::path& path);

}  // namespace qd::pki
