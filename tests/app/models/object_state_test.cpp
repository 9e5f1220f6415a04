// How each kind's state is told: the word, its colour, and why.
#include "app/models/object_state.h"

#include <QtTest>

#include "app/models/details.h"
#include "app/models/story.h"
#include "tests/app/support/fake_session.h"
#include "tests/app/support/objects.h"
#include "tests/app/support/shop.h"

using namespace qd;
using namespace qd::models;
using namespace qd::tests;
using qd::views::State;

namespace {

ObjectState stateOfYaml(const QByteArray& yaml) {
    FakeSession session;
    Inventory inventory(session);
    return stateOf(inventory, *objectsOf(yaml.toStdString()).front(), shopNow());
}

// A StatefulSet db of three replicas.
QByteArray set(const char* spec, const char* status) {
    return QByteArray(
               "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop, generation: 2}, spec: "
               "{serviceName: db, selector: {}, template: {}, replicas: 3") +
           spec + "}, status: {observedGeneration: 2" + status + "}}";
}

QByteArray job(const char* spec, const char* status) {
    return QByteArray(
               "{apiVersion: batch/v1, kind: Job, metadata: {name: work, namespace: shop}, spec: {template: {}, "
               "completions: 5") +
           spec + "}, status: {" + status + "}}";
}

QByteArray of(const char* head, const char* spec, const char* status) {
    return QByteArray("{") + head + ", metadata: {name: a, namespace: shop}, spec: {" + spec + "}, status: {" + status +
           "}}";
}

constexpr char kScaler[] = "apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler";
constexpr char kScalerSpec[] = "scaleTargetRef: {kind: Deployment, name: web}, minReplicas: 2, maxReplicas: 6";
constexpr char kAble[] = "{type: AbleToScale, status: 'True'}";

}  // namespace

