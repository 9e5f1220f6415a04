// DaemonSets on a few nodes, with a kubelet that makes every Pod ready unless the test says otherwise.
#include "cluster/controllers/daemonset/daemonset_controller.h"

#include <QtTest>

#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

class Daemons : public Scene {
public:
    explicit Daemons(std::uint64_t seed = 1)
        : Scene({{.name = "daemonset-controller",
                  .alias = "daemonset",
                  .make = [](Context& context) { return std::make_unique<DaemonSetController>(context); }}},
                seed) {}

    bool kubelet = true;

    void putNode(const std::string& name, const api::Map<std::string>& labels = {}, const std::string& taint = "") {
        corev1::Node node;
        node.metadata.name = name;
        node.metadata.labels = labels;
        if (!taint.empty()) {
            node.spec.taints.emplace_back().key = "special";
            node.spec.taints.back().effect = taint;
        }
        client.put(node);
    }
    void putSet(const std::function<void(appsv1::DaemonSet&)>& with = {}) {
        appsv1::DaemonSet set;
        set.metadata.namespace_ = "default";
        set.metadata.name = "agent";
        set.spec.selector = selecting({{"app", "web"}});
        set.spec.template_ = templateOf("lab:1");
        set.spec.updateStrategy.type = appsv1::RollingUpdateDaemonSetStrategyType;
        set.spec.updateStrategy.rollingUpdate.emplace().maxUnavailable = api::IntOrString(1);
        set.spec.updateStrategy.rollingUpdate->maxSurge = api::IntOrString(0);
        set.spec.revisionHistoryLimit = 10;
        if (with) with(set);
        client.put(set);
    }
    client::Ptr<appsv1::DaemonSet> agent() { return client.stored<appsv1::DaemonSet>("default", "agent"); }
    void change(const std::function<void(appsv1::DaemonSet&)>& with) {
        auto changed = *agent();
        with(changed);
        client.put(changed);
    }
    void settle(int seconds = 20) {
        for (int i = 0; i < seconds; ++i) {
            runFor(1s);
            if (kubelet) runKubelet();
            mostPods = std::max(mostPods, client.all<corev1::Pod>().size());
            leastReady = std::min(leastReady, readyCount());
        }
    }
    void runKubelet() {
        for (const auto& found : client.all<corev1::Pod>()) {
            if (found->status.phase != corev1::PodPending || found->spec.containers.at(0).image == "broken") continue;
            corev1::Pod changed = *found;
            changed.spec.nodeName = targetNode(changed);
            markReady(changed, api::Time(executor.clock().now()));
            client.put(changed);
        }
    }
    std::size_t readyCount() {
        const auto pods = client.all<corev1::Pod>();
        return static_cast<std::size_t>(std::ranges::count_if(pods, [](const auto& pod) {
            return pod->status.phase == corev1::PodRunning && !pod->metadata.deletionTimestamp;
        }));
    }
    // "n1:lab:1" of each Pod, by node.
    QString pods() {
        QStringList all;
        for (const auto& pod : client.all<corev1::Pod>())
            all << QString::fromStdString(targetNode(*pod) + "=" + pod->spec.containers.at(0).image);
        all.sort();
        return all.join(' ');
    }
    std::size_t mostPods = 0, leastReady = 1000;
};

}  // namespace

class DaemonSetControllerTest : public QObject {
    Q_OBJECT
private slots:
    void onePodRunsOnEachNode() {
        Daemons scene;
        scene.putNode("n1");
        scene.putNode("n2");
        scene.putSet();
        scene.settle();
        QCOMPARE(scene.pods(), QString("n1=lab:1 n2=lab:1"));
        const auto& status = scene.agent()->status;
        QCOMPARE(status.desiredNumberScheduled, 2);
        QCOMPARE(status.currentNumberScheduled, 2);
        QCOMPARE(status.numberAvailable, 2);
        QCOMPARE(status.updatedNumberScheduled, 2);
        QCOMPARE(status.numberUnavailable, 0);
        scene.putNode("n3");
        scene.settle();
        QCOMPARE(scene.pods(), QString("n1=lab:1 n2=lab:1 n3=lab:1"));
    }

