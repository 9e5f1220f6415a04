#include "vmnodes/host/machine_xml.h"

#include <fmt/format.h>

namespace qd::host {
namespace {

// Each virtio device and each hot-plugged volume takes one; "No more available PCI slots" when they run out.
constexpr int kRootPorts = 28;
// Of QEMU's memory for translated code; its default is as large as the guest.
constexpr int kTranslationCacheMiB = 128;

Xml osElement(const DomainDescription& domain) {
    Xml os("os");
    os.add(Xml("type", "hvm").attr("arch", "x86_64").attr("machine", "q35"));
    os.add(Xml("kernel", domain.kernel));
    if (!domain.initrd.empty()) os.add(Xml("initrd", domain.initrd));
    if (!domain.commandLine.empty()) os.add(Xml("cmdline", domain.commandLine));
    os.add(Xml("smbios").attr("mode", "sysinfo"));
    return os;
}

Xml sysinfoElement(const DomainDescription& domain) {
    Xml strings("oemStrings");
    for (const std::string& entry : domain.oemStrings) strings.add(Xml("entry", entry));
    return Xml("sysinfo").attr("type", "smbios").child(std::move(strings));
}

Xml featuresElement(Acceleration::Kind acceleration) {
    Xml features("features");
    features.add(Xml("acpi"));
    features.add(Xml("apic"));
    if (acceleration == Acceleration::Kind::Tcg) {
        features.add(Xml("tcg").child(Xml("tb-cache", kTranslationCacheMiB).attr("unit", "MiB")));
    }
    return features;
}

Xml cpuElement(Acceleration::Kind acceleration) {
    if (acceleration == Acceleration::Kind::Kvm)
        return Xml("cpu").attr("mode", "host-passthrough").attr("check", "none");
    // Everything that TCG can emulate: container images compiled for x86-64-v2 need more than the default model has.
    return Xml("cpu").attr("mode", "maximum").attr("check", "none");
}

Xml diskElement(const DiskDescription& disk, std::size_t index) {
    Xml element = Xml("disk").attr("type", "file").attr("device", "disk");
    Xml driver = Xml("driver").attr("name", "qemu").attr("type", disk.format);
    if (!disk.readOnly) {
        driver.set("discard", "unmap");
        driver.set("detect_zeroes", "unmap");
    }
    element.add(std::move(driver));
    element.add(Xml("source").attr("file", disk.path));
    element.add(Xml("target").attr("dev", fmt::format("vd{}", static_cast<char>('a' + index))).attr("bus", "virtio"));
    element.add(Xml("serial", disk.serial));
    if (disk.readOnly) {
        element.add(Xml("readonly"));
        element.add(Xml("shareable"));
    }
    return element;
}

Xml devicesElement(const DomainDescription& domain) {
    Xml devices("devices");
    devices.add(Xml("controller").attr("type", "pci").attr("index", 0).attr("model", "pcie-root"));
    for (int port = 1; port <= kRootPorts; ++port) {
        devices.add(Xml("controller").attr("type", "pci").attr("index", port).attr("model", "pcie-root-port"));
    }
    devices.add(Xml("controller").attr("type", "usb").attr("model", "none"));
    for (std::size_t i = 0; i < domain.disks.size(); ++i) devices.add(diskElement(domain.disks[i], i));
    devices.add(Xml("interface")
                    .attr("type", "network")
                    .child(Xml("mac").attr("address", domain.mac))
                    .child(Xml("source").attr("network", domain.network))
                    .child(Xml("model").attr("type", "virtio"))
                    .child(Xml("rom").attr("enabled", "no")));
    devices.add(Xml("serial")
                    .attr("type", "file")
                    .child(Xml("source").attr("path", domain.consoleLog).attr("append", "on"))
                    .child(Xml("target").attr("port", 0)));
    if (domain.debugPort) {
        devices.add(Xml("channel")
                        .attr("type", "unix")
                        .child(Xml("target").attr("type", "virtio").attr("name", "org.quarterdeck.debug.0")));
    }
    devices.add(Xml("video").child(Xml("model").attr("type", "none")));
    // Memory that the guest frees goes back to the host.
    devices.add(Xml("memballoon").attr("model", "virtio").attr("freePageReporting", "on"));
    devices.add(Xml("rng").attr("model", "virtio").child(Xml("backend", "/dev/urandom").attr("model", "random")));
    return devices;
}

}  // namespace

Xml domainXml(const DomainDescription& domain) {
    Xml xml = Xml("domain").attr("type", domain.acceleration == Acceleration::Kind::Kvm ? "kvm" : "qemu");
    xml.add(Xml("name", domain.name));
    xml.add(metadataElement(domain.mark));
    xml.add(Xml("memory", domain.memoryMiB).attr("unit", "MiB"));
    xml.add(Xml("vcpu", domain.vcpus));
    xml.add(sysinfoElement(domain));
    xml.add(osElement(domain));
    xml.add(featuresElement(domain.acceleration));
    xml.add(cpuElement(domain.acceleration));
    xml.add(Xml("clock").attr("offset", "utc").child(Xml("timer").attr("name", "rtc").attr("tickpolicy", "catchup")));
    xml.add(Xml("on_poweroff", "destroy"));
    xml.add(Xml("on_reboot", "restart"));
    xml.add(Xml("on_crash", "restart"));
    xml.add(devicesElement(domain));
    return xml;
}

// Forward mode nat: nodes pull images from wherever the host can, without the host's network knowing of them. The host
// itself reaches nodes directly, and Pods and Services by the routes; other machines reach nothing, which is the point.
Xml networkXml(const NetworkDescription& network) {
    Xml xml("network");
    xml.add(Xml("name", network.name));
    xml.add(metadataElement(network.mark));
    xml.add(Xml("forward").attr("mode", "nat"));
    xml.add(Xml("bridge").attr("name", network.bridge).attr("stp", "off").attr("delay", 0));
    Xml dhcp("dhcp");
    for (const LeaseDescription& lease : network.leases) {
        dhcp.add(Xml("host").attr("mac", lease.mac).attr("name", lease.name).attr("ip", lease.address.toString()));
    }
    xml.add(Xml("ip")
                .attr("address", network.plan.gateway().toString())
                .attr("netmask", network.plan.nodes.netmask())
                .child(std::move(dhcp)));
    const auto route = [&](const Cidr& range, Ipv4 gateway) {
        xml.add(Xml("route")
                    .attr("family", "ipv4")
                    .attr("address", range.base.toString())
                    .attr("prefix", range.prefix)
                    .attr("gateway", gateway.toString()));
    };
    for (const LeaseDescription& lease : network.leases) route(lease.pods, lease.address);
    if (!network.leases.empty()) route(network.plan.services, network.leases.front().address);
    return xml;
}

Xml poolXml(const std::string& name, const std::string& path) {
    return Xml("pool")
        .attr("type", "dir")
        .child(Xml("name", name))
        .child(Xml("target").child(Xml("path", path)).child(Xml("permissions").child(Xml("mode", "0711"))));
}

Xml volumeXml(const VolumeDescription& volume) {
    Xml xml("volume");
    xml.add(Xml("name", volume.name));
    xml.add(Xml("capacity", volume.capacity).attr("unit", "bytes"));
    xml.add(Xml("allocation", 0).attr("unit", "bytes"));
    xml.add(Xml("target")
                .child(Xml("format").attr("type", volume.format))
                .child(Xml("permissions").child(Xml("mode", "0600"))));
    if (!volume.backingPath.empty()) {
        xml.add(Xml("backingStore").child(Xml("path", volume.backingPath)).child(Xml("format").attr("type", "qcow2")));
    }
    return xml;
}

}  // namespace qd::host
