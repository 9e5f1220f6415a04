// StatefulSets, DaemonSets and ControllerRevisions: what is refused and what may change.
#include <QtTest>

#include "cluster/api/types/apps_v1.h"
#include "kind_trial.h"

using namespace qd;
using namespace qd::api;
using namespace qd::api::test;
using appsv1::ControllerRevision;
using appsv1::DaemonSet;
using appsv1::StatefulSet;

namespace {

const Kind& statefulSets() {
    return *builtinKind("apps", "v1", "StatefulSet");
}
const Kind& daemonSets() {
    return *builtinKind("apps", "v1", "DaemonSet");
}
const Kind& revisions() {
    return *builtinKind("apps", "v1", "ControllerRevision");
}

const std::string kSelected = R"("selector":{"matchLabels":{"app":"web"}})";

std::string templateWith(const std::string& container) {
    return R"("template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i:1")" +
           container + "}]}}";
}

std::string set(const std::string& spec, const std::string& container = "") {
    return R"({"metadata":{"name":"web"},"spec":{)" + kSelected + "," + templateWith(container) +
           (spec.empty() ? "" : "," + spec) + "}}";
}

std::string claim(const std::string& name, const std::string& spec) {
    return R"("volumeClaimTemplates":[{"metadata":{"name":")" + name + R"("},"spec":{)" + spec + "}}]";
}

const std::string kData = R"("accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}})";
const std::string kMount = R"(,"volumeMounts":[{"name":"data","mountPath":"/data"}])";

std::string rolling(const std::string& counts) {
    return R"("updateStrategy":{"type":"RollingUpdate","rollingUpdate":{)" + counts + "}}";
}

std::string revision(const std::string& data) {
    return R"({"metadata":{"name":"web-1"},"revision":1)" + data + "}";
}

const std::string kOwned =
    R"({"metadata":{"name":"web-1","ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web",)"
    R"("uid":"u","controller":true}]},"revision":1,"data":{}})";

}  // namespace

class AppsTest : public QObject {
    Q_OBJECT
private slots:
    void aStatefulSetsFaultsNameTheField_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        const auto row = [](const char* name, const std::string& json, const char* faults) {
            QTest::newRow(name) << QString::fromStdString(json) << faults;
        };
        row("a claim is a volume", set(claim("data", kData), kMount), "");
        row("a volume that nothing makes", set(claim("other", kData), kMount),
            R"(spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data")");
        row("a claim for nothing", set(claim("data", R"("accessModes":["ReadWriteOnce"])")),
            "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value");
        row("another order", set(R"("podManagementPolicy":"Any")"),
            R"(spec.podManagementPolicy: Invalid value: "Any": must be 'OrderedReady' or 'Parallel')");
        row("another strategy", set(R"("updateStrategy":{"type":"Recreate"})"),
            R"(spec.updateStrategy: Invalid value: {"Type":"Recreate","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete')");
        row("a partition where nothing rolls",
            set(R"("updateStrategy":{"type":"OnDelete","rollingUpdate":{"partition":1}})"),
            R"(spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy 'RollingUpdate')");
        row("a Service of two labels", set(R"("serviceName":"a.b")"),
            R"(spec.serviceName: Invalid value: "a.b": must not contain dots)");
        row("ordinals below zero", set(R"("ordinals":{"start":-1})"),
            "spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0");
        row("claims kept for ever and a day", set(R"("persistentVolumeClaimRetentionPolicy":{"whenScaled":"Keep"})"),
            R"(spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep": supported values: "Retain", "Delete")");
    }
    void aStatefulSetsFaultsNameTheField() {
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(create(statefulSets(), json.toStdString()).faults, faults.toStdString());
    }

    void whoAStatefulSetsPodsAreStays() {
        const auto before = stored<StatefulSet>(statefulSets(), set(claim("data", kData)));
        const auto scaled = change(statefulSets(), before, [](StatefulSet& now) {
            now.spec.replicas = 3;
            now.spec.revisionHistoryLimit = 2;
            now.spec.ordinals.emplace().start = 5;
        });
        QCOMPARE(scaled.faults, std::string());
        QCOMPARE(scaled.object->metadata.generation, std::int64_t(2));
        const auto renamed = change(statefulSets(), before, [](StatefulSet& now) { now.spec.serviceName = "other"; });
        QVERIFY(renamed.faults.starts_with(
            "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals'"));
        const auto larger = change(statefulSets(), before,
                                   [](StatefulSet& now) { now.spec.volumeClaimTemplates[0].spec.accessModes.clear(); });
        QVERIFY(larger.faults.starts_with("spec: Forbidden: "));
    }

