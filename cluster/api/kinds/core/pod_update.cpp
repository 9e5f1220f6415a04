// Source: https://kubernetes.io/docs/concepts/workloads/pods/#pod-update-and-replacement,
// .../pods/ephemeral-containers/ and https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/.
#include "cluster/api/kinds/core/pod_update.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cluster/api/compare.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/ip.h"
#include "cluster/api/meta/names.h"

namespace qd::api {
namespace {

using namespace corev1;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
const field::Path kStatus("status");
constexpr std::int64_t kMostSeconds = 2147483647;
constexpr char kMirrorAnnotation[] = "kubernetes.io/config.mirror";
constexpr std::string_view kAppArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";
constexpr std::string_view kOnlyThese =
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
    "previously negative)";

template <typename T>
bool same(const T& a, const T& b) {
    return equal(T::kDescriptor, &a, &b);
}

field::Errors annotationUpdateErrors(const Pod& now, const Pod& old, const field::Path& path) {
    field::Errors errors;
    const auto check = [&](const std::string& key, const char* appArmor, const char* mirror) {
        if (key.starts_with(kAppArmorPrefix)) errors.push_back(field::forbidden(path.key(key), appArmor));
        if (key == kMirrorAnnotation) errors.push_back(field::forbidden(path.key(key), mirror));
    };
    for (const auto& [key, value] : old.metadata.annotations) {
        const auto found = now.metadata.annotations.find(key);
        if (found != now.metadata.annotations.end() && found->second == value) continue;
        check(key, "may not remove or update AppArmor annotations", "may not remove or update mirror pod annotation");
    }
    for (const auto& [key, value] : now.metadata.annotations) {
        if (!old.metadata.annotations.contains(key)) check(key, "may not add AppArmor annotations", "may not add mirror pod annotation");
    }
    field::append(errors, podAnnotationErrors(now.metadata.annotations, now.spec, path));
    return errors;
}

// False when the containers cannot be compared one by one.
bool imagesMayChange(const std::vector<Container>& now, const std::vector<Container>& old, const field::Path& path, field::Errors& errors) {
    if (now.size() != old.size()) {
        errors.push_back(field::forbidden(path, "pod updates may not add or remove containers"));
        return false;
    }
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i].image.empty()) errors.push_back(field::required(path.index(i).child("image")));
    }
    PodSpec padded;
    padded.containers = now;
    for (auto& error : imageSpaceErrors(padded, field::Path())) {
        error.field = path.text() + error.field.substr(std::string_view("containers").size());
        errors.push_back(std::move(error));
    }
    return true;
}

bool deadlineMayChange(const Pod& now, const Pod& old, field::Errors& errors) {
    const field::Path path = kSpec.child("activeDeadlineSeconds");
    const auto& after = now.spec.activeDeadlineSeconds;
    const auto& before = old.spec.activeDeadlineSeconds;
    if (!after) {
        if (before) errors.push_back(field::invalid(path, field::Shown::null(), "must not update from a positive integer to nil value"));
        return true;
    }
    if (*after < 0 || *after > kMostSeconds) {
        field::append(errors, complaintErrors(path, *after, rangeErrors(*after, 0, kMostSeconds)));
        return false;
    }
    if (before && *before < *after) {
        errors.push_back(field::invalid(path, *after, "must be less than or equal to previous value"));
        return false;
    }
    return true;
}

field::Errors tolerationChangeErrors(const Pod& now, const Pod& old) {
    const field::Path path = kSpec.child("tolerations");
    for (Toleration before : old.spec.tolerations) {
        const bool kept = std::any_of(now.spec.tolerations.begin(), now.spec.tolerations.end(), [&](const Toleration& after) {
            before.tolerationSeconds = after.tolerationSeconds;
            return before == after;
        });
        if (!kept) return {field::forbidden(path, "existing toleration can not be modified except its tolerationSeconds")};
    }
    return tolerationsErrors(now.spec.tolerations, path);
}

field::Errors gateChangeErrors(const Pod& now, const Pod& old) {
    field::Errors errors;
    for (std::size_t i = 0; i < now.spec.schedulingGates.size(); ++i) {
        const std::string& name = now.spec.schedulingGates[i].name;
        const auto& before = old.spec.schedulingGates;
        if (std::any_of(before.begin(), before.end(), [&](const auto& gate) { return gate.name == name; })) continue;
        errors.push_back(field::forbidden(kSpec.child("schedulingGates").index(i).child("name"), fmt::format("only deletion is allowed, but found new scheduling gate '{}'", name)));
    }
    return errors;
}

