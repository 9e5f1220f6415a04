#include "cluster/apiserver/subresources/scale.h"

#include <QtTest>
#include <boost/json/serialize.hpp>

#include "tests/cluster/apiserver/served_store.h"

using namespace qd;
using testing::Answer;
using testing::ServedStore;

namespace {

const std::string kDeployments = "/apis/apps/v1/namespaces/shop/deployments";
const std::string kWeb = kDeployments + "/web";

}  // namespace

class ScaleTest final : public QObject {
    Q_OBJECT

    std::unique_ptr<ServedStore> m_cluster;

    // The fields that a manager has written through /scale.
    std::string ownedThroughScale(const std::string& manager) {
        const Answer object = m_cluster->ask("GET", kWeb);
        const auto* managers = object.tree.at("metadata").as_object().if_contains("managedFields");
        if (!managers) return {};
        for (const auto& each : managers->as_array()) {
            const auto* subresource = each.as_object().if_contains("subresource");
            if (subresource && *subresource == "scale" && each.at("manager") == manager.c_str())
                return boost::json::serialize(each.at("fieldsV1"));
        }
        return {};
    }

private slots:
    void init() {
        m_cluster = std::make_unique<ServedStore>();
        m_cluster->server().addSubresource("deployments.apps", "scale",
                                           std::make_unique<apiserver::ScaleHandler>(m_cluster->server()));
        QCOMPARE(
            m_cluster
                ->ask(
                    "POST", kDeployments,
                    R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},
            "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})")
                .code,
            201);
    }

    void scalingIsAWriteOfTheObjectThatCountsItsGeneration() {
        const Answer scaled =
            m_cluster->ask("PATCH", kWeb + "/scale", R"({"spec":{"replicas":5}})", "application/merge-patch+json");
        QCOMPARE(scaled.code, 200);
        QCOMPARE(scaled.at("/kind"), std::string("Scale"));
        const Answer object = m_cluster->ask("GET", kWeb);
        QCOMPARE(object.at("/spec/replicas"), std::string("5"));
        QCOMPARE(object.at("/metadata/generation"), std::string("2"));
    }

    void whoScalesOwnsTheReplicasUnderTheSubresource() {
        m_cluster->ask("PATCH", kWeb + "/scale?fieldManager=autoscaler", R"({"spec":{"replicas":5}})",
                       "application/strategic-merge-patch+json");
        QCOMPARE(ownedThroughScale("autoscaler"), std::string(R"({"f:spec":{"f:replicas":{}}})"));
    }

    void anAppliedScaleMeetsWhoeverHasTheReplicas() {
        const std::string scale =
            R"({"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"web"},"spec":{"replicas":7}})";
        const std::string type = "application/apply-patch+yaml";
        QCOMPARE(m_cluster->ask("PATCH", kWeb + "/scale?fieldManager=keda", scale, type).code, 409);
        QCOMPARE(m_cluster->ask("PATCH", kWeb + "/scale?fieldManager=keda&force=true", scale, type).code, 200);
        QCOMPARE(ownedThroughScale("keda"), std::string(R"({"f:spec":{"f:replicas":{}}})"));
    }

    void aStaleScaleIsAConflict() {
        const Answer refused = m_cluster->ask(
            "PUT", kWeb + "/scale",
            R"({"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"web","resourceVersion":"1"},"spec":{"replicas":1}})");
        QCOMPARE(refused.code, 409);
        QVERIFY(refused.at("/message").starts_with("Operation cannot be fulfilled on deployments.apps \"web\""));
    }

    void aScaleThatIsNotThereIsNamedAsOne() {
        const Answer missing = m_cluster->ask("GET", kDeployments + "/absent/scale");
        QCOMPARE(missing.code, 404);
        QCOMPARE(missing.at("/message"), std::string("deployments/scale.apps \"absent\" not found"));
        QCOMPARE(missing.at("/details/kind"), std::string("deployments/scale"));
    }

    void whatIsNoScaleIsRefused() {
        QCOMPARE(m_cluster->ask("PUT", kWeb + "/scale", R"({"apiVersion":"v1","kind":"Nonsense"})").code, 400);
        QCOMPARE(m_cluster->ask("POST", kWeb + "/scale", "{}").code, 405);
        QCOMPARE(m_cluster->ask("PATCH", kWeb + "/scale", R"({"spec":{"replicas":-1}})", "application/merge-patch+json")
                     .code,
                 422);
    }
};

QTEST_APPLESS_MAIN(ScaleTest)
#include "scale_test.moc"
