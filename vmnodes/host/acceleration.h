// Whether nodes run under KVM or under QEMU's own emulation (TCG).
//
// /dev/kvm that exists need not work: under some nested or cloud hypervisors a guest kernel hangs. KVM is therefore
// proved by booting the nodes' own kernel under it for a few seconds, in a child process with a deadline; the answer is
// remembered per host kernel and QEMU version.
#pragma once

#include <stop_token>
#include <string>

#include "cluster/base/executor.h"
#include "cluster/base/result.h"
#include "vmnodes/host/cluster_spec.h"
#include "vmnodes/host/connection.h"
#include "vmnodes/host/node_image.h"

namespace qd::host {

struct Acceleration {
    enum class Kind : std::uint8_t { Kvm, Tcg };
    Kind kind = Kind::Tcg;
    std::string reason;  // why this one, a sentence for the user
};

struct ProbeOptions {
    std::string qemu = "qemu-system-x86_64";
    std::string accelerator = "kvm";
    std::string commandLine = "console=ttyS0 quiet";
    // What the node image's first process writes when it runs; without disks it says so and powers off
    // (docs/node-image.md).
    std::string marker = "quarterdeck: ";
    base::Duration deadline = std::chrono::seconds(20);  // the image waits some seconds for its disks before it speaks
};

// Boots kernel and initrd and says whether the marker appeared. An error is an error of the probe, not of KVM.
Result<bool> bootsUnder(const ProbeOptions& options, const NodeImage& image, const base::Clock& clock,
                        std::stop_token stop);

// What the choice, libvirt, /dev/kvm and the probe say together. `cacheFile` remembers the probe's answers; Invalid
// when the choice is Kvm and KVM does not work.
Result<Acceleration> chooseAcceleration(AccelerationChoice choice, const Connection& connection, const NodeImage& image,
                                        const std::string& cacheFile, const base::Clock& clock, std::stop_token stop,
                                        const ProbeOptions& options = {});

}  // namespace qd::host
