// Claims that grow: the plan, and the controller with failing writes.
#include "cluster/controllers/volume_expand/volume_expand_controller.h"

#include <QtTest>

#include "tests/cluster/controllers/scene.h"
#include "tests/cluster/controllers/volumes/volume_builders.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

using Do = ResizeStep::Do;

class Growing : public Scene {
public:
    explicit Growing(std::shared_ptr<RecordingProvisioner> with = std::make_shared<RecordingProvisioner>())
        : Scene({{.name = "persistentvolume-expander-controller",
                  .alias = "persistentvolume-expander",
                  .make =
                      [with](Context& context) {
                          return std::make_unique<VolumeExpandController>(
                              context, api::volumes::Provisioners{{"disks.test", with}});
                      }}}),
          disks(std::move(with)) {
        auto serves = volume("v");
        serves.spec.hostPath.reset();
        serves.spec.csi.emplace().driver = "disks.test";
        auto asks = claim("data");
        bind(serves, asks);
        client.put(serves);
        client.put(asks);
        settle();
    }
    client::Ptr<corev1::PersistentVolumeClaim> data() {
        return client.stored<corev1::PersistentVolumeClaim>("default", "data");
    }
    client::Ptr<corev1::PersistentVolume> v() { return client.stored<corev1::PersistentVolume>("", "v"); }
    void ask(const char* size) {
        auto larger = *data();
        larger.spec.resources.requests["storage"] = api::Quantity::of(size);
        client.put(larger);
        settle();
    }
    QString sizes() {
        return QString::fromStdString(data()->status.capacity.at("storage").toString() + " of " +
                                      v()->spec.capacity.at("storage").toString());
    }
    QString conditions() {
        QStringList types;
        for (const auto& each : data()->status.conditions) types << QString::fromStdString(each.type);
        return types.join(' ');
    }

    std::shared_ptr<RecordingProvisioner> disks;
};

}  // namespace

class VolumeExpandTest : public QObject {
    Q_OBJECT
private slots:
    void whatIsDoneNextFollowsFromSizesAndStage_data() {
        QTest::addColumn<QString>("sizes");  // asked for, present, of the volume, begun
        QTest::addColumn<QString>("stage");
        QTest::addColumn<int>("what");
        QTest::addColumn<QString>("to");
        const auto row = [](const char* name, const char* sizes, const char* stage, Do what, const char* to = "") {
            QTest::newRow(name) << sizes << stage << int(what) << to;
        };
        row("as large as asked for", "1Gi 1Gi 1Gi 0", "", Do::Nothing);
        row("more is asked for", "2Gi 1Gi 1Gi 0", "", Do::Expand, "2Gi");
        row("less than the volume has", "2Gi 1Gi 5Gi 0", "", Do::Expand, "2Gi");
        row("begun, and no answer", "2Gi 1Gi 1Gi 2Gi", "ControllerResizeInProgress", Do::Expand, "2Gi");
        row("begun, and still more is asked for", "3Gi 1Gi 1Gi 2Gi", "ControllerResizeInProgress", Do::Expand, "2Gi");
        row("grown, but not said so", "2Gi 1Gi 2Gi 2Gi", "ControllerResizeInProgress", Do::Expand, "2Gi");
        row("found impossible, less is asked for", "2Gi 1Gi 1Gi 9Gi", "ControllerResizeInfeasible", Do::Expand, "2Gi");
        row("the node's turn", "2Gi 1Gi 2Gi 2Gi", "NodeResizePending", Do::Nothing);
        row("the node is at it", "2Gi 1Gi 2Gi 2Gi", "NodeResizeInProgress", Do::Nothing);
        row("the node's turn, and still more is asked for", "3Gi 1Gi 2Gi 2Gi", "NodeResizePending", Do::Expand, "2Gi");
        row("the node gave up", "2Gi 1Gi 2Gi 2Gi", "NodeResizeInfeasible", Do::AskNode);
        row("done, and remembered", "2Gi 2Gi 2Gi 2Gi remembers", "", Do::Settle);
        row("done by half, and remembered", "2Gi 1Gi 2Gi 2Gi remembers", "NodeResizePending", Do::Nothing);
    }
    void whatIsDoneNextFollowsFromSizesAndStage() {
        QFETCH(QString, sizes);
        QFETCH(QString, stage);
        const QStringList part = sizes.split(' ');
        const auto quantity = [&](int index) { return api::Quantity::of(part.at(index).toStdString()); };
        auto serves = volume("v");
        auto asks = claim("data");
        bind(serves, asks);
        asks.spec.resources.requests["storage"] = quantity(0);
        asks.status.capacity["storage"] = quantity(1);
        serves.spec.capacity["storage"] = quantity(2);
        if (part.at(3) != "0") asks.status.allocatedResources["storage"] = quantity(3);
        if (!stage.isEmpty()) asks.status.allocatedResourceStatuses["storage"] = stage.toStdString();
        if (part.size() > 4) serves.metadata.annotations["volume.alpha.kubernetes.io/pre-resize-capacity"] = "1Gi";
        const auto step = planResize(asks, serves);
        QTEST(int(step.what), "what");
        QTEST(step.what == Do::Expand ? QString::fromStdString(step.size.toString()) : QString(), "to");
    }

