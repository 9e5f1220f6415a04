// What can be asked about why a Pod is where it is.
#include "cluster/control_plane/insight/pod_placements.h"

#include <QtTest>

#include "tests/cluster/apiserver/served_store.h"

using namespace qd;
using namespace qd::control_plane;

namespace {

scheduler::Attempt placed() {
    auto sheet = std::make_shared<scheduler::ScoreSheet>();
    sheet->nodes = {scheduler::text("worse"), scheduler::text("better")};
    sheet->scores.totals = {150, 220};
    sheet->scores.byPlugin = {{"NodeResourcesFit", 1, {50, 60}}, {"NodeAffinity", 2, {50, 80}}};
    auto diagnosis = std::make_shared<scheduler::Diagnosis>();
    auto refusal = scheduler::Status::unresolvable(scheduler::text("node(s) were unschedulable"));
    refusal.plugin = "NodeUnschedulable";
    diagnosis->allNodes = 3;
    diagnosis->add(scheduler::text("closed"), refusal);
    return {.uid = "u",
            .scheduler = "default-scheduler",
            .node = "better",
            .diagnosis = diagnosis,
            .scores = sheet,
            .attempts = 2};
}

struct Bench {
    Bench() {
        served.server().addSubresource("podplacements.insight.quarterdeck.dev", "",
                                       std::make_unique<PodPlacementsHandler>(served.server(), log));
        log->record("default", "web", placed());
        log->record("default", "big",
                    {.uid = "b", .message = "0/3 nodes are available: 3 Insufficient cpu.", .attempts = 1});
        log->record("other", "web", {.uid = "o", .message = "no", .attempts = 1});
    }
    std::shared_ptr<scheduler::PlacementLog> log = std::make_shared<scheduler::PlacementLog>();
    testing::ServedStore served;
};

const std::string kBase = "/apis/insight.quarterdeck.dev/v1";

}  // namespace

class PodPlacementsTest : public QObject {
    Q_OBJECT
private slots:
    void everyNodeHasItsScoresOrItsReason() {
        Bench bench;
        const auto answer = bench.served.ask("GET", kBase + "/namespaces/default/podplacements/web");
        QCOMPARE(answer.code, 200);
        QCOMPARE(answer.at("/kind"), std::string("PodPlacement"));
        QCOMPARE(answer.at("/node"), std::string("better"));
        QCOMPARE(answer.at("/nodes/0/name"), std::string("better"));
        QCOMPARE(answer.at("/nodes/0/score"), std::string("220"));
        QCOMPARE(answer.at("/nodes/0/scores/1"), std::string(R"({"plugin":"NodeAffinity","score":80,"weight":2})"));
        QCOMPARE(answer.at("/nodes/1/name"), std::string("worse"));
        QCOMPARE(
            answer.at("/nodes/2"),
            std::string(R"({"name":"closed","plugin":"NodeUnschedulable","reasons":["node(s) were unschedulable"]})"));
    }

    void aPodThatIsNotKnownIsNotFound() {
        Bench bench;
        const auto answer = bench.served.ask("GET", kBase + "/namespaces/default/podplacements/absent");
        QCOMPARE(answer.code, 404);
        QCOMPARE(answer.at("/message"), std::string("podplacements.insight.quarterdeck.dev \"absent\" not found"));
    }

    void aNamespaceIsListed() {
        Bench bench;
        const auto one = bench.served.ask("GET", kBase + "/namespaces/default/podplacements");
        QCOMPARE(one.at("/kind"), std::string("PodPlacementList"));
        QCOMPARE(one.at("/items/0/apiVersion"), std::string("insight.quarterdeck.dev/v1"));
        QCOMPARE(one.at("/items/0/metadata/name"), std::string("big"));
        QCOMPARE(one.at("/items/1/metadata/name"), std::string("web"));
        QCOMPARE(one.at("/items/2/metadata/name"), std::string());
        const auto all = bench.served.ask("GET", kBase + "/podplacements");
        QCOMPARE(all.at("/items/2/metadata/namespace"), std::string("other"));
    }

    void itIsReadAlone() {
        Bench bench;
        QCOMPARE(bench.served.ask("DELETE", kBase + "/namespaces/default/podplacements/web").code, 405);
        QCOMPARE(bench.served.ask("GET", kBase).at("/resources/0/name"), std::string("podplacements"));
    }

    void withoutASchedulerThereIsNone() {
        testing::ServedStore alone;
        QCOMPARE(alone.ask("GET", kBase + "/podplacements").code, 404);
    }
};

QTEST_APPLESS_MAIN(PodPlacementsTest)
#include "pod_placements_test.moc"
