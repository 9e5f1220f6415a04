// Nodes are drained, one after another and two at once, of a Deployment with a disruption budget.
#include <fmt/format.h>

#include "cluster/api/types/apps_v1.h"
#include "tests/simulation/invariants/evictions.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "default";
const std::string kName = "web";

class DisruptionWorld final : public World {
public:
    explicit DisruptionWorld(std::uint64_t seed) : World(seed, {}) {
        holdTo<EvictionsInvariant>(kNamespace, kName);
        m_drain = cluster().clientOf("drain");
    }

private:
    void begin() override {
        appsv1::Deployment deployment;
        deployment.metadata.namespace_ = kNamespace;
        deployment.metadata.name = kName;
        deployment.spec.replicas = static_cast<std::int32_t>(4 + below(4));
        deployment.spec.selector.emplace().matchLabels["app"] = kName;
        deployment.spec.template_ = podsOf(kName);
        deployment.spec.template_.metadata.annotations["hollow.quarterdeck.dev/stops-after"] =
            fmt::format("{}s", below(5));
        create(deployment);
        policyv1::PodDisruptionBudget budget;
        budget.metadata.namespace_ = kNamespace;
        budget.metadata.name = kName;
        budget.spec.selector.emplace().matchLabels["app"] = kName;
        if (oneIn(2)) {
            budget.spec.minAvailable = oneIn(2) ? api::IntOrString(3) : api::IntOrString("60%");
        } else {
            budget.spec.maxUnavailable =
                oneIn(2) ? api::IntOrString(static_cast<std::int32_t>(1 + below(2))) : api::IntOrString("30%");
        }
        create(budget);
    }

    void act() override {
        switch (below(8)) {
            case 0:
                return killAnyPod(kNamespace);
            case 1:
                return cordon(anyNode(), false);
            case 2:
                return change<appsv1::Deployment>(kNamespace, kName, [this](auto& deployment) {
                    deployment.spec.template_.spec.containers[0].image =
                        fmt::format("registry.example/app:{}", ++m_version);
                });
            default:
                return drain(anyNode());
        }
    }

    void cordon(const std::string& node, bool unschedulable) {
        change<corev1::Node>("", node, [unschedulable](auto& changed) { changed.spec.unschedulable = unschedulable; });
    }

    // As kubectl drain: what the budget refuses is tried again after a while.
    void drain(const std::string& node) {
        cordon(node, true);
        for (int round = 0; round < 5; ++round) {
            for (const auto& pod : listed<corev1::Pod>(kNamespace)) {
                if (pod->spec.nodeName != node || pod->metadata.deletionTimestamp) continue;
                policyv1::Eviction eviction;
                eviction.metadata.namespace_ = kNamespace;
                eviction.metadata.name = pod->metadata.name;
                (void)m_drain->create(client::resourceOf<corev1::Pod>(), kNamespace, eviction, {}, pod->metadata.name,
                                      "eviction");
            }
            run(std::chrono::seconds(1 + below(5)));
        }
        if (!oneIn(3)) cordon(node, false);
    }

    void wind() override {
        for (const auto& node : cluster().nodes().names()) cordon(node, false);
    }

    std::optional<std::string> settled() override {
        const auto deployment = get<appsv1::Deployment>(kNamespace, kName);
        const auto wanted = deployment->spec.replicas.value_or(1);
        const auto& status = deployment->status;
        if (status.updatedReplicas != wanted || status.replicas != wanted || status.readyReplicas != wanted)
            return "the Deployment is not rolled out";
        const auto budget = get<policyv1::PodDisruptionBudget>(kNamespace, kName);
        if (budget->status.currentHealthy != wanted || budget->status.expectedPods != wanted ||
            budget->status.disruptionsAllowed != wanted - budget->status.desiredHealthy ||
            !budget->status.disruptedPods.empty()) {
            return "the budget's status is not what is there";
        }
        return std::nullopt;
    }

    std::unique_ptr<client::Client> m_drain;
    int m_version = 0;
};

}  // namespace

std::unique_ptr<World> disruptionWorld(std::uint64_t seed) {
    return std::make_unique<DisruptionWorld>(seed);
}

}  // namespace qd::simulation
