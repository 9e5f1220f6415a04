// Volumes that follow their Pods: attached, reported, taken off; with nodes that do not answer, failing writes and
// stale copies.
#include "cluster/controllers/attach_detach/attach_detach_controller.h"

#include <QtTest>

#include "cluster/api/volumes/attachment_rules.h"
#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"
#include "tests/cluster/controllers/volumes/volume_builders.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

constexpr char kDisk[] = "kubernetes.io/csi/disks.test^v";

class Attaching : public Scene {
public:
    Attaching()
        : Scene({{.name = "persistentvolume-attach-detach-controller",
                  .alias = "attachdetach",
                  .make = [](Context& context) { return std::make_unique<AttachDetachController>(context); },
                  .workers = 1}}) {
        for (const char* name : {"n1", "n2"}) {
            corev1::Node node;
            node.metadata.name = name;
            node.metadata.annotations[api::volumes::kControllerManagedAttach] = "true";
            auto& ready = node.status.conditions.emplace_back();
            ready.type = "Ready";
            ready.status = "True";
            client.put(node);
        }
        auto disk = volume("v");
        disk.spec.hostPath.reset();
        disk.spec.csi.emplace().driver = "disks.test";
        disk.spec.csi->volumeHandle = "v";
        auto asks = claim("data");
        bind(disk, asks);
        client.put(disk);
        client.put(asks);
    }

    void putPod(const std::string& name, const std::string& node, bool running = true) {
        auto made = pod(name);
        made.spec.nodeName = node;
        auto& uses = made.spec.volumes.emplace_back();
        uses.name = "data";
        uses.persistentVolumeClaim.emplace().claimName = "data";
        if (running) made.status.containerStatuses.emplace_back().state.running.emplace();
        client.put(made);
        settle();
    }
    void erasePod(const std::string& name) {
        client.erase(client::resourceOf<corev1::Pod>(), "default", name);
        settle();
    }
    void changeNode(const std::string& name, const std::function<void(corev1::Node&)>& with) {
        auto changed = *node(name);
        with(changed);
        client.put(changed);
        settle();
    }
    client::Ptr<corev1::Node> node(const std::string& name) { return client.stored<corev1::Node>("", name); }
    void use(const std::string& name, bool used) {
        changeNode(name, [&](auto& of) {
            of.status.volumesInUse = used ? std::vector<std::string>{kDisk} : std::vector<std::string>{};
        });
    }
    // What the driver does: attaches what is asked for, lets go of what is deleted.
    void answer() {
        for (const auto& each : client.all<storagev1::VolumeAttachment>()) {
            auto changed = *each;
            changed.status.attached = true;
            client.put(changed);
        }
        settle();
    }
    // "n1" for a volume that is attached there, "(n1)" for one that is being attached.
    QString attachments() {
        QStringList nodes;
        for (const auto& each : client.all<storagev1::VolumeAttachment>()) {
            const QString name = QString::fromStdString(each->spec.nodeName);
            nodes << (each->status.attached ? name : "(" + name + ")");
        }
        nodes.sort();
        return nodes.join(' ');
    }
    bool reported(const std::string& name) {
        const auto& attached = node(name)->status.volumesAttached;
        return std::ranges::any_of(attached, [](const auto& each) { return each.name == kDisk; });
    }
    QString events() { return joined(client.takeEvents()); }
};

}  // namespace

class AttachDetachTest : public QObject {
    Q_OBJECT
private slots:
    void aVolumeIsTakenOffWhenItIsSafe_data() {
        QTest::addColumn<bool>("exists");
        QTest::addColumn<bool>("healthy");
        QTest::addColumn<bool>("outOfService");
        QTest::addColumn<bool>("inUse");
        QTest::addColumn<int>("waited");  // minutes
        QTest::addColumn<bool>("now");
        QTest::newRow("not in use") << true << true << false << false << 0 << true;
        QTest::newRow("in use") << true << true << false << true << 0 << false;
        QTest::newRow("in use for long") << true << true << false << true << 60 << false;
        QTest::newRow("the node is gone") << false << false << false << true << 0 << true;
        QTest::newRow("the node does not answer") << true << false << false << true << 5 << false;
        QTest::newRow("the node does not answer for long") << true << false << false << true << 7 << true;
        QTest::newRow("the node is out of service") << true << false << true << true << 0 << true;
    }
    void aVolumeIsTakenOffWhenItIsSafe() {
        QFETCH(bool, exists);
        QFETCH(bool, healthy);
        QFETCH(bool, outOfService);
        QFETCH(bool, inUse);
        QFETCH(int, waited);
        const auto wait = detachAfter({.nodeExists = exists,
                                       .nodeHealthy = healthy,
                                       .outOfService = outOfService,
                                       .inUse = inUse,
                                       .waited = std::chrono::minutes(waited)});
        QTEST(!wait.has_value(), "now");
    }

