// What becomes of claims and volumes as they stand.
#include "cluster/controllers/persistentvolume_binder/binding_plan.h"

#include <QtTest>

#include "tests/cluster/controllers/volumes/volume_builders.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;

namespace {

using ClaimDo = ClaimStep::Do;
using VolumeDo = VolumeStep::Do;

VolumePtr shared(corev1::PersistentVolume of) {
    return std::make_shared<const corev1::PersistentVolume>(std::move(of));
}

QString told(const std::optional<Notice>& notice) {
    return notice ? QString::fromStdString(notice->type + " " + notice->reason + " " + notice->message) : QString();
}

}  // namespace

class BindingPlanTest : public QObject {
    Q_OBJECT
private slots:
    void aClaimGetsTheVolumeThatFits() {
        const auto asks = claim("data");
        const auto step = planClaim({.claim = asks, .named = nullptr, .match = shared(volume("v"))});
        QCOMPARE(step.what, ClaimDo::Bind);
        QCOMPARE(step.volume->metadata.name, std::string("v"));
    }

    void aClaimWithoutAMatchIsProvisionedForByItsClass() {
        const auto asks = claim("data");
        QCOMPARE(planClaim({.claim = asks, .named = nullptr, .match = nullptr}).what, ClaimDo::Provision);
    }

    void aClaimOfNoClassWaitsAndSaysSo() {
        auto asks = claim("data");
        asks.spec.storageClassName = "";
        const auto step = planClaim({.claim = asks, .named = nullptr, .match = nullptr, .defaultClass = "standard"});
        QCOMPARE(step.what, ClaimDo::KeepPending);
        QCOMPARE(
            told(step.notice),
            QString("Normal FailedBinding no persistent volumes available for this claim and no storage class is set"));
    }

    void aClaimThatSaysNothingOfItsClassGetsTheDefaultOneLater() {
        auto asks = claim("data");
        asks.spec.storageClassName.reset();
        QCOMPARE(planClaim({.claim = asks, .named = nullptr, .match = nullptr, .defaultClass = "standard"}).what,
                 ClaimDo::AssignClass);
        QCOMPARE(planClaim({.claim = asks, .named = nullptr, .match = nullptr}).what, ClaimDo::KeepPending);
        QCOMPARE(
            planClaim({.claim = asks, .named = nullptr, .match = shared(volume("v")), .defaultClass = "standard"}).what,
            ClaimDo::Bind);
    }

    void aClaimThatWaitsForItsConsumerSaysForWhom() {
        auto asks = claim("data");
        ClaimSight sight{.claim = asks, .named = nullptr, .match = nullptr, .delayed = true};
        QCOMPARE(planClaim(sight).what, ClaimDo::KeepPending);
        QCOMPARE(told(planClaim(sight).notice),
                 QString("Normal WaitForFirstConsumer waiting for first consumer to be created before binding"));
        sight.waitingPods = {"a"};
        QCOMPARE(told(planClaim(sight).notice),
                 QString("Normal WaitForPodScheduled waiting for pod a to be scheduled"));
        sight.waitingPods = {"a", "b"};
        QCOMPARE(told(planClaim(sight).notice),
                 QString("Normal WaitForPodScheduled waiting for pods a,b to be scheduled"));
        asks.metadata.annotations["volume.kubernetes.io/selected-node"] = "n1";
        QCOMPARE(planClaim(sight).what, ClaimDo::Provision);
    }

    void aClaimThatNamesItsVolume_data() {
        QTest::addColumn<int>("what");
        QTest::addColumn<QString>("told");
        QTest::newRow("that is not there") << int(ClaimDo::KeepPending) << "";
        QTest::newRow("that is free") << int(ClaimDo::Bind) << "";
        QTest::newRow("that is reserved for it") << int(ClaimDo::Bind) << "";
        QTest::newRow("that is too small")
            << int(ClaimDo::KeepPending)
            << "Warning VolumeMismatch Cannot bind to requested volume \"v\": requested PV is too small";
        QTest::newRow("that another has")
            << int(ClaimDo::KeepPending) << "Warning FailedBinding volume \"v\" already bound to a different claim.";
        QTest::newRow("that another has, by the controller")
            << int(ClaimDo::Refuse) << "Warning FailedBinding volume \"v\" already bound to a different claim.";
    }
    void aClaimThatNamesItsVolume() {
        const std::string tag = QTest::currentDataTag();
        auto asks = claim("data");
        asks.spec.volumeName = "v";
        auto named = volume("v");
        if (tag == "that is reserved for it") reserve(named, asks, false);
        if (tag == "that is too small") named.spec.capacity["storage"] = api::Quantity::of("1Mi");
        if (tag.starts_with("that another has")) reserve(named, claim("other"));
        if (tag.ends_with("controller")) asks.metadata.annotations["pv.kubernetes.io/bound-by-controller"] = "yes";
        const auto step =
            planClaim({.claim = asks, .named = tag == "that is not there" ? nullptr : shared(named), .match = nullptr});
        QTEST(int(step.what), "what");
        QTEST(told(step.notice), "told");
    }

