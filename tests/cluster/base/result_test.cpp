#include "cluster/base/result.h"

#include <QtTest>

#include "cluster/base/random.h"

using namespace qd::base;

class ResultTest : public QObject {
    Q_OBJECT
private slots:
    void reasonsAndTheirHttpCodesAreKubernetes() {
        QCOMPARE(httpCode(Reason::Invalid), 422);
        QCOMPARE(httpCode(Reason::AlreadyExists), 409);
        QCOMPARE(httpCode(Reason::Expired), 410);
        QVERIFY(reasonFromName("NotFound") == Reason::NotFound);
        QVERIFY(reasonFromName("nonsense") == Reason::Unknown);
        QVERIFY(reasonFromHttpCode(409) == Reason::Conflict);
    }

    void contextStandsBeforeTheMessage() {
        const Error inner{Reason::NotFound, "pods \"a\" not found"};
        QCOMPARE(inner.within("binding").message, std::string("binding: pods \"a\" not found"));
        QVERIFY(inner.within("x").reason == Reason::NotFound);
    }

    void uuidsAreVersionFourAndDiffer() {
        Random random(1);
        const std::string a = random.uuid();
        QCOMPARE(a.size(), 36U);
        QCOMPARE(a[14], '4');
        QVERIFY(std::string("89ab").find(a[19]) != std::string::npos);
        QVERIFY(a != random.uuid());
    }
};

QTEST_APPLESS_MAIN(ResultTest)
#include "result_test.moc"