    void whoHasTheVolumeElsewhereIsNamedWhereOneMayKnow() {
        const auto user = [](const char* name, const char* ns) {
            auto made = pod(name);
            made.metadata.namespace_ = ns;
            return std::make_shared<const corev1::Pod>(made);
        };
        const auto waiting = pod("w");
        QCOMPARE(multiAttachMessage(waiting, "v", {}),
                 std::string("Multi-Attach error for volume \"v\" Volume is already exclusively attached to one node "
                             "and can't be attached to another"));
        QCOMPARE(multiAttachMessage(waiting, "v", {user("a", "default"), user("b", "default"), user("c", "other")}),
                 std::string("Multi-Attach error for volume \"v\" Volume is already used by pod(s) a, b and 1 pod(s) "
                             "in different namespaces"));
        QCOMPARE(multiAttachMessage(waiting, "v", {user("c", "other")}),
                 std::string(
                     "Multi-Attach error for volume \"v\" Volume is already used by 1 pod(s) in different namespaces"));
    }

    void aVolumeIsAttachedWhereItsPodIs() {
        Attaching scene;
        scene.putPod("p", "n1", false);
        QCOMPARE(scene.attachments(), QString("(n1)"));
        QVERIFY(!scene.reported("n1"));
        const auto attachment = scene.client.all<storagev1::VolumeAttachment>().at(0);
        QCOMPARE(attachment->metadata.name, api::volumes::attachmentName("v", "disks.test", "n1"));
        QCOMPARE(attachment->spec.attacher, std::string("disks.test"));
        QCOMPARE(*attachment->spec.source.persistentVolumeName, std::string("v"));
        scene.answer();
        QVERIFY(scene.reported("n1"));
        QCOMPARE(scene.events(),
                 QString("Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume \"v\" \n"));
        // And once only.
        scene.client.takeWrites();
        scene.runFor(10min);
        QCOMPARE(joined(scene.client.takeWrites()), QString());
    }

    void nothingIsAttachedThatNeedsNot_data() {
        QTest::addColumn<QString>("because");
        for (const char* because : {"host path", "driver without attachment", "node that attaches by itself",
                                    "claim not bound", "Pod that has ended", "another claim's volume"})
            QTest::newRow(because) << because;
    }
    void nothingIsAttachedThatNeedsNot() {
        QFETCH(QString, because);
        Attaching scene;
        if (because == "host path") {
            auto changed = volume("v");
            changed.spec.claimRef = scene.client.stored<corev1::PersistentVolume>("", "v")->spec.claimRef;
            scene.client.put(changed);
        } else if (because == "driver without attachment") {
            storagev1::CSIDriver driver;
            driver.metadata.name = "disks.test";
            driver.spec.attachRequired = false;
            scene.client.put(driver);
        } else if (because == "node that attaches by itself") {
            auto changed = *scene.node("n1");
            changed.metadata.annotations.clear();
            scene.client.put(changed);
        } else if (because == "claim not bound") {
            auto changed = *scene.client.stored<corev1::PersistentVolumeClaim>("default", "data");
            changed.status.phase = "Pending";
            scene.client.put(changed);
        } else if (because == "another claim's volume") {
            auto changed = *scene.client.stored<corev1::PersistentVolume>("", "v");
            changed.spec.claimRef->uid = "another";
            scene.client.put(changed);
        }
        if (because == "Pod that has ended") {
            auto ended = pod("p");
            ended.spec.nodeName = "n1";
            ended.spec.volumes.emplace_back().persistentVolumeClaim.emplace().claimName = "data";
            ended.status.phase = "Succeeded";
            scene.client.put(ended);
            scene.settle();
        } else {
            scene.putPod("p", "n1");
        }
        QCOMPARE(scene.attachments(), QString());
    }