bool onlyAdds(const NodeSelectorTerm& now, const NodeSelectorTerm& old) {
    if (old.matchExpressions.empty() && old.matchFields.empty() && (!now.matchExpressions.empty() || !now.matchFields.empty())) return false;
    if (now.matchExpressions.size() < old.matchExpressions.size() || now.matchFields.size() < old.matchFields.size()) return false;
    return std::equal(old.matchExpressions.begin(), old.matchExpressions.end(), now.matchExpressions.begin()) &&
           std::equal(old.matchFields.begin(), old.matchFields.end(), now.matchFields.begin());
}

// A Pod that waits for its gates may be bound more narrowly, never more widely.
field::Errors narrowedErrors(PodSpec& now, const PodSpec& old) {
    field::Errors errors;
    for (const auto& [key, value] : old.nodeSelector) {
        const auto found = now.nodeSelector.find(key);
        if (found != now.nodeSelector.end() && found->second == value) continue;
        errors.push_back(field::invalid(kSpec.child("nodeSelector"), field::Shown::raw("{}"), "only additions to spec.nodeSelector are allowed (no mutations or deletions)"));
        break;
    }
    now.nodeSelector = old.nodeSelector;
    const NodeAffinity* before = old.affinity ? old.affinity->nodeAffinity.get() : nullptr;
    const NodeAffinity* after = now.affinity ? now.affinity->nodeAffinity.get() : nullptr;
    const field::Path path = kSpec.child("affinity", "nodeAffinity").child("requiredDuringSchedulingIgnoredDuringExecution");
    const NodeSelector* required = before ? before->requiredDuringSchedulingIgnoredDuringExecution.get() : nullptr;
    if (required) {
        const NodeSelector* wanted = after ? after->requiredDuringSchedulingIgnoredDuringExecution.get() : nullptr;
        const std::size_t terms = required->nodeSelectorTerms.size();
        if (!wanted || wanted->nodeSelectorTerms.size() != terms) {
            errors.push_back(field::invalid(path.child("nodeSelectorTerms"), field::Shown::null(), "no additions/deletions to non-empty NodeSelectorTerms list are allowed"));
        } else {
            for (std::size_t i = 0; i < terms; ++i) {
                if (onlyAdds(wanted->nodeSelectorTerms[i], required->nodeSelectorTerms[i])) continue;
                errors.push_back(field::invalid(path.child("nodeSelectorTerms").index(i), shown(wanted->nodeSelectorTerms[i]), "only additions are allowed (no mutations or deletions)"));
            }
        }
    }
    now.affinity = old.affinity;
    return errors;
}

field::Errors conditionErrors(const Pod& now) {
    field::Errors errors;
    for (std::size_t i = 0; i < now.status.conditions.size(); ++i) {
        const auto& condition = now.status.conditions[i];
        const field::Path at = kStatus.child("conditions").index(i);
        if (condition.observedGeneration < 0) errors.push_back(field::invalid(at.child("observedGeneration"), condition.observedGeneration, "must be a non-negative integer"));
        if (!contains({"PodScheduled", "Ready", "Initialized"}, condition.type)) field::append(errors, qualifiedErrors(at.child("Type"), condition.type));
    }
    return errors;
}

bool matches(const ContainerRestartRule& rule, std::int32_t exitCode) {
    if (!rule.exitCodes) return false;
    const auto& values = rule.exitCodes->values;
    const bool listed = std::find(values.begin(), values.end(), exitCode) != values.end();
    return rule.exitCodes->operator_ == "In" ? listed : !listed;
}

bool mayRestart(const Container& container, const PodSpec& spec, std::int32_t exitCode) {
    if (container.restartPolicy) {
        for (const auto& rule : container.restartPolicyRules) {
            if (rule.action == "Restart" && matches(rule, exitCode)) return true;
        }
    }
    const std::string& policy = container.restartPolicy ? *container.restartPolicy : spec.restartPolicy;
    return policy == "Always" || (policy == "OnFailure" && exitCode != 0);
}

