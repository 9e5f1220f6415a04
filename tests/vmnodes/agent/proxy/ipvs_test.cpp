#include "vmnodes/agent/proxy/ipvs.h"

#include <linux/ip_vs.h>
#include <netlink/genl/genl.h>

#include <QtTest>

#include "vmnodes/agent/proxy/ipvs_netlink.h"

using namespace qd::agent::proxy;

namespace {

IpAddress ip(const char* text) {
    return *IpAddress::parse(text);
}

VirtualServer service(const char* address, Protocol protocol, int port, std::vector<RealServer> servers = {}) {
    return {{ip(address), protocol, port}, "rr", 0, std::move(servers)};
}

// Services and their servers after the changes, as the kernel would have them.
std::vector<VirtualServer> applied(std::vector<VirtualServer> table, const std::vector<Change>& list) {
    for (const Change& change : list) {
        const auto found = std::ranges::find(table, change.service.where, &VirtualServer::where);
        if (change.kind == Change::Kind::AddService) {
            table.push_back(change.service);
        } else if (found == table.end()) {
            throw std::logic_error("a change of a service that is not there");
        } else if (change.kind == Change::Kind::RemoveService) {
            table.erase(found);
        } else if (change.kind == Change::Kind::SetService) {
            found->scheduler = change.service.scheduler;
            found->persistentSeconds = change.service.persistentSeconds;
        } else if (change.kind == Change::Kind::AddServer) {
            found->servers.push_back(change.server);
        } else {
            const auto server = std::ranges::find_if(
                found->servers, [&](const RealServer& one) { return one.sameTarget(change.server); });
            if (change.kind == Change::Kind::RemoveServer)
                found->servers.erase(server);
            else
                server->weight = change.server.weight;
        }
    }
    return table;
}

}  // namespace

class IpvsTest : public QObject {
    Q_OBJECT
private slots:
    void anEmptyTableBecomesTheDesiredOneAndThenNothingIsLeftToDo() {
        const std::vector desired = {
            service("10.96.0.10", Protocol::Udp, 53, {{ip("10.244.1.2"), 53}, {ip("10.244.2.2"), 53}}),
            service("10.96.0.1", Protocol::Tcp, 443, {{ip("192.168.77.1"), 6443}})};
        const auto table = applied({}, changes({}, desired));
        QCOMPARE(table.size(), 2U);
        QVERIFY(changes(table, desired).empty());
        QVERIFY(changes(table, {}).size() == 2);
    }

    void onlyWhatDiffersIsChanged() {
        const std::vector before = {
            service("10.96.0.5", Protocol::Tcp, 80, {{ip("10.244.1.2"), 80}, {ip("10.244.1.3"), 80}})};
        auto after = before;
        after[0].servers[1] = {ip("10.244.2.9"), 80};
        const auto list = changes(before, after);
        QCOMPARE(list.size(), 2U);
        QVERIFY(list[0].kind == Change::Kind::AddServer);
        QVERIFY(list[1].kind == Change::Kind::RemoveServer);
        after = before;
        after[0].persistentSeconds = 10800;
        QVERIFY(changes(before, after).at(0).kind == Change::Kind::SetService);
    }

    void aTcpServerWithConnectionsDrainsBeforeItGoes() {
        std::vector actual = {service("10.96.0.5", Protocol::Tcp, 80, {{ip("10.244.1.2"), 80, 1, 3, 0}})};
        const std::vector desired = {service("10.96.0.5", Protocol::Tcp, 80)};
        auto list = changes(actual, desired);
        QCOMPARE(list.size(), 1U);
        QVERIFY(list[0].kind == Change::Kind::SetServer);
        QCOMPARE(list[0].server.weight, 0);
        actual[0].servers[0].weight = 0;
        QVERIFY(changes(actual, desired).empty());
        QVERIFY(isDraining(actual, desired));
        actual[0].servers[0].activeConnections = 0;
        QVERIFY(changes(actual, desired).at(0).kind == Change::Kind::RemoveServer);
    }

