#include <QtTest>

#include "cluster/controllers/service_cidr/address_repair_controller.h"
#include "cluster/controllers/service_cidr/service_cidr_controller.h"
#include "cluster/controllers/service_cidr/service_cidr_rules.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;
using networkingv1::IPAddress;
using networkingv1::ServiceCIDR;

namespace {

ServiceCIDR cidr(const std::string& name, const std::vector<std::string>& ranges) {
    ServiceCIDR made;
    made.metadata.name = name;
    made.spec.cidrs = ranges;
    return made;
}

corev1::Service service(const std::string& name, const std::string& ip) {
    corev1::Service made;
    made.metadata.namespace_ = "shop";
    made.metadata.name = name;
    made.spec.type = "ClusterIP";
    made.spec.clusterIP = ip;
    made.spec.clusterIPs = {ip};
    return made;
}

IPAddress address(const std::string& ip, const std::string& owner) { return addressOf(service(owner, ip), *api::IpAddress::parse(ip)); }

class Addresses : public Scene {
public:
    Addresses()
        : Scene({{.name = "service-cidr-controller", .alias = "service-cidr-controller", .make = [](Context& context) { return std::make_unique<ServiceCidrController>(context); }},
                 {.name = "ipallocator-repair-controller", .alias = "repair", .make = [](Context& context) { return std::make_unique<AddressRepairController>(context); }}}) {
        client.put(cidr("kubernetes", {"10.96.0.0/16"}));
    }
    QString ready(const std::string& name) const {
        const auto found = client.stored<ServiceCIDR>("", name);
        if (!found) return "gone";
        QStringList lines;
        for (const auto& condition : found->status.conditions) lines << QString::fromStdString(condition.type + "=" + condition.status + " " + condition.reason);
        return lines.join(' ').trimmed();
    }
    // "10.96.0.7 shop/web" of each.
    QString addresses() const {
        QStringList lines;
        for (const auto& one : client.all<IPAddress>()) lines << QString::fromStdString(one->metadata.name + " " + one->spec.parentRef->namespace_ + "/" + one->spec.parentRef->name);
        return lines.join('\n');
    }
    void removeCidr(const std::string& name) { QVERIFY(client.remove(client::resourceOf<ServiceCIDR>(), "", name, {})); }
};

}  // namespace

class ServiceCidrTest : public QObject {
    Q_OBJECT
private slots:
    void aRangeIsReadyAndProtected() {
        Addresses scene;
        scene.settle();
        QCOMPARE(scene.ready("kubernetes"), QString("Ready=True"));
        const auto found = scene.client.stored<ServiceCIDR>("", "kubernetes");
        QCOMPARE(found->metadata.finalizers, std::vector<std::string>{"networking.k8s.io/service-cidr-finalizer"});
        QCOMPARE(found->status.conditions.at(0).message, std::string("Kubernetes Service CIDR is ready"));
        scene.client.takeWrites();
        scene.runFor(60s);
        QVERIFY(scene.client.takeWrites().empty());
    }

    void anUnusedRangeGoesAfterAWhile() {
        Addresses scene;
        scene.client.put(cidr("more", {"10.200.0.0/24"}));
        scene.settle();
        scene.removeCidr("more");
        scene.runFor(9s);
        QVERIFY(scene.ready("more") != "gone");
        scene.runFor(3s);
        QCOMPARE(scene.ready("more"), QString("gone"));
    }

    void aUsedRangeStaysUntilItsAddressesAreGone() {
        Addresses scene;
        scene.client.put(cidr("more", {"10.200.0.0/24"}));
        scene.client.put(service("web", "10.200.0.7"));
        scene.client.put(address("10.200.0.7", "web"));
        scene.settle();
        scene.removeCidr("more");
        scene.runFor(30s);
        QCOMPARE(scene.ready("more"), QString("Ready=False Terminating"));
        scene.client.erase(client::resourceOf<corev1::Service>(), "shop", "web");
        scene.runFor(15s);
        QCOMPARE(scene.ready("more"), QString("gone"));
    }

    void aRangeWithinAnotherMayGo() {
        Addresses scene;
        scene.client.put(cidr("part", {"10.96.1.0/24"}));
        scene.client.put(service("web", "10.96.1.7"));
        scene.client.put(address("10.96.1.7", "web"));
        scene.settle();
        scene.removeCidr("part");
        scene.runFor(15s);
        QCOMPARE(scene.ready("part"), QString("gone"));
    }

    void twoEqualRangesDoNotBothGo() {
        Addresses scene;
        for (const char* name : {"a", "b"}) scene.client.put(cidr(name, {"10.200.0.0/24"}));
        scene.client.put(service("web", "10.200.0.7"));
        scene.client.put(address("10.200.0.7", "web"));
        scene.settle();
        scene.removeCidr("a");
        scene.removeCidr("b");
        scene.runFor(60s);
        QVERIFY(scene.ready("a") != "gone" || scene.ready("b") != "gone");
    }

