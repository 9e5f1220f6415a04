#include <QtTest>

#include "cluster/controllers/service_lb/load_balancer_rules.h"
#include "cluster/controllers/service_lb/service_lb_controller.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

constexpr char kFinalizer[] = "service.kubernetes.io/load-balancer-cleanup";

corev1::Service service(const std::string& name = "web", const std::string& type = "LoadBalancer") {
    corev1::Service made;
    made.metadata.namespace_ = "shop";
    made.metadata.name = name;
    made.metadata.uid = "uid-" + name;
    made.spec.type = type;
    made.spec.clusterIP = "10.96.0.7";
    auto& port = made.spec.ports.emplace_back();
    port.port = 80;
    port.protocol = "TCP";
    port.nodePort = 30'080;
    return made;
}

corev1::Node node(const std::string& name) {
    corev1::Node made;
    made.metadata.name = name;
    return made;
}

std::vector<Descriptor> alone(const std::string& range) {
    const auto balancers = std::make_shared<LoadBalancerRange>(*api::IpNetwork::parse(range));
    return {{.name = "service-lb-controller",
             .alias = "service",
             .make = [balancers](Context& context) { return std::make_unique<ServiceLbController>(context, balancers); },
             .workers = 1}};
}

class Balanced : public Scene {
public:
    explicit Balanced(const std::string& range = "192.0.2.0/29") : Scene(alone(range)) { client.put(node("n1")); }

    std::shared_ptr<const corev1::Service> stored(const std::string& name = "web") const { return client.stored<corev1::Service>("shop", name); }
    std::string address(const std::string& name = "web") const {
        const auto& ingress = stored(name)->status.loadBalancer.ingress;
        return ingress.empty() ? "none" : ingress.at(0).ip;
    }
    void change(const std::function<void(corev1::Service&)>& how, const std::string& name = "web") {
        corev1::Service now = *stored(name);
        how(now);
        client.put(now);
        settle();
    }
    QString events() { return joined(client.takeEvents()); }
};

const QString kEnsured = "Normal EnsuringLoadBalancer Ensuring load balancer\nNormal EnsuredLoadBalancer Ensured load balancer\n";
const QString kDeleted = "Normal DeletingLoadBalancer Deleting load balancer\nNormal DeletedLoadBalancer Deleted load balancer\n";

}  // namespace

class ServiceLbTest : public QObject {
    Q_OBJECT
private slots:
    void aServiceGetsAnAddress() {
        Balanced scene;
        scene.client.put(service());
        scene.settle();
        QCOMPARE(scene.address(), std::string("192.0.2.1"));
        QCOMPARE(scene.stored()->status.loadBalancer.ingress.at(0).ipMode.value_or(""), std::string("VIP"));
        QVERIFY(hasLoadBalancerFinalizer(*scene.stored()));
        QCOMPARE(scene.events(), kEnsured);
        QCOMPARE(joined(scene.client.takeWrites()), QString("patch services shop/web\npatch services/status shop/web\n"));
        scene.runFor(60s);
        QVERIFY(scene.client.takeWrites().empty());
        QCOMPARE(scene.events(), QString());
    }

    void otherServicesAreLeftAlone() {
        Balanced scene;
        auto classed = service("classed");
        classed.spec.loadBalancerClass = "example.com/mine";
        scene.client.put(classed);
        scene.client.put(service("plain", "ClusterIP"));
        scene.settle();
        QVERIFY(scene.client.takeWrites().empty());
    }

    void noTwoServicesHaveOneAddress() {
        Balanced scene("192.0.2.0/30");  // two of them
        for (const char* name : {"a", "b", "c"}) scene.client.put(service(name));
        scene.settle();
        QSet<QString> addresses;
        for (const char* name : {"a", "b", "c"}) addresses << QString::fromStdString(scene.address(name));
        QCOMPARE(addresses, (QSet<QString>{"192.0.2.1", "192.0.2.2", "none"}));
        QVERIFY(scene.events().contains("Warning SyncLoadBalancerFailed Error syncing load balancer: failed to ensure load balancer: no address of the range of load balancers, 192.0.2.0/30, is free"));
        (void)scene.client.remove(client::resourceOf<corev1::Service>(), "shop", "a", {});
        (void)scene.client.remove(client::resourceOf<corev1::Service>(), "shop", "b", {});
        scene.runFor(600s);
        QVERIFY(scene.address("c") != "none");
    }

    void anAddressMayBeAskedFor() {
        Balanced scene;
        auto wanting = service();
        wanting.spec.loadBalancerIP = "192.0.2.5";
        scene.client.put(wanting);
        scene.settle();
        QCOMPARE(scene.address(), std::string("192.0.2.5"));
        scene.events();
        scene.change([](auto& now) { now.spec.loadBalancerIP = "192.0.2.6"; });
        QCOMPARE(scene.address(), std::string("192.0.2.6"));
        QCOMPARE(scene.events(), QString("Normal LoadbalancerIP 192.0.2.5 -> 192.0.2.6\n"));  // the others are counted up
        auto other = service("other");
        other.spec.loadBalancerIP = "192.0.2.6";
        scene.client.put(other);
        scene.settle();
        QCOMPARE(scene.address("other"), std::string("none"));
        QVERIFY(scene.events().contains("the address 192.0.2.6 is taken by the Service shop/web"));
        scene.change([](auto& now) { now.spec.loadBalancerIP = "198.51.100.1"; }, "other");
        QVERIFY(scene.events().contains("the address 198.51.100.1 is not in the range of load balancers, 192.0.2.0/29"));
    }

