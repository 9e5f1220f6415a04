#include <QtTest>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/codec/list.h"
#include "cluster/api/codec/object_codec.h"
#include "cluster/api/codec/protobuf.h"
#include "cluster/api/codec/tree_fit.h"
#include "cluster/api/compare.h"
#include "cluster/api/custom_object.h"
#include "cluster/api/diff.h"
#include "cluster/api/types/apiextensions_v1.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/meta_v1.h"

using namespace qd;
using namespace qd::api;

namespace {

corev1::Pod somePod() {
    corev1::Pod pod;
    pod.metadata.name = "web";
    pod.metadata.namespace_ = "default";
    pod.metadata.resourceVersion = "7";
    pod.metadata.labels["app"] = "web";
    auto& container = pod.spec.containers.emplace_back();
    container.name = "main";
    container.image = "nginx";
    container.resources.requests["cpu"] = Quantity::of("100m");
    return pod;
}

}  // namespace

class JsonTest : public QObject {
    Q_OBJECT
private slots:
    void treesOfAChangeLeaveOutWhatIsWrittenAlike() {
        const auto members = [](const boost::json::value& tree) {
            std::string names;
            for (const auto& member : tree.get_object()) names += std::string(member.key()) + " ";
            return names;
        };
        const corev1::Pod before = somePod();
        corev1::Pod after = before;
        after.status.phase = "Running";
        const TreePair status = changedTrees(before, after);
        QCOMPARE(members(status.before), "kind apiVersion metadata status ");
        QCOMPARE(members(status.after), "kind apiVersion metadata status ");
        QCOMPARE(serializeJson(status.after.at("status")), serializeJson(toTree(after).at("status")));

        after = before;
        after.spec.containers[0].resources.requests["cpu"] = Quantity::of("0.1");
        QVERIFY(equal(before, after));
        QCOMPARE(members(changedTrees(before, after).after), "kind apiVersion metadata ");  // both are 100m
        after = before;
        corev1::Pod other = before;
        after.spec.containers[0].resources.requests["memory"] = Quantity::of("1Gi");
        other.spec.containers[0].resources.requests["memory"] = Quantity::of("1073741824");
        QVERIFY(equal(after, other));
        QCOMPARE(members(changedTrees(after, other).after), "kind apiVersion metadata spec ");
        QCOMPARE(members(changedTrees(before, before).after), "kind apiVersion metadata ");
    }

