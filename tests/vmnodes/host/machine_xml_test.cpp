#include "vmnodes/host/machine_xml.h"

#include <QtTest>

using namespace qd::host;

namespace {

DomainDescription domain(Acceleration::Kind acceleration) {
    DomainDescription description;
    description.name = "qd-dev-node-1";
    description.mark = {"u1", "dev", 0, 1, {}, {"abc"}};
    description.acceleration = acceleration;
    description.kernel = "/pool/a&b";
    description.commandLine = "console=ttyS0 a=\"<b>\"";
    description.disks = {{"/pool/root", "raw", "qd-root", true}, {"/pool/data", "qcow2", "qd-data", false}};
    description.network = "qd-dev-net";
    description.mac = "52:54:00:00:00:01";
    description.consoleLog = "/pool/log";
    description.oemStrings = {"qd.dns=1.1.1.1,8.8.8.8"};
    return description;
}

XmlDocument read(const Xml& xml) {
    return XmlDocument::parse(xml.toString().value()).value();
}

}  // namespace

class MachineXmlTest : public QObject {
    Q_OBJECT
private slots:
    void aDomainCarriesItsMark() {
        const auto mark = readMark(read(domainXml(domain(Acceleration::Kind::Tcg))), "/domain");
        QVERIFY(mark);
        QCOMPARE(mark->uuid, std::string("u1"));
        QCOMPARE(mark->cluster, std::string("dev"));
        QCOMPARE(mark->index, 1);
        QCOMPARE(mark->images, std::vector<std::string>{"abc"});
        QVERIFY(!readMark(read(Xml("domain").child(Xml("metadata"))), "/domain"));
    }

    void valuesArriveUnchanged() {
        const auto document = read(domainXml(domain(Acceleration::Kind::Tcg)));
        QCOMPARE(document.first("/domain/os/kernel"), std::string("/pool/a&b"));
        QCOMPARE(document.first("/domain/os/cmdline"), std::string("console=ttyS0 a=\"<b>\""));
        QCOMPARE(document.first("/domain/sysinfo/oemStrings/entry"), std::string("qd.dns=1.1.1.1,8.8.8.8"));
    }

    void onlySharedDisksAreReadOnlyAndSerialsNameThem() {
        const auto document = read(domainXml(domain(Acceleration::Kind::Tcg)));
        QCOMPARE(document.all("/domain/devices/disk/serial"), (std::vector<std::string>{"qd-root", "qd-data"}));
        QCOMPARE(document.all("/domain/devices/disk[readonly and shareable]/serial"),
                 std::vector<std::string>{"qd-root"});
    }

    void emulationCapsItsTranslationCacheAndKvmPassesTheProcessorThrough() {
        const auto tcg = read(domainXml(domain(Acceleration::Kind::Tcg)));
        QCOMPARE(tcg.first("/domain/@type"), std::string("qemu"));
        QCOMPARE(tcg.first("/domain/features/tcg/tb-cache"), std::string("128"));
        const auto kvm = read(domainXml(domain(Acceleration::Kind::Kvm)));
        QCOMPARE(kvm.first("/domain/@type"), std::string("kvm"));
        QCOMPARE(kvm.first("/domain/cpu/@mode"), std::string("host-passthrough"));
        QVERIFY(!kvm.first("/domain/features/tcg"));
    }

    void theNetworkRoutesEveryNodesPodsToItAndServicesToTheFirst() {
        const AddressPlan plan{Cidr::parse("192.168.140.0/24").value(), Cidr::parse("10.244.0.0/16").value(),
                               Cidr::parse("10.96.0.0/16").value()};
        NetworkDescription network{"qd-dev-net", {"u1", "dev", 2, 0, formatPlan(plan), {}}, "qd00000001", plan, {}};
        for (int index : {1, 2})
            network.leases.push_back({nodeName(index), macAddress("u1", index), plan.node(index), plan.podsOf(index)});
        const auto document = read(networkXml(network));
        QCOMPARE(document.all("/network/route/@address"),
                 (std::vector<std::string>{"10.244.1.0", "10.244.2.0", "10.96.0.0"}));
        QCOMPARE(document.all("/network/route/@gateway"),
                 (std::vector<std::string>{"192.168.140.11", "192.168.140.12", "192.168.140.11"}));
        QVERIFY(parsePlan(readMark(document, "/network")->cidrs).value() == plan);
    }

    void aVolumeBelongsToItsClusterOnly_data() {
        QTest::addColumn<QString>("cluster");
        QTest::addColumn<QString>("volume");
        QTest::addColumn<bool>("belongs");
        QTest::newRow("a data disk") << "dev"
                                     << "qd-dev-node-1-data.qcow2" << true;
        QTest::newRow("a console") << "dev"
                                   << "qd-dev-node-12-console.log" << true;
        QTest::newRow("a rotated console") << "dev"
                                           << "qd-dev-node-1-console.log.0" << true;
        QTest::newRow("a Pod's volume") << "dev"
                                        << "qd-dev-pvc-0f8fad5b-d9cb-469f-a165-70867728950e.qcow2" << true;
        QTest::newRow("of a cluster with a longer name") << "dev"
                                                         << "qd-dev-2-node-1-data.qcow2" << false;
        QTest::newRow("of a cluster named like a node") << "dev"
                                                        << "qd-dev-node-1-node-1-data.qcow2" << false;
        QTest::newRow("that cluster's own") << "dev-node-1"
                                            << "qd-dev-node-1-node-1-data.qcow2" << true;
        QTest::newRow("a shared image") << "dev"
                                        << "qd-image-abc.root" << false;
        QTest::newRow("a cluster called image") << "image"
                                                << "qd-image-abc.root" << false;
        QTest::newRow("something else") << "dev"
                                        << "qd-dev-notes.txt" << false;
    }
    void aVolumeBelongsToItsClusterOnly() {
        QFETCH(QString, cluster);
        QFETCH(QString, volume);
        QTEST(isVolumeOf(cluster.toStdString(), volume.toStdString()), "belongs");
    }

    void namesKeepWithinTheKernelsLimits() {
        QVERIFY(bridgeName("5b0f4e0e-0000-4000-8000-000000000001").size() <= 15);
        QVERIFY(macAddress("a", 1) != macAddress("a", 2));
        QVERIFY(macAddress("a", 1) != macAddress("b", 1));
        QVERIFY(imageHashOf("qd-image-abc12.root") == std::optional<std::string>("abc12"));
        QVERIFY(!imageHashOf("qd-dev-node-1-data.qcow2"));
        QVERIFY(!imageHashOf("qd-image-node-1-data.qcow2"));
    }
};

QTEST_APPLESS_MAIN(MachineXmlTest)
#include "machine_xml_test.moc"
