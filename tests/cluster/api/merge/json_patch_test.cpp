#include "cluster/api/merge/json_patch.h"

#include <QtTest>
#include <boost/json/array.hpp>

#include "cluster/api/merge/merge_patch.h"
#include "tests/cluster/api/merge/json_text.h"

using namespace qd;
using namespace qd::api::merge;
using qd::tests::parse;
using qd::tests::text;

class JsonPatchTest : public QObject {
    Q_OBJECT
private slots:
    void operationsChangeTheDocumentInOrder_data() {
        QTest::addColumn<QString>("document");
        QTest::addColumn<QString>("patch");
        QTest::addColumn<QString>("result");
        QTest::newRow("add a member") << "{'a':1}"
                                      << "[{'op':'add','path':'/b','value':2}]"
                                      << "{'a':1,'b':2}";
        QTest::newRow("add over a member replaces it") << "{'a':1}"
                                                       << "[{'op':'add','path':'/a','value':2}]"
                                                       << "{'a':2}";
        QTest::newRow("add into a list moves the rest on") << "{'l':[1,3]}"
                                                           << "[{'op':'add','path':'/l/1','value':2}]"
                                                           << "{'l':[1,2,3]}";
        QTest::newRow("a dash appends") << "{'l':[1]}"
                                        << "[{'op':'add','path':'/l/-','value':2}]"
                                        << "{'l':[1,2]}";
        QTest::newRow("negative indices count from the end") << "{'l':[1,2,3]}"
                                                             << "[{'op':'remove','path':'/l/-1'}]"
                                                             << "{'l':[1,2]}";
        QTest::newRow("remove a member") << "{'a':1,'b':2}"
                                         << "[{'op':'remove','path':'/a'}]"
                                         << "{'b':2}";
        QTest::newRow("replace the whole document") << "{'a':1}"
                                                    << "[{'op':'replace','path':'','value':{'b':2}}]"
                                                    << "{'b':2}";
        QTest::newRow("replace a member that is not there") << "{'a':1}"
                                                            << "[{'op':'replace','path':'/b','value':2}]"
                                                            << "{'a':1,'b':2}";
        QTest::newRow("move") << "{'a':1}"
                              << "[{'op':'move','from':'/a','path':'/b'}]"
                              << "{'b':1}";
        QTest::newRow("copy") << "{'a':{'x':1}}"
                              << "[{'op':'copy','from':'/a','path':'/b'}]"
                              << "{'a':{'x':1},'b':{'x':1}}";
        QTest::newRow("a passing test changes nothing") << "{'a':{'x':1,'y':[2]}}"
                                                        << "[{'op':'test','path':'/a','value':{'y':[2],'x':1}}]"
                                                        << "{'a':{'x':1,'y':[2]}}";
        QTest::newRow("a missing member tests as null") << "{'a':1}"
                                                        << "[{'op':'test','path':'/b','value':null}]"
                                                        << "{'a':1}";
        QTest::newRow("escaped slashes and tildes") << "{'a/b':{'c~d':1}}"
                                                    << "[{'op':'replace','path':'/a~1b/c~0d','value':2}]"
                                                    << "{'a/b':{'c~d':2}}";
    }

    void operationsChangeTheDocumentInOrder() {
        QFETCH(QString, document);
        QFETCH(QString, patch);
        QFETCH(QString, result);
        const auto patched = applyJsonPatch(parse(document.toStdString()), parse(patch.toStdString()));
        QVERIFY(patched.has_value());
        QCOMPARE(text(*patched), result.toStdString());
    }

