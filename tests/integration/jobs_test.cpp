// Jobs as Kubernetes' documentation walks through them: parallel, indexed, with a Pod failure policy, suspended, and
// made from a CronJob. Hollow nodes run their Pods for as long as the annotations say. Sources:
// https://kubernetes.io/docs/tasks/job/.
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;

namespace {

constexpr int kPatience = 30'000;  // ms; seldom needed

// spec: lines of the Job's spec; each Pod ends with this code 300 ms after it started.
QByteArray job(const QByteArray& spec, int exitCode = 0) {
    return "apiVersion: batch/v1\nkind: Job\nmetadata: {name: work}\nspec:\n" + spec +
           "  template:\n"
           "    metadata:\n"
           "      annotations: {hollow.quarterdeck.dev/exits-after: 300ms, hollow.quarterdeck.dev/exit-code: \"" +
           QByteArray::number(exitCode) +
           "\"}\n"
           "    spec:\n"
           "      restartPolicy: Never\n"
           "      containers: [{name: main, image: quarterdeck.dev/lab:1}]\n";
}

}  // namespace

class JobsTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{{"--hollow-nodes", "2"}};

    void apply(const QByteArray& manifest) {
        VERIFY_OK(m_cluster.kubectl({"apply", "-f", m_cluster.write("job.yaml", manifest)}));
    }
    QString status(const QString& path) { return m_cluster.value("get job work -o jsonpath={.status." + path + "}"); }
    QString condition(const QString& type) {
        return m_cluster.value("get job work -o jsonpath={.status.conditions[?(@.type=='" + type +
                               "')].reason}:{.status.conditions[?(@.type=='" + type + "')].message}");
    }
    QString pods(const QString& path) {
        return m_cluster.value("get pods -l job-name=work --sort-by=.metadata.name -o jsonpath={.items[*]." + path +
                               "}");
    }
    QString events() {
        return m_cluster.value(
            "get events --field-selector involvedObject.kind=Job "
            "-o jsonpath={.items[*].reason}");
    }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get nodes").count(" Ready ") == 2, kPatience);
    }
    void cleanup() {
        VERIFY_OK(m_cluster.kubectl("delete jobs,cronjobs --all --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get pods -o name"), QString(), kPatience);
        VERIFY_OK(m_cluster.kubectl("delete events --all"));
    }

    void aParallelJobRunsNoMoreThanItsParallelism() {
        apply(job("  completions: 5\n  parallelism: 2\n"));
        VERIFY_OK(m_cluster.kubectl("wait --for=condition=complete job/work --timeout=60s"));
        QCOMPARE(status("succeeded"), QString("5"));
        QCOMPARE(m_cluster.value("get job work --no-headers").simplified().section(' ', 1, 2), QString("Complete 5/5"));
        QCOMPARE(pods("status.phase"), QString("Succeeded Succeeded Succeeded Succeeded Succeeded"));
        QCOMPARE(pods("metadata.finalizers"), QString());
        const QString described = m_cluster.value("describe job work");
        QVERIFY2(described.contains("0 Active (0 Ready) / 5 Succeeded / 0 Failed"), qPrintable(described));
        QVERIFY2(described.contains("Job completed"), qPrintable(described));
    }

    void anIndexedJobGivesEachPodItsIndex() {
        apply(job("  completions: 3\n  parallelism: 3\n  completionMode: Indexed\n"));
        VERIFY_OK(m_cluster.kubectl("wait --for=condition=complete job/work --timeout=60s"));
        QCOMPARE(status("completedIndexes"), QString("0-2"));
        QCOMPARE(pods("metadata.annotations.batch\\.kubernetes\\.io/job-completion-index"), QString("0 1 2"));
        QCOMPARE(pods("spec.hostname"), QString("work-0 work-1 work-2"));
        QCOMPARE(pods("spec.containers[0].env[0].name"),
                 QString("JOB_COMPLETION_INDEX JOB_COMPLETION_INDEX JOB_COMPLETION_INDEX"));
    }

    void aPodFailurePolicyFailsTheJobAtOnce() {
        apply(
            job("  completions: 8\n  parallelism: 2\n  backoffLimit: 6\n"
                "  podFailurePolicy:\n"
                "    rules:\n"
                "      - action: FailJob\n"
                "        onExitCodes: {containerName: main, operator: In, values: [42]}\n",
                42));
        VERIFY_OK(m_cluster.kubectl("wait --for=condition=failed job/work --timeout=60s"));
        const QString why = condition("Failed");
        QVERIFY2(why.startsWith("PodFailurePolicy:Container main for pod default/work-"), qPrintable(why));
        QVERIFY2(why.endsWith("failed with exit code 42 matching FailJob rule at index 0"), qPrintable(why));
        QVERIFY(condition("FailureTarget").startsWith("PodFailurePolicy:"));
        QTRY_VERIFY_WITH_TIMEOUT(events().contains("PodFailurePolicy"), kPatience);
    }

    void theBackoffLimitEndsAJob() {
        apply(job("  backoffLimit: 0\n", 1));
        VERIFY_OK(m_cluster.kubectl("wait --for=condition=failed job/work --timeout=60s"));
        QCOMPARE(condition("Failed"), QString("BackoffLimitExceeded:Job has reached the specified backoff limit"));
        QCOMPARE(status("failed"), QString("1"));
    }

    void theBackoffLimitPerIndexLetsOtherIndexesGoOn() {
        apply(job("  completions: 3\n  parallelism: 3\n  completionMode: Indexed\n  backoffLimitPerIndex: 0\n", 1));
        VERIFY_OK(m_cluster.kubectl("wait --for=condition=failed job/work --timeout=60s"));
        QCOMPARE(status("failedIndexes"), QString("0-2"));
        QCOMPARE(condition("Failed"), QString("FailedIndexes:Job has failed indexes"));
    }

    void aSuccessPolicyEndsAJobEarly() {
        apply(
            job("  completions: 4\n  parallelism: 1\n  completionMode: Indexed\n"
                "  successPolicy: {rules: [{succeededIndexes: \"0\"}]}\n"));
        VERIFY_OK(m_cluster.kubectl("wait --for=condition=complete job/work --timeout=60s"));
        QCOMPARE(condition("Complete"), QString("SuccessPolicy:Matched rules at index 0"));
        QCOMPARE(status("completedIndexes"), QString("0"));
    }

    void aSuspendedJobRunsWhenItIsResumed() {
        apply(job("  suspend: true\n"));
        QTRY_COMPARE_WITH_TIMEOUT(condition("Suspended"), QString("JobSuspended:Job suspended"), kPatience);
        QCOMPARE(status("startTime"), QString());
        QCOMPARE(pods("metadata.name"), QString());
        VERIFY_OK(m_cluster.kubectl({"patch", "job", "work", "-p", R"({"spec":{"suspend":false}})"}));
        VERIFY_OK(m_cluster.kubectl("wait --for=condition=complete job/work --timeout=60s"));
        QCOMPARE(condition("Suspended"), QString("JobResumed:Job resumed"));
        QVERIFY(!status("startTime").isEmpty());
    }

    void anEndedJobGoesWhenItsTimeIsOver() {
        apply(job("  ttlSecondsAfterFinished: 0\n"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get jobs,pods -o name"), QString(), kPatience);
    }

    void aJobCanBeMadeFromACronJob() {
        const QByteArray nightly = R"(apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 1 1 *"
  timeZone: Europe/Berlin
  jobTemplate:
    spec:
      template:
        metadata:
          annotations: {hollow.quarterdeck.dev/exits-after: 300ms}
        spec:
          restartPolicy: OnFailure
          containers: [{name: main, image: quarterdeck.dev/lab:1}]
)";
        apply(nightly);
        VERIFY_OK(m_cluster.kubectl("create job work --from=cronjob/nightly"));
        VERIFY_OK(m_cluster.kubectl("wait --for=condition=complete job/work --timeout=60s"));
        QCOMPARE(m_cluster.value("get job work -o jsonpath={.metadata.annotations.cronjob\\.kubernetes\\.io/"
                                 "instantiate}:{.metadata.ownerReferences[0].kind}"),
                 QString("manual:CronJob"));
        QVERIFY(m_cluster.value("get cronjob nightly --no-headers").contains("0 3 1 1 *"));
        VERIFY_OK(m_cluster.kubectl("delete cronjob nightly --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get jobs -o name"), QString(), kPatience);
    }
};

QTEST_GUILESS_MAIN(JobsTest)
#include "jobs_test.moc"
