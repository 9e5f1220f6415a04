// Claims and volumes in simulated time: bound, provisioned, released and reclaimed, with failing writes and stale
// copies.
#include "cluster/controllers/persistentvolume_binder/persistentvolume_binder.h"

#include <QtTest>
#include <set>

#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"
#include "tests/cluster/controllers/volumes/volume_builders.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

class Binding : public Scene {
public:
    explicit Binding(std::shared_ptr<RecordingProvisioner> with = std::make_shared<RecordingProvisioner>())
        : Scene({{.name = "persistentvolume-binder-controller",
                  .alias = "persistentvolume-binder",
                  .make =
                      [with](Context& context) {
                          return std::make_unique<PersistentVolumeBinder>(
                              context, api::volumes::Provisioners{{"disks.test", with}});
                      }}}),
          disks(std::move(with)) {}

    client::Ptr<corev1::PersistentVolumeClaim> claimNamed(const std::string& name) {
        return client.stored<corev1::PersistentVolumeClaim>("default", name);
    }
    client::Ptr<corev1::PersistentVolume> volumeNamed(const std::string& name) {
        return client.stored<corev1::PersistentVolume>("", name);
    }
    QString phases(const std::string& claimName, const std::string& volumeName) {
        return QString::fromStdString((claimNamed(claimName) ? claimNamed(claimName)->status.phase : "gone") + " " +
                                      (volumeNamed(volumeName) ? volumeNamed(volumeName)->status.phase : "gone"));
    }
    // As of the real server, which gives new objects no phase but this.
    void putNew(corev1::PersistentVolume made) {
        made.status.phase = "Pending";
        client.put(made);
    }
    void change(const std::string& name, const std::function<void(corev1::PersistentVolumeClaim&)>& with) {
        auto changed = *claimNamed(name);
        with(changed);
        client.put(changed);
    }

    std::shared_ptr<RecordingProvisioner> disks;
};

}  // namespace

class PersistentVolumeBinderTest : public QObject {
    Q_OBJECT
private slots:
    void aClaimIsBoundToAVolumeThatIsThere() {
        Binding scene;
        scene.putNew(volume("v", "2Gi"));
        scene.client.put(claim("data"));
        scene.settle();
        QCOMPARE(scene.phases("data", "v"), QString("Bound Bound"));
        QCOMPARE(scene.claimNamed("data")->spec.volumeName, std::string("v"));
        QCOMPARE(scene.claimNamed("data")->status.capacity.at("storage").toString(), std::string("2Gi"));
        QCOMPARE(scene.volumeNamed("v")->spec.claimRef->name, std::string("data"));
        QVERIFY(scene.disks->calls.empty());
        // Nothing more is written.
        scene.client.takeWrites();
        scene.runFor(1min);
        QCOMPARE(joined(scene.client.takeWrites()), QString());
    }

    void aVolumeThatComesLaterServesAClaimThatWaits() {
        Binding scene;
        auto asks = claim("data");
        asks.spec.storageClassName = "";
        scene.client.put(asks);
        scene.settle();
        QVERIFY(joined(scene.client.takeEvents()).contains("Normal FailedBinding no persistent volumes available"));
        auto free = volume("v");
        free.spec.storageClassName = "";
        scene.putNew(free);
        scene.settle();
        QCOMPARE(scene.phases("data", "v"), QString("Bound Bound"));
    }

    void manyClaimsGetAVolumeEach() {
        Binding scene;
        for (int i = 0; i < 8; ++i) scene.putNew(volume("v" + std::to_string(i)));
        for (int i = 0; i < 8; ++i) scene.client.put(claim("c" + std::to_string(i)));
        scene.settle();
        std::set<std::string> taken;
        for (const auto& each : scene.client.all<corev1::PersistentVolumeClaim>()) {
            QCOMPARE(each->status.phase, std::string("Bound"));
            taken.insert(each->spec.volumeName);
            QCOMPARE(scene.volumeNamed(each->spec.volumeName)->spec.claimRef->uid, each->metadata.uid);
        }
        QCOMPARE(taken.size(), 8U);
    }

