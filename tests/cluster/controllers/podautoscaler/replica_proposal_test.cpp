// How many replicas a metric asks for, for each state that Pods can be in.
#include "cluster/controllers/podautoscaler/replica_proposal.h"

#include <QtTest>

#include "tests/cluster/controllers/podautoscaler/usage_in_memory.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;
namespace hpa = autoscalingv2;

namespace {

const base::WallTime kNow = api::Time::fromUnix(1'700'000'000).wall();

// "ready 500m", "pending", "failed", "leaving 500m", "unready 500m" (has been ready), "young 500m" (not ready yet),
// "silent" (no figures), each requesting 1 core.
struct World {
    std::shared_ptr<UsageInMemory> usage = std::make_shared<UsageInMemory>();
    std::shared_ptr<MetricsInMemory> custom = std::make_shared<MetricsInMemory>();
    ProposalInput input{.ns = "default",
                        .selector = api::LabelSelector::fromMap({{"app", "web"}}),
                        .pods = {},
                        .tolerances = {},
                        .now = kNow};

    explicit World(const QStringList& pods, std::int32_t wanted = -1) {
        for (const QString& words : pods) add(words.split(' '));
        input.wantedReplicas = input.presentReplicas = wanted < 0 ? static_cast<std::int32_t>(pods.size()) : wanted;
    }
    void add(const QStringList& words) {
        corev1::Pod pod;
        pod.metadata.namespace_ = "default";
        pod.metadata.name = "p" + std::to_string(input.pods.size());
        pod.metadata.labels = {{"app", "web"}};
        pod.spec.containers.emplace_back().name = "c";
        pod.spec.containers.back().resources.requests = {{"cpu", api::Quantity::of("1")}};
        pod.status.phase = words[0] == "pending"  ? corev1::PodPending
                           : words[0] == "failed" ? corev1::PodFailed
                                                  : corev1::PodRunning;
        if (words[0] == "leaving") pod.metadata.deletionTimestamp = api::Time(kNow);
        const bool young = words[0] == "young";
        pod.status.startTime = api::Time(kNow - (young ? 60s : 3600s));
        auto& ready = pod.status.conditions.emplace_back();
        ready.type = corev1::PodReady;
        ready.status = young || words[0] == "unready" ? corev1::ConditionFalse : corev1::ConditionTrue;
        ready.lastTransitionTime = api::Time(kNow - (young ? 60s : 600s));
        if (words.size() > 1) usage->set(pod.metadata.name, words[1].toStdString(), kNow);
        input.pods.push_back(std::make_shared<const corev1::Pod>(pod));
    }
    std::expected<Proposal, NoProposal> ask(const hpa::MetricSpec& metric) const {
        return proposeReplicas(UsageReader(usage, custom), metric, input);
    }
};

hpa::MetricSpec podsMetric(const char* average) {
    hpa::MetricSpec metric;
    metric.type = hpa::PodsMetricSourceType;
    metric.pods.emplace().metric.name = "requests";
    metric.pods->target.averageValue = api::Quantity::of(average);
    return metric;
}

hpa::MetricSpec utilization(std::int32_t percent) {
    hpa::MetricSpec metric;
    metric.type = hpa::ResourceMetricSourceType;
    metric.resource.emplace().name = "cpu";
    metric.resource->target.averageUtilization = percent;
    return metric;
}

}  // namespace

class ReplicaProposalTest : public QObject {
    Q_OBJECT
private slots:
    void theRatioOfUseToTargetDecides_data() {
        QTest::addColumn<QStringList>("pods");
        QTest::addColumn<int>("percent");
        QTest::addColumn<int>("replicas");
        QTest::newRow("grows") << QStringList{"ready 800m", "ready 1000m"} << 50 << 4;
        QTest::newRow("shrinks") << QStringList{"ready 100m", "ready 100m", "ready 100m", "ready 100m"} << 50 << 1;
        QTest::newRow("is rounded up") << QStringList{"ready 600m", "ready 600m", "ready 600m"} << 50 << 4;
        QTest::newRow("ten percent are tolerated above") << QStringList{"ready 550m", "ready 550m"} << 50 << 2;
        QTest::newRow("and below") << QStringList{"ready 450m", "ready 450m"} << 50 << 2;
        QTest::newRow("more is not") << QStringList{"ready 560m", "ready 560m"} << 50 << 3;
        QTest::newRow("a failed Pod does not count") << QStringList{"ready 1000m", "failed 0m"} << 50 << 2;
        QTest::newRow("nor one that is going") << QStringList{"ready 1000m", "leaving 0m"} << 50 << 2;
        QTest::newRow("a pending one counts as idle when growing") << QStringList{"ready 1500m", "pending"} << 50 << 3;
        QTest::newRow("it may cancel the growth") << QStringList{"ready 600m", "pending"} << 50 << 2;
        QTest::newRow("one that starts up likewise") << QStringList{"ready 1500m", "young 4000m"} << 50 << 3;
        QTest::newRow("one that was ready once counts") << QStringList{"ready 500m", "unready 1500m"} << 50 << 4;
        QTest::newRow("one without figures is idle when growing") << QStringList{"ready 2000m", "silent"} << 50 << 4;
        QTest::newRow("and full when shrinking") << QStringList{"ready 100m", "ready 100m", "silent"} << 80 << 2;
        QTest::newRow("at a target above 100 at that") << QStringList{"ready 100m", "ready 100m", "silent"} << 200 << 2;
    }
    void theRatioOfUseToTargetDecides() {
        QFETCH(QStringList, pods);
        QFETCH(int, percent);
        const auto proposal = World(pods).ask(utilization(percent));
        QVERIFY2(proposal.has_value(), proposal ? "" : proposal.error().complaint.c_str());
        QTEST(int(proposal->replicas), "replicas");
        QCOMPARE(proposal->metric, std::string("cpu resource utilization (percentage of request)"));
    }

