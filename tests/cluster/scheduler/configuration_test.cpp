// What a KubeSchedulerConfiguration means, and what is said about one that is wrong.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <QtTest>

#include "cluster/scheduler/config/configuration_file.h"

using namespace qd;
using namespace qd::scheduler;

namespace {

const std::string kHead = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

std::string scoring(const ProfileConfiguration& profile) {
    std::vector<std::string> uses;
    for (const auto& use :
         pluginsAt(Point::Score, profile, [](const std::string& name) { return pluginWorksAt(name, Point::Score); })) {
        uses.push_back(fmt::format("{}={}", use.name, use.weight));
    }
    return fmt::format("{}", fmt::join(uses, " "));
}

Configuration parsed(const std::string& text) {
    auto configuration = parseConfiguration(kHead + text);
    if (!configuration) qFatal("%s", configuration.error().message.c_str());
    return std::move(*configuration);
}

}  // namespace

class ConfigurationTest : public QObject {
    Q_OBJECT
private slots:
    void anEmptyOneIsTheDefault() {
        const auto configuration = parsed("");
        QCOMPARE(configuration.profiles.size(), std::size_t{1});
        QCOMPARE(configuration.profiles[0].schedulerName, std::string("default-scheduler"));
        QCOMPARE(scoring(configuration.profiles[0]),
                 std::string("TaintToleration=3 NodeAffinity=2 NodeResourcesFit=1 PodTopologySpread=2 "
                             "InterPodAffinity=2 NodeResourcesBalancedAllocation=1 ImageLocality=1"));
    }

    void pluginsAreChosenAtAPoint() {
        const auto configuration = parsed(R"(
profiles:
- schedulerName: one
  plugins:
    score:
      disabled: [{name: ImageLocality}, {name: PodTopologySpread}]
      enabled: [{name: NodeResourcesFit, weight: 7}]
- schedulerName: two
  plugins:
    score:
      disabled: [{name: '*'}]
      enabled: [{name: ImageLocality, weight: 4}]
)");
        QCOMPARE(scoring(configuration.profiles[0]),
                 std::string("NodeResourcesFit=7 TaintToleration=3 NodeAffinity=2 InterPodAffinity=2 "
                             "NodeResourcesBalancedAllocation=1"));
        QCOMPARE(scoring(configuration.profiles[1]), std::string("ImageLocality=4"));
        const auto filters = pluginsAt(Point::Filter, configuration.profiles[1],
                                       [](const std::string& name) { return pluginWorksAt(name, Point::Filter); });
        QCOMPARE(filters.size(), std::size_t{12});
    }

    void pluginsAreChosenAtAllPoints() {
        const auto configuration = parsed(R"(
profiles:
- plugins:
    multiPoint:
      disabled: [{name: InterPodAffinity}]
      enabled: [{name: NodeAffinity, weight: 9}]
)");
        QCOMPARE(scoring(configuration.profiles[0]),
                 std::string("TaintToleration=3 NodeAffinity=9 NodeResourcesFit=1 PodTopologySpread=2 "
                             "NodeResourcesBalancedAllocation=1 ImageLocality=1"));
    }