    void nodesAreChosenByLabelsAndTaints() {
        Daemons scene;
        scene.putNode("plain");
        scene.putNode("disk", {{"disk", "ssd"}});
        scene.putNode("tainted", {{"disk", "ssd"}}, "NoSchedule");
        scene.putSet([](auto& set) { set.spec.template_.spec.nodeSelector = {{"disk", "ssd"}}; });
        scene.settle();
        QCOMPARE(scene.pods(), QString("disk=lab:1"));
        scene.putNode("plain", {{"disk", "ssd"}});
        scene.putNode("tainted", {{"disk", "ssd"}});
        scene.settle();
        QCOMPARE(scene.pods(), QString("disk=lab:1 plain=lab:1 tainted=lab:1"));
        scene.putNode("plain", {{"disk", "none"}});
        scene.settle();
        QCOMPARE(scene.pods(), QString("disk=lab:1 tainted=lab:1"));
    }

    void aTaintThatComesLaterDrivesAwayOnlyIfItSaysSo() {
        Daemons scene;
        scene.putNode("n1");
        scene.putSet();
        scene.settle();
        scene.putNode("n1", {}, "NoSchedule");
        scene.settle();
        QCOMPARE(scene.pods(), QString("n1=lab:1"));
        QCOMPARE(scene.agent()->status.numberMisscheduled, 1);
        scene.putNode("n1", {}, "NoExecute");
        scene.settle();
        QCOMPARE(scene.pods(), QString());
    }

    void itsPodsPutUpWithNodesInTrouble() {
        Daemons scene;
        scene.putNode("n1");
        scene.putSet();
        scene.settle();
        QStringList tolerated;
        for (const auto& one : scene.client.all<corev1::Pod>().at(0)->spec.tolerations)
            tolerated << QString::fromStdString(one.key + ":" + one.effect);
        QVERIFY(tolerated.contains("node.kubernetes.io/not-ready:NoExecute"));
        QVERIFY(tolerated.contains("node.kubernetes.io/unreachable:NoExecute"));
        QVERIFY(tolerated.contains("node.kubernetes.io/unschedulable:NoSchedule"));
        QVERIFY(!tolerated.contains("node.kubernetes.io/network-unavailable:NoSchedule"));
    }

