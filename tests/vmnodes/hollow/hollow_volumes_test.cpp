// Volumes on hollow nodes, with the controllers that look after them: made, attached, mounted, moved, grown and
// deleted, in simulated time. The test itself places Pods.
#include <QtTest>

#include "cluster/controllers/controllers.h"
#include "tests/cluster/controllers/scene.h"
#include "vmnodes/hollow/hollow_nodes.h"
#include "vmnodes/hollow/volumes/hollow_driver.h"

using namespace qd;
using namespace qd::hollow;
using namespace std::chrono_literals;

namespace {

bool isNeeded(std::string_view alias) {
    for (const char* name : {"persistentvolume-binder", "attachdetach", "persistentvolume-expander", "ephemeral-volume",
                             "pvc-protection", "pv-protection"})
        if (alias == name) return true;
    return false;
}

std::vector<controllers::Descriptor> needed() {
    controllers::Options options;
    options.provisioners[kDriver] = hollowProvisioner();
    auto all = controllers::controllerDescriptors(options);
    std::erase_if(all, [](const auto& each) { return !isNeeded(each.alias); });
    return all;
}

class Bench : public tests::Scene {
public:
    explicit Bench(std::uint64_t seed = 1)
        : Scene(needed(), seed), nodes(client, informers, executor, random, {.count = 2}) {
        client.deletesPodsGracefully = true;
        nodes.start();
        settle();
        for (const auto& name : nodes.names()) {
            auto node = *client.stored<corev1::Node>("", name);
            node.spec.podCIDR = "10.244.7.0/24";
            client.put(node);
        }
        settle();
    }
    ~Bench() { nodes.stop(); }

    void putClaim(const std::string& name, const char* size = "1Gi", const char* storageClass = "hollow") {
        corev1::PersistentVolumeClaim claim;
        claim.metadata.namespace_ = "default";
        claim.metadata.name = name;
        claim.spec.accessModes = {corev1::ReadWriteOnce};
        claim.spec.resources.requests["storage"] = api::Quantity::of(size);
        claim.spec.storageClassName = storageClass;
        claim.status.phase = corev1::ClaimPending;
        client.put(claim);
    }
    void putPod(const std::string& name, const std::string& node, const std::string& claim) {
        corev1::Pod pod;
        pod.metadata.namespace_ = "default";
        pod.metadata.name = name;
        pod.spec.nodeName = node;
        pod.spec.restartPolicy = "Always";
        pod.spec.terminationGracePeriodSeconds = 30;
        pod.spec.containers.resize(1);
        pod.spec.containers[0].name = "c";
        pod.spec.containers[0].image = "app:1";
        auto& volume = pod.spec.volumes.emplace_back();
        volume.name = "data";
        volume.persistentVolumeClaim.emplace().claimName = claim;
        client.put(pod);
    }
    std::string phase(const std::string& pod) {
        const auto found = client.stored<corev1::Pod>("default", pod);
        return found ? found->status.phase : "gone";
    }
    client::Ptr<corev1::PersistentVolumeClaim> claim(const std::string& name) {
        return client.stored<corev1::PersistentVolumeClaim>("default", name);
    }
    client::Ptr<corev1::Node> node(int index) {
        return client.stored<corev1::Node>("", "hollow-node-" + std::to_string(index));
    }
    // Nodes that have a volume, by the attachments; more than one is a catastrophe.
    std::vector<std::string> holders() {
        std::vector<std::string> names;
        for (const auto& each : client.all<storagev1::VolumeAttachment>())
            if (each->status.attached) names.push_back(each->spec.nodeName);
        return names;
    }
    void runWatching(base::Duration length) {
        for (base::Duration passed{0}; passed < length; passed += 100ms) {
            runFor(100ms);
            QVERIFY2(holders().size() <= 1, "a volume is attached to two nodes");
        }
    }
    QString events() { return tests::joined(client.takeEvents()); }

    HollowNodes nodes;
};

}  // namespace

class HollowVolumesTest : public QObject {
    Q_OBJECT
private slots:
    void nodesHaveADriverAndTheClusterADefaultClass() {
        Bench bench;
        QVERIFY(bench.client.stored<storagev1::CSIDriver>("", kDriver));
        const auto csiNode = bench.client.stored<storagev1::CSINode>("", "hollow-node-1");
        QCOMPARE(csiNode->spec.drivers.at(0).name, std::string(kDriver));
        QCOMPARE(csiNode->metadata.ownerReferences.at(0).kind, std::string("Node"));
        QCOMPARE(bench.client.stored<storagev1::StorageClass>("", "hollow")
                     ->metadata.annotations.at("storageclass.kubernetes.io/is-default-class"),
                 std::string("true"));
        QCOMPARE(*bench.client.stored<storagev1::StorageClass>("", "hollow-wait")->volumeBindingMode,
                 std::string("WaitForFirstConsumer"));
    }

