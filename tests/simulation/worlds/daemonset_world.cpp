// A DaemonSet is updated while nodes come to be wanted and not, are tainted and get lost.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/apps_v1.h"
#include "cluster/controllers/daemonset/daemon_pods.h"
#include "tests/simulation/invariants/daemons.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "default";
const std::string kName = "agent";
const std::string kLabel = "role";
const std::string kTaint = "maintenance";

class DaemonSetWorld final : public World {
public:
    explicit DaemonSetWorld(std::uint64_t seed) : World(seed, {}) { holdTo<DaemonsInvariant>(kNamespace, kName); }

private:
    void begin() override {
        for (const auto& node : cluster().nodes().names()) label(node, true);
        appsv1::DaemonSet set;
        set.metadata.namespace_ = kNamespace;
        set.metadata.name = kName;
        set.spec.selector.emplace().matchLabels["app"] = kName;
        set.spec.template_ = podsOf(kName);
        set.spec.template_.spec.nodeSelector[kLabel] = "worker";
        set.spec.template_.metadata.annotations["hollow.quarterdeck.dev/stops-after"] = fmt::format("{}s", below(5));
        set.spec.minReadySeconds = static_cast<std::int32_t>(oneIn(3) ? 5 : 0);
        set.spec.updateStrategy.type = "RollingUpdate";
        auto& rolling = set.spec.updateStrategy.rollingUpdate.emplace();
        const bool surges = oneIn(2);
        rolling.maxSurge = api::IntOrString(surges ? 1 : 0);
        rolling.maxUnavailable = api::IntOrString(static_cast<std::int32_t>(surges ? 0 : 1 + below(2)));
        create(set);
    }

    void act() override {
        switch (below(7)) {
            case 0:
                return killAnyPod(kNamespace);
            case 1:
                return label(anyNode(), !oneIn(3));
            case 2:
                return taint(anyNode(), oneIn(2) ? "NoSchedule" : "NoExecute");
            case 3:
                return clear(anyNode());
            case 4:
                return;
            default:
                return change<appsv1::DaemonSet>(kNamespace, kName, [this](auto& set) {
                    set.spec.template_.spec.containers[0].image = fmt::format("registry.example/app:{}", ++m_version);
                });
        }
    }

    void label(const std::string& node, bool wanted) {
        change<corev1::Node>(
            "", node, [wanted](auto& changed) { changed.metadata.labels[kLabel] = wanted ? "worker" : "other"; });
    }
    void taint(const std::string& node, const std::string& effect) {
        clear(node);
        change<corev1::Node>("", node, [&](auto& changed) {
            auto& added = changed.spec.taints.emplace_back();
            added.key = kTaint;
            added.effect = effect;
        });
    }
    void clear(const std::string& node) {
        change<corev1::Node>("", node, [](auto& changed) {
            std::erase_if(changed.spec.taints, [](const auto& each) { return each.key == kTaint; });
        });
    }

    void wind() override {
        for (const auto& node : cluster().nodes().names()) {
            if (oneIn(2)) clear(node);
        }
    }

    // A Pod that was made for a node just before that was tainted waits for ever, and the update with it, as upstream's
    // do. Somebody sees it and clears the node.
    std::optional<std::string> freeWaiting() {
        for (const auto& pod : listed<corev1::Pod>(kNamespace)) {
            if (!pod->spec.nodeName.empty()) continue;
            const std::string node = controllers::targetNode(*pod);
            const auto known = get<corev1::Node>("", node);
            if (std::ranges::find(known->spec.taints, kTaint, &corev1::Taint::key) == known->spec.taints.end())
                continue;
            clear(node);
            return pod->metadata.name + " waits for " + node;
        }
        return std::nullopt;
    }

    std::optional<std::string> settled() override {
        if (auto waits = freeWaiting()) return waits;
        std::int32_t wanted = 0;
        std::int32_t kept = 0;  // where a Pod that is there may stay
        for (const auto& node : listed<corev1::Node>("")) {
            const auto tainted = std::ranges::find(node->spec.taints, kTaint, &corev1::Taint::key);
            const bool worker = node->metadata.labels.at(kLabel) == "worker";
            wanted += worker && tainted == node->spec.taints.end();
            kept += worker && tainted != node->spec.taints.end() && tainted->effect == "NoSchedule";
        }
        const auto set = get<appsv1::DaemonSet>(kNamespace, kName);
        const auto& status = set->status;
        const auto pods = static_cast<std::int32_t>(listed<corev1::Pod>(kNamespace).size());
        const bool done = status.observedGeneration == set->metadata.generation &&
                          status.desiredNumberScheduled == wanted && status.currentNumberScheduled == wanted &&
                          status.numberReady >= wanted && status.updatedNumberScheduled == wanted &&
                          status.numberAvailable >= wanted && status.numberUnavailable == 0 && pods >= wanted &&
                          pods <= wanted + kept;
        return done ? std::nullopt
                    : std::optional<std::string>(fmt::format("the DaemonSet is not rolled out to {} nodes", wanted));
    }

    int m_version = 0;
};

}  // namespace

std::unique_ptr<World> daemonSetWorld(std::uint64_t seed) {
    return std::make_unique<DaemonSetWorld>(seed);
}

}  // namespace qd::simulation
