// The plugins that look at volumes: what each says, and how claims are bound before their Pod is.
#include <QtTest>

#include "cluster/api/volumes/volume_match.h"
#include "cluster/scheduler/framework/framework.h"
#include "cluster/scheduler/plugins/node_volume_limits.h"
#include "cluster/scheduler/plugins/volume_binding.h"
#include "cluster/scheduler/plugins/volume_restrictions.h"
#include "cluster/scheduler/plugins/volume_zone.h"
#include "tests/cluster/scheduler/fake_handle.h"
#include "tests/cluster/scheduler/scene.h"

using namespace qd;
using namespace qd::scheduler;
using namespace qd::scheduler::testing;
using namespace std::chrono_literals;
using scheduler::testing::boundTo;

namespace {

const std::string kOutOfReach = "node(s) had volume node affinity conflict";
const std::string kNoneToBind = "node(s) didn't find available persistent volumes to bind";
const std::string kNoRoom = "node(s) did not have enough free storage";
const std::string kTaken =
    "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";

using Words = std::vector<std::string>;

// One plugin, two nodes a and b in zones of the same names.
template <typename T>
struct Bench {
    Bench() : scene(Scene::of<T>(handle)) {
        for (const std::string name : {"a", "b"}) add(labelled(node(name), "topology.kubernetes.io/zone", name));
        handle.start();
    }
    template <typename... Objects>
    void put(const Objects&... objects) {
        (handle.put(objects), ...);
        handle.settle();
    }
    void add(corev1::Node node) {
        handle.put(node);
        scene.add(std::move(node));
    }
    Words says(corev1::Pod pod) {
        handle.settle();
        return scene.filter(std::move(pod));
    }

    FakeHandle handle;
    Scene scene;
};

corev1::PersistentVolume inZone(corev1::PersistentVolume volume, const std::string& zone) {
    return reachableFrom(std::move(volume), term("topology.kubernetes.io/zone", "In", {zone}));
}

corev1::PersistentVolumeClaim forOnePod(corev1::PersistentVolumeClaim claim) {
    claim.spec.accessModes = {"ReadWriteOncePod"};
    return claim;
}

corev1::PersistentVolume byDriver(corev1::PersistentVolume volume, const std::string& driver) {
    auto& csi = volume.spec.csi.emplace();
    csi.driver = driver;
    csi.volumeHandle = volume.metadata.name;
    return volume;
}

storagev1::CSINode limited(const std::string& node, const std::string& driver, std::int32_t count) {
    storagev1::CSINode csiNode;
    csiNode.metadata.name = node;
    auto& entry = csiNode.spec.drivers.emplace_back();
    entry.name = driver;
    entry.allocatable.emplace().count = count;
    return csiNode;
}

// A Pod that has its node, up to the point where it may be bound.
struct Placing : Bench<VolumeBinding> {
    Status place(corev1::Pod subject, const std::string& name) {
        handle.settle();
        info = scene.info(std::move(subject));
        cycle = std::make_shared<CycleState>(scene.framework->size());
        Diagnosis diagnosis;
        const auto prepared = scene.framework->preFilter(*cycle, *info, scene.cache, diagnosis);
        if (!prepared.status.ok()) return prepared.status;
        if (Status fits = scene.framework->filter(*cycle, *info, *scene.cache.find(name)); !fits.ok()) return fits;
        if (Status reserved = scene.framework->reserve(*cycle, *info, *scene.cache.find(name)); !reserved.ok())
            return reserved;
        hasWork = scene.framework->hasPreBindWork(*cycle, *info, name);
        node = name;
        return {};
    }
    void preBind() {
        scene.framework->preBind(cycle, info, node, [this](const Result<void>& outcome) {
            said = outcome ? "bound" : outcome.error().message;
        });
        handle.settle();
    }
    // As the scheduler tells its plugins.
    void tell(Happening what) {
        handle.settle();
        scene.framework->observe({what, nullptr, nullptr});
    }

