#include <QtTest>

#include "cluster/api/types/rbac_v1.h"
#include "cluster/controllers/controllers.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;

namespace {

rbacv1::PolicyRule rule(const std::string& resource) {
    rbacv1::PolicyRule made;
    made.verbs = {"get"};
    made.apiGroups = {""};
    made.resources = {resource};
    return made;
}

rbacv1::ClusterRole role(const std::string& name, const std::vector<std::string>& resources, const std::string& label = {}) {
    rbacv1::ClusterRole made;
    made.metadata.name = name;
    for (const auto& resource : resources) made.rules.push_back(rule(resource));
    if (!label.empty()) made.metadata.labels[label] = "true";
    return made;
}

rbacv1::ClusterRole gathering(const std::string& name, const std::string& label, const std::string& ownLabel = {}) {
    rbacv1::ClusterRole made = role(name, {}, ownLabel);
    made.aggregationRule.emplace().clusterRoleSelectors.emplace_back().matchLabels[label] = "true";
    return made;
}

std::vector<Descriptor> alone() {
    std::vector<Descriptor> chosen;
    for (auto& descriptor : controllerDescriptors()) {
        if (descriptor.alias == "clusterrole-aggregation") chosen.push_back(std::move(descriptor));
    }
    return chosen;
}

QString rulesOf(Scene& scene, const std::string& name) {
    QStringList resources;
    const auto found = scene.client.get(client::resourceOf<rbacv1::ClusterRole>(), "", name, "");
    if (!found) return {};
    for (const auto& each : static_cast<const rbacv1::ClusterRole&>(**found).rules) resources << QString::fromStdString(each.resources.front());
    return resources.join(' ');
}

}  // namespace

class ClusterRoleAggregationTest : public QObject {
    Q_OBJECT
private slots:
    void aRoleHasTheRulesOfThoseItGathersEachOnceByName() {
        Scene scene(alone());
        scene.client.put(gathering("view", "to-view"));
        scene.client.put(role("b", {"pods", "nodes"}, "to-view"));
        scene.client.put(role("a", {"secrets", "pods"}, "to-view"));
        scene.client.put(role("c", {"services"}));
        scene.settle();
        QCOMPARE(rulesOf(scene, "view"), QString("secrets pods nodes"));
    }

    void whatIsGatheredIsGatheredAgain() {
        Scene scene(alone());
        scene.client.put(gathering("admin", "to-admin"));
        scene.client.put(gathering("edit", "to-edit", "to-admin"));
        scene.client.put(role("base", {"pods"}, "to-edit"));
        scene.settle();
        QCOMPARE(rulesOf(scene, "admin"), QString("pods"));
    }

    void aRoleThatComesLaterIsTakenIn() {
        Scene scene(alone());
        scene.client.put(gathering("view", "to-view"));
        scene.settle();
        QCOMPARE(rulesOf(scene, "view"), QString());
        scene.client.put(role("widgets", {"widgets"}, "to-view"));
        scene.settle();
        QCOMPARE(rulesOf(scene, "view"), QString("widgets"));
    }

    void aRoleWithItsOwnRulesIsLeftAlone() {
        Scene scene(alone());
        scene.client.put(role("own", {"pods"}));
        scene.client.put(role("a", {"secrets"}, "to-view"));
        scene.settle();
        QCOMPARE(rulesOf(scene, "own"), QString("pods"));
    }
};

QTEST_APPLESS_MAIN(ClusterRoleAggregationTest)
#include "clusterrole_aggregation_test.moc"
