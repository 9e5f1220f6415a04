#include "cluster/apiserver/subresources/eviction.h"

#include <QtTest>
#include <boost/json/serialize.hpp>

#include "tests/cluster/apiserver/served_store.h"

using namespace qd;
using testing::Answer;
using testing::ServedStore;

namespace {

const std::string kPods = "/api/v1/namespaces/shop/pods";
const std::string kBudgets = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets";
const std::string kMerge = "application/merge-patch+json";

// A Pod "web" that runs and is ready.
void addPod(ServedStore& cluster,
            const std::string& status = R"({"phase":"Running","conditions":[{"type":"Ready","status":"True"}]})") {
    QCOMPARE(
        cluster
            .ask(
                "POST", kPods,
                R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","labels":{"app":"web"}},"spec":{"containers":[{"name":"a","image":"i"}],"terminationGracePeriodSeconds":0}})")
            .code,
        201);
    QCOMPARE(cluster.ask("PATCH", kPods + "/web/status", R"({"status":)" + status + "}", kMerge).code, 200);
}

void addBudget(ServedStore& cluster, const std::string& status, const std::string& name = "pdb") {
    QCOMPARE(cluster
                 .ask("POST", kBudgets,
                      R"({"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":")" + name +
                          R"("},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"web"}}}})")
                 .code,
             201);
    QCOMPARE(cluster.ask("PATCH", kBudgets + "/" + name + "/status", R"({"status":)" + status + "}", kMerge).code, 200);
}

Answer evict(ServedStore& cluster, const std::string& name = "web", const std::string& more = "") {
    return cluster.ask(
        "POST", kPods + "/web/eviction",
        R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":")" + name + "\"}" + more + "}");
}

}  // namespace

class EvictionTest final : public QObject {
    Q_OBJECT

    std::unique_ptr<ServedStore> m_cluster;

private slots:
    void init() {
        m_cluster = std::make_unique<ServedStore>();
        m_cluster->server().addSubresource("pods", "eviction",
                                           std::make_unique<apiserver::EvictionHandler>(m_cluster->server()));
    }

    void aPodWithoutABudgetGoes() {
        addPod(*m_cluster);
        QCOMPARE(evict(*m_cluster).code, 201);
        QCOMPARE(m_cluster->ask("GET", kPods + "/web").code, 404);
    }

    void aDisruptionIsTakenFromTheBudget() {
        addPod(*m_cluster);
        addBudget(
            *m_cluster,
            R"({"observedGeneration":1,"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1,"expectedPods":2})");
        QCOMPARE(evict(*m_cluster).code, 201);
        const Answer budget = m_cluster->ask("GET", kBudgets + "/pdb");
        QCOMPARE(budget.at("/status/disruptionsAllowed"), std::string("0"));
        QVERIFY(!budget.at("/status/disruptedPods/web").empty());
        QCOMPARE(budget.at("/status/conditions/0/reason"), std::string("InsufficientPods"));
    }

    void aBudgetThatAllowsNothingKeepsThePod() {
        addPod(*m_cluster);
        addBudget(
            *m_cluster,
            R"({"observedGeneration":1,"disruptionsAllowed":0,"currentHealthy":1,"desiredHealthy":1,"expectedPods":1})");
        const Answer refused = evict(*m_cluster);
        QCOMPARE(refused.code, 429);
        QCOMPARE(refused.at("/message"),
                 std::string("Cannot evict pod as it would violate the pod's disruption budget."));
        QCOMPARE(refused.at("/details/causes/0/reason"), std::string("DisruptionBudget"));
        QCOMPARE(refused.at("/details/causes/0/message"),
                 std::string("The disruption budget pdb needs 1 healthy pods and has 1 currently"));
        QCOMPARE(m_cluster->ask("GET", kPods + "/web").code, 200);
    }

    void aBudgetThatIsNotYetLookedAtAsksForPatience() {
        addPod(*m_cluster);
        addBudget(
            *m_cluster,
            R"({"observedGeneration":0,"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1,"expectedPods":2})");
        const Answer refused = evict(*m_cluster);
        QCOMPARE(refused.code, 429);
        QCOMPARE(refused.at("/details/retryAfterSeconds"), std::string("10"));
        QCOMPARE(refused.at("/details/causes/0/message"),
                 std::string("The disruption budget pdb is still being processed by the server."));
    }

    void aPodThatHasNotStartedOrIsOverNeedsNoBudget() {
        addPod(*m_cluster, R"({"phase":"Failed"})");
        addBudget(
            *m_cluster,
            R"({"observedGeneration":1,"disruptionsAllowed":0,"currentHealthy":0,"desiredHealthy":1,"expectedPods":1})");
        QCOMPARE(evict(*m_cluster).code, 201);
    }

    void aSickPodGoesWhenEnoughOthersAreHealthy() {
        addPod(*m_cluster, R"({"phase":"Running","conditions":[{"type":"Ready","status":"False"}]})");
        addBudget(
            *m_cluster,
            R"({"observedGeneration":1,"disruptionsAllowed":0,"currentHealthy":1,"desiredHealthy":1,"expectedPods":2})");
        QCOMPARE(evict(*m_cluster).code, 201);
        QCOMPARE(m_cluster->ask("GET", kBudgets + "/pdb").at("/status/disruptedPods"), std::string());
    }

    void twoBudgetsAreOneTooMany() {
        addPod(*m_cluster);
        addBudget(*m_cluster, "{}");
        addBudget(*m_cluster, "{}", "other");
        const Answer refused = evict(*m_cluster);
        QCOMPARE(refused.code, 500);
        QCOMPARE(
            refused.at("/message"),
            std::string(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."));
    }

    void aDryRunChangesNothing() {
        addPod(*m_cluster);
        addBudget(
            *m_cluster,
            R"({"observedGeneration":1,"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1,"expectedPods":2})");
        QCOMPARE(evict(*m_cluster, "web", R"(,"deleteOptions":{"dryRun":["All"]})").code, 201);
        QCOMPARE(m_cluster->ask("GET", kPods + "/web").code, 200);
        QCOMPARE(m_cluster->ask("GET", kBudgets + "/pdb").at("/status/disruptionsAllowed"), std::string("1"));
    }

    void theNameMustBeTheUrls() {
        addPod(*m_cluster);
        QCOMPARE(evict(*m_cluster, "other").at("/message"),
                 std::string("name in URL does not match name in Eviction object"));
        QCOMPARE(m_cluster->ask("GET", kPods + "/web/eviction").code, 405);
    }
};

QTEST_APPLESS_MAIN(EvictionTest)
#include "eviction_test.moc"