class ObjectStateTest : public QObject {
    Q_OBJECT
private slots:
    void everyKindTellsItsStateInTheReadersTerms_data() {
        QTest::addColumn<QByteArray>("yaml");
        QTest::addColumn<State>("state");
        QTest::addColumn<QString>("word");
        QTest::addColumn<QString>("why");
        const auto row = [](const char* name, const QByteArray& yaml, State state, const char* word, const char* why) {
            QTest::newRow(name) << yaml << state << QString::fromUtf8(word) << QString::fromUtf8(why);
        };
        row("a whole StatefulSet", set("", ", replicas: 3, readyReplicas: 3, currentRevision: a, updateRevision: a"),
            State::Ready, "Ready", "3 of 3 ready");
        row("one that starts in order", set("", ", replicas: 1, readyReplicas: 0"), State::Starting, "Starting",
            "0 of 3 ready · waits for db-0");
        row("ordinals that begin at five", set(", ordinals: {start: 5}", ", replicas: 1, readyReplicas: 0"),
            State::Starting, "Starting", "waits for db-5");
        row("one whose template changed",
            set("", ", replicas: 3, readyReplicas: 3, updatedReplicas: 1, currentRevision: a, updateRevision: b"),
            State::Starting, "Rolling out", "1 of 3 have the new revision");
        row("a partition that is reached",
            set(", updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}",
                ", replicas: 3, readyReplicas: 3, updatedReplicas: 1, currentRevision: a, updateRevision: b"),
            State::Ready, "Ready", "partition 2: ordinals from 2 have the new revision");
        row("one that waits for deletions",
            set(", updateStrategy: {type: OnDelete}",
                ", replicas: 3, readyReplicas: 3, updatedReplicas: 0, currentRevision: a, updateRevision: b"),
            State::Ready, "Ready", "the others get it when you delete them");
        row("one that shrinks", set("", ", replicas: 5, readyReplicas: 5"), State::Starting, "Scaling down", "5 of 3");
        row("one whose change is not yet seen",
            of("apiVersion: apps/v1, kind: StatefulSet", "serviceName: a, selector: {}, template: {}, replicas: 0",
               "replicas: 0"),
            State::Done, "Scaled to zero", "");

        row("a DaemonSet on all nodes",
            of("apiVersion: apps/v1, kind: DaemonSet", "selector: {}, template: {}",
               "desiredNumberScheduled: 3, numberReady: 3, updatedNumberScheduled: 3, currentNumberScheduled: 3, "
               "numberMisscheduled: 0"),
            State::Ready, "Ready", "3 of 3 nodes ready");
        row("a DaemonSet that is exchanged",
            of("apiVersion: apps/v1, kind: DaemonSet", "selector: {}, template: {}",
               "desiredNumberScheduled: 3, numberReady: 2, updatedNumberScheduled: 1, currentNumberScheduled: 3, "
               "numberMisscheduled: 1"),
            State::Starting, "Rolling out",
            "2 of 3 nodes ready · 1 on nodes where they should not be · 1 have the new");
        row("a DaemonSet that fits nowhere",
            of("apiVersion: apps/v1, kind: DaemonSet", "selector: {}, template: {}",
               "desiredNumberScheduled: 0, numberReady: 0, currentNumberScheduled: 0, numberMisscheduled: 0"),
            State::Done, "No node", "no node fits");
        row("an old ReplicaSet",
            of("apiVersion: apps/v1, kind: ReplicaSet", "selector: {}, replicas: 0", "replicas: 0"), State::Done,
            "Scaled to zero", "");
        row("a ReplicaSet that a quota stops",
            of("apiVersion: apps/v1, kind: ReplicaSet", "selector: {}, replicas: 2",
               "replicas: 0, conditions: [{type: ReplicaFailure, status: 'True', message: exceeded quota}]"),
            State::Failed, "Cannot make Pods", "exceeded quota");

        row("a Job at work", job("", "active: 2, succeeded: 1, failed: 1"), State::Starting, "Running",
            "1 of 5 done · 2 running · 1 failed");
        row("a Job that is done", job("", "succeeded: 5, conditions: [{type: Complete, status: 'True'}]"), State::Done,
            "Done", "5 of 5 done");
        row("a Job that failed",
            job("",
                "failed: 7, conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: "
                "Job has reached the specified backoff limit}]"),
            State::Failed, "Failed", "Job has reached the specified backoff limit · 0 of 5 done · 7 failed");
        row("a Job that waits", job(", suspend: true", ""), State::Unknown, "Suspended", "0 of 5 done");
        row("a CronJob",
            of("apiVersion: batch/v1, kind: CronJob", "schedule: '* * * * *', jobTemplate: {}",
               "lastScheduleTime: '2026-11-18T11:06:00Z'"),
            State::Ready, "Scheduled", "last started 40 s ago");
        row("a CronJob that waits",
            of("apiVersion: batch/v1, kind: CronJob", "schedule: '* * * * *', suspend: true, jobTemplate: {}", ""),
            State::Unknown, "Suspended", "has not started yet");

        row("an autoscaler that has its number",
            of(kScaler, kScalerSpec,
               (QByteArray("currentReplicas: 3, desiredReplicas: 3, conditions: [") + kAble + "]").constData()),
            State::Ready, "Steady", "3 now, wants 3, allowed 2 to 6");
        row("an autoscaler that goes up",
            of(kScaler, kScalerSpec,
               (QByteArray("currentReplicas: 3, desiredReplicas: 6, conditions: [") + kAble + "]").constData()),
            State::Starting, "Scaling", "3 now, wants 6");
        row("an autoscaler at its limit",
            of(kScaler, kScalerSpec,
               (QByteArray("currentReplicas: 6, desiredReplicas: 6, conditions: [") + kAble +
                ", {type: ScalingLimited, status: 'True', message: the desired replica count is more than the "
                "maximum}]")
                   .constData()),
            State::Starting, "At its limit", "more than the maximum");
        row("an autoscaler without metrics",
            of(kScaler, kScalerSpec,
               (QByteArray("currentReplicas: 3, desiredReplicas: 0, conditions: [") + kAble +
                ", {type: ScalingActive, status: 'False', reason: FailedGetResourceMetric, message: no metrics "
                "returned}]")
                   .constData()),
            State::Failed, "No metrics", "no metrics returned");
        row("an autoscaler of nothing",
            of(kScaler, kScalerSpec, "conditions: [{type: AbleToScale, status: 'False', message: not found}]"),
            State::Failed, "Cannot scale", "not found");

        row("a budget with room",
            of("apiVersion: policy/v1, kind: PodDisruptionBudget", "selector: {}",
               "expectedPods: 3, currentHealthy: 3, desiredHealthy: 2, disruptionsAllowed: 1"),
            State::Ready, "Allows 1", "3 healthy, at least 2 must be");
        row("a budget without",
            of("apiVersion: policy/v1, kind: PodDisruptionBudget", "selector: {}",
               "expectedPods: 2, currentHealthy: 2, desiredHealthy: 2, disruptionsAllowed: 0"),
            State::Starting, "Allows none", "");
        row("a budget that is undershot",
            of("apiVersion: policy/v1, kind: PodDisruptionBudget", "selector: {}",
               "expectedPods: 3, currentHealthy: 1, desiredHealthy: 2, disruptionsAllowed: 0"),
            State::Failed, "Too few healthy", "");

        row("a bound claim", of("apiVersion: v1, kind: PersistentVolumeClaim", "volumeName: v1", "phase: Bound"),
            State::Ready, "Bound", "has volume v1");
        row("a claim that waits", of("apiVersion: v1, kind: PersistentVolumeClaim", "", "phase: Pending"),
            State::Starting, "Pending", "waits for a volume");
        row("a lost claim", of("apiVersion: v1, kind: PersistentVolumeClaim", "volumeName: v1", "phase: Lost"),
            State::Failed, "Lost", "v1 has gone");
        row("a volume that was let go",
            of("apiVersion: v1, kind: PersistentVolume", "claimRef: {namespace: shop, name: data}", "phase: Released"),
            State::Unknown, "Released", "claim shop/data has gone");
        row("a quota with room", of("apiVersion: v1, kind: ResourceQuota", "", "hard: {pods: 4}, used: {pods: 3}"),
            State::Ready, "Has room", "");
        row("a quota that is used up",
            of("apiVersion: v1, kind: ResourceQuota", "", "hard: {pods: 4, cpu: '2'}, used: {pods: 4, cpu: 500m}"),
            State::Starting, "Used up", "nothing left of pods");
        row("a quota that forbids a thing is not used up",
            of("apiVersion: v1, kind: ResourceQuota", "", "hard: {services: 0}, used: {services: 0}"), State::Ready,
            "Has room", "");
        row("a namespace that goes", of("apiVersion: v1, kind: Namespace", "", "phase: Terminating"), State::Leaving,
            "Terminating", "everything in it");
        row("a request for a certificate",
            of("apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest", "request: '', signerName: a", ""),
            State::Starting, "Pending", "approves or denies");
        row("a kind without states", QByteArray("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"), State::Empty,
            "", "");
    }