    void aMissingAddressIsMade() {
        Addresses scene;
        scene.client.put(service("web", "10.96.0.7"));
        scene.client.put(service("headless", "None"));
        scene.settle();
        QCOMPARE(scene.addresses(), QString("10.96.0.7 shop/web"));
        QVERIFY(joined(scene.client.takeEvents()).contains("Warning ClusterIPNotAllocated Cluster IP [IPv4]: 10.96.0.7 is not allocated; repairing"));
        scene.client.erase(client::resourceOf<IPAddress>(), "", "10.96.0.7");
        scene.settle();
        QCOMPARE(scene.addresses(), QString("10.96.0.7 shop/web"));
    }

    void anAddressOutsideOfAllRangesIsToldOf() {
        Addresses scene;
        scene.client.put(service("web", "10.1.0.7"));
        scene.settle();
        QCOMPARE(scene.addresses(), QString());
        QVERIFY(joined(scene.client.takeEvents()).contains("ClusterIPOutOfRange Cluster IP [IPv4]: 10.1.0.7 is not within any configured Service CIDR; please recreate service"));
    }

    void anAddressGoesWithItsService() {
        Addresses scene;
        scene.client.put(service("web", "10.96.0.7"));
        scene.client.put(address("10.96.0.7", "web"));
        scene.settle();
        QVERIFY(scene.client.takeEvents().empty());
        scene.client.erase(client::resourceOf<corev1::Service>(), "shop", "web");
        scene.settle();
        QCOMPARE(scene.addresses(), QString());
        QVERIFY(scene.client.takeEvents().empty());
    }

    void anAddressIsGivenUpWithTheType() {
        Addresses scene;
        scene.client.put(service("web", "10.96.0.7"));
        scene.client.put(address("10.96.0.7", "web"));
        scene.settle();
        auto elsewhere = *scene.client.stored<corev1::Service>("shop", "web");
        elsewhere.spec.type = "ExternalName";
        elsewhere.spec.clusterIP.clear();
        elsewhere.spec.clusterIPs.clear();
        scene.client.put(elsewhere);
        scene.settle();
        QCOMPARE(scene.addresses(), QString());
    }

    void anAddressWhoseServiceNeverCameGoesAfterAMinute() {
        Addresses scene;
        auto lonely = address("10.96.0.7", "web");
        lonely.metadata.creationTimestamp = api::Time(scene.executor.clock().now());
        scene.client.put(lonely);
        scene.runFor(55s);
        QCOMPARE(scene.addresses(), QString("10.96.0.7 shop/web"));
        scene.runFor(10s);
        QCOMPARE(scene.addresses(), QString());
        QVERIFY(joined(scene.client.takeEvents()).contains("IPAddressNotAllocated IPAddress: 10.96.0.7 for Service shop/web appears to have leaked: cleaning up"));
    }

    void anAddressOfAServiceThatHasAnotherIsMadeAnew() {
        Addresses scene;
        scene.client.put(service("web", "10.96.0.7"));
        scene.client.put(address("10.96.0.7", "gone"));
        scene.settle();
        QCOMPARE(scene.addresses(), QString("10.96.0.7 shop/web"));
    }

    void twoServicesOfOneAddressAreToldOf() {
        Addresses scene;
        scene.client.put(service("a", "10.96.0.7"));
        scene.client.put(service("b", "10.96.0.7"));
        scene.client.put(address("10.96.0.7", "a"));
        scene.settle();
        QCOMPARE(scene.addresses(), QString("10.96.0.7 shop/a"));
        QVERIFY(joined(scene.client.takeEvents()).contains("ClusterIPAlreadyAllocated Cluster IP [IPv4]:10.96.0.7 was assigned to multiple services; please recreate service"));
    }

    void addressesOfOthersStay() {
        Addresses scene;
        auto mine = address("10.96.0.9", "nothing");
        mine.metadata.labels.clear();
        scene.client.put(mine);
        scene.runFor(120s);
        QCOMPARE(scene.addresses(), QString("10.96.0.9 shop/nothing"));
    }

    void failedWritesAreTriedAgain() {
        Addresses scene;
        int refusals = 6;
        scene.client.refuse = [&](const std::string& what) -> std::optional<Error> {
            const bool writes = what.starts_with("create ip") || what.starts_with("patch") || what.starts_with("update");
            if (!writes || refusals-- <= 0) return std::nullopt;
            return Error{Reason::InternalError, "no"};
        };
        scene.client.put(service("web", "10.96.0.7"));
        scene.runFor(60s);
        QCOMPARE(scene.addresses(), QString("10.96.0.7 shop/web"));
        QCOMPARE(scene.ready("kubernetes"), QString("Ready=True"));
    }
};

QTEST_APPLESS_MAIN(ServiceCidrTest)
#include "service_cidr_test.moc"
