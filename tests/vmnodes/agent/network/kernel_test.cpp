// Against the kernel, in a network namespace of the test's own.
#include <sched.h>

#include <QtTest>

#include "vmnodes/agent/network/firewall.h"
#include "vmnodes/agent/network/links.h"

using namespace qd::agent::network;

namespace {

Cidr cidr(const char* text) {
    return *Cidr::parse(text);
}
IpAddress ip(const char* text) {
    return *IpAddress::parse(text);
}

}  // namespace

class KernelTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QVERIFY2(unshare(CLONE_NEWNET) == 0, "this test needs root, to make a network namespace"); }

    void aLinkIsMadeOnceAndDeleted() {
        auto links = Links::open();
        QVERIFY(links);
        QVERIFY(links->ensureLink("qd0", "bridge", true));
        QVERIFY(links->ensureLink("qd0", "bridge", true));
        QVERIFY(links->hasLink("qd0"));
        QVERIFY(links->deleteLink("qd0"));
        QVERIFY(links->deleteLink("qd0"));
        QVERIFY(!links->hasLink("qd0"));
    }

    void addressesComeAndGo() {
        auto links = Links::open();
        QVERIFY(links->ensureLink("qd1", "bridge", false));
        QVERIFY(links->addAddress("qd1", cidr("10.96.0.10/32")));
        QVERIFY(links->addAddress("qd1", cidr("10.96.0.10/32")));
        const auto listed = links->addresses();
        QVERIFY(std::ranges::any_of(*listed, [](const LinkAddress& entry) {
            return entry.link == "qd1" && entry.address == cidr("10.96.0.10/32");
        }));
        QVERIFY(links->deleteAddress("qd1", cidr("10.96.0.10/32")));
        QVERIFY(links->deleteAddress("qd1", cidr("10.96.0.10/32")));
        QVERIFY(!links->addAddress("absent", cidr("10.96.0.10/32")));
    }

    void ownRoutesAreSetMovedAndRemovedAndOthersAreLeftAlone() {
        auto links = Links::open();
        QVERIFY(links->ensureLink("qd2", "bridge", false));
        QVERIFY(links->addAddress("qd2", cidr("192.168.77.11/24")));
        QVERIFY(links->replaceRoute({cidr("10.244.2.0/24"), ip("192.168.77.12")}));
        QVERIFY(links->replaceRoute({cidr("10.244.2.0/24"), ip("192.168.77.13")}));
        auto routes = links->ownRoutes();
        QVERIFY(*routes == (std::vector<Route>{{cidr("10.244.2.0/24"), ip("192.168.77.13")}}));
        QVERIFY(links->deleteRoute((*routes)[0]));
        QVERIFY(links->ownRoutes()->empty());
        QVERIFY(!links->replaceRoute({cidr("10.244.3.0/24"), ip("172.30.0.1")}));  // no way to that gateway
    }

    void theRulesAreAcceptedByTheKernelAndReplaced() {
        Firewall firewall;
        FirewallState state;
        const auto empty = firewall.apply(state);
        QVERIFY2(empty, empty ? "" : empty.error().message.c_str());
        state.clusterCidr = cidr("10.244.0.0/16");
        state.podCidr = cidr("10.244.1.0/24");
        state.masqueradedServers = {{ip("10.96.0.1"), Protocol::Tcp, 443}, {ip("10.96.0.10"), Protocol::Udp, 53}};
        state.masqueradedNodePorts = {{Protocol::Tcp, 30080}};
        state.hairpins = {ip("10.244.1.5")};
        state.hostPorts = {{std::nullopt, Protocol::Tcp, 8080, ip("10.244.1.6"), 80},
                           {ip("192.168.77.11"), Protocol::Udp, 8081, ip("10.244.1.6"), 81}};
        for (int i = 0; i < 2; ++i) {
            const auto applied = firewall.apply(state);
            QVERIFY2(applied, applied ? "" : applied.error().message.c_str());
            state.masqueradedServers.pop_back();
        }
    }
};

QTEST_APPLESS_MAIN(KernelTest)
#include "kernel_test.moc"
