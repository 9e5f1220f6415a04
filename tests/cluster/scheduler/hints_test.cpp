// Which events each plugin takes for a reason to try a Pod again that it turned away.
#include <QtTest>

#include "cluster/scheduler/framework/framework.h"
#include "cluster/scheduler/plugins/inter_pod_affinity.h"
#include "cluster/scheduler/plugins/node_affinity.h"
#include "cluster/scheduler/plugins/node_name.h"
#include "cluster/scheduler/plugins/node_ports.h"
#include "cluster/scheduler/plugins/node_resources_fit.h"
#include "cluster/scheduler/plugins/node_unschedulable.h"
#include "cluster/scheduler/plugins/node_volume_limits.h"
#include "cluster/scheduler/plugins/pod_topology_spread.h"
#include "cluster/scheduler/plugins/taint_toleration.h"
#include "cluster/scheduler/plugins/volume_binding.h"
#include "cluster/scheduler/plugins/volume_restrictions.h"
#include "cluster/scheduler/plugins/volume_zone.h"
#include "tests/cluster/scheduler/builders.h"
#include "tests/cluster/scheduler/fake_handle.h"

using namespace qd;
using namespace qd::scheduler;
using namespace qd::scheduler::testing;

namespace {

template <typename Before, typename After>
ClusterEvent changed(Happening what, const Before& before, const After& after) {
    return {what, std::make_shared<const Before>(before), std::make_shared<const After>(after)};
}
template <typename T>
ClusterEvent appeared(Happening what, const T& object) {
    return {what, nullptr, std::make_shared<const T>(object)};
}
template <typename T>
ClusterEvent left(Happening what, const T& object) {
    return {what, std::make_shared<const T>(object), nullptr};
}
ClusterEvent changedNode(const corev1::Node& before, const corev1::Node& after) {
    return changed(nodeChange(before, after), before, after);
}
ClusterEvent changedPod(const corev1::Pod& before, const corev1::Pod& after) {
    return changed(podChange(before, after), before, after);
}

// One plugin that has turned the Pod away.
struct Hints {
    template <typename T, typename... Arguments>
    static bool help(const corev1::Pod& pod, const ClusterEvent& event, Arguments&&... arguments) {
        PodClasses classes;
        Framework framework;
        const auto name = framework.add(std::make_unique<T>(std::forward<Arguments>(arguments)...)).name();
        const bool helps = framework.mayHelp(*makePodInfo(shared(pod), classes), {name}, event);
        return helps && framework.interested(event.what);
    }
};

corev1::Pod running(const std::string& name, const std::string& cpu = "1") {
    return onNode(pod(name, cpu), "n");
}

}  // namespace

class HintsTest : public QObject {
    Q_OBJECT
private slots:
    void resources() {
        const auto helps = [](const ClusterEvent& event) {
            return Hints::help<NodeResourcesFit>(pod("p", "4"), event);
        };
        QVERIFY(helps(left(Happening::PodRemoved, running("x"))));
        QVERIFY(helps(appeared(Happening::NodeAdded, node("n", "4"))));
        QVERIFY(!helps(appeared(Happening::NodeAdded, node("n", "2"))));
        QVERIFY(helps(changedNode(node("n", "2"), node("n", "4"))));
        QVERIFY(!helps(changedNode(node("n", "8"), node("n", "6"))));
        QVERIFY(!helps(changedNode(node("n", "8", "4Gi"), node("n", "8", "8Gi"))));  // it asks for no memory
        QVERIFY(!helps(changedNode(node("n", "8"), labelled(node("n", "8"), "a", "b"))));
        QVERIFY(!helps(appeared(Happening::PodAssigned, running("x"))));
        QVERIFY(helps(changedPod(running("x", "3"), running("x", "1"))));
        QVERIFY(!helps(changedPod(running("x", "1"), running("x", "3"))));
        QVERIFY(helps(changedPod(pod("p", "6"), pod("p", "4"))));
    }

