#include "cluster/apiserver/subresources/binding.h"

#include <QtTest>

#include "cluster/api/codec/protobuf.h"
#include "cluster/api/types/core_v1.h"
#include "tests/cluster/apiserver/served_store.h"

using namespace qd;
using testing::ServedStore;

namespace {

const std::string kPods = "/api/v1/namespaces/shop/pods";

std::string inProtobuf(const std::string& pod, const std::string& node) {
    corev1::Binding binding;
    binding.metadata.name = pod;
    binding.target.kind = "Node";
    binding.target.name = node;
    return api::encodeProtobuf(static_cast<const api::Object&>(binding));
}

// Of the Pod as it was then.
std::string bindingOf(const std::string& version) {
    return R"({"metadata":{"name":"web","resourceVersion":")" + version + R"("},"target":{"name":"node-1"}})";
}

}  // namespace

class BindingTest final : public QObject {
    Q_OBJECT

    std::unique_ptr<ServedStore> m_cluster;

private slots:
    void init() {
        m_cluster = std::make_unique<ServedStore>();
        auto& server = m_cluster->server();
        server.addSubresource("pods", "binding", std::make_unique<apiserver::BindingHandler>(server, false));
        server.addSubresource("bindings", "", std::make_unique<apiserver::BindingHandler>(server, true));
        const char* pod = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"i"}]}})";
        QCOMPARE(m_cluster->ask("POST", kPods, pod).code, 201);
    }

    void aPodIsBoundInWhateverFormItIsSaid_data() {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("type");
        QTest::addColumn<QByteArray>("body");
        const QByteArray json = R"({"apiVersion":"v1","kind":"Binding","metadata":{"name":"web"},"target":{"kind":"Node","name":"node-1"}})";
        const auto protobuf = QByteArray::fromStdString(inProtobuf("web", "node-1"));
        QTest::newRow("json") << "/pods/web/binding" << "application/json" << json;
        QTest::newRow("yaml") << "/pods/web/binding" << "application/yaml" << QByteArray("metadata: {name: web}\ntarget: {name: node-1}\n");
        QTest::newRow("protobuf") << "/pods/web/binding" << "application/vnd.kubernetes.protobuf" << protobuf;
        QTest::newRow("protobuf, the name in the body") << "/bindings" << "application/vnd.kubernetes.protobuf" << protobuf;
    }
    void aPodIsBoundInWhateverFormItIsSaid() {
        QFETCH(QString, path);
        QFETCH(QString, type);
        QFETCH(QByteArray, body);
        const auto answer = m_cluster->ask("POST", "/api/v1/namespaces/shop" + path.toStdString(), body.toStdString(), type.toStdString());
        QVERIFY2(answer.code == 201, answer.body.c_str());
        const auto pod = m_cluster->ask("GET", kPods + "/web");
        QCOMPARE(pod.at("/spec/nodeName"), std::string("node-1"));
        QCOMPARE(pod.at("/status/conditions/0/type"), std::string("PodScheduled"));
    }

    void aBindingBringsLabelsAndAnnotationsAndAnswersForWhatThereWasBefore() {
        const auto status = R"({"status":{"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"m","observedGeneration":1}]}})";
        QCOMPARE(m_cluster->ask("PATCH", kPods + "/web/status", status, "application/merge-patch+json").code, 200);
        const char* binding = R"({"metadata":{"name":"web","labels":{"a":"1"},"annotations":{"b":"2"}},"target":{"name":"node-1"}})";
        QCOMPARE(m_cluster->ask("POST", kPods + "/web/binding", binding).code, 201);
        const auto pod = m_cluster->ask("GET", kPods + "/web");
        QCOMPARE(pod.at("/metadata/labels/a"), std::string("1"));
        QCOMPARE(pod.at("/metadata/annotations/b"), std::string("2"));
        QCOMPARE(pod.at("/status/conditions/0/status"), std::string("True"));
        for (const char* gone : {"reason", "message", "observedGeneration"}) QCOMPARE(pod.at(std::string("/status/conditions/0/") + gone), std::string());
    }

    void aBindingIsForThePodThatWasSeen() {
        const auto seen = m_cluster->ask("GET", kPods + "/web").at("/metadata/resourceVersion");
        QCOMPARE(m_cluster->ask("PATCH", kPods + "/web", R"({"metadata":{"labels":{"a":"1"}}})", "application/merge-patch+json").code, 200);
        const auto late = m_cluster->ask("POST", kPods + "/web/binding", bindingOf(seen));
        QCOMPARE(late.code, 409);
        QVERIFY2(late.at("/message").find("Precondition failed: ResourceVersion in precondition: " + seen) != std::string::npos, late.body.c_str());
        const auto now = m_cluster->ask("GET", kPods + "/web").at("/metadata/resourceVersion");
        QCOMPARE(m_cluster->ask("POST", kPods + "/web/binding", bindingOf(now)).code, 201);
    }

    void whatIsNoBindingChangesNothing() {
        const std::string strict = kPods + "/web/binding?fieldValidation=Strict";
        const auto unknown = m_cluster->ask("POST", strict, R"({"metadata":{"name":"web"},"target":{"name":"n","colour":"red"}})");
        QCOMPARE(unknown.code, 400);
        QVERIFY2(unknown.at("/message").find("unknown field \"target.colour\"") != std::string::npos, unknown.body.c_str());
        QCOMPARE(m_cluster->ask("POST", kPods + "/web/binding", R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"}})").code, 400);
        QCOMPARE(m_cluster->ask("POST", kPods + "/web/binding", inProtobuf("other", "n"), "application/vnd.kubernetes.protobuf").code, 400);
        QCOMPARE(m_cluster->ask("GET", kPods + "/web").at("/spec/nodeName"), std::string());
    }
};

QTEST_APPLESS_MAIN(BindingTest)
#include "binding_test.moc"
