#include <sys/reboot.h>
#include <unistd.h>

#include <cstdio>

#include "console.h"
#include "early.h"
#include "node.h"

int main() {
    if (::getpid() != 1) {
        std::fputs("This is PID 1 of a Quarterdeck node; it does nothing elsewhere.\n", stderr);
        return 2;
    }
    if (qd::image::isEarlyStage()) qd::image::runEarlyStage();
    qd::image::openConsole();
    qd::image::Node node;
    const int how = node.run();
    node.stop();
    ::reboot(how);
    qd::image::failNode("reboot(2) was refused");
}
