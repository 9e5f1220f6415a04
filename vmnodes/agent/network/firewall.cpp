#include "vmnodes/agent/network/firewall.h"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <algorithm>

namespace qd::agent::network {
namespace {

constexpr const char* kTable = "quarterdeck";
// The mark that asks for masquerade, the one that kube-proxy uses.
constexpr const char* kMark = "0x4000";

// "  set <name> { type ...; elements = { a, b } }", in the form with line ends that every version of nft reads.
std::string collection(std::string_view kind, std::string_view name, std::string_view type,
                       std::vector<std::string> elements) {
    std::ranges::sort(elements);
    const auto repeated = std::ranges::unique(elements);
    elements.erase(repeated.begin(), repeated.end());
    std::string text = fmt::format("  {} {} {{\n    type {}\n", kind, name, type);
    if (!elements.empty()) text += fmt::format("    elements = {{ {} }}\n", fmt::join(elements, ", "));
    return text + "  }\n";
}

std::string collections(const FirewallState& state) {
    std::vector<std::string> servers, nodePorts, hairpins, anyPorts, addressPorts;
    for (const SocketAddress& server : state.masqueradedServers)
        if (!server.address.v6)
            servers.push_back(
                fmt::format("{} . {} . {}", server.address.text(), protocolName(server.protocol), server.port));
    for (const NodePort& port : state.masqueradedNodePorts)
        nodePorts.push_back(fmt::format("{} . {}", protocolName(port.protocol), port.port));
    for (const IpAddress& address : state.hairpins)
        if (!address.v6) hairpins.push_back(fmt::format("{0} . {0}", address.text()));
    for (const HostPort& port : state.hostPorts) {
        if (port.podIp.v6) continue;
        const std::string target = fmt::format("{} . {}", port.podIp.text(), port.podPort);
        hairpins.push_back(fmt::format("{0} . {0}", port.podIp.text()));
        if (port.hostIp && !port.hostIp->v6)
            addressPorts.push_back(
                fmt::format("{} . {} . {} : {}", port.hostIp->text(), protocolName(port.protocol), port.port, target));
        else if (!port.hostIp)
            anyPorts.push_back(fmt::format("{} . {} : {}", protocolName(port.protocol), port.port, target));
    }
    return collection("set", "virtual_servers", "ipv4_addr . inet_proto . inet_service", servers) +
           collection("set", "node_ports", "inet_proto . inet_service", nodePorts) +
           collection("set", "hairpins", "ipv4_addr . ipv4_addr", hairpins) +
           collection("map", "host_ports", "inet_proto . inet_service : ipv4_addr . inet_service", anyPorts) +
           collection("map", "host_address_ports", "ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service",
                      addressPorts);
}

}  // namespace

const char* protocolName(Protocol protocol) {
    switch (protocol) {
        case Protocol::Udp:
            return "udp";
        case Protocol::Sctp:
            return "sctp";
        default:
            return "tcp";
    }
}

std::string rulesetOf(const FirewallState& state) {
    const std::string outside = state.clusterCidr && !state.clusterCidr->address.v6
                                    ? " ip saddr != " + state.clusterCidr->network().text()
                                    : std::string();
    std::string text = fmt::format("table ip {0}\ndelete table ip {0}\ntable ip {0} {{\n", kTable) + collections(state);
    text += fmt::format("  chain mark_for_masquerade {{\n    meta mark set meta mark or {}\n  }}\n", kMark);
    text += fmt::format(
        "  chain services {{\n"
        "    ip daddr . meta l4proto . th dport @virtual_servers{} goto mark_for_masquerade\n"
        "    fib daddr type local meta l4proto . th dport @node_ports goto mark_for_masquerade\n  }}\n",
        outside);
    text +=
        "  chain before_prerouting {\n    type filter hook prerouting priority -150\n    jump services\n  }\n"
        "  chain before_output {\n    type route hook output priority -150\n    jump services\n  }\n";
    for (const char* hook : {"prerouting", "output"})
        text += fmt::format(
            "  chain {0} {{\n    type nat hook {0} priority -100\n"
            "    dnat ip to ip daddr . meta l4proto . th dport map @host_address_ports\n"
            "    fib daddr type local dnat ip to meta l4proto . th dport map @host_ports\n  }}\n",
            hook);
    text += fmt::format(
        "  chain postrouting {{\n    type nat hook postrouting priority 100\n"
        "    meta mark and {} != 0 masquerade\n    ip saddr . ip daddr @hairpins masquerade\n"
        // A connection of the node's own to one of its host ports at 127.0.0.1 leaves on the bridge with that source.
        "    ip saddr 127.0.0.0/8 ct status dnat masquerade\n",
        kMark);
    if (state.podCidr && !state.podCidr->address.v6) {
        const std::string inside =
            state.clusterCidr ? state.clusterCidr->network().text() : state.podCidr->network().text();
        text += fmt::format("    ip saddr {} ip daddr != {{ {}, 224.0.0.0/4 }} masquerade\n",
                            state.podCidr->network().text(), inside);
    }
    return text + "  }\n}\n";
}

struct Firewall::Context {
    nft_ctx* nft = nft_ctx_new(NFT_CTX_DEFAULT);
    ~Context() {
        if (nft != nullptr) nft_ctx_free(nft);
    }
};

Firewall::Firewall() : m_context(std::make_unique<Context>()) {
    if (m_context->nft == nullptr) return;
    nft_ctx_buffer_output(m_context->nft);
    nft_ctx_buffer_error(m_context->nft);
}

Firewall::~Firewall() = default;

Result<void> Firewall::apply(const FirewallState& state) {
    if (m_context->nft == nullptr) return fail(Reason::InternalError, "nftables is not available");
    std::string commands = rulesetOf(state);
    if (commands == m_applied) return {};
    if (nft_run_cmd_from_buffer(m_context->nft, commands.c_str()) != 0) {
        const char* complaint = nft_ctx_get_error_buffer(m_context->nft);
        return fail(Reason::InternalError,
                    std::string("cannot apply the packet filter's rules: ") + (complaint != nullptr ? complaint : ""));
    }
    m_applied = std::move(commands);
    return {};
}

}  // namespace qd::agent::network
