// The checks of the Pod Security Standards, as k8s.io/pod-security-admission words what they find.
// Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/pod_security/policy.h"

namespace qd::apiserver::pod_security {

// What the checks look at of a container of any of the three kinds.
struct ContainerView {
    const std::string* name;
    const corev1::SecurityContext* security;  // may be null
    const std::vector<corev1::ContainerPort>* ports;
    std::vector<const corev1::Probe*> probes;
    std::vector<const corev1::LifecycleHandler*> handlers;
};

struct PodView {
    const metav1::ObjectMeta& meta;
    const corev1::PodSpec& spec;
    std::vector<ContainerView> containers;  // init containers first, ephemeral ones last
    const corev1::PodSecurityContext* security = nullptr;
    bool hasUsersOfItsOwn = false;  // hostUsers: false
    bool isWindows = false;
};

PodView viewOf(const metav1::ObjectMeta& meta, const corev1::PodSpec& spec);

// "reason (detail)" of each check that fails, joined by ", "; empty when the Pod is within the level.
std::string violations(const PodView& pod, const LevelVersion& policy);

// --- shared by the checks
using Names = std::vector<std::string>;
using Found = std::string;  // "reason (detail)", or empty

std::string quoted(const Names& names);
std::string quoted(const std::set<std::string>& names);
// container "a", containers "a", "b"
std::string containersNamed(const Names& names);
// pod, containers "a": those that set something, joined by " and ".
std::string setters(bool pod, const Names& containers);
std::string plural(const char* one, const char* many, std::size_t count);

// restricted: leaves out what restricted checks replace.
void appendBaseline(std::vector<Found>& found, const PodView& pod, int minor, bool restricted);
void appendRestricted(std::vector<Found>& found, const PodView& pod, int minor);
// Baseline before 1.35, restricted always.
Found procMount(const PodView& pod);

}  // namespace qd::apiserver::pod_security
