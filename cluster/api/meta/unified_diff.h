// The difference of two texts in the unified format, three lines of context, without file names. Where there is a
// choice it is made as Python's difflib and its Go port make it (longest common blocks first, lines that are very
// common in a long text do not begin one): messages of the API carry such diffs and are compared by their letters.
#pragma once

#include <string>
#include <string_view>

namespace qd::api {

// Empty when they are the same. Each line ends in a line feed, the last one too.
std::string unifiedDiff(std::string_view before, std::string_view after);

}  // namespace qd::api
