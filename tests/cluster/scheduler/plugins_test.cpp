// What each plugin says, as tables: a Pod, a node with what is on it, and the words or the score.
#include <QtTest>

#include "cluster/scheduler/cache.h"
#include "cluster/scheduler/framework/framework.h"
#include "cluster/scheduler/plugins/default_preemption.h"
#include "cluster/scheduler/plugins/dynamic_resources.h"
#include "cluster/scheduler/plugins/image_locality.h"
#include "cluster/scheduler/plugins/node_affinity.h"
#include "cluster/scheduler/plugins/node_name.h"
#include "cluster/scheduler/plugins/node_ports.h"
#include "cluster/scheduler/plugins/node_resources_balanced_allocation.h"
#include "cluster/scheduler/plugins/node_resources_fit.h"
#include "cluster/scheduler/plugins/node_unschedulable.h"
#include "cluster/scheduler/plugins/pod_topology_spread.h"
#include "cluster/scheduler/plugins/scheduling_gates.h"
#include "cluster/scheduler/plugins/taint_toleration.h"
#include "cluster/scheduler/scheduling_algorithm.h"
#include "tests/cluster/scheduler/builders.h"
#include "tests/cluster/scheduler/fake_handle.h"
#include "tests/cluster/scheduler/no_client.h"
#include "tests/cluster/scheduler/scene.h"

using namespace qd;
using namespace qd::scheduler;
using namespace qd::scheduler::testing;

namespace {

struct Case {
    const char* name;
    corev1::Pod pod;
    corev1::Node node;
    std::vector<corev1::Pod> already;
    std::string says;  // the reasons, or nothing when it fits
};

template <typename T>
void check(const std::vector<Case>& cases) {
    for (const auto& each : cases) {
        Scene scene = Scene::of<T>();
        scene.add(each.node);
        for (const auto& other : each.already) scene.add(onNode(other, each.node.metadata.name));
        const auto said = scene.filter(each.pod);
        QVERIFY2(said.front() == each.says, (std::string(each.name) + ": " + said.front()).c_str());
    }
}

corev1::Pod tolerating(corev1::Pod pod, corev1::Toleration toleration) {
    pod.spec.tolerations.push_back(std::move(toleration));
    return pod;
}

corev1::Node cordoned(corev1::Node node) {
    node.spec.unschedulable = true;
    return node;
}

corev1::Node withImage(corev1::Node node, const std::string& image, std::int64_t bytes) {
    corev1::ContainerImage entry;
    entry.names = {image};
    entry.sizeBytes = bytes;
    node.status.images.push_back(entry);
    return node;
}

corev1::Pod withInit(corev1::Pod pod, const std::string& cpu, bool sidecar) {
    corev1::Container container;
    container.name = "init" + std::to_string(pod.spec.initContainers.size());
    container.resources.requests["cpu"] = api::Quantity::of(cpu);
    if (sidecar) container.restartPolicy = "Always";
    pod.spec.initContainers.push_back(container);
    return pod;
}

corev1::Pod terminating(corev1::Pod pod) {
    pod.metadata.deletionTimestamp = api::Time::fromUnix(1);
    return pod;
}

const std::string kAffinity = "node(s) didn't match Pod's node affinity/selector";
const std::string kSpread = "node(s) didn't match pod topology spread constraints";

}  // namespace

class PluginsTest : public QObject {
    Q_OBJECT
private slots:
    void cordonedNodesTakeOnlyPodsThatTolerateIt() {
        check<NodeUnschedulable>({
            {"open", pod("a"), node("n"), {}, ""},
            {"cordoned", pod("a"), cordoned(node("n")), {}, "node(s) were unschedulable"},
            {"tolerated",
             tolerating(pod("a"), toleration("node.kubernetes.io/unschedulable", "Exists", "NoSchedule")),
             cordoned(node("n")),
             {},
             ""},
        });
    }

