// What a user asks for: the description of one cluster's machines, as it is stored in the cluster's settings file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/base/result.h"

namespace qd::host {

// Which virtualisation the nodes use. Auto proves KVM and falls back to TCG (QEMU's emulation).
enum class AccelerationChoice : std::uint8_t { Auto, Kvm, Tcg };

struct ClusterSpec {
    std::string name;  // DNS label, at most 40 characters
    std::string uuid;  // given once, when the cluster is made; marks everything in libvirt that belongs to it
    int nodes = 3;
    int vcpus = 2;         // each node
    int memoryMiB = 2048;  // each node, at least 256
    int diskGiB = 20;      // each node's data disk (sparse)
    AccelerationChoice acceleration = AccelerationChoice::Auto;
    std::string libvirtUri = "qemu:///system";
    // Address ranges in CIDR notation; empty: chosen free of conflict with the host's routes when the cluster is
    // created.
    std::string nodeCidr;
    std::string podCidr;
    std::string serviceCidr;

    bool operator==(const ClusterSpec&) const = default;
};

inline constexpr int kMaxNodes = 32;

// Invalid with a cause per offending field.
Result<void> validate(const ClusterSpec& spec);

// The settings file's form: YAML (which JSON is too). Unknown keys are refused by name. Does not validate.
Result<ClusterSpec> parseClusterSpec(std::string_view yaml);
std::string toYaml(const ClusterSpec& spec);

}  // namespace qd::host
