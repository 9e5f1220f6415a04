// A StatefulSet grows, shrinks, and is updated, in order or all at once, up to a partition or whole.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/apps_v1.h"
#include "tests/simulation/invariants/endpoints.h"
#include "tests/simulation/invariants/ordinals.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "default";
const std::string kName = "db";

class StatefulSetWorld final : public World {
public:
    explicit StatefulSetWorld(std::uint64_t seed) : World(seed, {}) {
        holdTo<OrdinalsInvariant>(kNamespace, kName);
        holdTo<EndpointsInvariant>(kNamespace, kName);
    }

private:
    void begin() override {
        create(serviceOf(kNamespace, kName, true));
        appsv1::StatefulSet set;
        set.metadata.namespace_ = kNamespace;
        set.metadata.name = kName;
        set.spec.serviceName = kName;
        set.spec.replicas = static_cast<std::int32_t>(2 + below(3));
        set.spec.selector.emplace().matchLabels["app"] = kName;
        set.spec.template_ = podsOf(kName);
        set.spec.template_.metadata.annotations["hollow.quarterdeck.dev/stops-after"] = fmt::format("{}s", below(5));
        set.spec.minReadySeconds = static_cast<std::int32_t>(oneIn(3) ? 5 : 0);
        set.spec.podManagementPolicy = oneIn(3) ? "Parallel" : "OrderedReady";
        if (oneIn(3)) set.spec.ordinals.emplace().start = 3;
        set.spec.updateStrategy.type = "RollingUpdate";
        set.spec.updateStrategy.rollingUpdate.emplace().partition = 0;
        create(set);
    }

    void act() override {
        switch (below(6)) {
            case 0:
                return killAnyPod(kNamespace);
            case 1:
                return ask([this](auto& spec) { spec.replicas = static_cast<std::int32_t>(below(6)); });
            case 2:
                return ask([this](auto& spec) {
                    spec.updateStrategy.rollingUpdate->partition = static_cast<std::int32_t>(oneIn(2) ? 0 : below(4));
                });
            case 3:
                return;
            default:
                return ask([this](auto& spec) {
                    spec.template_.spec.containers[0].image =
                        fmt::format("registry.example/app:{}", oneIn(4) ? m_version : ++m_version);
                });
        }
    }

    void wind() override {
        ask([](auto& spec) {
            spec.updateStrategy.rollingUpdate->partition = 0;
            spec.replicas = std::max(1, spec.replicas.value_or(1));
        });
    }

    std::optional<std::string> settled() override {
        const auto set = get<appsv1::StatefulSet>(kNamespace, kName);
        const auto& status = set->status;
        const std::int32_t wanted = set->spec.replicas.value_or(1);
        const bool done = status.observedGeneration == set->metadata.generation && status.replicas == wanted &&
                          status.readyReplicas == wanted && status.availableReplicas == wanted &&
                          status.currentRevision == status.updateRevision && status.updatedReplicas == wanted &&
                          status.currentReplicas == wanted &&
                          static_cast<std::int32_t>(listed<corev1::Pod>(kNamespace).size()) == wanted;
        return done ? std::nullopt : std::optional<std::string>("the StatefulSet is not rolled out");
    }

    void ask(const std::function<void(appsv1::StatefulSetSpec&)>& how) {
        change<appsv1::StatefulSet>(kNamespace, kName, [&](auto& set) { how(set.spec); });
    }

    int m_version = 0;
};

}  // namespace

std::unique_ptr<World> statefulSetWorld(std::uint64_t seed) {
    return std::make_unique<StatefulSetWorld>(seed);
}

}  // namespace qd::simulation
