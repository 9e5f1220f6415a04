#include "vmnodes/host/address_plan.h"

#include <QtTest>

using namespace qd::host;

namespace {

Cidr cidr(const char* text) {
    return Cidr::parse(text).value();
}

std::vector<Cidr> cidrs(const QStringList& texts) {
    std::vector<Cidr> all;
    for (const QString& text : texts) all.push_back(cidr(text.toUtf8().constData()));
    return all;
}

}  // namespace

class AddressPlanTest : public QObject {
    Q_OBJECT
private slots:
    void theFirstFreeRangesAreChosen_data() {
        QTest::addColumn<QStringList>("taken");
        QTest::addColumn<QString>("nodes");
        QTest::addColumn<QString>("pods");
        QTest::addColumn<QString>("services");
        QTest::newRow("an idle host") << QStringList{} << "192.168.140.0/24"
                                      << "10.244.0.0/16"
                                      << "10.96.0.0/16";
        QTest::newRow("a host inside 192.168.140") << QStringList{"192.168.140.77/32"} << "192.168.141.0/24"
                                                   << "10.244.0.0/16"
                                                   << "10.96.0.0/16";
        QTest::newRow("a LAN as large as 192.168/16") << QStringList{"192.168.0.0/16"} << "172.20.0.0/24"
                                                      << "10.244.0.0/16"
                                                      << "10.96.0.0/16";
        QTest::newRow("a second cluster")
            << QStringList{"192.168.140.0/24", "10.244.0.0/16", "10.96.0.0/16"} << "192.168.141.0/24"
            << "10.245.0.0/16"
            << "10.97.0.0/16";
        QTest::newRow("a route to one Pod range of another") << QStringList{"10.244.1.0/24"} << "192.168.140.0/24"
                                                             << "10.245.0.0/16"
                                                             << "10.96.0.0/16";
        QTest::newRow("docker and a VPN over half of 10/8")
            << QStringList{"172.17.0.0/16", "10.192.0.0/10"} << "192.168.140.0/24"
            << "10.128.0.0/16"
            << "10.96.0.0/16";
    }
    void theFirstFreeRangesAreChosen() {
        QFETCH(QStringList, taken);
        const auto plan = chooseAddresses(cidrs(taken), {});
        QVERIFY(plan);
        QTEST(QString::fromStdString(plan->nodes.toString()), "nodes");
        QTEST(QString::fromStdString(plan->pods.toString()), "pods");
        QTEST(QString::fromStdString(plan->services.toString()), "services");
    }

    void aHostThatRoutesAllOfTenGetsAnErrorThatSaysWhatToDo() {
        const auto plan = chooseAddresses(cidrs({"10.0.0.0/8"}), {});
        QVERIFY(!plan);
        QVERIFY(plan.error().reason == qd::Reason::Conflict);
        QVERIFY(plan.error().message.find("settings") != std::string::npos);
    }

    void aWishIsTakenAndNeverGivenToAnotherRange() {
        const auto plan =
            chooseAddresses({}, {.nodes = std::nullopt, .pods = cidr("10.96.0.0/12"), .services = std::nullopt});
        QVERIFY(!plan || !plan->pods.overlaps(plan->services));
        const auto other =
            chooseAddresses({}, {.nodes = std::nullopt, .pods = std::nullopt, .services = cidr("10.244.0.0/16")});
        QVERIFY(other);
        QCOMPARE(other->pods.toString(), "10.245.0.0/16");
    }

    void aWishThatIsTakenNamesBothRanges() {
        const auto plan = chooseAddresses(
            cidrs({"10.20.0.0/16"}), {.nodes = cidr("10.20.30.0/24"), .pods = std::nullopt, .services = std::nullopt});
        QVERIFY(!plan);
        QVERIFY(plan.error().message.find("10.20.30.0/24") != std::string::npos);
        QVERIFY(plan.error().message.find("10.20.0.0/16") != std::string::npos);
    }

    void everyNodeHasItsAddressAndItsPodRange() {
        const AddressPlan plan{cidr("192.168.140.0/24"), cidr("10.244.0.0/16"), cidr("10.96.0.0/16")};
        QCOMPARE(plan.gateway().toString(), "192.168.140.1");
        QCOMPARE(plan.node(1).toString(), "192.168.140.11");
        QCOMPARE(plan.podsOf(1).toString(), "10.244.1.0/24");
        QCOMPARE(plan.podsOf(32).toString(), "10.244.32.0/24");
        QCOMPARE(plan.dnsService().toString(), "10.96.0.10");
        QCOMPARE(plan.nodes.netmask(), "255.255.255.0");
    }

    void whatIsNoRangeIsRefused_data() {
        QTest::addColumn<QString>("text");
        for (const char* text : {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "10.0.0.256/8", "10.0.0.1/24",
                                 "010.0.0.0/8", "10.0.0.0/8x", "::/0"}) {
            QTest::newRow(text) << text;
        }
    }
    void whatIsNoRangeIsRefused() {
        QFETCH(QString, text);
        QVERIFY(!Cidr::parse(text.toStdString()));
    }

    void theHostsOwnRoutesCanBeRead() {
        const auto routes = readHostRoutes();
        QVERIFY(routes);
        // The loopback network is always there, from the local table or from the interface's address.
        QVERIFY(
            std::ranges::any_of(*routes, [](const Cidr& range) { return range.contains(*Ipv4::parse("127.0.0.1")); }));
    }
};

QTEST_APPLESS_MAIN(AddressPlanTest)
#include "address_plan_test.moc"
