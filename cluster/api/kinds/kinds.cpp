// The explicit list of all built-in kinds.
#include <algorithm>
#include <deque>

#include "cluster/api/kinds/apiregistration/kinds.h"
#include "cluster/api/kinds/apps/kinds.h"
#include "cluster/api/kinds/autoscaling/kinds.h"
#include "cluster/api/kinds/batch/kinds.h"
#include "cluster/api/kinds/certificates/kinds.h"
#include "cluster/api/kinds/coordination/kinds.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/discovery/kinds.h"
#include "cluster/api/kinds/events/kinds.h"
#include "cluster/api/kinds/flowcontrol/kinds.h"
#include "cluster/api/kinds/insight/kinds.h"
#include "cluster/api/kinds/kind.h"
#include "cluster/api/kinds/metrics/kinds.h"
#include "cluster/api/kinds/networking/kinds.h"
#include "cluster/api/kinds/node/kinds.h"
#include "cluster/api/kinds/plain_kinds.h"
#include "cluster/api/kinds/policy/kinds.h"
#include "cluster/api/kinds/rbac/kinds.h"
#include "cluster/api/kinds/scheduling/kinds.h"
#include "cluster/api/kinds/storage/kinds.h"

namespace qd::api {
namespace {

// Discovery lists groups in this order, and within a group resources by name.
constexpr std::string_view kGroups[] = {
    "", "apps", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch", "certificates.k8s.io", "coordination.k8s.io",
    "discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io", "policy",
    "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "admissionregistration.k8s.io",
    "apiextensions.k8s.io", "apiregistration.k8s.io", "metrics.k8s.io", "insight.quarterdeck.dev"};

std::ptrdiff_t groupRank(const std::string& group) { return std::find(std::begin(kGroups), std::end(kGroups), group) - std::begin(kGroups); }

bool listedBefore(const Kind& a, const Kind& b) {
    const auto rankA = groupRank(a.group);
    const auto rankB = groupRank(b.group);
    return rankA != rankB ? rankA < rankB : a.plural < b.plural;
}

const std::deque<Kind>& allKinds() {
    static const std::deque<Kind> all = [] {
        std::deque<Kind> kinds;
        kinds.push_back(apiServiceKind());
        kinds.push_back(certificateSigningRequestKind());
        kinds.push_back(clusterRoleKind());
        kinds.push_back(clusterRoleBindingKind());
        kinds.push_back(componentStatusKind());
        kinds.push_back(configMapKind());
        kinds.push_back(controllerRevisionKind());
        kinds.push_back(coreEventKind());
        kinds.push_back(cronJobKind());
        kinds.push_back(csiDriverKind());
        kinds.push_back(csiNodeKind());
        kinds.push_back(csiStorageCapacityKind());
        kinds.push_back(daemonSetKind());
        kinds.push_back(deploymentKind());
        kinds.push_back(endpointsKind());
        kinds.push_back(endpointSliceKind());
        kinds.push_back(flowSchemaKind());
        kinds.push_back(horizontalPodAutoscalerKind());
        kinds.push_back(horizontalPodAutoscalerV1Kind());
        kinds.push_back(ingressKind());
        kinds.push_back(ingressClassKind());
        kinds.push_back(ipAddressKind());
        kinds.push_back(jobKind());
        kinds.push_back(leaseKind());
        kinds.push_back(limitRangeKind());
        kinds.push_back(namespaceKind());
        kinds.push_back(networkPolicyKind());
        kinds.push_back(newEventKind());
        kinds.push_back(nodeKind());
        kinds.push_back(nodeMetricsKind());
        kinds.push_back(persistentVolumeKind());
        kinds.push_back(persistentVolumeClaimKind());
        kinds.push_back(podKind());
        kinds.push_back(podDisruptionBudgetKind());
        kinds.push_back(podMetricsKind());
        kinds.push_back(podPlacementKind());
        kinds.push_back(podTemplateKind());
        kinds.push_back(priorityClassKind());
        kinds.push_back(priorityLevelConfigurationKind());
        kinds.push_back(replicaSetKind());
        kinds.push_back(replicationControllerKind());
        kinds.push_back(resourceQuotaKind());
        kinds.push_back(roleKind());
        kinds.push_back(roleBindingKind());
        kinds.push_back(runtimeClassKind());
        kinds.push_back(secretKind());
        kinds.push_back(serviceKind());
        kinds.push_back(serviceAccountKind());
        kinds.push_back(serviceCidrKind());
        kinds.push_back(statefulSetKind());
        kinds.push_back(storageClassKind());
        kinds.push_back(volumeAttachmentKind());
        kinds.push_back(volumeAttributesClassKind());
        for (Kind& kind : plainKinds()) kinds.push_back(std::move(kind));
        std::stable_sort(kinds.begin(), kinds.end(), listedBefore);
        // From here on nothing moves: a deque keeps its elements where they are when it is moved itself.
        // Of two that show the same objects only one can be their stored form, and that is not a view itself.
        for (Kind& kind : kinds) {
            if (!kind.fromStored) continue;
            const auto stored = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& other) { return other.kind == kind.kind && !other.fromStored; });
            kind.storedAs = &*stored;
        }
        return kinds;
    }();
    return all;
}

}  // namespace

const std::vector<const Kind*>& builtinKinds() {
    static const std::vector<const Kind*> list = [] {
        std::vector<const Kind*> pointers;
        for (const Kind& kind : allKinds()) pointers.push_back(&kind);
        return pointers;
    }();
    return list;
}

const Kind* builtinKind(std::string_view group, std::string_view version, std::string_view kindName) {
    for (const Kind* kind : builtinKinds()) {
        if (kind->kind == kindName && kind->group == group && kind->version == version) return kind;
    }
    return nullptr;
}

const Kind* findResource(std::string_view group, std::string_view version, std::string_view plural) {
    for (const Kind* kind : builtinKinds()) {
        if (kind->plural == plural && kind->group == group && kind->version == version) return kind;
    }
    return nullptr;
}

}  // namespace qd::api
