#include <QtTest>

#include "cluster/base/simulation.h"
#include "cluster/scheduler/plugins/inter_pod_affinity.h"
#include "tests/cluster/scheduler/no_client.h"
#include "tests/cluster/scheduler/scene.h"

using namespace qd;
using namespace qd::scheduler;
using namespace qd::scheduler::testing;

namespace {

const std::string kNotBeside = "node(s) didn't match pod affinity rules";
const std::string kBesideUnwanted = "node(s) didn't match pod anti-affinity rules";
const std::string kUnwanted = "node(s) didn't satisfy existing pods anti-affinity rules";

corev1::PodAffinityTerm beside(const std::string& app, const std::string& key) {
    corev1::PodAffinityTerm term;
    term.labelSelector.emplace().matchLabels["app"] = app;
    term.topologyKey = key;
    return term;
}

corev1::Pod app(const std::string& name, const std::string& label) { return labelled(pod(name), "app", label); }

corev1::Pod near(corev1::Pod pod, const std::string& app, const std::string& key) {
    pod.spec.affinity.ensure().podAffinity.ensure().requiredDuringSchedulingIgnoredDuringExecution.push_back(beside(app, key));
    return pod;
}

corev1::Pod awayFrom(corev1::Pod pod, const std::string& app, const std::string& key) {
    pod.spec.affinity.ensure().podAntiAffinity.ensure().requiredDuringSchedulingIgnoredDuringExecution.push_back(beside(app, key));
    return pod;
}

corev1::WeightedPodAffinityTerm weighted(std::int32_t weight, corev1::PodAffinityTerm term) {
    corev1::WeightedPodAffinityTerm each;
    each.weight = weight;
    each.podAffinityTerm = std::move(term);
    return each;
}

// Two nodes in one zone, one in another, one nowhere.
struct Zones {
    Zones() : scene(Scene::of<InterPodAffinity>(informers)) {
        scene.add(labelled(node("a1"), "zone", "a"));
        scene.add(labelled(node("a2"), "zone", "a"));
        scene.add(labelled(node("b1"), "zone", "b"));
        scene.add(node("nowhere"));
    }
    NoClient client;
    base::SimulatedExecutor executor{1};
    client::InformerFactory informers{client, executor};
    Scene scene;
};

using Said = std::vector<std::string>;

}  // namespace

class InterPodAffinityTest : public QObject {
    Q_OBJECT
private slots:
    void aPodStandsInTheDomainOfThoseItWants() {
        Zones zones;
        const auto subject = near(app("x", "web"), "db", "zone");
        QCOMPARE(zones.scene.filter(subject), (Said{kNotBeside, kNotBeside, kNotBeside, kNotBeside}));
        zones.scene.add(onNode(app("1", "db"), "a1"));
        QCOMPARE(zones.scene.filter(subject), (Said{"", "", kNotBeside, kNotBeside}));
        auto elsewhere = onNode(app("2", "db"), "b1");
        elsewhere.metadata.namespace_ = "other";
        zones.scene.add(elsewhere);
        QCOMPARE(zones.scene.filter(subject), (Said{"", "", kNotBeside, kNotBeside}));
    }

    void theFirstOfAGroupMayStandAnywhereWithADomain() {
        Zones zones;
        const auto subject = near(app("x", "web"), "web", "zone");
        QCOMPARE(zones.scene.filter(subject), (Said{"", "", "", kNotBeside}));
        zones.scene.add(onNode(app("1", "web"), "b1"));
        QCOMPARE(zones.scene.filter(subject), (Said{kNotBeside, kNotBeside, "", kNotBeside}));
    }

    void onePodMustBeWhatAllTermsWant() {
        Zones zones;
        zones.scene.add(onNode(app("1", "db"), "a1"));
        zones.scene.add(onNode(labelled(app("2", "cache"), "tier", "back"), "b1"));
        auto subject = near(app("x", "web"), "cache", "zone");
        auto& terms = subject.spec.affinity->podAffinity->requiredDuringSchedulingIgnoredDuringExecution;
        terms.push_back(terms.front());
        terms.back().labelSelector->matchLabels = {{"tier", "back"}};
        QCOMPARE(zones.scene.filter(subject), (Said{kNotBeside, kNotBeside, "", kNotBeside}));
        terms.back().labelSelector->matchLabels = {{"app", "db"}};
        QCOMPARE(zones.scene.filter(subject), (Said{kNotBeside, kNotBeside, kNotBeside, kNotBeside}));
    }

