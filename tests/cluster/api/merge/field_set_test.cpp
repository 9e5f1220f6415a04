#include "cluster/api/merge/field_set.h"

#include <QtTest>
#include <algorithm>
#include <boost/json/serialize.hpp>

#include "tests/cluster/api/merge/json_text.h"

using namespace qd;
using namespace qd::api::merge;
using qd::tests::parse;
using qd::tests::text;

namespace {

FieldSet read(const QString& fields) {
    auto set = FieldSet::fromFieldsV1(parse(fields.toStdString()));
    if (!set) qFatal("%s", set.error().message.c_str());
    return std::move(*set);
}

QString written(const FieldSet& set) {
    std::string text = boost::json::serialize(set.toFieldsV1());
    std::ranges::replace(text, '"', '\'');
    return QString::fromStdString(text);
}

}  // namespace

class FieldSetTest : public QObject {
    Q_OBJECT
private slots:
    void setsAreWrittenAsTheyWereRead() {
        const QString fields =
            "{'f:metadata':{'f:labels':{'.':{},'f:app':{}}},'f:spec':{'f:containers':{'k:{\\'name\\':\\'a\\'}':{'.':{},"
            "'f:image':{}}},"
            "'f:finalizers':{'v:\\'x\\'':{}}}}";
        QCOMPARE(written(read(fields)), fields);
    }

    void keysAreReadInWhateverFormAClientWritesThem() {
        const FieldSet odd = read("{'f:ports':{'k:{\\'protocol\\': \\'TCP\\', \\'containerPort\\':80}':{}}}");
        const FieldSet plain = read("{'f:ports':{'k:{\\'containerPort\\':80,\\'protocol\\':\\'TCP\\'}':{}}}");
        QVERIFY(odd == plain);
    }

    void numbersInKeysSortByValue() {
        const FieldSet ports = read("{'k:{\\'port\\':443}':{},'k:{\\'port\\':80}':{}}");
        QCOMPARE(written(ports), QString("{'k:{\\'port\\':80}':{},'k:{\\'port\\':443}':{}}"));
    }

    void aShorterTextSortsBeforeALongerOne() {
        const FieldSet names =
            read("{'k:{\\'name\\':\\'a b\\'}':{},'k:{\\'name\\':\\'a!\\'}':{},'k:{\\'name\\':\\'a\\'}':{}}");
        QCOMPARE(written(names),
                 QString("{'k:{\\'name\\':\\'a\\'}':{},'k:{\\'name\\':\\'a b\\'}':{},'k:{\\'name\\':\\'a!\\'}':{}}"));
    }

    void setAlgebra_data() {
        QTest::addColumn<QString>("a");
        QTest::addColumn<QString>("b");
        QTest::addColumn<QString>("united");
        QTest::addColumn<QString>("shared");
        QTest::addColumn<QString>("difference");
        QTest::addColumn<QString>("recursive");
        QTest::newRow("apart") << "{'f:a':{}}"
                               << "{'f:b':{}}"
                               << "{'f:a':{},'f:b':{}}"
                               << "{}"
                               << "{'f:a':{}}"
                               << "{'f:a':{}}";
        QTest::newRow("nested") << "{'f:a':{'.':{},'f:x':{},'f:y':{}}}"
                                << "{'f:a':{'f:x':{}}}"
                                << "{'f:a':{'.':{},'f:x':{},'f:y':{}}}"
                                << "{'f:a':{'f:x':{}}}"
                                << "{'f:a':{'.':{},'f:y':{}}}"
                                << "{'f:a':{'.':{},'f:y':{}}}";
        QTest::newRow("a member above") << "{'f:a':{'f:x':{}}}"
                                        << "{'f:a':{}}"
                                        << "{'f:a':{'.':{},'f:x':{}}}"
                                        << "{}"
                                        << "{'f:a':{'f:x':{}}}"
                                        << "{}";
    }

    void setAlgebra() {
        QFETCH(QString, a);
        QFETCH(QString, b);
        QFETCH(QString, united);
        QFETCH(QString, shared);
        QFETCH(QString, difference);
        QFETCH(QString, recursive);
        QCOMPARE(written(read(a).unionWith(read(b))), united);
        QCOMPARE(written(read(a).intersection(read(b))), shared);
        QCOMPARE(written(read(a).difference(read(b))), difference);
        QCOMPARE(written(read(a).recursiveDifference(read(b))), recursive);
    }

    void pathsReadAsPeopleWriteThem() {
        QStringList paths;
        const FieldSet set = read(
            "{'f:spec':{'f:ports':{'k:{\\'containerPort\\':80,\\'protocol\\':\\'TCP\\'}':{'.':{},'f:name':{}}},'f:f':{'"
            "v:\\'x\\'':{}}}}");
        set.forEach([&](const Path& path) { paths << QString::fromStdString(displayPath(path)); });
        QCOMPARE(paths, (QStringList{".spec.f[=\"x\"]", ".spec.ports[containerPort=80,protocol=\"TCP\"]",
                                     ".spec.ports[containerPort=80,protocol=\"TCP\"].name"}));
    }

    void unreadableElementsAreRefusedAndUnknownOnesSkipped() {
        QVERIFY(!FieldSet::fromFieldsV1(parse("{'spec':{}}")).has_value());
        QVERIFY(!FieldSet::fromFieldsV1(parse("{'k:{':{}}")).has_value());
        QVERIFY(FieldSet::fromFieldsV1(parse("{'z:later':{}}"))->empty());
    }
};

QTEST_APPLESS_MAIN(FieldSetTest)
#include "field_set_test.moc"
