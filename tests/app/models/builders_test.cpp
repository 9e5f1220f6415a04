#include <QtTest>

#include "app/models/build_endpoints.h"
#include "app/models/build_nodes.h"
#include "app/models/build_rollout.h"
#include "app/models/deployment_summary.h"
#include "app/models/pod_summary.h"
#include "app/models/words.h"
#include "tests/app/support/shop.h"

using namespace qd;
using namespace qd::models;
using namespace qd::tests;
using qd::views::State;

class BuildersTest : public QObject {
    Q_OBJECT

    static views::RolloutModel shopRollout(const appsv1::Deployment& deployment) {
        const auto pods = shopPods();
        const auto six = shopReplicaSet(6, 2, 2);
        const auto seven = shopReplicaSet(7, 8, 7);
        const auto five = shopReplicaSet(5, 0, 0);
        std::vector<OwnedPods> owned{{seven.get(), {}}, {six.get(), {}}, {five.get(), {}}};
        for (const auto& pod : pods) owned[pod->metadata.name.starts_with("web-7") ? 0 : 1].pods.push_back(pod.get());
        return buildRollout(deployment, owned, shopNow());
    }

private slots:
    void theBudgetIsRoundedAsTheControllerRounds_data() {
        QTest::addColumn<QString>("surge");
        QTest::addColumn<QString>("unavailable");
        QTest::addColumn<int>("least");
        QTest::addColumn<int>("most");
        QTest::newRow("a quarter of ten") << QStringLiteral("25%") << QStringLiteral("25%") << 8 << 13;
        QTest::newRow("numbers") << QStringLiteral("2") << QStringLiteral("3") << 7 << 12;
        QTest::newRow("nothing at all becomes one") << QStringLiteral("0") << QStringLiteral("0%") << 9 << 10;
        QTest::newRow("more than there are") << QStringLiteral("0") << QStringLiteral("200%") << 0 << 10;
    }

    void theBudgetIsRoundedAsTheControllerRounds() {
        QFETCH(QString, surge);
        QFETCH(QString, unavailable);
        const auto value = [](const QString& text) {
            return text.endsWith(u'%') ? api::IntOrString(text.toStdString()) : api::IntOrString(text.toInt());
        };
        auto deployment = shopDeployment();
        auto& rolling = deployment->spec.strategy.rollingUpdate.ensure();
        rolling.maxSurge = value(surge);
        rolling.maxUnavailable = value(unavailable);
        const RolloutBudget budget = rolloutBudget(*deployment);
        QTEST(budget.minAvailable, "least");
        QTEST(budget.maxTotal, "most");
    }

    void aRolloutShowsItsRevisionsItsBudgetAndWhatItWaitsFor() {
        const views::RolloutModel model = shopRollout(*shopDeployment());
        QCOMPARE(model.boxes.size(), 2);
        QCOMPARE(model.boxes[0].number, 6);
        QVERIFY(!model.boxes[0].current);
        QVERIFY(model.boxes[1].current);
        QCOMPARE(model.boxes[1].image, QStringLiteral("web:1.5.0"));
        QCOMPARE(model.boxes[1].pods.size(), 8);
        QCOMPARE(model.boxes[1].pods.last().shortName, QStringLiteral("z7c3r"));
        QCOMPARE(model.minAvailable, 8);
        QCOMPARE(model.maxTotal, 13);
        QCOMPARE(model.waitingFor, QStringLiteral("waits for web-7f6b8-z7c3r"));
        QCOMPARE(model.began, QStringLiteral("started 14 s ago by you, with kubectl set"));
        QCOMPARE(model.word, QStringLiteral("Rolling out"));
        QCOMPARE(model.history.size(), 3);
        QCOMPARE(model.history.last().age, QStringLiteral("now"));
    }

    void aDeploymentBeyondItsDeadlineIsStuck() {
        auto deployment = shopDeployment();
        appsv1::DeploymentCondition condition;
        condition.type = "Progressing";
        condition.status = "False";
        condition.reason = "ProgressDeadlineExceeded";
        deployment->status.conditions.push_back(condition);
        QCOMPARE(summarize(*deployment, {}, shopNow()).state, State::Failed);
    }

    void theCurrentReplicaSetIsTheOneWithThePresentTemplate() {
        auto deployment = shopDeployment();
        const auto six = shopReplicaSet(6, 2, 2);
        const auto seven = shopReplicaSet(7, 8, 7);
        QCOMPARE(currentReplicaSet(*deployment, {six.get(), seven.get()}), seven.get());
        deployment->spec.template_ = six->spec.template_;
        deployment->spec.template_.metadata.labels.erase("pod-template-hash");
        QCOMPARE(currentReplicaSet(*deployment, {six.get(), seven.get()}), six.get());
    }

