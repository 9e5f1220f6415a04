#include <QtTest>

#include "cluster/controllers/endpointslice_mirroring/endpointslice_mirroring_controller.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

corev1::EndpointSubset subset(const std::vector<std::string>& ready, const std::vector<std::string>& others, std::int32_t port = 5432) {
    corev1::EndpointSubset made;
    for (const auto& ip : ready) made.addresses.emplace_back().ip = ip;
    for (const auto& ip : others) made.notReadyAddresses.emplace_back().ip = ip;
    auto& only = made.ports.emplace_back();
    only.name = "db";
    only.port = port;
    only.protocol = "TCP";
    return made;
}

corev1::Endpoints endpoints(const std::vector<corev1::EndpointSubset>& subsets) {
    corev1::Endpoints made;
    made.metadata.namespace_ = "shop";
    made.metadata.name = "database";
    made.metadata.uid = "endpoints-1";
    made.metadata.labels = {{"tier", "data"}};
    made.metadata.annotations = {{"note", "by hand"}, {corev1::EndpointsLastChangeTriggerTime, "2026-01-01T00:00:00Z"}};
    made.subsets = subsets;
    return made;
}

corev1::Service service(const api::Map<std::string>& selector = {}) {
    corev1::Service made;
    made.metadata.namespace_ = "shop";
    made.metadata.name = "database";
    made.spec.selector = selector;
    return made;
}

// "IPv4 5432 10.0.0.1=r,10.0.0.2=-" of each slice, sorted.
QString text(const std::vector<std::shared_ptr<const discoveryv1::EndpointSlice>>& slices) {
    QStringList lines;
    for (const auto& slice : slices) {
        QStringList parts;
        for (const auto& endpoint : slice->endpoints) parts << QString::fromStdString(endpoint.addresses.at(0)) + (endpoint.conditions.ready.value_or(false) ? "=r" : "=-");
        lines << QString("%1 %2 %3").arg(QString::fromStdString(slice->addressType)).arg(slice->ports.empty() ? 0 : *slice->ports.at(0).port).arg(parts.join(','));
    }
    lines.sort();
    return lines.join('\n');
}

std::shared_ptr<const discoveryv1::EndpointSlice> shared(discoveryv1::EndpointSlice slice, const std::string& name) {
    slice.metadata.name = name;
    return std::make_shared<const discoveryv1::EndpointSlice>(std::move(slice));
}

std::vector<Descriptor> alone() {
    return {{.name = "endpointslice-mirroring-controller", .alias = "endpointslicemirroring", .make = [](Context& context) { return std::make_unique<EndpointSliceMirroringController>(context); }}};
}

}  // namespace

class EndpointSliceMirroringTest : public QObject {
    Q_OBJECT

    std::unique_ptr<Scene> m_scene;
    QString slices() { return text(m_scene->client.all<discoveryv1::EndpointSlice>()); }
    void change(const std::function<void(corev1::Endpoints&)>& how) {
        corev1::Endpoints now = *m_scene->client.stored<corev1::Endpoints>("shop", "database");
        how(now);
        m_scene->client.put(now);
        m_scene->settle();
    }

private slots:
    void init() {
        m_scene = std::make_unique<Scene>(alone());
        m_scene->client.put(service());
        m_scene->client.put(endpoints({subset({"10.0.0.1", "10.0.0.2"}, {"10.0.0.3"})}));
        m_scene->settle();
    }
    void cleanup() { m_scene.reset(); }

    void theMirrorHasWhatTheEndpointsSay() {
        QCOMPARE(slices(), QString("IPv4 5432 10.0.0.1=r,10.0.0.2=r,10.0.0.3=-"));
        const auto slice = m_scene->client.all<discoveryv1::EndpointSlice>().at(0);
        QCOMPARE(slice->metadata.labels.at("kubernetes.io/service-name"), std::string("database"));
        QCOMPARE(slice->metadata.labels.at("endpointslice.kubernetes.io/managed-by"), std::string("endpointslicemirroring-controller.k8s.io"));
        QCOMPARE(slice->metadata.labels.at("tier"), std::string("data"));
        QVERIFY((slice->metadata.annotations == api::Map<std::string>{{"note", "by hand"}}));
        QCOMPARE(slice->metadata.ownerReferences.at(0).kind, std::string("Endpoints"));
        QVERIFY(!slice->endpoints.at(0).conditions.serving);
        m_scene->client.takeWrites();
        m_scene->runFor(60s);
        QVERIFY(m_scene->client.takeWrites().empty());
    }

    void aChangeIsOneUpdateOfTheSameSlice() {
        m_scene->client.takeWrites();
        change([](auto& now) { now.subsets = {subset({"10.0.0.9"}, {})}; });
        QCOMPARE(slices(), QString("IPv4 5432 10.0.0.9=r"));
        QCOMPARE(m_scene->client.takeWrites().size(), 1U);
        change([](auto& now) { now.subsets = {subset({"10.0.0.9"}, {}, 5433)}; });
        QCOMPARE(slices(), QString("IPv4 5433 10.0.0.9=r"));
        const auto writes = m_scene->client.takeWrites();
        QCOMPARE(writes.size(), 1U);
        QVERIFY(writes.at(0).starts_with("update endpointslices shop/database-"));
    }

