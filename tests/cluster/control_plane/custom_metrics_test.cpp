// From what Pods expose to what the custom and external metrics APIs answer.
#include "cluster/control_plane/usage/custom_metrics.h"

#include <QtTest>

#include "cluster/api/types/networking_v1.h"
#include "cluster/client/typed.h"
#include "cluster/control_plane/usage/pod_scraper.h"
#include "tests/support/fake_client.h"

using namespace qd;
using namespace qd::control_plane;
using namespace std::chrono_literals;

namespace {

const base::WallTime kNow = api::Time::fromUnix(1'700'000'000).wall();

corev1::Pod pod(const std::string& name, const api::Map<std::string>& labels = {{"app", "web"}}) {
    corev1::Pod made;
    made.metadata.namespace_ = "shop";
    made.metadata.name = name;
    made.metadata.labels = labels;
    made.metadata.annotations = {{"prometheus.io/scrape", "true"}, {"prometheus.io/port", "8080"}};
    made.spec.nodeName = "n1";
    made.spec.containers.emplace_back().name = "c";
    made.status.phase = corev1::PodRunning;
    made.status.podIP = "10.244.0.5";
    return made;
}

std::vector<std::string> shown(const SeriesTable& table, const std::string& pod) {
    std::vector<std::string> lines;
    const auto known = table.of({"shop", pod});
    if (!known) return lines;
    for (const auto& [metric, series] : known->series) {
        std::string line = metric;
        for (const auto& [key, value] : series.labels) line += " " + key + "=" + value;
        lines.push_back(line + " " + api::Quantity::milli(std::llround(series.value * 1000)).toString() +
                        (series.window ? " over " + std::to_string(*series.window / 1s) + "s" : ""));
    }
    return lines;
}

// Two Pods and a Service over them, and what they exposed last.
struct Shop {
    Shop() : custom(table, client) {
        client.put(pod("web-0"));
        client.put(pod("web-1"));
        client.put(pod("proxy", {{"app", "proxy"}}));
        corev1::Service service;
        service.metadata.namespace_ = "shop";
        service.metadata.name = "web";
        service.spec.selector = {{"app", "web"}};
        client.put(service);
        networkingv1::Ingress ingress;
        ingress.metadata.namespace_ = "shop";
        ingress.metadata.name = "main";
        client.put(ingress);
        corev1::Namespace ns;
        ns.metadata.name = "shop";
        client.put(ns);
        custom.begin(informers);
        informers.start();
        executor.runFor(1s);
    }
    ~Shop() {
        informers.stop();
        executor.runReady();
    }
    void expose(const std::string& name, const std::string& text) { table->take({"shop", name}, text, kNow); }
    std::string value(const std::string& resource, const std::string& object, const std::string& metric,
                      const char* series = "") {
        const auto found = custom.ofObject({.group = {},
                                            .resource = resource,
                                            .ns = resource == "namespaces" ? "" : "shop",
                                            .name = metric,
                                            .series = api::LabelSelector::parse(series).value()},
                                           object);
        return found ? api::Quantity::milli(found->milli).toString() : found.error().message;
    }

    base::SimulatedExecutor executor{1};
    tests::FakeClient client{executor};
    client::InformerFactory informers{client, executor};
    std::shared_ptr<SeriesTable> table = std::make_shared<SeriesTable>();
    CustomMetrics custom;
};

}  // namespace

class CustomMetricsTest : public QObject {
    Q_OBJECT
private slots:
    void aGaugeIsServedAsItIs() {
        SeriesTable table;
        table.take({"shop", "web"}, "queue_depth{queue=\"mail\"} 12\nqueue_depth{queue=\"sms\"} 0.5", kNow);
        QCOMPARE(shown(table, "web"),
                 (std::vector<std::string>{"queue_depth queue=mail 12", "queue_depth queue=sms 500m"}));
    }

    void aCounterIsServedAsItsRateUnderAShorterName() {
        SeriesTable table;
        table.take({"shop", "web"}, "http_requests_total 100\ncpu_seconds_total 7", kNow);
        QVERIFY(shown(table, "web").empty());
        table.take({"shop", "web"}, "http_requests_total 145\ncpu_seconds_total 10", kNow + 15s);
        QCOMPARE(shown(table, "web"), (std::vector<std::string>{"cpu 200m over 15s", "http_requests 3 over 15s"}));
    }

    void aCounterThatFellHasBegunAnew() {
        SeriesTable table;
        table.take({"shop", "web"}, "http_requests_total 100", kNow);
        table.take({"shop", "web"}, "http_requests_total 30", kNow + 15s);
        QCOMPARE(shown(table, "web"), (std::vector<std::string>{"http_requests 2 over 15s"}));
    }

