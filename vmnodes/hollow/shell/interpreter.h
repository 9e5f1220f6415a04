// Follows a script without doing anything: what it would take in time, and how it would end. Time passes in `sleep` only.
// It knows the usual commands that need nothing of the world, and files that the script has made itself.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/base/time.h"
#include "vmnodes/hollow/shell/syntax.h"

namespace qd::hollow::shell {

struct Ending {
    std::optional<base::Duration> length;  // none: it goes on until it is stopped
    int exitCode = 0;
};

struct World {
    std::map<std::string, std::string> environment;
    bool moreVariables = false;  // that are not known: a script that asks for others than these is not followed
    std::set<std::string> files;  // full paths
    std::uint64_t seed = 0;       // of $RANDOM
};

// Nothing when the script comes to a command that is not known. What it has written stays in the world's files.
std::optional<Ending> follow(const List& script, World& world);
// One command, given as the words of an argument vector.
std::optional<Ending> follow(const std::vector<std::string>& arguments, World& world);

}  // namespace qd::hollow::shell
