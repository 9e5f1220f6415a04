#include "cluster/controllers/deployment/deployment_controller.h"

#include <QtTest>

#include "cluster/controllers/deployment/deployment_status.h"
#include "cluster/controllers/pods/template_hash.h"
#include "cluster/controllers/replicaset/replicaset_controller.h"
#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

std::vector<Descriptor> descriptors() {
    return {{.name = "deployment-controller", .alias = "deployment", .make = [](Context& context) { return std::make_unique<DeploymentController>(context); }},
            {.name = "replicaset-controller", .alias = "replicaset", .make = [](Context& context) { return std::make_unique<ReplicaSetController>(context, replicaSetKind()); }}};
}

// Deployment and ReplicaSet controllers, and a kubelet whose Pods are ready at once.
class Rollout : public Scene {
public:
    explicit Rollout(std::uint64_t seed = 1) : Scene(descriptors(), seed) {}

    bool kubelet = true;

    void settle() {
        for (int i = 0; i < 30; ++i) {
            Scene::runFor(1s);
            if (kubelet) runKubelet();
            checkLimits();
        }
    }
    void runKubelet() {
        for (const auto& found : client.all<corev1::Pod>()) {
            if (found->status.phase != corev1::PodPending || found->spec.containers.at(0).image == "broken") continue;
            corev1::Pod changed = *found;
            changed.spec.nodeName = "n1";
            markReady(changed, api::Time(executor.clock().now()));
            client.put(changed);
        }
    }
    // Never more Pods than the surge allows, never fewer available than the Deployment may miss.
    void checkLimits() {
        const auto web = client.stored<appsv1::Deployment>("default", "web");
        if (!web || mostPods == 0) return;
        QVERIFY(static_cast<int>(client.all<corev1::Pod>().size()) <= mostPods);
    }
    int mostPods = 0;

    client::Ptr<appsv1::Deployment> web() { return client.stored<appsv1::Deployment>("default", "web"); }
    void change(const std::function<void(appsv1::Deployment&)>& with) {
        auto changed = *web();
        with(changed);
        client.put(changed);
    }
    // "2:3" of each ReplicaSet's revision and size, by revision.
    QString sizes() {
        std::map<std::int64_t, int> found;
        for (const auto& set : client.all<appsv1::ReplicaSet>()) found[revisionAnnotationOf(*set).value_or(-1)] = *set->spec.replicas;
        QStringList text;
        for (const auto& [revision, size] : found) text << QString("%1:%2").arg(revision).arg(size);
        return text.join(' ');
    }
    QString condition(const char* type) {
        const auto* found = deploymentCondition(web()->status, type);
        return found ? QString::fromStdString(found->status + " " + found->reason + " " + found->message) : QString();
    }
    // The ScalingReplicaSet events, with the sets' names made short.
    QString scalings() {
        QStringList found;
        for (const auto& line : client.takeEvents()) {
            QString text = QString::fromStdString(line);
            if (!text.contains("ScalingReplicaSet")) continue;
            for (const auto& set : client.all<appsv1::ReplicaSet>()) {
                text.replace(QString::fromStdString(set->metadata.name), QString::fromStdString(set->spec.template_.spec.containers.at(0).image));
            }
            found << text.remove("Normal ScalingReplicaSet ");
        }
        return found.join('\n');
    }
};

}  // namespace