    void whatIsNoNumberIsLeftOut() {
        SeriesTable table;
        table.take({"shop", "web"}, "a NaN\nb +Inf\nc 1", kNow);
        QCOMPARE(shown(table, "web"), (std::vector<std::string>{"c 1"}));
    }

    void whoIsGoneIsForgotten() {
        SeriesTable table;
        table.take({"shop", "a"}, "x 1", kNow);
        table.take({"shop", "b"}, "x 1", kNow);
        table.keepOnly({{"shop", "b"}});
        QVERIFY(!table.of({"shop", "a"}));
        QCOMPARE(table.all().size(), 1U);
    }

    void annotationsSayWhereAPodIsAsked_data() {
        QTest::addColumn<QString>("annotations");
        QTest::addColumn<QString>("targets");
        QTest::newRow("none") << ""
                              << "";
        QTest::newRow("not wanted") << "scrape=false port=1"
                                    << "";
        QTest::newRow("port") << "scrape=true port=9102"
                              << "http://10.244.0.5:9102/metrics";
        QTest::newRow("all of them") << "scrape=true port=9443 path=stats/prometheus scheme=https"
                                     << "https://10.244.0.5:9443/stats/prometheus";
        QTest::newRow("the declared ports without one") << "scrape=true"
                                                        << "http://10.244.0.5:80/metrics http://10.244.0.5:81/metrics";
        QTest::newRow("a port that is none") << "scrape=true port=http"
                                             << "";
    }
    void annotationsSayWhereAPodIsAsked() {
        QFETCH(QString, annotations);
        corev1::Pod asked = pod("web");
        asked.metadata.annotations.clear();
        for (const QString& each : annotations.split(' ', Qt::SkipEmptyParts))
            asked.metadata.annotations["prometheus.io/" + each.section('=', 0, 0).toStdString()] =
                each.section('=', 1).toStdString();
        auto& ports = asked.spec.containers[0].ports;
        ports.emplace_back().containerPort = 80;
        ports.emplace_back().containerPort = 81;
        ports.emplace_back().containerPort = 82;
        ports.back().protocol = corev1::ProtocolUDP;
        QStringList targets;
        for (const auto& target : scrapeTargets(asked))
            targets << QString("%1://%2:%3%4")
                           .arg(target.tls ? "https" : "http", QString::fromStdString(target.address))
                           .arg(target.port)
                           .arg(QString::fromStdString(target.path));
        QTEST(targets.join(' '), "targets");
        asked.status.phase = corev1::PodSucceeded;
        QVERIFY(scrapeTargets(asked).empty());
    }

    void podsAreAskedEveryRoundAndThoseThatDoNotAnswerAreForgotten() {
        base::SimulatedExecutor executor(1);
        tests::FakeClient client(executor);
        client::InformerFactory informers(client, executor);
        const auto table = std::make_shared<SeriesTable>();
        int asked = 0;
        bool answers = true;
        const auto ask = [&](const ScrapeTarget&) -> Result<std::string> {
            ++asked;
            if (!answers) return fail(Reason::Timeout, "no answer");
            return "x " + std::to_string(asked);
        };
        PodScraper scraper(executor, executor, ask, table, 15s);
        scraper.begin(informers);
        client.put(pod("web"));
        informers.start();
        executor.runFor(17s);
        QCOMPARE(asked, 2);
        QCOMPARE(shown(*table, "web"), (std::vector<std::string>{"x 2"}));
        answers = false;
        executor.runFor(15s);
        QVERIFY(!table->of({"shop", "web"}));
        scraper.stop();
        executor.runFor(60s);
        QCOMPARE(asked, 3);
        informers.stop();
        executor.runReady();
    }

    void hollowPodsExposeWhatTheirAnnotationsSay() {
        base::SimulatedExecutor executor(1);
        tests::FakeClient client(executor);
        client::InformerFactory informers(client, executor);
        const auto table = std::make_shared<SeriesTable>();
        PodScraper scraper(
            executor, executor, [](const ScrapeTarget&) { return fail(Reason::NotFound, "must not be asked"); }, table,
            15s);
        scraper.begin(informers);
        corev1::Node node;
        node.metadata.name = "n1";
        node.metadata.labels = {{"quarterdeck.dev/hollow", "true"}};
        client.put(node);
        corev1::Pod hollow = pod("web");
        hollow.metadata.annotations["hollow.quarterdeck.dev/metric.http_requests"] = "1500m";
        hollow.metadata.annotations["hollow.quarterdeck.dev/metrics"] = "queue{name=\"a\"} 3\nqueue{name=\"b\"} 4";
        client.put(hollow);
        informers.start();
        executor.runFor(2s);
        QCOMPARE(shown(*table, "web"),
                 (std::vector<std::string>{"http_requests 1500m", "queue name=a 3", "queue name=b 4"}));
        scraper.stop();
        informers.stop();
        executor.runReady();
    }

