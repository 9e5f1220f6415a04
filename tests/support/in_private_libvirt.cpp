// in_private_libvirt <command>...   runs a command inside a private libvirt, see private_libvirt.h
// in_private_libvirt --hold         starts one, prints its address, ends with standard input
#include <cstdio>
#include <string>
#include <vector>

#include "tests/support/private_libvirt.h"

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.empty()) {
        std::fputs("usage: in_private_libvirt <command>... | in_private_libvirt --hold\n", stderr);
        return 2;
    }
    const bool hold = arguments.front() == "--hold";
    const auto code = qd::test::runInPrivateLibvirt(hold ? std::vector<std::string>{} : arguments, hold);
    if (!code) {
        std::fprintf(stderr, "in_private_libvirt: %s\n", code.error().message.c_str());
        return 1;
    }
    return *code;
}