bool allMayRestart(const PodSpec& spec) {
    const auto restartsAll = [](const Container& container) {
        return std::any_of(container.restartPolicyRules.begin(), container.restartPolicyRules.end(), [](const auto& rule) { return rule.action == "RestartAllContainers"; });
    };
    return std::any_of(spec.containers.begin(), spec.containers.end(), restartsAll) || std::any_of(spec.initContainers.begin(), spec.initContainers.end(), restartsAll);
}

// A container that ended and may not be started again stays ended.
template <typename MayRestart>
field::Errors transitionErrors(const std::vector<ContainerStatus>& now, const std::vector<ContainerStatus>& old, const char* list, MayRestart may) {
    field::Errors errors;
    for (std::size_t i = 0; i < old.size(); ++i) {
        if (!old[i].state.terminated) continue;
        for (const auto& after : now) {
            if (after.name != old[i].name || after.state.terminated) continue;
            if (!may(old[i])) errors.push_back(field::forbidden(kStatus.child(list).index(i).child("state"), "may not be transitioned to non-terminated state"));
            break;
        }
    }
    return errors;
}

template <typename Address>
field::Errors addressesErrors(const std::vector<Address>& now, const std::vector<Address>& old, const field::Path& path) {
    field::Errors errors;
    std::vector<std::string> stored;
    for (const auto& address : old) stored.push_back(address.ip);
    int sixes = 0;
    for (std::size_t i = 0; i < now.size(); ++i) {
        field::append(errors, addressErrors(path.index(i), now[i].ip, stored));
        const auto ip = IpAddress::parse(now[i].ip);
        if (ip && ip->v6) ++sixes;
    }
    if (now.size() > 2 || (now.size() == 2 && sixes != 1)) {
        errors.push_back(field::invalid(path, shownList(now), "may specify no more than one IP for each IP family"));
    }
    return errors;
}

bool removes(const Map<Quantity>& now, const Map<Quantity>& old) {
    return std::any_of(old.begin(), old.end(), [&](const auto& entry) { return !now.contains(entry.first); });
}

// The container as it was, but for resources that cannot be resized.
Container unresized(Container now, const Container& old) {
    for (const char* name : {"cpu", "memory"}) {
        for (auto resources : {&ResourceRequirements::limits, &ResourceRequirements::requests}) {
            (now.resources.*resources).erase(name);
            const auto before = (old.resources.*resources).find(name);
            if (before != (old.resources.*resources).end()) (now.resources.*resources).insert(*before);
        }
    }
    now.resizePolicy = old.resizePolicy;
    return now;
}

bool orderErrors(const std::vector<Container>& now, const std::vector<Container>& old, const std::string& list, field::Errors& errors) {
    const field::Path path = kSpec.child(list);
    if (now.size() != old.size()) {
        errors.push_back(field::forbidden(path, list + " may not be added or removed on resize"));
        return false;
    }
    bool ordered = true;
    for (std::size_t i = 0; i < old.size(); ++i) {
        if (now[i].name == old[i].name) continue;
        errors.push_back(field::forbidden(path.index(i).child("name"), list + " may not be renamed or reordered on resize"));
        ordered = false;
    }
    return ordered;
}

field::Errors containerResizeErrors(const ResourceRequirements& now, const ResourceRequirements& old, const field::Path& path) {
    field::Errors errors;
    if (removes(now.requests, old.requests)) errors.push_back(field::forbidden(path.child("requests"), "resource requests cannot be removed"));
    if (removes(now.limits, old.limits)) errors.push_back(field::forbidden(path.child("limits"), "resource limits cannot be removed"));
    return errors;
}

bool nodeResizes(const Pod& pod) {
    for (const auto& status : pod.status.containerStatuses) {
        if (status.state.running) return status.resources.has_value();
    }
    return true;
}

}  // namespace