    void objectsHaveTheSumOfWhatDescribesThem_data() {
        QTest::addColumn<QString>("resource");
        QTest::addColumn<QString>("object");
        QTest::addColumn<QString>("series");
        QTest::addColumn<QString>("value");
        QTest::newRow("a Pod") << "pods"
                               << "web-0"
                               << ""
                               << "5";
        QTest::newRow("a Pod by its singular name") << "pod"
                                                    << "web-0"
                                                    << ""
                                                    << "5";
        QTest::newRow("some of a Pod's series") << "pods"
                                                << "web-0"
                                                << "verb=GET"
                                                << "3";
        QTest::newRow("the Pods of a Service") << "services"
                                               << "web"
                                               << ""
                                               << "15";
        QTest::newRow("what a label names") << "ingresses"
                                            << "main"
                                            << ""
                                            << "40";
        QTest::newRow("a namespace") << "namespaces"
                                     << "shop"
                                     << ""
                                     << "55";
        QTest::newRow("no series left") << "pods"
                                        << "web-0"
                                        << "verb=PATCH"
                                        << "the server could not find the metric requests for pods web-0";
        QTest::newRow("nobody's object") << "services"
                                         << "other"
                                         << ""
                                         << "the server could not find the metric requests for services other";
        QTest::newRow("no such resource") << "sundials"
                                          << "a"
                                          << ""
                                          << "the server could not find the metric requests for sundials";
    }
    void objectsHaveTheSumOfWhatDescribesThem() {
        Shop shop;
        shop.expose("web-0", "requests{verb=\"GET\"} 3\nrequests{verb=\"PUT\"} 2");
        shop.expose("web-1", "requests{verb=\"GET\"} 10");
        shop.expose("proxy", "requests{ingress=\"main\"} 40");
        QFETCH(QString, resource);
        QFETCH(QString, object);
        QFETCH(QString, series);
        const auto value =
            shop.value(resource.toStdString(), object.toStdString(), "requests", series.toStdString().c_str());
        QTEST(QString::fromStdString(value), "value");
    }

    void anUnknownMetricIsSaidToBeSo() {
        Shop shop;
        QCOMPARE(shop.value("pods", "web-0", "requests"),
                 std::string("the server could not find the metric requests for pods"));
    }

    void allObjectsOfASelectorThatHaveTheMetricAnswer() {
        Shop shop;
        shop.expose("web-0", "requests 1");
        shop.expose("web-1", "requests 2");
        shop.expose("proxy", "requests 3");
        const auto values =
            shop.custom.ofObjects({.group = {}, .resource = "pods", .ns = "shop", .name = "requests", .series = {}},
                                  api::LabelSelector::parse("app=web").value());
        QVERIFY(values.has_value());
        QCOMPARE(values->size(), 2U);
        QCOMPARE(values->at(0).object, std::string("web-0"));
        QCOMPARE(values->at(1).value.milli, 2000);
        const auto services = shop.custom.ofObjects(
            {.group = {}, .resource = "services", .ns = "shop", .name = "requests", .series = {}}, {});
        QCOMPARE(services->size(), 1U);
        QCOMPARE(services->at(0).value.milli, 3000);
    }

    void externalMetricsAreTheSeriesOfTheNamespace() {
        Shop shop;
        shop.expose("proxy", "queue{name=\"mail\"} 30\nqueue{name=\"sms\"} 4");
        const auto values = shop.custom.external("shop", "queue", api::LabelSelector::parse("name=mail").value());
        QVERIFY(values.has_value());
        QCOMPARE(values->size(), 1U);
        QCOMPARE(values->at(0).value.milli, 30'000);
        QCOMPARE(values->at(0).labels.at("pod"), std::string("proxy"));
        QVERIFY(shop.custom.external("elsewhere", "queue", {})->empty());
        QCOMPARE(shop.custom.external("shop", "other", {}).error().message,
                 std::string("the server could not find the metric other for provided labels"));
    }

    void offersNameEachMetricForEachKindThatItDescribes() {
        Shop shop;
        shop.expose("proxy", "requests{ingress=\"main\"} 40");
        QStringList offers;
        for (const auto& offer : shop.custom.offers())
            offers << QString::fromStdString(offer.groupResource + "/" + offer.metric) + (offer.namespaced ? "" : "!");
        QCOMPARE(offers.join(' '), QString("ingresses.networking.k8s.io/requests namespaces/requests! pods/requests "
                                           "services/requests"));
    }
};

QTEST_GUILESS_MAIN(CustomMetricsTest)
#include "custom_metrics_test.moc"
