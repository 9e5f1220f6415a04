// From what agents tell of their counters to what the metrics API serves.
#include <QtTest>

#include "cluster/client/typed.h"
#include "cluster/control_plane/usage/exposition.h"
#include "cluster/control_plane/usage/usage_collector.h"
#include "cluster/control_plane/usage/usage_table.h"
#include "tests/support/fake_client.h"

using namespace qd;
using namespace qd::control_plane;
using namespace std::chrono_literals;

namespace {

const base::WallTime kNow = api::Time::fromUnix(1'700'000'000).wall();

std::vector<std::string> read(std::string_view text) {
    std::vector<std::string> lines;
    readExposition(text, [&](const MetricLine& line) {
        std::string shown(line.name);
        for (const auto& [key, value] : line.labels) shown += " " + key + "=" + value;
        shown += " " + std::to_string(line.value);
        if (line.at) shown += " @" + std::to_string(line.at->time_since_epoch() / 1ms);
        lines.push_back(shown);
    });
    return lines;
}

NodeReading reading(double nodeSeconds, double webSeconds, base::WallTime at, double megabytes = 64) {
    NodeReading made;
    made.node = Counters{.cpuSeconds = nodeSeconds, .memoryBytes = 256e6, .at = at};
    made.pods[{"default", "web"}]["c"] =
        Counters{.cpuSeconds = webSeconds, .memoryBytes = megabytes * 1024 * 1024, .at = at};
    return made;
}

corev1::Node node(const std::string& name, bool ready = true) {
    corev1::Node made;
    made.metadata.name = name;
    auto& condition = made.status.conditions.emplace_back();
    condition.type = corev1::NodeReady;
    condition.status = ready ? corev1::ConditionTrue : corev1::ConditionFalse;
    return made;
}

corev1::Pod pod(const std::string& name, const std::string& onNode) {
    corev1::Pod made;
    made.metadata.namespace_ = "default";
    made.metadata.name = name;
    made.metadata.labels = {{"app", "web"}};
    made.spec.nodeName = onNode;
    made.spec.containers.emplace_back().name = "c";
    made.status.phase = corev1::PodRunning;
    return made;
}

std::string agentText(double seconds, base::WallTime at) {
    const std::string time = std::to_string(at.time_since_epoch() / 1ms);
    return "node_cpu_usage_seconds_total " + std::to_string(seconds) + " " + time +
           "\nnode_memory_working_set_bytes 1e8 " + time +
           "\ncontainer_cpu_usage_seconds_total{container=\"c\",namespace=\"default\",pod=\"web\"} " +
           std::to_string(seconds) + " " + time +
           "\ncontainer_memory_working_set_bytes{container=\"c\",namespace=\"default\",pod=\"web\"} 1048576 " + time +
           "\n";
}

// A collector at work, in simulated time.
struct Collecting {
    explicit Collecting(UsageCollector::Ask ask) : collector(executor, std::move(ask)) { collector.begin(informers); }
    ~Collecting() {
        collector.stop();
        informers.stop();
        executor.runReady();
    }

    base::SimulatedExecutor executor{1};
    tests::FakeClient client{executor};
    client::InformerFactory informers{client, executor};
    UsageCollector collector;
};

}  // namespace

class UsageTest : public QObject {
    Q_OBJECT
private slots:
    void samplesAreRead_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("sample");
        QTest::newRow("plain") << "up 1"
                               << "up 1.000000";
        QTest::newRow("labels, exponent and time") << "a_total{b=\"c\",d=\"e f\"} 1.5e3 1700000000000"
                                                   << "a_total b=c d=e f 1500.000000 @1700000000000";
        QTest::newRow("spaces and a last comma") << "a { b = \"c\" , } 2"
                                                 << "a b=c 2.000000";
        QTest::newRow("escapes") << "a{b=\"x\\\"y\\\\z\\n\"} 1"
                                 << "a b=x\"y\\z\n 1.000000";
        QTest::newRow("infinity") << "a{le=\"+Inf\"} +Inf"
                                  << "a le=+Inf inf";
        QTest::newRow("a comment") << "# HELP a b\n# TYPE a counter\na 1"
                                   << "a 1.000000";
        QTest::newRow("what is none is passed over") << "broken{x=\nalso{y=\"z} 1\nname\na 1"
                                                     << "a 1.000000";
    }
    void samplesAreRead() {
        QFETCH(QString, text);
        QFETCH(QString, sample);
        const auto lines = read(text.toStdString());
        QCOMPARE(lines.size(), 1U);
        QCOMPARE(QString::fromStdString(lines[0]), sample);
    }