    void theStatusTellsWhatWasMeasured() {
        const auto proposal = World({"ready 300m", "ready 500m"}).ask(utilization(50));
        QVERIFY(proposal.has_value());
        const auto& current = proposal->status.resource->current;
        QCOMPARE(current.averageUtilization.value(), 40);
        QCOMPARE(current.averageValue->toString(), std::string("400m"));
    }

    void anAverageValueNeedsNoRequests() {
        World world({"ready 900m", "ready 900m"});
        auto pod = *world.input.pods[0];
        pod.spec.containers[0].resources.requests.clear();
        world.input.pods[0] = std::make_shared<const corev1::Pod>(pod);
        hpa::MetricSpec metric = utilization(50);
        metric.resource->target = {};
        metric.resource->target.averageValue = api::Quantity::of("300m");
        const auto proposal = world.ask(metric);
        QVERIFY(proposal.has_value());
        QCOMPARE(proposal->replicas, 6);
        QCOMPARE(proposal->metric, std::string("cpu resource"));
        const auto refused = world.ask(utilization(50));
        QVERIFY(!refused);
        QCOMPARE(refused.error().reason, std::string("FailedGetResourceMetric"));
        QCOMPARE(refused.error().complaint,
                 std::string("failed to get cpu resource metric value: failed to get cpu utilization: missing request "
                             "for cpu in container c of Pod p0"));
    }

    void oneContainerCanBeMeasuredAlone() {
        hpa::MetricSpec metric;
        metric.type = hpa::ContainerResourceMetricSourceType;
        auto& source = metric.containerResource.emplace();
        source.name = "cpu";
        source.container = "c";
        source.target.averageUtilization = 50;
        const auto proposal = World({"ready 1000m"}).ask(metric);
        QVERIFY(proposal.has_value());
        QCOMPARE(proposal->replicas, 2);
        QCOMPARE(proposal->metric, std::string("cpu container resource utilization (percentage of request)"));
        source.container = "other";
        const auto missing = World({"ready 1000m"}).ask(metric);
        QVERIFY(!missing);
        QCOMPARE(missing.error().reason, std::string("FailedGetContainerResourceMetric"));
    }

