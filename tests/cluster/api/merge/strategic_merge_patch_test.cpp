#include "cluster/api/merge/strategic_merge_patch.h"

#include <QtTest>
#include <boost/json/object.hpp>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/core_v1.h"
#include "tests/cluster/api/merge/json_text.h"

using namespace qd;
using namespace qd::api::merge;
using qd::tests::parse;
using qd::tests::text;

namespace {

Result<boost::json::object> patchPod(const QString& document, const QString& patch) {
    return applyStrategicMergePatch(corev1::Pod::kDescriptor, parse(document.toStdString()).as_object(),
                                    parse(patch.toStdString()).as_object());
}

}  // namespace

class StrategicMergePatchTest : public QObject {
    Q_OBJECT
private slots:
    void patchesOfPodsMergeByTheirFieldsStrategies_data() {
        QTest::addColumn<QString>("document");
        QTest::addColumn<QString>("patch");
        QTest::addColumn<QString>("result");
        QTest::newRow("containers merge by name")
            << "{'spec':{'containers':[{'name':'a','image':'1'},{'name':'b','image':'2'}]}}"
            << "{'spec':{'containers':[{'name':'b','image':'3'}]}}"
            << "{'spec':{'containers':[{'image':'1','name':'a'},{'image':'3','name':'b'}]}}";
        QTest::newRow("new items stand where the live order does not speak against it")
            << "{'spec':{'containers':[{'name':'a'}]}}"
            << "{'spec':{'containers':[{'name':'b'}]}}"
            << "{'spec':{'containers':[{'name':'b'},{'name':'a'}]}}";
        QTest::newRow("an item is deleted by its key") << "{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}"
                                                       << "{'spec':{'containers':[{'name':'a','$patch':'delete'}]}}"
                                                       << "{'spec':{'containers':[{'name':'b'}]}}";
        QTest::newRow("a list is replaced on request") << "{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}"
                                                       << "{'spec':{'containers':[{'name':'c'},{'$patch':'replace'}]}}"
                                                       << "{'spec':{'containers':[{'name':'c'}]}}";
        QTest::newRow("an object is replaced on request") << "{'metadata':{'labels':{'a':'1'}}}"
                                                          << "{'metadata':{'labels':{'$patch':'replace','b':'2'}}}"
                                                          << "{'metadata':{'labels':{'b':'2'}}}";
        QTest::newRow("an object is emptied on request") << "{'metadata':{'labels':{'a':'1'}}}"
                                                         << "{'metadata':{'labels':{'$patch':'delete'}}}"
                                                         << "{'metadata':{'labels':{}}}";
        QTest::newRow("null deletes") << "{'spec':{'nodeName':'n'}}"
                                      << "{'spec':{'nodeName':null}}"
                                      << "{'spec':{}}";
        QTest::newRow("lists without a strategy are replaced")
            << "{'spec':{'containers':[{'name':'a','args':['x','y']}]}}"
            << "{'spec':{'containers':[{'name':'a','args':['z']}]}}"
            << "{'spec':{'containers':[{'args':['z'],'name':'a'}]}}";
        QTest::newRow("the wanted order is kept around what only the server has")
            << "{'spec':{'containers':[{'name':'a'},{'name':'b'},{'name':'c'}]}}"
            << "{'spec':{'$setElementOrder/"
               "containers':[{'name':'c'},{'name':'a'}],'containers':[{'name':'a','image':'1'}]}}"
            << "{'spec':{'containers':[{'name':'b'},{'name':'c'},{'image':'1','name':'a'}]}}";
        QTest::newRow("an order alone sorts what is there")
            << "{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}"
            << "{'spec':{'$setElementOrder/containers':[{'name':'b'},{'name':'a'}]}}"
            << "{'spec':{'containers':[{'name':'b'},{'name':'a'}]}}";
        QTest::newRow("finalizers merge as a set") << "{'metadata':{'finalizers':['a','b']}}"
                                                   << "{'metadata':{'finalizers':['b','c']}}"
                                                   << "{'metadata':{'finalizers':['a','b','c']}}";
        QTest::newRow("items of a set are deleted by a list beside it")
            << "{'metadata':{'finalizers':['a','b']}}"
            << "{'metadata':{'$deleteFromPrimitiveList/finalizers':['a']}}"
            << "{'metadata':{'finalizers':['b']}}";
        QTest::newRow("retained keys are the only ones left")
            << "{'spec':{'volumes':[{'name':'v','emptyDir':{}}]}}"
            << "{'spec':{'volumes':[{'name':'v','$retainKeys':['name','hostPath'],'hostPath':{'path':'/x'}}]}}"
            << "{'spec':{'volumes':[{'hostPath':{'path':'/x'},'name':'v'}]}}";
        QTest::newRow("directives in what is new do not get in")
            << "{}"
            << "{'spec':{'containers':[{'name':'a'},{'name':'b','$patch':'delete'}]}}"
            << "{'spec':{'containers':[{'name':'a'}]}}";
        QTest::newRow("duplicate items merge into the first")
            << "{'spec':{'containers':[{'name':'a','image':'1'},{'name':'a','image':'2'}]}}"
            << "{'spec':{'containers':[{'name':'a','image':'3'}]}}"
            << "{'spec':{'containers':[{'image':'3','name':'a'},{'image':'2','name':'a'}]}}";
    }