class DeploymentControllerTest : public QObject {
    Q_OBJECT
private slots:
    void aNewDeploymentComesUp() {
        Rollout scene;
        scene.client.put(deployment("web", 3));
        scene.settle();
        const auto sets = scene.client.all<appsv1::ReplicaSet>();
        QCOMPARE(sets.size(), 1U);
        const auto& set = *sets[0];
        const std::string hash = set.metadata.labels.at("pod-template-hash");
        QCOMPARE(set.metadata.name, "web-" + hash);
        QCOMPARE(set.spec.selector->matchLabels.at("pod-template-hash"), hash);
        QCOMPARE(set.spec.template_.metadata.labels.at("pod-template-hash"), hash);
        QCOMPARE(set.metadata.annotations, (api::Map<std::string>{{"deployment.kubernetes.io/desired-replicas", "3"}, {"deployment.kubernetes.io/max-replicas", "4"}, {"deployment.kubernetes.io/revision", "1"}}));
        QCOMPARE(scene.web()->metadata.annotations, (api::Map<std::string>{{"deployment.kubernetes.io/revision", "1"}}));
        QCOMPARE(scene.condition("Available"), QString("True MinimumReplicasAvailable Deployment has minimum availability."));
        QCOMPARE(scene.condition("Progressing"), QString("True NewReplicaSetAvailable ReplicaSet \"%1\" has successfully progressed.").arg(QString::fromStdString(set.metadata.name)));
        const auto& status = scene.web()->status;
        QCOMPARE(status.replicas, 3);
        QCOMPARE(status.updatedReplicas, 3);
        QCOMPARE(status.availableReplicas, 3);
        QCOMPARE(status.unavailableReplicas, 0);
        QCOMPARE(*status.terminatingReplicas, 0);
        QCOMPARE(status.observedGeneration, 1);
        QCOMPARE(scene.scalings(), QString("Scaled up replica set lab:1 from 0 to 3"));
    }

