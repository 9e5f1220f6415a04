#include "cluster/controllers/disruption/disruption_controller.h"

#include <QtTest>

#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

// A Deployment of four with its ReplicaSet and Pods, and a budget for them.
class Budgets : public Scene {
public:
    Budgets()
        : Scene({{.name = "disruption-controller", .alias = "disruption", .make = [](Context& context) {
                      return std::make_unique<DisruptionController>(context, builtinResources);
                  }}}) {}

    void putPods(int ready, int unready = 0) {
        client.put(deployment("web", 4));
        auto set = replicaSet("web-1", 4);
        set.metadata.ownerReferences.push_back(
            controllerReference(*client.stored<appsv1::Deployment>("default", "web")));
        client.put(set);
        for (int i = 0; i < ready + unready; ++i) {
            corev1::Pod made = pod("web-1-" + std::to_string(i));
            made.metadata.ownerReferences.push_back(
                controllerReference(*client.stored<appsv1::ReplicaSet>("default", "web-1")));
            markReady(made, api::Time(executor.clock().now()), i < ready);
            client.put(made);
        }
    }
    void putBudget(const std::optional<api::IntOrString>& minAvailable,
                   const std::optional<api::IntOrString>& maxUnavailable = {}) {
        policyv1::PodDisruptionBudget budget;
        budget.metadata.namespace_ = "default";
        budget.metadata.name = "keep";
        budget.spec.selector = selecting({{"app", "web"}});
        budget.spec.minAvailable = minAvailable;
        budget.spec.maxUnavailable = maxUnavailable;
        client.put(budget);
    }
    // "healthy/desired of expected, allowed".
    QString state() {
        const auto& status = keep()->status;
        return QString("%1/%2 of %3, %4")
            .arg(status.currentHealthy)
            .arg(status.desiredHealthy)
            .arg(status.expectedPods)
            .arg(status.disruptionsAllowed);
    }
    QString condition() {
        const auto& one = keep()->status.conditions.at(0);
        return QString::fromStdString(one.type + " " + one.status + " " + one.reason);
    }
    client::Ptr<policyv1::PodDisruptionBudget> keep() {
        return client.stored<policyv1::PodDisruptionBudget>("default", "keep");
    }
};

}  // namespace

class DisruptionControllerTest : public QObject {
    Q_OBJECT
private slots:
    void aBudgetSaysHowManyMayGo_data() {
        QTest::addColumn<QString>("least");
        QTest::addColumn<QString>("most");
        QTest::addColumn<QString>("state");
        QTest::newRow("at least two") << "2"
                                      << ""
                                      << "3/2 of 4, 1";
        QTest::newRow("at least three") << "3"
                                        << ""
                                        << "3/3 of 4, 0";
        QTest::newRow("at least half") << "50%"
                                       << ""
                                       << "3/2 of 4, 1";
        QTest::newRow("at most one away") << ""
                                          << "1"
                                          << "3/3 of 4, 0";
        QTest::newRow("at most half away") << ""
                                           << "50%"
                                           << "3/2 of 4, 1";
        QTest::newRow("all may go") << ""
                                    << "100%"
                                    << "3/0 of 4, 3";
    }
    void aBudgetSaysHowManyMayGo() {
        QFETCH(QString, least);
        QFETCH(QString, most);
        const auto number = [](const QString& text) -> std::optional<api::IntOrString> {
            if (text.isEmpty()) return std::nullopt;
            return text.endsWith('%') ? api::IntOrString(text.toStdString()) : api::IntOrString(text.toInt());
        };
        Budgets scene;
        scene.putPods(3, 1);
        scene.putBudget(number(least), number(most));
        scene.settle();
        QTEST(scene.state(), "state");
        QCOMPARE(scene.condition(), scene.keep()->status.disruptionsAllowed > 0
                                        ? QString("DisruptionAllowed True SufficientPods")
                                        : QString("DisruptionAllowed False InsufficientPods"));
    }

    void anEvictedPodIsNoLongerCounted() {
        Budgets scene;
        scene.putPods(4);
        scene.putBudget(api::IntOrString(2));
        scene.settle();
        QCOMPARE(scene.state(), QString("4/2 of 4, 2"));
        auto evicted = *scene.keep();
        evicted.status.disruptedPods["web-1-0"] = api::Time(scene.executor.clock().now());
        evicted.status.disruptionsAllowed = 1;
        scene.client.put(evicted);
        scene.settle();
        QCOMPARE(scene.state(), QString("3/2 of 4, 1"));
        // It never went: it counts again.
        scene.runFor(2min + 2s);
        QCOMPARE(scene.state(), QString("4/2 of 4, 2"));
        QVERIFY(scene.keep()->status.disruptedPods.empty());
        QVERIFY(joined(scene.client.takeEvents()).contains("Warning NotDeleted"));
    }

    void aChangedSizeChangesTheBudget() {
        Budgets scene;
        scene.putPods(4);
        scene.putBudget({}, api::IntOrString("25%"));
        scene.settle();
        QCOMPARE(scene.state(), QString("4/3 of 4, 1"));
        auto larger = *scene.client.stored<appsv1::Deployment>("default", "web");
        larger.spec.replicas = 8;
        larger.metadata.generation = 2;
        scene.client.put(larger);
        scene.settle();
        QCOMPARE(scene.state(), QString("4/6 of 8, 0"));
    }

    void whatHasNoScaleForbidsAll() {
        Budgets scene;
        corev1::Pod made = pod("work-1");
        metav1::OwnerReference reference;
        reference.apiVersion = "batch/v1";
        reference.kind = "Job";
        reference.name = "work";
        reference.uid = "none";
        reference.controller = true;
        made.metadata.ownerReferences.push_back(reference);
        markReady(made, api::Time(scene.executor.clock().now()));
        scene.client.put(made);
        scene.putBudget({}, api::IntOrString(1));
        scene.settle();
        QCOMPARE(scene.condition(), QString("DisruptionAllowed False SyncFailed"));
        QCOMPARE(scene.keep()->status.disruptionsAllowed, 0);
    }

    void aBudgetWithoutPodsAllowsNothing() {
        Budgets scene;
        scene.putBudget({}, api::IntOrString(1));
        scene.settle();
        QCOMPARE(scene.state(), QString("0/0 of 0, 0"));
        QVERIFY(joined(scene.client.takeEvents()).contains("Normal NoPods No matching pods found"));
    }

    void aDisruptionThatCameToNothingIsTakenBack() {
        Budgets scene;
        corev1::Pod made = pod("web-1");
        markReady(made, api::Time(scene.executor.clock().now()));
        auto& condition = made.status.conditions.emplace_back();
        condition.type = "DisruptionTarget";
        condition.status = corev1::ConditionTrue;
        condition.reason = "EvictionByEvictionAPI";
        condition.lastTransitionTime = api::Time(scene.executor.clock().now());
        scene.client.put(made);
        const auto stands = [&] {
            const auto found = scene.client.stored<corev1::Pod>("default", "web-1");
            return found->status.conditions.back().status == corev1::ConditionTrue;
        };
        scene.runFor(115s);
        QVERIFY(stands());
        scene.runFor(7s);
        QVERIFY(!stands());
    }
};

QTEST_GUILESS_MAIN(DisruptionControllerTest)
#include "disruption_controller_test.moc"