    void everyKindTellsItsStateInTheReadersTerms() {
        QFETCH(QByteArray, yaml);
        QFETCH(QString, why);
        const ObjectState state = stateOfYaml(yaml);
        QTEST(state.word, "word");
        QTEST(state.state, "state");
        QVERIFY2(state.why.contains(why), qPrintable(state.why));
    }

    void aWorkloadIsInTheStateOfThePodThatHoldsItUp() {
        FakeSession session;
        Inventory inventory(session);
        session.putAll(shopKinds());
        LiveObjects& pods = inventory.objects({"v1", "Pod", "pods", true});
        QTRY_VERIFY(pods.byName("shop", "db-2"));
        auto broken = objectsOf(
            "{apiVersion: v1, kind: Pod, metadata: {name: db-2, namespace: shop, ownerReferences: [{apiVersion: "
            "apps/v1, kind: StatefulSet, name: db, uid: StatefulSet/shop/db, controller: true}]}, spec: {nodeName: "
            "qd-dev-1, containers: "
            "[{name: main}]}, status: {phase: Running, containerStatuses: [{name: main, restartCount: 4, state: "
            "{waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 3, reason: Error}}}]}}");
        session.put(std::move(broken.front()));
        const auto sets = shopKinds();
        QTRY_COMPARE(stateOf(inventory, *sets.front(), shopNow()).word, QStringLiteral("CrashLoopBackOff"));
        const ObjectState state = stateOf(inventory, *sets.front(), shopNow());
        QCOMPARE(state.state, State::Failed);
        QVERIFY2(state.why.startsWith(QStringLiteral("1 of 3 Pods: ")), qPrintable(state.why));
        QVERIFY(!state.remedy.isEmpty());
    }

    void everyObjectHasDetailsAndWhatIsSecretStaysSo() {
        FakeSession session;
        Inventory inventory(session);
        session.putAll(shopKinds());
        QTRY_VERIFY(inventory.objects({"v1", "Pod", "pods", true}).isSynced());
        for (const auto& object : shopKinds()) {
            QString all;
            for (const DetailGroup& group : detailsOf(inventory, *object, shopNow()))
                for (const Detail& detail : group.details) all += detail.label + u'=' + detail.value + u'\n';
            QVERIFY2(all.contains(QString::fromStdString(object->metadata.name)), qPrintable(all));
            QVERIFY(!all.contains(QStringLiteral("the secret")));
            if (object->kind() == "ConfigMap" && object->metadata.name == "shop-settings")
                QVERIFY2(all.contains(QStringLiteral("currency=EUR")), qPrintable(all));
            if (object->kind() == "Secret") QVERIFY2(all.contains(QStringLiteral("password=10 B")), qPrintable(all));
            if (object->kind() == "ResourceQuota")
                QVERIFY2(all.contains(QStringLiteral("pods=18 of 30")), qPrintable(all));
        }
    }

    void theStoryOfAJobBeginsWithItsCronJob() {
        FakeSession session;
        Inventory inventory(session);
        session.putAll(shopKinds());
        QTRY_VERIFY(inventory.objects({"batch/v1", "CronJob", "cronjobs", true}).byName("shop", "backup"));
        LiveObjects& jobs = inventory.objects({"batch/v1", "Job", "jobs", true});
        QTRY_VERIFY(jobs.byName("shop", "backup-29910240"));
        const auto story = buildStory(inventory, *jobs.byName("shop", "backup-29910240"), shopNow());
        QStringList steps;
        for (const auto& step : story) steps << step.who + QStringLiteral(": ") + step.what;
        QVERIFY2(steps.contains(QStringLiteral("cronjob controller: made Job backup-29910240")),
                 qPrintable(steps.join(u'\n')));
        QCOMPARE(steps.last(), QStringLiteral("now: Done: 1 of 1 done"));
    }
};

QTEST_GUILESS_MAIN(ObjectStateTest)
#include "object_state_test.moc"