    void aChangedTemplateIsRolledOutPodByPod() {
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            Rollout scene(seed);
            scene.client.put(deployment("web", 3));
            scene.settle();
            scene.client.takeEvents();
            scene.mostPods = 4;
            scene.change([](appsv1::Deployment& web) { web.spec.template_ = templateOf("lab:2"); });
            scene.settle();
            QCOMPARE(scene.sizes(), QString("1:0 2:3"));
            QCOMPARE(scene.scalings(), QString("Scaled up replica set lab:2 from 0 to 1\nScaled down replica set lab:1 from 3 to 2\n"
                                               "Scaled up replica set lab:2 from 1 to 2\nScaled down replica set lab:1 from 2 to 1\n"
                                               "Scaled up replica set lab:2 from 2 to 3\nScaled down replica set lab:1 from 1 to 0"));
            QVERIFY(isComplete(*scene.web(), scene.web()->status));
        }
    }

    void goingBackReusesTheOldSetUnderANewRevision() {
        Rollout scene;
        scene.client.put(deployment("web", 3));
        scene.settle();
        scene.change([](appsv1::Deployment& web) { web.spec.template_ = templateOf("lab:2"); });
        scene.settle();
        scene.change([](appsv1::Deployment& web) { web.spec.template_ = templateOf("lab:1"); });
        scene.settle();
        QCOMPARE(scene.sizes(), QString("2:0 3:3"));
        QCOMPARE(scene.web()->metadata.annotations.at(kRevisionAnnotation), std::string("3"));
        for (const auto& set : scene.client.all<appsv1::ReplicaSet>()) {
            if (*set->spec.replicas == 3) QCOMPARE(set->metadata.annotations.at(kRevisionHistoryAnnotation), std::string("1"));
        }
    }

    void aBrokenRolloutStopsAndTimesOutAfterItsDeadline() {
        Rollout scene;
        scene.client.put(deployment("web", 4));
        scene.settle();
        scene.change([](appsv1::Deployment& web) { web.spec.template_ = templateOf("broken"); });
        scene.settle();
        QCOMPARE(scene.sizes(), QString("1:3 2:2"));
        QVERIFY(scene.condition("Progressing").startsWith("True ReplicaSetUpdated"));
        QCOMPARE(scene.condition("Available"), QString("True MinimumReplicasAvailable Deployment has minimum availability."));
        scene.runFor(11min);
        QVERIFY2(scene.condition("Progressing").startsWith("False ProgressDeadlineExceeded ReplicaSet \"web-"), qPrintable(scene.condition("Progressing")));
        QVERIFY(scene.condition("Progressing").endsWith("\" has timed out progressing."));
    }

    void aPausedDeploymentRollsNothingOutButScales() {
        Rollout scene;
        scene.client.put(deployment("web", 3));
        scene.settle();
        scene.change([](appsv1::Deployment& web) { web.spec.paused = true; });
        scene.settle();
        QCOMPARE(scene.condition("Progressing"), QString("Unknown DeploymentPaused Deployment is paused"));
        scene.change([](appsv1::Deployment& web) {
            web.spec.template_ = templateOf("lab:2");
            web.spec.replicas = 5;
        });
        scene.settle();
        QCOMPARE(scene.sizes(), QString("1:5"));
        scene.change([](appsv1::Deployment& web) { web.spec.paused = false; });
        scene.settle();
        QCOMPARE(scene.sizes(), QString("1:0 2:5"));
        QVERIFY(scene.condition("Progressing").startsWith("True NewReplicaSetAvailable"));
    }

    void recreateStopsAllOldPodsBeforeItStartsNewOnes() {
        Rollout scene;
        auto made = deployment("web", 3);
        made.spec.strategy = {};
        made.spec.strategy.type = "Recreate";
        scene.client.deletesPodsGracefully = true;
        scene.client.put(made);
        scene.settle();
        scene.client.takeEvents();
        scene.change([](appsv1::Deployment& web) { web.spec.template_ = templateOf("lab:2"); });
        scene.settle();
        QCOMPARE(scene.sizes(), QString("1:0"));  // the old Pods are still going
        for (const auto& old : scene.client.all<corev1::Pod>()) scene.client.erase(client::resourceOf<corev1::Pod>(), "default", old->metadata.name);
        scene.settle();
        QCOMPARE(scene.sizes(), QString("1:0 2:3"));
        QCOMPARE(scene.scalings(), QString("Scaled down replica set lab:1 from 3 to 0\nScaled up replica set lab:2 from 0 to 3"));
    }

    void scalingChangesTheSetAndItsAnnotations() {
        Rollout scene;
        scene.client.put(deployment("web", 3));
        scene.settle();
        scene.change([](appsv1::Deployment& web) { web.spec.replicas = 5; });
        scene.settle();
        const auto set = scene.client.all<appsv1::ReplicaSet>().at(0);
        QCOMPARE(*set->spec.replicas, 5);
        QCOMPARE(set->metadata.annotations.at(kDesiredReplicasAnnotation), std::string("5"));
        QCOMPARE(set->metadata.annotations.at(kMaxReplicasAnnotation), std::string("7"));
        scene.change([](appsv1::Deployment& web) { web.spec.replicas = 0; });
        scene.settle();
        QCOMPARE(scene.scalings(), QString("Scaled up replica set lab:1 from 0 to 3\nScaled up replica set lab:1 from 3 to 5\nScaled down replica set lab:1 from 5 to 0"));
        QCOMPARE(scene.client.all<appsv1::ReplicaSet>().at(0)->metadata.annotations.at(kMaxReplicasAnnotation), std::string("0"));
    }

    void aTakenNameIsAvoidedByCountingTheCollision() {
        Rollout scene;
        const auto wanted = deployment("web", 1);
        auto squatter = replicaSet("web-" + templateHash(wanted.spec.template_, std::nullopt), 0);
        squatter.metadata.labels = {{"app", "other"}};
        squatter.spec.selector = selecting({{"app", "other"}});
        scene.client.put(squatter);
        scene.client.put(wanted);
        scene.settle();
        QCOMPARE(*scene.web()->status.collisionCount, 1);
        QCOMPARE(scene.web()->status.availableReplicas, 1);
        QCOMPARE(scene.client.all<appsv1::ReplicaSet>().size(), 2U);
    }

    void anOrphanedSetWithTheSameTemplateIsAdopted() {
        Rollout scene;
        scene.client.put(replicaSet("left-behind", 2));
        scene.settle();
        scene.client.put(deployment("web", 2));
        scene.settle();
        const auto sets = scene.client.all<appsv1::ReplicaSet>();
        QCOMPARE(sets.size(), 1U);
        QCOMPARE(sets[0]->metadata.ownerReferences.at(0).name, std::string("web"));
        QCOMPARE(scene.client.all<corev1::Pod>().size(), 2U);
    }

    void aDeploymentThatSelectsEverythingIsLeftAlone() {
        Rollout scene;
        auto made = deployment("web", 2);
        made.spec.selector = metav1::LabelSelector{};
        scene.client.put(made);
        scene.settle();
        QVERIFY(scene.client.all<appsv1::ReplicaSet>().empty());
        QCOMPARE(joined(scene.client.takeEvents()), QString("Warning SelectingAll This deployment is selecting all pods. A non-empty selector is required.\n"));
        QCOMPARE(scene.web()->status.observedGeneration, 1);
    }
};

QTEST_APPLESS_MAIN(DeploymentControllerTest)
#include "deployment_controller_test.moc"
