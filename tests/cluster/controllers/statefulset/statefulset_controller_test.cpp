// StatefulSets in simulated time, with a kubelet that makes every Pod ready unless the test says otherwise.
#include "cluster/controllers/statefulset/statefulset_controller.h"

#include <QtTest>

#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

class Ordinals : public Scene {
public:
    explicit Ordinals(std::uint64_t seed = 1)
        : Scene({{.name = "statefulset-controller",
                  .alias = "statefulset",
                  .make = [](Context& context) { return std::make_unique<StatefulSetController>(context); }}},
                seed) {}

    std::string stuck;  // a Pod that never becomes ready

    void putSet(std::int32_t replicas, const std::function<void(appsv1::StatefulSet&)>& with = {}) {
        appsv1::StatefulSet set;
        set.metadata.namespace_ = "default";
        set.metadata.name = "db";
        set.spec.replicas = replicas;
        set.spec.serviceName = "db";
        set.spec.selector = selecting({{"app", "web"}});
        set.spec.template_ = templateOf("lab:1");
        set.spec.podManagementPolicy = appsv1::OrderedReadyPodManagement;
        set.spec.updateStrategy.type = appsv1::RollingUpdateStatefulSetStrategyType;
        set.spec.updateStrategy.rollingUpdate.emplace().partition = 0;
        set.spec.revisionHistoryLimit = 10;
        if (with) with(set);
        client.put(set);
    }
    client::Ptr<appsv1::StatefulSet> db() { return client.stored<appsv1::StatefulSet>("default", "db"); }
    void change(const std::function<void(appsv1::StatefulSet&)>& with) {
        auto changed = *db();
        with(changed);
        client.put(changed);
    }
    void settle(int seconds = 30) {
        for (int i = 0; i < seconds; ++i) {
            runFor(1s);
            runKubelet();
            note();
        }
    }
    void runKubelet() {
        for (const auto& found : client.all<corev1::Pod>()) {
            if (found->status.phase != corev1::PodPending || found->metadata.name == stuck ||
                found->spec.containers.at(0).image == "broken")
                continue;
            corev1::Pod changed = *found;
            markReady(changed, api::Time(executor.clock().now()));
            client.put(changed);
        }
    }
    // Each state that the Pods were in, once.
    void note() {
        if (const QString now = pods(); states.isEmpty() || states.last() != now) states << now;
    }
    // "0=lab:1" of each Pod; ? for those that are not ready.
    QString pods() {
        QStringList all;
        for (const auto& pod : client.all<corev1::Pod>()) {
            const bool ready = pod->status.phase == corev1::PodRunning;
            all << QString::fromStdString(pod->metadata.name.substr(3) + "=" + pod->spec.containers.at(0).image) +
                       (ready ? "" : "?");
        }
        all.sort();
        return all.join(' ');
    }
    QStringList claims() {
        QStringList all;
        for (const auto& claim : client.all<corev1::PersistentVolumeClaim>()) {
            QString owners;
            for (const auto& one : claim->metadata.ownerReferences) owners += QString::fromStdString(" " + one.kind);
            all << QString::fromStdString(claim->metadata.name) + owners;
        }
        all.sort();
        return all;
    }
    void withClaims(appsv1::StatefulSet& set, const std::string& whenDeleted = "Retain",
                    const std::string& whenScaled = "Retain") {
        set.spec.volumeClaimTemplates.emplace_back().metadata.name = "data";
        set.spec.persistentVolumeClaimRetentionPolicy.emplace() = {.whenDeleted = whenDeleted,
                                                                   .whenScaled = whenScaled};
    }
    QStringList states;
};

}  // namespace

