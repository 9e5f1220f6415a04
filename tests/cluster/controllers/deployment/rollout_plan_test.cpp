#include "cluster/controllers/deployment/rollout_plan.h"

#include <QtTest>

#include "cluster/controllers/pods/template_hash.h"
#include "tests/cluster/controllers/builders.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;

namespace {

using Set = client::Ptr<appsv1::ReplicaSet>;

appsv1::Deployment rolling(int replicas, const char* surge, const char* unavailable) {
    auto made = deployment("web", replicas);
    const auto value = [](const char* text) { return std::string_view(text).ends_with('%') ? api::IntOrString(text) : api::IntOrString(std::atoi(text)); };
    made.spec.strategy.rollingUpdate->maxSurge = value(surge);
    made.spec.strategy.rollingUpdate->maxUnavailable = value(unavailable);
    return made;
}

Set set(const std::string& name, int size, int available, int order = 0, int most = 0) {
    auto made = replicaSet(name, size);
    made.metadata.uid = name;
    made.metadata.creationTimestamp = api::Time::fromUnix(1'000'000 + order);
    made.status.availableReplicas = available;
    made.status.replicas = size;
    if (most > 0) setReplicasAnnotations(made, size, most);
    return std::make_shared<const appsv1::ReplicaSet>(made);
}

QString text(const std::vector<Resize>& plan) {
    QStringList steps;
    for (const auto& step : plan) steps << QString("%1 %2->%3").arg(QString::fromStdString(step.set->metadata.name)).arg(step.from).arg(step.to);
    return steps.join(", ");
}

}  // namespace

class RolloutPlanTest : public QObject {
    Q_OBJECT
private slots:
    void surgeIsRoundedUpAndUnavailabilityDown_data() {
        QTest::addColumn<int>("desired");
        QTest::addColumn<QString>("surge");
        QTest::addColumn<QString>("unavailable");
        QTest::addColumn<int>("expectedSurge");
        QTest::addColumn<int>("expectedUnavailable");
        QTest::newRow("quarters of ten") << 10 << "25%" << "25%" << 3 << 2;
        QTest::newRow("quarters of three") << 3 << "25%" << "25%" << 1 << 0;
        QTest::newRow("a little of one") << 1 << "1%" << "0%" << 1 << 0;
        QTest::newRow("both come to nothing") << 1 << "0%" << "1%" << 0 << 1;
        QTest::newRow("numbers") << 7 << "2" << "3" << 2 << 3;
    }
    void surgeIsRoundedUpAndUnavailabilityDown() {
        QFETCH(int, desired);
        QFETCH(QString, surge);
        QFETCH(QString, unavailable);
        QFETCH(int, expectedSurge);
        QFETCH(int, expectedUnavailable);
        const Fenceposts posts = fenceposts(rolling(desired, qPrintable(surge), qPrintable(unavailable)));
        QCOMPARE(posts.surge, expectedSurge);
        QCOMPARE(posts.unavailable, expectedUnavailable);
    }

    void aRollingUpdateGrowsTheNewSetWhileThereIsRoom_data() {
        QTest::addColumn<int>("oldSize");
        QTest::addColumn<int>("newSize");
        QTest::addColumn<QString>("plan");
        QTest::newRow("surge first") << 10 << 0 << "new 0->3";
        QTest::newRow("no room") << 10 << 3 << "";
        QTest::newRow("room again") << 8 << 3 << "new 3->5";
        QTest::newRow("never beyond the goal") << 0 << 9 << "new 9->10";
        QTest::newRow("done") << 0 << 10 << "";
        QTest::newRow("too many are taken back") << 0 << 12 << "new 12->10";
    }
    void aRollingUpdateGrowsTheNewSetWhileThereIsRoom() {
        QFETCH(int, oldSize);
        QFETCH(int, newSize);
        QFETCH(QString, plan);
        QCOMPARE(text(planRollingUp(rolling(10, "25%", "25%"), set("new", newSize, 0), {set("old", oldSize, oldSize)})), plan);
    }

    void aRollingUpdateShrinksOldSetsWhileEnoughIsAvailable_data() {
        QTest::addColumn<int>("newSize");
        QTest::addColumn<int>("newAvailable");
        QTest::addColumn<int>("oldSize");
        QTest::addColumn<int>("oldAvailable");
        QTest::addColumn<QString>("plan");
        QTest::newRow("what may be unavailable goes at once") << 0 << 0 << 10 << 10 << "old 10->8";
        QTest::newRow("new ones that are not available count as missing") << 5 << 0 << 8 << 8 << "";
        QTest::newRow("as the new ones come, old ones go") << 5 << 5 << 8 << 8 << "old 8->3";
        QTest::newRow("unhealthy ones go first") << 3 << 3 << 10 << 6 << "old 10->6, old 6->5";
        QTest::newRow("nothing is left") << 10 << 10 << 0 << 0 << "";
        QTest::newRow("the last") << 10 << 10 << 2 << 2 << "old 2->0";
    }
    void aRollingUpdateShrinksOldSetsWhileEnoughIsAvailable() {
        QFETCH(int, newSize);
        QFETCH(int, newAvailable);
        QFETCH(int, oldSize);
        QFETCH(int, oldAvailable);
        QFETCH(QString, plan);
        QCOMPARE(text(planRollingDown(rolling(10, "25%", "25%"), set("new", newSize, newAvailable), {set("old", oldSize, oldAvailable)})), plan);
    }

    void olderSetsShrinkBeforeYoungerOnes() {
        QCOMPARE(text(planRollingDown(rolling(10, "3", "2"), set("new", 5, 5), {set("younger", 4, 4, 2), set("older", 4, 4, 1)})), QString("older 4->0, younger 4->3"));
    }

