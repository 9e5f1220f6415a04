#include "vmnodes/agent/proxy/ipvs_netlink.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <algorithm>

namespace qd::agent::proxy {
namespace {

int number(Protocol protocol) {
    switch (protocol) {
        case Protocol::Udp:
            return IPPROTO_UDP;
        case Protocol::Sctp:
            return IPPROTO_SCTP;
        default:
            return IPPROTO_TCP;
    }
}

std::optional<Protocol> protocolOf(int number) {
    switch (number) {
        case IPPROTO_TCP:
            return Protocol::Tcp;
        case IPPROTO_UDP:
            return Protocol::Udp;
        case IPPROTO_SCTP:
            return Protocol::Sctp;
        default:
            return std::nullopt;
    }
}

Message start(int family, int command, int flags) {
    Message message(nlmsg_alloc());
    if (message && genlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags,
                               static_cast<std::uint8_t>(command), IPVS_GENL_VERSION) == nullptr)
        message.reset();
    return message;
}

// Names the service; `whole` adds what configures it.
bool putService(nl_msg* message, const VirtualServer& service, bool whole) {
    const SocketAddress& where = service.where;
    nlattr* nest = nla_nest_start(message, IPVS_CMD_ATTR_SERVICE);
    if (nest == nullptr) return false;
    bool fits = nla_put_u16(message, IPVS_SVC_ATTR_AF, static_cast<std::uint16_t>(where.address.family())) == 0 &&
                nla_put_u16(message, IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(number(where.protocol))) == 0 &&
                nla_put(message, IPVS_SVC_ATTR_ADDR, 16, where.address.bytes.data()) == 0 &&
                nla_put_u16(message, IPVS_SVC_ATTR_PORT, htons(static_cast<std::uint16_t>(where.port))) == 0;
    if (whole) {
        const bool persistent = service.persistentSeconds != 0;
        const ip_vs_flags flags{.flags = persistent ? std::uint32_t{IP_VS_SVC_F_PERSISTENT} : 0,
                                .mask = IP_VS_SVC_F_PERSISTENT};
        // IPv6 takes a prefix length here, IPv4 a mask in network order: each client address for itself.
        const std::uint32_t mask = where.address.v6 ? 128 : 0xffffffff;
        fits = fits && nla_put_string(message, IPVS_SVC_ATTR_SCHED_NAME, service.scheduler.c_str()) == 0 &&
               nla_put(message, IPVS_SVC_ATTR_FLAGS, sizeof flags, &flags) == 0 &&
               nla_put_u32(message, IPVS_SVC_ATTR_TIMEOUT, service.persistentSeconds) == 0 &&
               nla_put_u32(message, IPVS_SVC_ATTR_NETMASK, mask) == 0;
    }
    nla_nest_end(message, nest);
    return fits;
}

bool putServer(nl_msg* message, const RealServer& server, bool whole) {
    nlattr* nest = nla_nest_start(message, IPVS_CMD_ATTR_DEST);
    if (nest == nullptr) return false;
    bool fits =
        nla_put_u16(message, IPVS_DEST_ATTR_ADDR_FAMILY, static_cast<std::uint16_t>(server.address.family())) == 0 &&
        nla_put(message, IPVS_DEST_ATTR_ADDR, 16, server.address.bytes.data()) == 0 &&
        nla_put_u16(message, IPVS_DEST_ATTR_PORT, htons(static_cast<std::uint16_t>(server.port))) == 0;
    if (whole)
        fits = fits && nla_put_u32(message, IPVS_DEST_ATTR_FWD_METHOD, IP_VS_CONN_F_MASQ) == 0 &&
               nla_put_u32(message, IPVS_DEST_ATTR_WEIGHT, static_cast<std::uint32_t>(server.weight)) == 0 &&
               nla_put_u32(message, IPVS_DEST_ATTR_U_THRESH, 0) == 0 &&
               nla_put_u32(message, IPVS_DEST_ATTR_L_THRESH, 0) == 0;
    nla_nest_end(message, nest);
    return fits;
}

IpAddress readAddress(nlattr* attribute, bool v6) {
    IpAddress address;
    address.v6 = v6;
    const auto* bytes = static_cast<const std::uint8_t*>(nla_data(attribute));
    const auto length = std::min<std::size_t>(address.length(), static_cast<std::size_t>(nla_len(attribute)));
    std::copy_n(bytes, length, address.bytes.begin());
    return address;
}

// The attributes nested in the one attribute of this number, or nothing.
template <std::size_t size>
bool nested(nlmsghdr* header, int outer, nlattr* (&attributes)[size]) {
    nlattr* top[IPVS_CMD_ATTR_MAX + 1] = {};
    if (genlmsg_parse(header, 0, top, IPVS_CMD_ATTR_MAX, nullptr) < 0 || top[outer] == nullptr) return false;
    return nla_parse_nested(attributes, static_cast<int>(size) - 1, top[outer], nullptr) >= 0;
}

struct SocketDeleter {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
};

base::Failure failed(const std::string& what, int code) {
    return fail(Reason::InternalError, what + ": " + nl_geterror(code));
}

std::string describe(const Change& change) {
    const std::string service = change.service.where.address.text() + ":" + std::to_string(change.service.where.port) +
                                "/" + network::protocolName(change.service.where.protocol);
    const std::string server = change.server.address.text() + ":" + std::to_string(change.server.port);
    switch (change.kind) {
        case Change::Kind::AddService:
            return "add the virtual server " + service;
        case Change::Kind::SetService:
            return "change the virtual server " + service;
        case Change::Kind::RemoveService:
            return "remove the virtual server " + service;
        case Change::Kind::AddServer:
            return "add " + server + " to the virtual server " + service;
        case Change::Kind::SetServer:
            return "change " + server + " of the virtual server " + service;
        default:
            return "take " + server + " from the virtual server " + service;
    }
}

class NetlinkIpvs final : public Ipvs {
public:
    NetlinkIpvs(std::unique_ptr<nl_sock, SocketDeleter> socket, int family)
        : m_socket(std::move(socket)), m_family(family) {}