    void aServerThatComesBackWhileDrainingGetsItsWeightAgain() {
        const std::vector actual = {service("10.96.0.5", Protocol::Tcp, 80, {{ip("10.244.1.2"), 80, 0, 3, 0}})};
        const std::vector desired = {service("10.96.0.5", Protocol::Tcp, 80, {{ip("10.244.1.2"), 80}})};
        const auto list = changes(actual, desired);
        QCOMPARE(list.size(), 1U);
        QCOMPARE(list[0].server.weight, 1);
        QVERIFY(!isDraining(actual, desired));
    }

    void aUdpServerGoesAtOnce() {
        const std::vector actual = {service("10.96.0.10", Protocol::Udp, 53, {{ip("10.244.1.2"), 53, 1, 5, 5}})};
        QVERIFY(changes(actual, {service("10.96.0.10", Protocol::Udp, 53)}).at(0).kind == Change::Kind::RemoveServer);
    }

    void theRequestSaysWhatTheKernelExpects() {
        VirtualServer web = service("10.96.0.5", Protocol::Tcp, 80);
        web.persistentSeconds = 10800;
        const Message message = encode({Change::Kind::AddService, web, {}}, 30);
        nlmsghdr* header = nlmsg_hdr(message.get());
        QCOMPARE(header->nlmsg_type, 30);
        QCOMPARE(static_cast<genlmsghdr*>(nlmsg_data(header))->cmd, IPVS_CMD_NEW_SERVICE);
        nlattr* top[IPVS_CMD_ATTR_MAX + 1];
        QCOMPARE(genlmsg_parse(header, 0, top, IPVS_CMD_ATTR_MAX, nullptr), 0);
        nlattr* attributes[IPVS_SVC_ATTR_MAX + 1];
        nla_parse_nested(attributes, IPVS_SVC_ATTR_MAX, top[IPVS_CMD_ATTR_SERVICE], nullptr);
        QCOMPARE(nla_get_u16(attributes[IPVS_SVC_ATTR_AF]), AF_INET);
        QCOMPARE(nla_len(attributes[IPVS_SVC_ATTR_ADDR]), 16);
        const std::uint8_t port[] = {0, 80};
        QCOMPARE(std::memcmp(nla_data(attributes[IPVS_SVC_ATTR_PORT]), port, 2), 0);
        QCOMPARE(nla_get_u32(attributes[IPVS_SVC_ATTR_NETMASK]), 0xffffffffU);
        QCOMPARE(std::string(nla_get_string(attributes[IPVS_SVC_ATTR_SCHED_NAME])), std::string("rr"));
        const auto* flags = static_cast<ip_vs_flags*>(nla_data(attributes[IPVS_SVC_ATTR_FLAGS]));
        QCOMPARE(flags->flags, IP_VS_SVC_F_PERSISTENT);
    }

    void whatIsEncodedIsReadBack() {
        VirtualServer web = service("10.96.0.5", Protocol::Udp, 5353);
        web.persistentSeconds = 60;
        const Message added = encode({Change::Kind::AddService, web, {}}, 30);
        const auto read = decodeService(nlmsg_hdr(added.get()));
        QVERIFY(read);
        QVERIFY(read->where == web.where);
        QCOMPARE(read->persistentSeconds, 60U);
        const RealServer server{ip("10.244.1.2"), 53, 7};
        const Message with = encode({Change::Kind::AddServer, web, server}, 30);
        const auto readServer = decodeServer(nlmsg_hdr(with.get()), false);
        QVERIFY(readServer);
        QVERIFY(readServer->sameTarget(server));
        QCOMPARE(readServer->weight, 7);
        VirtualServer six = service("fd00::5", Protocol::Tcp, 80);
        const Message sixth = encode({Change::Kind::AddService, six, {}}, 30);
        QVERIFY(decodeService(nlmsg_hdr(sixth.get()))->where == six.where);
    }
};

QTEST_APPLESS_MAIN(IpvsTest)
#include "ipvs_test.moc"