    PodInfoPtr info;
    std::shared_ptr<CycleState> cycle;
    std::string node;
    bool hasWork = false;
    std::string said;
};

}  // namespace

class VolumesTest : public QObject {
    Q_OBJECT
private slots:
    void podsWithoutClaimsAreNotLookedAt() {
        Bench<VolumeBinding> bench;
        QCOMPARE(bench.says(pod("p")), (Words{"", ""}));
    }

    void aClaimThatCannotBeUsedIsNamed_data() {
        QTest::addColumn<QString>("state");
        QTest::addColumn<QString>("says");
        QTest::newRow("absent") << "absent" << "persistentvolumeclaim \"c\" not found";
        QTest::newRow("lost") << "lost" << "persistentvolumeclaim \"c\" bound to non-existent persistentvolume \"v\"";
        QTest::newRow("leaving") << "leaving" << "persistentvolumeclaim \"c\" is being deleted";
        QTest::newRow("bound at once by others") << "immediate" << "pod has unbound immediate PersistentVolumeClaims";
        QTest::newRow("of no class") << "none" << "pod has unbound immediate PersistentVolumeClaims";
        QTest::newRow("named its volume") << "prebound" << "pod has unbound immediate PersistentVolumeClaims";
    }

    void aClaimThatCannotBeUsedIsNamed() {
        QFETCH(QString, state);
        QFETCH(QString, says);
        Bench<VolumeBinding> bench;
        bench.put(storageClass("now", "example.com/disk", "Immediate"), storageClass("later", "example.com/disk"));
        auto subject = claim("c", state == "immediate" ? "now" : state == "none" ? "" : "later");
        if (state == "lost") subject = boundTo(subject, "v");
        if (state == "lost") subject.status.phase = "Lost";
        if (state == "leaving") subject.metadata.deletionTimestamp = api::Time::fromUnix(1);
        if (state == "prebound") subject.spec.volumeName = "v";
        if (state != "absent") bench.put(subject);
        QCOMPARE(QString::fromStdString(bench.says(withClaim(pod("p"), "c")).front()), says);
    }

    void ephemeralClaimsAreWaitedFor() {
        Bench<VolumeBinding> bench;
        auto subject = pod("p");
        auto& volume = subject.spec.volumes.emplace_back();
        volume.name = "scratch";
        volume.ephemeral.emplace();
        QCOMPARE(
            bench.says(subject).front(),
            std::string("waiting for ephemeral volume controller to create the persistentvolumeclaim \"p-scratch\""));
        bench.put(claim("p-scratch", ""));
        QCOMPARE(bench.says(subject).front(),
                 std::string("PVC default/p-scratch was not created for pod default/p (pod is not owner)"));
    }

    void podsGoWhereTheirVolumesAre() {
        Bench<VolumeBinding> bench;
        bench.put(boundTo(claim("c", ""), "v"), inZone(volume("v", ""), "a"));
        QCOMPARE(bench.says(withClaim(pod("p"), "c")), (Words{"", kOutOfReach}));
        bench.put(boundTo(claim("d", ""), "gone"));
        QCOMPARE(bench.says(withClaim(pod("p"), "d")).front(),
                 std::string("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"));
    }

    void aFreeVolumeWithinReachWillDo() {
        Bench<VolumeBinding> bench;
        bench.put(storageClass("local", "kubernetes.io/no-provisioner"), claim("c", "local"),
                  inZone(volume("v", "local"), "b"));
        QCOMPARE(bench.says(withClaim(pod("p"), "c")), (Words{kNoneToBind, ""}));
    }

    void twoClaimsNeedTwoVolumes() {
        Bench<VolumeBinding> bench;
        bench.put(storageClass("local", "kubernetes.io/no-provisioner"), claim("c", "local"), claim("d", "local"));
        bench.put(inZone(volume("a1", "local"), "a"), inZone(volume("a2", "local"), "a"),
                  inZone(volume("b1", "local"), "b"));
        QCOMPARE(bench.says(withClaim(withClaim(pod("p"), "c"), "d")), (Words{"", kNoneToBind}));
    }