    Result<std::vector<VirtualServer>> list() override {
        std::vector<VirtualServer> services;
        auto listed = dump(encodeListServices(m_family), [&](nlmsghdr* header) {
            if (auto service = decodeService(header)) services.push_back(std::move(*service));
        });
        if (!listed) return fail(listed.error().within("cannot list the virtual servers"));
        for (VirtualServer& service : services) {
            listed = dump(encodeListServers(service, m_family), [&](nlmsghdr* header) {
                if (auto server = decodeServer(header, service.where.address.v6)) service.servers.push_back(*server);
            });
            if (!listed)
                return fail(listed.error().within("cannot list the servers of " + service.where.address.text()));
        }
        return services;
    }

    Result<void> apply(const Change& change) override {
        const Message message = encode(change, m_family);
        if (!message) return fail(Reason::InternalError, "cannot " + describe(change) + ": the request is too long");
        int code = nl_send_auto(m_socket.get(), message.get());
        if (code >= 0) code = nl_wait_for_ack(m_socket.get());
        const bool adding = change.kind == Change::Kind::AddService || change.kind == Change::Kind::AddServer;
        const bool removing = change.kind == Change::Kind::RemoveService || change.kind == Change::Kind::RemoveServer;
        if ((adding && code == -NLE_EXIST) || (removing && (code == -NLE_OBJ_NOTFOUND || code == -NLE_NOADDR)))
            return {};
        if (code < 0) return failed("cannot " + describe(change), code);
        return {};
    }

private:
    template <typename Visit>
    Result<void> dump(Message message, Visit visit) {
        if (!message) return fail(Reason::InternalError, "the request is too long");
        nl_socket_modify_cb(
            m_socket.get(), NL_CB_VALID, NL_CB_CUSTOM,
            [](nl_msg* part, void* context) {
                (*static_cast<Visit*>(context))(nlmsg_hdr(part));
                return static_cast<int>(NL_OK);
            },
            &visit);
        int code = nl_send_auto(m_socket.get(), message.get());
        if (code >= 0) code = nl_recvmsgs_default(m_socket.get());
        nl_socket_modify_cb(m_socket.get(), NL_CB_VALID, NL_CB_DEFAULT, nullptr, nullptr);
        if (code < 0) return fail(Reason::InternalError, nl_geterror(code));
        return {};
    }

    std::unique_ptr<nl_sock, SocketDeleter> m_socket;
    int m_family;
};

}  // namespace

