#include "cluster/control_plane/load_balancer_range.h"

#include <QtTest>

using namespace qd;

class LoadBalancerRangeTest : public QObject {
    Q_OBJECT
private slots:
    void aRangeIsChosenOrChecked_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("services");
        QTest::addColumn<QString>("range");
        QTest::newRow("by default the end of Services'") << "" << "10.96.0.0/16" << "10.96.255.0/24";
        QTest::newRow("of a middling network") << "" << "10.96.4.0/22" << "10.96.7.0/24";
        QTest::newRow("a small network has none to spare") << "" << "10.96.0.0/24" << "none";
        QTest::newRow("none") << "none" << "10.96.0.0/16" << "none";
        QTest::newRow("another one") << "192.0.2.0/28" << "10.96.0.0/16" << "192.0.2.0/28";
        QTest::newRow("no network") << "192.0.2.1-192.0.2.9" << "10.96.0.0/16"
                                    << "the range of load balancers must be an IPv4 network such as 10.96.255.0/24, or "
                                       "none: 192.0.2.1-192.0.2.9";
        QTest::newRow("DNS's address")
            << "10.96.0.0/24" << "10.96.0.0/16"
            << "the range of load balancers, 10.96.0.0/24, takes in the first 16 addresses of Services, 10.96.0.0/16";
        QTest::newRow("Pods' addresses")
            << "10.244.7.0/24" << "10.96.0.0/16"
            << "the range of load balancers, 10.244.7.0/24, overlaps that of Pods, 10.244.0.0/16";
    }
    void aRangeIsChosenOrChecked() {
        QFETCH(QString, text);
        QFETCH(QString, services);
        const auto chosen = control_plane::loadBalancerRange(
            text.toStdString(), *api::IpNetwork::parse(services.toStdString()), "10.244.0.0/16");
        const std::string shown = !chosen ? chosen.error().message : *chosen ? (*chosen)->toString() : "none";
        QTEST(QString::fromStdString(shown), "range");
    }
};

QTEST_APPLESS_MAIN(LoadBalancerRangeTest)
#include "load_balancer_range_test.moc"
