#include "network.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <charconv>
#include <filesystem>

#include "files.h"

namespace qd::image {
namespace {

constexpr const char* kCard = "eth0";

std::optional<std::uint32_t> parseAddress(const std::string& text) {
    in_addr address{};
    if (::inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
    return ntohl(address.s_addr);
}

sockaddr socketAddress(std::uint32_t address) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(address);
    sockaddr plain;
    std::memcpy(&plain, &in, sizeof plain);
    return plain;
}

ifreq request(std::string_view name) {
    ifreq asked{};
    name.copy(asked.ifr_name, IFNAMSIZ - 1);
    return asked;
}

Outcome<> bringUp(int socket, std::string_view name) {
    ifreq asked = request(name);
    if (::ioctl(socket, SIOCGIFFLAGS, &asked) != 0) return failedCall(name);
    asked.ifr_flags = static_cast<short>(asked.ifr_flags | IFF_UP);
    if (::ioctl(socket, SIOCSIFFLAGS, &asked) != 0) return failedCall(std::string(name) + " up");
    return {};
}

Outcome<> rename(int socket, const std::string& from, const std::string& to) {
    ifreq asked = request(from);
    to.copy(asked.ifr_newname, IFNAMSIZ - 1);
    if (::ioctl(socket, SIOCSIFNAME, &asked) != 0) return failedCall("rename " + from + " to " + to);
    return {};
}

// Makes the card with this MAC eth0. Without one, eth0 is what the kernel called so.
Outcome<> chooseCard(int socket, const std::string& mac) {
    if (mac.empty()) return {};
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/sys/class/net", ignored)) {
        const std::string name = entry.path().filename().string();
        if (readWord(entry.path().string() + "/address") != mac || name == "lo") continue;
        if (name == kCard) return {};
        if (::if_nametoindex(kCard) != 0) {
            if (auto moved = rename(socket, kCard, "spare0"); !moved) return moved;
        }
        return rename(socket, name, kCard);
    }
    return failed("no network card has the address " + mac);
}

Outcome<> setAddress(int socket, const std::string& text) {
    const auto range = parseAddressRange(text);
    if (!range) return failed("qd.address=" + text + " is not an IPv4 address with a prefix length");
    ifreq asked = request(kCard);
    asked.ifr_addr = socketAddress(range->address);
    if (::ioctl(socket, SIOCSIFADDR, &asked) != 0) return failedCall("address " + text);
    asked.ifr_netmask = socketAddress(range->mask);
    if (::ioctl(socket, SIOCSIFNETMASK, &asked) != 0) return failedCall("net mask of " + text);
    asked.ifr_broadaddr = socketAddress(range->address | ~range->mask);
    if (::ioctl(socket, SIOCSIFBRDADDR, &asked) != 0) return failedCall("broadcast address of " + text);
    return {};
}

Outcome<> setGateway(int socket, const std::string& text) {
    const auto gateway = parseAddress(text);
    if (!gateway) return failed("qd.gateway=" + text + " is not an IPv4 address");
    rtentry route{};
    route.rt_dst = socketAddress(0);
    route.rt_genmask = socketAddress(0);
    route.rt_gateway = socketAddress(*gateway);
    route.rt_flags = RTF_UP | RTF_GATEWAY;
    if (::ioctl(socket, SIOCADDRT, &route) != 0 && errno != EEXIST) return failedCall("default route by " + text);
    return {};
}

Outcome<> configureCard(const Settings& settings) {
    const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) return failedCall("socket");
    if (auto up = bringUp(socket.get(), "lo"); !up) return up;
    if (auto chosen = chooseCard(socket.get(), setting(settings, "mac")); !chosen) return chosen;
    if (::if_nametoindex(kCard) == 0) return {};  // a machine without a network: only in tests
    if (const auto address = setting(settings, "address"); !address.empty()) {
        if (auto set = setAddress(socket.get(), address); !set) return set;
    }
    if (auto up = bringUp(socket.get(), kCard); !up) return up;
    if (const auto gateway = setting(settings, "gateway"); !gateway.empty()) return setGateway(socket.get(), gateway);
    return {};
}

}  // namespace

std::optional<AddressRange> parseAddressRange(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto address = parseAddress(std::string(text.substr(0, slash)));
    unsigned prefix = 0;
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (!address || error != std::errc() || end != digits.data() + digits.size() || prefix > 32) return std::nullopt;
    return AddressRange{*address, prefix == 0 ? 0U : ~0U << (32 - prefix)};
}

std::string resolverConfiguration(const Settings& settings) {
    std::string text;
    std::string servers = setting(settings, "dns", setting(settings, "gateway", "127.0.0.1"));
    for (std::size_t comma = 0; comma != std::string::npos;) {
        comma = servers.find(',');
        if (const std::string server = servers.substr(0, comma); !server.empty()) text += "nameserver " + server + "\n";
        servers.erase(0, comma == std::string::npos ? comma : comma + 1);
    }
    return text;
}

std::string hostsFile(const Settings& settings) {
    const std::string address = setting(settings, "address");
    const std::string own = address.empty() ? "127.0.1.1" : address.substr(0, address.find('/'));
    return "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n" + own + " " +
           setting(settings, "hostname", "node") + "\n";
}

Outcome<> configureNetwork(const Settings& settings) {
    const std::string name = setting(settings, "hostname", "node");
    if (::sethostname(name.data(), name.size()) != 0) return failedCall("host name " + name);
    std::string machine = readWord("/sys/class/dmi/id/product_uuid");
    std::erase(machine, '-');
    for (auto written : {writeFile("/etc/hostname", name + "\n"), writeFile("/etc/hosts", hostsFile(settings)),
                         writeFile("/etc/resolv.conf", resolverConfiguration(settings)),
                         writeFile("/etc/machine-id", machine + "\n", 0444)}) {
        if (!written) return written;
    }
    return configureCard(settings);
}

}  // namespace qd::image