    void labelsFollow() {
        change([](auto& now) { now.metadata.labels["tier"] = "cache"; });
        QCOMPARE(m_scene->client.all<discoveryv1::EndpointSlice>().at(0)->metadata.labels.at("tier"), std::string("cache"));
    }

    void bothFamiliesHaveSlicesOfTheirOwn() {
        change([](auto& now) { now.subsets = {subset({"10.0.0.1", "fd00::1"}, {})}; });
        QCOMPARE(slices(), QString("IPv4 5432 10.0.0.1=r\nIPv6 5432 fd00::1=r"));
    }

    void addressesThatAreNoneAreToldOf() {
        m_scene->client.takeEvents();
        change([](auto& now) { now.subsets = {subset({"10.0.0.1", "nowhere"}, {})}; });
        QCOMPARE(slices(), QString("IPv4 5432 10.0.0.1=r"));
        QCOMPARE(joined(m_scene->client.takeEvents()), QString("Warning InvalidIPAddress Skipped 1 invalid IP addresses when mirroring to EndpointSlices\n"));
    }

    void tooManyAddressesAreCutAndToldOf() {
        m_scene->client.takeEvents();
        change([](auto& now) {
            std::vector<std::string> many;
            for (int i = 0; i < 1003; ++i) many.push_back("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250));
            now.subsets = {subset(many, {})};
        });
        QCOMPARE(m_scene->client.all<discoveryv1::EndpointSlice>().at(0)->endpoints.size(), 1000U);
        QCOMPARE(joined(m_scene->client.takeEvents()),
                 QString("Warning TooManyAddressesToMirror A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 3 addresses were skipped\n"));
    }

    void noMirrorWithoutNeed_data() {
        QTest::addColumn<int>("reason");
        QTest::newRow("told to skip it") << 0;
        QTest::newRow("a leader's record") << 1;
        QTest::newRow("the Service selects Pods now") << 2;
        QTest::newRow("the Service is gone") << 3;
        QTest::newRow("the Endpoints are gone") << 4;
    }
    void noMirrorWithoutNeed() {
        QFETCH(int, reason);
        if (reason == 0) change([](auto& now) { now.metadata.labels["endpointslice.kubernetes.io/skip-mirror"] = "true"; });
        if (reason == 1) change([](auto& now) { now.metadata.annotations["control-plane.alpha.kubernetes.io/leader"] = "{}"; });
        if (reason == 2) m_scene->client.put(service({{"app", "web"}}));
        if (reason == 3) m_scene->client.erase(client::resourceOf<corev1::Service>(), "shop", "database");
        if (reason == 4) m_scene->client.erase(client::resourceOf<corev1::Endpoints>(), "shop", "database");
        m_scene->settle();
        QCOMPARE(slices(), QString());
    }

    void slicesOfOthersStay() {
        discoveryv1::EndpointSlice other;
        other.metadata.namespace_ = "shop";
        other.metadata.name = "mine";
        other.metadata.labels = {{"kubernetes.io/service-name", "database"}};
        other.addressType = "IPv4";
        m_scene->client.put(other);
        m_scene->client.erase(client::resourceOf<corev1::Endpoints>(), "shop", "database");
        m_scene->settle();
        QCOMPARE(m_scene->client.all<discoveryv1::EndpointSlice>().size(), 1U);
    }

    void aDeletedMirrorIsMadeAnew() {
        const auto slice = m_scene->client.all<discoveryv1::EndpointSlice>().at(0);
        m_scene->client.erase(client::resourceOf<discoveryv1::EndpointSlice>(), "shop", slice->metadata.name);
        m_scene->settle();
        QCOMPARE(slices(), QString("IPv4 5432 10.0.0.1=r,10.0.0.2=r,10.0.0.3=-"));
    }

    void staleCopiesMakeNoSecondMirror() {
        m_scene->client.holdWatches(true);
        change([](auto& now) { now.subsets = {subset({"10.0.0.1", "fd00::1"}, {})}; });
        m_scene->runFor(10s);
        m_scene->client.holdWatches(false);
        m_scene->runFor(10s);
        QCOMPARE(m_scene->client.all<discoveryv1::EndpointSlice>().size(), 2U);
    }

    void surplusSlicesOfOnePortGo() {
        const auto wanted = endpoints({subset({"10.0.0.1"}, {})});
        const auto made = planMirror(wanted, {});
        QCOMPARE(made.create.size(), 1U);
        const auto plan = planMirror(wanted, {shared(made.create.at(0), "a"), shared(made.create.at(0), "b")});
        QVERIFY(plan.create.empty() && plan.update.empty());
        QCOMPARE(plan.remove.size(), 1U);
        QCOMPARE(plan.remove.at(0)->metadata.name, std::string("b"));
    }
};

QTEST_APPLESS_MAIN(EndpointSliceMirroringTest)
#include "endpointslice_mirroring_test.moc"