    void taints() {
        const auto helps = [](const ClusterEvent& event) { return Hints::help<TaintToleration>(pod("p"), event); };
        const auto closed = tainted(node("n"), "k", "NoSchedule");
        QVERIFY(helps(changedNode(closed, node("n"))));
        QVERIFY(!helps(changedNode(node("n"), closed)));
        QVERIFY(!helps(appeared(Happening::NodeAdded, closed)));
        QVERIFY(helps(appeared(Happening::NodeAdded, node("n"))));
        QVERIFY(!helps(left(Happening::PodRemoved, running("x"))));
    }

    void cordons() {
        const auto helps = [](const ClusterEvent& event) { return Hints::help<NodeUnschedulable>(pod("p"), event); };
        auto closed = node("n");
        closed.spec.unschedulable = true;
        QVERIFY(helps(changedNode(closed, node("n"))));
        QVERIFY(!helps(changedNode(node("n"), closed)));
        QVERIFY(!helps(appeared(Happening::NodeAdded, closed)));
    }

    void nodeAffinity() {
        const auto helps = [](const ClusterEvent& event) {
            return Hints::help<NodeAffinity>(requiring(pod("p"), term("disk", "In", {"fast"})), event);
        };
        const auto fast = labelled(node("n"), "disk", "fast");
        QVERIFY(helps(changedNode(node("n"), fast)));
        QVERIFY(!helps(changedNode(fast, node("n"))));
        QVERIFY(!helps(changedNode(node("n"), labelled(node("n"), "disk", "slow"))));
        QVERIFY(!helps(appeared(Happening::NodeAdded, node("n"))));
    }

    void nodeNames() {
        QVERIFY(Hints::help<NodeName>(pod("p"), appeared(Happening::NodeAdded, node("n"))));
        QVERIFY(!Hints::help<NodeName>(pod("p"), left(Happening::PodRemoved, running("x"))));
    }

    void hostPorts() {
        const auto helps = [](const ClusterEvent& event) {
            return Hints::help<NodePorts>(withHostPort(pod("p"), 80), event);
        };
        QVERIFY(helps(left(Happening::PodRemoved, withHostPort(running("x"), 80))));
        QVERIFY(!helps(left(Happening::PodRemoved, withHostPort(running("x"), 81))));
        QVERIFY(!helps(left(Happening::PodRemoved, running("x"))));
        QVERIFY(helps(appeared(Happening::NodeAdded, node("n"))));
    }

    void affinityBetweenPods() {
        FakeHandle handle;
        auto wants = pod("p");
        auto& term = wants.spec.affinity.ensure()
                         .podAffinity.ensure()
                         .requiredDuringSchedulingIgnoredDuringExecution.emplace_back();
        term.topologyKey = "zone";
        term.labelSelector.emplace().matchLabels["app"] = "db";
        const auto helps = [&](const ClusterEvent& event) {
            return Hints::help<InterPodAffinity>(wants, event, handle.informers());
        };
        QVERIFY(helps(appeared(Happening::PodAssigned, labelled(running("x"), "app", "db"))));
        QVERIFY(!helps(appeared(Happening::PodAssigned, labelled(running("x"), "app", "web"))));
        QVERIFY(helps(changedPod(running("x"), labelled(running("x"), "app", "db"))));
        QVERIFY(!helps(changedPod(labelled(running("x"), "app", "db"), running("x"))));
        QVERIFY(helps(changedNode(node("n"), labelled(node("n"), "zone", "a"))));
        QVERIFY(!helps(changedNode(node("n"), labelled(node("n"), "rack", "a"))));
    }

    void spreading() {
        FakeHandle handle;
        const auto subject = spreadOver(pod("p"), "zone", 1, "web");
        const auto helps = [&](const ClusterEvent& event) {
            return Hints::help<PodTopologySpread>(subject, event, handle.informers());
        };
        QVERIFY(helps(left(Happening::PodRemoved, labelled(running("x"), "app", "web"))));
        QVERIFY(!helps(left(Happening::PodRemoved, labelled(running("x"), "app", "db"))));
        QVERIFY(helps(appeared(Happening::PodAssigned, labelled(running("x"), "app", "web"))));
        QVERIFY(helps(appeared(Happening::NodeAdded, labelled(node("n"), "zone", "a"))));
        QVERIFY(!helps(appeared(Happening::NodeAdded, node("n"))));
    }