    void aVolumeFollowsItsPodWhenTheNodeHasLetGoOfIt() {
        Attaching scene;
        scene.putPod("p", "n1");
        scene.answer();
        scene.use("n1", true);
        scene.erasePod("p");
        scene.putPod("p", "n2");
        scene.events();
        scene.runFor(30min);
        QCOMPARE(scene.attachments(), QString("n1"));
        QVERIFY(scene.reported("n1"));
        scene.use("n1", false);
        scene.settle();
        QVERIFY(!scene.reported("n1"));
        QCOMPARE(scene.attachments(), QString("(n2)"));
        scene.answer();
        QVERIFY(scene.reported("n2"));
    }

    // The node's list first: it must not mount what is being taken away.
    void theNodeIsToldBeforeTheVolumeIsTakenOff() {
        Attaching scene;
        scene.putPod("p", "n1");
        scene.answer();
        scene.client.takeWrites();
        scene.erasePod("p");
        scene.settle();
        QCOMPARE(joined(scene.client.takeWrites()),
                 QString("patch nodes/status n1\nremove volumeattachments %1\n")
                     .arg(QString::fromStdString(api::volumes::attachmentName("v", "disks.test", "n1"))));
    }

    void aSecondNodeWaitsAndIsToldWhy() {
        Attaching scene;
        scene.putPod("p", "n1");
        scene.answer();
        scene.use("n1", true);
        scene.events();
        scene.putPod("q", "n2", false);
        scene.runFor(10min);
        QCOMPARE(scene.attachments(), QString("n1"));
        QCOMPARE(
            scene.events(),
            QString(
                "Warning FailedAttachVolume Multi-Attach error for volume \"v\" Volume is already used by pod(s) p\n"));
        // Two at once, and nobody has it yet: one.
        Attaching both;
        both.client.holdWatches(true);
        both.putPod("p", "n1", false);
        both.putPod("q", "n2", false);
        both.client.holdWatches(false);
        both.settle();
        QCOMPARE(both.client.all<storagev1::VolumeAttachment>().size(), 1U);
    }

    void aVolumeForManyIsAttachedToMany() {
        Attaching scene;
        auto many = *scene.client.stored<corev1::PersistentVolume>("", "v");
        many.spec.accessModes = {"ReadWriteMany"};
        scene.client.put(many);
        scene.putPod("p", "n1");
        scene.putPod("q", "n2");
        scene.answer();
        QCOMPARE(scene.attachments(), QString("n1 n2"));
    }

    void aNodeThatDoesNotAnswerLosesItsVolumesAfterSixMinutes() {
        Attaching scene;
        scene.putPod("p", "n1");
        scene.answer();
        scene.use("n1", true);
        scene.changeNode("n1", [](auto& of) { of.status.conditions[0].status = "Unknown"; });
        scene.runFor(1h);
        QCOMPARE(scene.attachments(), QString("n1"));  // its Pod is there
        scene.erasePod("p");
        scene.runFor(5min);
        QCOMPARE(scene.attachments(), QString("n1"));
        scene.runFor(2min);
        QCOMPARE(scene.attachments(), QString());
    }

    void aNodeOutOfServiceLosesThemAtOnce() {
        Attaching scene;
        scene.putPod("p", "n1");
        scene.answer();
        scene.use("n1", true);
        scene.erasePod("p");
        scene.changeNode("n1",
                         [](auto& of) { of.spec.taints.emplace_back().key = "node.kubernetes.io/out-of-service"; });
        scene.settle();
        QCOMPARE(scene.attachments(), QString());
    }

    void aNodeThatIsGoneLosesThemAtOnce() {
        Attaching scene;
        scene.putPod("p", "n1");
        scene.answer();
        scene.use("n1", true);
        scene.client.erase(client::resourceOf<corev1::Node>(), "", "n1");
        scene.settle();
        QCOMPARE(scene.attachments(), QString());
    }