    void aBoundClaimThatMissesItsVolumeIsLost_data() {
        QTest::addColumn<int>("what");
        QTest::addColumn<QString>("told");
        QTest::newRow("all is well") << int(ClaimDo::Bind) << "";
        QTest::newRow("the volume forgot") << int(ClaimDo::Bind) << "";
        QTest::newRow("no volume")
            << int(ClaimDo::Lose)
            << "Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!";
        QTest::newRow("no name")
            << int(ClaimDo::Lose)
            << "Warning ClaimLost Bound claim has lost reference to PersistentVolume. Data on the volume is lost!";
        QTest::newRow("another's volume")
            << int(ClaimDo::Lose)
            << "Warning ClaimMisbound Two claims are bound to the same volume, this one is bound incorrectly";
        QTest::newRow("lost before") << int(ClaimDo::Lose) << "";
    }
    void aBoundClaimThatMissesItsVolumeIsLost() {
        const std::string tag = QTest::currentDataTag();
        auto asks = claim("data");
        auto named = volume("v");
        bind(named, asks);
        if (tag == "the volume forgot") named.spec.claimRef.reset();
        if (tag == "no name") asks.spec.volumeName.clear();
        if (tag == "another's volume") reserve(named, claim("other"));
        if (tag == "lost before") asks.status.phase = "Lost";
        const bool missing = tag == "no volume" || tag == "lost before";
        const auto step = planClaim({.claim = asks, .named = missing ? nullptr : shared(named), .match = nullptr});
        QTEST(int(step.what), "what");
        QTEST(told(step.notice), "told");
    }

    void aVolumeFollowsItsClaim_data() {
        QTest::addColumn<int>("what");
        QTest::newRow("unused") << int(VolumeDo::BeAvailable);
        QTest::newRow("reserved") << int(VolumeDo::BeAvailable);
        QTest::newRow("bound") << int(VolumeDo::BeBound);
        QTest::newRow("half bound") << int(VolumeDo::WakeClaim);
        QTest::newRow("of the wrong mode") << int(VolumeDo::Nothing);
        QTest::newRow("claim gone") << int(VolumeDo::Reclaim);
        QTest::newRow("claim bound elsewhere") << int(VolumeDo::Unbind);
        QTest::newRow("claim bound elsewhere, made for it") << int(VolumeDo::Reclaim);
    }
    void aVolumeFollowsItsClaim() {
        const std::string tag = QTest::currentDataTag();
        auto asks = claim("data");
        auto serves = volume("v");
        bind(serves, asks);
        if (tag == "unused") serves.spec.claimRef.reset();
        if (tag == "reserved") reserve(serves, asks, false);
        if (tag == "half bound" || tag == "of the wrong mode") asks.spec.volumeName.clear();
        if (tag == "of the wrong mode") serves.spec.volumeMode = "Block";
        if (tag.starts_with("claim bound elsewhere")) asks.spec.volumeName = "w";
        if (tag.ends_with("made for it")) {
            serves.metadata.annotations["pv.kubernetes.io/provisioned-by"] = "disks.test";
            serves.spec.persistentVolumeReclaimPolicy = "Delete";
        }
        const auto step = planVolume({.volume = serves, .claim = tag == "claim gone" ? nullptr : &asks});
        QTEST(int(step.what), "what");
        QCOMPARE(step.notice.has_value(), tag == "of the wrong mode");
        QCOMPARE(step.claimNotice.has_value(), tag == "of the wrong mode");
    }
};

QTEST_APPLESS_MAIN(BindingPlanTest)
#include "binding_plan_test.moc"
