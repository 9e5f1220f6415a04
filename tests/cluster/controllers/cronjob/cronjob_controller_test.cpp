// CronJobs over simulated hours, with Jobs that end when the test says so.
#include "cluster/controllers/cronjob/cronjob_controller.h"

#include <QtTest>

#include "cluster/controllers/ttl_after_finished/ttl_after_finished_controller.h"
#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

class Clockwork : public Scene {
public:
    explicit Clockwork(std::uint64_t seed = 1)
        : Scene({{.name = "cronjob-controller",
                  .alias = "cronjob",
                  .make = [](Context& context) { return std::make_unique<CronJobController>(context); }},
                 {.name = "ttl-after-finished-controller",
                  .alias = "ttl",
                  .make = [](Context& context) { return std::make_unique<TtlAfterFinishedController>(context); }}},
                seed) {}

    batchv1::CronJob every(const std::string& schedule) {
        batchv1::CronJob made;
        made.metadata.namespace_ = "default";
        made.metadata.name = "tick";
        made.metadata.uid = "cron-uid";
        made.metadata.creationTimestamp = api::Time(executor.clock().now());
        made.spec.schedule = schedule;
        made.spec.concurrencyPolicy = batchv1::AllowConcurrent;
        made.spec.successfulJobsHistoryLimit = 3;
        made.spec.failedJobsHistoryLimit = 1;
        made.spec.jobTemplate.spec.template_ = templateOf("lab:1");
        return made;
    }
    client::Ptr<batchv1::CronJob> tick() { return client.stored<batchv1::CronJob>("default", "tick"); }
    std::vector<client::Ptr<batchv1::Job>> jobs() { return client.all<batchv1::Job>(); }
    void finish(const client::Ptr<batchv1::Job>& job, const char* how = batchv1::JobComplete) {
        auto ended = *client.stored<batchv1::Job>("default", job->metadata.name);
        auto& condition = ended.status.conditions.emplace_back();
        condition.type = how;
        condition.status = corev1::ConditionTrue;
        condition.lastTransitionTime = api::Time(executor.clock().now());
        ended.status.startTime = ended.metadata.creationTimestamp;
        if (how == std::string(batchv1::JobComplete)) ended.status.completionTime = condition.lastTransitionTime;
        client.put(ended);
        settle();
    }
    void change(const std::function<void(batchv1::CronJob&)>& with) {
        auto changed = *tick();
        with(changed);
        client.put(changed);
        settle();
    }
};

}  // namespace

class CronJobControllerTest : public QObject {
    Q_OBJECT
private slots:
    void aJobIsMadeEachTime() {
        Clockwork scene;
        scene.client.put(scene.every("*/5 * * * *"));
        scene.runFor(5min + 1s);
        QCOMPARE(scene.jobs().size(), 1U);
        const auto job = scene.jobs()[0];
        const auto scheduled = scene.tick()->status.lastScheduleTime.value();
        QCOMPARE(scheduled.unixSeconds() % 300, 0);
        QCOMPARE(job->metadata.name, "tick-" + std::to_string(scheduled.unixSeconds() / 60));
        QCOMPARE(job->metadata.annotations.at("batch.kubernetes.io/cronjob-scheduled-timestamp"), scheduled.toString());
        QCOMPARE(scene.tick()->status.active.size(), 1U);
        scene.finish(job);
        QVERIFY(scene.tick()->status.active.empty());
        QVERIFY(scene.tick()->status.lastSuccessfulTime.has_value());
        QCOMPARE(joined(scene.client.takeEvents()),
                 QString("Normal SuccessfulCreate Created job %1\nNormal SawCompletedJob Saw completed job: %1, "
                         "condition: Complete\n")
                     .arg(QString::fromStdString(job->metadata.name)));
        scene.runFor(10min);
        QCOMPARE(scene.jobs().size(), 3U);
    }

    void onlySoManyEndedJobsAreKept() {
        Clockwork scene;
        scene.client.put(scene.every("* * * * *"));
        for (int minute = 0; minute < 8; ++minute) {
            scene.runFor(1min);
            for (const auto& job : scene.jobs())
                if (job->status.conditions.empty())
                    scene.finish(job, minute % 2 ? batchv1::JobFailed : batchv1::JobComplete);
        }
        int succeeded = 0, failed = 0;
        for (const auto& job : scene.jobs())
            ++(job->status.conditions[0].type == batchv1::JobComplete ? succeeded : failed);
        QCOMPARE(succeeded, 3);
        QCOMPARE(failed, 1);
    }