    void whatCanBeProvisionedFitsWhereTheClassAllows() {
        Bench<VolumeBinding> bench;
        auto zonal = storageClass("zonal", "example.com/disk");
        auto& requirement = zonal.allowedTopologies.emplace_back().matchLabelExpressions.emplace_back();
        requirement.key = "topology.kubernetes.io/zone";
        requirement.values = {"b"};
        bench.put(storageClass("any", "example.com/disk"), zonal, claim("c", "any"), claim("z", "zonal"));
        QCOMPARE(bench.says(withClaim(pod("p"), "c")), (Words{"", ""}));
        QCOMPARE(bench.says(withClaim(pod("p"), "z")), (Words{kNoneToBind, ""}));
    }

    void aClaimThatIsBeingProvisionedKeepsItsNode() {
        Bench<VolumeBinding> bench;
        auto selected = claim("c", "any");
        selected.metadata.annotations[api::volumes::kSelectedNode] = "b";
        bench.put(storageClass("any", "example.com/disk"), selected);
        QCOMPARE(bench.says(withClaim(pod("p"), "c")), (Words{kNoneToBind, ""}));
    }

    void driversThatSayHowMuchRoomTheyHaveAreBelieved() {
        Bench<VolumeBinding> bench;
        storagev1::CSIDriver driver;
        driver.metadata.name = "disk.example.com";
        driver.spec.storageCapacity = true;
        storagev1::CSIStorageCapacity pool;
        pool.metadata.namespace_ = "default";
        pool.metadata.name = "pool";
        pool.storageClassName = "any";
        pool.nodeTopology.emplace().matchLabels["topology.kubernetes.io/zone"] = "a";
        pool.capacity = api::Quantity::of("2Gi");
        bench.put(storageClass("any", "disk.example.com"), driver, pool, claim("small", "any", "2Gi"),
                  claim("large", "any", "3Gi"));
        QCOMPARE(bench.says(withClaim(pod("p"), "small")), (Words{"", kNoRoom}));
        QCOMPARE(bench.says(withClaim(pod("p"), "large")), (Words{kNoRoom, kNoRoom}));
        pool.maximumVolumeSize = api::Quantity::of("1Gi");
        bench.put(pool);
        QCOMPARE(bench.says(withClaim(pod("p"), "small")), (Words{kNoRoom, kNoRoom}));
    }

    void theSmallestVolumeThatIsLargeEnoughIsTaken() {
        const auto subject = claim("c", "x", "2Gi");
        auto selecting = subject;
        selecting.spec.selector.emplace().matchLabels["tier"] = "fast";
        auto meant = volume("meant", "other", "9Gi");
        meant.spec.claimRef.emplace().namespace_ = "default";
        meant.spec.claimRef->name = "c";
        auto block = volume("block", "x", "2Gi");
        block.spec.volumeMode = "Block";
        auto used = volume("used", "x", "2Gi");
        used.status.phase = "Released";
        auto fast = volume("fast", "x", "8Gi");
        fast.metadata.labels["tier"] = "fast";
        auto readers = volume("readers", "x", "2Gi");
        readers.spec.accessModes = {"ReadOnlyMany"};
        const api::volumes::Volumes all = {shared(volume("large", "x", "5Gi")),
                                           shared(volume("small", "x", "1Gi")),
                                           shared(volume("right", "x", "3Gi")),
                                           shared(volume("alien", "y", "2Gi")),
                                           shared(block),
                                           shared(used),
                                           shared(fast),
                                           shared(readers)};
        const auto names = [](const api::volumes::Volumes& volumes) {
            std::string joined;
            for (const auto& each : volumes) joined += each->metadata.name + " ";
            return joined;
        };
        QCOMPARE(names(api::volumes::candidatesFor(subject, all)), std::string("right large fast "));
        QCOMPARE(names(api::volumes::candidatesFor(selecting, all)), std::string("fast "));
        auto more = all;
        more.push_back(shared(meant));
        QCOMPARE(names(api::volumes::candidatesFor(subject, more)), std::string("meant "));
    }

