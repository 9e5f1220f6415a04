#include "console.h"

#include <fcntl.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "files.h"

namespace qd::image {
namespace {

void say(const std::string& line) {
    if (!writeAll(STDERR_FILENO, "quarterdeck: " + line + "\n", "console")) return;  // nobody is left to tell
}

std::string stamp() {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f ", uptime());
    return text;
}

}  // namespace

double uptime() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void openConsole() {
    const int fd = ::open("/dev/console", O_RDWR | O_NOCTTY);
    if (fd < 0) return;
    for (int target = 0; target <= 2; ++target) {
        if (fd != target) ::dup2(fd, target);
    }
    if (fd > 2) ::close(fd);
}

void sayStage(std::string_view stage) {
    say(stamp() + std::string(stage));
}

void warn(std::string_view what) {
    say(stamp() + "warning: " + std::string(what));
}

void failNode(std::string_view why) {
    say("failed: " + std::string(why));
    ::sync();
    ::reboot(RB_POWER_OFF);
    for (;;) ::pause();
}

}  // namespace qd::image