    void aDeletedServiceGivesItBack() {
        Balanced scene;
        scene.client.put(service());
        scene.settle();
        scene.events();
        QVERIFY(scene.client.remove(client::resourceOf<corev1::Service>(), "shop", "web", {}));
        scene.settle();
        QVERIFY(!scene.stored());
        QCOMPARE(scene.events(), kDeleted);
        scene.client.put(service("next"));
        scene.settle();
        QCOMPARE(scene.address("next"), std::string("192.0.2.1"));
    }

    void aServiceOfAnotherTypeGivesItBack() {
        Balanced scene;
        scene.client.put(service());
        scene.settle();
        scene.events();
        scene.change([](auto& now) { now.spec.type = "ClusterIP"; });
        QCOMPARE(scene.address(), std::string("none"));
        QVERIFY(!hasLoadBalancerFinalizer(*scene.stored()));
        QCOMPARE(scene.events(), "Normal Type LoadBalancer -> ClusterIP\n" + kDeleted);
        scene.change([](auto& now) { now.spec.type = "LoadBalancer"; });
        QCOMPARE(scene.address(), std::string("192.0.2.1"));
    }

    void addressesOfBeforeARestartAreKept() {
        Balanced scene;
        auto old = service("old");
        old.metadata.finalizers = {kFinalizer};
        old.status.loadBalancer.ingress.emplace_back().ip = "192.0.2.1";
        old.status.loadBalancer.ingress.at(0).ipMode = "VIP";
        scene.client.put(service("first"));
        scene.client.put(old);
        scene.settle();
        QCOMPARE(scene.address("old"), std::string("192.0.2.1"));
        QCOMPARE(scene.address("first"), std::string("192.0.2.2"));
    }

    void changesThatDoNotMatterAreNotActedUpon_data() {
        QTest::addColumn<int>("what");
        QTest::addColumn<QString>("told");
        QTest::newRow("a label") << 0 << "";
        QTest::newRow("a port") << 1 << "acted";
        QTest::newRow("an annotation") << 2 << "acted";
        QTest::newRow("source ranges") << 3 << "LoadBalancerSourceRanges [] -> [10.0.0.0/8]";
        QTest::newRow("a traffic policy") << 4 << "ExternalTrafficPolicy  -> Local";
        QTest::newRow("external addresses") << 5 << "ExternalIP Count: 0 -> 1";
        QTest::newRow("the status") << 6 << "";
    }
    void changesThatDoNotMatterAreNotActedUpon() {
        QFETCH(int, what);
        const auto before = service();
        auto now = before;
        if (what == 0) now.metadata.labels["a"] = "b";
        if (what == 1) now.spec.ports.at(0).port = 81;
        if (what == 2) now.metadata.annotations["a"] = "b";
        if (what == 3) now.spec.loadBalancerSourceRanges = {"10.0.0.0/8"};
        if (what == 4) now.spec.externalTrafficPolicy = "Local";
        if (what == 5) now.spec.externalIPs = {"203.0.113.1"};
        if (what == 6) now.status.loadBalancer.ingress.emplace_back().ip = "192.0.2.1";
        const auto change = changeOf(before, now);
        const std::string told = change.reason.empty() ? (change.matters ? "acted" : "") : change.reason + " " + change.message;
        QTEST(QString::fromStdString(told), "told");
    }

    void nodesThatComeAndGoAreToldOf() {
        Balanced scene;
        scene.client.put(service());
        scene.settle();
        scene.events();
        scene.client.put(node("n2"));
        scene.settle();
        QCOMPARE(scene.events(), QString("Normal UpdatedLoadBalancer Updated load balancer with new hosts\n"));
        auto excluded = node("n2");
        excluded.metadata.labels["node.kubernetes.io/exclude-from-external-load-balancers"] = "";
        scene.client.put(excluded);
        scene.settle();
        QCOMPARE(scene.events(), QString());  // the same, counted up
        scene.client.erase(client::resourceOf<corev1::Node>(), "", "n1");
        scene.settle();
        QCOMPARE(scene.events(), QString("Warning UnAvailableLoadBalancer There are no available nodes for LoadBalancer\n"));
        QCOMPARE(scene.address(), std::string("192.0.2.1"));
    }

    void failedWritesAreTriedAgain() {
        for (const char* failing : {"patch services shop/web", "patch services/status shop/web"}) {
            Balanced scene;
            int refusals = 2;
            scene.client.refuse = [&](const std::string& what) -> std::optional<Error> {
                if (what != failing || refusals-- <= 0) return std::nullopt;
                return Error{Reason::InternalError, "no"};
            };
            scene.client.put(service());
            scene.runFor(60s);
            QCOMPARE(scene.address(), std::string("192.0.2.1"));
            QVERIFY(hasLoadBalancerFinalizer(*scene.stored()));
        }
    }
};

QTEST_APPLESS_MAIN(ServiceLbTest)
#include "service_lb_test.moc"