    // Its own writes are not shown to it: it must not give one volume to two claims.
    void staleCopiesGiveNoVolumeAwayTwice() {
        Binding scene;
        scene.putNew(volume("v"));
        scene.settle();
        scene.client.put(claim("a"));
        scene.settle();
        QCOMPARE(scene.phases("a", "v"), QString("Bound Bound"));
        scene.client.holdWatches(true);
        scene.client.put(claim("b"));
        scene.settle();
        scene.client.holdWatches(false);
        scene.settle();
        QCOMPARE(scene.phases("b", "v"), QString("Pending Bound"));
        QCOMPARE(scene.volumeNamed("v")->spec.claimRef->name, std::string("a"));
    }

    // A crash between any two writes of a binding: what is half done is completed.
    void aBindingThatFailsHalfwayIsCompleted_data() {
        QTest::addColumn<QString>("refused");
        for (const char* write :
             {"update persistentvolumes v", "update persistentvolumes/status v",
              "update persistentvolumeclaims default/data", "update persistentvolumeclaims/status default/data"})
            QTest::newRow(write) << write;
    }
    void aBindingThatFailsHalfwayIsCompleted() {
        QFETCH(QString, refused);
        Binding scene;
        int left = 3;
        scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (QString::fromStdString(request) != refused || left-- <= 0) return std::nullopt;
            return Error{left % 2 ? Reason::Conflict : Reason::ServiceUnavailable, "not now"};
        };
        scene.client.put(volume("v"));
        scene.client.put(claim("data"));
        scene.runFor(30s);
        QVERIFY(left <= 0);
        QCOMPARE(scene.phases("data", "v"), QString("Bound Bound"));
    }

    void aVolumeIsMadeForAClaim() {
        Binding scene;
        scene.client.put(storageClass("fast", "disks.test"));
        scene.client.put(claim("data", "3Gi"));
        scene.settle();
        const std::string name = "pvc-" + claim("data").metadata.uid;
        QCOMPARE(joined(scene.disks->takeCalls()), QString("provision %1\n").arg(QString::fromStdString(name)));
        QCOMPARE(scene.phases("data", name), QString("Bound Bound"));
        const auto made = scene.volumeNamed(name);
        QCOMPARE(made->spec.claimRef->uid, claim("data").metadata.uid);
        QCOMPARE(made->spec.persistentVolumeReclaimPolicy, std::string("Delete"));
        QCOMPARE(made->spec.storageClassName, std::string("fast"));
        QCOMPARE(made->metadata.annotations.at("pv.kubernetes.io/provisioned-by"), std::string("disks.test"));
        QCOMPARE(made->metadata.finalizers, std::vector<std::string>{"kubernetes.io/pv-controller"});
        QCOMPARE(scene.claimNamed("data")->metadata.annotations.at("volume.kubernetes.io/storage-provisioner"),
                 std::string("disks.test"));
        QCOMPARE(joined(scene.client.takeEvents()),
                 QString("Normal ProvisioningSucceeded Successfully provisioned volume %1 using disks.test\n")
                     .arg(QString::fromStdString(name)));
    }

    void aVolumeThatNobodyNeedsAnyMoreIsDeletedWithItsStorage() {
        Binding scene;
        scene.client.put(storageClass("fast", "disks.test"));
        scene.client.put(claim("data"));
        scene.settle();
        const std::string name = scene.claimNamed("data")->spec.volumeName;
        scene.disks->takeCalls();
        // Not while it is attached somewhere.
        storagev1::VolumeAttachment attachment;
        attachment.metadata.name = "a";
        attachment.spec.nodeName = "n1";
        attachment.spec.source.persistentVolumeName = name;
        scene.client.put(attachment);
        scene.settle();
        scene.client.erase(client::resourceOf<corev1::PersistentVolumeClaim>(), "default", "data");
        scene.runFor(5s);
        QCOMPARE(scene.phases("data", name), QString("gone Released"));
        QVERIFY(scene.disks->calls.empty());
        QVERIFY(joined(scene.client.takeEvents())
                    .contains(QString("Normal VolumeDelete persistentvolume %1 is still attached to node n1")
                                  .arg(QString::fromStdString(name))));
        scene.client.erase(client::resourceOf<storagev1::VolumeAttachment>(), "", "a");
        scene.settle();
        QCOMPARE(scene.phases("data", name), QString("gone gone"));
        QCOMPARE(joined(scene.disks->takeCalls()), QString("remove %1\n").arg(QString::fromStdString(name)));
    }

    void storageThatCannotBeDeletedIsShownAndTriedAgain() {
        Binding scene;
        scene.client.put(storageClass("fast", "disks.test"));
        scene.client.put(claim("data"));
        scene.settle();
        const std::string name = scene.claimNamed("data")->spec.volumeName;
        scene.disks->failing = "the disk is on fire";
        scene.client.erase(client::resourceOf<corev1::PersistentVolumeClaim>(), "default", "data");
        scene.settle();
        QCOMPARE(scene.phases("data", name), QString("gone Failed"));
        QCOMPARE(scene.volumeNamed(name)->status.message, std::string("the disk is on fire"));
        QVERIFY(joined(scene.client.takeEvents()).contains("Warning VolumeFailedDelete the disk is on fire"));
        scene.disks->failing.reset();
        scene.runFor(3min);
        QCOMPARE(scene.phases("data", name), QString("gone gone"));
    }

    void theReclaimPolicyDecides_data() {
        QTest::addColumn<QString>("policy");
        QTest::addColumn<QString>("phase");
        QTest::addColumn<QString>("event");
        QTest::newRow("kept") << "Retain" << "Released" << "";
        QTest::newRow("nobody can delete it") << "Delete" << "Failed"
                                              << "Warning VolumeFailedDelete error getting deleter volume plugin for "
                                                 "volume \"v\": no deletable volume plugin matched\n";
        QTest::newRow("nobody can wipe it")
            << "Recycle" << "Failed" << "Warning VolumeFailedRecycle No recycler plugin found for the volume!\n";
        QTest::newRow("unknown")
            << "Burn" << "Failed"
            << "Warning VolumeUnknownReclaimPolicy Volume has unrecognized PersistentVolumeReclaimPolicy\n";
    }
    void theReclaimPolicyDecides() {
        QFETCH(QString, policy);
        Binding scene;
        auto serves = volume("v");
        serves.spec.persistentVolumeReclaimPolicy = policy.toStdString();
        serves.spec.hostPath.reset();
        serves.spec.local.emplace().path = "/disk";
        scene.client.put(serves);
        scene.client.put(claim("data"));
        scene.settle();
        scene.client.erase(client::resourceOf<corev1::PersistentVolumeClaim>(), "default", "data");
        scene.settle();
        QTEST(QString::fromStdString(scene.volumeNamed("v")->status.phase), "phase");
        QTEST(joined(scene.client.takeEvents()), "event");
        // A released one serves no new claim of that name.
        scene.client.put([] {
            auto again = claim("data");
            again.metadata.uid = "another";
            return again;
        }());
        scene.settle();
        QCOMPARE(scene.claimNamed("data")->status.phase, std::string("Pending"));
    }

    void aHostPathIsWipedByAPodAndServesAgain() {
        Binding scene;
        auto serves = volume("v", "4Gi");
        serves.spec.persistentVolumeReclaimPolicy = "Recycle";
        scene.client.put(serves);
        scene.client.put(claim("data"));
        scene.settle();
        scene.client.erase(client::resourceOf<corev1::PersistentVolumeClaim>(), "default", "data");
        scene.settle();
        QCOMPARE(scene.volumeNamed("v")->status.phase, std::string("Released"));
        const auto end = [&](const char* phase) {
            auto wiper = *scene.client.stored<corev1::Pod>("default", "recycler-for-v");
            QCOMPARE(wiper.spec.volumes.at(0).hostPath->path, std::string("/data/v"));
            QCOMPARE(wiper.spec.activeDeadlineSeconds.value(), 120);
            wiper.status.phase = phase;
            scene.client.put(wiper);
            scene.settle();
        };
        end("Failed");
        QCOMPARE(scene.volumeNamed("v")->status.phase, std::string("Failed"));
        QVERIFY(joined(scene.client.takeEvents()).contains("Warning VolumeFailedRecycle Recycle failed: pod failed"));
        scene.runFor(3min);
        end("Succeeded");
        QCOMPARE(scene.volumeNamed("v")->status.phase, std::string("Available"));
        QVERIFY(!scene.volumeNamed("v")->spec.claimRef);
        QVERIFY(!scene.client.stored<corev1::Pod>("default", "recycler-for-v"));
        QVERIFY(joined(scene.client.takeEvents()).contains("Normal VolumeRecycled Volume recycled"));
    }

    void othersProvisionersAreWaitedFor() {
        Binding scene;
        scene.client.put(storageClass("fast", "csi.example.com"));
        scene.client.put(claim("data"));
        scene.settle();
        QCOMPARE(scene.claimNamed("data")->status.phase, std::string("Pending"));
        QCOMPARE(scene.claimNamed("data")->metadata.annotations.at("volume.kubernetes.io/storage-provisioner"),
                 std::string("csi.example.com"));
        QVERIFY(joined(scene.client.takeEvents())
                    .contains("Normal ExternalProvisioning Waiting for a volume to be created either by the external "
                              "provisioner 'csi.example.com' or manually"));
        // It makes one, reserved for the claim.
        auto made = volume("made-elsewhere");
        made.metadata.annotations["pv.kubernetes.io/provisioned-by"] = "csi.example.com";
        reserve(made, *scene.claimNamed("data"));
        scene.putNew(made);
        scene.settle();
        QCOMPARE(scene.phases("data", "made-elsewhere"), QString("Bound Bound"));
    }

    void aClassThatIsNotThereIsTold() {
        Binding scene;
        scene.client.put(claim("data"));
        scene.settle();
        QVERIFY(joined(scene.client.takeEvents())
                    .contains("Warning ProvisioningFailed storageclass.storage.k8s.io \"fast\" not found"));
        scene.client.put(storageClass("fast", "disks.test"));
        scene.settle();
        QCOMPARE(scene.claimNamed("data")->status.phase, std::string("Bound"));
    }

    void aFailureToProvisionIsTriedAgainEverLater() {
        Binding scene;
        scene.disks->failing = "no space";
        scene.client.put(storageClass("fast", "disks.test"));
        scene.client.put(claim("data"));
        scene.runFor(10s);
        // Half a second, then twice as long each time.
        QCOMPARE(scene.disks->takeCalls().size(), 5U);
        QVERIFY(joined(scene.client.takeEvents())
                    .contains(
                        "Warning ProvisioningFailed Failed to provision volume with StorageClass \"fast\": no space"));
        scene.disks->failing.reset();
        scene.runFor(3min);
        QCOMPARE(scene.claimNamed("data")->status.phase, std::string("Bound"));
    }

    void theFirstConsumerIsWaitedFor() {
        Binding scene;
        auto waits = storageClass("fast", "disks.test");
        waits.volumeBindingMode = storagev1::VolumeBindingWaitForFirstConsumer;
        scene.client.put(waits);
        corev1::Node node;
        node.metadata.name = "n1";
        scene.client.put(node);
        scene.client.put(claim("data"));
        scene.putNew(volume("free"));
        scene.settle();
        QCOMPARE(scene.phases("data", "free"), QString("Pending Available"));
        QVERIFY(joined(scene.client.takeEvents()).contains("Normal WaitForFirstConsumer waiting for first consumer"));
        scene.disks->failing = "not there";
        scene.change("data", [](auto& of) { of.metadata.annotations["volume.kubernetes.io/selected-node"] = "n1"; });
        scene.settle();
        // The scheduler is to choose again.
        QVERIFY(!scene.claimNamed("data")->metadata.annotations.contains("volume.kubernetes.io/selected-node"));
        scene.disks->failing.reset();
        scene.disks->takeCalls();
        scene.change("data", [](auto& of) { of.metadata.annotations["volume.kubernetes.io/selected-node"] = "n1"; });
        scene.runFor(5s);
        QVERIFY(joined(scene.disks->takeCalls()).endsWith(" at n1\n"));
        QCOMPARE(scene.claimNamed("data")->status.phase, std::string("Bound"));
    }

    void theDefaultClassIsGivenLater() {
        Binding scene;
        auto asks = claim("data");
        asks.spec.storageClassName.reset();
        scene.client.put(asks);
        scene.settle();
        QVERIFY(!scene.claimNamed("data")->spec.storageClassName);
        auto standard = storageClass("standard", "disks.test");
        standard.metadata.annotations["storageclass.kubernetes.io/is-default-class"] = "true";
        scene.client.put(standard);
        scene.settle();
        QCOMPARE(scene.claimNamed("data")->spec.storageClassName.value(), std::string("standard"));
        QCOMPARE(scene.claimNamed("data")->status.phase, std::string("Bound"));
    }

    // The object of a volume cannot be written: its storage does not stay behind.
    void storageWithoutAnObjectIsRemoved() {
        Binding scene;
        scene.client.put(storageClass("fast", "disks.test"));
        int left = 1;
        scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (!request.starts_with("create persistentvolumes") || left-- <= 0) return std::nullopt;
            return Error{Reason::Forbidden, "quota"};
        };
        scene.client.put(claim("data"));
        scene.runFor(5s);
        const auto calls = scene.disks->takeCalls();
        QCOMPARE(calls.size(), 3U);
        QVERIFY(calls[1].starts_with("remove pvc-"));
        QVERIFY(
            joined(scene.client.takeEvents())
                .contains("Error creating provisioned PV object for claim default/data: quota. Deleting the volume."));
        QCOMPARE(scene.claimNamed("data")->status.phase, std::string("Bound"));
    }

    void aClaimWhoseVolumeIsGoneIsLost() {
        Binding scene;
        scene.client.put(volume("v"));
        scene.client.put(claim("data"));
        scene.settle();
        scene.client.erase(client::resourceOf<corev1::PersistentVolume>(), "", "v");
        scene.settle();
        QCOMPARE(scene.claimNamed("data")->status.phase, std::string("Lost"));
        QVERIFY(
            joined(scene.client.takeEvents()).contains("Warning ClaimLost Bound claim has lost its PersistentVolume."));
    }

    // A volume that was deleted while it was bound is deleted with its storage once its claim goes.
    void aVolumeThatIsBeingDeletedStillLosesItsStorage() {
        Binding scene;
        scene.client.put(storageClass("fast", "disks.test"));
        scene.client.put(claim("data"));
        scene.settle();
        const std::string name = scene.claimNamed("data")->spec.volumeName;
        QVERIFY(scene.client.remove(client::resourceOf<corev1::PersistentVolume>(), "", name));
        scene.settle();
        QCOMPARE(scene.phases("data", name), QString("Bound Bound"));
        scene.client.erase(client::resourceOf<corev1::PersistentVolumeClaim>(), "default", "data");
        scene.settle();
        QVERIFY(joined(scene.disks->takeCalls()).contains("remove"));
        QCOMPARE(scene.phases("data", name), QString("gone gone"));
    }
};

QTEST_GUILESS_MAIN(PersistentVolumeBinderTest)
#include "persistentvolume_binder_test.moc"
