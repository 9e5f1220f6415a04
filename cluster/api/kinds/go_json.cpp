#include "cluster/api/kinds/go_json.h"

#include <algorithm>
#include <map>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_text.h"
#include "cluster/api/meta/unified_diff.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {
namespace {

using Names = std::vector<std::string_view>;

// The few structs whose internal type has its fields in another order than the served one.
const Names* internalOrder(const Struct& structure) {
    static const std::map<std::string_view, Names> orders = {
        {"PodSpec",
         {"Volumes",
          "InitContainers",
          "Containers",
          "EphemeralContainers",
          "RestartPolicy",
          "TerminationGracePeriodSeconds",
          "ActiveDeadlineSeconds",
          "DNSPolicy",
          "NodeSelector",
          "ServiceAccountName",
          "AutomountServiceAccountToken",
          "NodeName",
          "SecurityContext",
          "ImagePullSecrets",
          "Hostname",
          "Subdomain",
          "SetHostnameAsFQDN",
          "Affinity",
          "SchedulerName",
          "Tolerations",
          "HostAliases",
          "PriorityClassName",
          "Priority",
          "PreemptionPolicy",
          "DNSConfig",
          "ReadinessGates",
          "RuntimeClassName",
          "Overhead",
          "EnableServiceLinks",
          "TopologySpreadConstraints",
          "OS",
          "SchedulingGates",
          "ResourceClaims",
          "Resources",
          "HostnameOverride",
          "SchedulingGroup"}},
        {"PodSecurityContext",
         {"SELinuxOptions", "WindowsOptions", "RunAsUser", "RunAsGroup", "RunAsNonRoot", "SupplementalGroups",
          "SupplementalGroupsPolicy", "FSGroup", "FSGroupChangePolicy", "Sysctls", "SeccompProfile", "AppArmorProfile",
          "SELinuxChangePolicy"}},
        {"VolumeSource",
         {"HostPath",
          "EmptyDir",
          "GCEPersistentDisk",
          "AWSElasticBlockStore",
          "GitRepo",
          "Secret",
          "NFS",
          "ISCSI",
          "Glusterfs",
          "PersistentVolumeClaim",
          "RBD",
          "Quobyte",
          "FlexVolume",
          "Cinder",
          "CephFS",
          "Flocker",
          "DownwardAPI",
          "FC",
          "AzureFile",
          "ConfigMap",
          "VsphereVolume",
          "AzureDisk",
          "PhotonPersistentDisk",
          "Projected",
          "PortworxVolume",
          "ScaleIO",
          "StorageOS",
          "CSI",
          "Ephemeral",
          "Image"}},
        {"PersistentVolumeSource",
         {"GCEPersistentDisk",
          "AWSElasticBlockStore",
          "HostPath",
          "Glusterfs",
          "NFS",
          "RBD",
          "Quobyte",
          "ISCSI",
          "FlexVolume",
          "Cinder",
          "CephFS",
          "FC",
          "Flocker",
          "AzureFile",
          "VsphereVolume",
          "AzureDisk",
          "PhotonPersistentDisk",
          "PortworxVolume",
          "ScaleIO",
          "Local",
          "StorageOS",
          "CSI"}},
    };
    if (structure.goPackage != "k8s.io/api/core/v1") return nullptr;
    const auto found = orders.find(structure.name);
    return found == orders.end() ? nullptr : &found->second;
}

const Field& named(const Struct& structure, std::string_view goName) {
    return *std::find_if(structure.fields.begin(), structure.fields.end(),
                         [&](const Field& each) { return each.goName == goName; });
}

const void* memberOf(const void* value, const Field& member) {
    return static_cast<const char*>(value) + member.offset;
}

void appendMembers(std::string& out, const Struct& structure, const void* value, bool& first);

void appendName(std::string& out, std::string_view name, bool& first) {
    if (!first) out += ',';
    first = false;
    appendJsonString(out, name);
    out += ':';
}

// What the served Pod has beside its security context stands inside of it internally, and it is never absent.
void appendPodSecurityContext(std::string& out, const Struct& spec, const void* value) {
    out += '{';
    bool first = true;
    for (const std::string_view name : {"HostNetwork", "HostPID", "HostIPC", "ShareProcessNamespace", "HostUsers"}) {
        const Field& member = named(spec, name);
        appendName(out, name, first);
        appendGoJson(out, member.type(), memberOf(value, member));
    }
    const Field& context = named(spec, "SecurityContext");
    static const corev1::PodSecurityContext kNone;
    const void* given = context.type().pointer->get(memberOf(value, context));
    appendMembers(out, corev1::PodSecurityContext::kDescriptor, given ? given : &kNone, first);
    out += '}';
}

void appendMember(std::string& out, const Struct& structure, const Field& member, const void* value, bool& first) {
    const void* at = memberOf(value, member);
    if (member.inlined && member.type().shape == Shape::Struct)
        return appendMembers(out, *member.type().structure, at, first);
    if (member.goName == "ObjectMeta") {  // embedded, with the JSON names of its own
        const std::string meta = encodeJson(*member.type().structure, at);
        if (meta.size() <= 2) return;
        out += first ? "" : ",";
        first = false;
        out += meta.substr(1, meta.size() - 2);
        return;
    }
    appendName(out, member.goName, first);
    if (&structure == &corev1::PodSpec::kDescriptor && member.goName == "SecurityContext")
        return appendPodSecurityContext(out, structure, value);
    appendGoJson(out, member.type(), at);
}

void appendMembers(std::string& out, const Struct& structure, const void* value, bool& first) {
    if (const Names* order = internalOrder(structure)) {
        for (const std::string_view name : *order) appendMember(out, structure, named(structure, name), value, first);
        return;
    }
    for (const Field& member : structure.fields) appendMember(out, structure, member, value, first);
}

bool hasJsonNames(const Struct& structure) {
    return structure.goPackage.starts_with("k8s.io/apimachinery");
}

// encoding/json's Indent: a line an element, nothing inside of empty ones.
std::string indented(std::string_view json) {
    std::string out;
    std::size_t depth = 0;
    bool inString = false;
    const auto newLine = [&] { out.append(1, '\n').append(depth, ' '); };
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (inString) {
            out += c;
            if (c == '\\') out += json[++i];
            inString = c != '"';
            continue;
        }
        const bool opens = c == '{' || c == '[';
        const bool closes = c == '}' || c == ']';
        const bool empty = opens && i + 1 < json.size() && (json[i + 1] == '}' || json[i + 1] == ']');
        if (empty) {
            out.append({c, json[++i]});
            continue;
        }
        if (closes) {
            --depth;
            newLine();
        }
        out += c;
        inString = c == '"';
        if (opens) ++depth;
        if (opens || c == ',') newLine();
        if (c == ':') out += ' ';
    }
    return out;
}

}  // namespace

