// Namespaces come and go with all that is in them; owners are deleted before, after and without what they own.
#include <fmt/format.h>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/batch_v1.h"
#include "tests/simulation/invariants/removals.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

constexpr const char* kPolicies[] = {"Background", "Foreground", "Orphan"};

class GarbageWorld final : public World {
public:
    explicit GarbageWorld(std::uint64_t seed) : World(seed, {}) { holdTo<RemovalsInvariant>(); }

private:
    void begin() override { addNamespace(); }

    void addNamespace() {
        corev1::Namespace ns;
        ns.metadata.name = fmt::format("ns-{}", ++m_made);
        create(ns);
        m_namespaces.push_back(ns.metadata.name);
        for (int i = 0; i < 40 && !get<corev1::ServiceAccount>(ns.metadata.name, "default"); ++i)
            run(std::chrono::seconds(1));
        addDeployment(ns.metadata.name);
    }

    void addDeployment(const std::string& ns) {
        appsv1::Deployment deployment;
        deployment.metadata.namespace_ = ns;
        deployment.metadata.name = fmt::format("app-{}", ++m_made);
        deployment.spec.replicas = 2;
        deployment.spec.selector.emplace().matchLabels["app"] = deployment.metadata.name;
        deployment.spec.template_ = podsOf(deployment.metadata.name);
        create(deployment);
        create(serviceOf(ns, deployment.metadata.name));
        own<appsv1::Deployment>(ns, deployment.metadata.name);
    }

    // A ConfigMap that belongs to the object.
    template <typename T>
    void own(const std::string& ns, const std::string& name) {
        const auto owner = get<T>(ns, name);
        corev1::ConfigMap map;
        map.metadata.namespace_ = ns;
        map.metadata.name = fmt::format("of-{}", name);
        auto& reference = map.metadata.ownerReferences.emplace_back();
        reference.apiVersion = "apps/v1";
        reference.kind = "Deployment";
        reference.name = name;
        reference.uid = owner->metadata.uid;
        reference.blockOwnerDeletion = oneIn(2);
        create(map);
    }

    void act() override {
        if (m_namespaces.size() < 2 || (m_namespaces.size() < 4 && oneIn(4))) return addNamespace();
        const std::size_t at = below(m_namespaces.size());
        const std::string ns = m_namespaces[at];
        switch (below(5)) {
            case 0:
                m_namespaces.erase(m_namespaces.begin() + static_cast<std::ptrdiff_t>(at));
                return remove<corev1::Namespace>("", ns);
            case 1:
                return addDeployment(ns);
            case 2:
                return killAnyPod(ns);
            default: {
                const auto deployments = listed<appsv1::Deployment>(ns);
                if (!deployments.empty())
                    remove<appsv1::Deployment>(ns, deployments[below(deployments.size())]->metadata.name,
                                               {.propagationPolicy = kPolicies[below(3)]});
                return;
            }
        }
    }

    std::optional<std::string> settled() override {
        for (const auto& deployment : listed<appsv1::Deployment>("")) {
            if (deployment->status.readyReplicas != 2) return deployment->metadata.name + " is not rolled out";
        }
        return std::nullopt;
    }

    std::vector<std::string> m_namespaces;
    int m_made = 0;
};

}  // namespace

std::unique_ptr<World> garbageWorld(std::uint64_t seed) {
    return std::make_unique<GarbageWorld>(seed);
}

}  // namespace qd::simulation
