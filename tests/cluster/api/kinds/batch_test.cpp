// Jobs and CronJobs: what is refused, what may change, and what a status may say.
#include <QtTest>
#include <functional>

#include "cluster/api/kinds/batch/job_indexes.h"
#include "cluster/api/types/batch_v1.h"
#include "kind_trial.h"

using namespace qd;
using namespace qd::api;
using namespace qd::api::test;
using batchv1::CronJob;
using batchv1::Job;

namespace {

const Kind& jobs() {
    return *builtinKind("batch", "v1", "Job");
}
const Kind& cronJobs() {
    return *builtinKind("batch", "v1", "CronJob");
}

const std::string kPod = R"("template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i:1"}]}})";

std::string job(const std::string& spec) {
    return R"({"metadata":{"name":"j","uid":"u1"},"spec":{)" + kPod + (spec.empty() ? "" : "," + spec) + "}}";
}

std::string indexed(const std::string& spec) {
    return job(R"("completionMode":"Indexed","completions":5,"parallelism":5)" + (spec.empty() ? "" : "," + spec));
}

std::string cronJob(const std::string& spec, const std::string& jobSpec = kPod) {
    return R"({"metadata":{"name":"c"},"spec":{)" + spec + R"(,"jobTemplate":{"spec":{)" + jobSpec + "}}}}";
}

std::string named(const std::string& name, const std::string& spec) {
    return R"({"metadata":{"uid":"u1","name":")" + name + R"("},"spec":{)" + spec + "}}";
}

const std::string kRestarting =
    R"({"metadata":{"name":"j","uid":"u1"},"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}})";
const std::string kDaily = R"("schedule":"@daily","jobTemplate":{"spec":{)" + kPod + "}}";
constexpr char kNoSuchZone[] = R"(spec.timeZone: Invalid value: "a//b": unknown time zone a//b)";
constexpr char kLocalZone[] =
    R"(spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones)";
const std::string kBadZone = R"("schedule":"0 * * * *","timeZone":"a//b")";
const std::string kEveryFiveMinutes = R"("schedule":"*/5 * * * *","timeZone":"Europe/Berlin")";

batchv1::JobCondition condition(const char* type, const char* status = "True") {
    batchv1::JobCondition made;
    made.type = type;
    made.status = status;
    return made;
}

Time at(int seconds) {
    return Time(qd::base::WallTime(std::chrono::seconds(seconds)));
}

// A Job with a status, as it is stored.
template <typename Edit>
Job running(const std::string& json, Edit edit) {
    Job made = stored<Job>(jobs(), json);
    made.status.startTime = at(100);
    edit(made.status);
    return made;
}

template <typename Edit>
std::string statusFaults(const Job& before, Edit edit) {
    return change(jobs(), before, [&](Job& now) { edit(now.status); }, "status").faults;
}

}  // namespace

