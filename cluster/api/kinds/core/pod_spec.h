// The rules of Pod specs, shared by Pods and by all kinds that have a Pod template.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ and the pages that it links.
//
// The parts stand in files of their own: defaults, resources, volumes, containers, placement (affinity, tolerations, spreading),
// security. Only what upstream v1.36 has switched on by default is known here.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/api/field/path.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {

// --- defaults (pod_defaults.cpp)
// In every spec; a Pod gets more than a template.
void setPodSpecDefaults(corev1::PodSpec& spec);
void setPodTemplateDefaults(corev1::PodTemplateSpec& pod);
void setPodDefaults(corev1::Pod& pod);
// What upstream has behind switches that are off: taken from clients and dropped.
void dropUnsupportedFields(corev1::PodSpec& spec);
void roundResources(Map<Quantity>& resources);  // to thousandths
void setClaimSpecDefaults(corev1::PersistentVolumeClaimSpec& claim);

// --- validation (pod_validation.cpp)
struct PodContext {
    bool isPod = false;                           // else a template
    const metav1::ObjectMeta* metadata = nullptr;  // of the Pod; null for templates
    std::map<std::string, const corev1::Volume*> volumes = {};  // the faultless ones
    std::set<std::string> claims = {};
    std::optional<std::int64_t> gracePeriod = {};
    std::string restartPolicy = {};
    bool hostUsers = true;
};
field::Errors podSpecErrors(const corev1::PodSpec& spec, const metav1::ObjectMeta* podMetadata, bool isPod, const field::Path& path);
field::Errors podTemplateErrors(const corev1::PodTemplateSpec& pod, const field::Path& path);
field::Errors podAnnotationErrors(const Map<std::string>& annotations, const corev1::PodSpec& spec, const field::Path& path);
// Where the old annotations for seccomp and AppArmor and the fields that replace them are both given.
field::Errors podProfileErrors(const metav1::ObjectMeta& metadata, const corev1::PodSpec& spec, const field::Path& specPath);
field::Errors imageSpaceErrors(const corev1::PodSpec& spec, const field::Path& path);

// --- parts
field::Errors volumesErrors(const std::vector<corev1::Volume>& volumes, PodContext& context, const field::Path& path);
field::Errors pathWithoutBackstepsErrors(const std::string& target, const field::Path& path);
field::Errors relativePathErrors(const std::string& target, const field::Path& path);
// anyGroup: also where a data source is of an API group with a bad name, as stored claims may have it (persistent_volume_claim.cpp).
field::Errors claimSpecErrors(const corev1::PersistentVolumeClaimSpec& claim, const field::Path& path, bool anyGroup = false);

field::Errors containersErrors(const corev1::PodSpec& spec, const PodContext& context, const field::Path& path);
field::Errors initContainersErrors(const corev1::PodSpec& spec, const PodContext& context, const field::Path& path);
field::Errors ephemeralContainersErrors(const corev1::PodSpec& spec, const PodContext& context, const field::Path& path);
field::Errors objectFieldErrors(const corev1::ObjectFieldSelector& selector, std::initializer_list<std::string_view> allowed, const field::Path& path);
field::Errors resourceFieldErrors(const corev1::ResourceFieldSelector& selector, bool inVolume, const field::Path& path);
field::Errors pullPolicyErrors(const std::string& policy, const field::Path& path);

field::Errors affinityErrors(const corev1::Affinity& affinity, const field::Path& path);
field::Errors nodeSelectorErrors(const corev1::NodeSelector& selector, const field::Path& path);
field::Errors tolerationsErrors(const std::vector<corev1::Toleration>& tolerations, const field::Path& path);
field::Errors spreadErrors(const std::vector<corev1::TopologySpreadConstraint>& constraints, const field::Path& path);

field::Errors podSecurityErrors(const corev1::PodSpec& spec, const field::Path& specPath);
field::Errors containerSecurityErrors(const corev1::SecurityContext* security, bool hostUsers, const field::Path& path);
field::Errors windowsErrors(const corev1::PodSpec& spec, const field::Path& path);
field::Errors operatingSystemErrors(const corev1::PodSpec& spec, const field::Path& path);

// --- resources (resources.cpp)
enum class ResourceNames { OfContainers, OfPods };
field::Errors resourceNameErrors(const std::string& name, const field::Path& path);
field::Errors containerResourceNameErrors(const std::string& name, const field::Path& path);
field::Errors quantityErrors(const std::string& name, const Quantity& value, const field::Path& path);
field::Errors requirementsErrors(const corev1::ResourceRequirements& resources, ResourceNames names, const std::set<std::string>& claims, const field::Path& path);
field::Errors podResourcesErrors(const corev1::PodSpec& spec, const field::Path& path);
bool isHugePages(std::string_view name);
bool isExtendedResource(std::string_view name);
bool mayBeOvercommitted(std::string_view name);
bool isPodLevelResource(std::string_view name);
// What all containers of a Pod ask for together: the larger of the containers at once and of each init container in turn.
Map<Quantity> aggregateRequests(const corev1::PodSpec& spec);
Map<Quantity> aggregateLimits(const corev1::PodSpec& spec);
std::string qosClassOf(const corev1::PodSpec& spec);

// Every container, init and ephemeral ones too, with its path.
template <typename Visit>
void visitContainers(const corev1::PodSpec& spec, const field::Path& path, Visit visit) {
    for (std::size_t i = 0; i < spec.initContainers.size(); ++i) visit(spec.initContainers[i], path.child("initContainers").index(i));
    for (std::size_t i = 0; i < spec.containers.size(); ++i) visit(spec.containers[i], path.child("containers").index(i));
    for (std::size_t i = 0; i < spec.ephemeralContainers.size(); ++i) visit(spec.ephemeralContainers[i], path.child("ephemeralContainers").index(i));
}
template <typename Container>
bool isSidecar(const Container& container) {
    return container.restartPolicy == "Always";
}

}  // namespace qd::api