std::string goJson(const Struct& structure, const void* value) {
    if (hasJsonNames(structure)) return encodeJson(structure, value);
    std::string out = "{";
    bool first = true;
    appendMembers(out, structure, value, first);
    return out + "}";
}

std::string goJsonLines(const Struct& structure, const void* value) {
    return indented(goJson(structure, value));
}

std::string goDiff(const Struct& structure, const void* before, const void* after) {
    return unifiedDiff(goJsonLines(structure, before), goJsonLines(structure, after));
}

void appendGoJson(std::string& out, const Type& type, const void* value) {
    switch (type.shape) {
        case Shape::Struct:
            out += goJson(*type.structure, value);
            return;
        case Shape::Pointer: {
            const void* target = type.pointer->get(value);
            if (!target) {
                out += "null";
            } else {
                appendGoJson(out, *type.element, target);
            }
            return;
        }
        case Shape::List: {
            const std::size_t count = type.list->size(value);
            if (count == 0) {
                out += "null";
                return;
            }
            const char* element = static_cast<const char*>(type.list->data(value));
            for (std::size_t i = 0; i < count; ++i, element += type.element->size) {
                out += i == 0 ? '[' : ',';
                appendGoJson(out, *type.element, element);
            }
            out += ']';
            return;
        }
        case Shape::Map: {
            if (type.map->size(value) == 0) {
                out += "null";
                return;
            }
            struct Context {
                std::string& out;
                const Type& element;
                bool first;
            } context{out, *type.element, true};
            type.map->visit(value, &context, [](void* raw, const std::string& key, const void* element) {
                auto& at = *static_cast<Context*>(raw);
                at.out += at.first ? '{' : ',';
                at.first = false;
                appendJsonString(at.out, key);
                at.out += ':';
                appendGoJson(at.out, at.element, element);
                return true;
            });
            out += '}';
            return;
        }
        default:
            appendJson(out, type, value);
    }
}

field::Shown shownStrings(const std::vector<std::string>& values) {
    if (values.empty()) return field::Shown::null();
    std::string out = "[";
    for (const auto& value : values) {
        if (out.size() > 1) out += ',';
        appendJsonString(out, value);
    }
    return field::Shown::raw(out + "]");
}

}  // namespace qd::api