    void aVolumeIsPreBoundAndThenWaitedFor() {
        Placing placing;
        placing.put(storageClass("local", "kubernetes.io/no-provisioner"), claim("c", "local"), volume("v", "local"),
                    pod("p"));
        QVERIFY(placing.place(withClaim(pod("p"), "c"), "a").ok());
        QVERIFY(placing.hasWork);
        // It is taken for others at once.
        QCOMPARE(placing.scene.filter(withClaim(pod("q"), "c")), (Words{"", ""}));
        placing.put(claim("d", "local"));
        QCOMPARE(placing.scene.filter(withClaim(pod("q"), "d")), (Words{kNoneToBind, kNoneToBind}));
        placing.handle.client().takeWrites();
        placing.preBind();
        QCOMPARE(placing.handle.client().takeWrites(), (Words{"update persistentvolumes v"}));
        const auto written = placing.handle.client().stored<corev1::PersistentVolume>("", "v");
        QCOMPARE(written->spec.claimRef->name, std::string("c"));
        QCOMPARE(written->metadata.annotations.at(api::volumes::kBoundByController), std::string("yes"));
        QCOMPARE(placing.said, std::string());
        placing.put(boundTo(*placing.handle.client().stored<corev1::PersistentVolumeClaim>("default", "c"), "v"));
        placing.tell(Happening::Claim);
        QCOMPARE(placing.said, std::string("bound"));
    }

    void aVolumeIsOrderedForTheNodeAndWaitedFor() {
        Placing placing;
        placing.put(storageClass("any", "example.com/disk"), claim("c", "any"), pod("p"));
        QVERIFY(placing.place(withClaim(pod("p"), "c"), "b").ok());
        placing.handle.client().takeWrites();
        placing.preBind();
        QCOMPARE(placing.handle.client().takeWrites(), (Words{"update persistentvolumeclaims default/c"}));
        const auto ordered = placing.handle.client().stored<corev1::PersistentVolumeClaim>("default", "c");
        QCOMPARE(ordered->metadata.annotations.at(api::volumes::kSelectedNode), std::string("b"));
        auto made = boundTo(*ordered, "made");
        placing.put(made);
        placing.tell(Happening::Claim);
        QCOMPARE(placing.said, std::string());  // the volume has not been seen yet
        placing.put(volume("made", "any"));
        placing.tell(Happening::Volume);
        QCOMPARE(placing.said, std::string("bound"));
    }

    void aProvisionerThatFailsSendsThePodBack() {
        Placing placing;
        placing.put(storageClass("any", "example.com/disk"), claim("c", "any"), pod("p"));
        QVERIFY(placing.place(withClaim(pod("p"), "c"), "b").ok());
        placing.preBind();
        auto refused = *placing.handle.client().stored<corev1::PersistentVolumeClaim>("default", "c");
        refused.metadata.annotations.erase(api::volumes::kSelectedNode);
        placing.put(refused);
        placing.tell(Happening::Claim);
        QCOMPARE(placing.said,
                 std::string(
                     "running PreBind plugin \"VolumeBinding\": binding volumes: provisioning failed for PVC \"c\""));
    }

    void aWaitEndsWhenItsTimeIsOver() {
        Placing placing;
        placing.put(storageClass("any", "example.com/disk"), claim("c", "any"), pod("p"));
        QVERIFY(placing.place(withClaim(pod("p"), "c"), "b").ok());
        placing.preBind();
        placing.handle.executor.runFor(10min);
        QCOMPARE(placing.said,
                 std::string("running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded"));
    }

