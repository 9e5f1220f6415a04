// Source: https://kubernetes.io/docs/concepts/workloads/pods/.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/compare.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/core/pod_cells.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/core/pod_update.h"
#include "cluster/api/kinds/core/pod_warnings.h"
#include "cluster/api/kinds/object_meta.h"

namespace qd::api {
namespace {

using namespace corev1;

void setDefaults(Object& object) {
    auto& pod = as<Pod>(object);
    setPodDefaults(pod);
    if (pod.status.podIPs.empty() && !pod.status.podIP.empty()) pod.status.podIPs.emplace_back().ip = pod.status.podIP;
    if (!pod.status.podIPs.empty()) pod.status.podIP = pod.status.podIPs[0].ip;
}

// Keys whose values are taken from the Pod's own labels become part of the selector once, at creation.
void selectByOwnLabels(Box<metav1::LabelSelector>& selector, const std::vector<std::string>& keys, const char* op, const Map<std::string>& labels) {
    if (!selector) return;
    for (const auto& key : keys) {
        const auto found = labels.find(key);
        if (found == labels.end()) continue;
        metav1::LabelSelectorRequirement requirement;
        requirement.key = key;
        requirement.operator_ = op;
        requirement.values = {found->second};
        selector->matchExpressions.push_back(std::move(requirement));
    }
}

template <typename Rule>
void selectByOwnLabels(Box<Rule>& rule, const Map<std::string>& labels) {
    if (!rule) return;
    const auto fill = [&](PodAffinityTerm& term) {
        selectByOwnLabels(term.labelSelector, term.matchLabelKeys, "In", labels);
        selectByOwnLabels(term.labelSelector, term.mismatchLabelKeys, "NotIn", labels);
    };
    for (auto& term : rule->preferredDuringSchedulingIgnoredDuringExecution) fill(term.podAffinityTerm);
    for (auto& term : rule->requiredDuringSchedulingIgnoredDuringExecution) fill(term);
}

void prepareForCreate(Object& object) {
    auto& pod = as<Pod>(object);
    pod.metadata.generation = 1;
    pod.status = {};
    pod.status.phase = "Pending";
    pod.status.qosClass = qosClassOf(pod.spec);
    dropUnsupportedFields(pod.spec);
    if (!pod.spec.schedulingGates.empty()) {
        auto& condition = pod.status.conditions.emplace_back();
        condition.type = "PodScheduled";
        condition.status = "False";
        condition.reason = "SchedulingGated";
        condition.message = "Scheduling is blocked due to non-empty scheduling gates";
    }
    if (pod.spec.affinity) {
        selectByOwnLabels(pod.spec.affinity->podAffinity, pod.metadata.labels);
        selectByOwnLabels(pod.spec.affinity->podAntiAffinity, pod.metadata.labels);
    }
    for (auto& constraint : pod.spec.topologySpreadConstraints) selectByOwnLabels(constraint.labelSelector, constraint.matchLabelKeys, "In", pod.metadata.labels);
}

void countSpecChange(Pod& now, const Pod& old) {
    now.metadata.generation = old.metadata.generation + (equal(PodSpec::kDescriptor, &now.spec, &old.spec) ? 0 : 1);
}

void prepareForUpdate(Object& now, const Object& old) {
    as<Pod>(now).status = as<Pod>(old).status;
    dropUnsupportedFields(as<Pod>(now).spec);
    countSpecChange(as<Pod>(now), as<Pod>(old));
}

// A status writer that does not know of observedGeneration leaves it as it was.
void keepObservedGenerations(Pod& now, const Pod& old) {
    if (now.status.observedGeneration == 0) now.status.observedGeneration = old.status.observedGeneration;
    for (auto& condition : now.status.conditions) {
        if (condition.observedGeneration != 0) continue;
        const auto& before = old.status.conditions;
        const auto found = std::find_if(before.begin(), before.end(), [&](const auto& each) { return each.type == condition.type; });
        if (found != before.end()) condition.observedGeneration = found->observedGeneration;
    }
}

void prepareForStatus(Object& nowObject, const Object& oldObject) {
    auto& now = as<Pod>(nowObject);
    const auto& old = as<Pod>(oldObject);
    now.spec = old.spec;
    now.metadata.deletionTimestamp = old.metadata.deletionTimestamp;
    now.metadata.ownerReferences = old.metadata.ownerReferences;
    if (now.status.qosClass.empty()) now.status.qosClass = old.status.qosClass;
    keepObservedGenerations(now, old);
}

void prepareForEphemeralContainers(Object& nowObject, const Object& oldObject) {
    auto& now = as<Pod>(nowObject);
    const auto& old = as<Pod>(oldObject);
    auto containers = std::move(now.spec.ephemeralContainers);
    now.spec = old.spec;
    now.spec.ephemeralContainers = std::move(containers);
    now.status = old.status;
    keepForStatusUpdate(now.metadata, old.metadata);
    countSpecChange(now, old);
}

std::vector<Container> resized(const std::vector<Container>& now, const std::vector<Container>& old) {
    std::vector<Container> all = old;
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i].name != old[i].name) return now;  // validation tells
        all[i].resources = now[i].resources;
        all[i].resizePolicy = now[i].resizePolicy;
    }
    return all;
}

void prepareForResize(Object& nowObject, const Object& oldObject) {
    auto& now = as<Pod>(nowObject);
    const auto& old = as<Pod>(oldObject);
    const bool alike = now.spec.containers.size() == old.spec.containers.size() && now.spec.initContainers.size() == old.spec.initContainers.size();
    if (alike) {
        const PodSpec wanted = now.spec;
        now.spec = old.spec;
        now.spec.resources = wanted.resources;
        now.spec.containers = resized(wanted.containers, old.spec.containers);
        now.spec.initContainers = resized(wanted.initContainers, old.spec.initContainers);
        now.status = old.status;
        keepForStatusUpdate(now.metadata, old.metadata);
    }
    countSpecChange(now, old);
}