    void aPodsStateIsToldInTheReadersTerms() {
        const auto state = [](PodLife life) { return summarize(*shopPod(7, "abcde", life, 1, 20), shopNow()); };
        QCOMPARE(state(PodLife::Ready).state, State::Ready);
        QCOMPARE(state(PodLife::Pending).state, State::Starting);
        QCOMPARE(state(PodLife::Running).progress, 0.75);
        QCOMPARE(state(PodLife::Crashing).state, State::Failed);
        QCOMPARE(state(PodLife::Crashing).word, QStringLiteral("CrashLoopBackOff"));
        QCOMPARE(state(PodLife::Crashing).restarts, 4);
        QCOMPARE(state(PodLife::Terminating).state, State::Leaving);
        QCOMPARE(state(PodLife::Succeeded).state, State::Done);
    }

    void aServiceShowsWhoGetsTrafficAndWhyOthersDoNot() {
        const auto pods = shopPods();
        const auto waiting = shopPod(7, "n0n0n", PodLife::Pending, 1, 0);
        std::vector<const corev1::Pod*> plain{waiting.get()};
        for (const auto& pod : pods) plain.push_back(pod.get());
        const auto slice = shopSlice(plain);
        const views::EndpointsModel model = buildEndpoints(*shopService(), {slice.get()}, plain, shopNow());
        QCOMPARE(model.address, QStringLiteral("10.96.12.7:80 → http"));
        QCOMPARE(model.nodes.size(), 3);
        QCOMPARE(model.nodes[0].name, QString());
        QCOMPARE(model.nodes[0].endpoints[0].pod, QStringLiteral("web-7f6b8-n0n0n"));
        QVERIFY(!model.nodes[0].endpoints[0].serving);
        const auto& last = model.nodes[2].endpoints;
        QCOMPARE(last[last.size() - 2].why, QStringLiteral("draining, 8 s left"));
        QCOMPARE(last.last().why, QStringLiteral("not ready: no traffic"));
    }

    void aServiceThatChoosesNobodySaysWhatToDo() {
        const views::EndpointsModel model = buildEndpoints(*shopService(), {}, {}, shopNow());
        QVERIFY(model.nodes.isEmpty());
        QVERIFY(model.nothing.contains(QStringLiteral("app=web")));
    }

    void anAddressInTwoSlicesIsShownOnce() {
        const auto pods = shopPods();
        std::vector<const corev1::Pod*> plain;
        for (const auto& pod : pods) plain.push_back(pod.get());
        const auto one = shopSlice(plain);
        const auto other = shopSlice(plain);
        const auto model = buildEndpoints(*shopService(), {one.get(), other.get()}, plain, shopNow());
        QCOMPARE(model.nodes[0].endpoints.size() + model.nodes[1].endpoints.size(), 11);
    }

    void nodesCountWhatTheirPodsAskFor() {
        const auto one = shopNode(1);
        const auto lost = shopNode(2, false);
        const auto pods = shopPods();
        std::vector<const corev1::Pod*> plain;
        for (const auto& pod : pods) plain.push_back(pod.get());
        const views::NodesModel model = buildNodes({lost.get(), one.get()}, plain, shopNow());
        QCOMPARE(model.nodes[0].name, QStringLiteral("qd-dev-1"));
        QCOMPARE(model.nodes[0].pods.size(), 4);
        QVERIFY(qAbs(model.nodes[0].cpu - 0.2) < 1e-9);
        QCOMPARE(model.nodes[1].state, State::Unknown);
        QCOMPARE(model.nodes[1].why, QStringLiteral("not heard from for 52 s"));
    }

    void lengthsAreWrittenInTheirLargestUnit() {
        using namespace std::chrono_literals;
        QCOMPARE(lengthText(59s), QStringLiteral("59 s"));
        QCOMPARE(lengthText(60s), QStringLiteral("1 min"));
        QCOMPARE(lengthText(26h), QStringLiteral("26 h"));
        QCOMPARE(lengthText(72h), QStringLiteral("3 d"));
        QCOMPARE(lengthText(-5s), QStringLiteral("0 s"));
        QCOMPARE(bytesText(22'020'096), QStringLiteral("21 MiB"));
        QCOMPARE(cpuText(0.25), QStringLiteral("250 m"));
    }
};

QTEST_GUILESS_MAIN(BuildersTest)
#include "builders_test.moc"