field::Errors podErrors(const Pod& pod) {
    field::Errors errors = validateObjectMeta(pod.metadata, true, nullptr, kMetadata);
    field::append(errors, podAnnotationErrors(pod.metadata.annotations, pod.spec, kMetadata.child("annotations")));
    field::append(errors, podSpecErrors(pod.spec, &pod.metadata, true, kSpec));
    if (pod.spec.serviceAccountName.empty()) {
        for (std::size_t v = 0; v < pod.spec.volumes.size(); ++v) {
            const auto* projected = pod.spec.volumes[v].projected.get();
            for (std::size_t s = 0; projected && s < projected->sources.size(); ++s) {
                if (!projected->sources[s].serviceAccountToken) continue;
                errors.push_back(field::forbidden(kSpec.child("volumes").index(v).child("projected", "sources").index(s).child("serviceAccountToken"),
                                                  "must not be specified when serviceAccountName is not set"));
            }
        }
    }
    field::append(errors, imageSpaceErrors(pod.spec, kSpec));
    return errors;
}

field::Errors podUpdateErrors(const Pod& now, const Pod& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    field::append(errors, podErrors(now));
    field::append(errors, annotationUpdateErrors(now, old, kMetadata.child("annotations")));
    if (!imagesMayChange(now.spec.containers, old.spec.containers, kSpec.child("containers"), errors)) return errors;
    if (!imagesMayChange(now.spec.initContainers, old.spec.initContainers, kSpec.child("initContainers"), errors)) return errors;
    if (!deadlineMayChange(now, old, errors)) return errors;
    field::append(errors, tolerationChangeErrors(now, old));
    field::append(errors, gateChangeErrors(now, old));
    if (same(now.spec, old.spec)) return errors;

    // What may change is put back; anything that differs still may not.
    PodSpec rest = now.spec;
    for (std::size_t i = 0; i < rest.containers.size(); ++i) rest.containers[i].image = old.spec.containers[i].image;
    for (std::size_t i = 0; i < rest.initContainers.size(); ++i) rest.initContainers[i].image = old.spec.initContainers[i].image;
    rest.activeDeadlineSeconds = old.spec.activeDeadlineSeconds;
    rest.schedulingGates = old.spec.schedulingGates;
    rest.tolerations = old.spec.tolerations;
    if (old.spec.terminationGracePeriodSeconds.value_or(0) < 0 && rest.terminationGracePeriodSeconds == 1) {
        rest.terminationGracePeriodSeconds = old.spec.terminationGracePeriodSeconds;
    }
    if (!old.spec.schedulingGates.empty()) field::append(errors, narrowedErrors(rest, old.spec));
    if (!same(rest, old.spec)) errors.push_back(field::forbidden(kSpec, fmt::format("{}\n{}", kOnlyThese, goDiff(old.spec, rest))));
    return errors;
}

field::Errors podStatusErrors(const Pod& now, const Pod& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    field::append(errors, annotationUpdateErrors(now, old, kMetadata.child("annotations")));
    field::append(errors, conditionErrors(now));
    const auto& nominated = now.status.nominatedNodeName;
    const bool nominates = !nominated.empty() && nominated != old.status.nominatedNodeName;
    if (nominates) field::append(errors, subdomainErrors(kStatus.child("nominatedNodeName"), nominated));
    if (nominates && !old.spec.nodeName.empty()) {
        errors.push_back(field::forbidden(kStatus.child("nominatedNodeName"), "may not be set on pods that are already bound to a node"));
    }
    if (now.status.observedGeneration < 0) {
        errors.push_back(field::invalid(kStatus.child("observedGeneration"), now.status.observedGeneration, "must be a non-negative integer"));
    }
    if (now.status.qosClass != old.status.qosClass) errors.push_back(immutable(kStatus.child("qosClass"), now.status.qosClass));
    const auto may = [&](const std::vector<Container>& containers) {
        return [&containers, &old](const ContainerStatus& status) {
            if (allMayRestart(old.spec)) return true;
            const auto found = std::find_if(containers.begin(), containers.end(), [&](const auto& container) { return container.name == status.name; });
            return found != containers.end() && mayRestart(*found, old.spec, status.state.terminated->exitCode);
        };
    };
    field::append(errors, transitionErrors(now.status.containerStatuses, old.status.containerStatuses, "containerStatuses", may(old.spec.containers)));
    field::append(errors, transitionErrors(now.status.initContainerStatuses, old.status.initContainerStatuses, "initContainerStatuses", may(old.spec.initContainers)));
    field::append(errors, transitionErrors(now.status.ephemeralContainerStatuses, old.status.ephemeralContainerStatuses, "ephemeralContainerStatuses",
                                           [](const ContainerStatus&) { return false; }));
    field::append(errors, addressesErrors(now.status.podIPs, old.status.podIPs, kStatus.child("podIPs")));
    if (!now.status.hostIPs.empty() && now.status.hostIP != now.status.hostIPs[0].ip) {
        errors.push_back(field::invalid(kStatus.child("hostIPs").index(0).child("ip"), now.status.hostIPs[0].ip, "must be equal to `hostIP`"));
    }
    field::append(errors, addressesErrors(now.status.hostIPs, old.status.hostIPs, kStatus.child("hostIPs")));
    return errors;
}

