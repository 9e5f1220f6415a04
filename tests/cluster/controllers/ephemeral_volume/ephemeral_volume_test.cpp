// Claims of Pods' generic ephemeral volumes.
#include "cluster/controllers/ephemeral_volume/ephemeral_volume_controller.h"

#include <QtTest>

#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"
#include "tests/cluster/controllers/volumes/volume_builders.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

class Scratch : public Scene {
public:
    Scratch()
        : Scene({{.name = "ephemeral-volume-controller", .alias = "ephemeral-volume", .make = [](Context& context) {
                      return std::make_unique<EphemeralVolumeController>(context);
                  }}}) {}

    static corev1::Pod podWithScratch() {
        auto made = pod("p");
        made.metadata.uid = "uid-of-p";
        auto& volume = made.spec.volumes.emplace_back();
        volume.name = "scratch";
        auto& asks = volume.ephemeral.emplace().volumeClaimTemplate.emplace();
        asks.metadata.labels = {{"kind", "scratch"}};
        asks.spec = claim("x", "2Gi").spec;
        return made;
    }
    client::Ptr<corev1::PersistentVolumeClaim> made() {
        return client.stored<corev1::PersistentVolumeClaim>("default", "p-scratch");
    }
};

}  // namespace

class EphemeralVolumeTest : public QObject {
    Q_OBJECT
private slots:
    void aPodsEphemeralVolumeGetsItsClaim() {
        Scratch scene;
        scene.client.put(Scratch::podWithScratch());
        scene.settle();
        QVERIFY(scene.made());
        QCOMPARE(scene.made()->metadata.labels.at("kind"), std::string("scratch"));
        QCOMPARE(scene.made()->spec.resources.requests.at("storage").toString(), std::string("2Gi"));
        const auto& owner = scene.made()->metadata.ownerReferences.at(0);
        QCOMPARE(owner.kind + " " + owner.name + " " + owner.uid, std::string("Pod p uid-of-p"));
        QVERIFY(owner.controller.value_or(false) && owner.blockOwnerDeletion.value_or(false));
        QCOMPARE(joined(scene.client.takeWrites()), QString("create persistentvolumeclaims default/p-scratch\n"));
    }

    void aClaimThatIsDeletedUnderItIsMadeAgain() {
        Scratch scene;
        scene.client.put(Scratch::podWithScratch());
        scene.settle();
        scene.client.erase(client::resourceOf<corev1::PersistentVolumeClaim>(), "default", "p-scratch");
        scene.settle();
        QVERIFY(scene.made());
        auto leaving = Scratch::podWithScratch();
        leaving.metadata.deletionTimestamp = api::Time(scene.executor.clock().now());
        scene.client.put(leaving);
        scene.client.erase(client::resourceOf<corev1::PersistentVolumeClaim>(), "default", "p-scratch");
        scene.settle();
        QVERIFY(!scene.made());
    }

    void anothersClaimIsNotTaken() {
        Scratch scene;
        scene.client.put(claim("p-scratch"));
        scene.client.put(Scratch::podWithScratch());
        scene.settle();
        QVERIFY(joined(scene.client.takeEvents())
                    .contains("Warning FailedBinding ephemeral volume scratch: PVC default/p-scratch was not created "
                              "for pod default/p (pod is not owner)"));
        QVERIFY(scene.made()->metadata.ownerReferences.empty());
    }

    void staleCopiesAndRefusalsMakeOneClaim() {
        Scratch scene;
        int left = 2;
        scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (!request.starts_with("create persistentvolumeclaims") || left-- <= 0) return std::nullopt;
            return Error{Reason::ServiceUnavailable, "not now"};
        };
        scene.client.put(Scratch::podWithScratch());
        scene.settle();
        QVERIFY(scene.made());
        scene.client.holdWatches(true);
        scene.client.erase(client::resourceOf<corev1::PersistentVolumeClaim>(), "default", "p-scratch");
        scene.settle();
        scene.client.holdWatches(false);
        scene.runFor(5s);
        QVERIFY(scene.made());
        QCOMPARE(scene.client.all<corev1::PersistentVolumeClaim>().size(), 1U);
    }
};

QTEST_GUILESS_MAIN(EphemeralVolumeTest)
#include "ephemeral_volume_test.moc"