    void useIsWhatCountersGrewBy() {
        UsageTable table;
        table.take("n1", reading(100, 10, kNow));
        QVERIFY(table.nodes().empty());
        QVERIFY(table.pods("").empty());
        table.take("n1", reading(106, 13.75, kNow + 15s));
        QCOMPARE(table.nodes().size(), 1U);
        QCOMPARE(table.nodes()[0]->usage.at("cpu").toString(), std::string("400m"));
        const auto pods = table.pods("default");
        QCOMPARE(pods.size(), 1U);
        QCOMPARE(pods[0]->containers[0].usage.at("cpu").toString(), std::string("250m"));
        QCOMPARE(pods[0]->containers[0].usage.at("memory").toString(), std::string("64Mi"));
        QCOMPARE(pods[0]->window.toString(), std::string("15s"));
        QVERIFY(table.pods("other").empty());
    }

    void aRestartedContainerIsLeftOutOnce() {
        UsageTable table;
        table.take("n1", reading(100, 10, kNow));
        table.take("n1", reading(101, 0.5, kNow + 15s));
        QVERIFY(table.pods("").empty());
        table.take("n1", reading(102, 2, kNow + 30s));
        QCOMPARE(table.pods("").size(), 1U);
    }

    void readyNodesAreAskedEveryFifteenSeconds() {
        std::map<std::string, int> asked;
        Collecting scene([&](const corev1::Node& of) -> Result<std::string> {
            const int times = ++asked[of.metadata.name];
            return agentText(times * 3.0, kNow + times * 15s);
        });
        scene.client.put(node("n1"));
        scene.client.put(node("n2", false));
        scene.client.put(pod("web", "n1"));
        scene.informers.start();
        scene.executor.runFor(20s);
        QCOMPARE(asked, (std::map<std::string, int>{{"n1", 2}}));
        const auto pods = scene.collector.pods("default");
        QCOMPARE(pods.size(), 1U);
        QCOMPARE(pods[0]->containers[0].usage.at("cpu").toString(), std::string("200m"));
        QCOMPARE(pods[0]->metadata.labels.at("app"), std::string("web"));
        QCOMPARE(scene.collector.nodes().size(), 1U);
        scene.client.erase(client::resourceOf<corev1::Pod>(), "default", "web");
        scene.executor.runFor(1s);
        QVERIFY(scene.collector.pods("default").empty());
    }

    void ofANodeThatDoesNotAnswerNothingIsTold() {
        bool answers = true;
        int times = 0;
        Collecting scene([&](const corev1::Node&) -> Result<std::string> {
            if (!answers) return fail(Reason::Timeout, "no answer");
            return agentText(++times * 3.0, kNow + times * 15s);
        });
        scene.client.put(node("n1"));
        scene.informers.start();
        scene.executor.runFor(20s);
        QCOMPARE(scene.collector.nodes().size(), 1U);
        answers = false;
        scene.executor.runFor(15s);
        QVERIFY(scene.collector.nodes().empty());
    }

    void hollowNodesUseWhatTheirPodsSay() {
        Collecting scene(
            [](const corev1::Node&) -> Result<std::string> { return fail(Reason::NotFound, "must not be asked"); });
        auto hollow = node("h1");
        hollow.metadata.labels = {{"quarterdeck.dev/hollow", "true"}};
        scene.client.put(hollow);
        auto busy = pod("busy", "h1");
        busy.metadata.annotations = {{"hollow.quarterdeck.dev/cpu", "900m"}, {"hollow.quarterdeck.dev/memory", "1Gi"}};
        scene.client.put(busy);
        scene.informers.start();
        scene.executor.runFor(2s);
        QCOMPARE(scene.collector.pods("default").at(0)->containers[0].usage.at("cpu").toString(), std::string("900m"));
        QCOMPARE(scene.collector.nodes().at(0)->usage.at("cpu").toString(), std::string("920m"));
        QCOMPARE(scene.collector.nodes().at(0)->usage.at("memory").toString(), std::string("1152Mi"));
    }
};

QTEST_GUILESS_MAIN(UsageTest)
#include "usage_test.moc"
