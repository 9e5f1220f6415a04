// What one question to the authorisers costs: RBAC over the default policy and 1,000 namespaces with three bindings each, the
// Node authorizer over 10,000 Pods on 100 nodes. Also the price of the first question after a binding has changed.
#include <benchmark/benchmark.h>

#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/auth/default_policy.h"
#include "cluster/apiserver/auth/node_authorizer.h"
#include "cluster/apiserver/auth/rbac.h"
#include "cluster/store/api_codec.h"

namespace {

using namespace qd;
using namespace qd::apiserver;

constexpr int kNamespaces = 1000;
constexpr int kPods = 10'000;
constexpr int kNodes = 100;

std::string numbered(const char* name, int i) { return name + std::to_string(i); }

struct Cluster {
    Cluster() : store(*store::Store::open({.file = {}, .commit = store::CommitMode::Inline}, codec, clock)) {
        const auto policy = *defaultPolicy();
        for (const auto& role : policy.clusterRoles) put("clusterroles.rbac.authorization.k8s.io", role);
        for (const auto& binding : policy.clusterRoleBindings) put("clusterrolebindings.rbac.authorization.k8s.io", binding);
        for (const auto& role : policy.clusterRoles) {
            if (role.metadata.name == "system:node") nodeRules = role.rules;
        }
        for (int i = 0; i < kNamespaces; ++i) addBindings(numbered("ns-", i), i);
        for (int i = 0; i < kPods; ++i) addPod(i);
    }

    template <typename T>
    void put(const std::string& resource, const T& object) {
        auto copy = std::make_unique<T>(object);
        copy->metadata.uid = "uid";
        store::Key key{resource, copy->metadata.namespace_, copy->metadata.name};
        (void)store->submit({.operation = store::Operation::Create, .key = std::move(key), .object = std::move(copy), .actor = "bench"});
    }

    void addBindings(const std::string& ns, int i) {
        for (const char* role : {"edit", "view", "admin"}) {
            rbacv1::RoleBinding binding;
            binding.metadata.namespace_ = ns;
            binding.metadata.name = role;
            binding.roleRef = {.apiGroup = "rbac.authorization.k8s.io", .kind = "ClusterRole", .name = std::string("system:aggregate-to-") + role};
            binding.subjects = {{.kind = "User", .name = numbered("user-", i)}, {.kind = "ServiceAccount", .name = "default", .namespace_ = ns}};
            put("rolebindings.rbac.authorization.k8s.io", binding);
        }
    }

    void addPod(int i) {
        corev1::Pod pod;
        pod.metadata.namespace_ = numbered("ns-", i % kNamespaces);
        pod.metadata.name = numbered("pod-", i);
        pod.spec.nodeName = numbered("node-", i % kNodes);
        pod.spec.serviceAccountName = "default";
        pod.spec.imagePullSecrets.emplace_back().name = numbered("secret-", i);
        put("pods", pod);
    }

    base::SystemClock clock;
    store::ApiCodec codec;
    std::unique_ptr<store::Store> store;
    std::vector<rbacv1::PolicyRule> nodeRules;
};

Cluster& cluster() {
    static Cluster made;
    return made;
}

AuthorizationAttributes question(const User& user, const char* verb, const char* resource, std::string ns, std::string name) {
    AuthorizationAttributes asked;
    asked.user = &user;
    asked.verb = verb;
    asked.resource = resource;
    asked.namespace_ = std::move(ns);
    asked.name = std::move(name);
    return asked;
}

void ask(benchmark::State& state, const Authorizer& authorizer, const AuthorizationAttributes& asked, bool allowed) {
    for (auto _ : state) {
        const Verdict verdict = authorizer.authorize(asked);
        if ((verdict.decision == Decision::Allow) != allowed) state.SkipWithError("another answer was expected");
    }
}

const User kPerson{.name = "user-500", .uid = {}, .groups = {"system:authenticated"}, .extra = {}};

void rbacAllows(benchmark::State& state) {
    const RbacAuthorizer rbac(*cluster().store);
    ask(state, rbac, question(kPerson, "list", "pods", "ns-500", ""), true);
}
BENCHMARK(rbacAllows);

void rbacRefuses(benchmark::State& state) {
    const RbacAuthorizer rbac(*cluster().store);
    ask(state, rbac, question(kPerson, "list", "nodes", "", ""), false);
}
BENCHMARK(rbacRefuses);

void rbacAfterAChange(benchmark::State& state) {
    const RbacAuthorizer rbac(*cluster().store);
    const auto asked = question(kPerson, "list", "pods", "ns-500", "");
    int i = 0;
    for (auto _ : state) {
        state.PauseTiming();
        cluster().addBindings(numbered("extra-", i), i);
        ++i;
        state.ResumeTiming();
        benchmark::DoNotOptimize(rbac.authorize(asked));
    }
}
BENCHMARK(rbacAfterAChange)->Iterations(50);

void nodeReadsASecret(benchmark::State& state) {
    const User node{.name = "system:node:node-7", .uid = {}, .groups = {"system:nodes", "system:authenticated"}, .extra = {}};
    const NodeAuthorizer authorizer(*cluster().store, cluster().nodeRules);
    ask(state, authorizer, question(node, "get", "secrets", "ns-7", "secret-7"), true);
}
BENCHMARK(nodeReadsASecret);

}  // namespace

BENCHMARK_MAIN();
