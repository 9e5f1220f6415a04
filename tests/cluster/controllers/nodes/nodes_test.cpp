#include <QtTest>

#include "cluster/controllers/node_ipam/cidr_set.h"
#include "cluster/controllers/node_ipam/node_ipam_controller.h"
#include "cluster/controllers/node_lifecycle/node_lifecycle_controller.h"
#include "cluster/controllers/nodes/node_state.h"
#include "cluster/controllers/pod_gc/pod_gc_controller.h"
#include "cluster/controllers/taint_eviction/taint_eviction_controller.h"
#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

corev1::Node node(const std::string& name, const char* ready = "True") {
    corev1::Node made;
    made.metadata.name = name;
    if (*ready) {
        auto& condition = made.status.conditions.emplace_back();
        condition.type = "Ready";
        condition.status = ready;
    }
    return made;
}

corev1::Pod podOn(const std::string& name, const std::string& onNode) {
    auto made = pod(name);
    made.spec.nodeName = onNode;
    for (const char* key : {corev1::TaintNodeNotReady, corev1::TaintNodeUnreachable}) {
        auto& toleration = made.spec.tolerations.emplace_back();
        toleration.key = key;
        toleration.operator_ = "Exists";
        toleration.effect = "NoExecute";
        toleration.tolerationSeconds = 300;
    }
    markReady(made, api::Time::fromUnix(1'767'225'600));
    return made;
}

// Nodes with their leases renewed every ten seconds, unless they are among the silent.
class Cluster : public Scene {
public:
    explicit Cluster(const std::vector<std::string>& names)
        : Scene({{.name = "node-lifecycle-controller", .alias = "nodelifecycle", .make = [](Context& context) { return std::make_unique<NodeLifecycleController>(context); }},
                 {.name = "taint-eviction-controller", .alias = "taint", .make = [](Context& context) { return std::make_unique<TaintEvictionController>(context); }}}),
          nodes(names) {
        for (const auto& name : names) client.put(node(name));
    }
    void live(base::Duration length) {
        for (base::Duration passed{0}; passed < length; passed += 10s) {
            for (const auto& name : nodes) {
                if (silent.contains(name)) continue;
                coordinationv1::Lease lease;
                lease.metadata.namespace_ = "kube-node-lease";
                lease.metadata.name = name;
                lease.spec.renewTime = api::MicroTime(executor.clock().now());
                client.put(lease);
            }
            runFor(10s);
        }
    }
    QString taints(const std::string& name) {
        QStringList text;
        for (const auto& taint : client.stored<corev1::Node>("", name)->spec.taints) text << QString::fromStdString(taint.key.substr(taint.key.find('/') + 1) + ":" + taint.effect);
        return text.join(' ');
    }
    QString ready(const std::string& name) {
        const auto* condition = nodeCondition(*client.stored<corev1::Node>("", name), "Ready");
        return QString::fromStdString(condition->status + " " + condition->reason + ": " + condition->message);
    }
    std::vector<std::string> nodes;
    std::set<std::string> silent;
};

}  // namespace

class NodesTest : public QObject {
    Q_OBJECT
private slots:
    void aRangeIsSplitIntoParts() {
        const auto set = CidrSet::parse("10.244.0.0/16", 24);
        QVERIFY(set.has_value());
        QCOMPARE(set->firstFree({}).value_or(""), std::string("10.244.0.0/24"));
        QCOMPARE(set->firstFree({"10.244.0.0/24", "10.244.1.0/24", "nonsense"}).value_or(""), std::string("10.244.2.0/24"));
        QCOMPARE(set->firstFree({"10.244.0.0/17"}).value_or(""), std::string("10.244.128.0/24"));
        QVERIFY(!set->firstFree({"10.0.0.0/8"}));
        QVERIFY(!CidrSet::parse("10.244.0.0", 24));
        QVERIFY(!CidrSet::parse("10.244.0/16", 24));
        QVERIFY(!CidrSet::parse("10.244.0.0/16", 15));
    }

    void everyNodeGetsItsOwnPart() {
        Scene scene({{.name = "node-ipam-controller", .alias = "nodeipam", .make = [](Context& context) { return std::make_unique<NodeIpamController>(context, "10.244.0.0/16", 24); }, .workers = 1}});
        auto old = node("old");
        old.spec.podCIDR = "10.244.1.0/24";
        scene.client.put(old);
        for (const char* name : {"a", "b", "c"}) scene.client.put(node(name));
        scene.settle();
        std::set<std::string> parts;
        for (const auto& each : scene.client.all<corev1::Node>()) {
            parts.insert(each->spec.podCIDR);
            if (each->metadata.name != "old") QCOMPARE(each->spec.podCIDRs, std::vector<std::string>{each->spec.podCIDR});
        }
        QCOMPARE(parts, (std::set<std::string>{"10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24"}));
    }

    void aSilentNodeIsMarkedTaintedAndItsPodsLeave() {
        Cluster scene({"n1", "n2"});
        scene.client.put(podOn("web", "n2"));
        scene.live(30s);
        QCOMPARE(scene.taints("n2"), QString());
        QCOMPARE(joined(scene.client.takeEvents()).count("RegisteredNode"), 2);
        scene.silent = {"n2"};
        scene.live(40s);
        QVERIFY(scene.ready("n2").startsWith("True"));
        scene.live(30s);
        QCOMPARE(scene.ready("n2"), QString("Unknown NodeStatusUnknown: Kubelet stopped posting node status."));
        QCOMPARE(scene.taints("n2"), QString("unreachable:NoSchedule unreachable:NoExecute"));
        QCOMPARE(scene.taints("n1"), QString());
        const QString events = joined(scene.client.takeEvents());
        QVERIFY(events.contains("Normal NodeNotReady Node n2 status is now: NodeNotReady"));
        QVERIFY(events.contains("Warning NodeNotReady Node is not ready"));
        const auto web = scene.client.stored<corev1::Pod>("default", "web");
        QCOMPARE(web->status.conditions.at(0).status, std::string("False"));
        scene.live(250s);
        QVERIFY(scene.client.stored<corev1::Pod>("default", "web"));
        scene.live(60s);
        QVERIFY(!scene.client.stored<corev1::Pod>("default", "web"));
        QVERIFY(joined(scene.client.takeEvents()).contains("Normal TaintManagerEviction Marking for deletion Pod default/web"));
    }

    void aNodeThatComesBackKeepsItsPods() {
        Cluster scene({"n1", "n2"});
        scene.client.put(podOn("web", "n2"));
        scene.live(20s);
        scene.silent = {"n2"};
        scene.live(100s);
        QVERIFY(scene.taints("n2").contains("NoExecute"));
        scene.silent = {};
        auto back = *scene.client.stored<corev1::Node>("", "n2");
        back.status.conditions[0].status = "True";
        back.status.conditions[0].lastHeartbeatTime = api::Time(scene.executor.clock().now());
        scene.client.put(back);
        scene.live(400s);
        QCOMPARE(scene.taints("n2"), QString());
        QVERIFY(scene.client.stored<corev1::Pod>("default", "web"));
        QVERIFY(joined(scene.client.takeEvents()).contains("Cancelling deletion of Pod default/web"));
    }

    void whenAllNodesAreSilentNobodyIsEvicted() {
        Cluster scene({"n1", "n2"});
        scene.client.put(podOn("web", "n2"));
        scene.live(20s);
        scene.silent = {"n1", "n2"};
        scene.live(900s);
        QCOMPARE(scene.taints("n1"), QString("unreachable:NoSchedule"));
        QCOMPARE(scene.taints("n2"), QString("unreachable:NoSchedule"));
        QVERIFY(scene.client.stored<corev1::Pod>("default", "web"));
    }

    void aSteppedWallClockMakesNoNodeSilent() {
        Cluster scene({"n1", "n2"});
        scene.live(20s);
        scene.executor.simulatedClock().stepWall(1h);
        scene.live(20s);
        QVERIFY(scene.ready("n1").startsWith("True") && scene.ready("n2").startsWith("True"));
        // Leases then say times from before those that they said.
        scene.executor.simulatedClock().stepWall(-2h);
        scene.live(90s);
        QVERIFY(scene.ready("n1").startsWith("True") && scene.ready("n2").startsWith("True"));
    }

    void conditionsAndCordonBecomeTaintsAndForeignTaintsStay() {
        corev1::Node full = node("n");
        full.spec.unschedulable = true;
        auto& pressure = full.status.conditions.emplace_back();
        pressure.type = "DiskPressure";
        pressure.status = "True";
        auto& foreign = full.spec.taints.emplace_back();
        foreign.key = "example.com/gpu";
        foreign.effect = "NoSchedule";
        auto& stale = full.spec.taints.emplace_back();
        stale.key = "node.kubernetes.io/memory-pressure";
        stale.effect = "NoSchedule";
        QStringList keys;
        for (const auto& taint : planTaints(full, true, {})) keys << QString::fromStdString(taint.key);
        QCOMPARE(keys.join(' '), QString("example.com/gpu node.kubernetes.io/disk-pressure node.kubernetes.io/unschedulable"));
    }

    void tolerationsDecideHowLongAPodStays_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("operator_");
        QTest::addColumn<int>("seconds");
        QTest::addColumn<int>("stays");
        QTest::newRow("for a while") << "gone" << "Exists" << 60 << 60;
        QTest::newRow("for ever") << "gone" << "Exists" << -1 << -1;
        QTest::newRow("everything is tolerated") << "" << "Exists" << -1 << -1;
        QTest::newRow("another key") << "other" << "Exists" << -1 << 0;
        QTest::newRow("another value") << "gone" << "Equal" << -1 << 0;
    }
    void tolerationsDecideHowLongAPodStays() {
        QFETCH(QString, key);
        QFETCH(QString, operator_);
        QFETCH(int, seconds);
        QFETCH(int, stays);
        corev1::Taint taint;
        taint.key = "gone";
        taint.value = "v";
        taint.effect = "NoExecute";
        corev1::Toleration toleration;
        toleration.key = key.toStdString();
        toleration.operator_ = operator_.toStdString();
        if (seconds >= 0) toleration.tolerationSeconds = seconds;
        const auto allowed = toleratedFor({toleration}, {taint});
        QCOMPARE(allowed.has_value(), stays >= 0);
        if (allowed) QVERIFY(*allowed == std::chrono::seconds(stays));
    }

    void podsOfVanishedNodesAndUnscheduledOnesAreCollected() {
        Scene scene({{.name = "podgc", .alias = "podgc", .make = [](Context& context) { return std::make_unique<PodGcController>(context); }, .workers = 1}});
        scene.client.put(node("n1"));
        scene.client.put(podOn("stays", "n1"));
        scene.client.put(podOn("lost", "gone"));
        auto unscheduled = pod("unscheduled");
        unscheduled.metadata.deletionTimestamp = api::Time(scene.executor.clock().now());
        unscheduled.metadata.deletionGracePeriodSeconds = 30;
        scene.client.put(unscheduled);
        scene.client.deletesPodsGracefully = true;
        scene.settle();
        QVERIFY(!scene.client.stored<corev1::Pod>("default", "unscheduled"));
        QVERIFY(scene.client.stored<corev1::Pod>("default", "lost"));
        scene.runFor(70s);
        QVERIFY(!scene.client.stored<corev1::Pod>("default", "lost"));
        QVERIFY(scene.client.stored<corev1::Pod>("default", "stays"));
    }

    void finishedPodsBeyondTheThresholdGoOldestFirst() {
        PodGcInput input;
        input.finishedThreshold = 1;
        input.nodes["n1"] = std::make_shared<const corev1::Node>(node("n1"));
        for (int i = 0; i < 3; ++i) {
            auto done = podOn("p" + std::to_string(i), "n1");
            done.status.phase = i == 2 ? "Failed" : "Succeeded";
            if (i == 2) done.status.reason = "Evicted";
            done.metadata.creationTimestamp = api::Time::fromUnix(1000 + i);
            input.pods.push_back(std::make_shared<const corev1::Pod>(done));
        }
        const auto victims = planPodGc(input);
        QCOMPARE(victims.size(), 2U);
        QCOMPARE(victims[0].pod->metadata.name, std::string("p2"));
        QCOMPARE(victims[1].pod->metadata.name, std::string("p0"));
    }
};

QTEST_APPLESS_MAIN(NodesTest)
#include "nodes_test.moc"
