// The XML of what the node pool makes: pure functions from a description to libvirt's words.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "vmnodes/host/acceleration.h"
#include "vmnodes/host/address_plan.h"
#include "vmnodes/host/metadata.h"
#include "vmnodes/host/xml.h"

namespace qd::host {

struct DiskDescription {
    std::string path;
    std::string format;  // raw or qcow2
    std::string serial;  // by which the guest finds it, at most 20 characters
    bool readOnly = false;
};

struct DomainDescription {
    std::string name;
    Mark mark;
    Acceleration::Kind acceleration = Acceleration::Kind::Tcg;
    int vcpus = 1;
    int memoryMiB = 512;
    std::string kernel;
    std::string initrd;
    std::string commandLine;
    std::vector<DiskDescription> disks;
    std::string network;
    std::string mac;
    std::string consoleLog;
    std::vector<std::string> oemStrings;  // "qd.hostname=node-1"
    bool debugPort = false;               // the virtio-serial port org.quarterdeck.debug.0
};

struct LeaseDescription {
    std::string name;
    std::string mac;
    Ipv4 address;
    Cidr pods;  // routed to that address from the host
};

struct NetworkDescription {
    std::string name;
    Mark mark;
    std::string bridge;
    AddressPlan plan;
    std::vector<LeaseDescription> leases;  // the Service range is routed to the first
};

struct VolumeDescription {
    std::string name;
    std::string format;          // raw or qcow2
    std::uint64_t capacity = 0;  // bytes
    std::string backingPath;     // a qcow2 to lay it over; empty: none
};

Xml domainXml(const DomainDescription& domain);
Xml networkXml(const NetworkDescription& network);
Xml poolXml(const std::string& name, const std::string& path);
Xml volumeXml(const VolumeDescription& volume);

}  // namespace qd::host
