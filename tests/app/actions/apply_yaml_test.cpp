#include "app/actions/apply_yaml.h"

#include <QSignalSpy>
#include <QtTest>
#include <boost/json.hpp>

#include "tests/app/support/fake_session.h"

using namespace qd;
using namespace qd::actions;
using namespace qd::tests;

class ApplyYamlTest : public QObject {
    Q_OBJECT
private slots:
    void scalarsAreReadAsKubernetesReadsThem() {
        const auto documents = parseYaml("a: 1\nb: \"1\"\nc: true\ne: 1.5\nf: ~\nh: [x, {k: z}]\n");
        QVERIFY(documents);
        QVERIFY(documents->front().value ==
                boost::json::parse(R"({"a":1,"b":"1","c":true,"e":1.5,"f":null,"h":["x",{"k":"z"}]})"));
    }

    void documentsKnowTheirLineAndListsAreTakenApart() {
        const auto documents =
            parseYaml("kind: A\n---\n\n---\nkind: B\n---\nkind: List\nitems: [{kind: C}, {kind: D}]\n");
        QVERIFY(documents);
        QCOMPARE(documents->size(), 4U);
        QCOMPARE((*documents)[1].line, 4);
    }

    void badYamlSaysWhere() {
        const auto documents = parseYaml("a: b\n c: [\n");
        QVERIFY(!documents);
        QVERIFY(QString::fromStdString(documents.error().message).contains(QStringLiteral("line ")));
    }

    void whatIsWrittenReadsBackTheSame() {
        const auto value = boost::json::parse(
            R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"1","labels":{"on":"true","n":"null","e":"","c":"a: b"},"annotations":{}},"spec":{"args":["a\nb\n","-1","- x"],"n":5,"f":1.5,"empty":[]}})");
        const std::string text = writeYaml(value);
        QVERIFY(QString::fromStdString(text).startsWith(QStringLiteral("apiVersion: v1\nkind: Pod\nmetadata:\n")));
        const auto again = parseYaml(text);
        QVERIFY(again);
        QVERIFY(again->front().value == value);
    }

    void changesAreToldByFieldAndTheServersOwnAreLeftOut() {
        const auto before = boost::json::parse(
            R"({"metadata":{"resourceVersion":"1","labels":{"a.b/c":"x"}},"spec":{"replicas":1,"list":[{"i":1},{"i":2}]},"status":{"x":1}})");
        const auto after = boost::json::parse(
            R"({"metadata":{"resourceVersion":"2","labels":{"a.b/c":"y"}},"spec":{"replicas":3,"list":[{"i":1}],"new":"z"},"status":{"x":2}})");
        const QVector<FieldChange> changes = changesBetween(before, after);
        QCOMPARE(changes.size(), 4);
        QCOMPARE(changes[0].path, QStringLiteral("metadata.labels[a.b/c]"));
        QCOMPARE(changes[1].path, QStringLiteral("spec.list[1]"));
        QVERIFY(changes[1].after.isEmpty());
        QCOMPARE(changes[2].path, QStringLiteral("spec.new"));
        QCOMPARE(changes[3].before + QStringLiteral("→") + changes[3].after, QStringLiteral("1→3"));
    }

    void aPreviewTellsWhatEachDocumentWouldDoAndChangesNothing() {
        FakeSession session;
        session.json["ConfigMap shop/old"] =
            R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"old","namespace":"shop"},"data":{"a":"1"}})";
        session.json["ConfigMap shop/same"] =
            R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"same","namespace":"shop"}})";
        Error refused{Reason::Invalid, "ConfigMap \"bad\" is invalid"};
        refused.causes.push_back({"FieldValueInvalid", "Invalid value: \"x y\"", "data[x y]"});
        session.failures.emplace("ConfigMap shop/bad", refused);
        ApplyPlan plan(session, QStringLiteral("shop"));
        QSignalSpy ready(&plan, &ApplyPlan::previewed);
        QVERIFY(plan.preview(
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: new}}\n---\n"
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: old, namespace: shop}, data: {a: '2'}}\n---\n"
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: same, namespace: shop}}\n---\n"
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: bad}}\n---\n"
            "{apiVersion: v1, kind: Nonsense, metadata: {name: x}}\n---\n{kind: Pod}\n"));
        QTRY_COMPARE(ready.count(), 1);
        const auto& documents = plan.documents();
        QVERIFY(documents[0].outcome == Outcome::Create);
        QCOMPARE(documents[0].title, QStringLiteral("ConfigMap shop/new"));
        QVERIFY(documents[1].outcome == Outcome::Change);
        QCOMPARE(documents[1].changes[0].path, QStringLiteral("data.a"));
        QVERIFY(documents[2].outcome == Outcome::Unchanged);
        QVERIFY(documents[3].outcome == Outcome::Invalid);
        QCOMPARE(documents[3].field, QStringLiteral("data[x y]"));
        QVERIFY(documents[4].outcome == Outcome::Invalid);
        QCOMPARE(documents[5].field, QStringLiteral("apiVersion"));
        for (const QString& request : std::as_const(session.requests))
            QVERIFY2(request.endsWith(QStringLiteral("dryRun")), qPrintable(request));
    }

    void aNamespaceInTheSameTextIsAppliedFirst() {
        FakeSession session;
        ApplyPlan plan(session, {});
        QSignalSpy ready(&plan, &ApplyPlan::previewed);
        QVERIFY(
            plan.preview("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: fresh}}\n---\n{apiVersion: "
                         "v1, kind: Namespace, metadata: {name: fresh}}\n"));
        QTRY_COMPARE(ready.count(), 1);
        session.requests.clear();
        QSignalSpy finished(&plan, &ApplyPlan::finished);
        plan.apply();
        QTRY_COMPARE(finished.count(), 1);
        QCOMPARE(session.requests,
                 (QStringList{QStringLiteral("apply Namespace /fresh"), QStringLiteral("apply ConfigMap fresh/a")}));
        QCOMPARE(plan.count(Outcome::Applied), 2);
    }
};

QTEST_GUILESS_MAIN(ApplyYamlTest)
#include "apply_yaml_test.moc"
