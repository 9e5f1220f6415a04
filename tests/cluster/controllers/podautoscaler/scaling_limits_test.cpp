// What becomes of a size that metrics ask for.
#include "cluster/controllers/podautoscaler/scaling_limits.h"

#include <QtTest>

using namespace qd;
using namespace qd::controllers;
using namespace std::chrono_literals;
namespace hpa = autoscalingv2;

namespace {

const base::SteadyTime kStart{};

hpa::HorizontalPodAutoscalerSpec between(std::int32_t least, std::int32_t most) {
    hpa::HorizontalPodAutoscalerSpec spec;
    spec.minReplicas = least;
    spec.maxReplicas = most;
    return spec;
}

// The API's defaults: up by four Pods or to the double in 15 s, whichever is more; down without limit.
void addDefaultBehavior(hpa::HorizontalPodAutoscalerSpec& spec) {
    auto& up = spec.behavior.emplace().scaleUp.emplace();
    up.stabilizationWindowSeconds = 0;
    up.selectPolicy = hpa::MaxChangePolicySelect;
    up.policies = {{hpa::PodsScalingPolicy, 4, 15}, {hpa::PercentScalingPolicy, 100, 15}};
    auto& down = spec.behavior->scaleDown.emplace();
    down.selectPolicy = hpa::MaxChangePolicySelect;
    down.policies = {{hpa::PercentScalingPolicy, 100, 15}};
}

}  // namespace

class ScalingLimitsTest : public QObject {
    Q_OBJECT
private slots:
    void aSizeIsKeptInBounds_data() {
        QTest::addColumn<int>("current");
        QTest::addColumn<int>("wanted");
        QTest::addColumn<int>("size");
        QTest::addColumn<QString>("reason");
        QTest::newRow("within") << 5 << 7 << 7 << "DesiredWithinRange";
        QTest::newRow("above the maximum") << 8 << 12 << 10 << "TooManyReplicas";
        QTest::newRow("below the minimum") << 2 << 1 << 2 << "TooFewReplicas";
        QTest::newRow("more than the double") << 3 << 9 << 6 << "ScaleUpLimit";
        QTest::newRow("four is always allowed") << 1 << 9 << 4 << "ScaleUpLimit";
    }
    void aSizeIsKeptInBounds() {
        QFETCH(int, current);
        QFETCH(int, wanted);
        ScalingHistory history;
        const LimitedSize size = limitSize(between(2, 10), current, wanted, history, kStart);
        QTEST(int(size.replicas), "size");
        QFETCH(QString, reason);
        QCOMPARE(QString::fromStdString(size.limited.reason), reason);
        QCOMPARE(size.isLimited, reason != "DesiredWithinRange");
    }

    void aSizeShrinksWhenNothingHigherWasRecommendedForFiveMinutes() {
        ScalingHistory history;
        history.begin(8, kStart);
        const auto spec = between(1, 10);
        const LimitedSize held = limitSize(spec, 8, 3, history, kStart + 4min);
        QCOMPARE(held.replicas, 8);
        QCOMPARE(held.able.reason, std::string("ScaleDownStabilized"));
        const LimitedSize freed = limitSize(spec, 8, 3, history, kStart + 5min + 1s);
        QCOMPARE(freed.replicas, 3);
        QCOMPARE(freed.able.reason, std::string("ReadyForNewScale"));
    }

    void aWindowForGrowthTakesTheLowestRecentRecommendation() {
        auto spec = between(1, 10);
        addDefaultBehavior(spec);
        spec.behavior->scaleUp->stabilizationWindowSeconds = 60;
        ScalingHistory history;
        history.begin(2, kStart);
        const LimitedSize held = limitSize(spec, 2, 5, history, kStart + 30s);
        QCOMPARE(held.replicas, 2);
        QCOMPARE(held.able.reason, std::string("ScaleUpStabilized"));
        QCOMPARE(limitSize(spec, 2, 6, history, kStart + 61s).replicas, 5);
    }

    void aRateCountsWhatThePeriodHasSeenAlready() {
        auto spec = between(1, 100);
        addDefaultBehavior(spec);
        spec.behavior->scaleUp->policies = {{hpa::PodsScalingPolicy, 4, 60}};
        ScalingHistory history;
        const LimitedSize first = limitSize(spec, 10, 50, history, kStart);
        QCOMPARE(first.replicas, 14);
        QCOMPARE(first.limited.reason, std::string("ScaleUpLimit"));
        history.scaled(10, 14, kStart);
        QCOMPARE(limitSize(spec, 14, 50, history, kStart + 59s).replicas, 14);
        QCOMPARE(limitSize(spec, 14, 50, history, kStart + 60s).replicas, 18);
    }

    void policiesAreChosenAsTheRuleSays_data() {
        QTest::addColumn<QString>("select");
        QTest::addColumn<int>("wanted");
        QTest::addColumn<int>("size");
        QTest::newRow("up, most") << "Max" << 90 << 24;
        QTest::newRow("up, least") << "Min" << 90 << 22;
        QTest::newRow("up, never") << "Disabled" << 90 << 20;
        QTest::newRow("down, most") << "Max" << 1 << 16;
        QTest::newRow("down, least") << "Min" << 1 << 18;
        QTest::newRow("down, never") << "Disabled" << 1 << 20;
    }
    void policiesAreChosenAsTheRuleSays() {
        QFETCH(QString, select);
        QFETCH(int, wanted);
        auto spec = between(1, 100);
        addDefaultBehavior(spec);
        for (auto* rules : {&*spec.behavior->scaleUp, &*spec.behavior->scaleDown}) {
            rules->stabilizationWindowSeconds = 0;
            rules->selectPolicy = select.toStdString();
            rules->policies = {{hpa::PodsScalingPolicy, 4, 60}, {hpa::PercentScalingPolicy, 10, 60}};
        }
        ScalingHistory history;
        QTEST(int(limitSize(spec, 20, wanted, history, kStart).replicas), "size");
    }
};

QTEST_GUILESS_MAIN(ScalingLimitsTest)
#include "scaling_limits_test.moc"