    void aStatusCountsNoMoreThanThereAre() {
        const auto before = stored<StatefulSet>(statefulSets(), set(""));
        const auto status = [&](auto edit) {
            return change(statefulSets(), before, [&](StatefulSet& now) { edit(now.status); }, "status").faults;
        };
        QCOMPARE(status([](appsv1::StatefulSetStatus& now) { now.replicas = now.readyReplicas = 2; }), std::string());
        QCOMPARE(status([](appsv1::StatefulSetStatus& now) { now.currentReplicas = 1; }),
                 std::string("status.currentReplicas: Invalid value: 1: cannot be greater than status.replicas"));
        QCOMPARE(
            status([](appsv1::StatefulSetStatus& now) { now.replicas = now.availableReplicas = 1; }),
            std::string("status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas"));
    }

    void aDaemonSetsFaultsNameTheField_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        const auto row = [](const char* name, const std::string& json, const char* faults) {
            QTest::newRow(name) << QString::fromStdString(json) << faults;
        };
        row("nothing wrong", set(""), "");
        row("surge alone", set(rolling(R"("maxUnavailable":0,"maxSurge":"10%")")), "");
        row("both", set(rolling(R"("maxSurge":1)")),
            "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is "
            "non-zero");
        row("neither", set(rolling(R"("maxUnavailable":0)")),
            "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0");
        row("more than all", set(rolling(R"("maxUnavailable":"150%")")),
            R"(spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "150%": must not be greater than 100%)");
        row("another strategy", set(R"("updateStrategy":{"type":"Recreate"})"),
            R"(spec.updateStrategy: Unsupported value: {"Type":"Recreate","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete")");
    }
    void aDaemonSetsFaultsNameTheField() {
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(create(daemonSets(), json.toStdString()).faults, faults.toStdString());
    }

    void aDaemonSetCountsItsTemplates() {
        constexpr char kCount[] = "deprecated.daemonset.template.generation";
        const auto before = stored<DaemonSet>(daemonSets(), set(""));
        QCOMPARE(before.metadata.annotations.at(kCount), std::string("1"));
        const auto rolled =
            change(daemonSets(), before, [](DaemonSet& now) { now.spec.template_.spec.containers[0].image = "i:2"; });
        QCOMPARE(rolled.object->metadata.annotations.at(kCount), std::string("2"));
        const auto forged =
            change(daemonSets(), before, [&](DaemonSet& now) { now.metadata.annotations[kCount] = "7"; });
        QCOMPARE(forged.object->metadata.annotations.at(kCount), std::string("1"));
        const auto reported =
            change(daemonSets(), before, [&](DaemonSet& now) { now.metadata.annotations.clear(); }, "status");
        QCOMPARE(reported.object->metadata.annotations.at(kCount), std::string("1"));
    }

    void aDaemonSetsSelectorStays() {
        const auto before = stored<DaemonSet>(daemonSets(), set(""));
        const auto other = change(daemonSets(), before, [](DaemonSet& now) {
            now.spec.selector->matchLabels = {{"app", "db"}};
            now.spec.template_.metadata.labels = {{"app", "db"}};
        });
        QCOMPARE(other.faults,
                 std::string(R"(spec.selector: Invalid value: {"matchLabels":{"app":"db"}}: field is immutable)"));
    }

    void collisionsAreOnlyCountedUp() {
        auto before = stored<DaemonSet>(daemonSets(), set(""));
        before.status.collisionCount = 2;
        const auto fewer =
            change(daemonSets(), before, [](DaemonSet& now) { now.status.collisionCount.reset(); }, "status");
        QCOMPARE(fewer.faults, std::string("status.collisionCount: Invalid value: 0: cannot be decremented"));
    }

    void aRevisionIsAnObjectAndStays() {
        QCOMPARE(create(revisions(), revision("")).faults, std::string("data: Required value: data is mandatory"));
        QCOMPARE(create(revisions(), revision(R"(,"data":"x")")).faults,
                 std::string("data: Required value: data must be a valid JSON object"));
        const auto before = stored<ControllerRevision>(revisions(), revision(R"(,"data":{"a":"b"})"));
        QCOMPARE(change(revisions(), before, [](ControllerRevision& now) { now.revision = 4; }).faults, std::string());
        QCOMPARE(change(revisions(), before, [](ControllerRevision& now) { now.data.raw = R"({"a":"c"})"; }).faults,
                 std::string(R"(data: Invalid value: {"a":"c"}: field is immutable)"));
    }

    void aRevisionShowsWhoMadeIt() {
        const auto object = decoded(revisions(), kOwned);
        const auto row = revisions().cells(*object, qd::base::WallTime(std::chrono::seconds(1)));
        QCOMPARE(std::get<std::string>(row[1]), std::string("statefulset.apps/web"));
    }
};

QTEST_APPLESS_MAIN(AppsTest)
#include "apps_test.moc"
