// The custom and external metrics APIs as clients see them.
#include "cluster/apiserver/subresources/metric_values.h"

#include <QtTest>
#include <boost/json/serialize.hpp>

#include "tests/cluster/apiserver/served_store.h"

using namespace qd;
using testing::Answer;
using testing::ServedStore;
using namespace std::chrono_literals;

namespace {

const base::WallTime kNow = api::Time::fromUnix(1'700'000'000).wall();

// Remembers what it was asked.
class Figures final : public api::CustomMetricsSource {
public:
    std::vector<Offer> offers() const override {
        return {{"ingresses.networking.k8s.io", true, "hits"},
                {"namespaces", false, "hits"},
                {"pods", true, "depth"},
                {"pods", true, "hits"}};
    }
    Result<api::MetricValue> ofObject(const api::CustomMetric& metric, const std::string& object) const override {
        asked = metric.ns + "/" + metric.resource + "/" + object + "/" + metric.name + "?" + metric.series.toString();
        if (object == "nobody")
            return fail(Reason::NotFound, "the server could not find the metric hits for pods nobody");
        return api::MetricValue{.milli = 2500, .at = kNow, .window = 15s};
    }
    Result<std::vector<api::ObjectMetric>> ofObjects(const api::CustomMetric& metric,
                                                     const api::LabelSelector& objects) const override {
        asked = metric.ns + "/" + metric.resource + "/" + objects.toString() + "/" + metric.name;
        return std::vector<api::ObjectMetric>{{"a", {.milli = 1000, .at = kNow, .window = {}}},
                                              {"b", {.milli = 2000, .at = kNow, .window = {}}}};
    }
    Result<std::vector<api::ExternalMetric>> external(const std::string& ns, const std::string& metric,
                                                      const api::LabelSelector& series) const override {
        asked = ns + "/" + metric + "?" + series.toString();
        return std::vector<api::ExternalMetric>{{{{"queue", "mail"}}, {.milli = 30'000, .at = kNow, .window = {}}}};
    }
    mutable std::string asked;
};

const std::string kCustom = "/apis/custom.metrics.k8s.io/v1beta2";

}  // namespace

class MetricValuesTest final : public QObject {
    Q_OBJECT

    std::unique_ptr<ServedStore> m_cluster;
    std::shared_ptr<Figures> m_figures;

private slots:
    void init() {
        m_cluster = std::make_unique<ServedStore>();
        m_figures = std::make_shared<Figures>();
        m_cluster->server().addGroup(std::make_unique<apiserver::CustomMetricsGroup>(m_figures));
        m_cluster->server().addGroup(std::make_unique<apiserver::ExternalMetricsGroup>(m_figures));
    }

    void oneObjectIsAListOfOne() {
        const Answer answer =
            m_cluster->ask("GET", kCustom + "/namespaces/shop/pods/web-0/hits?metricLabelSelector=verb%3DGET");
        QCOMPARE(answer.code, 200);
        QCOMPARE(m_figures->asked, std::string("shop/pods/web-0/hits?verb=GET"));
        QCOMPARE(
            answer.body,
            std::string(
                R"({"kind":"MetricValueList","apiVersion":"custom.metrics.k8s.io/v1beta2","metadata":{},"items":[)"
                R"({"describedObject":{"kind":"Pod","namespace":"shop","name":"web-0","apiVersion":"/v1"},)"
                R"("metric":{"name":"hits","selector":{"matchLabels":{"verb":"GET"}}},"timestamp":"2023-11-14T22:13:20Z",)"
                R"("windowSeconds":15,"value":"2500m"}]})"
                "\n"));
    }

    void aStarIsAllThatTheSelectorTakes() {
        const Answer answer =
            m_cluster->ask("GET", kCustom + "/namespaces/shop/ingresses.networking.k8s.io/*/hits?labelSelector=a%3Db");
        QCOMPARE(m_figures->asked, std::string("shop/ingresses/a=b/hits"));
        QCOMPARE(answer.at("/items/1/describedObject/name"), std::string("b"));
        QCOMPARE(answer.at("/items/1/describedObject/apiVersion"), std::string("networking.k8s.io/v1"));
        QCOMPARE(answer.at("/items/1/value"), std::string("2"));
        QCOMPARE(answer.at("/items/1/metric/selector"), std::string("null"));
    }

    void theOldVersionNamesTheMetricFlat() {
        const Answer answer =
            m_cluster->ask("GET", "/apis/custom.metrics.k8s.io/v1beta1/namespaces/shop/pods/web-0/hits");
        QCOMPARE(answer.at("/apiVersion"), std::string("custom.metrics.k8s.io/v1beta1"));
        QCOMPARE(answer.at("/items/0/metricName"), std::string("hits"));
        QCOMPARE(answer.at("/items/0/window"), std::string("15"));
        QCOMPARE(answer.at("/items/0/selector"), std::string("null"));
    }

    void aNamespaceItselfHasMetrics() {
        const Answer answer = m_cluster->ask("GET", kCustom + "/namespaces/shop/metrics/hits");
        QCOMPARE(m_figures->asked, std::string("/namespaces/shop/hits?"));
        QCOMPARE(answer.at("/items/0/describedObject/kind"), std::string("Namespace"));
        QCOMPARE(answer.at("/items/0/describedObject/namespace"), std::string());
    }

    void whatIsNotThereIsAStatus() {
        const Answer answer = m_cluster->ask("GET", kCustom + "/namespaces/shop/pods/nobody/hits");
        QCOMPARE(answer.code, 404);
        QCOMPARE(answer.at("/kind"), std::string("Status"));
        QCOMPARE(answer.at("/message"), std::string("the server could not find the metric hits for pods nobody"));
    }

    void nothingElseIsServed_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("path");
        QTest::addColumn<int>("code");
        QTest::newRow("another version") << "GET"
                                         << "/apis/custom.metrics.k8s.io/v1/namespaces/shop/pods/a/hits" << 404;
        QTest::newRow("no metric") << "GET"
                                   << "/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/a" << 404;
        QTest::newRow("a write") << "POST"
                                 << "/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/a/hits" << 405;
        QTest::newRow("a bad selector")
            << "GET"
            << "/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/*/hits?labelSelector=%3D%3D" << 400;
        QTest::newRow("external without a namespace") << "GET"
                                                      << "/apis/external.metrics.k8s.io/v1beta1/depth" << 404;
    }
    void nothingElseIsServed() {
        QFETCH(QString, method);
        QFETCH(QString, path);
        QTEST(m_cluster->ask(method.toStdString(), path.toStdString()).code, "code");
    }

    void externalMetricsAreSeriesWithTheirLabels() {
        const Answer answer = m_cluster->ask(
            "GET", "/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/queue_depth?labelSelector=queue%3Dmail");
        QCOMPARE(m_figures->asked, std::string("shop/queue_depth?queue=mail"));
        QCOMPARE(answer.at("/kind"), std::string("ExternalMetricValueList"));
        QCOMPARE(answer.at("/items/0/metricName"), std::string("queue_depth"));
        QCOMPARE(answer.at("/items/0/metricLabels/queue"), std::string("mail"));
        QCOMPARE(answer.at("/items/0/value"), std::string("30"));
    }

    void discoveryListsTheGroupsAndWhatThereIsNow() {
        const Answer groups = m_cluster->ask("GET", "/apis");
        QVERIFY(groups.body.find("\"external.metrics.k8s.io/v1beta1\"") != std::string::npos);
        const Answer group = m_cluster->ask("GET", "/apis/custom.metrics.k8s.io");
        QCOMPARE(group.at("/preferredVersion/version"), std::string("v1beta2"));
        const Answer list = m_cluster->ask("GET", kCustom);
        QCOMPARE(list.at("/resources/0/name"), std::string("ingresses.networking.k8s.io/hits"));
        QCOMPARE(list.at("/resources/1/namespaced"), std::string("false"));
        QCOMPARE(list.at("/resources/3/kind"), std::string("MetricValueList"));
        QCOMPARE(list.at("/resources/3/verbs/0"), std::string("get"));
    }
};

QTEST_GUILESS_MAIN(MetricValuesTest)
#include "metric_values_test.moc"