field::Errors createErrors(const Object& object) {
    const auto& pod = as<Pod>(object);
    const field::Path spec("spec");
    field::Errors errors = podErrors(pod);
    if (!pod.spec.ephemeralContainers.empty()) errors.push_back(field::forbidden(spec.child("ephemeralContainers"), "cannot be set on create"));
    if (!pod.spec.nodeName.empty() && !pod.spec.schedulingGates.empty()) {
        errors.push_back(field::forbidden(spec.child("nodeName"), "cannot be set until all schedulingGates have been cleared"));
    }
    field::append(errors, podProfileErrors(pod.metadata, pod.spec, spec));
    return errors;
}

std::optional<std::int64_t> gracePeriod(const Object& object, std::optional<std::int64_t> asked) {
    const auto& pod = as<Pod>(object);
    if (pod.spec.nodeName.empty() || pod.status.phase == "Failed" || pod.status.phase == "Succeeded") return std::nullopt;
    const std::int64_t seconds = asked.value_or(pod.spec.terminationGracePeriodSeconds.value_or(0));
    if (seconds == 0) return std::nullopt;
    return seconds < 0 ? 1 : seconds;
}

std::map<std::string, std::string> selectableFields(const Object& object) {
    const auto& pod = as<Pod>(object);
    return {{"spec.nodeName", pod.spec.nodeName},
            {"spec.restartPolicy", pod.spec.restartPolicy},
            {"spec.schedulerName", pod.spec.schedulerName},
            {"spec.serviceAccountName", pod.spec.serviceAccountName},
            {"spec.hostNetwork", pod.spec.hostNetwork ? "true" : "false"},
            {"status.phase", pod.status.phase},
            {"status.podIP", pod.status.podIPs.empty() ? "" : pod.status.podIPs[0].ip},
            {"status.nominatedNodeName", pod.status.nominatedNodeName}};
}

std::vector<std::string> statusWarnings(const Object& now, const Object*) {
    std::vector<std::string> warnings;
    const auto look = [&](const auto& addresses, const char* list) {
        for (std::size_t i = 0; i < addresses.size(); ++i) {
            for (auto& warning : addressWarnings(field::Path("status").child(list).index(i).child("ip"), addresses[i].ip)) warnings.push_back(std::move(warning));
        }
    };
    look(as<Pod>(now).status.podIPs, "podIPs");
    look(as<Pod>(now).status.hostIPs, "hostIPs");
    return warnings;
}

template <field::Errors (*check)(const Pod&, const Pod&)>
field::Errors checked(const Object& now, const Object& old) {
    return check(as<Pod>(now), as<Pod>(old));
}

}  // namespace

Kind podKind() {
    Kind kind = plainKind("", "v1", "Pod");
    kind.shortNames = {"po"};
    kind.categories = {"all"};
    kind.subresources = {{.name = "attach", .kind = "PodAttachOptions", .verbs = {"create", "get"}},
                         {.name = "binding", .kind = "Binding", .verbs = {"create"}},
                         {.name = "ephemeralcontainers", .kind = "Pod", .verbs = {"get", "patch", "update"}},
                         {.name = "eviction", .group = "policy", .version = "v1", .kind = "Eviction", .verbs = {"create"}},
                         {.name = "exec", .kind = "PodExecOptions", .verbs = {"create", "get"}},
                         {.name = "log", .kind = "Pod", .verbs = {"get"}},
                         {.name = "portforward", .kind = "PodPortForwardOptions", .verbs = {"create", "get"}},
                         {.name = "proxy", .kind = "PodProxyOptions", .verbs = {"create", "delete", "get", "patch", "update"}},
                         {.name = "resize", .kind = "Pod", .verbs = {"get", "patch", "update"}}};
    addStatus(kind);
    kind.returnsDeletedObject = true;
    kind.defaults = setDefaults;
    kind.prepareForCreate = prepareForCreate;
    validateCreate(kind, createErrors);
    kind.update.prepare = prepareForUpdate;
    validateUpdate(kind, checked<podUpdateErrors>);
    kind.subresourceUpdates["status"].prepare = prepareForStatus;
    kind.subresourceUpdates["status"].resetFields = {"spec", "metadata.deletionTimestamp", "metadata.ownerReferences"};
    validateSubresource(kind, "status", checked<podStatusErrors>);
    kind.subresourceUpdates["ephemeralcontainers"].prepare = prepareForEphemeralContainers;
    validateSubresource(kind, "ephemeralcontainers", checked<podEphemeralErrors>);
    kind.subresourceUpdates["resize"].prepare = prepareForResize;
    validateSubresource(kind, "resize", checked<podResizeErrors>);
    kind.warnings = [](const Object& now, const Object*) -> std::vector<std::string> {
        auto warnings = podWarnings(as<Pod>(now));
        const auto complaints = dns1123LabelErrors(now.metadata.name);
        if (complaints.empty()) return warnings;
        warnings.insert(warnings.begin(),
                        fmt::format("metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [{}]",
                                    fmt::join(complaints, " ")));
        return warnings;
    };
    kind.subresourceUpdates["status"].warnings = statusWarnings;
    kind.gracePeriodSeconds = gracePeriod;
    kind.selectableFieldNames = {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
                                 "status.podIP", "status.nominatedNodeName"};
    kind.selectableFields = selectableFields;
    kind.columns = podColumns();
    kind.cells = podCells;
    return kind;
}

}  // namespace qd::api
