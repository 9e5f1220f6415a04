#include "vmnodes/host/node_pool.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <fstream>

#include "vmnodes/host/inventory.h"
#include "vmnodes/host/storage.h"

using namespace qd;
using namespace qd::host;
using namespace std::chrono_literals;

#define QD_VERIFY(result)                                                                 \
    do {                                                                                  \
        const auto& verified = (result);                                                  \
        QVERIFY2(verified.has_value(), verified ? "" : verified.error().message.c_str()); \
    } while (false)

namespace {

const Acceleration kTcg{Acceleration::Kind::Tcg, "a test"};

// What is in libvirt besides what a test knows of.
struct World {
    std::vector<std::string> networks;
    std::vector<std::string> domains;
    int pools = 0;
    std::size_t routes = 0;
    bool operator==(const World&) const = default;
};

}  // namespace

// Runs inside a private libvirt, with a guest that needs no operating system (tests/support/tiny_guest).
class NodePoolTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    base::ThreadPool m_threads{"test", 2};
    std::unique_ptr<Connection> m_connection;
    NodeImage m_image;
    World m_before;
    std::vector<Progress> m_progress;

    static std::string uuid(int number) { return "5b0f4e0e-0000-4000-8000-00000000000" + std::to_string(number); }
    static ClusterSpec spec(const std::string& name, int number, int nodes = 2) {
        ClusterSpec spec;
        spec.name = name;
        spec.uuid = uuid(number);
        spec.nodes = nodes;
        spec.vcpus = 1;
        spec.memoryMiB = 256;
        spec.diskGiB = 1;
        return spec;
    }
    static Result<NodeConfiguration> configuration(const NodeIdentity& node, const AddressPlan&) {
        return NodeConfiguration{{{"server", "https://example"}}, "config of " + node.name};
    }
    ProgressHandler record() {
        m_progress.clear();
        return [this](const Progress& progress) { m_progress.push_back(progress); };
    }
    bool reported(Step step, StepState state, const std::string& node, const std::string& detail = {}) const {
        return std::ranges::any_of(m_progress, [&](const Progress& one) {
            return one.step == step && one.state == state && one.node == node &&
                   one.detail.find(detail) != std::string::npos;
        });
    }
    World world() const {
        World now;
        const auto networks = listNetworks(*m_connection);
        for (const auto& network : *networks) now.networks.push_back(network.name);
        const auto domains = listDomains(*m_connection);
        for (const auto& domain : *domains) now.domains.push_back(domain.name);
        now.pools =
            virConnectNumOfStoragePools(m_connection->get()) + virConnectNumOfDefinedStoragePools(m_connection->get());
        now.routes = readHostRoutes().value().size();
        return now;
    }
    static bool allAre(const NodePool& pool, DomainState state) {
        const auto status = pool.inspect();
        return status &&
               std::ranges::all_of(status->nodes, [&](const NodeStatus& node) { return node.state == state; });
    }
    // Waits until the node's console holds the words.
    static bool saysOnConsole(const NodePool& pool, const std::string& node, const std::string& words,
                              int atLeast = 1) {
        return QTest::qWaitFor(
            [&] {
                const std::string log = pool.consoleLog(node).value_or("");
                int count = 0;
                for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++count;
                return count >= atLeast;
            },
            20'000);
    }

private slots:
    void initTestCase() {
        auto connection = Connection::open(qgetenv("QD_LIBVIRT_URI").toStdString());
        QD_VERIFY(connection);
        m_connection = std::move(*connection);
        m_before = world();

        const std::string root = m_folder.filePath("root.raw").toStdString();
        std::ofstream(root) << std::string(8 << 20, 'r');
        const std::string data = m_folder.filePath("data.qcow2").toStdString();
        QCOMPARE(QProcess::execute("qemu-img", {"create", "-q", "-f", "qcow2", QString::fromStdString(data), "2G"}), 0);
        m_image = {.hash = "tiny1",
                   .kernel = QD_TINY_GUEST,
                   .initrd = {},
                   .rootImage = root,
                   .dataTemplate = data,
                   .dataVirtualSize = std::uint64_t{2} << 30,
                   .commandLine = "console=ttyS0",
                   .commandLineTcg = "for-tcg",
                   .agentDisk = {},
                   .agentHash = {}};
    }
    // Whatever a test did, nothing may be left.
    void cleanup() {
        const World now = world();
        QCOMPARE(now.networks, m_before.networks);
        QCOMPARE(now.domains, m_before.domains);
        QCOMPARE(now.pools, m_before.pools);
        QCOMPARE(now.routes, m_before.routes);
        QVERIFY(!QFile::exists("/var/lib/libvirt/images/quarterdeck"));
    }

    void aClusterIsMadeStartedStoppedAndRemoved() {
        NodePool pool(*m_connection, m_threads, spec("dev", 1));
        QD_VERIFY(pool.create(m_image, kTcg, configuration, record(), {}));
        QVERIFY(reported(Step::UploadImage, StepState::Working, ""));
        QVERIFY(reported(Step::Define, StepState::Done, "node-2"));
        auto status = pool.inspect();
        QD_VERIFY(status);
        QVERIFY(status->networkActive);
        QCOMPARE(status->nodes.size(), 2U);
        QVERIFY(status->nodes[0].state == DomainState::Shutoff);
        QCOMPARE(status->nodes[1].identity.address.toString(), status->addresses.node(2).toString());
        QCOMPARE(NodePool::list(*m_connection).value().size(), 1U);

        // Pods and Services answer from the host: their ranges are routed.
        const auto routes = readHostRoutes().value();
        QVERIFY(std::ranges::find(routes, status->addresses.podsOf(2)) != routes.end());
        QVERIFY(std::ranges::find(routes, status->addresses.services) != routes.end());

        QD_VERIFY(pool.start(record(), {}));
        QVERIFY(reported(Step::Start, StepState::Done, "node-1", "running"));
        QVERIFY(saysOnConsole(pool, "node-1", "tiny guest"));
        QVERIFY(saysOnConsole(pool, "node-2", "for-tcg"));

        QD_VERIFY(pool.stop(record(), {}));
        QVERIFY(reported(Step::Stop, StepState::Done, "node-1", "ended by itself"));
        QVERIFY(reported(Step::Stop, StepState::Done, "node-2", "ended by itself"));
        QVERIFY(pool.inspect().value().nodes[0].state == DomainState::Shutoff);
        QD_VERIFY(pool.remove(record()));
        QVERIFY(pool.inspect().error().reason == Reason::NotFound);
        QD_VERIFY(pool.remove({}));
    }

    void savedNodesContinueWhereTheyWere() {
        NodePool pool(*m_connection, m_threads, spec("dev", 1));
        QD_VERIFY(pool.create(m_image, kTcg, configuration, {}, {}));
        QD_VERIFY(pool.start({}, {}));
        QVERIFY(saysOnConsole(pool, "node-1", "tick"));
        QD_VERIFY(pool.save(record(), {}));
        QVERIFY(reported(Step::Save, StepState::Done, "node-2"));
        QVERIFY(allAre(pool, DomainState::Saved));
        QD_VERIFY(pool.start(record(), {}));
        QVERIFY(reported(Step::Restore, StepState::Done, "node-1"));
        QVERIFY(saysOnConsole(pool, "node-1", "tick", 2));
        const std::string log = pool.consoleLog("node-1").value();
        QVERIFY2(log.find("tiny guest") == log.rfind("tiny guest"), "it booted anew");
        // Removing takes saved states too.
        QD_VERIFY(pool.save({}, {}));
        QD_VERIFY(pool.remove({}));
    }

    void aNodeThatIgnoresItsPowerButtonIsSwitchedOff() {
        NodeImage stubborn = m_image;
        stubborn.commandLine = "stubborn";
        NodePoolOptions options;
        options.shutdownDeadline = 2s;
        NodePool pool(*m_connection, m_threads, spec("dev", 1, 1), options);
        QD_VERIFY(pool.create(stubborn, kTcg, configuration, {}, {}));
        QD_VERIFY(pool.start({}, {}));
        QVERIFY(saysOnConsole(pool, "node-1", "tick"));
        QD_VERIFY(pool.stop(record(), {}));
        QVERIFY(reported(Step::Stop, StepState::Done, "node-1", "switched off"));
        QVERIFY(saysOnConsole(pool, "node-1", "power button ignored"));
        QVERIFY(pool.inspect().value().nodes[0].state == DomainState::Shutoff);
        QD_VERIFY(pool.remove({}));
    }

    void creatingThatIsCancelledAnywhereLeavesNothing_data() {
        QTest::addColumn<int>("step");
        QTest::addColumn<int>("state");
        QTest::addColumn<QString>("node");
        const auto row = [](const char* name, Step step, StepState state, const char* node) {
            QTest::newRow(name) << int(step) << int(state) << node;
        };
        row("after the network", Step::Network, StepState::Done, "");
        row("after the pool", Step::Storage, StepState::Done, "");
        row("in the upload", Step::UploadImage, StepState::Working, "");
        row("after the upload", Step::UploadImage, StepState::Done, "");
        row("after the first node", Step::Define, StepState::Done, "node-1");
        row("after the last node", Step::Define, StepState::Done, "node-2");
    }
    void creatingThatIsCancelledAnywhereLeavesNothing() {
        QFETCH(int, step);
        QFETCH(int, state);
        QFETCH(QString, node);
        std::stop_source stop;
        NodePool pool(*m_connection, m_threads, spec("dev", 1));
        const auto created = pool.create(
            m_image, kTcg, configuration,
            [&](const Progress& progress) {
                if (int(progress.step) == step && int(progress.state) == state && progress.node == node.toStdString())
                    stop.request_stop();
            },
            stop.get_token());
        QVERIFY(!created);
        QCOMPARE(created.error().code, kCancelledCode);
        QVERIFY2(created.error().message.find("could not be undone") == std::string::npos,
                 created.error().message.c_str());
    }

    void creatingThatFailsMidwayLeavesNothingAndSaysWhy() {
        NodePool pool(*m_connection, m_threads, spec("dev", 1));
        const auto created =
            pool.create(m_image, kTcg,
                        [](const NodeIdentity& node, const AddressPlan& plan) -> Result<NodeConfiguration> {
                            if (node.index == 2) return fail(Reason::InternalError, "no certificate");
                            return configuration(node, plan);
                        },
                        {}, {});
        QVERIFY(!created);
        QCOMPARE(created.error().message, std::string("configuring node-2: no certificate"));
    }

    void startingThatIsCancelledSwitchesOffWhatItStarted() {
        std::stop_source stop;
        NodePool pool(*m_connection, m_threads, spec("dev", 1));
        QD_VERIFY(pool.create(m_image, kTcg, configuration, {}, {}));
        const auto started = pool.start(
            [&](const Progress& progress) {
                if (progress.state == StepState::Done) stop.request_stop();
            },
            stop.get_token());
        QVERIFY(!started);
        QCOMPARE(started.error().code, kCancelledCode);
        QVERIFY(allAre(pool, DomainState::Shutoff));
        QD_VERIFY(pool.remove({}));
    }

    void creatingAgainAddsOnlyWhatIsMissing() {
        NodePool pool(*m_connection, m_threads, spec("dev", 1));
        QD_VERIFY(pool.create(m_image, kTcg, configuration, {}, {}));
        const auto plan = pool.addresses().value();
        QD_VERIFY(pool.create(m_image, kTcg, configuration, record(), {}));
        QVERIFY(!reported(Step::Define, StepState::Done, "node-1"));
        QVERIFY(!reported(Step::UploadImage, StepState::Working, ""));
        NodePool larger(*m_connection, m_threads, spec("dev", 1, 3));
        QD_VERIFY(larger.create(m_image, kTcg, configuration, record(), {}));
        QVERIFY(!reported(Step::Define, StepState::Done, "node-2"));
        QVERIFY(reported(Step::Define, StepState::Done, "node-3"));
        QVERIFY(larger.addresses().value() == plan);
        QD_VERIFY(larger.remove({}));
    }

    void clustersShareTheImageUntilTheLastOneGoes() {
        NodePool one(*m_connection, m_threads, spec("one", 1, 1));
        NodePool two(*m_connection, m_threads,
                     spec("one-node-1", 2, 1));  // a name that begins like a node of the other
        QD_VERIFY(one.create(m_image, kTcg, configuration, {}, {}));
        QD_VERIFY(two.create(m_image, kTcg, configuration, record(), {}));
        QVERIFY(!reported(Step::UploadImage, StepState::Working, ""));
        QVERIFY(!one.addresses().value().pods.overlaps(two.addresses().value().pods));
        QVERIFY(!one.addresses().value().nodes.overlaps(two.addresses().value().nodes));
        QD_VERIFY(one.remove({}));
        auto storage = Storage::find(*m_connection, "qd-storage");
        QD_VERIFY(storage);
        QVERIFY(storage->has("qd-image-tiny1.root").value());
        QVERIFY(storage->has("qd-one-node-1-node-1-data.qcow2").value());
        QVERIFY(!storage->has("qd-one-node-1-data.qcow2").value());
        QD_VERIFY(two.start({}, {}));
        QVERIFY(saysOnConsole(two, "node-1", "tiny guest"));
        QD_VERIFY(two.remove({}));
    }

    void theConfigurationDiskHoldsTheArchivePadded() {
        NodePool pool(*m_connection, m_threads, spec("dev", 1, 1));
        QD_VERIFY(pool.create(m_image, kTcg, configuration, {}, {}));
        auto storage = Storage::find(*m_connection, "qd-storage");
        QD_VERIFY(storage);
        const auto content = storage->read("qd-dev-node-1-config.raw");
        QD_VERIFY(content);
        QCOMPARE(content->size(), 512U);
        QCOMPARE(std::string(content->c_str()), std::string("config of node-1"));
        QD_VERIFY(pool.remove({}));
    }

    void foreignObjectsAreNeverTouched() {
        const virConnectPtr connection = m_connection->get();
        const NetworkHandle network(virNetworkDefineXML(connection, "<network><name>qd-dev-net</name></network>"));
        const DomainHandle domain(
            virDomainDefineXML(connection,
                               "<domain type='qemu'><name>qd-dev-node-1</name><memory unit='MiB'>64</memory><os><type "
                               "arch='x86_64'>hvm</type></os></domain>"));
        QVERIFY(network && domain);
        NodePool pool(*m_connection, m_threads, spec("dev", 1));
        const auto created = pool.create(m_image, kTcg, configuration, {}, {});
        QVERIFY(!created);
        QVERIFY(created.error().reason == Reason::AlreadyExists);
        QVERIFY(created.error().message.find("qd-dev-node-1") != std::string::npos);
        QVERIFY(!pool.start({}, {}));
        QVERIFY(!pool.stop({}, {}));
        QD_VERIFY(pool.remove({}));
        const World now = world();
        QCOMPARE(now.networks, std::vector<std::string>{"qd-dev-net"});
        QCOMPARE(now.domains, std::vector<std::string>{"qd-dev-node-1"});
        QCOMPARE(virDomainUndefine(domain.get()), 0);
        QCOMPARE(virNetworkUndefine(network.get()), 0);
    }

    void anotherClusterOfTheSameNameKeepsItsMachines() {
        NodePool mine(*m_connection, m_threads, spec("dev", 1, 1));
        QD_VERIFY(mine.create(m_image, kTcg, configuration, {}, {}));
        NodePool other(*m_connection, m_threads, spec("dev", 2, 1));
        QVERIFY(other.create(m_image, kTcg, configuration, {}, {}).error().reason == Reason::AlreadyExists);
        QD_VERIFY(other.remove({}));
        QCOMPARE(mine.inspect().value().nodes.size(), 1U);
        QD_VERIFY(mine.start({}, {}));
        QVERIFY(saysOnConsole(mine, "node-1", "tiny guest"));
        QD_VERIFY(mine.remove({}));
    }

    void theDeathOfANodeIsSeenAsAnEvent() {
        NodePool pool(*m_connection, m_threads, spec("dev", 1, 1));
        QD_VERIFY(pool.create(m_image, kTcg, configuration, {}, {}));
        QD_VERIFY(pool.start({}, {}));
        base::Strand strand(m_threads);
        std::atomic<bool> seen = false;
        const auto subscription = m_connection->subscribe(strand, [&](const LifecycleEvent& event) {
            if (event.name == "qd-dev-node-1" && event.kind == LifecycleEvent::Kind::Stopped &&
                event.detail == "destroyed")
                seen = true;
        });
        const DomainHandle domain(virDomainLookupByName(m_connection->get(), "qd-dev-node-1"));
        QCOMPARE(virDomainDestroy(domain.get()), 0);
        QTRY_VERIFY(seen);
        QD_VERIFY(pool.remove({}));
    }
};

QTEST_GUILESS_MAIN(NodePoolTest)
#include "node_pool_test.moc"
