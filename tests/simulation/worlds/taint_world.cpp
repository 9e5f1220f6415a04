// Nodes are tainted and cleared under Pods that tolerate it not at all, for a while, or for ever.
#include <fmt/format.h>

#include "cluster/api/types/apps_v1.h"
#include "tests/simulation/invariants/taints.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "default";
const std::string kTaint = "maintenance";
constexpr const char* kApps[] = {"timid", "patient", "brave"};

class TaintWorld final : public World {
public:
    explicit TaintWorld(std::uint64_t seed) : World(seed, {}) { holdTo<TaintsInvariant>(kNamespace); }

private:
    void begin() override {
        for (const char* app : kApps) {
            appsv1::Deployment deployment;
            deployment.metadata.namespace_ = kNamespace;
            deployment.metadata.name = app;
            deployment.spec.replicas = 3;
            deployment.spec.selector.emplace().matchLabels["app"] = app;
            deployment.spec.template_ = podsOf(app);
            if (app != std::string("timid")) {
                auto& toleration = deployment.spec.template_.spec.tolerations.emplace_back();
                toleration.key = kTaint;
                toleration.operator_ = "Exists";
                toleration.effect = "NoExecute";
                if (app == std::string("patient"))
                    toleration.tolerationSeconds = static_cast<std::int64_t>(20 + below(100));
            }
            create(deployment);
        }
    }

    void act() override {
        const std::string node = anyNode();
        switch (below(4)) {
            case 0:
                return killAnyPod(kNamespace);
            case 1:
                return clear(node);
            default:
                clear(node);
                return change<corev1::Node>("", node, [](auto& changed) {
                    auto& taint = changed.spec.taints.emplace_back();
                    taint.key = kTaint;
                    taint.effect = "NoExecute";
                });
        }
    }

    void clear(const std::string& node) {
        change<corev1::Node>("", node, [](auto& changed) {
            std::erase_if(changed.spec.taints, [](const auto& each) { return each.key == kTaint; });
        });
    }

    void wind() override {
        for (const auto& node : cluster().nodes().names()) clear(node);
    }

    std::optional<std::string> settled() override {
        for (const auto& deployment : listed<appsv1::Deployment>(kNamespace)) {
            if (deployment->status.readyReplicas != 3 || deployment->status.replicas != 3)
                return deployment->metadata.name + " is not rolled out";
        }
        return listed<corev1::Pod>(kNamespace).size() == 9
                   ? std::nullopt
                   : std::optional<std::string>("there are more Pods than asked for");
    }
};

}  // namespace

std::unique_ptr<World> taintWorld(std::uint64_t seed) {
    return std::make_unique<TaintWorld>(seed);
}

}  // namespace qd::simulation