    void aPodThatNamesItsNodeFitsOnlyThere() {
        check<NodeName>({
            {"none named", pod("a"), node("n"), {}, ""},
            {"this one", onNode(pod("a"), "n"), node("n"), {}, ""},
            {"another", onNode(pod("a"), "m"), node("n"), {}, "node(s) didn't match the requested node name"},
        });
    }

    void taintsKeepPodsAwayUnlessTolerated() {
        const std::string untolerated = "node(s) had untolerated taint(s)";
        check<TaintToleration>({
            {"NoSchedule", pod("a"), tainted(node("n"), "k", "NoSchedule"), {}, untolerated},
            {"NoExecute", pod("a"), tainted(node("n"), "k", "NoExecute"), {}, untolerated},
            {"PreferNoSchedule keeps nobody out", pod("a"), tainted(node("n"), "k", "PreferNoSchedule"), {}, ""},
            {"by key", tolerating(pod("a"), toleration("k", "Exists")), tainted(node("n"), "k", "NoSchedule"), {}, ""},
            {"everything",
             tolerating(pod("a"), toleration("", "Exists")),
             tainted(node("n"), "k", "NoExecute"),
             {},
             ""},
            {"another effect",
             tolerating(pod("a"), toleration("k", "Exists", "NoExecute")),
             tainted(node("n"), "k", "NoSchedule"),
             {},
             untolerated},
            {"equal values",
             tolerating(pod("a"), toleration("k", "Equal", "NoSchedule")),
             tainted(node("n"), "k", "NoSchedule"),
             {},
             ""},
        });
    }

    void nodesWithFewerSoftTaintsAreBetter() {
        Scene scene = Scene::of<TaintToleration>();
        scene.add(tainted(node("soft"), "k", "PreferNoSchedule"));
        scene.add(node("clean"));
        QCOMPARE(scene.score(pod("a")), (std::vector<std::int64_t>{0, 100}));
    }

    void nodeSelectorsAndRequiredAffinityNameTheNodes() {
        auto selecting = pod("a");
        selecting.spec.nodeSelector["disk"] = "ssd";
        const auto ssd = labelled(node("n"), "disk", "ssd");
        auto byName = pod("a");
        corev1::NodeSelectorRequirement field;
        field.key = "metadata.name";
        field.operator_ = "In";
        field.values = {"n"};
        corev1::NodeSelectorTerm fieldTerm;
        fieldTerm.matchFields.push_back(field);
        check<NodeAffinity>({
            {"no wish", pod("a"), node("n"), {}, ""},
            {"selector matches", selecting, ssd, {}, ""},
            {"selector does not", selecting, node("n"), {}, kAffinity},
            {"In", requiring(pod("a"), term("disk", "In", {"hdd", "ssd"})), ssd, {}, ""},
            {"NotIn", requiring(pod("a"), term("disk", "NotIn", {"ssd"})), ssd, {}, kAffinity},
            {"NotIn without the label", requiring(pod("a"), term("disk", "NotIn", {"ssd"})), node("n"), {}, ""},
            {"Exists", requiring(pod("a"), term("disk", "Exists")), node("n"), {}, kAffinity},
            {"DoesNotExist", requiring(pod("a"), term("disk", "DoesNotExist")), node("n"), {}, ""},
            {"Gt", requiring(pod("a"), term("cores", "Gt", {"8"})), labelled(node("n"), "cores", "16"), {}, ""},
            {"Lt", requiring(pod("a"), term("cores", "Lt", {"8"})), labelled(node("n"), "cores", "16"), {}, kAffinity},
            {"Gt of no number",
             requiring(pod("a"), term("cores", "Gt", {"8"})),
             labelled(node("n"), "cores", "many"),
             {},
             kAffinity},
            {"one of two terms",
             requiring(requiring(pod("a"), term("x", "Exists")), term("disk", "Exists")),
             ssd,
             {},
             ""},
            {"an empty term matches nothing", requiring(pod("a"), corev1::NodeSelectorTerm()), ssd, {}, kAffinity},
            {"by name", requiring(byName, fieldTerm), node("n"), {}, ""},
            {"by another name", requiring(byName, fieldTerm), node("m"), {}, kAffinity},
        });
    }