    void aPodRunsOnceItsVolumeIsAttached() {
        Bench bench;
        bench.putClaim("data");
        bench.settle();
        QCOMPARE(bench.claim("data")->status.phase, std::string("Bound"));
        bench.putPod("p", "hollow-node-0", "data");
        bench.runFor(50ms);
        QCOMPARE(bench.phase("p"), std::string("Pending"));
        QVERIFY(bench.holders().empty());
        bench.runFor(3s);
        QCOMPARE(bench.phase("p"), std::string("Running"));
        QCOMPARE(bench.holders(), std::vector<std::string>{"hollow-node-0"});
        const std::string name =
            "kubernetes.io/csi/" + std::string(kDriver) + "^" + bench.claim("data")->spec.volumeName;
        QCOMPARE(bench.node(0)->status.volumesInUse, std::vector<std::string>{name});
        QCOMPARE(bench.node(0)->status.volumesAttached.at(0).name, name);
        QVERIFY(bench.events().contains("Normal SuccessfulAttachVolume"));
    }

    void aVolumeMovesWithItsPodAndGoesWithItsClaim() {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            Bench bench(seed);
            bench.putClaim("data");
            bench.settle();
            const std::string volume = bench.claim("data")->spec.volumeName;
            bench.putPod("p", "hollow-node-0", "data");
            bench.runFor(3s);
            QVERIFY(bench.client.remove(client::resourceOf<corev1::Pod>(), "default", "p", {}));
            bench.putPod("q", "hollow-node-1", "data");
            bench.runWatching(10s);
            QCOMPARE(bench.phase("p"), std::string("gone"));
            QCOMPARE(bench.phase("q"), std::string("Running"));
            QCOMPARE(bench.holders(), std::vector<std::string>{"hollow-node-1"});
            QVERIFY(bench.node(0)->status.volumesInUse.empty() && bench.node(0)->status.volumesAttached.empty());
            // In use it stays.
            QVERIFY(bench.client.remove(client::resourceOf<corev1::PersistentVolumeClaim>(), "default", "data", {}));
            bench.runFor(5s);
            QVERIFY(bench.claim("data"));
            QVERIFY(bench.client.remove(client::resourceOf<corev1::Pod>(), "default", "q", {}));
            bench.runFor(20s);
            QVERIFY(!bench.claim("data"));
            QVERIFY(!bench.client.stored<corev1::PersistentVolume>("", volume));
            QVERIFY(bench.client.all<storagev1::VolumeAttachment>().empty());
        }
    }

    void twoPodsOnTwoNodesDoNotShareIt() {
        Bench bench;
        bench.putClaim("data");
        bench.settle();
        bench.putPod("p", "hollow-node-0", "data");
        bench.runFor(3s);
        bench.putPod("q", "hollow-node-1", "data");
        bench.runWatching(3min);
        QCOMPARE(bench.phase("p"), std::string("Running"));
        QCOMPARE(bench.phase("q"), std::string("Pending"));
        const QString told = bench.events();
        QVERIFY(told.contains("Warning FailedAttachVolume Multi-Attach error for volume"));
        QVERIFY2(told.contains("Warning FailedMount Unable to attach or mount volumes: unmounted volumes=[data], "
                               "unattached volumes=[data], failed to process volumes=[]: context deadline exceeded"),
                 qPrintable(told));
    }

    void aLostNodeKeepsItsVolumeForSixMinutes() {
        Bench bench;
        bench.putClaim("data");
        bench.settle();
        bench.putPod("p", "hollow-node-0", "data");
        bench.runFor(3s);
        bench.nodes.loseContact("hollow-node-0");
        bench.settle();
        auto lost = *bench.node(0);
        for (auto& condition : lost.status.conditions)
            if (condition.type == "Ready") condition.status = "Unknown";
        bench.client.put(lost);
        client::DeleteOptions byForce;
        byForce.gracePeriodSeconds = 0;
        QVERIFY(bench.client.remove(client::resourceOf<corev1::Pod>(), "default", "p", byForce));
        bench.putPod("q", "hollow-node-1", "data");
        bench.runWatching(5min);
        QCOMPARE(bench.phase("q"), std::string("Pending"));
        bench.runWatching(2min);
        QCOMPARE(bench.phase("q"), std::string("Running"));
    }

    void aFileSystemGrowsWhileItIsMounted() {
        Bench bench;
        bench.putClaim("data");
        bench.settle();
        bench.putPod("p", "hollow-node-0", "data");
        bench.runFor(3s);
        auto larger = *bench.claim("data");
        larger.spec.resources.requests["storage"] = api::Quantity::of("4Gi");
        bench.client.put(larger);
        bench.runFor(3s);
        QCOMPARE(bench.claim("data")->status.capacity.at("storage").toString(), std::string("4Gi"));
        QVERIFY(bench.claim("data")->status.conditions.empty());
        const auto volume = bench.client.stored<corev1::PersistentVolume>("", bench.claim("data")->spec.volumeName);
        QCOMPARE(volume->spec.capacity.at("storage").toString(), std::string("4Gi"));
        QVERIFY(volume->metadata.annotations.find("volume.alpha.kubernetes.io/pre-resize-capacity") ==
                volume->metadata.annotations.end());
        QVERIFY(bench.events().contains(
            "Normal FileSystemResizeSuccessful MountVolume.NodeExpandVolume succeeded for volume"));
    }

    void aVolumeThatIsNotMountedGrowsWhenAPodComes() {
        Bench bench;
        bench.putClaim("data");
        bench.settle();
        auto larger = *bench.claim("data");
        larger.spec.resources.requests["storage"] = api::Quantity::of("4Gi");
        bench.client.put(larger);
        bench.runFor(3s);
        QCOMPARE(bench.claim("data")->status.capacity.at("storage").toString(), std::string("1Gi"));
        QCOMPARE(bench.claim("data")->status.conditions.at(0).type, std::string("FileSystemResizePending"));
        bench.putPod("p", "hollow-node-0", "data");
        bench.runFor(5s);
        QCOMPARE(bench.claim("data")->status.capacity.at("storage").toString(), std::string("4Gi"));
    }

    void aPodWithAnUnboundClaimSaysWhatItWaitsFor() {
        Bench bench;
        bench.putClaim("data", "1Gi", "hollow-wait");
        bench.putPod("p", "hollow-node-0", "data");
        bench.runFor(5s);
        QCOMPARE(bench.phase("p"), std::string("Pending"));
        QVERIFY(bench.events().contains(
            "Warning FailedMount Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], "
            "failed to process volumes=[data]: error processing PVC default/data: PVC is not bound"));
        auto chosen = *bench.claim("data");
        chosen.metadata.annotations["volume.kubernetes.io/selected-node"] = "hollow-node-0";
        bench.client.put(chosen);
        bench.runFor(5s);
        QCOMPARE(bench.phase("p"), std::string("Running"));
    }

    void aClassMayAskForFailuresAndForOneNodesReach() {
        const auto provisioner = hollowProvisioner();
        corev1::PersistentVolumeClaim claim;
        storagev1::StorageClass storageClass;
        corev1::Node node;
        node.metadata.name = "n";
        node.metadata.labels = {{"kubernetes.io/hostname", "h"}};
        storageClass.parameters = {{"fail", "out of space"}};
        QCOMPARE(provisioner->provision({.claim = claim, .storageClass = storageClass, .name = "v"}).error().message,
                 std::string("out of space"));
        storageClass.parameters = {{"reach", "node"}, {"fail-expand", "too old"}};
        QVERIFY(!provisioner->provision({.claim = claim, .storageClass = storageClass, .name = "v"}));
        corev1::PersistentVolume made;
        made.spec =
            provisioner->provision({.claim = claim, .storageClass = storageClass, .name = "v", .selectedNode = &node})
                .value();
        QCOMPARE(made.spec.nodeAffinity->required->nodeSelectorTerms.at(0).matchExpressions.at(0).values,
                 std::vector<std::string>{"h"});
        QCOMPARE(provisioner->expand(made, api::Quantity::of("1Gi")).error().message, std::string("too old"));
    }

    void refusedWritesOfTheAttacherAreMadeUpFor() {
        Bench bench;
        bench.putClaim("data");
        bench.settle();
        int left = 6;
        bench.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (!request.starts_with("update volumeattachments") || left-- <= 0) return std::nullopt;
            return Error{left % 2 ? Reason::Conflict : Reason::ServiceUnavailable, "not now"};
        };
        bench.putPod("p", "hollow-node-0", "data");
        bench.runFor(15s);
        QVERIFY(left <= 0);
        QCOMPARE(bench.phase("p"), std::string("Running"));
    }
};

QTEST_GUILESS_MAIN(HollowVolumesTest)
#include "hollow_volumes_test.moc"
