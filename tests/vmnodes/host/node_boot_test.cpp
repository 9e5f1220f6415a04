#include <QProcess>
#include <QtTest>

#include "vmnodes/host/node_pool.h"

using namespace qd;
using namespace qd::host;
using namespace std::chrono_literals;

#define QD_VERIFY(result)                                                                 \
    do {                                                                                  \
        const auto& verified = (result);                                                  \
        QVERIFY2(verified.has_value(), verified ? "" : verified.error().message.c_str()); \
    } while (false)

// Boots the real node image in a private libvirt. The image is not made here: cmake --build … --target node_image.
class NodeBootTest : public QObject {
    Q_OBJECT

    base::ThreadPool m_threads{"test", 2};
    NodeImage m_image;

private slots:
    void initTestCase() {
        QProcess build;
        build.start(QD_IMAGE_BUILD, {"--path"});
        QVERIFY(build.waitForFinished());
        QVERIFY2(build.exitCode() == 0, "the node image is not built: vmnodes/image/build makes it");
        auto image = loadNodeImage(build.readAllStandardOutput().trimmed().toStdString());
        QD_VERIFY(image);
        m_image = *image;
    }

    void theProbesMarkerIsWhatTheImageWrites() {
        ProbeOptions options;
        options.accelerator = "tcg";
        options.deadline = 60s;
        base::SystemClock clock;
        QVERIFY(bootsUnder(options, m_image, clock, {}).value());
    }

    void aNodeStartsContainerdAndShutsDownByItself() {
        auto connection = Connection::open(qgetenv("QD_LIBVIRT_URI").toStdString());
        QD_VERIFY(connection);
        ClusterSpec spec;
        spec.name = "boot";
        spec.uuid = "5b0f4e0e-0000-4000-8000-000000000001";
        spec.nodes = 1;
        spec.memoryMiB = 512;
        NodePool pool(**connection, m_threads, spec);
        QD_VERIFY(pool.create(m_image, {Acceleration::Kind::Tcg, "a test"}, {}, {}, {}));
        QD_VERIFY(pool.start({}, {}));
        const auto console = [&] { return pool.consoleLog("node-1").value_or(""); };
        QTRY_VERIFY2_WITH_TIMEOUT(console().find(" containerd") != std::string::npos, console().c_str(), 120'000);
        QVERIFY2(console().find("quarterdeck: failed:") == std::string::npos, console().c_str());
        std::string how;
        QD_VERIFY(pool.stop(
            [&](const Progress& progress) {
                if (progress.state == StepState::Done) how = progress.detail;
            },
            {}));
        QCOMPARE(how, std::string("ended by itself"));
        QD_VERIFY(pool.remove({}));
    }
};

QTEST_GUILESS_MAIN(NodeBootTest)
#include "node_boot_test.moc"