    void preferredAffinityScoresByWeight() {
        Scene scene = Scene::of<NodeAffinity>();
        scene.add(labelled(node("both"), "disk", "ssd"));
        scene.add(node("none"));
        auto subject = pod("a");
        auto& preferred =
            subject.spec.affinity.ensure().nodeAffinity.ensure().preferredDuringSchedulingIgnoredDuringExecution;
        preferred.resize(1);
        preferred[0].weight = 7;
        preferred[0].preference = term("disk", "In", {"ssd"});
        QCOMPARE(scene.score(subject), (std::vector<std::int64_t>{100, 0}));
    }

    void hostPortsAreTakenOncePerAddressAndProtocol() {
        const std::string taken = "node(s) didn't have free ports for the requested pod ports";
        const auto used = withHostPort(pod("used"), 80);
        const auto local = withHostPort(pod("local"), 80, "TCP", "127.0.0.1");
        check<NodePorts>({
            {"none wanted", pod("a"), node("n"), {used}, ""},
            {"free", withHostPort(pod("a"), 81), node("n"), {used}, ""},
            {"taken", withHostPort(pod("a"), 80), node("n"), {used}, taken},
            {"another protocol", withHostPort(pod("a"), 80, "UDP"), node("n"), {used}, ""},
            {"any address against one", withHostPort(pod("a"), 80), node("n"), {local}, taken},
            {"two addresses", withHostPort(pod("a"), 80, "TCP", "10.0.0.1"), node("n"), {local}, ""},
        });
    }

    void podsFitWhereEnoughIsLeft() {
        auto gpu = pod("a");
        gpu.spec.containers[0].resources.requests["example.com/gpu"] = api::Quantity::of("1");
        auto overhead = pod("a", "1");
        overhead.spec.overhead["cpu"] = api::Quantity::of("3500m");
        check<NodeResourcesFit>({
            {"empty node", pod("a", "4", "8Gi"), node("n"), {}, ""},
            {"cpu", pod("a", "2"), node("n"), {pod("b", "3")}, "Insufficient cpu"},
            {"memory", pod("a", "", "5Gi"), node("n"), {pod("b", "", "4Gi")}, "Insufficient memory"},
            {"both", pod("a", "9", "9Gi"), node("n"), {}, "Insufficient cpu, Insufficient memory"},
            {"number of Pods", pod("a"), node("n", "4", "8Gi", "1"), {pod("b")}, "Too many pods"},
            {"asks for nothing", pod("a"), node("n"), {pod("b", "4", "8Gi")}, ""},
            {"extended", gpu, node("n"), {}, "Insufficient example.com/gpu"},
            {"the biggest init container counts",
             withInit(pod("a", "1"), "5", false),
             node("n"),
             {},
             "Insufficient cpu"},
            {"init containers run one by one",
             withInit(withInit(pod("a", "1"), "3", false), "4", false),
             node("n"),
             {},
             ""},
            {"sidecars stay", withInit(pod("a", "3"), "2", true), node("n"), {}, "Insufficient cpu"},
            {"init beside a sidecar",
             withInit(withInit(pod("a", "1"), "2", true), "3", false),
             node("n"),
             {},
             "Insufficient cpu"},
            {"overhead", overhead, node("n"), {}, "Insufficient cpu"},
        });
    }

