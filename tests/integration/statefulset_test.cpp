// StatefulSet basics, as https://kubernetes.io/docs/tutorials/stateful-application/basic-stateful-set/ walks through
// them, by kubectl on hollow nodes.
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;

namespace {

constexpr int kPatience = 30'000;  // ms; seldom needed

// Pods that are not ready until somebody takes the annotation away.
QByteArray webSet(const QByteArray& more = {}, const QByteArray& annotations = "{}") {
    return R"(apiVersion: v1
kind: Service
metadata: {name: nginx, labels: {app: nginx}}
spec:
  clusterIP: None
  selector: {app: nginx}
  ports: [{port: 80, name: web}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: nginx
  replicas: 3
)" + more + R"(  selector: {matchLabels: {app: nginx}}
  template:
    metadata:
      labels: {app: nginx}
      annotations: )" +
           annotations + R"(
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: nginx
          image: quarterdeck.dev/lab:1
          ports: [{containerPort: 80, name: web}]
)";
}

const QByteArray kNotReady = "{hollow.quarterdeck.dev/never-ready: \"true\"}";

}  // namespace

class StatefulSetTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{{"--hollow-nodes", "2"}};

    QString pods(const QString& path) {
        return m_cluster.value("get pods -l app=nginx --sort-by=.metadata.name -o jsonpath=" + path);
    }
    QString names() { return pods("{.items[*].metadata.name}"); }
    QString images() { return pods("{.items[*].spec.containers[0].image}"); }
    QString set(const QString& path) { return m_cluster.value("get statefulset web -o jsonpath=" + path); }
    // In the order in which it was written.
    QString events() {
        return m_cluster.value(
            "get events --field-selector involvedObject.kind=StatefulSet "
            "--sort-by=.metadata.creationTimestamp -o jsonpath={.items[*].message}");
    }
    void apply(const QByteArray& manifest) {
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("web.yaml", manifest)}));
    }
    void applyAndWait(const QByteArray& manifest) {
        apply(manifest);
        VERIFY_OK(m_cluster.kubectl("rollout status statefulset/web --timeout=60s"));
    }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get nodes").count(" Ready ") == 2, kPatience);
    }
    void cleanup() {
        VERIFY_OK(m_cluster.kubectl("delete statefulset,service,pod -l app=nginx --ignore-not-found --timeout=60s"));
        VERIFY_OK(m_cluster.kubectl("delete statefulset web --ignore-not-found --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(names(), QString(), kPatience);
        VERIFY_OK(m_cluster.kubectl("delete events --all"));
    }

    void podsAreCreatedInOrderEachWhenTheOneBeforeIsReady() {
        apply(webSet({}, kNotReady));
        for (int i = 0; i < 3; ++i) {
            const QString pod = QString("web-%1").arg(i);
            QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get pod " + pod + " -o jsonpath={.status.phase}"),
                                      QString("Running"), kPatience);
            QCOMPARE(names().split(' ').size(), i + 1);
            QCOMPARE(set("{.status.readyReplicas}"), i == 0 ? QString() : QString::number(i));
            VERIFY_OK(m_cluster.kubectl("annotate pod " + pod + " hollow.quarterdeck.dev/never-ready-"));
        }
        QTRY_COMPARE_WITH_TIMEOUT(set("{.status.availableReplicas}"), QString("3"), kPatience);
    }

    void podsHaveStableNames() {
        applyAndWait(webSet());
        QCOMPARE(names(), QString("web-0 web-1 web-2"));
        QCOMPARE(pods("{.items[*].spec.hostname}"), QString("web-0 web-1 web-2"));
        QCOMPARE(pods("{.items[*].spec.subdomain}"), QString("nginx nginx nginx"));
        QCOMPARE(pods("{.items[*].metadata.labels.apps\\.kubernetes\\.io/pod-index}"), QString("0 1 2"));
        const QString before = pods("{.items[*].metadata.uid}");
        VERIFY_OK(m_cluster.kubectl("delete pod -l app=nginx --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(set("{.status.readyReplicas}"), QString("3"), kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(names(), QString("web-0 web-1 web-2"), kPatience);
        QVERIFY(pods("{.items[*].metadata.uid}") != before);
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster
                                      .value("get endpointslices -l kubernetes.io/service-name=nginx "
                                             "-o jsonpath={.items[*].endpoints[*].hostname}")
                                      .split(' ')
                                      .size(),
                                  3, kPatience);
    }

    // As kubectl has it of a Pod that names its node: it is the node that says no.
    void aPodThatItsNodeRefusesIsMadeAgainUntilThereIsRoom() {
        const auto holder = [](const QByteArray& spec) {
            return "apiVersion: v1\nkind: Pod\nmetadata: {name: holder, labels: {app: nginx}}\nspec:\n" + spec +
                   "  terminationGracePeriodSeconds: 0\n"
                   "  containers: [{name: c, image: 'quarterdeck.dev/lab:1', ports: [{containerPort: 21017, hostPort: 21017}]}]\n";
        };
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("holder.yaml", holder("  nodeName: hollow-node-0\n"))}));
        VERIFY_OK(m_cluster.kubectl("wait --for=condition=Ready pod/holder --timeout=60s"));
        QByteArray manifest = webSet();
        manifest.replace("replicas: 3", "replicas: 1");
        manifest.replace("    spec:\n      terminationGrace", "    spec:\n      nodeName: hollow-node-0\n      terminationGrace");
        manifest.replace("containerPort: 80,", "containerPort: 80, hostPort: 21017,");
        apply(manifest);
        QTRY_VERIFY_WITH_TIMEOUT(
            m_cluster.value("get events --field-selector reason=NodePorts -o jsonpath={.items[*].message}")
                .contains("Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"),
            kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(events().contains("Delete Pod web-0 in StatefulSet web successful"), kPatience);
        QVERIFY(set("{.status.readyReplicas}").isEmpty());
        VERIFY_OK(m_cluster.kubectl("delete pod holder --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get pod web-0 -o jsonpath={.status.phase}"), QString("Running"), kPatience);
        QCOMPARE(m_cluster.value("get pod web-0 -o jsonpath={.status.reason}"), QString());
    }

    void scalingGoesUpFromTheLowestAndDownFromTheHighest() {
        applyAndWait(webSet());
        VERIFY_OK(m_cluster.kubectl("scale statefulset web --replicas=5"));
        VERIFY_OK(m_cluster.kubectl("rollout status statefulset/web --timeout=60s"));
        QCOMPARE(names(), QString("web-0 web-1 web-2 web-3 web-4"));
        VERIFY_OK(m_cluster.kubectl({"patch", "statefulset", "web", "-p", R"({"spec":{"replicas":2}})"}));
        QTRY_COMPARE_WITH_TIMEOUT(names(), QString("web-0 web-1"), kPatience);
        const QString told = events();
        for (int i = 2; i < 5; ++i)
            QVERIFY2(told.contains(QString("Delete Pod web-%1 in StatefulSet web successful").arg(i)),
                     qPrintable(told));
        QTRY_COMPARE_WITH_TIMEOUT(set("{.status.replicas}"), QString("2"), kPatience);
    }

    void aRollingUpdateStagesACanaryByItsPartition() {
        applyAndWait(webSet("  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 3}}\n"));
        VERIFY_OK(m_cluster.kubectl("set image statefulset/web nginx=quarterdeck.dev/lab:2"));
        VERIFY_OK(m_cluster.kubectl("delete pod web-2 --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(set("{.status.readyReplicas}"), QString("3"), kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(
            images(), QString("quarterdeck.dev/lab:1 quarterdeck.dev/lab:1 quarterdeck.dev/lab:1"), kPatience);

        VERIFY_OK(m_cluster.kubectl(
            {"patch", "statefulset", "web", "-p", R"({"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}}})"}));
        QTRY_COMPARE_WITH_TIMEOUT(
            images(), QString("quarterdeck.dev/lab:1 quarterdeck.dev/lab:1 quarterdeck.dev/lab:2"), kPatience);
        const auto status = m_cluster.kubectl("rollout status statefulset/web --timeout=60s");
        VERIFY_OK(status);
        QVERIFY2(status.out.contains("partitioned roll out complete: 1 new pods have been updated..."),
                 status.text().constData());

        VERIFY_OK(m_cluster.kubectl(
            {"patch", "statefulset", "web", "-p", R"({"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}})"}));
        VERIFY_OK(m_cluster.kubectl("rollout status statefulset/web --timeout=60s"));
        QCOMPARE(images(), QString("quarterdeck.dev/lab:2 quarterdeck.dev/lab:2 quarterdeck.dev/lab:2"));
        QTRY_COMPARE_WITH_TIMEOUT(set("{.status.currentRevision}"), set("{.status.updateRevision}"), kPatience);
    }

    void anUpdateCanBeUndone() {
        applyAndWait(webSet());
        VERIFY_OK(m_cluster.kubectl("set image statefulset/web nginx=quarterdeck.dev/lab:2"));
        VERIFY_OK(m_cluster.kubectl("rollout status statefulset/web --timeout=60s"));
        const QString history = m_cluster.value("rollout history statefulset/web");
        QVERIFY2(history.contains("\n1 ") && history.contains("\n2 "), qPrintable(history));
        QVERIFY(m_cluster.value("rollout history statefulset/web --revision=2").contains("quarterdeck.dev/lab:2"));
        VERIFY_OK(m_cluster.kubectl("rollout undo statefulset/web"));
        VERIFY_OK(m_cluster.kubectl("rollout status statefulset/web --timeout=60s"));
        QCOMPARE(images(), QString("quarterdeck.dev/lab:1 quarterdeck.dev/lab:1 quarterdeck.dev/lab:1"));
        QVERIFY(m_cluster.value("rollout history statefulset/web").contains("\n3 "));
        QCOMPARE(m_cluster.value("get controllerrevisions -l app=nginx -o name").split('\n').size(), 2);
    }

    void onDeleteUpdatesWhatSomebodyDeletes() {
        apply(webSet("  updateStrategy: {type: OnDelete}\n"));
        QTRY_COMPARE_WITH_TIMEOUT(set("{.status.readyReplicas}"), QString("3"), kPatience);
        VERIFY_OK(m_cluster.kubectl("set image statefulset/web nginx=quarterdeck.dev/lab:2"));
        QTRY_VERIFY_WITH_TIMEOUT(set("{.status.updateRevision}") != set("{.status.currentRevision}"), kPatience);
        VERIFY_OK(m_cluster.kubectl("delete pod web-1 --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(
            images(), QString("quarterdeck.dev/lab:1 quarterdeck.dev/lab:2 quarterdeck.dev/lab:1"), kPatience);
    }

    void parallelManagementWaitsForNobody() {
        apply(webSet("  podManagementPolicy: Parallel\n", kNotReady));
        QTRY_COMPARE_WITH_TIMEOUT(names(), QString("web-0 web-1 web-2"), kPatience);
        VERIFY_OK(m_cluster.kubectl("scale statefulset web --replicas=1"));
        QTRY_COMPARE_WITH_TIMEOUT(names(), QString("web-0"), kPatience);
    }

    void ordinalsMayStartElsewhere() {
        applyAndWait(webSet("  ordinals: {start: 5}\n"));
        QCOMPARE(names(), QString("web-5 web-6 web-7"));
    }

    void anOrphaningDeleteLeavesPodsThatANewSetTakesOver() {
        applyAndWait(webSet());
        const QString before = pods("{.items[*].metadata.uid}");
        VERIFY_OK(m_cluster.kubectl("delete statefulset web --cascade=orphan --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(pods("{.items[*].metadata.ownerReferences}"), QString(), kPatience);
        applyAndWait(webSet());
        QTRY_COMPARE_WITH_TIMEOUT(pods("{.items[*].metadata.ownerReferences[0].name}"), QString("web web web"),
                                  kPatience);
        QCOMPARE(pods("{.items[*].metadata.uid}"), before);
    }

    void getAndDescribeShowTheSet() {
        applyAndWait(webSet());
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get statefulset web --no-headers").contains("3/3"), kPatience);
        const QString described = m_cluster.value("describe statefulset web");
        QVERIFY2(described.contains("3 Running / 0 Waiting / 0 Succeeded / 0 Failed"), qPrintable(described));
        QVERIFY2(described.contains("Create Pod web-2 in StatefulSet web successful"), qPrintable(described));
    }
};

QTEST_GUILESS_MAIN(StatefulSetTest)
#include "statefulset_test.moc"
