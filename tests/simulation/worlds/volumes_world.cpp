// Pods with volumes of every sort move between nodes: a StatefulSet with one claim a Pod, a Deployment whose one Pod
// has a volume that one node may have, and one whose Pods share a volume and have one more each for as long as they
// live. Nodes are lost for longer than volumes stay attached to them, are drained, and are said to be out of service.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "tests/simulation/invariants/attachments.h"
#include "tests/simulation/worlds/worlds.h"
#include "vmnodes/hollow/volumes/hollow_driver.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "default";
const std::string kSet = "db";
const std::string kSingle = "web";
const std::string kShared = "files";
const std::string kNear = "near";  // a class whose volumes one node alone reaches
const std::string kOutOfService = "node.kubernetes.io/out-of-service";
const std::string kDrained = "maintenance";

corev1::PersistentVolumeClaimSpec claimSpec(const std::string& storageClass, const std::string& mode) {
    corev1::PersistentVolumeClaimSpec spec;
    spec.storageClassName = storageClass;
    spec.accessModes = {mode};
    spec.resources.requests["storage"] = api::Quantity::of("1Gi");
    return spec;
}

// Pods of a node that does not answer are soon to go.
corev1::PodTemplateSpec hastyPodsOf(const std::string& app) {
    corev1::PodTemplateSpec pods = podsOf(app);
    for (const char* key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
        auto& toleration = pods.spec.tolerations.emplace_back();
        toleration.key = key;
        toleration.operator_ = "Exists";
        toleration.effect = "NoExecute";
        toleration.tolerationSeconds = 10;
    }
    return pods;
}

class VolumesWorld final : public World {
public:
    explicit VolumesWorld(std::uint64_t seed) : World(seed, {.longestPause = 90, .longer = 10}) {
        holdTo<AttachmentsInvariant>();
    }

private:
    void begin() override {
        auto near = hollow::storageClasses().back();
        near.metadata.name = kNear;
        near.parameters["reach"] = "node";
        create(near);
        addSet();
        addClaim(kSingle, corev1::ReadWriteOnce);
        addClaim(kShared, corev1::ReadWriteMany);
        addDeployment(kSingle, 1, true);
        addDeployment(kShared, 3, false);
    }

    std::string anyClass() {
        const std::uint64_t chance = below(5);
        return chance == 0 ? kNear : chance < 3 ? "hollow-wait" : "hollow";
    }

    void addClaim(const std::string& name, const std::string& mode) {
        corev1::PersistentVolumeClaim claim;
        claim.metadata.namespace_ = kNamespace;
        claim.metadata.name = name;
        claim.spec = claimSpec(oneIn(2) ? "hollow-wait" : "hollow", mode);
        create(claim);
    }

    void addSet() {
        create(serviceOf(kNamespace, kSet, true));
        appsv1::StatefulSet set;
        set.metadata.namespace_ = kNamespace;
        set.metadata.name = kSet;
        set.spec.serviceName = kSet;
        set.spec.replicas = 3;
        set.spec.selector.emplace().matchLabels["app"] = kSet;
        set.spec.template_ = hastyPodsOf(kSet);
        set.spec.template_.metadata.annotations["hollow.quarterdeck.dev/stops-after"] = fmt::format("{}s", below(5));
        set.spec.podManagementPolicy = oneIn(3) ? "Parallel" : "OrderedReady";
        auto& claim = set.spec.volumeClaimTemplates.emplace_back();
        claim.metadata.name = "data";
        claim.spec = claimSpec(anyClass(), oneIn(3) ? corev1::ReadWriteOncePod : corev1::ReadWriteOnce);
        if (oneIn(3)) {
            auto& policy = set.spec.persistentVolumeClaimRetentionPolicy.emplace();
            policy.whenScaled = "Delete";
            policy.whenDeleted = "Retain";
        }
        create(set);
    }

    void addDeployment(const std::string& name, std::int32_t replicas, bool exclusive) {
        appsv1::Deployment deployment;
        deployment.metadata.namespace_ = kNamespace;
        deployment.metadata.name = name;
        deployment.spec.replicas = replicas;
        deployment.spec.selector.emplace().matchLabels["app"] = name;
        deployment.spec.template_ = hastyPodsOf(name);
        auto& volumes = deployment.spec.template_.spec.volumes;
        auto& volume = volumes.emplace_back();
        volume.name = "data";
        volume.persistentVolumeClaim.emplace().claimName = name;
        if (exclusive) {
            deployment.spec.strategy.type = "Recreate";
        } else {
            auto& scratch = volumes.emplace_back();
            scratch.name = "scratch";
            scratch.ephemeral.emplace().volumeClaimTemplate.emplace().spec =
                claimSpec(anyClass(), corev1::ReadWriteOnce);
        }
        create(deployment);
    }