    // The volume's object was deleted by force while a node still uses it.
    void aVolumeWithoutAnObjectIsNotTakenFromUnderItsNode() {
        Attaching scene;
        scene.putPod("p", "n1");
        scene.answer();
        scene.use("n1", true);
        scene.client.erase(client::resourceOf<corev1::PersistentVolume>(), "", "v");
        scene.runFor(10min);
        QCOMPARE(scene.attachments(), QString("n1"));
        scene.use("n1", false);
        scene.runFor(5s);
        QCOMPARE(scene.attachments(), QString());
    }

    void anAttachmentThatSomebodyElseHasMadeIsLeftAloneWithoutItsVolume() {
        Attaching scene;
        storagev1::VolumeAttachment theirs;
        theirs.metadata.name = "theirs";
        theirs.spec.attacher = "disks.test";
        theirs.spec.nodeName = "n1";
        theirs.spec.source.persistentVolumeName = "unknown";
        scene.client.put(theirs);
        scene.runFor(10min);
        QCOMPARE(scene.attachments(), QString("(n1)"));
    }

    void aFailureToAttachIsToldToThePods() {
        Attaching scene;
        scene.putPod("p", "n1", false);
        auto failed = *scene.client.all<storagev1::VolumeAttachment>().at(0);
        failed.status.attachError.emplace().message = "the cable is out";
        scene.client.put(failed);
        scene.runFor(1min);
        QCOMPARE(
            scene.events(),
            QString("Warning FailedAttachVolume AttachVolume.Attach failed for volume \"v\" : the cable is out\n"));
    }

    void writesThatFailAreMadeUpFor_data() {
        QTest::addColumn<QString>("refused");
        for (const char* write :
             {"create volumeattachments", "patch nodes/status", "remove volumeattachments", "get nodes"})
            QTest::newRow(write) << write;
    }
    void writesThatFailAreMadeUpFor() {
        QFETCH(QString, refused);
        Attaching scene;
        int left = 3;
        scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (!QString::fromStdString(request).startsWith(refused) || left-- <= 0) return std::nullopt;
            return Error{left % 2 ? Reason::Conflict : Reason::ServiceUnavailable, "not now"};
        };
        scene.putPod("p", "n1");
        scene.runFor(5s);
        scene.answer();
        scene.runFor(5s);
        QVERIFY(scene.reported("n1"));
        scene.erasePod("p");
        scene.runFor(5s);
        QVERIFY(left <= 0);
        QCOMPARE(scene.attachments(), QString());
        QVERIFY(!scene.reported("n1"));
    }

    // The volume goes to the next node though the copies show nothing of the attachment to the last one.
    void staleCopiesAttachNothingTwice() {
        Attaching scene;
        scene.settle();
        scene.putPod("p", "n1");
        scene.client.holdWatches(true);
        scene.client.erase(client::resourceOf<corev1::Pod>(), "default", "p");
        auto moved = pod("p");
        moved.spec.nodeName = "n2";
        moved.spec.volumes.emplace_back().persistentVolumeClaim.emplace().claimName = "data";
        scene.client.put(moved);
        scene.runFor(5s);
        QCOMPARE(scene.client.all<storagev1::VolumeAttachment>().size(), 1U);
        scene.client.holdWatches(false);
        scene.runFor(5s);
        QCOMPARE(scene.attachments(), QString("(n2)"));
    }

    // The answer to a write was lost: it must not be forgotten that it may have been made.
    void aWriteWithoutAnAnswerCounts() {
        Attaching scene;
        scene.settle();
        bool lose = true;
        scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (!request.starts_with("create volumeattachments") || !std::exchange(lose, false)) return std::nullopt;
            storagev1::VolumeAttachment written;
            written.metadata.name = api::volumes::attachmentName("v", "disks.test", "n1");
            written.spec.attacher = "disks.test";
            written.spec.nodeName = "n1";
            written.spec.source.persistentVolumeName = "v";
            scene.client.holdWatches(true);
            scene.client.put(written);
            return Error{Reason::Timeout, "no answer"};
        };
        scene.putPod("p", "n1", false);
        scene.runFor(5s);
        QCOMPARE(scene.attachments(), QString("(n1)"));
        scene.client.holdWatches(false);
        scene.runFor(5s);
        QCOMPARE(scene.attachments(), QString("(n1)"));
    }
};

QTEST_GUILESS_MAIN(AttachDetachTest)
#include "attach_detach_test.moc"
