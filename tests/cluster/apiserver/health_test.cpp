#include "cluster/apiserver/health.h"

#include <QtTest>
#include <boost/json/serialize.hpp>

#include "tests/cluster/apiserver/served_store.h"

using namespace qd;
using testing::ServedStore;

class HealthTest final : public QObject {
    Q_OBJECT
private slots:
    void everyCheckIsToldWhenAsked() {
        ServedStore cluster;
        QCOMPARE(cluster.ask("GET", "/livez?verbose").body,
                 std::string("[+]ping ok\n[+]log ok\n[+]etcd ok\nlivez check passed\n"));
        QCOMPARE(cluster.ask("GET", "/livez").body, std::string("ok"));
    }

    void aServerThatHasNotStartedIsAliveButNotReady() {
        ServedStore cluster;
        QCOMPARE(cluster.ask("GET", "/livez").code, 200);
        QCOMPARE(cluster.ask("GET", "/readyz").code, 500);
        QCOMPARE(cluster.ask("GET", "/readyz").body,
                 std::string("[+]ping ok\n[+]log ok\n[+]etcd ok\n[-]poststarthook/start-control-plane failed: reason "
                             "withheld\nreadyz check failed\n"));
        QCOMPARE(cluster.ask("GET", "/readyz?exclude=poststarthook/start-control-plane").code, 200);
        cluster.server().setReady(true);
        QCOMPARE(cluster.ask("GET", "/readyz").body, std::string("ok"));
    }

    void aCheckStandsUnderItsOwnPath() {
        ServedStore cluster;
        QCOMPARE(cluster.ask("GET", "/readyz/etcd").body, std::string("ok"));
        QCOMPARE(cluster.ask("GET", "/readyz/poststarthook/start-control-plane").code, 500);
        QCOMPARE(cluster.ask("GET", "/readyz/nothing").code, 404);
    }

    void whatIsNotThereCannotBeExcluded() {
        ServedStore cluster;
        const auto answer = cluster.ask("GET", "/livez?verbose&exclude=nothing");
        QCOMPARE(answer.code, 200);
        QVERIFY(answer.body.find("warn: some health checks cannot be excluded: no matches for \"nothing\"\n") !=
                std::string::npos);
    }

    void requestsAndObjectsAreCounted() {
        ServedStore cluster;
        QCOMPARE(cluster
                     .ask("POST", "/api/v1/namespaces",
                          R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})")
                     .code,
                 201);
        const std::string text = cluster.ask("GET", "/metrics").body;
        QVERIFY(text.find("apiserver_request_total{code=\"201\",component=\"apiserver\",group=\"\",resource="
                          "\"namespaces\",scope=\"cluster\",subresource=\"\",verb=\"POST\",version=\"v1\"} 1") !=
                std::string::npos);
        QVERIFY(text.find("apiserver_resource_objects{group=\"\",resource=\"namespaces\"} 1") != std::string::npos);
        QVERIFY(text.find("apiserver_request_duration_seconds_bucket") != std::string::npos);
    }

    void nobodyCanMakeSeriesWithoutEnd() {
        ServedStore cluster;
        cluster.ask("INVENTED", "/apis/invented.example.com/v1/inventions/x/made-up");
        cluster.ask("GET", "/api/v1/namespaces/shop/pods/x/made-up");
        const std::string text = cluster.ask("GET", "/metrics").body;
        QVERIFY(text.find("nvent") == std::string::npos && text.find("INVENTED") == std::string::npos &&
                text.find("made-up") == std::string::npos);
        QVERIFY(text.find("verb=\"other\"") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(HealthTest)
#include "health_test.moc"