    void patchesThatDoNotApplyAreInvalid_data() {
        QTest::addColumn<QString>("patch");
        QTest::newRow("a failing test") << "[{'op':'test','path':'/a','value':2}]";
        QTest::newRow("a missing parent") << "[{'op':'add','path':'/x/y','value':2}]";
        QTest::newRow("removing what is not there") << "[{'op':'remove','path':'/x'}]";
        QTest::newRow("an index past the end") << "[{'op':'add','path':'/l/9','value':2}]";
        QTest::newRow("no path") << "[{'op':'add','value':2}]";
        QTest::newRow("an unknown operation") << "[{'op':'increment','path':'/a'}]";
        QTest::newRow("a parent that is a number") << "[{'op':'add','path':'/a/b','value':2}]";
    }

    void patchesThatDoNotApplyAreInvalid() {
        QFETCH(QString, patch);
        const auto patched = applyJsonPatch(parse("{'a':1,'l':[]}"), parse(patch.toStdString()));
        QVERIFY(!patched.has_value());
        QCOMPARE(patched.error().httpStatus(), 422);
        QCOMPARE(patched.error().message,
                 std::string("the server rejected our request due to an error in our request"));
    }

    void aPatchMustBeAListOfObjectsOfBoundedLength() {
        QCOMPARE(applyJsonPatch(parse("{}"), parse("{}")).error().httpStatus(), 400);
        QCOMPARE(applyJsonPatch(parse("{}"), parse("[1]")).error().httpStatus(), 400);
        boost::json::array many;
        for (std::size_t i = 0; i <= kMaxJsonPatchOperations; ++i)
            many.push_back(parse("{'op':'add','path':'/a','value':1}"));
        const auto refused = applyJsonPatch(parse("{}"), many);
        QCOMPARE(refused.error().httpStatus(), 413);
        QCOMPARE(refused.error().message,
                 std::string("The allowed maximum operations in a JSON patch is 10000, got 10001"));
    }

    void unknownMembersOfOperationsAreNamed() {
        const auto unknown =
            unknownJsonPatchFields(parse("[{'op':'add','path':'/a','value':1},{'op':'add','valu':1}]"));
        QCOMPARE(unknown.size(), std::size_t{1});
        QCOMPARE(unknown[0], std::string("json patch unknown field \"[1].valu\""));
    }

    void mergePatchesMergeObjectsAndReplaceTheRest_data() {
        QTest::addColumn<QString>("document");
        QTest::addColumn<QString>("patch");
        QTest::addColumn<QString>("result");
        QTest::newRow("null removes") << "{'a':1,'b':2}"
                                      << "{'a':null}"
                                      << "{'b':2}";
        QTest::newRow("objects merge") << "{'a':{'x':1}}"
                                       << "{'a':{'y':2}}"
                                       << "{'a':{'x':1,'y':2}}";
        QTest::newRow("lists are replaced") << "{'a':[1,2]}"
                                            << "{'a':[3]}"
                                            << "{'a':[3]}";
        QTest::newRow("nulls of what is new ask for nothing") << "{}"
                                                              << "{'a':{'x':1,'y':null}}"
                                                              << "{'a':{'x':1}}";
        QTest::newRow("an object replaces a number") << "{'a':1}"
                                                     << "{'a':{'x':1}}"
                                                     << "{'a':{'x':1}}";
        QTest::newRow("nulls in lists stay") << "{'a':1}"
                                             << "{'a':[null,{'x':null}]}"
                                             << "{'a':[null,{}]}";
    }

    void mergePatchesMergeObjectsAndReplaceTheRest() {
        QFETCH(QString, document);
        QFETCH(QString, patch);
        QFETCH(QString, result);
        QCOMPARE(text(*applyMergePatch(parse(document.toStdString()), parse(patch.toStdString()))),
                 result.toStdString());
    }

    void aMergePatchMustBeAnObjectOrList() {
        const auto refused = applyMergePatch(parse("{}"), parse("1"));
        QCOMPARE(refused.error().httpStatus(), 400);
        QCOMPARE(refused.error().message, std::string("Invalid JSON Patch"));
    }
};

QTEST_APPLESS_MAIN(JsonPatchTest)
#include "json_patch_test.moc"