    void volumesToBind() {
        FakeHandle handle;
        const auto subject = withClaim(pod("p"), "c");
        const auto helps = [&](const ClusterEvent& event) {
            return Hints::help<VolumeBinding>(subject, event, handle);
        };
        QVERIFY(helps(appeared(Happening::Claim, claim("c", "any"))));
        QVERIFY(!helps(appeared(Happening::Claim, claim("d", "any"))));
        QVERIFY(helps(appeared(Happening::Volume, volume("v", "any"))));
        QVERIFY(helps(appeared(Happening::StorageClass, storageClass("any", "x"))));
        QVERIFY(!helps(changed(Happening::StorageClass, storageClass("any", "x"), storageClass("any", "x"))));
        QVERIFY(helps(changedNode(node("n"), labelled(node("n"), "zone", "a"))));
        QVERIFY(!helps(left(Happening::PodRemoved, running("x"))));
        storagev1::CSIStorageCapacity less;
        less.capacity = api::Quantity::of("1Gi");
        auto more = less;
        more.capacity = api::Quantity::of("2Gi");
        QVERIFY(helps(changed(Happening::CsiCapacity, less, more)));
        QVERIFY(!helps(changed(Happening::CsiCapacity, more, less)));
    }

    void volumesInZones() {
        FakeHandle handle;
        const auto helps = [&](const ClusterEvent& event) {
            return Hints::help<VolumeZone>(withClaim(pod("p"), "c"), event, handle);
        };
        auto zoned = volume("v", "any");
        zoned.metadata.labels["topology.kubernetes.io/zone"] = "a";
        QVERIFY(helps(changed(Happening::Volume, volume("v", "any"), zoned)));
        QVERIFY(!helps(changed(Happening::Volume, zoned, zoned)));
        QVERIFY(helps(appeared(Happening::StorageClass, storageClass("any", "x"))));
        QVERIFY(!helps(appeared(Happening::StorageClass, storageClass("any", "x", "Immediate"))));
    }

    void volumesOfOnePod() {
        FakeHandle handle;
        const auto helps = [&](const ClusterEvent& event) {
            return Hints::help<VolumeRestrictions>(withClaim(pod("p"), "c"), event, handle);
        };
        QVERIFY(helps(left(Happening::PodRemoved, withClaim(running("x"), "c"))));
        QVERIFY(!helps(left(Happening::PodRemoved, withClaim(running("x"), "d"))));
        QVERIFY(!helps(left(Happening::PodRemoved, running("x"))));
    }

    void limitsOfVolumes() {
        FakeHandle handle;
        const auto helps = [&](const ClusterEvent& event) {
            return Hints::help<NodeVolumeLimits>(withClaim(pod("p"), "c"), event, handle);
        };
        QVERIFY(helps(left(Happening::PodRemoved, withClaim(running("x"), "d"))));
        QVERIFY(!helps(left(Happening::PodRemoved, running("x"))));
        QVERIFY(helps(left(Happening::VolumeAttachment, storagev1::VolumeAttachment())));
        QVERIFY(!helps(appeared(Happening::VolumeAttachment, storagev1::VolumeAttachment())));
        storagev1::CSINode few;
        auto& driver = few.spec.drivers.emplace_back();
        driver.name = "x";
        driver.allocatable.emplace().count = 1;
        auto many = few;
        many.spec.drivers[0].allocatable->count = 2;
        QVERIFY(helps(changed(Happening::CsiNode, few, many)));
        QVERIFY(!helps(changed(Happening::CsiNode, many, few)));
    }
};

QTEST_APPLESS_MAIN(HintsTest)
#include "hints_test.moc"