    void aPodKeepsAwayFromThoseItDoesNotWant() {
        Zones zones;
        zones.scene.add(onNode(app("1", "web"), "a1"));
        QCOMPARE(zones.scene.filter(awayFrom(app("x", "web"), "web", "kubernetes.io/hostname")), (Said{kBesideUnwanted, "", "", ""}));
        QCOMPARE(zones.scene.filter(awayFrom(app("x", "web"), "web", "zone")), (Said{kBesideUnwanted, kBesideUnwanted, "", ""}));
    }

    void thoseWhoStandThereAreAskedToo() {
        Zones zones;
        zones.scene.add(onNode(awayFrom(app("1", "db"), "web", "zone"), "b1"));
        QCOMPARE(zones.scene.filter(app("x", "web")), (Said{"", "", kUnwanted, ""}));
        QCOMPARE(zones.scene.filter(app("y", "cache")), (Said{"", "", "", ""}));
    }

    void anEmptyNamespaceSelectorMeansAllNamespaces() {
        Zones zones;
        auto other = onNode(app("1", "db"), "a1");
        other.metadata.namespace_ = "other";
        zones.scene.add(other);
        auto subject = near(app("x", "web"), "db", "zone");
        QCOMPARE(zones.scene.filter(subject).front(), kNotBeside);
        auto& term = subject.spec.affinity->podAffinity->requiredDuringSchedulingIgnoredDuringExecution.front();
        term.namespaceSelector.emplace();
        QCOMPARE(zones.scene.filter(subject).front(), std::string());
        term.namespaceSelector.reset();
        term.namespaces = {"other"};
        QCOMPARE(zones.scene.filter(subject).front(), std::string());
    }

    void preferencesOfBothSidesAddUp() {
        Zones zones;
        auto fond = onNode(app("1", "db"), "b1");
        fond.spec.affinity.ensure().podAffinity.ensure().preferredDuringSchedulingIgnoredDuringExecution = {weighted(10, beside("web", "zone"))};
        zones.scene.add(fond);
        zones.scene.add(onNode(app("2", "noisy"), "a1"));
        auto subject = app("x", "web");
        QCOMPARE(zones.scene.score(subject), (std::vector<std::int64_t>{0, 0, 100, 0}));
        subject.spec.affinity.ensure().podAntiAffinity.ensure().preferredDuringSchedulingIgnoredDuringExecution = {weighted(30, beside("noisy", "kubernetes.io/hostname"))};
        // -30, 0, 10, 0 over a range of 40
        QCOMPARE(zones.scene.score(subject), (std::vector<std::int64_t>{0, 75, 100, 75}));
    }

    void onlyWhatConcernsThePodWakesIt() {
        Zones zones;
        const InterPodAffinity plugin(zones.informers);
        const auto subject = zones.scene.info(awayFrom(near(app("x", "web"), "db", "zone"), "web", "zone"));
        const auto event = [](Happening what, std::optional<corev1::Pod> before, std::optional<corev1::Pod> after) {
            return ClusterEvent{what, before ? shared(*before) : nullptr, after ? shared(*after) : nullptr};
        };
        QVERIFY(plugin.mayHelp(*subject, event(Happening::PodAssigned, {}, onNode(app("1", "db"), "a1"))));
        QVERIFY(!plugin.mayHelp(*subject, event(Happening::PodAssigned, {}, onNode(app("1", "cache"), "a1"))));
        QVERIFY(plugin.mayHelp(*subject, event(Happening::PodRemoved, onNode(app("1", "web"), "a1"), {})));
        QVERIFY(!plugin.mayHelp(*subject, event(Happening::PodRemoved, onNode(app("1", "db"), "a1"), {})));
        QVERIFY(plugin.mayHelp(*subject, event(Happening::PodRemoved, onNode(awayFrom(app("1", "db"), "web", "zone"), "a1"), {})));
        QVERIFY(plugin.mayHelp(*subject, event(Happening::PodLabels, onNode(app("1", "old"), "a1"), onNode(app("1", "db"), "a1"))));
        QVERIFY(plugin.mayHelp(*subject, ClusterEvent{Happening::NodeLabels, shared(node("n")), shared(labelled(node("n"), "zone", "c"))}));
        QVERIFY(!plugin.mayHelp(*subject, ClusterEvent{Happening::NodeLabels, shared(node("n")), shared(labelled(node("n"), "disk", "ssd"))}));
    }
};

QTEST_APPLESS_MAIN(InterPodAffinityTest)
#include "inter_pod_affinity_test.moc"