    void aWaitEndsWithItsPod() {
        Placing placing;
        placing.put(storageClass("any", "example.com/disk"), claim("c", "any"), pod("p"));
        QVERIFY(placing.place(withClaim(pod("p"), "c"), "b").ok());
        placing.preBind();
        placing.handle.client().erase(client::resourceOf<corev1::Pod>(), "default", "p");
        placing.tell(Happening::PodRemoved);
        QCOMPARE(placing.said, std::string("running PreBind plugin \"VolumeBinding\": binding volumes: pod does not "
                                           "exist any more: pod \"p\" not found"));
    }

    void whatWasReservedIsGivenBack() {
        Placing placing;
        placing.put(storageClass("local", "kubernetes.io/no-provisioner"), claim("c", "local"), claim("d", "local"),
                    volume("v", "local"));
        QVERIFY(placing.place(withClaim(pod("p"), "c"), "a").ok());
        QCOMPARE(placing.scene.filter(withClaim(pod("q"), "d")), (Words{kNoneToBind, kNoneToBind}));
        placing.scene.framework->unreserve(*placing.cycle, *placing.info, "a");
        QCOMPARE(placing.scene.filter(withClaim(pod("q"), "d")), (Words{"", ""}));
    }

    void aWriteThatFailsIsTold() {
        Placing placing;
        placing.put(storageClass("local", "kubernetes.io/no-provisioner"), claim("c", "local"), volume("v", "local"),
                    pod("p"));
        QVERIFY(placing.place(withClaim(pod("p"), "c"), "a").ok());
        placing.put(volume("v", "local", "2Gi"));  // somebody changed it
        placing.preBind();
        QVERIFY2(placing.said.starts_with("running PreBind plugin \"VolumeBinding\": Operation cannot be fulfilled on"),
                 placing.said.c_str());
    }

    void volumesKeepPodsInTheirZones() {
        Bench<VolumeZone> bench;
        bench.add(node("nowhere"));
        bench.put(boundTo(claim("c", ""), "v"), boundTo(claim("d", ""), "w"));
        auto v = volume("v", "");
        v.metadata.labels["topology.kubernetes.io/zone"] = "a";
        auto w = volume("w", "");
        w.metadata.labels["failure-domain.beta.kubernetes.io/zone"] = "a__b";
        bench.put(v, w);
        const std::string elsewhere = "node(s) had no available volume zone";
        QCOMPARE(bench.says(withClaim(pod("p"), "c")), (Words{"", elsewhere, ""}));
        QCOMPARE(bench.says(withClaim(pod("p"), "d")), (Words{"", "", ""}));
        bench.put(storageClass("later", "example.com/disk"), storageClass("now", "example.com/disk", "Immediate"),
                  claim("e", "later"), claim("f", "now"), claim("g", ""));
        QCOMPARE(bench.says(withClaim(pod("p"), "e")), (Words{"", "", ""}));
        QCOMPARE(bench.says(withClaim(pod("p"), "f")).front(), std::string("PersistentVolume had no name"));
        QCOMPARE(bench.says(withClaim(pod("p"), "g")).front(),
                 std::string("PersistentVolumeClaim had no pv name and storageClass name"));
    }

    void aClaimOfOnePodIsForOnePodAnywhere() {
        Bench<VolumeRestrictions> bench;
        bench.put(forOnePod(claim("c", "")), claim("d", ""));
        bench.scene.add(onNode(withClaim(withClaim(pod("first"), "c"), "d"), "a"));
        QCOMPARE(bench.says(withClaim(pod("p"), "c")), (Words{kTaken, kTaken}));
        QCOMPARE(bench.says(withClaim(pod("p"), "d")), (Words{"", ""}));
        bench.scene.cache.removePod("pod-first");
        QCOMPARE(bench.says(withClaim(pod("p"), "c")), (Words{"", ""}));
    }

