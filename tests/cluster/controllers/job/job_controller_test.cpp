// Jobs at work in simulated time, with a kubelet that does what the test says.
#include "cluster/controllers/job/job_controller.h"

#include <QtTest>

#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

batchv1::Job job(std::int32_t completions, std::int32_t parallelism) {
    batchv1::Job made;
    made.metadata.namespace_ = "default";
    made.metadata.name = "work";
    made.spec.completions = completions;
    made.spec.parallelism = parallelism;
    made.spec.backoffLimit = 6;
    made.spec.completionMode = batchv1::NonIndexedCompletion;
    made.spec.selector = selecting({{"app", "web"}});
    made.spec.template_ = templateOf("lab:1");
    made.spec.template_.spec.restartPolicy = corev1::RestartPolicyNever;
    return made;
}

batchv1::Job indexedJob(std::int32_t completions, std::int32_t parallelism) {
    auto made = job(completions, parallelism);
    made.spec.completionMode = batchv1::IndexedCompletion;
    return made;
}

class Work : public Scene {
public:
    explicit Work(std::uint64_t seed = 1)
        : Scene({{.name = "job-controller",
                  .alias = "job",
                  .make = [](Context& context) { return std::make_unique<JobController>(context); }}},
                seed) {}

    client::Ptr<batchv1::Job> work() { return client.stored<batchv1::Job>("default", "work"); }
    std::vector<client::Ptr<corev1::Pod>> pods() { return client.all<corev1::Pod>(); }
    std::vector<client::Ptr<corev1::Pod>> active() {
        auto all = pods();
        std::erase_if(all, [](const auto& pod) {
            return pod->status.phase != corev1::PodPending || pod->metadata.deletionTimestamp;
        });
        return all;
    }
    // A Pod ends with this exit code.
    void finish(const client::Ptr<corev1::Pod>& pod, int code) {
        corev1::Pod ended = *client.stored<corev1::Pod>("default", pod->metadata.name);
        ended.status.phase = code == 0 ? corev1::PodSucceeded : corev1::PodFailed;
        auto& status = ended.status.containerStatuses.emplace_back();
        status.name = "c";
        auto& terminated = status.state.terminated.emplace();
        terminated.exitCode = code;
        terminated.finishedAt = api::Time(executor.clock().now());
        client.put(ended);
    }
    void finishAll(int code) {
        for (const auto& pod : active()) finish(pod, code);
        settle();
    }
    QString indexes() {
        QStringList all;
        for (const auto& pod : active()) all << QString::number(completionIndex(*pod).value_or(-1));
        all.sort();
        return all.join(',');
    }
    // "Complete CompletionsReached" of each condition that is true.
    QString conditions() {
        QStringList all;
        for (const auto& one : work()->status.conditions)
            if (one.status == corev1::ConditionTrue) all << QString::fromStdString(one.type + " " + one.reason);
        return all.join(", ");
    }
    void change(const std::function<void(batchv1::Job&)>& with) {
        auto changed = *work();
        with(changed);
        client.put(changed);
        settle();
    }
};

}  // namespace

class JobControllerTest : public QObject {
    Q_OBJECT
private slots:
    void podsRunUntilEnoughHaveSucceeded() {
        Work scene;
        scene.client.put(job(3, 2));
        scene.settle();
        QCOMPARE(scene.active().size(), 2U);
        QVERIFY(isTracked(*scene.active()[0]));
        QVERIFY(scene.work()->status.startTime.has_value());
        QCOMPARE(scene.work()->status.active, 2);
        scene.finishAll(0);
        QCOMPARE(scene.active().size(), 1U);  // no more than are left to do
        QCOMPARE(scene.work()->status.succeeded, 2);
        scene.finishAll(0);
        QCOMPARE(scene.conditions(), QString("SuccessCriteriaMet CompletionsReached, Complete CompletionsReached"));
        const auto& status = scene.work()->status;
        QCOMPARE(status.succeeded, 3);
        QCOMPARE(status.active, 0);
        QVERIFY(status.completionTime.has_value());
        QVERIFY(status.uncountedTerminatedPods->succeeded.empty());
        for (const auto& pod : scene.pods()) QVERIFY(!isTracked(*pod));
        QVERIFY(joined(scene.client.takeEvents()).endsWith("Normal Completed Job completed\n"));
    }

    // The server refuses a Job that has ended before it began.
    void aJobEndsThoughTheClockIsSetBack() {
        Work scene;
        scene.client.put(job(1, 1));
        scene.settle();
        const auto started = scene.work()->status.startTime;
        scene.executor.simulatedClock().stepWall(-1h);
        scene.finishAll(0);
        QCOMPARE(scene.conditions(), QString("SuccessCriteriaMet CompletionsReached, Complete CompletionsReached"));
        QVERIFY(*scene.work()->status.completionTime >= *started);
    }

    void aFailedPodIsReplacedAfterAWhileThatGrows() {
        Work scene;
        scene.client.put(job(1, 1));
        scene.settle();
        for (const auto wait : {10s, 20s, 40s}) {
            scene.finishAll(1);
            scene.runFor(wait - 3s);
            QCOMPARE(scene.active().size(), 0U);
            scene.runFor(4s);
            QCOMPARE(scene.active().size(), 1U);
        }
        QCOMPARE(scene.work()->status.failed, 3);
    }

