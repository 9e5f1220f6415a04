// The node's own interface, name and resolver. Pod networking is the agent's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "settings.h"

namespace qd::image {

struct AddressRange {
    std::uint32_t address;  // IPv4, host byte order
    std::uint32_t mask;

    bool operator==(const AddressRange&) const = default;
};

// "192.168.77.11/24"
std::optional<AddressRange> parseAddressRange(std::string_view text);
// /etc/resolv.conf: the servers that the host named, else the gateway. There is always one, since containerd needs a
// file that parses.
std::string resolverConfiguration(const Settings& settings);
std::string hostsFile(const Settings& settings);

// lo up; the card with `mac` (or the first) becomes eth0, is brought up, and gets `address` and `gateway`; host name,
// /etc/hosts, /etc/resolv.conf and /etc/machine-id are written.
Outcome<> configureNetwork(const Settings& settings);

}  // namespace qd::image