    void whatRunsStillIsTreatedByThePolicy_data() {
        QTest::addColumn<QString>("policy");
        QTest::addColumn<int>("jobs");
        QTest::newRow("both run") << "Allow" << 3;
        QTest::newRow("the first runs on") << "Forbid" << 1;
        QTest::newRow("the newest takes its place") << "Replace" << 1;
    }
    void whatRunsStillIsTreatedByThePolicy() {
        QFETCH(QString, policy);
        Clockwork scene;
        auto cron = scene.every("* * * * *");
        cron.spec.concurrencyPolicy = policy.toStdString();
        scene.client.put(cron);
        scene.runFor(1min + 1s);
        const std::string first = scene.jobs().at(0)->metadata.name;
        scene.runFor(2min);
        QTEST(int(scene.jobs().size()), "jobs");
        QCOMPARE(scene.jobs().at(0)->metadata.name == first, policy != "Replace");
        const QString events = joined(scene.client.takeEvents());
        QCOMPARE(events.contains("JobAlreadyActive"), policy == "Forbid");
        QCOMPARE(events.contains("SuccessfulDelete Deleted job " + QString::fromStdString(first)), policy == "Replace");
    }

    void aSuspendedOneWaitsAndMakesUpForTheLastOnly() {
        Clockwork scene;
        auto cron = scene.every("* * * * *");
        cron.spec.suspend = true;
        scene.client.put(cron);
        scene.runFor(10min);
        QCOMPARE(scene.jobs().size(), 0U);
        scene.change([](auto& of) { of.spec.suspend = false; });
        QCOMPARE(scene.jobs().size(), 1U);
    }

    void whatIsTooLateIsMissed() {
        Clockwork scene;
        auto cron = scene.every("0 * * * *");
        cron.spec.suspend = true;
        cron.spec.startingDeadlineSeconds = 60;
        scene.client.put(cron);
        const auto now = scene.executor.clock().now().time_since_epoch();
        scene.runFor(std::chrono::ceil<std::chrono::hours>(now) - now + 5min);
        scene.change([](auto& of) { of.spec.suspend = false; });
        QCOMPARE(scene.jobs().size(), 0U);
        scene.runFor(56min);
        QCOMPARE(scene.jobs().size(), 1U);
    }

    void manyMissedStartsAreToldOnce() {
        Clockwork scene;
        auto cron = scene.every("* * * * *");
        cron.spec.suspend = true;
        scene.client.put(cron);
        scene.runFor(3h);
        scene.change([](auto& of) { of.spec.suspend = false; });
        QCOMPARE(scene.jobs().size(), 1U);
        QVERIFY(joined(scene.client.takeEvents()).contains("Warning TooManyMissedTimes"));
    }

    void aMissingJobIsForgotten() {
        Clockwork scene;
        scene.client.put(scene.every("0 * * * *"));
        scene.runFor(1h + 1s);
        QCOMPARE(scene.tick()->status.active.size(), 1U);
        scene.client.erase(client::resourceOf<batchv1::Job>(), "default", scene.jobs()[0]->metadata.name);
        scene.settle();
        QVERIFY(scene.tick()->status.active.empty());
        QVERIFY(joined(scene.client.takeEvents()).contains("Normal MissingJob Active job went missing: tick-"));
    }

    // Between making the Job and writing it down.
    void aCrashInBetweenMakesNoSecondJob() {
        Clockwork scene;
        scene.client.put(scene.every("0 * * * *"));
        int refusals = 3;
        scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (request != "update cronjobs/status default/tick" || refusals-- <= 0) return std::nullopt;
            return Error{Reason::InternalError, "no luck"};
        };
        scene.runFor(1h + 1min);
        QCOMPARE(scene.jobs().size(), 1U);
        QCOMPARE(scene.tick()->status.active.size(), 1U);
    }

    void aBadScheduleIsTold() {
        Clockwork scene;
        scene.client.put(scene.every("61 * * * *"));
        scene.settle();
        QCOMPARE(joined(scene.client.takeEvents()), QString("Warning UnparseableSchedule unparseable schedule: \"61 * "
                                                            "* * *\" : end of range (61) above maximum (59): 61\n"));
    }

    void anEndedJobIsDeletedAfterItsTime() {
        Clockwork scene;
        batchv1::Job job;
        job.metadata.namespace_ = "default";
        job.metadata.name = "done";
        job.spec.ttlSecondsAfterFinished = 60;
        scene.client.put(job);
        scene.runFor(5min);
        QCOMPARE(scene.jobs().size(), 1U);
        scene.finish(scene.jobs()[0]);
        scene.runFor(55s);
        QCOMPARE(scene.jobs().size(), 1U);
        scene.runFor(6s);
        QVERIFY(scene.jobs().empty() || scene.jobs()[0]->metadata.deletionTimestamp);
    }
};

QTEST_GUILESS_MAIN(CronJobControllerTest)
#include "cronjob_controller_test.moc"
