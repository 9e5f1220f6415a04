#include "cluster/control_plane/flow_control_bootstrap.h"

#include "cluster/api/types/flowcontrol_v1.h"
#include "cluster/control_plane/bootstrap_batch.h"

namespace qd::control_plane {
namespace {

using flowcontrolv1::FlowSchema;
using flowcontrolv1::PriorityLevelConfiguration;
using flowcontrolv1::Subject;

constexpr const char* kAutoUpdate = "apf.kubernetes.io/autoupdate-spec";

struct Queues {
    std::int32_t count;
    std::int32_t handSize;
};
constexpr std::int32_t kQueueLength = 50;

// No queues: what exceeds the share is rejected.
PriorityLevelConfiguration limited(const char* name, std::int32_t shares, std::int32_t lendable, std::optional<Queues> queues) {
    PriorityLevelConfiguration level;
    level.metadata.name = name;
    level.spec.type = "Limited";
    auto& limits = level.spec.limited.emplace();
    limits.nominalConcurrencyShares = shares;
    limits.lendablePercent = lendable;
    limits.limitResponse.type = queues ? "Queue" : "Reject";
    if (queues) {
        auto& queuing = limits.limitResponse.queuing.emplace();
        queuing.queues = queues->count;
        queuing.handSize = queues->handSize;
        queuing.queueLengthLimit = kQueueLength;
    }
    return level;
}

PriorityLevelConfiguration exempt() {
    PriorityLevelConfiguration level;
    level.metadata.name = "exempt";
    level.spec.type = "Exempt";
    auto& limits = level.spec.exempt.emplace();
    limits.nominalConcurrencyShares = 0;
    limits.lendablePercent = 0;
    return level;
}

std::vector<PriorityLevelConfiguration> levels() {
    return {exempt(),
            limited("catch-all", 5, 0, {}),
            limited("system", 30, 33, Queues{64, 6}),
            limited("node-high", 40, 25, Queues{64, 6}),
            limited("leader-election", 10, 0, Queues{16, 4}),
            limited("workload-high", 40, 50, Queues{128, 6}),
            limited("workload-low", 100, 90, Queues{128, 6}),
            limited("global-default", 20, 50, Queues{128, 6})};
}

Subject group(const char* name) {
    Subject subject;
    subject.kind = "Group";
    subject.group.emplace().name = name;
    return subject;
}

Subject user(const char* name) {
    Subject subject;
    subject.kind = "User";
    subject.user.emplace().name = name;
    return subject;
}

Subject systemAccounts() {
    Subject subject;
    subject.kind = "ServiceAccount";
    auto& account = subject.serviceAccount.emplace();
    account.namespace_ = "kube-system";
    account.name = "*";
    return subject;
}

flowcontrolv1::ResourcePolicyRule resources(std::vector<std::string> verbs, const char* group, std::vector<std::string> names, bool clusterScope) {
    flowcontrolv1::ResourcePolicyRule rule;
    rule.verbs = std::move(verbs);
    rule.apiGroups = {group};
    rule.resources = std::move(names);
    rule.clusterScope = clusterScope;
    rule.namespaces = {"*"};
    return rule;
}

flowcontrolv1::NonResourcePolicyRule paths(const char* verb, std::vector<std::string> urls) {
    flowcontrolv1::NonResourcePolicyRule rule;
    rule.verbs = {verb};
    rule.nonResourceURLs = std::move(urls);
    return rule;
}

// distinguisher: "ByUser", "ByNamespace" or "" for none.
FlowSchema schema(const char* name, const char* level, std::int32_t precedence, const char* distinguisher, flowcontrolv1::PolicyRulesWithSubjects rules) {
    FlowSchema schema;
    schema.metadata.name = name;
    schema.spec.priorityLevelConfiguration.name = level;
    schema.spec.matchingPrecedence = precedence;
    if (*distinguisher != '\0') schema.spec.distinguisherMethod.emplace().type = distinguisher;
    schema.spec.rules = {std::move(rules)};
    return schema;
}

flowcontrolv1::PolicyRulesWithSubjects everythingOf(std::vector<Subject> subjects) {
    flowcontrolv1::PolicyRulesWithSubjects rules;
    rules.subjects = std::move(subjects);
    rules.resourceRules = {resources({"*"}, "*", {"*"}, true)};
    rules.nonResourceRules = {paths("*", {"*"})};
    return rules;
}

std::vector<FlowSchema> schemas() {
    const std::vector<Subject> anybody = {group("system:unauthenticated"), group("system:authenticated")};
    flowcontrolv1::PolicyRulesWithSubjects probes;
    probes.subjects = anybody;
    probes.nonResourceRules = {paths("get", {"/healthz", "/readyz", "/livez"})};
    flowcontrolv1::PolicyRulesWithSubjects elections;
    elections.subjects = {user("system:kube-controller-manager"), user("system:kube-scheduler"), systemAccounts()};
    elections.resourceRules = {resources({"get", "create", "update"}, "coordination.k8s.io", {"leases"}, false)};
    flowcontrolv1::PolicyRulesWithSubjects nodeHealth;
    nodeHealth.subjects = {group("system:nodes")};
    nodeHealth.resourceRules = {resources({"*"}, "", {"nodes", "nodes/status"}, true), resources({"*"}, "coordination.k8s.io", {"leases"}, false)};
    return {schema("exempt", "exempt", 1, "", everythingOf({group("system:masters")})),
            schema("probes", "exempt", 2, "", std::move(probes)),
            schema("system-leader-election", "leader-election", 100, "ByUser", std::move(elections)),
            schema("system-node-high", "node-high", 400, "ByUser", std::move(nodeHealth)),
            schema("system-nodes", "system", 500, "ByUser", everythingOf({group("system:nodes")})),
            schema("kube-controller-manager", "workload-high", 800, "ByNamespace", everythingOf({user("system:kube-controller-manager")})),
            schema("kube-scheduler", "workload-high", 800, "ByNamespace", everythingOf({user("system:kube-scheduler")})),
            schema("kube-system-service-accounts", "workload-high", 900, "ByNamespace", everythingOf({systemAccounts()})),
            schema("service-accounts", "workload-low", 9000, "ByUser", everythingOf({group("system:serviceaccounts")})),
            schema("global-default", "global-default", 9900, "ByUser", everythingOf(anybody)),
            schema("catch-all", "catch-all", 10000, "ByUser", everythingOf(anybody))};
}

template <typename T>
Result<void> ensure(BootstrapBatch& batch, T wanted) {
    wanted.metadata.annotations[kAutoUpdate] = "true";
    const apiserver::Target target = BootstrapBatch::targetOf(wanted);
    const auto present = batch.find<T>(target);
    if (!present) return batch.create(target, wanted);
    const auto annotation = present->metadata.annotations.find(kAutoUpdate);
    const bool isOurs = annotation == present->metadata.annotations.end() || annotation->second != "false";
    if (!isOurs || present->spec == wanted.spec) return {};
    auto updated = std::make_unique<T>(*present);
    updated->spec = wanted.spec;
    updated->metadata.annotations[kAutoUpdate] = "true";
    return batch.update(target, std::move(updated));
}

}  // namespace

Result<void> ensureFlowControl(apiserver::ApiServer& server) {
    BootstrapBatch batch(server);
    for (auto& level : levels()) {
        if (auto done = ensure(batch, std::move(level)); !done) return done;
    }
    for (auto& each : schemas()) {
        if (auto done = ensure(batch, std::move(each)); !done) return done;
    }
    return batch.wait();
}

}  // namespace qd::control_plane
