// What a node says on its serial console. The lines are part of the contract in docs/node-image.md.
#pragma once

#include <string_view>

namespace qd::image {

// Seconds since the kernel started.
double uptime();
// Makes /dev/console the program's input, output and error.
void openConsole();
// "quarterdeck: 5.42 containerd"
void sayStage(std::string_view stage);
// "quarterdeck: 5.42 warning: …"; the node goes on.
void warn(std::string_view what);
// "quarterdeck: failed: …" and power off: a node that cannot start must not look as if it did.
[[noreturn]] void failNode(std::string_view why);

}  // namespace qd::image