    void tooManyFailuresEndTheJob() {
        Work scene;
        auto made = job(1, 1);
        made.spec.backoffLimit = 1;
        scene.client.put(made);
        scene.settle();
        scene.finishAll(1);
        scene.runFor(15s);
        scene.finishAll(1);
        QCOMPARE(scene.conditions(), QString("FailureTarget BackoffLimitExceeded, Failed BackoffLimitExceeded"));
        QCOMPARE(scene.work()->status.failed, 2);
        QVERIFY(joined(scene.client.takeEvents())
                    .endsWith("Warning BackoffLimitExceeded Job has reached the specified backoff limit\n"));
        scene.runFor(1h);
        QCOMPARE(scene.active().size(), 0U);
    }

    void theDeadlineEndsTheJobAndItsPods() {
        Work scene;
        auto made = job(1, 1);
        made.spec.activeDeadlineSeconds = 30;
        scene.client.put(made);
        scene.runFor(29s);
        QCOMPARE(scene.active().size(), 1U);
        scene.runFor(3s);
        QCOMPARE(scene.active().size(), 0U);
        QCOMPARE(scene.conditions(), QString("FailureTarget DeadlineExceeded, Failed DeadlineExceeded"));
    }

    void withoutCompletionsOneSuccessIsEnough() {
        Work scene;
        auto made = job(1, 2);
        made.spec.completions.reset();
        scene.client.put(made);
        scene.settle();
        QCOMPARE(scene.active().size(), 2U);
        scene.finish(scene.active()[0], 0);
        scene.settle();
        QCOMPARE(scene.active().size(), 1U);  // it may finish its work
        QCOMPARE(scene.conditions(), QString());
        scene.finishAll(1);
        QCOMPARE(scene.conditions(), QString("SuccessCriteriaMet CompletionsReached, Complete CompletionsReached"));
    }

    void aSuspendedJobHasNoPodsAndGoesOn() {
        Work scene;
        scene.client.put(job(2, 2));
        scene.settle();
        scene.change([](auto& of) { of.spec.suspend = true; });
        QCOMPARE(scene.active().size(), 0U);
        QCOMPARE(scene.conditions(), QString("Suspended JobSuspended"));
        QVERIFY(!scene.work()->status.startTime);
        scene.change([](auto& of) { of.spec.suspend = false; });
        scene.runFor(21s);  // Pods that were taken away count as failed, as upstream's
        QCOMPARE(scene.active().size(), 2U);
        QCOMPARE(scene.conditions(), QString());
        const QString events = joined(scene.client.takeEvents());
        QVERIFY(events.contains("Normal Suspended Job suspended\n"));
        QVERIFY(events.contains("Normal Resumed Job resumed\n"));
    }

    void lessParallelismTakesPodsAway() {
        Work scene;
        scene.client.put(job(5, 4));
        scene.settle();
        scene.change([](auto& of) { of.spec.parallelism = 1; });
        QCOMPARE(scene.active().size(), 1U);
    }

    void eachIndexIsRunUntilItSucceeds() {
        Work scene;
        scene.client.put(indexedJob(4, 2));
        scene.settle();
        QCOMPARE(scene.indexes(), QString("0,1"));
        const auto pod = scene.active()[0];
        QCOMPARE(pod->metadata.labels.at("batch.kubernetes.io/job-completion-index"),
                 std::to_string(*completionIndex(*pod)));
        QCOMPARE(pod->spec.hostname, "work-" + std::to_string(*completionIndex(*pod)));
        QCOMPARE(pod->spec.containers[0].env.back().name, std::string("JOB_COMPLETION_INDEX"));
        for (const auto& one : scene.active())
            if (completionIndex(*one) == 1) scene.finish(one, 0);
        scene.settle();
        QCOMPARE(scene.indexes(), QString("0,2"));
        QCOMPARE(scene.work()->status.completedIndexes, std::string("1"));
        scene.finishAll(0);
        QCOMPARE(scene.indexes(), QString("3"));
        scene.finishAll(0);
        QCOMPARE(scene.work()->status.completedIndexes, std::string("0-3"));
        QCOMPARE(scene.conditions(), QString("SuccessCriteriaMet CompletionsReached, Complete CompletionsReached"));
    }

    void anIndexThatFailsTooOftenIsGivenUpAlone() {
        Work scene;
        auto made = indexedJob(2, 2);
        made.spec.backoffLimitPerIndex = 1;
        made.spec.backoffLimit = 1000;
        scene.client.put(made);
        scene.settle();
        for (int attempt = 0; attempt < 2; ++attempt) {
            for (const auto& pod : scene.active())
                if (completionIndex(*pod) == 0) scene.finish(pod, 1);
            scene.runFor(30s);
        }
        QCOMPARE(scene.indexes(), QString("1"));
        QCOMPARE(scene.work()->status.failedIndexes.value(), std::string("0"));
        scene.finishAll(0);
        QCOMPARE(scene.conditions(), QString("FailureTarget FailedIndexes, Failed FailedIndexes"));
        QCOMPARE(scene.work()->status.completedIndexes, std::string("1"));
    }

