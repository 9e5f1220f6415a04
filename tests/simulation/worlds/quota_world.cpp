// A namespace with a quota in which two Deployments and people want more than there is.
#include <fmt/format.h>

#include "cluster/api/types/apps_v1.h"
#include "tests/simulation/invariants/quota.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "team";
const std::string kQuota = "limits";
constexpr const char* kApps[] = {"red", "blue"};

class QuotaWorld final : public World {
public:
    explicit QuotaWorld(std::uint64_t seed) : World(seed, {}) { holdTo<QuotaInvariant>(kNamespace, kQuota); }

private:
    void begin() override {
        corev1::Namespace ns;
        ns.metadata.name = kNamespace;
        create(ns);
        run(std::chrono::seconds(5));
        corev1::ResourceQuota quota;
        quota.metadata.namespace_ = kNamespace;
        quota.metadata.name = kQuota;
        quota.spec.hard = {{"pods", api::Quantity::of("6")},
                           {"requests.cpu", api::Quantity::of("700m")},
                           {"configmaps", api::Quantity::of("4")}};
        create(quota);
        run(std::chrono::seconds(5));
        for (const char* app : kApps) {
            appsv1::Deployment deployment;
            deployment.metadata.namespace_ = kNamespace;
            deployment.metadata.name = app;
            deployment.spec.replicas = 2;
            deployment.spec.selector.emplace().matchLabels["app"] = app;
            deployment.spec.template_ = podsOf(app);
            create(deployment);
        }
    }

    void act() override {
        const std::string app = kApps[below(2)];
        switch (below(6)) {
            case 0:
                return killAnyPod(kNamespace);
            case 1:
                return change<appsv1::Deployment>(kNamespace, app, [this](auto& deployment) {
                    deployment.spec.replicas = static_cast<std::int32_t>(below(7));
                });
            case 2:
                return change<appsv1::Deployment>(kNamespace, app, [this](auto& deployment) {
                    deployment.spec.template_.spec.containers[0].image =
                        fmt::format("registry.example/app:{}", ++m_version);
                });
            case 3:
                return resize(static_cast<int>(3 + below(7)));
            case 4:
                return addConfigMap();
            default:
                return remove<corev1::ConfigMap>(kNamespace, fmt::format("note-{}", below(m_notes + 1)));
        }
    }

    void resize(int pods) {
        change<corev1::ResourceQuota>(kNamespace, kQuota, [pods](auto& quota) {
            quota.spec.hard["pods"] = api::Quantity::of(std::to_string(pods));
            quota.spec.hard["requests.cpu"] = api::Quantity::of(fmt::format("{}m", pods * 100 + 100));
        });
    }

    // Refused when there are too many.
    void addConfigMap() {
        corev1::ConfigMap map;
        map.metadata.namespace_ = kNamespace;
        map.metadata.name = fmt::format("note-{}", ++m_notes);
        (void)client::Api<corev1::ConfigMap>(cluster().user()).create(map);
    }

    void wind() override {
        resize(12);
        for (const char* app : kApps)
            change<appsv1::Deployment>(kNamespace, app, [](auto& deployment) { deployment.spec.replicas = 3; });
    }

    std::optional<std::string> settled() override {
        for (const auto& deployment : listed<appsv1::Deployment>(kNamespace)) {
            const auto& status = deployment->status;
            if (status.observedGeneration != deployment->metadata.generation || status.updatedReplicas != 3 ||
                status.replicas != 3 || status.readyReplicas != 3) {
                return deployment->metadata.name + " is not rolled out";
            }
        }
        return listed<corev1::Pod>(kNamespace).size() == 6
                   ? std::nullopt
                   : std::optional<std::string>("there are more Pods than asked for");
    }

    int m_version = 0;
    std::uint64_t m_notes = 0;
};

}  // namespace

std::unique_ptr<World> quotaWorld(std::uint64_t seed) {
    return std::make_unique<QuotaWorld>(seed);
}

}  // namespace qd::simulation