class StatefulSetControllerTest : public QObject {
    Q_OBJECT
private slots:
    void podsComeOneAfterTheOther() {
        Ordinals scene;
        scene.putSet(3);
        scene.settle();
        QCOMPARE(scene.states, (QStringList{"0=lab:1", "0=lab:1 1=lab:1", "0=lab:1 1=lab:1 2=lab:1"}));
        const auto pod = scene.client.stored<corev1::Pod>("default", "db-1");
        QCOMPARE(pod->spec.hostname, std::string("db-1"));
        QCOMPARE(pod->spec.subdomain, std::string("db"));
        QCOMPARE(pod->metadata.labels.at("apps.kubernetes.io/pod-index"), std::string("1"));
        QCOMPARE(pod->metadata.labels.at("statefulset.kubernetes.io/pod-name"), std::string("db-1"));
        const auto& status = scene.db()->status;
        QCOMPARE(status.readyReplicas, 3);
        QCOMPARE(status.currentReplicas, 3);
        QCOMPARE(status.currentRevision, status.updateRevision);
    }

    void oneThatIsNotReadyHoldsUpTheNext() {
        Ordinals scene;
        scene.stuck = "db-1";
        scene.putSet(3);
        scene.settle();
        QCOMPARE(scene.pods(), QString("0=lab:1 1=lab:1?"));
    }

    void inParallelNobodyWaits() {
        Ordinals scene;
        scene.stuck = "db-0";
        scene.putSet(3, [](auto& set) { set.spec.podManagementPolicy = appsv1::ParallelPodManagement; });
        scene.settle(3);
        QCOMPARE(scene.pods(), QString("0=lab:1? 1=lab:1 2=lab:1"));
    }

    void theHighestOrdinalGoesFirst() {
        Ordinals scene;
        scene.putSet(3);
        scene.settle();
        scene.states.clear();
        scene.change([](auto& set) { set.spec.replicas = 1; });
        scene.settle();
        QCOMPARE(scene.pods(), QString("0=lab:1"));
        QVERIFY(!scene.states.contains("0=lab:1 2=lab:1"));
        QCOMPARE(joined(scene.client.takeEvents()).count("Normal SuccessfulDelete Delete Pod db-"), 2);
    }

    void ordinalsMayBeginElsewhere() {
        Ordinals scene;
        scene.putSet(2, [](auto& set) { set.spec.ordinals.emplace().start = 5; });
        scene.settle();
        QCOMPARE(scene.pods(), QString("5=lab:1 6=lab:1"));
        scene.change([](auto& set) { set.spec.ordinals->start = 6; });
        scene.settle();
        QCOMPARE(scene.pods(), QString("6=lab:1 7=lab:1"));
    }

