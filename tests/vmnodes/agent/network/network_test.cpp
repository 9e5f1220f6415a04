#include <QTemporaryDir>
#include <QtTest>
#include <boost/json.hpp>
#include <fstream>

#include "vmnodes/agent/network/cni_config.h"
#include "vmnodes/agent/network/firewall.h"
#include "vmnodes/agent/network/node_routes.h"
#include "vmnodes/agent/network/sysctl.h"

using namespace qd::agent::network;

namespace {

Cidr cidr(const char* text) {
    return *Cidr::parse(text);
}
IpAddress ip(const char* text) {
    return *IpAddress::parse(text);
}

}  // namespace

class NetworkTest : public QObject {
    Q_OBJECT
private slots:
    void addressesAreReadAndWritten_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("valid");
        for (const char* good : {"10.96.0.10", "0.0.0.0", "fd00::1"}) QTest::newRow(good) << good << true;
        for (const char* bad : {"", "10.96.0", "10.96.0.256", "x", "fe80::1%eth0"}) QTest::newRow(bad) << bad << false;
    }
    void addressesAreReadAndWritten() {
        QFETCH(QString, text);
        QFETCH(bool, valid);
        const auto address = IpAddress::parse(text.toStdString());
        QCOMPARE(address.has_value(), valid);
        if (valid) QCOMPARE(QString::fromStdString(address->text()), text);
    }

    void aPrefixContainsItsAddressesOnly() {
        QVERIFY(cidr("10.244.0.0/16").contains(ip("10.244.255.1")));
        QVERIFY(!cidr("10.244.0.0/16").contains(ip("10.245.0.1")));
        QVERIFY(cidr("192.168.8.0/22").contains(ip("192.168.11.255")));
        QVERIFY(!cidr("192.168.8.0/22").contains(ip("192.168.12.0")));
        QVERIFY(cidr("0.0.0.0/0").contains(ip("1.2.3.4")));
        QVERIFY(!Cidr::parse("10.0.0.0/33"));
        QVERIFY(!Cidr::parse("10.0.0.0/8x"));
        QCOMPARE(cidr("10.244.1.7/24").network().text(), std::string("10.244.1.0/24"));
        QCOMPARE(cidr("10.244.1.0/24").nth(1).text(), std::string("10.244.1.1"));
        QCOMPARE(cidr("10.244.0.0/16").nth(258).text(), std::string("10.244.1.2"));
    }

    void theNodeHasARouteToEveryOtherNodesPods() {
        const std::vector<Peer> peers = {
            {"b", {cidr("10.244.2.0/24")}, {ip("fd00::2"), ip("192.168.77.12")}},
            {"self", {cidr("10.244.1.0/24")}, {ip("192.168.77.11")}},
            {"without-address", {cidr("10.244.3.0/24")}, {}},
            {"without-cidr", {}, {ip("192.168.77.14")}},
        };
        const auto routes = routesToPeers(peers, "self");
        QCOMPARE(routes.size(), 1U);
        QCOMPARE(routes[0].destination.text(), std::string("10.244.2.0/24"));
        QCOMPARE(routes[0].gateway.text(), std::string("192.168.77.12"));
    }

    void routesChangeNoMoreThanNeeded() {
        const Route kept{cidr("10.244.2.0/24"), ip("192.168.77.12")};
        const Route moved{cidr("10.244.3.0/24"), ip("192.168.77.13")};
        const Route movedTo{cidr("10.244.3.0/24"), ip("192.168.77.23")};
        const Route gone{cidr("10.244.4.0/24"), ip("192.168.77.14")};
        const auto changes = routeChanges({kept, moved, gone}, {kept, movedTo});
        QVERIFY(changes.replace == std::vector{movedTo});
        QVERIFY(changes.remove == std::vector{gone});
    }

    void theCniConfigurationIsABridgeWithTheNodesPodCidr() {
        const auto list = boost::json::parse(cniConfiguration({.podCidr = cidr("10.244.1.0/24"), .mtu = 1400}));
        const auto& bridge = list.at("plugins").at(0);
        QVERIFY(bridge.at("type") == "bridge");
        QVERIFY(bridge.at("hairpinMode") == true);
        QVERIFY(bridge.at("ipMasq") == false);
        QVERIFY(bridge.at("mtu") == 1400);
        QVERIFY(bridge.at("ipam").at("ranges").at(0).at(0).at("subnet") == "10.244.1.0/24");
    }

    void theCniConfigurationIsWrittenOnceAndAgainWhenItChanges() {
        QTemporaryDir folder;
        const std::string path = folder.filePath("net.d").toStdString();
        QVERIFY(*writeCniConfiguration({.podCidr = cidr("10.244.1.0/24")}, path));
        QVERIFY(!*writeCniConfiguration({.podCidr = cidr("10.244.1.0/24")}, path));
        QVERIFY(*writeCniConfiguration({.podCidr = cidr("10.244.2.0/24")}, path));
    }

    void aSettingThatIsRightIsNotWrittenAgain() {
        QTemporaryDir folder;
        const std::string root = folder.path().toStdString();
        QVERIFY(!writeSysctl({"net.ipv4.ip_forward", "1"}, root));  // no such file
        QDir(folder.path()).mkpath("net/ipv4");
        std::ofstream(root + "/net/ipv4/ip_forward") << "1\n";
        QFile::setPermissions(folder.filePath("net/ipv4/ip_forward"), QFile::ReadOwner);
        QVERIFY(writeSysctl({"net.ipv4.ip_forward", "1"}, root).has_value());
    }

    void theRulesNameServersPortsAndPrefixes() {
        FirewallState state;
        state.clusterCidr = cidr("10.244.0.0/16");
        state.podCidr = cidr("10.244.1.0/24");
        state.masqueradedServers = {{ip("10.96.0.10"), Protocol::Udp, 53}};
        state.masqueradedNodePorts = {{Protocol::Tcp, 30080}};
        state.hairpins = {ip("10.244.1.5")};
        state.hostPorts = {{std::nullopt, Protocol::Tcp, 8080, ip("10.244.1.6"), 80},
                           {ip("192.168.77.11"), Protocol::Tcp, 8081, ip("10.244.1.6"), 81}};
        const std::string rules = rulesetOf(state);
        for (const char* part :
             {"elements = { 10.96.0.10 . udp . 53 }", "elements = { tcp . 30080 }",
              "elements = { 10.244.1.5 . 10.244.1.5, 10.244.1.6 . 10.244.1.6 }", "tcp . 8080 : 10.244.1.6 . 80",
              "192.168.77.11 . tcp . 8081 : 10.244.1.6 . 81", "@virtual_servers ip saddr != 10.244.0.0/16",
              "ip saddr 10.244.1.0/24 ip daddr != { 10.244.0.0/16, 224.0.0.0/4 } masquerade"})
            QVERIFY2(rules.find(part) != std::string::npos, part);
    }
};

QTEST_APPLESS_MAIN(NetworkTest)
#include "network_test.moc"