    void aVolumeGrowsAtOnceWhereNoNodeIsNeeded() {
        Growing scene;
        scene.ask("2Gi");
        QCOMPARE(scene.sizes(), QString("2Gi of 2Gi"));
        QCOMPARE(joined(scene.disks->takeCalls()), QString("expand v to 2Gi\n"));
        QCOMPARE(scene.conditions(), QString());
        QVERIFY(scene.data()->status.allocatedResourceStatuses.empty());
        QCOMPARE(scene.data()->metadata.annotations.at("volume.kubernetes.io/storage-resizer"),
                 std::string("disks.test"));
        QCOMPARE(joined(scene.client.takeEvents()),
                 QString("Normal VolumeResizeSuccessful ExpandVolume succeeded for volume default/data\n"));
    }

    void theFileSystemIsLeftToTheNode() {
        Growing scene;
        scene.disks->nodeIsNext = true;
        scene.ask("2Gi");
        QCOMPARE(scene.sizes(), QString("1Gi of 2Gi"));
        QCOMPARE(scene.conditions(), QString("FileSystemResizePending"));
        QCOMPARE(scene.data()->status.allocatedResourceStatuses.at("storage"), std::string("NodeResizePending"));
        QCOMPARE(scene.v()->metadata.annotations.at("volume.alpha.kubernetes.io/pre-resize-capacity"),
                 std::string("1Gi"));
        auto done = *scene.data();
        done.status = api::volumes::grown(done, api::Quantity::of("2Gi"));
        scene.client.put(done);
        scene.settle();
        QVERIFY(!scene.v()->metadata.annotations.contains("volume.alpha.kubernetes.io/pre-resize-capacity"));
        QCOMPARE(joined(scene.disks->takeCalls()), QString("expand v to 2Gi\n"));
    }

    void aBlockDeviceNeedsNoNode() {
        Growing scene;
        scene.disks->nodeIsNext = true;
        auto device = *scene.v();
        device.spec.volumeMode = "Block";
        scene.client.put(device);
        scene.ask("2Gi");
        QCOMPARE(scene.sizes(), QString("2Gi of 2Gi"));
    }

    void aFailureIsToldAndTriedAgain() {
        Growing scene;
        scene.disks->failing = "no space";
        scene.ask("2Gi");
        QCOMPARE(scene.sizes(), QString("1Gi of 1Gi"));
        QCOMPARE(scene.conditions(), QString("Resizing"));
        QVERIFY(joined(scene.client.takeEvents())
                    .startsWith("Warning VolumeResizeFailed error expanding pvc default/data: no space\n"));
        scene.disks->failing.reset();
        scene.runFor(10s);
        QCOMPARE(scene.sizes(), QString("2Gi of 2Gi"));
    }

    void refusedWritesAreMadeUpFor_data() {
        QTest::addColumn<QString>("refused");
        for (const char* write : {"update persistentvolumeclaims/status default/data", "update persistentvolumes v"})
            QTest::newRow(write) << write;
    }
    void refusedWritesAreMadeUpFor() {
        QFETCH(QString, refused);
        Growing scene;
        scene.disks->nodeIsNext = true;
        int left = 3;
        scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (QString::fromStdString(request) != refused || left-- <= 0) return std::nullopt;
            return Error{left % 2 ? Reason::Conflict : Reason::ServiceUnavailable, "not now"};
        };
        scene.ask("2Gi");
        scene.runFor(30s);
        QVERIFY(left <= 0);
        QCOMPARE(scene.sizes(), QString("1Gi of 2Gi"));
        QCOMPARE(scene.data()->status.allocatedResourceStatuses.at("storage"), std::string("NodeResizePending"));
    }

    void othersVolumesAreLeftToOthers() {
        Growing scene;
        auto foreign = *scene.v();
        foreign.spec.csi->driver = "csi.example.com";
        scene.client.put(foreign);
        scene.ask("2Gi");
        QCOMPARE(scene.sizes(), QString("1Gi of 1Gi"));
        QCOMPARE(joined(scene.client.takeEvents()),
                 QString("Normal ExternalExpanding waiting for an external controller to expand this PVC\n"));
    }
};

QTEST_GUILESS_MAIN(VolumeExpandTest)
#include "volume_expand_test.moc"
