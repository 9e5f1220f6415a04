#include <QtTest>

#include "cluster/api/types/apps_v1.h"
#include "cluster/controllers/controllers.h"
#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

std::vector<Descriptor> alone() {
    for (auto& descriptor : controllerDescriptors()) {
        if (descriptor.alias == "resourcequota") return {descriptor};
    }
    return {};
}

corev1::ResourceQuota quota(const api::Map<api::Quantity>& hard) {
    corev1::ResourceQuota made;
    made.metadata.name = "all";
    made.metadata.namespace_ = "default";
    made.spec.hard = hard;
    return made;
}

corev1::Pod pod(const std::string& name, const char* cpu) {
    corev1::Pod made;
    made.metadata.name = name;
    made.metadata.namespace_ = "default";
    auto& container = made.spec.containers.emplace_back();
    container.name = "web";
    container.resources.requests["cpu"] = api::Quantity::of(cpu);
    return made;
}

QString used(Scene& scene) {
    QStringList words;
    for (const auto& [name, amount] : scene.client.stored<corev1::ResourceQuota>("default", "all")->status.used) {
        words << QString::fromStdString(name + "=" + amount.toString());
    }
    return words.join(' ');
}

}  // namespace

class ResourceQuotaControllerTest : public QObject {
    Q_OBJECT
private slots:
    void aNewQuotaIsMeasured() {
        Scene scene(alone());
        scene.client.put(pod("a", "300m"));
        scene.client.put(pod("b", "400m"));
        auto elsewhere = pod("c", "1");
        elsewhere.metadata.namespace_ = "other";
        scene.client.put(elsewhere);
        scene.client.put(quota({{"pods", api::Quantity(5)}, {"requests.cpu", api::Quantity(1)}, {"count/deployments.apps", api::Quantity(1)}}));
        scene.settle();
        QCOMPARE(used(scene), QString("count/deployments.apps=0 pods=2 requests.cpu=700m"));
        QCOMPARE(scene.client.stored<corev1::ResourceQuota>("default", "all")->status.hard.size(), 3U);
    }

    void whatIsDeletedIsGivenBack() {
        Scene scene(alone());
        scene.client.put(pod("a", "300m"));
        scene.client.put(quota({{"pods", api::Quantity(5)}}));
        scene.settle();
        QVERIFY(scene.client.remove(client::resourceOf<corev1::Pod>(), "default", "a"));
        scene.settle();
        QCOMPARE(used(scene), QString("pods=0"));
    }

    void aPodThatHasEndedIsOnlyCountedAsAnObject() {
        Scene scene(alone());
        scene.client.put(pod("a", "300m"));
        scene.client.put(quota({{"pods", api::Quantity(5)}, {"count/pods", api::Quantity(5)}, {"requests.cpu", api::Quantity(1)}}));
        scene.settle();
        auto ended = pod("a", "300m");
        ended.status.phase = "Succeeded";
        scene.client.put(ended);
        scene.settle();
        QCOMPARE(used(scene), QString("count/pods=1 pods=0 requests.cpu=0"));
    }

    void aPodThatIsResizedIsChargedForTheMostOfWhatItAsksAndHas() {
        Scene scene(alone());
        auto resized = pod("a", "300m");
        resized.spec.containers[0].resources.limits["cpu"] = api::Quantity::of("400m");
        auto& status = resized.status.containerStatuses.emplace_back();
        status.name = "web";
        status.allocatedResources["cpu"] = api::Quantity::of("500m");
        status.resources.emplace().requests["cpu"] = api::Quantity::of("600m");
        status.resources->limits["cpu"] = api::Quantity::of("700m");
        scene.client.put(resized);
        scene.client.put(quota({{"limits.cpu", api::Quantity(2)}, {"requests.cpu", api::Quantity(2)}}));
        scene.settle();
        QCOMPARE(used(scene), QString("limits.cpu=700m requests.cpu=600m"));
        // Its node has made it smaller: the rest is given back.
        resized.status.containerStatuses[0].allocatedResources["cpu"] = api::Quantity::of("300m");
        resized.status.containerStatuses[0].resources->requests["cpu"] = api::Quantity::of("300m");
        resized.status.containerStatuses[0].resources->limits["cpu"] = api::Quantity::of("400m");
        scene.client.put(resized);
        scene.settle();
        QCOMPARE(used(scene), QString("limits.cpu=400m requests.cpu=300m"));
        // What the node can never give is not charged.
        resized.spec.containers[0].resources.requests["cpu"] = resized.spec.containers[0].resources.limits["cpu"] = api::Quantity(1);
        scene.client.put(resized);
        scene.settle();
        resized.status.conditions.resize(1);
        resized.status.conditions[0].type = "PodResizePending";
        resized.status.conditions[0].reason = "Infeasible";
        scene.client.put(resized);
        scene.settle();
        QCOMPARE(used(scene), QString("limits.cpu=400m requests.cpu=300m"));
    }

    void aChangedQuotaForgetsWhatItNoLongerNames() {
        Scene scene(alone());
        scene.client.put(quota({{"pods", api::Quantity(5)}, {"secrets", api::Quantity(5)}}));
        scene.settle();
        auto changed = *scene.client.stored<corev1::ResourceQuota>("default", "all");
        changed.spec.hard.erase("secrets");
        changed.spec.hard["services"] = api::Quantity(2);
        scene.client.put(changed);
        scene.settle();
        QCOMPARE(used(scene), QString("pods=0 services=0"));
    }

    void scopesBoundWhatIsMeasured() {
        Scene scene(alone());
        scene.client.put(pod("burstable", "300m"));
        corev1::Pod bestEffort = pod("best-effort", "0");
        bestEffort.spec.containers[0].resources.requests.clear();
        scene.client.put(bestEffort);
        auto scoped = quota({{"pods", api::Quantity(5)}});
        scoped.spec.scopes = {"BestEffort"};
        scene.client.put(scoped);
        scene.settle();
        QCOMPARE(used(scene), QString("pods=1"));
    }

    void whatWasChargedForNothingComesToLightInTime() {
        Scene scene(alone());
        scene.client.put(quota({{"pods", api::Quantity(5)}}));
        scene.settle();
        auto charged = *scene.client.stored<corev1::ResourceQuota>("default", "all");
        charged.status.used["pods"] = api::Quantity(3);
        scene.client.put(charged);
        scene.settle();
        QCOMPARE(used(scene), QString("pods=3"));
        scene.runFor(6min);
        QCOMPARE(used(scene), QString("pods=0"));
    }
};

QTEST_APPLESS_MAIN(ResourceQuotaControllerTest)
#include "resource_quota_test.moc"
