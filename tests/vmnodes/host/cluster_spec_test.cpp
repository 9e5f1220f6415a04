#include "vmnodes/host/cluster_spec.h"

#include <QtTest>

using namespace qd::host;

namespace {

ClusterSpec valid() {
    ClusterSpec spec;
    spec.name = "dev";
    return spec;
}

}  // namespace

class ClusterSpecTest : public QObject {
    Q_OBJECT
private slots:
    void whatIsWrittenIsReadBack() {
        ClusterSpec spec = valid();
        spec.uuid = "5b0f4e0e-0000-4000-8000-000000000001";
        spec.nodes = 5;
        spec.acceleration = AccelerationChoice::Tcg;
        spec.podCidr = "10.244.0.0/16";
        QVERIFY(parseClusterSpec(toYaml(spec)).value() == spec);
    }

    void jsonIsReadToo() {
        const auto spec = parseClusterSpec(R"({"name": "dev", "nodes": 1, "acceleration": "kvm"})");
        QVERIFY(spec);
        QCOMPARE(spec->nodes, 1);
        QVERIFY(spec->acceleration == AccelerationChoice::Kvm);
    }

    void anErrorNamesTheField_data() {
        QTest::addColumn<QString>("yaml");
        QTest::addColumn<QString>("word");
        QTest::newRow("unknown") << "name: dev\nnods: 3\n"
                                 << "nods";
        QTest::newRow("wrong type") << "name: dev\nnodes: three\n"
                                    << "nodes";
        QTest::newRow("unknown word") << "acceleration: turbo\n"
                                      << "turbo";
        QTest::newRow("not a map") << "- a\n"
                                   << "map";
        QTest::newRow("not YAML") << "a: [1\n"
                                  << "YAML";
    }
    void anErrorNamesTheField() {
        QFETCH(QString, yaml);
        const auto spec = parseClusterSpec(yaml.toStdString());
        QVERIFY(!spec);
        QFETCH(QString, word);
        QVERIFY2(QString::fromStdString(spec.error().message).contains(word), spec.error().message.c_str());
    }

    void anOrdinarySpecIsValid() { QVERIFY(validate(valid())); }

    void everyRuleIsCheckedAndNamed_data() {
        QTest::addColumn<ClusterSpec>("spec");
        QTest::addColumn<QString>("field");
        const auto row = [](const char* name, const char* field, auto change) {
            ClusterSpec spec = valid();
            change(spec);
            QTest::newRow(name) << spec << QString(field);
        };
        row("no name", "name", [](ClusterSpec& spec) { spec.name.clear(); });
        row("upper case", "name", [](ClusterSpec& spec) { spec.name = "Dev"; });
        row("begins with -", "name", [](ClusterSpec& spec) { spec.name = "-dev"; });
        row("ends with -", "name", [](ClusterSpec& spec) { spec.name = "dev-"; });
        row("41 characters", "name", [](ClusterSpec& spec) { spec.name.assign(41, 'a'); });
        row("a slash", "name", [](ClusterSpec& spec) { spec.name = "a/b"; });
        row("no nodes", "nodes", [](ClusterSpec& spec) { spec.nodes = 0; });
        row("too many nodes", "nodes", [](ClusterSpec& spec) { spec.nodes = 33; });
        row("no vcpus", "vcpus", [](ClusterSpec& spec) { spec.vcpus = 0; });
        row("little memory", "memoryMiB", [](ClusterSpec& spec) { spec.memoryMiB = 255; });
        row("no disk", "diskGiB", [](ClusterSpec& spec) { spec.diskGiB = 0; });
        row("no connection", "libvirtUri", [](ClusterSpec& spec) { spec.libvirtUri.clear(); });
        row("a node range that is no /24", "nodeCidr", [](ClusterSpec& spec) { spec.nodeCidr = "192.168.0.0/16"; });
        row("a Pod range that is none", "podCidr", [](ClusterSpec& spec) { spec.podCidr = "pods"; });
        row("a Pod range without room for the nodes", "podCidr",
            [](ClusterSpec& spec) { spec.podCidr = "10.244.0.0/20"; });
        row("ranges that overlap", "serviceCidr", [](ClusterSpec& spec) {
            spec.podCidr = "10.96.0.0/12";
            spec.serviceCidr = "10.96.0.0/16";
        });
    }
    void everyRuleIsCheckedAndNamed() {
        QFETCH(ClusterSpec, spec);
        const auto checked = validate(spec);
        QVERIFY(!checked);
        QVERIFY(checked.error().reason == qd::Reason::Invalid);
        QCOMPARE(checked.error().causes.size(), 1U);
        QTEST(QString::fromStdString(checked.error().causes[0].field), "field");
    }
};

QTEST_APPLESS_MAIN(ClusterSpecTest)
#include "cluster_spec_test.moc"