    void argumentsAreRead() {
        const auto configuration = parsed(R"(
podInitialBackoffSeconds: 2
podMaxBackoffSeconds: 20
percentageOfNodesToScore: 40
leaderElection: {leaderElect: false}
profiles:
- pluginConfig:
  - name: NodeResourcesFit
    args:
      apiVersion: kubescheduler.config.k8s.io/v1
      kind: NodeResourcesFitArgs
      ignoredResources: [example.com/gpu]
      scoringStrategy:
        type: RequestedToCapacityRatio
        resources: [{name: cpu, weight: 3}]
        requestedToCapacityRatio:
          shape: [{utilization: 0, score: 0}, {utilization: 100, score: 10}]
  - name: PodTopologySpread
    args:
      defaultingType: List
      defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]
  - name: InterPodAffinity
    args: {hardPodAffinityWeight: 50}
  - name: DefaultPreemption
    args: {minCandidateNodesPercentage: 20, minCandidateNodesAbsolute: 5}
  - name: VolumeBinding
    args: {bindTimeoutSeconds: 60}
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms:
          - matchExpressions: [{key: pool, operator: In, values: [mine]}]
)");
        const auto& profile = configuration.profiles[0];
        const auto& arguments = profile.arguments;
        QCOMPARE(profile.percentageOfNodesToScore, 40);
        QVERIFY(configuration.backoff.first == std::chrono::seconds(2) &&
                configuration.backoff.longest == std::chrono::seconds(20));
        QVERIFY(arguments.fit.strategy == FitArguments::Strategy::RequestedToCapacityRatio);
        QCOMPARE(arguments.fit.resources.size(), std::size_t{1});
        QCOMPARE(arguments.fit.shape[1].score, std::int64_t{100});
        QVERIFY(arguments.fit.ignoredResources.contains("example.com/gpu"));
        QVERIFY(!arguments.spread.systemDefaults);
        QCOMPARE(arguments.spread.defaults[0].topologyKey, std::string("zone"));
        QCOMPARE(arguments.hardPodAffinityWeight, std::int64_t{50});
        QCOMPARE(arguments.minCandidateNodesAbsolute, 5);
        QCOMPARE(arguments.bindTimeoutSeconds, std::int64_t{60});
        QVERIFY(arguments.addedAffinity);
    }

    void whatIsWrongIsSaidWithItsField_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, const char* text, const char* says) {
            QTest::newRow(name) << QString(text) << QString(says);
        };
        row("unknown field", "profiles: [{schedulername: x}]",
            "strict decoding error: unknown field \"profiles[0].schedulername\"");
        row("unknown field of arguments", "profiles: [{pluginConfig: [{name: VolumeBinding, args: {timeout: 1}}]}]",
            "strict decoding error: unknown field \"profiles[0].pluginConfig[0].args.timeout\"");
        row("same name twice", "profiles: [{schedulerName: a}, {schedulerName: a}]",
            "profiles[1].schedulerName: Duplicate value: \"a\"");
        row("no name", "profiles: [{schedulerName: ''}]", "profiles[0].schedulerName: Required value");
        row("out of range", "percentageOfNodesToScore: 101",
            "percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]");
        row("back-off", "podInitialBackoffSeconds: 0",
            "podInitialBackoffSeconds: Invalid value: 0: must be greater than 0");
        row("weight of affinity",
            "profiles: [{pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: 101}}]}]",
            "profiles[0].pluginConfig[0].args.hardPodAffinityWeight: Invalid value: 101: not in valid range [0-100]");
        row("no points",
            "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: "
            "RequestedToCapacityRatio}}}]}]",
            "profiles[0].pluginConfig[0].args.scoringStrategy.requestedToCapacityRatio.shape: Required value: at least "
            "one point must be specified");
        row("selector of a default",
            "profiles: [{pluginConfig: [{name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: "
            "[{maxSkew: 1, topologyKey: z, whenUnsatisfiable: DoNotSchedule, labelSelector: {}}]}}]}]",
            "profiles[0].pluginConfig[0].args.defaultConstraints[0].labelSelector: Forbidden: constraint must not "
            "define a selector, as they deduced for each pod");
        row("not at that point", "profiles: [{plugins: {score: {enabled: [{name: NodeName}]}}}]",
            "profiles[0].plugins.score.enabled[0].name: Invalid value: \"NodeName\": plugin does not extend this "
            "extension point");
        row("nobody binds", "profiles: [{plugins: {bind: {disabled: [{name: '*'}]}}}]",
            "profiles[0].plugins.bind: Required value: at least one bind plugin is needed");
        row("extenders", "extenders: [{urlPrefix: 'http://x'}]",
            "extenders[0]: Forbidden: extenders are not supported");
        row("a text for a number", "parallelism: many", "parallelism: Invalid value: \"many\": must be a whole number");
    }

    void whatIsWrongIsSaidWithItsField() {
        QFETCH(QString, text);
        QFETCH(QString, says);
        const auto configuration = parseConfiguration(kHead + text.toStdString());
        QVERIFY(!configuration);
        QCOMPARE(QString::fromStdString(configuration.error().message), says);
    }

    void anUnknownPluginIsRefused() {
        const auto configuration =
            parseConfiguration(kHead + "profiles: [{plugins: {filter: {enabled: [{name: Mine}]}}}]");
        QVERIFY(!configuration);
        QVERIFY(configuration.error().message.starts_with(
            "profiles[0].plugins.filter.enabled[0].name: Unsupported value: \"Mine\": supported values:"));
    }

    void otherKindsAreRefused() {
        const auto configuration = parseConfiguration("apiVersion: v1\nkind: Pod\n");
        QVERIFY(!configuration);
        QCOMPARE(configuration.error().message,
                 std::string("no kind \"Pod\" is registered for version \"v1\": expected KubeSchedulerConfiguration of "
                             "kubescheduler.config.k8s.io/v1"));
    }
};

QTEST_APPLESS_MAIN(ConfigurationTest)
#include "configuration_test.moc"