Message encode(const Change& change, int family) {
    static constexpr int kCommands[] = {IPVS_CMD_NEW_SERVICE, IPVS_CMD_SET_SERVICE, IPVS_CMD_DEL_SERVICE,
                                        IPVS_CMD_NEW_DEST,    IPVS_CMD_SET_DEST,    IPVS_CMD_DEL_DEST};
    Message message = start(family, kCommands[static_cast<int>(change.kind)], NLM_F_REQUEST | NLM_F_ACK);
    if (!message) return message;
    const bool configures = change.kind == Change::Kind::AddService || change.kind == Change::Kind::SetService;
    const bool ofServer = change.kind >= Change::Kind::AddServer;
    if (!putService(message.get(), change.service, configures) ||
        (ofServer && !putServer(message.get(), change.server, change.kind != Change::Kind::RemoveServer)))
        message.reset();
    return message;
}

Message encodeListServices(int family) {
    return start(family, IPVS_CMD_GET_SERVICE, NLM_F_REQUEST | NLM_F_DUMP);
}

Message encodeListServers(const VirtualServer& service, int family) {
    Message message = start(family, IPVS_CMD_GET_DEST, NLM_F_REQUEST | NLM_F_DUMP);
    if (message && !putService(message.get(), service, false)) message.reset();
    return message;
}

std::optional<VirtualServer> decodeService(nlmsghdr* header) {
    nlattr* attributes[IPVS_SVC_ATTR_MAX + 1] = {};
    if (!nested(header, IPVS_CMD_ATTR_SERVICE, attributes)) return std::nullopt;
    for (const int needed : {IPVS_SVC_ATTR_AF, IPVS_SVC_ATTR_PROTOCOL, IPVS_SVC_ATTR_ADDR, IPVS_SVC_ATTR_PORT})
        if (attributes[needed] == nullptr) return std::nullopt;
    const auto protocol = protocolOf(nla_get_u16(attributes[IPVS_SVC_ATTR_PROTOCOL]));
    if (!protocol) return std::nullopt;
    VirtualServer service;
    service.where.address =
        readAddress(attributes[IPVS_SVC_ATTR_ADDR], nla_get_u16(attributes[IPVS_SVC_ATTR_AF]) == AF_INET6);
    service.where.protocol = *protocol;
    service.where.port = ntohs(nla_get_u16(attributes[IPVS_SVC_ATTR_PORT]));
    if (attributes[IPVS_SVC_ATTR_SCHED_NAME] != nullptr)
        service.scheduler = nla_get_string(attributes[IPVS_SVC_ATTR_SCHED_NAME]);
    ip_vs_flags flags{};
    if (attributes[IPVS_SVC_ATTR_FLAGS] != nullptr) nla_memcpy(&flags, attributes[IPVS_SVC_ATTR_FLAGS], sizeof flags);
    if ((flags.flags & IP_VS_SVC_F_PERSISTENT) != 0 && attributes[IPVS_SVC_ATTR_TIMEOUT] != nullptr)
        service.persistentSeconds = nla_get_u32(attributes[IPVS_SVC_ATTR_TIMEOUT]);
    return service;
}

std::optional<RealServer> decodeServer(nlmsghdr* header, bool v6) {
    nlattr* attributes[IPVS_DEST_ATTR_MAX + 1] = {};
    if (!nested(header, IPVS_CMD_ATTR_DEST, attributes)) return std::nullopt;
    if (attributes[IPVS_DEST_ATTR_ADDR] == nullptr || attributes[IPVS_DEST_ATTR_PORT] == nullptr) return std::nullopt;
    const auto numberOf = [&](int attribute) {
        return attributes[attribute] != nullptr ? nla_get_u32(attributes[attribute]) : 0;
    };
    RealServer server;
    server.address = readAddress(attributes[IPVS_DEST_ATTR_ADDR], v6);
    server.port = ntohs(nla_get_u16(attributes[IPVS_DEST_ATTR_PORT]));
    server.weight = static_cast<int>(numberOf(IPVS_DEST_ATTR_WEIGHT));
    server.activeConnections = numberOf(IPVS_DEST_ATTR_ACTIVE_CONNS);
    server.inactiveConnections = numberOf(IPVS_DEST_ATTR_INACT_CONNS);
    return server;
}

Result<std::unique_ptr<Ipvs>> openIpvs() {
    std::unique_ptr<nl_sock, SocketDeleter> socket(nl_socket_alloc());
    if (const int code = genl_connect(socket.get()); code < 0) return failed("cannot reach generic netlink", code);
    const int family = genl_ctrl_resolve(socket.get(), IPVS_GENL_NAME);
    if (family < 0) return failed("the kernel has no IPVS (module ip_vs)", family);
    return std::make_unique<NetlinkIpvs>(std::move(socket), family);
}

}  // namespace qd::agent::proxy
