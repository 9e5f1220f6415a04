#include "vmnodes/agent/proxy/service_plan.h"

#include <QtTest>

using namespace qd;
using namespace qd::agent::proxy;

namespace {

IpAddress ip(const char* text) {
    return *IpAddress::parse(text);
}

}  // namespace

class ServicePlanTest : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_service = {};
        m_service.metadata.namespace_ = "default";
        m_service.metadata.name = "web";
        m_service.spec.type = "ClusterIP";
        m_service.spec.clusterIP = "10.96.0.5";
        m_service.spec.clusterIPs = {"10.96.0.5"};
        auto& port = m_service.spec.ports.emplace_back();
        port.name = "http";
        port.port = 80;
        port.protocol = "TCP";
        m_slice = {};
        m_slice.metadata.namespace_ = "default";
        m_slice.metadata.labels[discoveryv1::LabelServiceName] = "web";
        m_slice.addressType = "IPv4";
        auto& endpointPort = m_slice.ports.emplace_back();
        endpointPort.name = "http";
        endpointPort.protocol = "TCP";
        endpointPort.port = 8080;
        add("10.244.1.2", "n1", true);
        add("10.244.2.2", "n2", true);
    }

    void aClusterIpServesItsReadyEndpoints() {
        add("10.244.2.3", "n2", false);
        const ProxyPlan made = plan();
        QCOMPARE(made.servers.size(), 1U);
        QCOMPARE(made.servers[0].where.port, 80);
        QCOMPARE(made.servers[0].scheduler, std::string("rr"));
        QCOMPARE(targets(made, 0), QString("10.244.1.2:8080 10.244.2.2:8080"));
        QVERIFY(made.addresses == std::set{ip("10.96.0.5")});
        QVERIFY(made.hairpins == std::vector{ip("10.244.1.2")});
        QCOMPARE(made.masqueradedServers.size(), 1U);
    }

    void withoutReadyEndpointsThoseThatEndStillServe() {
        m_slice.endpoints.clear();
        add("10.244.2.3", "n2", false).conditions.terminating = true;
        m_slice.endpoints[0].conditions.serving = true;
        add("10.244.2.4", "n2", false);
        QCOMPARE(targets(plan(), 0), QString("10.244.2.3:8080"));
    }

    void aServiceWithoutEndpointsKeepsItsAddress() {
        m_slice.endpoints.clear();
        QCOMPARE(plan().servers.size(), 1U);
        QCOMPARE(targets(plan(), 0), QString());
    }

    void headlessExternalAndForeignServicesAreLeftAlone() {
        m_service.spec.clusterIP = "None";
        QVERIFY(plan().servers.empty());
        m_service.spec.clusterIP = "10.96.0.5";
        m_service.spec.type = "ExternalName";
        QVERIFY(plan().servers.empty());
        m_service.spec.type = "ClusterIP";
        m_service.metadata.labels["service.kubernetes.io/service-proxy-name"] = "other";
        QVERIFY(plan().servers.empty());
    }

    void aNodePortAnswersAtEveryNodeAddress() {
        m_service.spec.type = "NodePort";
        m_service.spec.ports[0].nodePort = 30080;
        const ProxyPlan made = plan();
        QCOMPARE(made.servers.size(), 2U);
        QCOMPARE(made.servers[1].where.address.text(), std::string("192.168.77.11"));
        QCOMPARE(made.servers[1].where.port, 30080);
        QCOMPARE(made.masqueradedNodePorts.size(), 1U);
        QVERIFY(!made.addresses.contains(ip("192.168.77.11")));
    }

    void localPoliciesKeepTrafficOnTheNode() {
        m_service.spec.type = "LoadBalancer";
        m_service.spec.ports[0].nodePort = 30080;
        m_service.spec.externalTrafficPolicy = "Local";
        m_service.status.loadBalancer.ingress.emplace_back().ip = "192.168.77.200";
        const ProxyPlan made = plan();
        QCOMPARE(made.servers.size(), 3U);
        QCOMPARE(targets(made, 0), QString("10.244.1.2:8080 10.244.2.2:8080"));
        QCOMPARE(targets(made, 1), QString("10.244.1.2:8080"));
        QCOMPARE(targets(made, 2), QString("10.244.1.2:8080"));
        QVERIFY(made.masqueradedNodePorts.empty());  // the client's address is kept
        QCOMPARE(made.masqueradedServers.size(), 1U);
        m_service.spec.internalTrafficPolicy = "Local";
        QCOMPARE(targets(plan(), 0), QString("10.244.1.2:8080"));
    }

    void sessionAffinityIsPersistence() {
        m_service.spec.sessionAffinity = "ClientIP";
        QCOMPARE(plan().servers[0].persistentSeconds, 10800U);
        m_service.spec.sessionAffinityConfig.emplace().clientIP.emplace().timeoutSeconds = 60;
        QCOMPARE(plan().servers[0].persistentSeconds, 60U);
    }

    void portsAreMatchedByNameAndProtocol() {
        auto& dns = m_service.spec.ports.emplace_back();
        dns.name = "dns";
        dns.protocol = "UDP";
        dns.port = 53;
        auto& endpointPort = m_slice.ports.emplace_back();
        endpointPort.name = "dns";
        endpointPort.protocol = "UDP";
        endpointPort.port = 5353;
        const ProxyPlan made = plan();
        QCOMPARE(targets(made, 0), QString("10.244.1.2:8080 10.244.2.2:8080"));
        QCOMPARE(targets(made, 1), QString("10.244.1.2:5353 10.244.2.2:5353"));
        QVERIFY(made.servers[1].where.protocol == Protocol::Udp);
    }

private:
    discoveryv1::Endpoint& add(const char* address, const char* node, bool ready) {
        auto& endpoint = m_slice.endpoints.emplace_back();
        endpoint.addresses = {address};
        endpoint.nodeName = node;
        endpoint.conditions.ready = ready;
        return endpoint;
    }
    ProxyPlan plan() {
        return planProxy({{std::make_shared<const corev1::Service>(m_service)},
                          {std::make_shared<const discoveryv1::EndpointSlice>(m_slice)},
                          "n1",
                          {ip("192.168.77.11")}});
    }
    static QString targets(const ProxyPlan& plan, std::size_t index) {
        QStringList all;
        for (const RealServer& server : plan.servers.at(index).servers)
            all << QString("%1:%2").arg(QString::fromStdString(server.address.text())).arg(server.port);
        return all.join(' ');
    }

    corev1::Service m_service;
    discoveryv1::EndpointSlice m_slice;
};

QTEST_APPLESS_MAIN(ServicePlanTest)
#include "service_plan_test.moc"
