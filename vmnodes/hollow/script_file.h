// Scripts out of files.
#pragma once

#include <filesystem>
#include <memory>

#include "cluster/base/result.h"

namespace qd::hollow {

class Script;

// The error names the file, and what is wrong in it line by line.
Result<std::shared_ptr<const Script>> readScriptFile(const std::filesystem::path& path);

}  // namespace qd::hollow