    void aPodThatIsResizedCountsAsFarAsItMayGo_data() {
        QTest::addColumn<QString>("asked");
        QTest::addColumn<QString>("allotted");
        QTest::addColumn<QString>("inForce");
        QTest::addColumn<QString>("pending");  // why the resize has to wait
        QTest::addColumn<int>("cores");
        QTest::newRow("as it is") << "2" << "2" << "2" << "" << 2;
        QTest::newRow("grows") << "3" << "2" << "2" << "" << 3;
        QTest::newRow("grows later") << "3" << "2" << "2" << "Deferred" << 3;
        QTest::newRow("never grows") << "9" << "2" << "1" << "Infeasible" << 2;
        QTest::newRow("is about to shrink") << "1" << "1" << "3" << "" << 3;
        QTest::newRow("never shrinks") << "1" << "2" << "3" << "Infeasible" << 3;
    }
    void aPodThatIsResizedCountsAsFarAsItMayGo() {
        QFETCH(QString, asked);
        QFETCH(QString, allotted);
        QFETCH(QString, inForce);
        QFETCH(QString, pending);
        QFETCH(int, cores);
        const auto cpu = [](const QString& amount) { return api::Map<api::Quantity>{{"cpu", api::Quantity::of(amount.toStdString())}}; };
        corev1::Pod plain = pod("a", asked.toStdString());
        if (!pending.isEmpty()) plain.status.conditions.resize(1);
        for (auto& condition : plain.status.conditions) {
            condition.type = "PodResizePending";
            condition.status = "True";
            condition.reason = pending.toStdString();
        }
        corev1::Pod byContainer = plain;
        auto& status = byContainer.status.containerStatuses.emplace_back();
        status.name = "c";
        status.allocatedResources = cpu(allotted);
        status.resources.emplace().requests = cpu(inForce);
        QCOMPARE(podRequests(byContainer).milliCpu, 1000 * cores);
        // The same for what the Pod asks for as a whole.
        corev1::Pod asWhole = plain;
        asWhole.spec.containers[0].resources.requests.clear();
        asWhole.spec.resources.emplace().requests = cpu(asked);
        asWhole.status.allocatedResources = cpu(allotted);
        asWhole.status.resources.emplace().requests = cpu(inForce);
        QCOMPARE(podRequests(asWhole).milliCpu, 1000 * cores);
    }

    void whatNoNodeOfThisSizeCouldHoldIsUnresolvable() {
        Scene scene = Scene::of<NodeResourcesFit>();
        scene.add(node("n"));
        scene.add(onNode(pod("b", "3"), "n"));
        CycleState state(1);
        QVERIFY(scene.framework->filter(state, *scene.info(pod("a", "2")), *scene.cache.find("n")).code ==
                Code::Unschedulable);
        QVERIFY(scene.framework->filter(state, *scene.info(pod("a", "5")), *scene.cache.find("n")).code ==
                Code::UnschedulableAndUnresolvable);
    }

    void theLeastUsedNodeIsTheBest() {
        Scene scene = Scene::of<NodeResourcesFit>();
        scene.add(node("busy", "4", "8Gi"));
        scene.add(node("idle", "4", "8Gi"));
        scene.add(onNode(pod("b", "2", "4Gi"), "busy"));
        // (4 - 2 - 1) / 4 and (8 - 4 - 2) / 8; (4 - 1) / 4 and (8 - 2) / 8
        QCOMPARE(scene.score(pod("a", "1", "2Gi")), (std::vector<std::int64_t>{25, 75}));
    }

    void podsWithoutRequestsSpreadToo() {
        Scene scene = Scene::of<NodeResourcesFit>();
        scene.add(node("one", "1", "2Gi"));
        scene.add(node("other", "1", "2Gi"));
        scene.add(onNode(pod("b"), "one"));
        const auto scores = scene.score(pod("a"));
        QVERIFY(scores[0] < scores[1]);
    }

    void balanceIsImprovedOrSpoiled() {
        Scene scene = Scene::of<NodeResourcesBalancedAllocation>();
        scene.add(node("much-cpu", "4", "8Gi"));
        scene.add(node("even", "4", "8Gi"));
        scene.add(onNode(pod("b", "2"), "much-cpu"));
        const auto scores = scene.score(pod("a", "", "4Gi"));
        QCOMPARE(scores, (std::vector<std::int64_t>{50 + (50 + 100 - 75) / 2, 50 + (50 + 75 - 100) / 2}));
        QCOMPARE(scene.score(pod("a")), (std::vector<std::int64_t>{0, 0}));
    }

