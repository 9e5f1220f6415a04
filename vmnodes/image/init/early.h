// The first stage: the program runs as /init of the initramfs.
#pragma once

namespace qd::image {

// True in the initramfs (it holds /stage1, the modules that the root disk needs).
bool isEarlyStage();
// Mounts the root disk read-only with memory over it, moves into it, and becomes /sbin/init there.
[[noreturn]] void runEarlyStage();

}  // namespace qd::image