    void withoutFiguresThereIsNoAnswer_data() {
        QTest::addColumn<QStringList>("pods");
        QTest::addColumn<QString>("cause");
        QTest::newRow("none measured") << QStringList{"silent"}
                                       << "failed to get cpu utilization: unable to get metrics for resource cpu: no "
                                          "metrics returned from resource metrics API";
        QTest::newRow("all start up")
            << QStringList{"young 500m"}
            << "failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)";
    }
    void withoutFiguresThereIsNoAnswer() {
        QFETCH(QStringList, pods);
        QFETCH(QString, cause);
        const auto proposal = World(pods).ask(utilization(50));
        QVERIFY(!proposal);
        QCOMPARE(QString::fromStdString(proposal.error().cause), cause);
    }

    void withoutAnAdapterCustomMetricsAreRefused() {
        World world({"ready 1000m"});
        world.custom = nullptr;
        const auto proposal = world.ask(podsMetric("1"));
        QVERIFY(!proposal);
        QCOMPARE(proposal.error().reason, std::string("FailedGetPodsMetric"));
        QCOMPARE(proposal.error().cause,
                 std::string("unable to get metric requests: unable to fetch metrics from custom metrics API: no "
                             "custom metrics API (custom.metrics.k8s.io) registered"));
    }

    void aPodsMetricIsAnAverage() {
        World world({"ready 0m", "ready 0m"});
        world.custom->pods = {{"p0", 6000}, {"p1", 2000}};
        const auto proposal = world.ask(podsMetric("1"));
        QVERIFY2(proposal.has_value(), proposal ? "" : proposal.error().complaint.c_str());
        QCOMPARE(proposal->replicas, 8);
        QCOMPARE(proposal->metric, std::string("pods metric requests"));
        QCOMPARE(proposal->status.pods->current.averageValue->toString(), std::string("4"));
    }

    void aMetricThatNobodyHasIsToldInTheAdaptersWords() {
        World world({"ready 0m"});
        world.custom->missing = "the server could not find the metric requests for pods";
        const auto proposal = world.ask(podsMetric("1"));
        QVERIFY(!proposal);
        QCOMPARE(proposal.error().complaint,
                 std::string("failed to get pods metric value: unable to get metric requests: unable to fetch metrics "
                             "from custom metrics API: the server could not find the metric requests for pods"));
        world.custom->missing.clear();
        QCOMPARE(world.ask(podsMetric("1")).error().cause,
                 std::string("unable to get metric requests: no metrics returned from custom metrics API"));
    }

    void anObjectMetricIsARatioOrSharedAmongThePods() {
        World world({"ready 0m", "ready 0m"});
        world.custom->object = 30'000;
        hpa::MetricSpec metric;
        metric.type = hpa::ObjectMetricSourceType;
        auto& source = metric.object.emplace();
        source.describedObject = {.kind = "Ingress", .name = "main", .apiVersion = "networking.k8s.io/v1"};
        source.metric.name = "hits";
        source.target.type = "Value";
        source.target.value = api::Quantity::of("10");
        const auto ratio = world.ask(metric);
        QVERIFY2(ratio.has_value(), ratio ? "" : ratio.error().complaint.c_str());
        QCOMPARE(ratio->replicas, 6);
        QCOMPARE(world.custom->asked, std::string("default/ingresses.networking.k8s.io/main/hits"));
        source.target = {};
        source.target.type = "AverageValue";
        source.target.averageValue = api::Quantity::of("5");
        QCOMPARE(world.ask(metric)->replicas, 6);
        source.describedObject = {.kind = "Namespace", .name = "elsewhere", .apiVersion = "v1"};
        world.ask(metric);
        QCOMPARE(world.custom->asked, std::string("/namespaces/default/hits"));
    }

    void anExternalMetricIsTheSumOfItsSeries() {
        World world({"ready 0m"});
        world.custom->series = {20'000, 10'000};
        hpa::MetricSpec metric;
        metric.type = hpa::ExternalMetricSourceType;
        auto& source = metric.external.emplace();
        source.metric.name = "queue";
        source.target.averageValue = api::Quantity::of("10");
        QCOMPARE(world.ask(metric)->replicas, 3);
        world.custom->series.clear();
        const auto missing = world.ask(metric);
        QCOMPARE(missing.error().reason, std::string("FailedGetExternalMetric"));
        QVERIFY2(missing.error().cause.ends_with("no metrics returned from external metrics API"),
                 missing.error().cause.c_str());
    }
};

QTEST_GUILESS_MAIN(ReplicaProposalTest)
#include "replica_proposal_test.moc"
