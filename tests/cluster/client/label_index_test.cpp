#include "cluster/client/label_index.h"

#include <QtTest>

#include "tests/support/fake_client.h"

using namespace qd;
using namespace qd::tests;

namespace {

corev1::Pod pod(const std::string& name, const api::Labels& labels, const std::string& ns = "default") {
    corev1::Pod object;
    object.metadata.namespace_ = ns;
    object.metadata.name = name;
    object.metadata.labels = labels;
    return object;
}

corev1::Service service(const std::string& name, const api::Labels& selector, const std::string& ns = "default") {
    corev1::Service object;
    object.metadata.namespace_ = ns;
    object.metadata.name = name;
    object.spec.selector = selector;
    return object;
}

template <typename Objects>
QString names(const Objects& objects) {
    QStringList all;
    for (const auto& each : objects) all << QString::fromStdString(each->metadata.name);
    return all.join(' ');
}

struct Bench {
    Bench() : pods(informers.informer(client::resourceOf<corev1::Pod>())), services(informers.informer(client::resourceOf<corev1::Service>())) {
        client::addLabelIndex(pods);
        client::addSelectorIndex(services);
        client::addSelectorIndex(services);  // another who needs it
        informers.start();
        executor.runReady();
    }
    void put(const api::Object& object) {
        server.put(object);
        executor.runReady();
    }
    QString found(const api::Labels& labels, const std::string& ns = "default") { return names(client::withLabels(pods, ns, labels)); }
    QString selecting(const api::Labels& labels, const std::string& ns = "default") {
        QStringList sorted = names(client::servicesSelecting(services, ns, labels)).split(' ');
        sorted.sort();
        return sorted.join(' ');
    }

    base::SimulatedExecutor executor{1};
    FakeClient server{executor};
    client::InformerFactory informers{server, executor};
    client::Informer& pods;
    client::Informer& services;
};

}  // namespace

class LabelIndexTest : public QObject {
    Q_OBJECT
private slots:
    void objectsAreFoundByAllTheirLabels() {
        Bench bench;
        bench.put(pod("b", {{"app", "web"}, {"tier", "front"}}));
        bench.put(pod("a", {{"app", "web"}}));
        bench.put(pod("c", {{"app", "db"}, {"tier", "front"}}));
        bench.put(pod("d", {{"app", "web"}}, "other"));
        QCOMPARE(bench.found({{"app", "web"}}), QString("a b"));
        QCOMPARE(bench.found({{"app", "web"}, {"tier", "front"}}), QString("b"));
        QCOMPARE(bench.found({{"app", "web"}}, "other"), QString("d"));
        QCOMPARE(bench.found({{"app", "none"}}), QString());
        QCOMPARE(bench.found({}), QString());
    }

    void theIndexFollowsChanges() {
        Bench bench;
        bench.put(pod("a", {{"app", "web"}}));
        auto changed = *bench.server.stored<corev1::Pod>("default", "a");
        changed.spec.nodeName = "n";
        bench.put(changed);
        QCOMPARE(client::as<corev1::Pod>(client::withLabels(bench.pods, "default", {{"app", "web"}}).at(0))->spec.nodeName, std::string("n"));
        changed = *bench.server.stored<corev1::Pod>("default", "a");
        changed.metadata.labels = {{"app", "db"}};
        bench.put(changed);
        QCOMPARE(bench.found({{"app", "web"}}), QString());
        QCOMPARE(bench.found({{"app", "db"}}), QString("a"));
        bench.server.erase(client::resourceOf<corev1::Pod>(), "default", "a");
        bench.executor.runReady();
        QCOMPARE(bench.found({{"app", "db"}}), QString());
    }

    void servicesAreFoundByThePodsThatTheySelect() {
        Bench bench;
        bench.put(service("web", {{"app", "web"}}));
        bench.put(service("front", {{"app", "web"}, {"tier", "front"}}));
        bench.put(service("tiers", {{"tier", "front"}}));
        bench.put(service("headless", {}));
        bench.put(service("elsewhere", {{"app", "web"}}, "other"));
        QCOMPARE(bench.selecting({{"app", "web"}}), QString("web"));
        QCOMPARE(bench.selecting({{"app", "web"}, {"tier", "front"}}), QString("front tiers web"));
        QCOMPARE(bench.selecting({{"app", "web"}}, "other"), QString("elsewhere"));
        QCOMPARE(bench.selecting({}), QString());
    }
};

QTEST_APPLESS_MAIN(LabelIndexTest)
#include "label_index_test.moc"