    void strictErrorsNameTheField_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("errors");
        const auto row = [](const char* json, const char* errors) { QTest::newRow(json) << json << errors; };
        row(R"({"kind":"Pod","apiVersion":"v1"})", "");
        row(R"({"foo":1})", R"(unknown field "foo")");
        row(R"({"spec":{"foo":1}})", R"(unknown field "spec.foo")");
        row(R"({"spec":{"containers":[{"name":"a"},{"foo":{"bar":1}}]}})", R"(unknown field "spec.containers[1].foo")");
        row(R"({"metadata":{"name":"a","name":"b"}})", R"(duplicate field "metadata.name")");
        row(R"({"metadata":{"labels":{"a":"1","a":"2"}}})", R"(duplicate field "metadata.labels.a")");
        row(R"({"spec":{"Containers":[]}})", R"(unknown field "spec.Containers")");
        row(R"({"kind":"Pod","kind":"Pod"})", R"(duplicate field "kind")");
        row(R"({"foo":1,"foo":2,"bar":3})", R"(unknown field "foo"|unknown field "bar")");
        row(R"({"spec":{"volumes":[{"configMap":{"x":1}}]}})", R"(unknown field "spec.volumes[0].configMap.x")");
    }
    void strictErrorsNameTheField() {
        QFETCH(QString, json);
        QFETCH(QString, errors);
        std::vector<std::string> strictErrors;
        QVERIFY(decodeJson<corev1::Pod>(json.toStdString(), &strictErrors).has_value());
        QStringList told;
        for (const std::string& error : strictErrors) told << QString::fromStdString(error);
        QCOMPARE(told.join('|'), errors);
    }

    void errorsAreWordedAsUpstream_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("error");
        const auto row = [](const char* json, const char* error) { QTest::newRow(json) << json << error; };
        row("", "unexpected end of JSON input");
        row("{", "unexpected end of JSON input");
        row("{]", "invalid character ']' looking for beginning of object key string");
        row("nonsense", "invalid character 'o' in literal null (expecting 'u')");
        row("x", "invalid character 'x' looking for beginning of value");
        row(R"({"spec":{}} x)", "invalid character 'x' after top-level value");
        row(R"({"spec" 1})", "invalid character '1' after object key");
        row(R"({"spec":{} "a":1})", "invalid character '\"' after object key:value pair");
        row(R"({"spec":{"nodeName":1}})",
            "json: cannot unmarshal number into Go struct field PodSpec.spec.nodeName of type string");
        row(R"({"spec":{"containers":{}}})",
            "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container");
        row(R"({"spec":{"containers":[{"ports":[{"containerPort":"x"}]}]}})",
            "json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of "
            "type int32");
        row(R"({"spec":{"priority":1.5}})",
            "json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32");
        row(R"({"spec":{"priority":9999999999}})",
            "json: cannot unmarshal number 9999999999 into Go struct field PodSpec.spec.priority of type int32");
        row(R"({"metadata":{"labels":{"a":1}}})",
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string");
        row(R"({"metadata":{"creationTimestamp":"x"}})",
            R"(parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006")");
        row(R"({"spec":{"containers":[{"resources":{"limits":{"cpu":"x"}}}]}})",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
        row(R"({"spec":{"volumes":[{"configMap":{"items":1}}]}})",
            "json: cannot unmarshal number into Go struct field "
            "ConfigMapVolumeSource.spec.volumes.VolumeSource.configMap.items of type []v1.KeyToPath");
        row("[]", "json: cannot unmarshal array into Go value of type v1.Pod");
    }
    void errorsAreWordedAsUpstream() {
        QFETCH(QString, json);
        QFETCH(QString, error);
        const auto pod = decodeJson<corev1::Pod>(json.toStdString());
        QVERIFY(!pod);
        QCOMPARE(QString::fromStdString(pod.error().message), error);
    }

    void nullLeavesGosZeroValue() {
        const auto pod = decodeJson<corev1::Pod>(
            R"({"metadata":{"creationTimestamp":null,"labels":null,"name":null},"spec":{"containers":null,"securityContext":null,"replicas":null}})");
        QVERIFY(pod.has_value());
        QVERIFY(pod->metadata.creationTimestamp.isZero());
        QVERIFY(!pod->spec.securityContext);
    }

    void stringsAreEscapedAsTheApiServerDoes() {
        corev1::ConfigMap map;
        map.data["k"] = "<a & b>\n\t\"\\\x01\x7f\xe2\x80\xa8\xff";
        const std::string json = encodeJson(map);
        const std::string escaped = "\"k\":\"\\u003ca \\u0026 b\\u003e\\n\\t\\\"\\\\\\u0001\x7f\\u2028\\ufffd\"";
        QVERIFY2(json.find(escaped) != std::string::npos, json.c_str());
        QCOMPARE(decodeJson<corev1::ConfigMap>(json)->data["k"],
                 std::string("<a & b>\n\t\"\\\x01\x7f\xe2\x80\xa8\xef\xbf\xbd"));
        QCOMPARE(decodeJson<corev1::ConfigMap>(R"({"data":{"k":"\ud83d\ude00\u00e9\ud800"}})")->data["k"],
                 std::string("\xf0\x9f\x98\x80\xc3\xa9\xef\xbf\xbd"));
    }

    void listsThatAreNotOptionalAreWrittenNull() {
        corev1::Pod pod;
        pod.metadata.name = "a";
        const std::string json = encodeJson(pod);
        QVERIFY2(
            json.starts_with(
                R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},"spec":{"containers":null},"status":{})"),
            json.c_str());
    }

    void nestedObjectsNameTheirKind() {
        appsv1::StatefulSet set;
        set.spec.volumeClaimTemplates.emplace_back().metadata.name = "data";
        QVERIFY(
            encodeJson(set).find(
                R"("volumeClaimTemplates":[{"kind":"PersistentVolumeClaim","apiVersion":"v1","metadata":{"name":"data"})") !=
            std::string::npos);
    }

    void secretsAreBase64() {
        corev1::Secret secret;
        for (const char* text : {"", "a", "ab", "abc", "abcd"}) secret.data["k" + std::string(text)].data = text;
        const std::string json = encodeJson(secret);
        QVERIFY2(json.find(R"("data":{"k":"","ka":"YQ==","kab":"YWI=","kabc":"YWJj","kabcd":"YWJjZA=="})") !=
                     std::string::npos,
                 json.c_str());
        QVERIFY(*decodeJson<corev1::Secret>(json) == secret);
        QCOMPARE(decodeJson<corev1::Secret>(R"({"data":{"k":"YWJ?"}})").error().message,
                 std::string("illegal base64 data at input byte 3"));
        QVERIFY(!decodeJson<corev1::Secret>(R"({"data":{"k":"YWI"}})"));
        // It ends the decoding, and is told whatever was wrong before.
        QCOMPARE(decodeJson<corev1::Secret>(R"({"metadata":{"name":7},"data":{"k":"YWJ?"}})").error().message,
                 std::string("illegal base64 data at input byte 3"));
    }

    void schemasMayBeBooleansOrLists() {
        const std::string json =
            R"({"properties":{"a":{"additionalProperties":false,"items":[{"type":"string"}]},"b":{"additionalProperties":{"type":"integer"},"items":{"type":"number"}}},"default":{"x":[1,2]}})";
        const auto schema = decodeJson<apiextensionsv1::JSONSchemaProps>(json);
        QVERIFY(schema.has_value());
        const auto& a = schema->properties.at("a");
        QVERIFY(!a.additionalProperties->allows && !a.additionalProperties->schema);
        QCOMPARE(a.items->jSONSchemas.size(), 1U);
        QCOMPARE(schema->properties.at("b").additionalProperties->schema->type, std::string("integer"));
        QCOMPARE(schema->default_->raw, std::string(R"({"x":[1,2]})"));
        QCOMPARE(*parseJson(encodeJson(*schema)), *parseJson(json));
    }

    void aTypeMetaIsReadWithoutTheRest() {
        QCOMPARE(typeMetaOfJson(R"({"spec":{"kind":"x"},"kind":"Pod","apiVersion":"v1"})").value(),
                 (TypeMeta{"v1", "Pod"}));
        QCOMPARE(typeMetaOfJson("{").error().message,
                 std::string("couldn't get version/kind; json parse error: unexpected end of JSON input"));
        QCOMPARE(typeMetaOfJson(R"({"kind":1})").error().message,
                 std::string("couldn't get version/kind; json parse error: json: cannot unmarshal number into Go "
                             "struct field .kind of type string"));
    }

    void treesKeepOrderAndTellDuplicates() {
        std::vector<std::string> duplicates;
        const auto tree =
            parseJson(R"({"b":1,"a":{"c":1.0,"d":[{"e":1,"e":2}]},"a":{"f":12345678901234567890}})", &duplicates);
        QVERIFY(tree.has_value());
        QCOMPARE(serializeJson(*tree), std::string(R"({"b":1,"a":{"f":12345678901234567000}})"));
        QCOMPARE(duplicates, (std::vector<std::string>{R"(duplicate field "a.d[0].e")", R"(duplicate field "a")"}));
        QCOMPARE(serializeJson(*parseJson(R"([1e21,1e-7,0.1,100,1e3])")), std::string("[1e+21,1e-7,0.1,100,1000]"));
        QCOMPARE(serializeJson(*parseJson(R"({"b":{"d":1,"c":2},"a":1})"), MemberOrder::ByName),
                 std::string(R"({"a":1,"b":{"c":2,"d":1}})"));
    }

    void veryDeepTextIsRefused() {
        QVERIFY(!parseJson(std::string(20'000, '[')));
        QCOMPARE(parseJson(std::string(20'000, '[')).error().message,
                 std::string("invalid character '[' exceeded max depth"));
    }

    void customResourcesKeepEverything() {
        const std::string json =
            R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a","uid":"u"},"spec":{"b":1,"a":[true,null]},"status":{}})";
        const auto object = decodeObject(json);
        QVERIFY(object.has_value());
        const CustomObject* custom = (*object)->asCustom();
        QVERIFY(custom);
        QCOMPARE(custom->kind(), std::string_view("Widget"));
        QCOMPARE(custom->metadata.name, std::string("a"));
        QCOMPARE(
            encodeJson(**object),
            std::string(
                R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a","uid":"u"},"spec":{"a":[true,null],"b":1},"status":{}})"));
        QVERIFY(equal(**object, *(*object)->clone()));
    }

    void whatIsStoredComesBackWithoutItsVersion() {
        const corev1::Pod pod = somePod();
        const auto stored = decodeStored(encodeStored(pod));
        QVERIFY(stored.has_value());
        QVERIFY((*stored)->metadata.resourceVersion.empty());
        (*stored)->metadata.resourceVersion = "7";
        QVERIFY(equal(**stored, pod));
        auto other = pod;
        other.metadata.resourceVersion = "8";
        QCOMPARE(encodeStored(other), encodeStored(pod));
        QVERIFY(!decodeStored("k8s"));
        QVERIFY(!decodeStored(encodeStored(pod).substr(0, 40)));
    }

    void listsAreMadeOfEncodedObjects() {
        const corev1::Pod pod = somePod();
        metav1::ListMeta metadata;
        metadata.resourceVersion = "9";
        const std::string one = encodeJson(pod), proto = encodeProtobuf(pod);
        const std::string json = encodeJsonList("v1", "PodList", metadata, std::vector<std::string_view>{one, one});
        QVERIFY2(
            json.starts_with(
                R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"web")"),
            json.c_str());
        QCOMPARE(encodeJsonList("v1", "PodList", {}, {}),
                 std::string(R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]})"));
        for (const std::string& bytes :
             {json, encodeProtobufList("v1", "PodList", metadata, std::vector<std::string_view>{proto, proto})}) {
            const auto list = decodeList(bytes);
            QVERIFY2(list.has_value(), list ? "" : list.error().message.c_str());
            QCOMPARE(list->metadata.resourceVersion, std::string("9"));
            QCOMPARE(list->items.size(), 2U);
            QVERIFY(equal(*list->items[1], pod));
        }
    }

    void treesThatDoNotFitAreToldAsUpstreamsConverterDoes_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("error");
        const auto row = [](const char* json, const char* error) { QTest::newRow(json) << json << error; };
        row(R"({"spec":{"containers":[{"name":"a","tty":true,"ports":[{"containerPort":80.0}]}],"volumes":null}})", "");
        row(R"({"spec":"x"})", "cannot restore struct from: string");
        row(R"({"spec":[]})", "cannot restore struct from: slice");
        row(R"({"spec":{"volumes":[{"emptyDir":3}]}})", "cannot restore struct from: int64");
        row(R"({"spec":{"containers":{}}})", "cannot restore slice from map");
        row(R"({"metadata":{"labels":[]}})", "cannot restore map from slice");
        row(R"({"spec":{"nodeName":7}})", "cannot convert int64 to string");
        row(R"({"spec":{"nodeName":true}})", "unrecognized type: string");
        row(R"({"spec":{"hostNetwork":"x"}})", "unrecognized type: bool");
        row(R"({"spec":{"priority":"x"}})", "unrecognized type: int32");
        row(R"({"spec":{"priority":1.5}})", "cannot convert float64 to int32");
        row(R"({"spec":{"overhead":{"cpu":"not parsed here"}}})", "");
    }
    void treesThatDoNotFitAreToldAsUpstreamsConverterDoes() {
        QFETCH(QString, json);
        QFETCH(QString, error);
        const auto tree = parseJson(json.toStdString());
        QVERIFY(tree);
        const auto fits = checkFit(*tree, corev1::Pod::kDescriptor);
        QCOMPARE(fits ? QString() : QString::fromStdString(fits.error().message), error);
    }

    void bytesThatDoNotFitAreToldByTheirPlace() {
        const auto fits = checkFit(*parseJson(R"({"data":{"a":"eA==","b":"abc*"}})"), corev1::Secret::kDescriptor);
        QVERIFY(!fits);
        QCOMPARE(fits.error().message, std::string("error decoding from json: illegal base64 data at input byte 3"));
    }

    void watchEventsCarryEncodedObjects() {
        const std::string one = encodeJson(somePod()), proto = encodeProtobuf(somePod());
        QCOMPARE(decodeWatchEvent(encodeJsonWatchEvent("ADDED", one), false)->object, one);
        const std::string frame = encodeProtobufWatchEvent("MODIFIED", proto);
        QCOMPARE(static_cast<std::size_t>(static_cast<unsigned char>(frame[3])) +
                     (static_cast<unsigned char>(frame[2]) << 8),
                 frame.size() - 4);
        const auto event = decodeWatchEvent(std::string_view(frame).substr(4), true);
        QCOMPARE(event->type, std::string("MODIFIED"));
        QCOMPARE(event->object, proto);
    }

    void aStatusNamesItself() {
        QCOMPARE(encodeJson(metav1::Status()), std::string(R"({"kind":"Status","apiVersion":"v1","metadata":{}})"));
    }

    void differencesAreToldByPath() {
        const corev1::Pod before = somePod();
        auto after = before;
        after.metadata.labels["tier"] = "front";
        after.spec.containers.insert(after.spec.containers.begin(), corev1::Container())->name = "sidecar";
        after.spec.containers[1].image = "nginx:2";
        after.spec.nodeName = "n1";
        const auto changes = diff(before, after);
        QStringList paths;
        for (const auto& change : changes) paths << QString::fromStdString(change.path);
        QCOMPARE(paths.join(' '),
                 "metadata.labels.tier spec.containers[name=main].image spec.containers[name=sidecar] spec.nodeName");
        QVERIFY(!changes[0].before && changes[0].after);
        QVERIFY(diff(before, before).empty());
    }
};

QTEST_APPLESS_MAIN(JsonTest)
#include "json_test.moc"
