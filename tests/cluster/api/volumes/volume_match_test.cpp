// Which volume a claim gets, and how the two are tied.
#include "cluster/api/volumes/volume_match.h"

#include <QtTest>

#include "cluster/api/volumes/attachment_rules.h"
#include "cluster/api/volumes/resize_rules.h"
#include "tests/cluster/controllers/volumes/volume_builders.h"

using namespace qd;
using namespace qd::api::volumes;
using namespace qd::tests;

namespace {

VolumePtr shared(corev1::PersistentVolume of) {
    return std::make_shared<const corev1::PersistentVolume>(std::move(of));
}

std::string nameOf(const VolumePtr& volume) {
    return volume ? volume->metadata.name : "none";
}

using Change = std::function<void(corev1::PersistentVolume&, corev1::PersistentVolumeClaim&)>;

base::WallTime at(int seconds) {
    return base::WallTime(std::chrono::seconds(1'700'000'000 + seconds));
}

}  // namespace

Q_DECLARE_METATYPE(Change)

class VolumeMatchTest : public QObject {
    Q_OBJECT
private slots:
    void aVolumeServesAClaimThatItFits_data() {
        QTest::addColumn<Change>("change");
        QTest::addColumn<bool>("fits");
        const auto row = [](const char* name, bool fits, Change change) { QTest::newRow(name) << change << fits; };
        row("as large as asked for", true, [](auto&, auto&) {});
        row("larger", true, [](auto& volume, auto&) { volume.spec.capacity["storage"] = api::Quantity::of("5Gi"); });
        row("smaller", false,
            [](auto& volume, auto&) { volume.spec.capacity["storage"] = api::Quantity::of("1023Mi"); });
        row("of another class", false, [](auto& volume, auto&) { volume.spec.storageClassName = "slow"; });
        row("of no class, for a claim of none", true, [](auto& volume, auto& claim) {
            volume.spec.storageClassName = "";
            claim.spec.storageClassName = "";
        });
        row("of the class in the old annotation", true, [](auto& volume, auto& claim) {
            volume.spec.storageClassName = "old";
            claim.metadata.annotations["volume.beta.kubernetes.io/storage-class"] = "old";
        });
        row("without the access mode", false, [](auto&, auto& claim) { claim.spec.accessModes = {"ReadWriteMany"}; });
        row("with more access modes", true,
            [](auto& volume, auto&) { volume.spec.accessModes.push_back("ReadWriteMany"); });
        row("a block device for a file system", false, [](auto& volume, auto&) { volume.spec.volumeMode = "Block"; });
        row("a file system, said by one alone", true,
            [](auto& volume, auto&) { volume.spec.volumeMode = "Filesystem"; });
        row("without the label", false,
            [](auto&, auto& claim) { claim.spec.selector.emplace().matchLabels = {{"disk", "ssd"}}; });
        row("with the label", true, [](auto& volume, auto& claim) {
            claim.spec.selector.emplace().matchLabels = {{"disk", "ssd"}};
            volume.metadata.labels = {{"disk", "ssd"}};
        });
        row("of other attributes", false, [](auto&, auto& claim) { claim.spec.volumeAttributesClassName = "gold"; });
        row("not yet looked at", false, [](auto& volume, auto&) { volume.status.phase = "Pending"; });
        row("released", false, [](auto& volume, auto&) { volume.status.phase = "Released"; });
        row("being deleted", false, [](auto& volume, auto&) { volume.metadata.deletionTimestamp = api::Time(at(0)); });
        row("reserved for another claim", false, [](auto& volume, auto&) { reserve(volume, claim("other")); });
        row("reserved for one of that name before", false, [](auto& volume, auto& claim) {
            reserve(volume, claim);
            volume.spec.claimRef->uid = "older";
        });
        row("reserved for it, whatever class and label say", true, [](auto& volume, auto& claim) {
            reserve(volume, claim, false);
            volume.spec.storageClassName = "slow";
            volume.status.phase = "Bound";
            claim.spec.selector.emplace().matchLabels = {{"disk", "ssd"}};
        });
        row("reserved for it, but too small", false, [](auto& volume, auto& claim) {
            reserve(volume, claim, false);
            volume.spec.capacity["storage"] = api::Quantity::of("1Mi");
        });
    }
    void aVolumeServesAClaimThatItFits() {
        QFETCH(Change, change);
        QFETCH(bool, fits);
        auto asks = claim("data");
        auto offers = volume("v");
        change(offers, asks);
        QCOMPARE(bestMatch(asks, {shared(offers)}) != nullptr, fits);
    }

    void theSmallestThatFitsIsTaken() {
        QCOMPARE(nameOf(bestMatch(claim("data"), {shared(volume("large", "9Gi")), shared(volume("fits", "2Gi")),
                                                  shared(volume("same", "2Gi")), shared(volume("small", "512Mi"))})),
                 std::string("fits"));
    }

    void fewerAccessModesComeBeforeASmallerSize() {
        auto shares = volume("shares", "1Gi");
        shares.spec.accessModes = {"ReadWriteOnce", "ReadOnlyMany"};
        QCOMPARE(nameOf(bestMatch(claim("data"), {shared(shares), shared(volume("plain", "5Gi"))})),
                 std::string("plain"));
    }

    void aClaimThatWaitsForItsConsumerTakesOnlyWhatIsReserved() {
        auto reserved = volume("reserved", "9Gi");
        reserve(reserved, claim("data"), false);
        QCOMPARE(nameOf(bestMatch(claim("data"), {shared(volume("free"))}, true)), std::string("none"));
        QCOMPARE(nameOf(bestMatch(claim("data"), {shared(volume("free")), shared(reserved)}, true)),
                 std::string("reserved"));
    }

    void theSchedulerAsksForANode() {
        corev1::Node node;
        node.metadata.name = "a";
        node.metadata.labels = {{"zone", "west"}};
        auto west = volume("west", "9Gi");
        auto& requirement = west.spec.nodeAffinity.emplace()
                                .required.emplace()
                                .nodeSelectorTerms.emplace_back()
                                .matchExpressions.emplace_back();
        requirement.key = "zone";
        requirement.operator_ = "In";
        requirement.values = {"west"};
        auto east = west;
        east.metadata.name = "east";
        east.spec.capacity["storage"] = api::Quantity::of("1Gi");
        east.spec.nodeAffinity->required->nodeSelectorTerms[0].matchExpressions[0].values = {"east"};
        QVERIFY(isReachableFrom(west, node) && !isReachableFrom(east, node));
        const auto names = [](const Volumes& volumes) {
            std::string joined;
            for (const auto& each : volumes) joined += each->metadata.name + " ";
            return joined;
        };
        QCOMPARE(names(candidatesFor(claim("data"), {shared(west), shared(east)})), std::string("east west "));
        // What is reserved out of reach leaves nothing else.
        auto reserved = east;
        reserve(reserved, claim("data"), false);
        QCOMPARE(names(candidatesFor(claim("data"), {shared(reserved), shared(west)})), std::string("east "));
    }

    void bothAreTiedAndMarkedOnce() {
        auto asks = claim("data");
        auto offers = volume("v");
        const auto tiedVolume = tied(offers, asks);
        QVERIFY(tiedVolume.has_value());
        QCOMPARE(tiedVolume->spec.claimRef->uid, asks.metadata.uid);
        QCOMPARE(tiedVolume->spec.claimRef->kind, std::string("PersistentVolumeClaim"));
        QVERIFY(annotation(*tiedVolume, kBoundByController));
        QVERIFY(!tied(*tiedVolume, asks));
        const auto tiedClaim = tied(asks, offers);
        QVERIFY(tiedClaim.has_value());
        QCOMPARE(tiedClaim->spec.volumeName, std::string("v"));
        QVERIFY(annotation(*tiedClaim, kBoundByController) && annotation(*tiedClaim, kBindCompleted));
        QVERIFY(!tied(*tiedClaim, offers));
    }

    // Who tied them by hand finds their ties afterwards.
    void whatAPersonReservedStaysReserved() {
        auto asks = claim("data");
        auto offers = volume("v");
        reserve(offers, asks, false);
        const auto tiedVolume = tied(offers, asks);
        QVERIFY(tiedVolume.has_value());
        QVERIFY(!annotation(*tiedVolume, kBoundByController));
        QCOMPARE(untied(*tiedVolume).spec.claimRef->name, std::string("data"));
        QCOMPARE(untied(*tiedVolume).spec.claimRef->uid, std::string());
        QVERIFY(!untied(*tied(volume("w"), asks)).spec.claimRef);
        asks.spec.volumeName = "v";
        QVERIFY(!annotation(*tied(asks, offers), kBoundByController));
    }

    void aBoundClaimShowsWhatTheVolumeGives() {
        auto asks = claim("data");
        const auto offers = volume("v", "2Gi");
        const auto status = statusIn(asks, "Bound", &offers).value();
        QCOMPARE(status->phase, std::string("Bound"));
        QCOMPARE(status->capacity.at("storage").toString(), std::string("2Gi"));
        asks.status = *status;
        QVERIFY(!statusIn(asks, "Bound", &offers).value());
        // The size of one that is bound is not touched: its file system may be smaller.
        const auto grown = volume("v", "3Gi");
        QVERIFY(!statusIn(asks, "Bound", &grown).value());
        QVERIFY(statusIn(asks, "Lost", nullptr).value()->capacity.empty());
        // The class of its attributes neither: whoever changes the volume says so.
        auto gold = volume("v", "2Gi");
        gold.spec.volumeAttributesClassName = "gold";
        QCOMPARE(statusIn(claim("new"), "Bound", &gold).value()->currentVolumeAttributesClassName.value_or(""), std::string("gold"));
        QVERIFY(!statusIn(asks, "Bound", &gold).value());
        auto remembers = volume("v", "3Gi");
        remembers.metadata.annotations[kPreResizeCapacity] = "2Gi";
        QCOMPARE(statusIn(claim("new"), "Bound", &remembers).value()->capacity.at("storage").toString(),
                 std::string("2Gi"));
        auto sizeless = volume("v");
        sizeless.spec.capacity.clear();
        QVERIFY(!statusIn(claim("new"), "Bound", &sizeless));
    }

    void growthIsToldStepByStep() {
        auto asks = claim("data");
        auto offers = volume("v");
        bind(offers, asks);
        corev1::PersistentVolumeClaimCondition other;
        other.type = "Unrelated";
        other.status = "True";
        asks.status.conditions.push_back(other);
        asks.status = growing(asks, api::Quantity::of("2Gi"), at(0));
        QCOMPARE(resizeStage(asks), std::string("ControllerResizeInProgress"));
        QCOMPARE(sizeBegun(asks).toString(), std::string("2Gi"));
        QCOMPARE(asks.status.conditions.at(1).type, std::string("Resizing"));
        // Said again it holds since it began.
        asks.status = growing(asks, api::Quantity::of("2Gi"), at(9));
        QCOMPARE(asks.status.conditions.at(1).lastTransitionTime, api::Time(at(0)));
        asks.status = awaitingNode(asks, at(10));
        QCOMPARE(asks.status.conditions.size(), 2U);
        QCOMPARE(asks.status.conditions.at(1).type, std::string("FileSystemResizePending"));
        QCOMPARE(resizeStage(asks), std::string("NodeResizePending"));
        asks.status = grown(asks, api::Quantity::of("2Gi"));
        QCOMPARE(presentSize(asks).toString(), std::string("2Gi"));
        QCOMPARE(resizeStage(asks), std::string());
        QCOMPARE(asks.status.conditions.size(), 1U);
    }

    void attachmentsHaveUpstreamsNames() {
        auto disk = volume("v");
        QVERIFY(!attachedName(disk));
        disk.spec.hostPath.reset();
        disk.spec.csi.emplace().driver = "disks.test";
        disk.spec.csi->volumeHandle = "h1";
        QCOMPARE(*attachedName(disk), std::string("kubernetes.io/csi/disks.test^h1"));
        // csi- and the SHA-256 of handle, driver and node.
        QCOMPARE(attachmentName("", "", ""),
                 std::string("csi-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        QVERIFY(attachmentName("h1", "d", "n") != attachmentName("h1", "d", "m"));
        QVERIFY(!attachesToMany(disk));
        disk.spec.accessModes = {"ReadWriteOncePod"};
        QVERIFY(!attachesToMany(disk));
        disk.spec.accessModes = {"ReadWriteOnce", "ReadOnlyMany"};
        QVERIFY(attachesToMany(disk));
    }

    void aPodNamesItsClaims() {
        corev1::Pod pod;
        pod.metadata.namespace_ = "default";
        pod.metadata.name = "p";
        pod.metadata.uid = "u";
        auto& data = pod.spec.volumes.emplace_back();
        data.name = "data";
        data.persistentVolumeClaim.emplace().claimName = "c";
        auto& scratch = pod.spec.volumes.emplace_back();
        scratch.name = "scratch";
        scratch.ephemeral.emplace();
        pod.spec.volumes.emplace_back().name = "none";
        QCOMPARE(claimKeys(pod), (std::vector<std::string>{"default/c", "default/p-scratch"}));
        auto made = claim("p-scratch");
        QCOMPARE(*notOwned(made, pod),
                 std::string("PVC default/p-scratch was not created for pod default/p (pod is not owner)"));
        auto& owner = made.metadata.ownerReferences.emplace_back();
        owner.uid = "u";
        owner.controller = true;
        QVERIFY(!notOwned(made, pod));
    }

    void aPodUsesItsVolumesUntilNothingOfItRuns() {
        corev1::Pod pod;
        pod.status.phase = "Running";
        pod.status.containerStatuses.emplace_back().state.running.emplace();
        QVERIFY(!isTerminated(pod));
        pod.metadata.deletionTimestamp = api::Time(at(0));
        QVERIFY(!isTerminated(pod));
        pod.status.containerStatuses[0].state.running.reset();
        pod.status.containerStatuses[0].state.terminated.emplace();
        QVERIFY(isTerminated(pod));
        pod.metadata.deletionTimestamp.reset();
        QVERIFY(!isTerminated(pod));
        pod.status.phase = "Failed";
        QVERIFY(isTerminated(pod));
    }
};

QTEST_APPLESS_MAIN(VolumeMatchTest)
#include "volume_match_test.moc"
