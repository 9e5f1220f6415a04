#include "cluster/api/kinds/core/pod_warnings.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string_view>

#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/meta/names.h"

namespace qd::api {
namespace {

using namespace corev1;
using Warnings = std::vector<std::string>;

constexpr std::string_view kNoSelector = "a null labelSelector results in matching no pod";
constexpr std::string_view kOldSeccomp = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
constexpr char kSeccompPodAnnotation[] = "seccomp.security.alpha.kubernetes.io/pod";
constexpr std::string_view kSeccompContainerPrefix = "container.seccomp.security.alpha.kubernetes.io/";
constexpr std::string_view kAppArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";

void add(Warnings& all, Warnings more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

void warn(Warnings& all, const field::Path& path, std::string_view what) {
    all.push_back(fmt::format("{}: {}", path.text(), what));
}

// --- labels of nodes that got other names

const std::map<std::string_view, std::string_view>& oldNodeLabels() {
    static const std::map<std::string_view, std::string_view> labels = {
        {"beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"},
        {"beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"},
        {"failure-domain.beta.kubernetes.io/region",
         "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"},
        {"failure-domain.beta.kubernetes.io/zone",
         "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"},
        {"beta.kubernetes.io/instance-type",
         "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"},
        {"app.kubernetes.io/created-by", "deprecated since v1.9"},
        {"scheduler.alpha.kubernetes.io/preferAvoidPods", "deprecated since v1.22; use Taints and Tolerations instead"},
        {"node-role.kubernetes.io/master", "use \"node-role.kubernetes.io/control-plane\" instead"},
    };
    return labels;
}

void warnOfNodeLabel(Warnings& all, const std::string& key, const field::Path& path) {
    const auto found = oldNodeLabels().find(key);
    if (found != oldNodeLabels().end()) warn(all, path, fmt::format("{} is {}", key, found->second));
}

Warnings nodeTermWarnings(const NodeSelectorTerm& term, bool values, const field::Path& path) {
    Warnings all;
    for (std::size_t i = 0; i < term.matchExpressions.size(); ++i) {
        const auto& expression = term.matchExpressions[i];
        const field::Path at = path.child("matchExpressions").index(i);
        warnOfNodeLabel(all, expression.key, at.child("key"));
        for (std::size_t v = 0; values && v < expression.values.size(); ++v) {
            for (const auto& complaint : labelValueErrors(expression.values[v])) {
                warn(all, at.child("values").index(v),
                     fmt::format("{} is invalid, {}", expression.values[v], complaint));
            }
        }
    }
    return all;
}

Warnings nodePlacementWarnings(const PodSpec& spec, const field::Path& path) {
    Warnings all;
    for (const auto& [key, value] : spec.nodeSelector) {
        const auto found = oldNodeLabels().find(key);
        if (found != oldNodeLabels().end()) warn(all, path.child("nodeSelector").key(key), found->second);
    }
    const NodeAffinity* affinity = spec.affinity ? spec.affinity->nodeAffinity.get() : nullptr;
    const field::Path node = path.child("affinity", "nodeAffinity");
    if (affinity && affinity->requiredDuringSchedulingIgnoredDuringExecution) {
        const auto& terms = affinity->requiredDuringSchedulingIgnoredDuringExecution->nodeSelectorTerms;
        const field::Path at = node.child("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms");
        for (std::size_t i = 0; i < terms.size(); ++i) add(all, nodeTermWarnings(terms[i], false, at.index(i)));
    }
    for (std::size_t i = 0; affinity && i < affinity->preferredDuringSchedulingIgnoredDuringExecution.size(); ++i) {
        const field::Path at =
            node.child("preferredDuringSchedulingIgnoredDuringExecution").index(i).child("preference");
        add(all, nodeTermWarnings(affinity->preferredDuringSchedulingIgnoredDuringExecution[i].preference, true, at));
    }
    for (std::size_t i = 0; i < spec.topologySpreadConstraints.size(); ++i) {
        const auto& constraint = spec.topologySpreadConstraints[i];
        const field::Path at = path.child("topologySpreadConstraints").index(i);
        warnOfNodeLabel(all, constraint.topologyKey, at.child("topologyKey"));
        if (!constraint.labelSelector) warn(all, at.child("labelSelector"), kNoSelector);
    }
    return all;
}

template <typename Rule>
Warnings podTermWarnings(const Rule& rule, const field::Path& path) {
    Warnings all;
    const auto& required = rule.requiredDuringSchedulingIgnoredDuringExecution;
    for (std::size_t i = 0; i < required.size(); ++i) {
        if (!required[i].labelSelector)
            warn(all, path.child("requiredDuringSchedulingIgnoredDuringExecution").index(i).child("labelSelector"),
                 kNoSelector);
    }
    const auto& preferred = rule.preferredDuringSchedulingIgnoredDuringExecution;
    for (std::size_t i = 0; i < preferred.size(); ++i) {
        if (preferred[i].podAffinityTerm.labelSelector) continue;
        warn(all,
             path.child("preferredDuringSchedulingIgnoredDuringExecution")
                 .index(i)
                 .child("podAffinityTerm", "labelSelector"),
             kNoSelector);
    }
    return all;
}

// --- annotations and volumes that do nothing any more

Warnings oldAnnotationWarnings(const Map<std::string>& annotations, const field::Path& path) {
    static const std::map<std::string_view, std::string_view> old = {
        {"scheduler.alpha.kubernetes.io/critical-pod",
         "non-functional in v1.16+; use the \"priorityClassName\" field instead"},
        {"security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"},
        {"security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"},
    };
    Warnings all;
    for (const auto& [key, what] : old) {
        if (annotations.contains(key)) warn(all, path.key(key), what);
    }
    return all;
}

Warnings oldVolumeWarnings(const std::vector<Volume>& volumes, const field::Path& path) {
    Warnings all;
    for (std::size_t i = 0; i < volumes.size(); ++i) {
        const Volume& volume = volumes[i];
        const auto tell = [&](bool used, const char* name, std::string_view what) {
            if (used) warn(all, path.index(i).child(name), what);
        };
        tell(volume.photonPersistentDisk.has_value(), "photonPersistentDisk",
             "deprecated in v1.11, non-functional in v1.16+");
        tell(volume.gitRepo.has_value(), "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+");
        tell(volume.scaleIO.has_value(), "scaleIO", "deprecated in v1.16, non-functional in v1.22+");
        tell(volume.flocker.has_value(), "flocker", "deprecated in v1.22, non-functional in v1.25+");
        tell(volume.storageos.has_value(), "storageOS", "deprecated in v1.22, non-functional in v1.25+");
        tell(volume.quobyte.has_value(), "quobyte", "deprecated in v1.22, non-functional in v1.25+");
        tell(volume.glusterfs.has_value(), "glusterfs", "deprecated in v1.25, non-functional in v1.26+");
        if (volume.ephemeral && volume.ephemeral->volumeClaimTemplate) {
            add(all, claimWarnings(volume.ephemeral->volumeClaimTemplate->spec,
                                   path.index(i).child("ephemeral", "volumeClaimTemplate").child("spec")));
        }
        tell(volume.cephfs.has_value(), "cephfs", "deprecated in v1.28, non-functional in v1.31+");
        tell(volume.rbd.has_value(), "rbd", "deprecated in v1.28, non-functional in v1.31+");
    }
    return all;
}

// --- files of a volume of which one hides the other

struct File {
    std::string path;
    std::string source;

    std::string text() const {
        return source.empty() ? fmt::format("\"{}\"", path) : fmt::format("\"{}\" ({})", path, source);
    }
};

template <typename Item>
std::vector<File> filesOf(const std::vector<Item>& items, const std::string& source = "") {
    std::vector<File> files;
    for (const auto& item : items) files.push_back({item.path, source});
    return files;
}

std::vector<File> filesOf(const VolumeProjection& source) {
    if (source.configMap)
        return filesOf(source.configMap->items, fmt::format("ConfigMap \"{}\"", source.configMap->name));
    if (source.secret) return filesOf(source.secret->items, fmt::format("Secret \"{}\"", source.secret->name));
    if (source.downwardAPI) return filesOf(source.downwardAPI->items, "DownwardAPI");
    if (source.serviceAccountToken) return {{source.serviceAccountToken->path, "ServiceAccountToken"}};
    return {};
}

Warnings overlapWarnings(const std::string& volume, const std::string& what, std::vector<File> files) {
    Warnings all;
    for (std::size_t i = 0; i < files.size(); ++i) {
        while (files[i].path.ends_with('/')) files[i].path.pop_back();
        if (files[i].path.empty()) continue;
        for (std::size_t before = 0; before < i; ++before) {
            const std::string a = files[before].path + "/";
            const std::string b = files[i].path + "/";
            if (files[before].path.empty() || (!a.starts_with(b) && !b.starts_with(a))) continue;
            all.push_back(fmt::format("volume \"{}\" ({}): overlapping paths: {} with {}", volume, what,
                                      files[i].text(), files[before].text()));
        }
    }
    return all;
}

Warnings overlapWarnings(const std::vector<Volume>& volumes) {
    Warnings all;
    for (const Volume& volume : volumes) {
        if (volume.configMap)
            add(all, overlapWarnings(volume.name, fmt::format("ConfigMap \"{}\"", volume.configMap->name),
                                     filesOf(volume.configMap->items)));
        if (volume.secret)
            add(all, overlapWarnings(volume.name, fmt::format("Secret \"{}\"", volume.secret->secretName),
                                     filesOf(volume.secret->items)));
        if (volume.downwardAPI)
            add(all, overlapWarnings(volume.name, "DownwardAPI", filesOf(volume.downwardAPI->items)));
        if (!volume.projected) continue;
        std::vector<File> files;
        for (const auto& source : volume.projected->sources) {
            if (source == VolumeProjection()) {
                all.push_back(fmt::format("volume \"{}\" (Projected) has no sources provided", volume.name));
                continue;
            }
            for (auto& file : filesOf(source)) files.push_back(std::move(file));
        }
        add(all, overlapWarnings(volume.name, "Projected", std::move(files)));
    }
    return all;
}

// --- lists whose entries hide each other

Warnings duplicateWarnings(const PodSpec& spec, const field::Path& path) {
    Warnings all;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < spec.hostAliases.size(); ++i) {
        const std::string& ip = spec.hostAliases[i].ip;
        if (!seen.insert(ip).second)
            warn(all, path.child("hostAliases").index(i).child("ip"), fmt::format("duplicate ip \"{}\"", ip));
    }
    seen.clear();
    for (std::size_t i = 0; i < spec.imagePullSecrets.size(); ++i) {
        const std::string& name = spec.imagePullSecrets[i].name;
        if (!seen.insert(name).second)
            warn(all, path.child("imagePullSecrets").index(i).child("name"),
                 fmt::format("duplicate name \"{}\"", name));
    }
    for (std::size_t i = 0; i < spec.imagePullSecrets.size(); ++i) {
        if (spec.imagePullSecrets[i].name.empty())
            warn(all, path.child("imagePullSecrets").index(i).child("name"), "invalid empty name \"\"");
    }
    return all;
}

template <typename C>
Warnings variableWarnings(const C& container, const field::Path& path) {
    Warnings all;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < container.env.size(); ++i) {
        const auto& variable = container.env[i];
        if (seen.insert(variable.name).second) continue;
        // A value that builds upon the one before it is meant.
        const std::string reference = "$(" + variable.name + ")";
        const bool extends = variable.value != reference && variable.value.find(reference) != std::string::npos;
        if (variable.valueFrom || !extends) {
            warn(all, path.child("env").index(i),
                 fmt::format("hides previous definition of \"{}\", which may be dropped when using apply",
                             variable.name));
        }
    }
    return all;
}

void warnOfFraction(Warnings& all, const Map<Quantity>& resources, const char* name, const field::Path& path) {
    const auto found = resources.find(name);
    if (found == resources.end() || found->second.milliValue() % 1000 == 0) return;
    warn(all, path.key(name),
         fmt::format("fractional byte value \"{}\" is invalid, must be an integer", found->second.toString()));
}

struct Profiles {
    const metav1::ObjectMeta& metadata;
    const field::Path& annotations;
    const AppArmorProfile* ofPod;
    bool isTemplate;
};

// Whether the annotation says the same as the Pod's profile.
bool agrees(const std::string& annotation, const AppArmorProfile* profile) {
    if (!profile) return false;
    if (profile->type == "Localhost") return annotation == "localhost/" + profile->localhostProfile.value_or("");
    return (profile->type == "RuntimeDefault" && annotation == "runtime/default") ||
           (profile->type == "Unconfined" && annotation == "unconfined");
}

template <typename C>
Warnings containerWarnings(const C& container, const Profiles& profiles, const field::Path& path) {
    Warnings all;
    const auto* security = container.securityContext.get();
    const auto& annotations = profiles.metadata.annotations;
    const std::string seccomp = std::string(kSeccompContainerPrefix) + container.name;
    if ((!security || !security->seccompProfile) && annotations.contains(seccomp))
        warn(all, profiles.annotations.key(seccomp), kOldSeccomp);
    const auto appArmor = annotations.find(std::string(kAppArmorPrefix) + container.name);
    const bool hasField = security && security->appArmorProfile;
    if (profiles.isTemplate && !hasField && appArmor != annotations.end() &&
        !agrees(appArmor->second, profiles.ofPod)) {
        warn(all, profiles.annotations.key(appArmor->first),
             "deprecated since v1.30; use the \"appArmorProfile\" field instead");
    }
    for (const char* name : {"memory", "ephemeral-storage"}) {
        warnOfFraction(all, container.resources.limits, name, path.child("resources", "limits"));
        warnOfFraction(all, container.resources.requests, name, path.child("resources", "requests"));
    }
    add(all, variableWarnings(container, path));
    return all;
}

// --- ports

struct Port {
    std::string path;
    ContainerPort port;
};

std::string conflictOf(const ContainerPort& a, const ContainerPort& b) {
    if (a.hostIP == b.hostIP && a.hostPort == b.hostPort) return "duplicate port definition";
    if (a.hostPort == 0 || b.hostPort == 0) return "overlapping port definition";
    if (a.hostPort == b.hostPort && a.hostIP.empty() != b.hostIP.empty())
        return "dangerously ambiguous port definition";
    return "";
}

Warnings portWarnings(const PodSpec& spec, const field::Path& path) {
    Warnings all;
    std::map<std::pair<std::int32_t, std::string>, std::vector<Port>> ports;
    visitContainers(spec, path, [&](const auto& container, const field::Path& where) {
        for (std::size_t i = 0; i < container.ports.size(); ++i) {
            const ContainerPort& port = container.ports[i];
            const field::Path at = where.child("ports").index(i);
            if (!port.hostIP.empty() && port.hostPort == 0) {
                warn(all, at,
                     fmt::format(
                         "hostIP set without hostPort: {{Name:{} HostPort:{} ContainerPort:{} Protocol:{} HostIP:{}}}",
                         port.name, port.hostPort, port.containerPort, port.protocol, port.hostIP));
            }
            auto& others = ports[{port.containerPort, port.protocol}];
            for (const Port& other : others) {
                const std::string conflict = conflictOf(port, other.port);
                if (!conflict.empty()) warn(all, at, fmt::format("{} with {}", conflict, other.path));
            }
            others.push_back({at.text(), port});
        }
    });
    std::map<std::string, std::string> names;
    visitContainers(spec, path, [&](const auto& container, const field::Path& where) {
        for (std::size_t i = 0; i < container.ports.size(); ++i) {
            const std::string& name = container.ports[i].name;
            if (name.empty()) continue;
            const field::Path at = where.child("ports").index(i);
            const auto [first, isNew] = names.emplace(name, at.text());
            if (isNew) continue;
            warn(all, at,
                 fmt::format(
                     "duplicate port name \"{}\" with {}, services and probes that select ports by name will use {}",
                     name, first->second, first->second));
        }
    });
    return all;
}

Warnings specWarnings(const PodSpec& spec, const metav1::ObjectMeta& metadata, const field::Path& above) {
    const field::Path path = above.child("spec");
    const field::Path annotations = above.child("metadata", "annotations");
    Warnings all = nodePlacementWarnings(spec, path);
    add(all, oldAnnotationWarnings(metadata.annotations, annotations));
    add(all, oldVolumeWarnings(spec.volumes, path.child("volumes")));
    add(all, overlapWarnings(spec.volumes));
    add(all, duplicateWarnings(spec, path));
    warnOfFraction(all, spec.overhead, "memory", path.child("overhead"));
    warnOfFraction(all, spec.overhead, "ephemeral-storage", path.child("overhead"));
    const auto* security = spec.securityContext.get();
    const bool hasSeccomp = security && security->seccompProfile;
    if (!hasSeccomp && metadata.annotations.contains(kSeccompPodAnnotation))
        warn(all, annotations.key(kSeccompPodAnnotation), kOldSeccomp);
    const Profiles profiles{metadata, annotations, security ? security->appArmorProfile.get() : nullptr,
                            !above.empty()};
    visitContainers(spec, path, [&](const auto& container, const field::Path& at) {
        add(all, containerWarnings(container, profiles, at));
    });
    add(all, portWarnings(spec, path));
    if (spec.terminationGracePeriodSeconds.value_or(0) < 0) {
        warn(all, path.child("terminationGracePeriodSeconds"),
             "must be >= 0; negative values are invalid and will be treated as 1");
    }
    const auto* affinity = spec.affinity.get();
    if (affinity && affinity->podAffinity)
        add(all, podTermWarnings(*affinity->podAffinity, path.child("affinity", "podAffinity")));
    if (affinity && affinity->podAntiAffinity)
        add(all, podTermWarnings(*affinity->podAntiAffinity, path.child("affinity", "podAntiAffinity")));
    for (std::size_t i = 0; spec.dnsConfig && i < spec.dnsConfig->nameservers.size(); ++i) {
        add(all, addressWarnings(path.child("dnsConfig", "nameservers").index(i), spec.dnsConfig->nameservers[i]));
    }
    for (std::size_t i = 0; i < spec.hostAliases.size(); ++i)
        add(all, addressWarnings(path.child("hostAliases").index(i).child("ip"), spec.hostAliases[i].ip));
    return all;
}

}  // namespace

std::vector<std::string> podWarnings(const Pod& pod) {
    return specWarnings(pod.spec, pod.metadata, field::Path());
}

std::vector<std::string> podTemplateWarnings(const PodTemplateSpec& pod, const field::Path& path) {
    return specWarnings(pod.spec, pod.metadata, path);
}

std::vector<std::string> claimWarnings(const PersistentVolumeClaimSpec& claim, const field::Path& path) {
    Warnings all;
    warnOfFraction(all, claim.resources.requests, "storage", path.child("resources", "requests"));
    warnOfFraction(all, claim.resources.limits, "storage", path.child("resources", "limits"));
    return all;
}

}  // namespace qd::api
