// Which addresses a cluster uses, chosen free of conflict with what the host already routes. Pure functions, but for
// readHostRoutes().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/result.h"

namespace qd::host {

struct Ipv4 {
    std::uint32_t value = 0;  // host byte order
    bool operator==(const Ipv4&) const = default;
    std::string toString() const;
    static std::optional<Ipv4> parse(std::string_view text);
};

struct Cidr {
    Ipv4 base;
    int prefix = 0;
    bool operator==(const Cidr&) const = default;
    std::string toString() const;
    std::string netmask() const;
    bool contains(Ipv4 address) const;
    bool overlaps(const Cidr& other) const;
    // The `index`th subnet of that prefix length inside this one; the caller keeps index within range.
    Cidr subnet(int subnetPrefix, std::uint32_t index) const;
    // Invalid unless it is a.b.c.d/n with no bit set beyond the prefix.
    static Result<Cidr> parse(std::string_view text);
};

// The ranges of one cluster. Node i (from 1) has address nodes.base + 10 + i and Pod range i of the Pod CIDR's /24s.
struct AddressPlan {
    Cidr nodes;  // the libvirt network, a /24
    Cidr pods;   // at most /16
    Cidr services;
    bool operator==(const AddressPlan&) const = default;

    Ipv4 gateway() const { return {nodes.base.value + 1}; }  // the host
    Ipv4 node(int index) const { return {nodes.base.value + 10 + static_cast<std::uint32_t>(index)}; }
    Cidr podsOf(int index) const { return pods.subnet(24, static_cast<std::uint32_t>(index)); }
    Ipv4 dnsService() const { return {services.base.value + 10}; }
    Ipv4 apiService() const { return {services.base.value + 1}; }
};

// What the user fixed; nullopt: free choice.
struct AddressWishes {
    std::optional<Cidr> nodes;
    std::optional<Cidr> pods;
    std::optional<Cidr> services;
};

// Conflict when a wish overlaps something taken (the message names both), or nothing is free. Free choices are tried in
// a fixed order, so equal hosts give equal plans: nodes 192.168.{140..250}.0/24, then 172.{20..31}.0.0/24;
// Pods 10.244.0.0/16, then 10.{245..254}, 10.{128..243}; Services 10.96.0.0/16, then 10.{97..127}.
Result<AddressPlan> chooseAddresses(std::span<const Cidr> taken, const AddressWishes& wishes);

// Every IPv4 destination that this host routes (default routes left out) and the networks of its own addresses.
Result<std::vector<Cidr>> readHostRoutes();

}  // namespace qd::host