    void anIndexCarriesItsFailuresOn() {
        Work scene;
        auto made = indexedJob(1, 1);
        made.spec.backoffLimitPerIndex = 3;
        scene.client.put(made);
        scene.settle();
        scene.finishAll(1);
        QCOMPARE(scene.active().size(), 0U);
        QVERIFY(isTracked(*scene.pods()[0]));  // held back until the next one is there
        scene.runFor(11s);
        QCOMPARE(scene.active().size(), 1U);
        QCOMPARE(failuresBefore(*scene.active()[0]).counted, 1);
        for (const auto& pod : scene.pods())
            if (pod->status.phase == corev1::PodFailed) QVERIFY(!isTracked(*pod));
    }

    void aFailurePolicyCanEndTheJobOrLookAway_data() {
        QTest::addColumn<QString>("action");
        QTest::addColumn<int>("failed");
        QTest::addColumn<QString>("conditions");
        QTest::newRow("fail the job") << "FailJob" << 1 << "FailureTarget PodFailurePolicy, Failed PodFailurePolicy";
        QTest::newRow("ignore") << "Ignore" << 0 << "";
        QTest::newRow("count") << "Count" << 1 << "";
    }
    void aFailurePolicyCanEndTheJobOrLookAway() {
        QFETCH(QString, action);
        Work scene;
        auto made = job(1, 1);
        auto& rule = made.spec.podFailurePolicy.emplace().rules.emplace_back();
        rule.action = action.toStdString();
        rule.onExitCodes.emplace().operator_ = batchv1::PodFailurePolicyOnExitCodesOpIn;
        rule.onExitCodes->values = {42};
        scene.client.put(made);
        scene.settle();
        scene.finishAll(42);
        QTEST(int(scene.work()->status.failed), "failed");
        QTEST(scene.conditions(), "conditions");
        if (action == "FailJob") {
            const auto& message = scene.work()->status.conditions[0].message;
            QVERIFY2(message.ends_with("failed with exit code 42 matching FailJob rule at index 0"), message.c_str());
        }
    }

    void aSuccessPolicyEndsTheJobEarly() {
        Work scene;
        auto made = indexedJob(3, 3);
        made.spec.successPolicy.emplace().rules.emplace_back().succeededIndexes = "0";
        scene.client.put(made);
        scene.settle();
        for (const auto& pod : scene.active())
            if (completionIndex(*pod) == 0) scene.finish(pod, 0);
        scene.settle();
        QCOMPARE(scene.active().size(), 0U);
        QCOMPARE(scene.conditions(), QString("SuccessCriteriaMet SuccessPolicy, Complete SuccessPolicy"));
        QCOMPARE(scene.work()->status.succeeded, 1);
        QCOMPARE(scene.work()->status.failed, 0);
    }

    void aJobOfAnotherManagerIsLeftAlone() {
        Work scene;
        auto made = job(1, 1);
        made.spec.managedBy = "example.com/other";
        scene.client.put(made);
        scene.settle();
        QCOMPARE(joined(scene.client.takeWrites()), QString());
    }

    void podsOfADeletedJobAreLetGo() {
        Work scene;
        scene.client.put(job(1, 1));
        scene.settle();
        bool refused = false;
        scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (!request.starts_with("patch pods") || std::exchange(refused, true)) return std::nullopt;
            return Error{Reason::Conflict, "somebody was faster"};
        };
        scene.client.erase(client::resourceOf<batchv1::Job>(), "default", "work");
        scene.settle();
        QVERIFY(refused);
        QVERIFY(!isTracked(*scene.pods()[0]));
    }

    // Whatever write fails, every Pod is counted once in the end, and never too many run.
    void failedWritesCountNothingTwice() {
        for (std::uint64_t seed = 1; seed <= 30; ++seed) {
            Work scene(seed);
            base::Random dice(seed);
            scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
                if (request.starts_with("get") || request.starts_with("list") || dice.below(3) != 0)
                    return std::nullopt;
                return Error{Reason::InternalError, "no luck"};
            };
            scene.client.put(job(6, 3));
            for (int round = 0; round < 400 && scene.conditions().isEmpty(); ++round) {
                QVERIFY(scene.active().size() <= 3);
                scene.client.holdWatches(dice.below(4) == 0);
                for (const auto& pod : scene.active())
                    if (dice.below(2) == 0) scene.finish(pod, 0);
                scene.runFor(500ms);
            }
            scene.client.holdWatches(false);
            scene.client.refuse = nullptr;
            scene.runFor(60s);
            QCOMPARE(scene.conditions(), QString("SuccessCriteriaMet CompletionsReached, Complete CompletionsReached"));
            QCOMPARE(scene.work()->status.succeeded, 6);
            QCOMPARE(scene.pods().size(), 6U);
        }
    }
};

QTEST_GUILESS_MAIN(JobControllerTest)
#include "job_controller_test.moc"