    void anUpdateReplacesOnePodAfterTheOther() {
        Daemons scene;
        for (const char* node : {"n1", "n2", "n3"}) scene.putNode(node);
        scene.putSet();
        scene.settle();
        scene.mostPods = 0;
        scene.leastReady = 1000;
        scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "lab:2"; });
        scene.settle(60);
        QCOMPARE(scene.pods(), QString("n1=lab:2 n2=lab:2 n3=lab:2"));
        QCOMPARE(scene.mostPods, 3U);
        QVERIFY(scene.leastReady >= 2);
        QCOMPARE(scene.client.all<appsv1::ControllerRevision>().size(), 2U);
    }

    void anUpdateThatBreaksStopsAtOneNode() {
        Daemons scene;
        for (const char* node : {"n1", "n2", "n3"}) scene.putNode(node);
        scene.putSet();
        scene.settle();
        scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "broken"; });
        scene.settle(60);
        QCOMPARE(scene.pods().count("broken"), 1);
        scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "lab:1"; });
        scene.settle(60);
        QCOMPARE(scene.pods(), QString("n1=lab:1 n2=lab:1 n3=lab:1"));
        // Gone back to: the first revision has become the newest.
        std::int64_t newest = 0;
        for (const auto& one : scene.client.all<appsv1::ControllerRevision>()) newest = std::max(newest, one->revision);
        QCOMPARE(newest, 3);
        QCOMPARE(scene.client.all<appsv1::ControllerRevision>().size(), 2U);
    }

    void withSurgeNobodyIsMissing() {
        Daemons scene;
        for (const char* node : {"n1", "n2", "n3"}) scene.putNode(node);
        scene.putSet([](auto& set) {
            set.spec.updateStrategy.rollingUpdate->maxUnavailable = api::IntOrString(0);
            set.spec.updateStrategy.rollingUpdate->maxSurge = api::IntOrString(1);
        });
        scene.settle();
        scene.mostPods = 0;
        scene.leastReady = 1000;
        scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "lab:2"; });
        scene.settle(60);
        QCOMPARE(scene.pods(), QString("n1=lab:2 n2=lab:2 n3=lab:2"));
        QCOMPARE(scene.leastReady, 3U);
        QCOMPARE(scene.mostPods, 4U);
    }

    // The old Pods are available all the time, so that nothing in the status shows that a new one is about to be.
    void withSurgeAndMinReadySecondsAnUpdateGoesOn() {
        Daemons scene;
        for (const char* node : {"n1", "n2", "n3"}) scene.putNode(node);
        scene.putSet([](auto& set) {
            set.spec.updateStrategy.rollingUpdate->maxUnavailable = api::IntOrString(0);
            set.spec.updateStrategy.rollingUpdate->maxSurge = api::IntOrString(1);
            set.spec.minReadySeconds = 5;
        });
        scene.settle();
        scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "lab:2"; });
        scene.settle(60);
        QCOMPARE(scene.pods(), QString("n1=lab:2 n2=lab:2 n3=lab:2"));
        QCOMPARE(scene.agent()->status.numberAvailable, 3);
        QCOMPARE(scene.agent()->status.updatedNumberScheduled, 3);
    }

    void onDeleteWaitsForSomebody() {
        Daemons scene;
        scene.putNode("n1");
        scene.putNode("n2");
        scene.putSet([](auto& set) { set.spec.updateStrategy = {.type = appsv1::OnDeleteDaemonSetStrategyType}; });
        scene.settle();
        scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "lab:2"; });
        scene.settle();
        QCOMPARE(scene.pods(), QString("n1=lab:1 n2=lab:1"));
        QCOMPARE(scene.agent()->status.updatedNumberScheduled, 0);
        scene.client.erase(client::resourceOf<corev1::Pod>(), "default",
                           scene.client.all<corev1::Pod>().at(0)->metadata.name);
        scene.settle();
        QCOMPARE(scene.pods().count("lab:2"), 1);
    }

    void aFailedPodIsReplacedLessAndLessOften() {
        Daemons scene;
        scene.kubelet = false;
        scene.putNode("n1");
        scene.putSet();
        int made = 0;
        for (int second = 0; second < 60; ++second) {
            scene.runFor(1s);
            for (const auto& pod : scene.client.all<corev1::Pod>()) {
                if (pod->status.phase == corev1::PodFailed) continue;
                ++made;
                corev1::Pod failed = *pod;
                failed.status.phase = corev1::PodFailed;
                scene.client.put(failed);
            }
        }
        QVERIFY2(made >= 5 && made <= 9, qPrintable(QString::number(made)));
        QVERIFY(joined(scene.client.takeEvents()).contains("Warning FailedDaemonPod Found failed daemon pod default/"));
    }

    void oldRevisionsAreRemovedBeyondTheLimit() {
        Daemons scene;
        scene.putNode("n1");
        scene.putSet([](auto& set) { set.spec.revisionHistoryLimit = 2; });
        for (int version = 2; version < 7; ++version) {
            scene.settle();
            scene.change(
                [&](auto& set) { set.spec.template_.spec.containers[0].image = "lab:" + std::to_string(version); });
        }
        scene.settle();
        QCOMPARE(scene.client.all<appsv1::ControllerRevision>().size(), 3U);
    }

    void theHistoryHoldsWhatRollbackApplies() {
        Daemons scene;
        scene.putSet();
        scene.settle();
        const auto revision = scene.client.all<appsv1::ControllerRevision>().at(0);
        QVERIFY(revision->data.raw.starts_with("{\"spec\":{\"template\":{\"$patch\":\"replace\","));
        QCOMPARE(revision->revision, 1);
        QCOMPARE(revision->metadata.name, "agent-" + revision->metadata.labels.at(kRevisionHash));
    }

    // Whatever write fails and however old the copies are: never two Pods on a node, and one on each in the end.
    void failedWritesLeaveOnePodANode() {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            Daemons scene(seed);
            base::Random dice(seed);
            for (const char* node : {"n1", "n2", "n3"}) scene.putNode(node);
            scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
                if (request.starts_with("get") || request.starts_with("list") || dice.below(3) != 0)
                    return std::nullopt;
                return Error{Reason::InternalError, "no luck"};
            };
            scene.putSet();
            for (int round = 0; round < 60; ++round) {
                scene.client.holdWatches(dice.below(3) == 0);
                scene.runFor(1s);
                scene.runKubelet();
                QVERIFY(scene.client.all<corev1::Pod>().size() <= 3);
                if (round == 30) scene.change([](auto& set) { set.spec.template_.spec.containers[0].image = "lab:2"; });
            }
            scene.client.refuse = nullptr;
            scene.client.holdWatches(false);
            scene.settle(200);
            QCOMPARE(scene.pods(), QString("n1=lab:2 n2=lab:2 n3=lab:2"));
        }
    }
};

QTEST_GUILESS_MAIN(DaemonSetControllerTest)
#include "daemonset_controller_test.moc"
