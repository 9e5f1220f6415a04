#include "cluster/api/merge/typed_value.h"

#include <QtTest>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/core_v1.h"
#include "tests/cluster/api/merge/json_text.h"

using namespace qd;
using namespace qd::api::merge;
using qd::tests::parse;
using qd::tests::text;

namespace {

Schema pod() {
    return schemaOf(corev1::Pod::kDescriptor);
}

QString paths(const FieldSet& set) {
    QStringList lines;
    set.forEach([&](const Path& path) { lines << QString::fromStdString(displayPath(path)); });
    return lines.join(' ');
}

}  // namespace

class TypedValueTest : public QObject {
    Q_OBJECT
private slots:
    void comparisonTellsWhatChanged_data() {
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("after");
        QTest::addColumn<QString>("removed");
        QTest::addColumn<QString>("modified");
        QTest::addColumn<QString>("added");
        QTest::newRow("nothing") << "{'spec':{'nodeName':'a'}}"
                                 << "{'spec':{'nodeName':'a'}}"
                                 << ""
                                 << ""
                                 << "";
        QTest::newRow("a scalar") << "{'spec':{'nodeName':'a'}}"
                                  << "{'spec':{'nodeName':'b'}}"
                                  << ""
                                  << ".spec.nodeName"
                                  << "";
        QTest::newRow("a label is its own part") << "{'metadata':{'labels':{'a':'1'}}}"
                                                 << "{'metadata':{'labels':{'a':'1','b':'2'}}}"
                                                 << ""
                                                 << ""
                                                 << ".metadata.labels.b";
        QTest::newRow("the first label adds the map too") << "{'metadata':{}}"
                                                          << "{'metadata':{'labels':{'b':'2'}}}"
                                                          << ""
                                                          << ""
                                                          << ".metadata.labels .metadata.labels.b";
        QTest::newRow("an atomic list changes as one") << "{'spec':{'containers':[{'name':'a','args':['x']}]}}"
                                                       << "{'spec':{'containers':[{'name':'a','args':['x','y']}]}}"
                                                       << ""
                                                       << ".spec.containers[name=\"a\"].args"
                                                       << "";
        QTest::newRow("an item gone") << "{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}"
                                      << "{'spec':{'containers':[{'name':'a'}]}}"
                                      << ".spec.containers[name=\"b\"] .spec.containers[name=\"b\"].name"
                                      << ""
                                      << "";
        QTest::newRow("the order of keyed items does not matter")
            << "{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}"
            << "{'spec':{'containers':[{'name':'b'},{'name':'a'}]}}"
            << ""
            << ""
            << "";
        QTest::newRow("a missing key counts as its default")
            << "{'spec':{'containers':[{'name':'a','ports':[{'containerPort':80,'protocol':'TCP'}]}]}}"
            << "{'spec':{'containers':[{'name':'a','ports':[{'containerPort':80}]}]}}"
            << ".spec.containers[name=\"a\"].ports[containerPort=80,protocol=\"TCP\"].protocol"
            << ""
            << "";
        QTest::newRow("an atomic struct changes as one")
            << "{'spec':{'containers':[{'name':'a','env':[{'name':'E','valueFrom':{'fieldRef':{'fieldPath':'a'}}}]}]}}"
            << "{'spec':{'containers':[{'name':'a','env':[{'name':'E','valueFrom':{'fieldRef':{'fieldPath':'b'}}}]}]}}"
            << ""
            << ".spec.containers[name=\"a\"].env[name=\"E\"].valueFrom.fieldRef"
            << "";
        QTest::newRow("twins change as one")
            << "{'spec':{'containers':[{'name':'a','env':[{'name':'E','value':'1'},{'name':'E','value':'2'}]}]}}"
            << "{'spec':{'containers':[{'name':'a','env':[{'name':'E','value':'1'},{'name':'E','value':'3'}]}]}}"
            << ""
            << ".spec.containers[name=\"a\"].env[name=\"E\"]"
            << "";
        QTest::newRow("twins that become one are removed and added")
            << "{'spec':{'containers':[{'name':'a','env':[{'name':'E'},{'name':'E'}]}]}}"
            << "{'spec':{'containers':[{'name':'a','env':[{'name':'E'}]}]}}"
            << ".spec.containers[name=\"a\"].env[name=\"E\"]"
            << ""
            << ".spec.containers[name=\"a\"].env[name=\"E\"] .spec.containers[name=\"a\"].env[name=\"E\"].name";
    }

    void comparisonTellsWhatChanged() {
        QFETCH(QString, before);
        QFETCH(QString, after);
        QFETCH(QString, removed);
        QFETCH(QString, modified);
        QFETCH(QString, added);
        const Comparison difference = compare(pod(), parse(before.toStdString()), parse(after.toStdString()));
        QCOMPARE(paths(difference.removed), removed);
        QCOMPARE(paths(difference.modified), modified);
        QCOMPARE(paths(difference.added), added);
    }

    void fieldsOfAValueAreItsLeavesAndItems() {
        const auto value = parse(
            "{'metadata':{'labels':{'a':'1'},'annotations':{}},'spec':{'containers':[{'name':'a','ports':[{'"
            "containerPort':80}],"
            "'resources':{'limits':{'cpu':'1'}}}],'nodeSelector':{'x':'y'}}}");
        QCOMPARE(paths(fieldsOf(pod(), value)),
                 QString(".metadata.annotations .metadata.labels.a .spec.nodeSelector .spec.containers[name=\"a\"] "
                         ".spec.containers[name=\"a\"].name "
                         ".spec.containers[name=\"a\"].ports[containerPort=80,protocol=\"TCP\"] "
                         ".spec.containers[name=\"a\"].ports[containerPort=80,protocol=\"TCP\"].containerPort "
                         ".spec.containers[name=\"a\"].resources.limits.cpu"));
    }

