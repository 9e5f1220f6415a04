// A Deployment with a Service is rolled out again and again, now and then back.
#include <fmt/format.h>

#include "cluster/api/types/apps_v1.h"
#include "tests/simulation/invariants/endpoints.h"
#include "tests/simulation/invariants/rollout.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "default";
const std::string kName = "web";

class DeploymentWorld final : public World {
public:
    explicit DeploymentWorld(std::uint64_t seed)
        : World(seed, {}), m_rollout(holdTo<RolloutInvariant>(kNamespace, kName, [this] {
              return cluster().lostAnswer("deployment-controller", "replicasets");
          })) {
        holdTo<EndpointsInvariant>(kNamespace, kName);
    }

private:
    void begin() override {
        appsv1::Deployment deployment;
        deployment.metadata.namespace_ = kNamespace;
        deployment.metadata.name = kName;
        deployment.spec.replicas = static_cast<std::int32_t>(3 + below(6));
        deployment.spec.selector.emplace().matchLabels["app"] = kName;
        deployment.spec.template_ = podsOf(kName);
        deployment.spec.minReadySeconds = static_cast<std::int32_t>(oneIn(3) ? 5 : 0);
        deployment.spec.strategy.type = "RollingUpdate";
        auto& rolling = deployment.spec.strategy.rollingUpdate.emplace();
        const auto surge = static_cast<std::int32_t>(below(4));
        rolling.maxSurge = api::IntOrString(surge);
        rolling.maxUnavailable = api::IntOrString(static_cast<std::int32_t>(surge == 0 ? 1 + below(2) : below(3)));
        create(deployment);
        create(serviceOf(kNamespace, kName));
        for (int i = 0; i < 60 && settled(); ++i) run(std::chrono::seconds(1));
        if (const auto why = settled()) throw Failed{"it did not even begin: " + *why};
        m_rollout.excuseMissing(false);
    }

    void act() override {
        // What was harmed may be forgotten once it is whole again.
        if (m_harmed && !anyNodeLost() && now() - m_harmedAt > kLate && !settled()) {
            m_harmed = false;
            m_rollout.excuseMissing(false);
        }
        if (oneIn(7)) return killAnyPod(kNamespace);
        if (oneIn(4)) return;
        // Sometimes back to what it was.
        const int version = oneIn(4) && m_version > 0 ? m_version - 1 : ++m_version;
        change<appsv1::Deployment>(kNamespace, kName, [version](auto& deployment) {
            deployment.spec.template_.spec.containers[0].image = fmt::format("registry.example/app:{}", version);
        });
    }

    void harmed() override {
        m_harmed = true;
        m_harmedAt = now();
        m_rollout.excuseMissing(true);
    }

    std::optional<std::string> settled() override {
        const auto deployment = get<appsv1::Deployment>(kNamespace, kName);
        const auto& status = deployment->status;
        const std::int32_t wanted = deployment->spec.replicas.value_or(1);
        const bool done = status.observedGeneration == deployment->metadata.generation &&
                          status.updatedReplicas == wanted && status.replicas == wanted &&
                          status.availableReplicas == wanted &&
                          static_cast<std::int32_t>(listed<corev1::Pod>(kNamespace).size()) == wanted;
        return done ? std::nullopt : std::optional<std::string>("the Deployment is not rolled out");
    }

    RolloutInvariant& m_rollout;
    int m_version = 0;
    bool m_harmed = false;  // and not whole since
    base::SteadyTime m_harmedAt{};
};

}  // namespace

std::unique_ptr<World> deploymentWorld(std::uint64_t seed) {
    return std::make_unique<DeploymentWorld>(seed);
}

}  // namespace qd::simulation