    void act() override {
        const std::string node = anyNode();
        switch (below(8)) {
            case 0:
                return killAnyPod(kNamespace);
            case 1:
                return killByForce();
            case 2:
                return change<appsv1::StatefulSet>(
                    kNamespace, kSet, [this](auto& set) { set.spec.replicas = static_cast<std::int32_t>(below(5)); });
            case 3:
                return change<appsv1::StatefulSet>(kNamespace, kSet, [this](auto& set) { update(set.spec.template_); });
            case 4:
                return change<appsv1::Deployment>(kNamespace, oneIn(2) ? kSingle : kShared,
                                                  [this](auto& set) { update(set.spec.template_); });
            case 5:
                return taint(node, isLost(node) ? kOutOfService : kDrained);
            case 6:
                return change<corev1::Node>(
                    "", node, [](auto& changed) { changed.spec.unschedulable = !changed.spec.unschedulable; });
            default:
                for (const auto& each : cluster().nodes().names()) clear(each);
                return;
        }
    }

    void update(corev1::PodTemplateSpec& pods) {
        pods.spec.containers[0].image = fmt::format("registry.example/app:{}", ++m_version);
    }

    // As people do when a node does not come back. Its containers run on.
    void killByForce() {
        auto pods = listed<corev1::Pod>(kNamespace);
        std::erase_if(pods, [this](const auto& pod) { return !isLost(pod->spec.nodeName); });
        if (pods.empty()) return;
        remove<corev1::Pod>(kNamespace, pods[below(pods.size())]->metadata.name, {.gracePeriodSeconds = 0});
    }

    void taint(const std::string& node, const std::string& key) {
        clear(node);
        change<corev1::Node>("", node, [&](auto& changed) {
            auto& added = changed.spec.taints.emplace_back();
            added.key = key;
            added.effect = "NoExecute";
        });
    }
    void clear(const std::string& node) {
        change<corev1::Node>("", node, [](auto& changed) {
            std::erase_if(changed.spec.taints,
                          [](const auto& each) { return each.key == kOutOfService || each.key == kDrained; });
        });
    }

    void wind() override {
        for (const auto& node : cluster().nodes().names()) {
            clear(node);
            change<corev1::Node>("", node, [](auto& changed) { changed.spec.unschedulable = false; });
        }
    }

    std::optional<std::string> settled() override {
        const auto set = get<appsv1::StatefulSet>(kNamespace, kSet);
        const std::int32_t replicas = set->spec.replicas.value_or(1);
        if (set->status.observedGeneration != set->metadata.generation || set->status.readyReplicas != replicas ||
            set->status.updatedReplicas != replicas)
            return "the StatefulSet is not rolled out";
        for (const auto& deployment : listed<appsv1::Deployment>(kNamespace)) {
            const auto& status = deployment->status;
            if (status.observedGeneration != deployment->metadata.generation ||
                status.readyReplicas != deployment->spec.replicas.value_or(1) ||
                status.updatedReplicas != status.replicas || status.replicas != status.readyReplicas)
                return deployment->metadata.name + " is not rolled out";
        }
        if (static_cast<std::int32_t>(listed<corev1::Pod>(kNamespace).size()) != replicas + 4)
            return "there are more Pods than asked for";
        for (const auto& claim : listed<corev1::PersistentVolumeClaim>(kNamespace)) {
            if (claim->status.phase != corev1::ClaimBound && !isUnused(*claim))
                return claim->metadata.name + " is not bound";
        }
        return std::nullopt;
    }

    // A claim that waits for its first consumer, whose Pod is not asked for any more.
    bool isUnused(const corev1::PersistentVolumeClaim& claim) {
        return claim.metadata.name.starts_with("data-" + kSet) &&
               !get<corev1::Pod>(kNamespace, claim.metadata.name.substr(5));
    }

    int m_version = 0;
};

}  // namespace

std::unique_ptr<World> volumesWorld(std::uint64_t seed) {
    return std::make_unique<VolumesWorld>(seed);
}

}  // namespace qd::simulation