    void anUpdateGoesFromTheHighestOrdinalDown() {
        Ordinals scene;
        scene.putSet(3);
        scene.settle();
        scene.states.clear();
        scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "lab:2"; });
        scene.settle(60);
        QCOMPARE(scene.pods(), QString("0=lab:2 1=lab:2 2=lab:2"));
        QVERIFY(scene.states.contains("0=lab:1 1=lab:1 2=lab:2"));
        QVERIFY(scene.states.contains("0=lab:1 1=lab:2 2=lab:2"));
        QCOMPARE(scene.db()->status.currentRevision, scene.db()->status.updateRevision);
    }

    void anUpdateThatBreaksStopsAndCanBeUndone() {
        Ordinals scene;
        scene.putSet(3);
        scene.settle();
        scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "broken"; });
        scene.settle(60);
        QCOMPARE(scene.pods(), QString("0=lab:1 1=lab:1 2=broken?"));
        scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "lab:1"; });
        scene.settle(60);
        // As upstream: with ordered Pods somebody has to delete the one that cannot become ready.
        QCOMPARE(scene.pods(), QString("0=lab:1 1=lab:1 2=broken?"));
        scene.client.erase(client::resourceOf<corev1::Pod>(), "default", "db-2");
        scene.settle();
        QCOMPARE(scene.pods(), QString("0=lab:1 1=lab:1 2=lab:1"));
        QCOMPARE(scene.client.all<appsv1::ControllerRevision>().size(), 2U);
    }

    void belowThePartitionNothingIsUpdated() {
        Ordinals scene;
        scene.putSet(3, [](auto& set) { set.spec.updateStrategy.rollingUpdate->partition = 2; });
        scene.settle();
        scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "lab:2"; });
        scene.settle(60);
        QCOMPARE(scene.pods(), QString("0=lab:1 1=lab:1 2=lab:2"));
        scene.client.erase(client::resourceOf<corev1::Pod>(), "default", "db-0");
        scene.settle();
        QCOMPARE(scene.pods(), QString("0=lab:1 1=lab:1 2=lab:2"));  // it comes back as it was
        QCOMPARE(scene.db()->status.updatedReplicas, 1);
        QCOMPARE(scene.db()->status.currentReplicas, 2);
    }

    void onDeleteWaitsForSomebody() {
        Ordinals scene;
        scene.putSet(2, [](auto& set) { set.spec.updateStrategy = {.type = appsv1::OnDeleteStatefulSetStrategyType}; });
        scene.settle();
        scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "lab:2"; });
        scene.settle();
        QCOMPARE(scene.pods(), QString("0=lab:1 1=lab:1"));
        scene.client.erase(client::resourceOf<corev1::Pod>(), "default", "db-0");
        scene.settle();
        QCOMPARE(scene.pods(), QString("0=lab:2 1=lab:1"));
    }

    void anEndedPodIsMadeAgain() {
        Ordinals scene;
        scene.putSet(1);
        scene.settle();
        auto ended = *scene.client.stored<corev1::Pod>("default", "db-0");
        const std::string uid = ended.metadata.uid;
        ended.status.phase = corev1::PodFailed;
        scene.client.put(ended);
        scene.settle();
        QCOMPARE(scene.pods(), QString("0=lab:1"));
        QVERIFY(scene.client.stored<corev1::Pod>("default", "db-0")->metadata.uid != uid);
    }

    // The revision still names the set that is gone: its template is the same, and no Pod has to be made anew.
    void aNewSetOfTheNameTakesOrphansOverAsTheyAre() {
        Ordinals scene;
        scene.putSet(2);
        scene.settle();
        const auto uids = [&] {
            std::vector<std::string> all;
            for (const auto& pod : scene.client.all<corev1::Pod>()) all.push_back(pod->metadata.uid);
            return all;
        };
        const auto before = uids();
        QCOMPARE(before.size(), 2U);
        scene.client.erase(client::resourceOf<appsv1::StatefulSet>(), "default", "db");
        for (const auto& pod : scene.client.all<corev1::Pod>()) {
            corev1::Pod orphan = *pod;
            orphan.metadata.ownerReferences.clear();
            scene.client.put(orphan);
        }
        scene.putSet(2);
        scene.settle();
        QCOMPARE(uids(), before);
        for (const auto& pod : scene.client.all<corev1::Pod>())
            QCOMPARE(pod->metadata.ownerReferences.at(0).uid, scene.db()->metadata.uid);
    }

    void eachPodHasItsClaim() {
        Ordinals scene;
        scene.putSet(2, [&](auto& set) { scene.withClaims(set); });
        scene.settle();
        QCOMPARE(scene.claims(), (QStringList{"data-db-0", "data-db-1"}));
        QCOMPARE(
            scene.client.stored<corev1::Pod>("default", "db-1")->spec.volumes.at(0).persistentVolumeClaim->claimName,
            std::string("data-db-1"));
        QVERIFY(joined(scene.client.takeEvents())
                    .startsWith("Normal SuccessfulCreate Create Claim data-db-0 Pod db-0 in StatefulSet db success\n"
                                "Normal SuccessfulCreate Create Pod db-0 in StatefulSet db successful\n"));
        scene.change([](auto& set) { set.spec.replicas = 1; });
        scene.settle();
        QCOMPARE(scene.claims(), (QStringList{"data-db-0", "data-db-1"}));
    }

    void claimsGoWithTheSetOrThePodAsThePolicySays_data() {
        QTest::addColumn<QString>("whenDeleted");
        QTest::addColumn<QString>("whenScaled");
        QTest::addColumn<QStringList>("wanted");
        QTest::addColumn<QStringList>("scaledAway");
        QTest::newRow("kept") << "Retain"
                              << "Retain" << QStringList{"data-db-0", "data-db-1"}
                              << QStringList{"data-db-0", "data-db-1"};
        QTest::newRow("with the set") << "Delete"
                                      << "Retain" << QStringList{"data-db-0 StatefulSet", "data-db-1 StatefulSet"}
                                      << QStringList{"data-db-0 StatefulSet", "data-db-1 StatefulSet"};
        QTest::newRow("with the Pod") << "Retain"
                                      << "Delete" << QStringList{"data-db-0", "data-db-1"}
                                      << QStringList{"data-db-0", "data-db-1 Pod"};
        QTest::newRow("with both") << "Delete"
                                   << "Delete" << QStringList{"data-db-0 StatefulSet", "data-db-1 StatefulSet"}
                                   << QStringList{"data-db-0 StatefulSet", "data-db-1 Pod"};
    }
    void claimsGoWithTheSetOrThePodAsThePolicySays() {
        QFETCH(QString, whenDeleted);
        QFETCH(QString, whenScaled);
        Ordinals scene;
        scene.putSet(2, [&](auto& set) { scene.withClaims(set, whenDeleted.toStdString(), whenScaled.toStdString()); });
        scene.settle();
        QTEST(scene.claims(), "wanted");
        scene.change([](auto& set) { set.spec.replicas = 1; });
        scene.settle();
        QTEST(scene.claims(), "scaledAway");
    }

    // The claim of a Pod that was scaled away is about to be deleted; that it is gone shows in nothing else of the
    // set's.
    void aPodIsMadeOnceTheClaimOfItsPredecessorIsGone() {
        Ordinals scene;
        scene.putSet(2, [&](auto& set) { scene.withClaims(set, "Retain", "Delete"); });
        scene.settle();
        scene.change([](auto& set) { set.spec.replicas = 1; });
        scene.settle();
        scene.change([](auto& set) { set.spec.replicas = 2; });
        scene.settle();
        QCOMPARE(scene.pods(), QString("0=lab:1"));
        scene.client.erase(client::resourceOf<corev1::PersistentVolumeClaim>(), "default", "data-db-1");
        scene.settle();
        QCOMPARE(scene.pods(), QString("0=lab:1 1=lab:1"));
    }

    // Whatever write fails and however old the copies are: never two Pods of one ordinal, none out of turn, and all in
    // the end.
    void failedWritesBreakNoOrder() {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            Ordinals scene(seed);
            base::Random dice(seed);
            scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
                if (request.starts_with("get") || request.starts_with("list") || dice.below(3) != 0)
                    return std::nullopt;
                return Error{Reason::InternalError, "no luck"};
            };
            scene.putSet(3, [&](auto& set) { scene.withClaims(set); });
            for (int round = 0; round < 80; ++round) {
                scene.client.holdWatches(dice.below(3) == 0);
                scene.runFor(1s);
                scene.runKubelet();
                if (round == 40) scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "lab:2"; });
                if (round >= 40) continue;
                QVERIFY2(QString("0=lab:1 1=lab:1 2=lab:1").startsWith(scene.pods()), qPrintable(scene.pods()));
            }
            scene.client.refuse = nullptr;
            scene.client.holdWatches(false);
            scene.settle(200);
            QCOMPARE(scene.pods(), QString("0=lab:2 1=lab:2 2=lab:2"));
            QCOMPARE(scene.claims().size(), 3);
        }
    }
};

QTEST_GUILESS_MAIN(StatefulSetControllerTest)
#include "statefulset_controller_test.moc"
