// Source: https://kubernetes.io/docs/concepts/architecture/nodes/.
#include <fmt/format.h>

#include <set>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {
namespace {

using corev1::Node;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
const field::Path kStatus("status");
constexpr std::string_view kRolePrefix = "node-role.kubernetes.io/";

field::Errors taintsErrors(const std::vector<corev1::Taint>& taints) {
    field::Errors errors;
    std::set<std::pair<std::string, std::string>> seen;
    for (std::size_t i = 0; i < taints.size(); ++i) {
        const auto& taint = taints[i];
        // Upstream says "metadata" here.
        const field::Path at = kMetadata.child("taints").index(i);
        field::append(errors, validateLabelKey(taint.key, at.child("key")));
        const auto complaints = labelValueErrors(taint.value);
        if (!complaints.empty()) errors.push_back(field::invalid(at.child("value"), taint.value, fmt::format("{}", fmt::join(complaints, ";"))));
        field::append(errors, requiredChoiceErrors(at.child("effect"), taint.effect, {"NoSchedule", "PreferNoSchedule", "NoExecute"}));
        if (seen.emplace(taint.effect, taint.key).second) continue;
        field::FieldError error = field::duplicate(at, shown(taint));
        error.body += ": taints must be unique by key and effect pair";
        errors.push_back(std::move(error));
    }
    return errors;
}

field::Errors resourcesErrors(const Node& node) {
    field::Errors errors;
    for (const auto& [name, value] : node.status.capacity) field::append(errors, quantityErrors(name, value, kStatus.child("capacity", name)));
    for (const auto& [name, value] : node.status.allocatable) field::append(errors, quantityErrors(name, value, kStatus.child("allocatable", name)));
    return errors;
}

field::Errors nodeErrors(const Object& object) {
    const auto& node = as<Node>(object);
    field::Errors errors = validateObjectMeta(node.metadata, false, nullptr, kMetadata);
    field::append(errors, taintsErrors(node.spec.taints));
    field::append(errors, resourcesErrors(node));
    const auto& networks = node.spec.podCIDRs;
    const field::Path path = kSpec.child("podCIDRs");
    int sixes = 0;
    for (std::size_t i = 0; i < networks.size(); ++i) {
        field::append(errors, networkErrors(path.index(i), networks[i]));
        sixes += networks[i].find(':') != std::string::npos ? 1 : 0;
    }
    if (networks.size() > 2 || (networks.size() == 2 && sixes != 1)) {
        errors.push_back(field::invalid(path, shownStrings(networks), "may specify no more than one CIDR for each IP family"));
    }
    return errors;
}

field::Errors changeErrors(const Object& nowObject, const Object& oldObject) {
    const auto& now = as<Node>(nowObject);
    const auto& old = as<Node>(oldObject);
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    field::append(errors, resourcesErrors(now));
    std::set<std::pair<std::string, std::string>> addresses;
    for (std::size_t i = 0; i < now.status.addresses.size(); ++i) {
        const auto& address = now.status.addresses[i];
        if (!addresses.emplace(address.type, address.address).second) errors.push_back(field::duplicate(kStatus.child("addresses").index(i), shown(address)));
    }
    if (!old.spec.podCIDRs.empty() && old.spec.podCIDRs != now.spec.podCIDRs) {
        errors.push_back(field::forbidden(kSpec.child("podCIDRs"), "node updates may not change podCIDR except from \"\" to valid"));
    }
    if (!old.spec.providerID.empty() && old.spec.providerID != now.spec.providerID) {
        errors.push_back(field::forbidden(kSpec.child("providerID"), "node updates may not change providerID except from \"\" to valid"));
    }
    field::append(errors, taintsErrors(now.spec.taints));
    if (now.spec.externalID != old.spec.externalID) errors.push_back(field::forbidden(kSpec.child("externalID"), "may not be updated"));
    return errors;
}

std::string statusText(const Node& node) {
    std::string text = "Unknown";
    for (const auto& condition : node.status.conditions) {
        if (condition.type == "Ready") text = condition.status == "True" ? "Ready" : "NotReady";
    }
    return text + (node.spec.unschedulable ? ",SchedulingDisabled" : "");
}

std::string rolesText(const Node& node) {
    std::set<std::string> roles;
    for (const auto& [key, value] : node.metadata.labels) {
        if (key.starts_with(kRolePrefix) && key.size() > kRolePrefix.size()) roles.insert(key.substr(kRolePrefix.size()));
        if (key == "kubernetes.io/role" && !value.empty()) roles.insert(value);
    }
    return orNone(joined({roles.begin(), roles.end()}));
}

std::string addressText(const Node& node, std::string_view type) {
    for (const auto& address : node.status.addresses) {
        if (address.type == type) return address.address;
    }
    return "<none>";
}

std::string orUnknown(const std::string& text) { return text.empty() ? "<unknown>" : text; }

}  // namespace