    void nodesThatHaveTheImageAreBetter() {
        Scene scene = Scene::of<ImageLocality>();
        constexpr std::int64_t megabyte = 1024 * 1024;
        scene.add(withImage(node("has"), "registry.example/app:1", 1000 * megabyte));
        scene.add(node("has-not"));
        // Half of the nodes have it: 500 MB count, of 23 to 1000.
        QCOMPARE(scene.score(pod("a")), (std::vector<std::int64_t>{100 * (500 - 23) / (1000 - 23), 0}));
        QCOMPARE(withTag("localhost:5000/app"), std::string("localhost:5000/app:latest"));
        QCOMPARE(withTag("app@sha256:0"), std::string("app@sha256:0"));
    }

    void strictSpreadingKeepsTheSkew() {
        NoClient client;
        base::SimulatedExecutor executor(1);
        client::InformerFactory informers(client, executor);
        Scene scene = Scene::of<PodTopologySpread>(informers);
        scene.add(labelled(node("a1"), "zone", "a"));
        scene.add(labelled(node("b1"), "zone", "b"));
        scene.add(node("nowhere"));
        const auto subject = spreadOver(pod("x"), "zone", 1, "web");
        const std::string noLabel = kSpread + " (missing required label)";
        QCOMPARE(scene.filter(subject), (std::vector<std::string>{"", "", noLabel}));
        scene.add(onNode(labelled(pod("1"), "app", "web"), "a1"));
        QCOMPARE(scene.filter(subject), (std::vector<std::string>{kSpread, "", noLabel}));
        scene.add(onNode(labelled(pod("other"), "app", "db"), "b1"));
        scene.add(onNode(terminating(labelled(pod("going"), "app", "web")), "b1"));
        QCOMPARE(scene.filter(subject), (std::vector<std::string>{kSpread, "", noLabel}));
        scene.add(onNode(labelled(pod("2"), "app", "web"), "b1"));
        QCOMPARE(scene.filter(subject), (std::vector<std::string>{"", "", noLabel}));
    }

    void missingDomainsCountAsEmpty() {
        NoClient client;
        base::SimulatedExecutor executor(1);
        client::InformerFactory informers(client, executor);
        Scene scene = Scene::of<PodTopologySpread>(informers);
        scene.add(labelled(node("a1"), "zone", "a"));
        scene.add(onNode(labelled(pod("1"), "app", "web"), "a1"));
        auto subject = spreadOver(pod("x"), "zone", 1, "web");
        QCOMPARE(scene.filter(subject), (std::vector<std::string>{""}));
        subject.spec.topologySpreadConstraints[0].minDomains = 2;
        QCOMPARE(scene.filter(subject), (std::vector<std::string>{kSpread}));
    }

    void softSpreadingPrefersTheEmptierDomain() {
        NoClient client;
        base::SimulatedExecutor executor(1);
        client::InformerFactory informers(client, executor);
        Scene scene = Scene::of<PodTopologySpread>(informers);
        scene.add(labelled(node("a1"), "zone", "a"));
        scene.add(labelled(node("a2"), "zone", "a"));
        scene.add(labelled(node("b1"), "zone", "b"));
        scene.add(onNode(labelled(pod("1"), "app", "web"), "a1"));
        const auto scores = scene.score(spreadOver(pod("x"), "zone", 1, "web", "ScheduleAnyway"));
        QCOMPARE(scores[0], scores[1]);
        QVERIFY(scores[0] < scores[2]);
        QCOMPARE(scores[2], std::int64_t{100});
    }