    void appliedItemsAreMergedInTheirOrder_data() {
        QTest::addColumn<QString>("live");
        QTest::addColumn<QString>("applied");
        QTest::addColumn<QString>("merged");
        QTest::newRow("a set") << "['a','b']"
                               << "['b','c']"
                               << "['a','b','c']";
        QTest::newRow("applied order wins among the shared") << "['a','b','c']"
                                                             << "['c','a']"
                                                             << "['b','c','a']";
        QTest::newRow("others keep their place") << "['x','a','y','b']"
                                                 << "['a','b','c']"
                                                 << "['x','a','y','b','c']";
        QTest::newRow("into nothing") << "[]"
                                      << "['b','a']"
                                      << "['b','a']";
        QTest::newRow("nothing applied") << "['a']"
                                         << "[]"
                                         << "['a']";
    }

    void appliedItemsAreMergedInTheirOrder() {
        QFETCH(QString, live);
        QFETCH(QString, applied);
        QFETCH(QString, merged);
        auto value = parse(("{'metadata':{'finalizers':" + live + "}}").toStdString());
        mergeInto(pod(), value, parse(("{'metadata':{'finalizers':" + applied + "}}").toStdString()));
        QCOMPARE(QString::fromStdString(text(value.at("metadata").at("finalizers"))), merged);
    }

    void removalLeavesEmptyContainersBehind() {
        auto value = parse("{'metadata':{'labels':{'a':'1'}},'spec':{'nodeName':'n','hostname':'h'}}");
        removeFields(pod(), value, FieldSet{{"metadata", "labels", "a"}, {"spec", "nodeName"}});
        QCOMPARE(text(value), std::string("{'metadata':{'labels':{}},'spec':{'hostname':'h'}}"));
    }

    void setsOfAnOlderSchemaShrinkToWhatIsAtomicNow() {
        const auto old = FieldSet::fromFieldsV1(parse("{'f:spec':{'f:nodeSelector':{'f:x':{}},'f:nodeName':{}}}"));
        const auto fitting = reconcile(pod(), *old);
        QVERIFY(fitting.has_value());
        QCOMPARE(paths(*fitting), QString(".spec.nodeName .spec.nodeSelector"));
        QVERIFY(!reconcile(pod(), *fitting).has_value());
    }

    void whatDoesNotFitTheSchemaIsNamed_data() {
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("wrong");
        QTest::newRow("fine") << "{'apiVersion':'v1','kind':'Pod','spec':{'hostNetwork':true}}"
                              << "";
        QTest::newRow("unknown field") << "{'spec':{'nodename':'x'}}"
                                       << ".spec.nodename: field not declared in schema";
        QTest::newRow("a text for a number") << "{'spec':{'priority':'high'}}"
                                             << ".spec.priority: expected numeric (int or float), got string";
        QTest::newRow("an object for a list") << "{'spec':{'containers':{}}}"
                                              << ".spec.containers: expected list, got &{map[]}";
        QTest::newRow("duplicate items") << "{'spec':{'containers':[{'name':'a'},{'name':'a'}]}}"
                                         << ".spec.containers: duplicate entries for key [name=\"a\"]";
        QTest::newRow("two faults")
            << "{'spec':{'hostNetwork':1,'priority':'x'}}"
            << "errors:\n  .spec.hostNetwork: expected boolean, got &{1}\n  .spec.priority: expected numeric (int "
               "or float), got string";
    }

    void whatDoesNotFitTheSchemaIsNamed() {
        QFETCH(QString, value);
        QFETCH(QString, wrong);
        QCOMPARE(QString::fromStdString(validate(pod(), parse(value.toStdString()))), wrong);
    }

    void customResourcesAreDescribedAtRunTime() {
        const api::Type text{.shape = api::Shape::String};
        const api::Type anything{.shape = api::Shape::Json};
        const api::Type rest{.shape = api::Shape::Map, .element = &anything};
        const std::vector<api::Field> closedFields = {
            {.name = "size", .goName = "", .valueType = &text, .omitEmpty = true}};
        const std::vector<api::Field> openFields = {
            {.name = "size", .goName = "", .valueType = &text, .omitEmpty = true},
            {.name = "", .goName = "", .valueType = &rest, .inlined = true}};
        const api::Struct closed{.name = "Closed", .goPackage = "", .openApiName = "", .fields = closedFields};
        const api::Struct open{.name = "Open", .goPackage = "", .openApiName = "", .fields = openFields};
        const auto value = parse("{'size':'L','more':{'a':[1],'b':{}}}");
        QCOMPARE(validate(schemaOf(closed), value), std::string(".more: field not declared in schema"));
        QCOMPARE(validate(schemaOf(open), value), std::string());
        QCOMPARE(paths(fieldsOf(schemaOf(open), value)), QString(".more .size .more.a .more.b"));
        QVERIFY(zeroObject(open).empty());
        QVERIFY(open.find("more") == nullptr);
    }

    void aNewObjectHasTheStructsThatGoAlwaysWrites() {
        const auto zero = zeroObject(appsv1::Deployment::kDescriptor);
        QVERIFY(zero.at("spec").at("template").at("spec").is_object());
        QVERIFY(zero.at("spec").at("strategy").as_object().empty());
        QVERIFY(zero.at("spec").at("template").at("spec").at("containers").is_null());
        QVERIFY(!zero.at("spec").as_object().contains("replicas"));
    }
};

QTEST_APPLESS_MAIN(TypedValueTest)
#include "typed_value_test.moc"