field::Errors podEphemeralErrors(const Pod& now, const Pod& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    field::append(errors, podErrors(now));
    field::append(errors, annotationUpdateErrors(now, old, kMetadata.child("annotations")));
    if (old.metadata.annotations.contains(kMirrorAnnotation)) return {field::forbidden(field::Path(), "static pods do not support ephemeral containers")};
    const field::Path path = kSpec.child("ephemeralContainers");
    for (const auto& before : old.spec.ephemeralContainers) {
        const auto& all = now.spec.ephemeralContainers;
        const auto found = std::find_if(all.begin(), all.end(), [&](const auto& container) { return container.name == before.name; });
        if (found == all.end()) {
            errors.push_back(field::forbidden(path, fmt::format("existing ephemeral containers \"{}\" may not be removed\n", before.name)));
        } else if (!same(*found, before)) {
            errors.push_back(field::forbidden(path, fmt::format("existing ephemeral containers \"{}\" may not be changed\n", before.name)));
        }
    }
    return errors;
}

field::Errors podResizeErrors(const Pod& now, const Pod& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    field::append(errors, podErrors(now));
    if (old.metadata.annotations.contains(kMirrorAnnotation)) return {field::forbidden(field::Path(), "static pods cannot be resized")};
    if (old.spec.os && old.spec.os->name == "windows") return {field::forbidden(field::Path(), "windows pods cannot be resized")};
    const std::string before = old.status.qosClass.empty() ? qosClassOf(old.spec) : old.status.qosClass;
    if (before != qosClassOf(now.spec)) errors.push_back(field::invalid(kSpec, now.status.qosClass, "Pod QOS Class may not change as a result of resizing"));
    if (!nodeResizes(old)) errors.push_back(field::forbidden(kSpec, "Pod running on node without support for resize"));
    const bool initOrdered = orderErrors(now.spec.containers, old.spec.containers, "containers", errors);
    if (!orderErrors(now.spec.initContainers, old.spec.initContainers, "initContainers", errors) || !initOrdered) return errors;

    PodSpec rest = now.spec;
    for (std::size_t i = 0; i < old.spec.initContainers.size(); ++i) {
        const field::Path at = kSpec.child("initContainers").index(i);
        field::append(errors, containerResizeErrors(now.spec.initContainers[i].resources, old.spec.initContainers[i].resources, at.child("resources")));
    }
    for (std::size_t i = 0; i < old.spec.containers.size(); ++i) {
        field::append(errors, containerResizeErrors(now.spec.containers[i].resources, old.spec.containers[i].resources, kSpec.child("containers").index(i).child("resources")));
    }
    for (std::size_t i = 0; i < old.spec.containers.size(); ++i) {
        rest.containers[i] = unresized(std::move(rest.containers[i]), old.spec.containers[i]);
        if (!same(rest.containers[i], old.spec.containers[i])) errors.push_back(field::forbidden(kSpec, "only cpu and memory resources are mutable"));
    }
    for (std::size_t i = 0; i < old.spec.initContainers.size(); ++i) {
        rest.initContainers[i] = unresized(std::move(rest.initContainers[i]), old.spec.initContainers[i]);
        if (same(rest.initContainers[i], old.spec.initContainers[i])) continue;
        errors.push_back(field::forbidden(kSpec.child("initContainers").index(i), "only cpu and memory resources for init or sidecar containers are mutable"));
    }
    rest.resources = old.spec.resources;
    if (errors.empty() && !same(rest, old.spec)) errors.push_back(field::forbidden(kSpec, "only cpu and memory resources are mutable"));
    return errors;
}

}  // namespace qd::api