    void gatedPodsStayOutside() {
        Scene scene = Scene::of<SchedulingGates>();
        auto gated = pod("a");
        QVERIFY(scene.framework->preEnqueue(*scene.info(gated)).ok());
        gated.spec.schedulingGates.resize(1);
        gated.spec.schedulingGates[0].name = "example.com/wait";
        QCOMPARE(scene.framework->preEnqueue(*scene.info(gated)).message(),
                 std::string("waiting for scheduling gates: [example.com/wait]"));
    }

    void theSentenceReadsAsUpstreamsDoes() {
        FakeHandle handle;
        Scene scene = Scene::of<NodeUnschedulable>();
        scene.framework->add(std::make_unique<TaintToleration>());
        scene.framework->add(std::make_unique<NodeResourcesFit>());
        scene.framework->add(std::make_unique<DynamicResources>());
        scene.framework->add(std::make_unique<DefaultPreemption>(handle));
        scene.add(cordoned(node("n1")));
        scene.add(tainted(node("n2"), "k", "NoSchedule"));
        scene.add(node("n3"));
        base::Random random(1);
        SchedulingAlgorithm algorithm(random);
        CycleState state(scene.framework->size());
        const auto outcome = algorithm.schedule(*scene.framework, state, *scene.info(pod("big", "64")), scene.cache);
        QVERIFY(!outcome.node);
        QCOMPARE(outcome.diagnosis->message(), std::string("0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had "
                                                           "untolerated taint(s), 1 node(s) were unschedulable. "
                                                           "no new claims to deallocate, preemption: 0/3 nodes are "
                                                           "available: 3 Preemption is not helpful for scheduling."));
        QCOMPARE(outcome.diagnosis->of("n3").message(), std::string("Insufficient cpu"));
        QCOMPARE(outcome.diagnosis->rejectedBy,
                 (std::set<std::string_view>{"NodeResourcesFit", "NodeUnschedulable", "TaintToleration"}));
    }

    void enoughNodesAreLookedAtAndNoMore() {
        QCOMPARE(enoughFeasible(5), std::size_t{5});
        QCOMPARE(enoughFeasible(100), std::size_t{100});
        QCOMPARE(enoughFeasible(1000), std::size_t{420});
        QCOMPARE(enoughFeasible(6000), std::size_t{300});
        QCOMPARE(enoughFeasible(1000, 20), std::size_t{200});
        QCOMPARE(enoughFeasible(1000, 1), std::size_t{100});
        QCOMPARE(enoughFeasible(1000, 100), std::size_t{1000});
    }

    void zonesTakeTurns() {
        Cache cache;
        for (const auto* name : {"a1", "a2", "a3"})
            cache.setNode(shared(labelled(node(name), "topology.kubernetes.io/zone", "a")));
        cache.setNode(shared(labelled(node("b1"), "topology.kubernetes.io/zone", "b")));
        std::vector<std::string> order;
        for (const auto* each : cache.all()) order.push_back(each->name());
        QCOMPARE(order, (std::vector<std::string>{"a1", "b1", "a2", "a3"}));
        cache.removeNode("a1");
        QCOMPARE(cache.all().size(), std::size_t{3});
    }

    void anAssumedPodCountsOnceWhenItIsSeen() {
        Cache cache;
        cache.setNode(shared(node("n")));
        const auto waiting = makePodInfo(shared(pod("a", "1")), cache.classes());
        cache.assume(waiting, "n");
        QVERIFY(cache.assumed("pod-a"));
        QCOMPARE(cache.find("n")->requested().milliCpu, std::int64_t{1000});
        cache.setPod(makePodInfo(shared(onNode(pod("a", "1"), "n")), cache.classes()));
        QVERIFY(!cache.assumed("pod-a"));
        QCOMPARE(cache.find("n")->requested().milliCpu, std::int64_t{1000});
        cache.forget("pod-a");  // too late: it is bound
        QCOMPARE(cache.pods(), std::size_t{1});
        cache.removePod("pod-a");
        QCOMPARE(cache.find("n")->requested().milliCpu, std::int64_t{0});
    }
};

QTEST_APPLESS_MAIN(PluginsTest)
#include "plugins_test.moc"