Kind nodeKind() {
    Kind kind = plainKind("", "v1", "Node");
    kind.shortNames = {"no"};
    kind.subresources = {{.name = "proxy", .kind = "NodeProxyOptions", .verbs = {"create", "delete", "get", "patch", "update"}}};
    addStatus(kind);
    kind.defaults = [](Object& object) {
        auto& node = as<Node>(object);
        // podCIDR is the old name of the first network; where they differ, old clients are believed.
        const std::string& given = node.spec.podCIDR;
        if (!given.empty() && (node.spec.podCIDRs.empty() || node.spec.podCIDRs[0] != given)) node.spec.podCIDRs = {given};
        node.spec.podCIDR = node.spec.podCIDRs.empty() ? "" : node.spec.podCIDRs[0];
        roundResources(node.status.capacity);
        roundResources(node.status.allocatable);
        if (node.status.allocatable.empty()) node.status.allocatable = node.status.capacity;
    };
    // A node registers itself with its status.
    kind.prepareForCreate = [](Object& object) {
        as<Node>(object).spec.configSource.reset();
        as<Node>(object).status.config.reset();
    };
    validateCreate(kind, nodeErrors);
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = nodeErrors(now);
        field::append(errors, changeErrors(now, old));
        return errors;
    });
    validateSubresource(kind, "status", changeErrors);
    kind.selectableFieldNames = {"spec.unschedulable"};
    kind.selectableFields = [](const Object& object) -> std::map<std::string, std::string> {
        return {{"spec.unschedulable", as<Node>(object).spec.unschedulable ? "true" : "false"}};
    };
    using Info = corev1::NodeSystemInfo;
    using Status = corev1::NodeStatus;
    kind.columns = {nameColumn(), textColumn("Status", "The status of the node"), textColumn("Roles", "The roles of the node"), ageColumn(),
                    fieldColumn<Info>("Version", "string", "kubeletVersion"), wide(fieldColumn<Status>("Internal-IP", "string", "addresses")),
                    wide(fieldColumn<Status>("External-IP", "string", "addresses")), wide(fieldColumn<Info>("OS-Image", "string", "osImage")),
                    wide(fieldColumn<Info>("Kernel-Version", "string", "kernelVersion")), wide(fieldColumn<Info>("Container-Runtime", "string", "containerRuntimeVersion"))};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& node = as<Node>(object);
        const auto& info = node.status.nodeInfo;
        const std::string kernel = orUnknown(info.kernelVersion) + (info.architecture.empty() ? "" : " (" + info.architecture + ")");
        return {node.metadata.name, statusText(node), rolesText(node), ageText(node.metadata.creationTimestamp, now), info.kubeletVersion,
                addressText(node, "InternalIP"), addressText(node, "ExternalIP"), orUnknown(info.osImage), kernel, orUnknown(info.containerRuntimeVersion)};
    };
    return kind;
}

}  // namespace qd::api