    void preemptionSeesThatAClaimComesFree() {
        Bench<VolumeRestrictions> bench;
        bench.put(forOnePod(claim("c", "")));
        const auto first = bench.scene.info(onNode(withClaim(pod("first"), "c"), "a"));
        bench.scene.cache.setPod(first);
        const auto subject = bench.scene.info(withClaim(pod("p"), "c"));
        CycleState state(1);
        Diagnosis diagnosis;
        bench.scene.framework->preFilter(state, *subject, bench.scene.cache, diagnosis);
        const auto& a = *bench.scene.cache.find("a");
        QVERIFY(bench.scene.framework->filter(state, *subject, a).code == Code::Unschedulable);
        bench.scene.framework->podRemoved(state, *subject, *first, a);
        QVERIFY(bench.scene.framework->filter(state, *subject, a).ok());
        bench.scene.framework->podAdded(state, *subject, *first, a);
        QVERIFY(!bench.scene.framework->filter(state, *subject, a).ok());
    }

    void disksAreSharedByReadersAlone() {
        const auto mounting = [](const std::string& name, bool readOnly) {
            auto subject = pod(name);
            auto& volume = subject.spec.volumes.emplace_back();
            volume.name = "disk";
            volume.gcePersistentDisk.emplace().pdName = "data";
            volume.gcePersistentDisk->readOnly = readOnly;
            return subject;
        };
        Bench<VolumeRestrictions> bench;
        bench.scene.add(onNode(mounting("first", true), "a"));
        QCOMPARE(bench.says(mounting("p", true)), (Words{"", ""}));
        QCOMPARE(bench.says(mounting("p", false)), (Words{"node(s) had no available disk", ""}));
    }

    void nodesTakeOnlySoManyVolumes() {
        Bench<NodeVolumeLimits> bench;
        const std::string tooMany = "node(s) exceed max volume count";
        bench.put(limited("a", "disk.example.com", 1));
        bench.put(boundTo(claim("c", ""), "v"), byDriver(volume("v", ""), "disk.example.com"));
        bench.put(boundTo(claim("d", ""), "w"), byDriver(volume("w", ""), "disk.example.com"));
        bench.put(storageClass("any", "disk.example.com"), claim("new", "any"), boundTo(claim("other", ""), "o"),
                  byDriver(volume("o", ""), "else.example.com"));
        QCOMPARE(bench.says(withClaim(pod("p"), "c")), (Words{"", ""}));
        bench.scene.add(onNode(withClaim(pod("first"), "c"), "a"));
        QCOMPARE(bench.says(withClaim(pod("p"), "d")), (Words{tooMany, ""}));
        QCOMPARE(bench.says(withClaim(pod("p"), "c")), (Words{"", ""}));  // the same volume counts once
        QCOMPARE(bench.says(withClaim(pod("p"), "new")), (Words{tooMany, ""}));
        QCOMPARE(bench.says(withClaim(pod("p"), "other")), (Words{"", ""}));
        QCOMPARE(bench.says(withClaim(pod("p"), "absent")).front(),
                 std::string("persistentvolumeclaim \"absent\" not found"));
    }

    void volumesThatAreStillAttachedCount() {
        Bench<NodeVolumeLimits> bench;
        bench.put(limited("a", "disk.example.com", 1), boundTo(claim("c", ""), "v"),
                  byDriver(volume("v", ""), "disk.example.com"), byDriver(volume("w", ""), "disk.example.com"));
        storagev1::VolumeAttachment attachment;
        attachment.metadata.name = "att";
        attachment.spec.attacher = "disk.example.com";
        attachment.spec.nodeName = "a";
        attachment.spec.source.persistentVolumeName = "w";
        bench.put(attachment);
        QCOMPARE(bench.says(withClaim(pod("p"), "c")), (Words{"node(s) exceed max volume count", ""}));
    }
};

QTEST_APPLESS_MAIN(VolumesTest)
#include "volumes_test.moc"
