// Services of the type LoadBalancer and the objects that stand for Services' addresses, through kubectl.
#include <QJsonArray>
#include <QJsonObject>
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;
using qd::test::Outcome;

class LoadBalancerTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{{"--hollow-nodes", "1"}};

    QString address(const QString& service) {
        return m_cluster.value("get service " + service + " -o jsonpath={.status.loadBalancer.ingress[*].ip}");
    }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get nodes").contains(" Ready "), 20'000);
    }

    void anExposedDeploymentGetsAnAddress() {
        VERIFY_OK(m_cluster.kubectl("create deployment web --image=quarterdeck.dev/lab:1 --port=8080"));
        VERIFY_OK(m_cluster.kubectl("expose deployment web --type=LoadBalancer --port=80 --target-port=8080"));
        QTRY_COMPARE_WITH_TIMEOUT(address("web"), QString("10.96.255.1"), 20'000);
        const auto service = m_cluster.object("service web");
        QVERIFY(service["metadata"].toObject()["finalizers"].toArray().contains(
            "service.kubernetes.io/load-balancer-cleanup"));
        QVERIFY(service["spec"].toObject()["ports"].toArray().at(0).toObject()["nodePort"].toInt() >= 30'000);
        QVERIFY(m_cluster.value("get service web").contains("10.96.255.1"));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("describe service web").contains("Ensured load balancer"), 20'000);
        VERIFY_OK(m_cluster.kubectl("delete service web --timeout=30s"));
    }

    void noNodePortsWhereNoneAreWanted() {
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("bare.yaml", R"(apiVersion: v1
kind: Service
metadata: {name: bare}
spec: {type: LoadBalancer, allocateLoadBalancerNodePorts: false, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: classed}
spec: {type: LoadBalancer, loadBalancerClass: example.com/mine, selector: {app: web}, ports: [{port: 80}]}
)")}));
        QTRY_VERIFY_WITH_TIMEOUT(address("bare").startsWith("10.96.255."), 20'000);
        QCOMPARE(m_cluster.value("get service bare -o jsonpath={.spec.ports[0].nodePort}"), QString());
        QCOMPARE(address("classed"), QString());
    }

    void servicesAddressesAreObjects() {
        const QString ip = m_cluster.value("get service bare -o jsonpath={.spec.clusterIP}");
        QVERIFY(m_cluster.value("get ipaddress " + ip + " -o jsonpath={.spec.parentRef.name}") == "bare");
        QCOMPARE(m_cluster.value("get ipaddress 10.96.0.1 -o jsonpath={.spec.parentRef.name}"), QString("kubernetes"));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get servicecidr kubernetes -o jsonpath={.metadata.finalizers}")
                                     .contains("networking.k8s.io/service-cidr-finalizer"),
                                 20'000);
        QCOMPARE(m_cluster.value("get servicecidr kubernetes -o "
                                 "jsonpath={.spec.cidrs[0]}{.status.conditions[?(@.type=='Ready')].status}"),
                 QString("10.96.0.0/16True"));
        VERIFY_OK(m_cluster.kubectl("delete service bare --timeout=30s"));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get ipaddress " + ip).startsWith("error"), 20'000);
    }

    void anotherRangeIsUsedForMoreServices() {
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("cidr.yaml", R"(apiVersion: networking.k8s.io/v1
kind: ServiceCIDR
metadata: {name: more}
spec: {cidrs: [10.112.0.0/24]}
)")}));
        QTRY_COMPARE_WITH_TIMEOUT(
            m_cluster.value("get servicecidr more -o jsonpath={.status.conditions[?(@.type=='Ready')].status}"),
            QString("True"), 20'000);
        VERIFY_OK(m_cluster.kubectl("create service clusterip there --clusterip=10.112.0.7 --tcp=80"));
        VERIFY_OK(m_cluster.kubectl("delete servicecidr more --wait=false"));
        QTRY_COMPARE_WITH_TIMEOUT(
            m_cluster.value("get servicecidr more -o jsonpath={.status.conditions[?(@.type=='Ready')].reason}"),
            QString("Terminating"), 20'000);
        VERIFY_OK(m_cluster.kubectl("delete service there"));
        VERIFY_OK(m_cluster.kubectl("wait --for=delete servicecidr/more --timeout=40s"));
    }

    void endpointsWrittenByHandAreMirrored() {
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("hand.yaml", R"(apiVersion: v1
kind: Service
metadata: {name: database}
spec: {ports: [{port: 5432}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: database}
subsets: [{addresses: [{ip: 192.0.2.7}], ports: [{port: 5432}]}]
)")}));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get endpointslices -l kubernetes.io/service-name=database -o "
                                                  "jsonpath={.items[*].endpoints[*].addresses[0]}"),
                                  QString("192.0.2.7"), 20'000);
    }

    void aListOfControllersThatCannotBeServedIsRefused() {
        ControlPlaneProcess other{{"--controllers", "*,resourceclaim-controller"}};
        QVERIFY(!other.start());
        QVERIFY2(other.log().contains("the controller \"resourceclaim-controller\" is not there yet: it comes with "
                                      "dynamic resource allocation"),
                 qPrintable(other.log()));
    }
};

QTEST_GUILESS_MAIN(LoadBalancerTest)
#include "load_balancer_test.moc"
