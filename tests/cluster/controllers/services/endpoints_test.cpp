#include <QtTest>

#include "cluster/controllers/endpoints/endpoints_controller.h"
#include "cluster/controllers/endpoints/subsets.h"
#include "cluster/controllers/endpointslice/endpointslice_controller.h"
#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

corev1::Service service(const std::string& name, const std::vector<std::pair<std::string, api::IntOrString>>& ports) {
    corev1::Service made;
    made.metadata.namespace_ = "default";
    made.metadata.name = name;
    made.spec.type = "ClusterIP";
    made.spec.clusterIP = "10.96.0.7";
    made.spec.ipFamilies = {"IPv4"};
    made.spec.selector = {{"app", "web"}};
    for (const auto& [portName, target] : ports) {
        auto& port = made.spec.ports.emplace_back();
        port.name = portName;
        port.port = 80;
        port.protocol = "TCP";
        port.targetPort = target;
    }
    return made;
}

corev1::Pod serving(const std::string& name, const std::string& ip, bool ready = true) {
    corev1::Pod made = pod(name);
    made.metadata.uid = "uid-" + name;
    made.spec.nodeName = "n1";
    made.status.podIP = ip;
    made.status.podIPs.emplace_back().ip = ip;
    markReady(made, api::Time::fromUnix(1'767'225'600), ready);
    return made;
}

client::Ptr<corev1::Pod> shared(const corev1::Pod& from) { return std::make_shared<const corev1::Pod>(from); }

// "8080:a,b/c" of each subset: ports, ready addresses, others.
QString text(const std::vector<corev1::EndpointSubset>& subsets) {
    QStringList parts;
    const auto joinedIps = [](const auto& addresses) {
        QStringList ips;
        for (const auto& address : addresses) ips << QString::fromStdString(address.ip);
        return ips.join(',');
    };
    for (const auto& subset : subsets) {
        QStringList ports;
        for (const auto& port : subset.ports) ports << QString::number(port.port);
        parts << ports.join(',') + ":" + joinedIps(subset.addresses) + "/" + joinedIps(subset.notReadyAddresses);
    }
    return parts.join(' ');
}

QString text(const discoveryv1::EndpointSlice& slice) {
    QStringList endpoints;
    for (const auto& endpoint : slice.endpoints) {
        QString flags;
        if (*endpoint.conditions.ready) flags += 'r';
        if (*endpoint.conditions.serving) flags += 's';
        if (*endpoint.conditions.terminating) flags += 't';
        endpoints << QString::fromStdString(endpoint.addresses.at(0)) + "=" + flags;
    }
    QStringList ports;
    for (const auto& port : slice.ports) ports << QString::number(*port.port);
    return ports.join(',') + ":" + endpoints.join(',');
}

std::vector<Descriptor> descriptors() {
    return {{.name = "endpoints-controller", .alias = "endpoint", .make = [](Context& context) { return std::make_unique<EndpointsController>(context); }},
            {.name = "endpointslice-controller", .alias = "endpointslice", .make = [](Context& context) { return std::make_unique<EndpointSliceController>(context); }}};
}

class ServiceScene : public Scene {
public:
    ServiceScene() : Scene(descriptors()) {
        corev1::Node node;
        node.metadata.name = "n1";
        client.put(node);
    }
    QString endpoints() {
        const auto found = client.stored<corev1::Endpoints>("default", "web");
        return found ? text(found->subsets) : "none";
    }
    QString slices() {
        QStringList all;
        for (const auto& slice : client.all<discoveryv1::EndpointSlice>()) all << text(*slice);
        return all.join(' ');
    }
};

}  // namespace

class EndpointsTest : public QObject {
    Q_OBJECT
private slots:
    void portsWithTheSameAddressesShareASubset() {
        auto a = serving("a", "10.244.0.1");
        a.spec.containers[0].ports.emplace_back().name = "web";
        a.spec.containers[0].ports[0].containerPort = 8080;
        const ServicePods pods{shared(a), shared(serving("b", "10.244.0.2")), shared(serving("c", "10.244.0.3", false))};
        QCOMPARE(text(planSubsets(service("web", {{"x", 1}, {"y", 2}}), pods)), QString("1,2:10.244.0.1,10.244.0.2/10.244.0.3"));
        QCOMPARE(text(planSubsets(service("web", {{"dns", 53}, {"http", "web"}}), pods)), QString("53:10.244.0.1,10.244.0.2/10.244.0.3 8080:10.244.0.1/"));
        auto all = service("web", {{"x", 1}});
        all.spec.publishNotReadyAddresses = true;
        QCOMPARE(text(planSubsets(all, pods)), QString("1:10.244.0.1,10.244.0.2,10.244.0.3/"));
        auto headless = service("web", {});
        headless.spec.clusterIP = "None";
        QCOMPARE(text(planSubsets(headless, pods)), QString(":10.244.0.1,10.244.0.2/10.244.0.3"));
        QCOMPARE(text(planSubsets(service("web", {}), pods)), QString());
    }

    void tooManyAddressesAreCutOffThoseNotReadyFirst() {
        std::vector<corev1::EndpointSubset> subsets(1);
        subsets[0].addresses.resize(900);
        subsets[0].notReadyAddresses.resize(200);
        QVERIFY(truncateSubsets(subsets));
        QCOMPARE(subsets[0].addresses.size(), 900U);
        QCOMPARE(subsets[0].notReadyAddresses.size(), 100U);
        QVERIFY(!truncateSubsets(subsets));
    }

    void podsBecomeEndpointsAndGoAgain() {
        ServiceScene scene;
        scene.client.put(service("web", {{"http", 8080}}));
        scene.settle();
        QCOMPARE(scene.endpoints(), QString());
        QCOMPARE(scene.slices(), QString(":"));
        scene.client.put(serving("a", "10.244.0.1"));
        scene.client.put(serving("b", "10.244.0.2", false));
        scene.settle();
        QCOMPARE(scene.endpoints(), QString("8080:10.244.0.1/10.244.0.2"));
        QCOMPARE(scene.slices(), QString("8080:10.244.0.1=rs,10.244.0.2="));
        const auto slice = scene.client.all<discoveryv1::EndpointSlice>().at(0);
        QCOMPARE(slice->metadata.labels, (api::Map<std::string>{{"endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"}, {"kubernetes.io/service-name", "web"}}));
        QCOMPARE(slice->metadata.generateName, std::string("web-"));
        QCOMPARE(slice->metadata.ownerReferences.at(0).kind, std::string("Service"));
        QCOMPARE(scene.client.stored<corev1::Endpoints>("default", "web")->metadata.labels, (api::Map<std::string>{{"endpoints.kubernetes.io/managed-by", "endpoint-controller"}}));
        QVERIFY(slice->metadata.annotations.contains("endpoints.kubernetes.io/last-change-trigger-time"));

        scene.client.takeWrites();
        scene.client.deletesPodsGracefully = true;
        QVERIFY(scene.client.remove(client::resourceOf<corev1::Pod>(), "default", "a"));
        scene.client.put(serving("b", "10.244.0.2", true));
        scene.settle();
        QCOMPARE(scene.endpoints(), QString("8080:10.244.0.2/"));
        QCOMPARE(scene.slices(), QString("8080:10.244.0.1=st,10.244.0.2=rs"));
        scene.client.erase(client::resourceOf<corev1::Pod>(), "default", "a");
        scene.client.erase(client::resourceOf<corev1::Pod>(), "default", "b");
        scene.settle();
        QCOMPARE(scene.endpoints(), QString());
        QCOMPARE(scene.slices(), QString(":"));
    }

    void nothingIsWrittenWhenNothingChanged() {
        ServiceScene scene;
        scene.client.put(service("web", {{"http", 8080}}));
        scene.client.put(serving("a", "10.244.0.1"));
        scene.settle();
        scene.client.takeWrites();
        auto touched = *scene.client.stored<corev1::Pod>("default", "a");
        touched.metadata.annotations["x"] = "y";
        scene.client.put(touched);
        auto same = *scene.client.stored<corev1::Service>("default", "web");
        same.metadata.annotations["x"] = "y";
        scene.client.put(same);
        scene.settle();
        QCOMPARE(joined(scene.client.takeWrites()), QString());
    }

    void aHeadlessServiceIsMarkedAndNamesItsPods() {
        ServiceScene scene;
        auto headless = service("web", {{"http", 8080}});
        headless.spec.clusterIP = "None";
        headless.metadata.labels = {{"team", "shop"}};
        scene.client.put(headless);
        auto named = serving("one", "10.244.0.1");
        named.spec.hostname = "one";
        named.spec.subdomain = "web";
        scene.client.put(named);
        scene.settle();
        const auto slice = scene.client.all<discoveryv1::EndpointSlice>().at(0);
        QCOMPARE(slice->metadata.labels.at("service.kubernetes.io/headless"), std::string());
        QCOMPARE(slice->metadata.labels.at("team"), std::string("shop"));
        QCOMPARE(slice->endpoints.at(0).hostname.value_or(""), std::string("one"));
        const auto endpoints = scene.client.stored<corev1::Endpoints>("default", "web");
        QVERIFY(endpoints->metadata.labels.contains("service.kubernetes.io/headless"));
        QCOMPARE(endpoints->subsets.at(0).addresses.at(0).hostname, std::string("one"));
    }

    void slicesAreFilledWithFewWrites() {
        const auto web = service("web", {{"http", 8080}});
        ServicePods pods;
        for (int i = 0; i < 7; ++i) pods.push_back(shared(serving("p" + std::to_string(i), "10.244.0." + std::to_string(i + 1))));
        const auto node = [](const std::string&) { return std::make_shared<const corev1::Node>(); };
        SlicePlan plan = planSlices({web, pods, {}, node}, 3);
        QCOMPARE(plan.create.size(), 3U);
        Slices existing;
        for (std::size_t i = 0; i < plan.create.size(); ++i) {
            plan.create[i].metadata.name = "web-" + std::to_string(i);
            existing.push_back(std::make_shared<const discoveryv1::EndpointSlice>(plan.create[i]));
        }
        QVERIFY(planSlices({web, pods, existing, node}, 3).empty());
        pods.push_back(shared(serving("p7", "10.244.0.8")));
        plan = planSlices({web, pods, existing, node}, 3);
        QCOMPARE(plan.create.size(), 0U);
        QCOMPARE(plan.update.size(), 1U);
        QCOMPARE(plan.update[0].metadata.name, std::string("web-2"));
        pods.erase(pods.begin());
        plan = planSlices({web, pods, existing, node}, 3);
        QCOMPARE(plan.update.size(), 1U);  // the new one takes the place of the one that went
        QCOMPARE(plan.update[0].metadata.name, std::string("web-0"));
        QVERIFY(plan.create.empty() && plan.remove.empty());
    }

    void dualStackServicesHaveSlicesOfBothTypes() {
        auto web = service("web", {{"http", 8080}});
        web.spec.ipFamilies = {"IPv4", "IPv6"};
        auto both = serving("a", "10.244.0.1");
        both.status.podIPs.emplace_back().ip = "fd00::1";
        const SlicePlan plan = planSlices({web, {shared(both)}, {}, [](const std::string&) { return std::make_shared<const corev1::Node>(); }});
        QCOMPARE(plan.create.size(), 2U);
        QCOMPARE(plan.create[1].addressType, std::string("IPv6"));
        QCOMPARE(plan.create[1].endpoints.at(0).addresses.at(0), std::string("fd00::1"));
    }

    void servicesWithoutASelectorAreLeftAlone() {
        ServiceScene scene;
        auto kubernetes = service("kubernetes", {{"https", 6443}});
        kubernetes.spec.selector.clear();
        scene.client.put(kubernetes);
        corev1::Endpoints own;
        own.metadata.namespace_ = "default";
        own.metadata.name = "kubernetes";
        scene.client.put(own);
        corev1::Endpoints left = own;
        left.metadata.name = "left-behind";
        scene.client.put(left);
        scene.settle();
        QCOMPARE(joined(scene.client.takeWrites()), QString("remove endpoints default/left-behind\n"));
        // What somebody writes down later is theirs, until a Service of the name comes and goes.
        scene.client.put(left);
        scene.settle();
        left.metadata.labels["theirs"] = "yes";
        scene.client.put(left);
        scene.settle();
        QCOMPARE(joined(scene.client.takeWrites()), QString());
        auto nameless = kubernetes;
        nameless.metadata.name = "left-behind";
        scene.client.put(nameless);
        scene.settle();
        scene.client.erase(client::resourceOf<corev1::Service>(), "default", "left-behind");
        scene.settle();
        QCOMPARE(joined(scene.client.takeWrites()), QString("remove endpoints default/left-behind\n"));
    }
};

QTEST_APPLESS_MAIN(EndpointsTest)
#include "endpoints_test.moc"