    void patchesOfPodsMergeByTheirFieldsStrategies() {
        QFETCH(QString, document);
        QFETCH(QString, patch);
        QFETCH(QString, result);
        const auto patched = patchPod(document, patch);
        QVERIFY2(patched.has_value(), patched ? "" : patched.error().message.c_str());
        QCOMPARE(text(*patched), result.toStdString());
    }

    void badPatchesAreRefusedInUpstreamsWords_data() {
        QTest::addColumn<QString>("document");
        QTest::addColumn<QString>("patch");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("message");
        QTest::newRow("an item without its merge key") << "{'spec':{'containers':[{'name':'a'}]}}"
                                                       << "{'spec':{'containers':[{'image':'x'}]}}" << 500
                                                       << "map: map[image:x] does not contain declared merge key: name";
        QTest::newRow("an unknown directive")
            << "{'spec':{}}"
            << "{'spec':{'$patch':'mend'}}" << 500 << "unknown patch type: mend in map: map[$patch:mend]";
        QTest::newRow("an object among texts") << "{'metadata':{'finalizers':['a']}}"
                                               << "{'metadata':{'finalizers':[{'x':1}]}}" << 500
                                               << "list element types are not identical: [[a] [map[x:1]]]";
        QTest::newRow("a deletion list without a name")
            << "{'metadata':{'finalizers':['a']}}"
            << "{'metadata':{'$deleteFromPrimitiveList':['a']}}" << 400 << "invalid patch format of primitive list";
        QTest::newRow("retained keys that the patch contradicts")
            << "{'spec':{'nodeName':'n'}}"
            << "{'spec':{'$retainKeys':['nodeName'],'hostname':'h'}}" << 400 << "invalid patch format of retainKeys";
        QTest::newRow("a field that does not exist")
            << "{'spec':{'nothing':{}}}"
            << "{'spec':{'nothing':{'a':1}}}" << 500
            << "unable to find api field in struct PodSpec for the json field \"nothing\"";
    }

    void badPatchesAreRefusedInUpstreamsWords() {
        QFETCH(QString, document);
        QFETCH(QString, patch);
        QFETCH(int, code);
        QFETCH(QString, message);
        const auto patched = patchPod(document, patch);
        QVERIFY(!patched.has_value());
        QCOMPARE(patched.error().httpStatus(), code);
        QCOMPARE(QString::fromStdString(patched.error().message), message);
    }

    void aRolloutStrategyIsRetainedByKeys() {
        const auto patched = applyStrategicMergePatch(
            appsv1::Deployment::kDescriptor,
            parse("{'spec':{'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1}}}}").as_object(),
            parse("{'spec':{'strategy':{'$retainKeys':['type'],'type':'Recreate'}}}").as_object());
        QVERIFY(patched.has_value());
        QCOMPARE(text(*patched), std::string("{'spec':{'strategy':{'type':'Recreate'}}}"));
    }
};

QTEST_APPLESS_MAIN(StrategicMergePatchTest)
#include "strategic_merge_patch_test.moc"
