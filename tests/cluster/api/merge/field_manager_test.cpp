#include "cluster/api/merge/field_manager.h"

#include <QtTest>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/api/merge/managed_fields.h"
#include "cluster/api/merge/typed_value.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/core_v1.h"
#include "tests/cluster/api/merge/json_text.h"

using namespace qd;
using namespace qd::api::merge;
using qd::tests::parse;
using qd::tests::text;

namespace {

using boost::json::value;

base::WallTime at(int seconds) {
    return base::WallTime(std::chrono::seconds(1'800'000'000 + seconds));
}

ManagedContext deployments(int seconds = 0) {
    return {.schema = appsv1::Deployment::kDescriptor,
            .group = "apps",
            .version = "v1",
            .kind = "Deployment",
            .now = at(seconds)};
}

ManagedContext pods(int seconds = 0) {
    return {.schema = corev1::Pod::kDescriptor, .version = "v1", .kind = "Pod", .now = at(seconds)};
}

value deployment(const char* spec) {
    value object = parse("{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web'}}");
    object.as_object().emplace("spec", parse(spec));
    return object;
}

value pod(const char* spec, const char* metadata = "{'name':'p'}") {
    value object = parse("{'apiVersion':'v1','kind':'Pod'}");
    object.as_object().emplace("metadata", parse(metadata));
    object.as_object().emplace("spec", parse(spec));
    return object;
}

value applied(const ManagedContext& context, const value& live, const value& config, std::string_view manager,
              bool force = false) {
    auto result = applyManaged(context, live, config, manager, force);
    if (!result) qFatal("%s", result.error().message.c_str());
    return std::move(*result);
}

// An update: the object as the manager wrote it, with the managed fields that follow.
value updated(const ManagedContext& context, const value& live, value object, std::string_view manager) {
    value managed = updateManaged(context, live, object, manager);
    auto& metadata = object.at("metadata").as_object();
    metadata.erase("managedFields");
    if (!managed.is_null()) metadata.emplace("managedFields", std::move(managed));
    return object;
}

// "manager Operation fields" a line, in order.
QString owners(const value& object) {
    QStringList lines;
    const value* managed = object.at("metadata").as_object().if_contains("managedFields");
    if (managed == nullptr) return {};
    for (const auto& entry : managed->as_array()) {
        const auto fields = FieldSet::fromFieldsV1(entry.at("fieldsV1"));
        QStringList paths;
        fields->forEach([&](const Path& path) { paths << QString::fromStdString(displayPath(path)); });
        lines << QString("%1 %2 %3")
                     .arg(entry.at("manager").as_string().c_str(), entry.at("operation").as_string().c_str(),
                          paths.join(' '));
    }
    return lines.join('\n');
}

value stored(value object) {
    object.at("metadata").as_object()["uid"] = "u";
    return object;
}

}  // namespace

class FieldManagerTest : public QObject {
    Q_OBJECT
private slots:
    void creatingByApplyOwnsWhatWasApplied() {
        const value made = applied(deployments(), nullptr, deployment("{'replicas':3}"), "one");
        QCOMPARE(owners(made), QString("one Apply .spec.replicas"));
        QCOMPARE(made.at("spec").at("replicas").as_int64(), 3);
        QCOMPARE(made.at("metadata").at("managedFields").at(0).at("time").as_string().c_str(), "2027-01-15T08:00:00Z");
    }

    void creatingOwnsWhatDiffersFromANewObject() {
        const value made = updated(
            deployments(), nullptr,
            deployment(
                "{'replicas':1,'strategy':{'type':'Recreate'},'template':{'metadata':{'labels':{'a':'b'}},'spec':{}}}"),
            "kubectl");
        QCOMPARE(owners(made),
                 QString("kubectl Update .spec.replicas .spec.strategy.type .spec.template.metadata.labels "
                         ".spec.template.metadata.labels.a"));
    }

    void anotherValueForAnothersFieldIsAConflict() {
        const value live = stored(updated(deployments(), nullptr, deployment("{'replicas':1}"), "kubectl"));
        const auto refused = applyManaged(deployments(), live, deployment("{'replicas':2}"), "one", false);
        QVERIFY(!refused.has_value());
        QCOMPARE(refused.error().httpStatus(), 409);
        QCOMPARE(refused.error().message,
                 std::string("Apply failed with 1 conflict: conflict with \"kubectl\" using apps/v1: .spec.replicas"));
        QCOMPARE(refused.error().causes.size(), std::size_t{1});
        QVERIFY(refused.error().causes[0] ==
                (base::Cause{"FieldManagerConflict", "conflict with \"kubectl\" using apps/v1", ".spec.replicas"}));
    }

    void severalConflictsAreGroupedByManager() {
        value live = stored(updated(deployments(), nullptr, deployment("{'replicas':1,'paused':true}"), "kubectl"));
        live = applied(deployments(), live, deployment("{'minReadySeconds':5}"), "other");
        const auto refused = applyManaged(
            deployments(), live, deployment("{'replicas':2,'paused':false,'minReadySeconds':6}"), "one", false);
        QCOMPARE(refused.error().message,
                 std::string("Apply failed with 3 conflicts: conflicts with \"kubectl\" using apps/v1:\n"
                             "- .spec.paused\n- .spec.replicas\nconflicts with \"other\":\n"
                             "- .spec.minReadySeconds"));
    }

    void theSameValueIsSharedAndForceTakesOver() {
        value live = stored(applied(deployments(), nullptr, deployment("{'replicas':1}"), "one"));
        live = applied(deployments(1), live, deployment("{'replicas':1}"), "two");
        QCOMPARE(owners(live), QString("two Apply .spec.replicas\none Apply .spec.replicas"));
        live = applied(deployments(2), live, deployment("{'replicas':2}"), "two", true);
        QCOMPARE(owners(live), QString("two Apply .spec.replicas"));
        QCOMPARE(live.at("spec").at("replicas").as_int64(), 2);
    }

    void whatIsNoLongerAppliedGoesUnlessSomebodyElseOwnsIt() {
        value live = stored(applied(deployments(), nullptr, deployment("{'replicas':1,'paused':true}"), "one"));
        live = applied(deployments(1), live, deployment("{'paused':true}"), "two");
        live = applied(deployments(2), live, deployment("{}"), "one");
        QVERIFY(!live.at("spec").as_object().contains("replicas"));
        QVERIFY(live.at("spec").at("paused").as_bool());
        QCOMPARE(owners(live), QString("two Apply .spec.paused\none Apply .spec"));
    }

    void anItemThatIsNoLongerAppliedGoesWithItsDefaults() {
        const char* two = "{'containers':[{'name':'a','image':'1'},{'name':'b','image':'2'}]}";
        value live = stored(applied(pods(), nullptr, pod(two), "one"));
        // What admission and defaulting add belongs to nobody and goes with the item.
        live.at("spec").at("containers").at(1).as_object()["imagePullPolicy"] = "Always";
        live = applied(pods(1), live, pod("{'containers':[{'name':'a','image':'1'}]}"), "one");
        QCOMPARE(text(live.at("spec").at("containers")), std::string("[{'image':'1','name':'a'}]"));
        QCOMPARE(owners(live), QString("one Apply .spec.containers[name=\"a\"] .spec.containers[name=\"a\"].image "
                                       ".spec.containers[name=\"a\"].name"));
    }

    void itemsOfOthersKeepTheirPlaceAndOwner() {
        value live = stored(updated(pods(), nullptr, pod("{'containers':[{'name':'a','image':'1'}]}"), "kubectl"));
        live = applied(pods(1), live, pod("{'containers':[{'name':'sidecar','image':'s'}]}"), "mesh");
        QCOMPARE(text(live.at("spec").at("containers")),
                 std::string("[{'image':'1','name':'a'},{'image':'s','name':'sidecar'}]"));
        live = applied(pods(2), live, pod("{}"), "mesh");
        QCOMPARE(text(live.at("spec").at("containers")), std::string("[{'image':'1','name':'a'}]"));
    }

    void applyingTheSameAgainChangesNotEvenTheTime() {
        const value live = stored(applied(deployments(), nullptr, deployment("{'replicas':1}"), "one"));
        const value again = applied(deployments(60), live, deployment("{'replicas':1}"), "one");
        QCOMPARE(text(again), text(live));
    }

    void anUpdateTakesFieldsFromTheirOwners() {
        value live = stored(applied(deployments(), nullptr, deployment("{'replicas':1,'paused':true}"), "one"));
        value change = live;
        change.at("spec").as_object()["replicas"] = 5;
        live = updated(deployments(1), live, change, "scaler");
        QCOMPARE(owners(live), QString("one Apply .spec.paused\nscaler Update .spec.replicas"));
    }

    void anUpdateWithoutChangeKeepsTheManagedFieldsAsTheyAre() {
        const value live = stored(applied(deployments(), nullptr, deployment("{'replicas':1}"), "one"));
        QCOMPARE(text(updateManaged(deployments(60), live, live, "two")),
                 text(live.at("metadata").at("managedFields")));
    }

    void anOwnerWithoutFieldsIsForgotten() {
        value live = stored(updated(deployments(), nullptr, deployment("{'replicas':1}"), "one"));
        value change = live;
        change.at("spec").as_object().erase("replicas");
        live = updated(deployments(1), live, change, "two");
        QCOMPARE(owners(live), QString());
    }

    void theStatusSubresourceHasEntriesOfItsOwn() {
        const FieldSet spec = {{"spec"}};
        ManagedContext status = deployments(1);
        status.subresource = "status";
        status.resetFields = &spec;
        value live = stored(updated(deployments(), nullptr, deployment("{'replicas':1}"), "kube"));
        value change = live;
        change.as_object()["status"] = parse("{'replicas':1}");
        change.at("spec").as_object()["replicas"] = 7;
        live = updated(status, live, change, "kube");
        QCOMPARE(owners(live), QString("kube Update .spec.replicas\nkube Update .status .status.replicas"));
        QCOMPARE(live.at("metadata").at("managedFields").at(1).at("subresource").as_string().c_str(), "status");
        const auto refused = applyManaged(status, live,
                                          parse("{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web'},"
                                                "'status':{'replicas':2}}"),
                                          "one", false);
        QCOMPARE(refused.error().message,
                 std::string("Apply failed with 1 conflict: conflict with \"kube\" with subresource "
                             "\"status\" using apps/v1: .status.replicas"));
    }

    void objectsFromBeforeManagedFieldsBelongToNobodyInParticular() {
        const value live = stored(deployment("{'replicas':1}"));
        const value change = stored(deployment("{'replicas':2}"));
        QVERIFY(updateManaged(deployments(), live, change, "kubectl").is_null());
        const auto refused = applyManaged(deployments(), live, deployment("{'replicas':3}"), "one", false);
        QCOMPARE(
            refused.error().message,
            std::string(
                "Apply failed with 1 conflict: conflict with \"before-first-apply\" using apps/v1: .spec.replicas"));
    }

    void aRequestMayResetOrReplaceManagedFieldsButNotSpoilThem_data() {
        QTest::addColumn<QString>("given");
        QTest::addColumn<QString>("wanted");
        QTest::newRow("an empty list resets") << "[]"
                                              << "";
        QTest::newRow("a list of one empty entry resets") << "[{}]"
                                                          << "";
        QTest::newRow("an unknown operation is ignored")
            << "[{'manager':'x','operation':'Steal','apiVersion':'apps/v1','fieldsType':'FieldsV1','fieldsV1':{}}]"
            << "one Apply .spec.replicas";
        QTest::newRow("an entry takes the place of all")
            << "[{'manager':'x','operation':'Update','apiVersion':'apps/v1','fieldsType':'FieldsV1',"
               "'fieldsV1':{'f:spec':{'f:replicas':{}}}}]"
            << "x Update .spec.replicas";
    }

    void aRequestMayResetOrReplaceManagedFieldsButNotSpoilThem() {
        QFETCH(QString, given);
        QFETCH(QString, wanted);
        const value live = stored(applied(deployments(), nullptr, deployment("{'replicas':1}"), "one"));
        value change = live;
        change.at("metadata").as_object()["managedFields"] = parse(given.toStdString());
        QCOMPARE(owners(updated(deployments(1), live, change, "two")), wanted);
    }

    void badManagedFieldsSayWhatIsWrong() {
        const auto wrong = [](const char* entries) { return ManagedFields::decode(parse(entries)).error().message; };
        QCOMPARE(wrong("[{'operation':'x'}]"), std::string("operation must be `Apply` or `Update`"));
        QCOMPARE(wrong("[{'operation':'Apply'}]"), std::string("apiVersion must not be empty"));
        QCOMPARE(wrong("[{'operation':'Apply','apiVersion':'v1'}]"),
                 std::string("missing fieldsType in managed fields entry 0"));
        QCOMPARE(wrong("[{'operation':'Apply','apiVersion':'v1','fieldsType':'V2'}]"),
                 std::string("invalid fieldsType \"V2\" in managed fields entry 0"));
    }

    void theOldestOfManyUpdatersAreFoldedTogether() {
        value live = stored(updated(pods(), nullptr, pod("{}", "{'name':'p','labels':{'first':'1'}}"), "m00"));
        for (int i = 1; i <= 12; ++i) {
            value change = live;
            change.at("metadata").at("labels").as_object()["l" + std::to_string(i)] = "x";
            live = updated(pods(i), live, change, QString("m%1").arg(i, 2, 10, QChar('0')).toStdString());
        }
        const QStringList lines = owners(live).split('\n');
        QCOMPARE(lines.size(), 10);
        QCOMPARE(lines[0], QString("ancient-changes Update .metadata.labels .metadata.labels.first .metadata.labels.l1 "
                                   ".metadata.labels.l2 .metadata.labels.l3"));
        QCOMPARE(lines[1], QString("m04 Update .metadata.labels.l4"));
    }

    void kubectlTakesOverFromItsOwnClientSideApply() {
        value object = deployment("{'replicas':1,'paused':true}");
        object.at("metadata").as_object()["annotations"] =
            boost::json::object{{"kubectl.kubernetes.io/last-applied-configuration",
                                 boost::json::serialize(deployment("{'replicas':1,'paused':true}"))}};
        const value live = stored(updated(deployments(), nullptr, object, "kubectl-client-side-apply"));
        QVERIFY(!applyManaged(deployments(), live, deployment("{'replicas':2}"), "one", false).has_value());
        const value taken = applied(deployments(1), live, deployment("{'replicas':2,'paused':true}"), "kubectl");
        QCOMPARE(taken.at("spec").at("replicas").as_int64(), 2);
        QCOMPARE(taken.at("metadata")
                     .at("annotations")
                     .at("kubectl.kubernetes.io/last-applied-configuration")
                     .as_string()
                     .c_str(),
                 "{\"apiVersion\":\"apps/"
                 "v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},\"spec\":{\"paused\":true,"
                 "\"replicas\":2}}\n");
    }

    void badConfigurationsAreRefused_data() {
        QTest::addColumn<QString>("config");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("message");
        QTest::newRow("another kind") << "{'apiVersion':'v1','kind':'Pod'}" << 400
                                      << "invalid object type: /v1, Kind=Pod";
        QTest::newRow("managed fields of its own")
            << "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web','managedFields':[]}}" << 400
            << "metadata.managedFields must be nil";
        QTest::newRow("an unknown field")
            << "{'apiVersion':'apps/"
               "v1','kind':'Deployment','metadata':{'name':'web','namespace':'n'},'spec':{'replica':1}}"
            << 500
            << "failed to create typed patch object (n/web; apps/v1, Kind=Deployment): .spec.replica: field not "
               "declared in schema";
    }

    void badConfigurationsAreRefused() {
        QFETCH(QString, config);
        QFETCH(int, code);
        QFETCH(QString, message);
        const auto refused = applyManaged(deployments(), nullptr, parse(config.toStdString()), "one", false);
        QVERIFY(!refused.has_value());
        QCOMPARE(refused.error().httpStatus(), code);
        QCOMPARE(QString::fromStdString(refused.error().message), message);
    }

    void duplicateItemsOfTheLiveObjectAreReplacedByTheAppliedOne() {
        value live = stored(updated(
            pods(), nullptr,
            pod("{'containers':[{'name':'a','env':[{'name':'E','value':'1'},{'name':'E','value':'2'}]}]}"), "kubectl"));
        QVERIFY(owners(live).contains(".env[name=\"E\"]"));
        live =
            applied(pods(1), live, pod("{'containers':[{'name':'a','env':[{'name':'E','value':'3'}]}]}"), "one", true);
        QCOMPARE(text(live.at("spec").at("containers").at(0).at("env")), std::string("[{'name':'E','value':'3'}]"));
    }

    void managersOfAVersionThatIsGoneGoToo() {
        const value live = stored(
            parse("{'apiVersion':'apps/"
                  "v1','kind':'Deployment','metadata':{'name':'web','managedFields':[{'manager':'old','operation':"
                  "'Update','apiVersion':'apps/"
                  "v1beta1','fieldsType':'FieldsV1','fieldsV1':{'f:spec':{'f:replicas':{}}}}]},'spec':"
                  "{'replicas':1}}"));
        value change = live;
        change.at("spec").as_object()["replicas"] = 2;
        ManagedContext context = deployments();
        QCOMPARE(owners(updated(context, live, change, "new")),
                 QString("old Update .spec.replicas\nnew Update .spec.replicas"));
        context.convert = [](const value&, std::string_view) { return std::nullopt; };
        QCOMPARE(owners(updated(context, live, change, "new")), QString("new Update .spec.replicas"));
    }

    void aWriteThatChangesNothingKeepsItsTimes() {
        const value before = stored(updated(deployments(), nullptr, deployment("{'replicas':1}"), "one"));
        value after = before;
        after.at("metadata").at("managedFields").at(0).as_object()["time"] = "2030-01-01T00:00:00Z";
        keepTimesOfUnchanged(before.as_object(), after.as_object());
        QCOMPARE(text(after), text(before));
        after.at("spec").as_object()["replicas"] = 2;
        after.at("metadata").at("managedFields").at(0).as_object()["time"] = "2030-01-01T00:00:00Z";
        keepTimesOfUnchanged(before.as_object(), after.as_object());
        QCOMPARE(after.at("metadata").at("managedFields").at(0).at("time").as_string().c_str(), "2030-01-01T00:00:00Z");
    }

    void managersAreNamedByTheirUserAgent() {
        QCOMPARE(managerFromUserAgent("kubectl/v1.36.2 (linux/amd64) kubernetes/abc"), std::string("kubectl"));
        QCOMPARE(managerFromUserAgent("a\x01"
                                      "b"),
                 std::string("ab"));
        QCOMPARE(managerFromUserAgent(std::string(127, 'x') + "\xC3\xA4").size(), std::size_t{127});
    }
};

QTEST_APPLESS_MAIN(FieldManagerTest)
#include "field_manager_test.moc"
