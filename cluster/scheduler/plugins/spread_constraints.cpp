#include "cluster/scheduler/plugins/spread_constraints.h"

#include <algorithm>

#include "cluster/api/placement/node_selector.h"
#include "cluster/api/placement/tolerations.h"
#include "cluster/client/label_index.h"

namespace qd::scheduler {
namespace {

constexpr int kHostSkew = 3;
constexpr int kZoneSkew = 5;

metav1::LabelSelectorRequirement exactly(const std::string& key, const std::string& value) {
    metav1::LabelSelectorRequirement requirement;
    requirement.key = key;
    requirement.operator_ = "In";
    requirement.values = {value};
    return requirement;
}

// Labels become requirements, so that two that contradict each other match nothing, as they should.
void require(metav1::LabelSelector& selector, const api::Labels& labels) {
    for (const auto& [key, value] : labels) selector.matchExpressions.push_back(exactly(key, value));
}

void require(metav1::LabelSelector& selector, const api::Box<metav1::LabelSelector>& other) {
    if (!other) return;
    require(selector, other->matchLabels);
    selector.matchExpressions.insert(selector.matchExpressions.end(), other->matchExpressions.begin(),
                                     other->matchExpressions.end());
}

Result<api::LabelSelector> selectorOf(const corev1::TopologySpreadConstraint& constraint,
                                      const api::Labels& podLabels) {
    if (!constraint.labelSelector) return api::LabelSelector::nothing();
    metav1::LabelSelector selector = *constraint.labelSelector;
    for (const auto& key : constraint.matchLabelKeys) {
        if (const auto label = podLabels.find(key); label != podLabels.end())
            selector.matchExpressions.push_back(exactly(key, label->second));
    }
    return api::LabelSelector::from(selector);
}

const metav1::OwnerReference* controllerOf(const corev1::Pod& pod) {
    const auto& owners = pod.metadata.ownerReferences;
    const auto found =
        std::find_if(owners.begin(), owners.end(), [](const auto& each) { return each.controller.value_or(false); });
    return found == owners.end() ? nullptr : &*found;
}

}  // namespace

bool SpreadConstraint::takesClass(const PodClass& podClass) const {
    if (podClass.id >= takes.size()) takes.resize(podClass.id + 1, -1);
    auto& known = takes[podClass.id];
    if (known < 0) known = selector.matches(podClass.labels) ? 1 : 0;
    return known == 1;
}

int SpreadConstraint::count(const NodeInfo& node, const std::string& ns) const {
    if (selector.empty()) return 0;
    int sum = 0;
    for (const auto& each : node.classes()) {
        if (each.podClass->ns == ns && takesClass(*each.podClass)) sum += each.pods;
    }
    return sum;
}

bool SpreadConstraint::includes(const NodeInfo& node, const corev1::Pod& pod) const {
    if (honorAffinity && api::hasRequiredAffinity(pod) && !api::matchesRequiredAffinity(pod, *node.node()))
        return false;
    return !honorTaints || api::mayBeScheduled(pod.spec.tolerations, node.node()->spec.taints);
}

namespace {

SpreadConstraint constraintOf(const corev1::TopologySpreadConstraint& given, api::LabelSelector selector) {
    SpreadConstraint constraint;
    constraint.maxSkew = given.maxSkew;
    constraint.topologyKey = given.topologyKey;
    constraint.selector = std::move(selector);
    constraint.minDomains = given.minDomains.value_or(1);
    constraint.honorAffinity = given.nodeAffinityPolicy.value_or("Honor") == "Honor";
    constraint.honorTaints = given.nodeTaintsPolicy.value_or("Ignore") == "Honor";
    return constraint;
}

std::vector<corev1::TopologySpreadConstraint> systemDefaults() {
    std::vector<corev1::TopologySpreadConstraint> defaults(2);
    defaults[0].topologyKey = "kubernetes.io/hostname";
    defaults[0].maxSkew = kHostSkew;
    defaults[1].topologyKey = "topology.kubernetes.io/zone";
    defaults[1].maxSkew = kZoneSkew;
    for (auto& each : defaults) each.whenUnsatisfiable = "ScheduleAnyway";
    return defaults;
}

}  // namespace

Result<std::vector<SpreadConstraint>> spreadConstraints(const corev1::Pod& pod, std::string_view whenUnsatisfiable) {
    std::vector<SpreadConstraint> constraints;
    for (const auto& each : pod.spec.topologySpreadConstraints) {
        if (each.whenUnsatisfiable != whenUnsatisfiable) continue;
        auto selector = selectorOf(each, pod.metadata.labels);
        if (!selector) return fail(std::move(selector.error()));
        constraints.push_back(constraintOf(each, std::move(*selector)));
    }
    return constraints;
}

DefaultSpread::DefaultSpread(client::InformerFactory& informers, SpreadArguments arguments)
    : m_arguments(std::move(arguments)),
      m_constraints(m_arguments.systemDefaults ? systemDefaults() : m_arguments.defaults),
      m_services(informers.informer(client::resourceOf<corev1::Service>())),
      m_replicationControllers(client::listerFor<corev1::ReplicationController>(informers)),
      m_replicaSets(client::listerFor<appsv1::ReplicaSet>(informers)),
      m_statefulSets(client::listerFor<appsv1::StatefulSet>(informers)) {
    client::addSelectorIndex(m_services);
}

Result<api::LabelSelector> DefaultSpread::selectorFor(const corev1::Pod& pod) const {
    metav1::LabelSelector selector;
    const std::string& ns = pod.metadata.namespace_;
    for (const auto& service : client::servicesSelecting(m_services, ns, pod.metadata.labels))
        require(selector, service->spec.selector);
    if (const auto* owner = controllerOf(pod)) {
        if (owner->kind == "ReplicaSet" && owner->apiVersion == "apps/v1") {
            if (const auto set = m_replicaSets.get(ns, owner->name)) require(selector, set->spec.selector);
        } else if (owner->kind == "StatefulSet" && owner->apiVersion == "apps/v1") {
            if (const auto set = m_statefulSets.get(ns, owner->name)) require(selector, set->spec.selector);
        } else if (owner->kind == "ReplicationController" && owner->apiVersion == "v1") {
            if (const auto controller = m_replicationControllers.get(ns, owner->name))
                require(selector, controller->spec.selector);
        }
    }
    return api::LabelSelector::from(selector);
}

Result<std::vector<SpreadConstraint>> DefaultSpread::of(const corev1::Pod& pod,
                                                        std::string_view whenUnsatisfiable) const {
    std::vector<SpreadConstraint> constraints;
    if (std::ranges::none_of(m_constraints,
                             [&](const auto& each) { return each.whenUnsatisfiable == whenUnsatisfiable; }))
        return constraints;
    auto selector = selectorFor(pod);
    if (!selector || selector->empty()) return constraints;
    for (const auto& each : m_constraints) {
        if (each.whenUnsatisfiable == whenUnsatisfiable) constraints.push_back(constraintOf(each, *selector));
    }
    return constraints;
}

}  // namespace qd::scheduler
