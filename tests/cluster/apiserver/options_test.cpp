// How verbs are meant: what clients say in queries and bodies.
#include <QtTest>

#include "cluster/api/codec/protobuf.h"
#include "cluster/api/types/meta_v1.h"
#include "cluster/apiserver/options.h"

using namespace qd;
using namespace qd::apiserver;

namespace {

Request deletion(std::string body, const char* type = "application/json") {
    Request request;
    request.method = "DELETE";
    request.body = std::move(body);
    request.headers.set("Content-Type", type);
    return request;
}

}  // namespace

class OptionsTest : public QObject {
    Q_OBJECT
private slots:
    void aDeletionIsReadInEveryFormThatClientsSend_data() {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("type");
        metav1::DeleteOptions options;
        options.gracePeriodSeconds = 7;
        options.propagationPolicy = "Orphan";
        options.preconditions.emplace().uid = "u1";
        QTest::newRow("JSON") << QByteArray(R"({"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":7,"propagationPolicy":"Orphan","preconditions":{"uid":"u1"}})")
                              << QByteArray("application/json");
        QTest::newRow("YAML") << QByteArray("kind: DeleteOptions\napiVersion: v1\ngracePeriodSeconds: 7\npropagationPolicy: Orphan\npreconditions: {uid: u1}\n")
                              << QByteArray("application/yaml");
        QTest::newRow("protobuf") << QByteArray::fromStdString(api::encodeProtobuf(options)) << QByteArray("application/vnd.kubernetes.protobuf");
    }
    void aDeletionIsReadInEveryFormThatClientsSend() {
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, type);
        const auto options = parseDeleteOptions(deletion(body.toStdString(), type.constData()));
        QVERIFY2(options.has_value(), options ? "" : options.error().message.c_str());
        QCOMPARE(options->gracePeriodSeconds.value_or(0), 7);
        QCOMPARE(options->propagationPolicy.value_or(""), std::string("Orphan"));
        QCOMPARE(options->uid.value_or(""), std::string("u1"));
        QVERIFY(!options->dryRun);
    }

    void aBodyWithoutAKindIsADeletion() {
        const auto options = parseDeleteOptions(deletion(R"({"dryRun":["All"]})"));
        QVERIFY(options.has_value());
        QVERIFY(options->dryRun);
    }

    void anotherKindAndBrokenBodiesAreRefused() {
        const auto other = parseDeleteOptions(deletion(R"({"kind":"Pod","apiVersion":"v1"})"));
        QVERIFY(!other);
        QVERIFY(other.error().reason == Reason::BadRequest);
        const auto broken = parseDeleteOptions(deletion("{"));
        QVERIFY(!broken);
        QVERIFY2(broken.error().message.starts_with("couldn't get version/kind; json parse error: "), broken.error().message.c_str());
        const auto unknown = parseDeleteOptions(deletion("x", "text/plain"));
        QVERIFY(!unknown);
        QVERIFY(unknown.error().httpStatus() == 415);
    }
};

QTEST_GUILESS_MAIN(OptionsTest)
#include "options_test.moc"