class BatchTest : public QObject {
    Q_OBJECT
private slots:
    void aJobsFaultsNameTheField_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        const auto row = [](const char* name, const std::string& json, const char* faults) {
            QTest::newRow(name) << QString::fromStdString(json) << faults;
        };
        row("nothing wrong", job(""), "");
        row("a negative count", job(R"("parallelism":-1)"),
            "spec.parallelism: Invalid value: -1: must be greater than or equal to 0");
        row("always restarting", kRestarting,
            R"(spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never")");
        row("a limit an index without indexes", job(R"("backoffLimitPerIndex":1)"),
            "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode");
        row("failed indexes without their limit", indexed(R"("maxFailedIndexes":1)"),
            "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified");
        row("more failed indexes than there are", indexed(R"("backoffLimitPerIndex":1,"maxFailedIndexes":6)"),
            "spec.maxFailedIndexes: Invalid value: 6: must be less than or equal to completions");
        row("indexes without end", job(R"("completionMode":"Indexed","parallelism":1)"),
            "spec.completions: Required value: when completion mode is Indexed");
        row("a manager without a domain", job(R"("managedBy":"me")"),
            R"(spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo"))");
        row("a chosen selector that is missing", job(R"("manualSelector":true)"),
            "spec.selector: Required value\nspec.template.metadata.labels: Invalid value: null: `selector` does not "
            "match template `labels`");
        row("a policy without a rule's cause", job(R"("podFailurePolicy":{"rules":[{"action":"FailJob"}]})"),
            "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is "
            "required");
        row("exit codes out of order",
            job(R"("podFailurePolicy":{"rules":[{"action":"Ignore","onExitCodes":{"operator":"In","values":[3,0,3]}}]})"),
            "spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In "
            "operator\n"
            "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3\n"
            "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must be ordered");
        row("failing an index that nothing limits",
            job(R"("podFailurePolicy":{"rules":[{"action":"FailIndex","onPodConditions":[{"type":"DisruptionTarget"}]}]})"),
            R"(spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set)");
        row("success of indexes that are not there",
            indexed(R"("successPolicy":{"rules":[{"succeededIndexes":"1,4-7"}]})"),
            R"(spec.successPolicy.rules[0].succeededIndexes: Invalid value: "1,4-7": error parsing succeededIndexes: too large index: "7")");
        row("success without a rule", indexed(R"("successPolicy":{})"),
            "spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is "
            "specified");
    }
    void aJobsFaultsNameTheField() {
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(create(jobs(), json.toStdString()).faults, faults.toStdString());
    }

    void theLastIndexMustFitIntoAHostName() {
        const std::string name(62, 'n');
        const auto tried = create(jobs(), named(name, R"("completionMode":"Indexed","completions":11,)" + kPod));
        QCOMPARE(tried.faults, "metadata.name: Invalid value: \"" + name +
                                   "\": will not able to create pod with invalid DNS label: " + name + "-10");
    }

    void whatAJobIsMadeOfStays() {
        const Job before = stored<Job>(jobs(), job(""));
        QCOMPARE(change(jobs(), before, [](Job& now) { now.spec.parallelism = 3; }).faults, std::string());
        QCOMPARE(change(jobs(), before, [](Job& now) { now.spec.completions = 3; }).faults,
                 std::string("spec.completions: Invalid value: 3: field is immutable"));
        const auto image =
            change(jobs(), before, [](Job& now) { now.spec.template_.spec.containers[0].image = "i:2"; });
        QVERIFY(image.faults.starts_with("spec.template: Invalid value: "));
        QVERIFY(image.faults.ends_with(": field is immutable"));
    }

    void anIndexedJobIsScaledByBothCounts() {
        const Job before = stored<Job>(jobs(), indexed(""));
        QCOMPARE(change(jobs(), before, [](Job& now) { now.spec.completions = now.spec.parallelism = 2; }).faults,
                 std::string());
        QCOMPARE(
            change(jobs(), before, [](Job& now) { now.spec.completions = 2; }).faults,
            std::string("spec.completions: Invalid value: 2: can only be modified in tandem with spec.parallelism"));
    }

    void aSuspendedJobMayBePlacedAndSizedAnew() {
        const auto place = [](Job& now) {
            now.spec.template_.spec.nodeSelector["disk"] = "ssd";
            now.spec.template_.spec.containers[0].resources.requests["cpu"] = *Quantity::parse("2");
        };
        Job before = stored<Job>(jobs(), job(R"("suspend":true)"));
        QCOMPARE(change(jobs(), before, place).faults, std::string());
        before.status.active = 1;  // its Pods are not gone yet
        QVERIFY(change(jobs(), before, place).faults.starts_with("spec.template: "));
        before.status.active = 0;
        before.status.startTime = at(100);
        QVERIFY(change(jobs(), before, place).faults.starts_with("spec.template: "));
        before.status.conditions = {condition("Suspended")};
        QCOMPARE(change(jobs(), before, place).faults, std::string());
        const auto image =
            change(jobs(), before, [](Job& now) { now.spec.template_.spec.containers[0].image = "i:2"; });
        QVERIFY(image.faults.starts_with("spec.template.spec: Invalid value: "));
    }

    void aStatusIsHeldToWhatClientsRelyOn() {
        using Status = batchv1::JobStatus;
        const Job before = running(job(""), [](Status& status) {
            status.active = 2;
            status.failed = 1;
        });
        const auto complete = [](Status& status) {
            status.active = 0;
            status.conditions = {condition("SuccessCriteriaMet"), condition("Complete")};
            status.completionTime = at(200);
        };
        QCOMPARE(statusFaults(before, complete), std::string());

        struct Row {
            std::function<void(Status&)> edit;  // of a Job that runs
            std::string faults;
        };
        const Row running[] = {
            {[](Status& status) {
                 status.active = 0;
                 status.conditions = {condition("Failed")};
             },
             "status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true "
             "condition"},
            {[](Status& status) { status.ready = 3; },
             "status.ready: Invalid value: 3: cannot set more ready pods than active"},
            {[](Status& status) { status.completedIndexes = "0"; },
             R"(status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode)"},
            {[](Status& status) { status.failed = 0; },
             "status.failed: Invalid value: 0: cannot decrease the failed counter"},
            {[](Status& status) { status.startTime = at(200); },
             R"(status.startTime: Invalid value: "1970-01-01T00:03:20Z": field is immutable for unsuspended job once set)"},
            {[](Status& status) {
                 status.uncountedTerminatedPods.emplace().succeeded = {"a"};
                 status.uncountedTerminatedPods->failed = {"a"};
             },
             R"(status.uncountedTerminatedPods.failed[0]: Duplicate value: "a")"},
        };
        for (const Row& row : running) QCOMPARE(statusFaults(before, row.edit), row.faults);

        const Row completing[] = {
            {[](Status& status) { status.completionTime.reset(); },
             "status.completionTime: Required value: completionTime is required for Complete jobs"},
            {[](Status& status) { status.completionTime = at(50); },
             R"(status.completionTime: Invalid value: "1970-01-01T00:00:50Z": must be equal to or after `startTime`)"},
            {[](Status& status) { status.active = 2; },
             "status.active: Invalid value: 2: active>0 is invalid for finished job"},
            {[](Status& status) { status.conditions.push_back(condition("FailureTarget")); },
             "status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions\n"
             "status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"},
        };
        for (const Row& row : completing) {
            const auto edit = [&](Status& status) {
                complete(status);
                row.edit(status);
            };
            QCOMPARE(statusFaults(before, edit), row.faults);
        }
    }

    void anOutcomeIsFinal() {
        const Job before = running(job(""), [](batchv1::JobStatus& status) {
            status.conditions = {condition("SuccessCriteriaMet"), condition("Complete")};
            status.completionTime = at(200);
        });
        const auto faults = statusFaults(before, [](batchv1::JobStatus& status) { status.conditions.pop_back(); });
        QVERIFY2(faults.find("cannot disable the terminal Complete=True condition") != std::string::npos,
                 faults.c_str());
        QCOMPARE(statusFaults(before, [](batchv1::JobStatus& status) { status.completionTime = at(300); }),
                 std::string(R"(status.completionTime: Invalid value: "1970-01-01T00:05:00Z": field is immutable)"));
    }

    void whatIsWrongAlreadyDoesNotStopOtherChanges() {
        const Job before = running(job(""), [](batchv1::JobStatus& status) { status.completedIndexes = "7"; });
        QCOMPARE(statusFaults(before, [](batchv1::JobStatus& status) { status.active = 1; }), std::string());
    }

    void listsOfIndexesAreReadWithTheirFaults_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("count");
        QTest::addColumn<QString>("fault");
        QTest::newRow("none") << "" << 0 << "";
        QTest::newRow("several") << "0,2-4" << 4 << "";
        QTest::newRow("falling") << "3,1" << 0 << "non-increasing order, previous: 3, current: 1";
        QTest::newRow("an interval that falls") << "3-3" << 0 << "non-increasing order, previous: 3, current: 3";
        QTest::newRow("no number") << "a" << 0 << "cannot convert string to integer for index: \"a\"";
        QTest::newRow("two dashes")
            << "1-2-3" << 0
            << "the fragment \"1-2-3\" violates the requirement that an index interval can have at most two parts "
               "separated by '-'";
    }
    void listsOfIndexesAreReadWithTheirFaults() {
        QFETCH(QString, text);
        QFETCH(int, count);
        QFETCH(QString, fault);
        const JobIndexes read = readJobIndexes(text.toStdString(), 5);
        QCOMPARE(read.count, count);
        QCOMPARE(read.fault, fault.toStdString());
    }

    void anIndexIsNotBothDoneAndFailed() {
        QCOMPARE(firstSharedIndex("0,2-4", "1,3", 5), std::optional<std::int32_t>(3));
        QCOMPARE(firstSharedIndex("0,2", "1,3-4", 5), std::optional<std::int32_t>());
    }

    void aCronJobsFaultsNameTheField_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        const auto row = [](const char* name, const std::string& json, const char* faults) {
            QTest::newRow(name) << QString::fromStdString(json) << faults;
        };
        row("nothing wrong", cronJob(kEveryFiveMinutes), "");
        row("never due", cronJob(R"("schedule":"")"), "spec.schedule: Required value");
        row("a zone in the schedule", cronJob(R"("schedule":"TZ=UTC 0 * * * *")"),
            R"(spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead)");
        row("a zone that is nowhere", cronJob(kBadZone), kNoSuchZone);
        row("wherever it runs", cronJob(R"("schedule":"0 * * * *","timeZone":"Local")"), kLocalZone);
        row("another policy", cronJob(R"("schedule":"0 * * * *","concurrencyPolicy":"Maybe")"),
            R"(spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace")");
        row("a selector for Jobs that each have their own",
            cronJob(R"("schedule":"0 * * * *")", kPod + R"(,"selector":{"matchLabels":{"a":"b"}})"),
            R"(spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated)");
        row("negative history", cronJob(R"("schedule":"0 * * * *","failedJobsHistoryLimit":-1)"),
            "spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0");
    }
    void aCronJobsFaultsNameTheField() {
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(create(cronJobs(), json.toStdString()).faults, faults.toStdString());
    }

    void aCronJobsNameLeavesRoomForThatOfItsJobs() {
        const std::string name(53, 'n');
        const auto tried = create(cronJobs(), named(name, kDaily));
        QCOMPARE(tried.faults, "metadata.name: Invalid value: \"" + name + "\": must be no more than 52 characters");
    }

    void anOldScheduleKeepsItsZone() {
        CronJob before = stored<CronJob>(cronJobs(), cronJob(R"("schedule":"0 * * * *")"));
        before.spec.schedule = "TZ=UTC 0 * * * *";
        QCOMPARE(change(cronJobs(), before, [](CronJob& now) { now.spec.suspend = true; }).faults, std::string());
        QCOMPARE(
            change(cronJobs(), before, [](CronJob& now) { now.spec.timeZone = "UTC"; }).faults,
            std::string(
                R"(spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use both timeZone field and TZ or CRON_TZ in schedule)"));
    }
};

QTEST_APPLESS_MAIN(BatchTest)
#include "batch_test.moc"
