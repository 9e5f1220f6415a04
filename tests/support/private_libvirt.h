// A libvirt of a test's own: a libvirtd with private directories, inside fresh network, mount and process namespaces,
// so that no network, bridge, address, machine or file of a test is ever seen by the host, and nothing of it can stay
// behind: when the namespace's first process ends, by whatever way, the kernel ends all others and drops the network.
//
// There are two ways to use it.
//
//   1. Run a whole program inside: `build/dev/bin/in_private_libvirt <command>...`. The command finds the connection's
//      address in QD_LIBVIRT_URI and shares the network with the machines, so a control plane in it can be reached by
//      them. In CMake: qd_test(... LAUNCHER in_private_libvirt LABELS system).
//   2. Keep one beside the test: PrivateLibvirt::start(launcher). Its machines cannot reach the test, only libvirt can.
//
// Needs root. KVM is hidden inside (a broken one costs libvirtd up to 50 s), so machines run under TCG.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "cluster/base/result.h"

namespace qd::test {

// Runs the command inside a private libvirt and waits for it; returns its exit code (128 + n when signal n ended it).
// To be called by a program without threads: it forks. `hold` instead of a command: prints the connection's address as
// seen from outside on standard output, then waits until standard input ends.
Result<int> runInPrivateLibvirt(const std::vector<std::string>& command, bool hold = false);

class PrivateLibvirt {
public:
    // launcher: the path of in_private_libvirt.
    static Result<std::unique_ptr<PrivateLibvirt>> start(const std::string& launcher);
    // Ends everything and waits for it.
    ~PrivateLibvirt();
    PrivateLibvirt(const PrivateLibvirt&) = delete;
    PrivateLibvirt& operator=(const PrivateLibvirt&) = delete;

    const std::string& uri() const { return m_uri; }

private:
    PrivateLibvirt(pid_t launcher, int input, std::string uri)
        : m_launcher(launcher), m_input(input), m_uri(std::move(uri)) {}

    pid_t m_launcher;
    int m_input;  // closing it ends the launcher
    std::string m_uri;
};

}  // namespace qd::test