    // The status of a set that was just made smaller still tells of the Pods that are to go.
    void podsBeyondASetsSizeDoNotCountAsAvailable() {
        QCOMPARE(text(planRollingDown(rolling(7, "2", "0"), set("new", 5, 4), {set("old", 4, 5)})), QString("old 4->3"));
        QCOMPARE(text(planRollingDown(rolling(7, "2", "0"), set("new", 2, 5), {set("old", 5, 5)})), QString());
    }

    void noPodIsTakenBeforeEachSetHasSeenItsSize() {
        const auto unseen = [](const Set& seen) {
            auto copy = *seen;
            copy.metadata.generation = 3;
            copy.status.observedGeneration = 2;
            return std::make_shared<const appsv1::ReplicaSet>(copy);
        };
        const auto goal = rolling(5, "1", "1");
        QCOMPARE(text(planRollingDown(goal, set("new", 3, 3), {set("old", 3, 3)})), QString("old 3->1"));
        QCOMPARE(text(planRollingDown(goal, unseen(set("new", 3, 3)), {set("old", 3, 3)})), QString());
        QCOMPARE(text(planRollingDown(goal, set("new", 3, 3), {unseen(set("old", 3, 3))})), QString());
        // What has no available Pods counts for nothing anyway.
        QCOMPARE(text(planRollingDown(goal, unseen(set("new", 1, 0)), {set("old", 5, 5)})), QString("old 5->4"));
    }

    void scalingDuringARolloutIsSharedBySize_data() {
        QTest::addColumn<int>("desired");
        QTest::addColumn<QString>("plan");
        QTest::newRow("up") << 15 << "old 8->11, new 5->7";
        QTest::newRow("down") << 5 << "old 8->5, new 5->3";
        QTest::newRow("to nothing") << 0 << "old 8->0, new 5->0";
        QTest::newRow("the same") << 10 << "old 8->8, new 5->5";
    }
    void scalingDuringARolloutIsSharedBySize() {
        QFETCH(int, desired);
        QFETCH(QString, plan);
        QCOMPARE(text(planScale(rolling(desired, "3", "2"), set("new", 5, 0, 2, 13), {set("old", 8, 8, 1, 13)})), plan);
    }

    void scalingWithoutARolloutConcernsTheOnlyActiveSet() {
        QCOMPARE(text(planScale(rolling(5, "25%", "25%"), set("new", 3, 3), {set("old", 0, 0)})), QString("new 3->5"));
        QCOMPARE(text(planScale(rolling(5, "25%", "25%"), set("new", 0, 0), {set("old", 3, 3)})), QString("old 3->5"));
        QCOMPARE(text(planScale(rolling(2, "25%", "25%"), nullptr, {set("first", 0, 0, 1), set("second", 0, 0, 2)})), QString("second 0->2"));
        QCOMPARE(text(planScale(rolling(3, "25%", "25%"), set("new", 3, 3, 2, 4), {set("old", 2, 2, 1)})), QString("old 2->0"));
    }

    void onlyOldEmptyAndObservedSetsBeyondTheLimitAreCleanedUp() {
        auto limited = rolling(3, "25%", "25%");
        limited.spec.revisionHistoryLimit = 1;
        const auto revision = [](const std::string& name, const std::string& number, int size = 0) {
            auto made = *set(name, size, size);
            made.metadata.annotations[kRevisionAnnotation] = number;
            return std::make_shared<const appsv1::ReplicaSet>(made);
        };
        const auto goes = [&](const ReplicaSets& old) {
            QStringList names;
            for (const auto& each : planCleanup(limited, old)) names << QString::fromStdString(each->metadata.name);
            return names.join(' ');
        };
        QCOMPARE(goes({revision("ten", "10"), revision("two", "2"), revision("three", "3")}), QString("two three"));
        QCOMPARE(goes({revision("ten", "10"), revision("two", "2", 1), revision("three", "3")}), QString("three"));
        limited.spec.revisionHistoryLimit.reset();
        QCOMPARE(goes({revision("ten", "10"), revision("two", "2")}), QString());
    }

    void theHashDependsOnTheTemplateAndTheCollisionsAlone() {
        const std::string hash = templateHash(templateOf("lab:1"), std::nullopt);
        QCOMPARE(hash, templateHash(templateOf("lab:1"), std::nullopt));
        QVERIFY(hash != templateHash(templateOf("lab:2"), std::nullopt));
        QVERIFY(hash != templateHash(templateOf("lab:1"), 1));
        QVERIFY(hash.size() <= 10 && hash.find_first_not_of("bcdfghjklmnpqrstvwxz2456789") == std::string::npos);
    }

    void aWayBackKeepsTheRevisionsThatASetServedBefore() {
        appsv1::ReplicaSet back = replicaSet("web-a", 0);
        back.metadata.annotations = {{kRevisionAnnotation, "1"}};
        auto owner = deployment("web", 3);
        owner.metadata.annotations = {{kRevisionAnnotation, "2"}, {"kubernetes.io/change-cause", "undo"}, {"kubectl.kubernetes.io/last-applied-configuration", "{}"}};
        QVERIFY(setNewReplicaSetAnnotations(owner, back, 3));
        QCOMPARE(back.metadata.annotations, (api::Map<std::string>{{kRevisionAnnotation, "3"}, {kRevisionHistoryAnnotation, "1"}, {"kubernetes.io/change-cause", "undo"}}));
        QVERIFY(!setNewReplicaSetAnnotations(owner, back, 3));
        QVERIFY(setNewReplicaSetAnnotations(owner, back, 5));
        QCOMPARE(back.metadata.annotations.at(kRevisionHistoryAnnotation), std::string("1,3"));
    }
};

QTEST_APPLESS_MAIN(RolloutPlanTest)
#include "rollout_plan_test.moc"
