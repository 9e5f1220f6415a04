#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"

namespace qd::api {
namespace {

using namespace corev1;

constexpr std::size_t kMostNameservers = 3;
constexpr std::size_t kMostSearches = 32;
constexpr std::size_t kLongestSearches = 2048;
constexpr std::int64_t kMostSeconds = 2147483647;
constexpr char kMirrorAnnotation[] = "kubernetes.io/config.mirror";
constexpr char kDeletionCostAnnotation[] = "controller.kubernetes.io/pod-deletion-cost";
constexpr std::string_view kSeccompPodAnnotation = "seccomp.security.alpha.kubernetes.io/pod";
constexpr std::string_view kSeccompContainerPrefix = "container.seccomp.security.alpha.kubernetes.io/";
constexpr std::string_view kAppArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";

field::Errors hostPortErrors(const PodSpec& spec, bool isPod, const field::Path& path) {
    field::Errors errors;
    if (!spec.hostNetwork) return errors;
    for (std::size_t c = 0; c < spec.containers.size(); ++c) {
        const auto& ports = spec.containers[c].ports;
        for (std::size_t p = 0; p < ports.size(); ++p) {
            // In a template an absent host port is filled in when the Pod is made.
            if (ports[p].hostPort == ports[p].containerPort || (ports[p].hostPort == 0 && !isPod)) continue;
            errors.push_back(field::invalid(path.child("containers").index(c).child("ports").index(p).child("hostPort"), ports[p].hostPort,
                                            "must match `containerPort` when `hostNetwork` is true"));
        }
    }
    return errors;
}

field::Errors dnsErrors(const PodSpec& spec, const field::Path& path) {
    const auto* config = spec.dnsConfig.get();
    if (spec.dnsPolicy == "None") {
        if (!config) return {field::required(path, "must provide `dnsConfig` when `dnsPolicy` is None")};
        if (config->nameservers.empty()) return {field::required(path.child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None")};
    }
    field::Errors errors;
    if (!config) return errors;
    if (config->nameservers.size() > kMostNameservers) {
        errors.push_back(field::invalid(path.child("nameservers"), shownStrings(config->nameservers), fmt::format("must not have more than {} nameservers", kMostNameservers)));
    }
    for (std::size_t i = 0; i < config->nameservers.size(); ++i) field::append(errors, addressErrors(path.child("nameservers").index(i), config->nameservers[i]));
    const auto& searches = config->searches;
    if (searches.size() > kMostSearches) {
        errors.push_back(field::invalid(path.child("searches"), shownStrings(searches), fmt::format("must not have more than {} search paths", kMostSearches)));
    }
    if (fmt::format("{}", fmt::join(searches, " ")).size() > kLongestSearches) {
        errors.push_back(field::invalid(path.child("searches"), shownStrings(searches),
                                        fmt::format("must not have more than {} characters (including spaces) in the search list", kLongestSearches)));
    }
    for (std::size_t i = 0; i < searches.size(); ++i) {
        if (searches[i] == ".") continue;
        const std::string name = searches[i].ends_with('.') ? searches[i].substr(0, searches[i].size() - 1) : searches[i];
        field::append(errors, complaintErrors(path.child("searches").index(i), name, underscoredSubdomainErrors(name)));
    }
    for (std::size_t i = 0; i < config->options.size(); ++i) {
        if (config->options[i].name.empty()) errors.push_back(field::required(path.child("options").index(i), "must not be empty"));
    }
    return errors;
}

field::Errors resourceClaimsErrors(const PodSpec& spec, const metav1::ObjectMeta* metadata, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> names;
    for (std::size_t i = 0; i < spec.resourceClaims.size(); ++i) {
        const auto& claim = spec.resourceClaims[i];
        const field::Path at = path.index(i);
        if (metadata && metadata->annotations.contains(kMirrorAnnotation)) {
            errors.push_back(field::forbidden(field::Path(), "static pods do not support resource claims"));
            continue;
        }
        if (claim.name.empty()) {
            errors.push_back(field::required(at.child("name")));
        } else if (!names.insert(claim.name).second) {
            errors.push_back(field::duplicate(at.child("name"), claim.name));
        } else {
            field::append(errors, labelErrors(at.child("name"), claim.name));
        }
        if (claim.resourceClaimName && claim.resourceClaimTemplateName) {
            errors.push_back(field::invalid(at, shown(claim), "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"));
        }
        if (!claim.resourceClaimName && !claim.resourceClaimTemplateName) {
            errors.push_back(field::invalid(at, shown(claim), "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"));
        }
        if (claim.resourceClaimName) field::append(errors, subdomainErrors(at.child("resourceClaimName"), *claim.resourceClaimName));
        if (claim.resourceClaimTemplateName) field::append(errors, subdomainErrors(at.child("resourceClaimTemplateName"), *claim.resourceClaimTemplateName));
    }
    return errors;
}

field::Errors gatesErrors(const PodSpec& spec, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < spec.readinessGates.size(); ++i) {
        field::append(errors, qualifiedErrors(path.child("readinessGates").index(i).child("conditionType"), spec.readinessGates[i].conditionType));
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < spec.schedulingGates.size(); ++i) {
        const field::Path at = path.child("schedulingGates").index(i);
        field::append(errors, qualifiedErrors(at, spec.schedulingGates[i].name));
        if (!seen.insert(spec.schedulingGates[i].name).second) errors.push_back(field::duplicate(at, spec.schedulingGates[i].name));
    }
    return errors;
}

field::Errors userNamespaceErrors(const PodSpec& spec, const field::Path& path) {
    if (spec.hostUsers.value_or(true)) return {};
    constexpr std::string_view kWhen = "when `hostUsers` is false";
    field::Errors errors;
    if (spec.hostNetwork) errors.push_back(field::forbidden(path.child("hostNetwork"), kWhen));
    if (spec.hostPID) errors.push_back(field::forbidden(path.child("HostPID"), kWhen));
    if (spec.hostIPC) errors.push_back(field::forbidden(path.child("HostIPC"), kWhen));
    visitContainers(spec, path, [&](const auto& container, const field::Path& at) {
        if (!container.volumeDevices.empty()) errors.push_back(field::forbidden(at.child("volumeDevices"), kWhen));
    });
    return errors;
}

field::Errors hostnameErrors(const PodSpec& spec, const field::Path& path) {
    if (!spec.hostnameOverride) return {};
    const field::Path at = path.child("hostnameOverride");
    field::Errors errors;
    if (spec.setHostnameAsFQDN.value_or(false)) errors.push_back(field::forbidden(at, "may not be specified when setHostnameAsFQDN is true"));
    if (spec.hostNetwork) errors.push_back(field::forbidden(at, "may not be specified when hostNetwork is true"));
    if (spec.hostnameOverride->size() > 64) errors.push_back(field::tooLong(at, 64));
    field::append(errors, subdomainErrors(at, *spec.hostnameOverride));
    return errors;
}

field::Errors fileKeyVolumesErrors(const PodSpec& spec, const field::Path& path) {
    field::Errors errors;
    visitContainers(spec, path, [&](const auto& container, const field::Path& where) {
        for (std::size_t i = 0; i < container.env.size(); ++i) {
            const auto* source = container.env[i].valueFrom.get();
            if (!source || !source->fileKeyRef) continue;
            const std::string& name = source->fileKeyRef->volumeName;
            const field::Path at = where.child("env").index(i).child("valueFrom", "fileKeyRef").child("volumeName");
            const auto found = std::find_if(spec.volumes.rbegin(), spec.volumes.rend(), [&](const auto& volume) { return volume.name == name; });
            if (found == spec.volumes.rend()) {
                errors.push_back(field::notFound(at, name));
            } else if (!found->emptyDir) {
                errors.push_back(field::invalid(at, name, "referenced volume must be of type emptyDir"));
            }
        }
    });
    return errors;
}

field::Errors nameFieldsErrors(const PodSpec& spec, const field::Path& path) {
    field::Errors errors;
    if (!spec.serviceAccountName.empty()) field::append(errors, subdomainErrors(path.child("serviceAccountName"), spec.serviceAccountName));
    if (!spec.nodeName.empty()) field::append(errors, subdomainErrors(path.child("nodeName"), spec.nodeName));
    if (spec.activeDeadlineSeconds) {
        field::append(errors, complaintErrors(path.child("activeDeadlineSeconds"), *spec.activeDeadlineSeconds, rangeErrors(*spec.activeDeadlineSeconds, 1, kMostSeconds)));
    }
    if (!spec.hostname.empty()) field::append(errors, labelErrors(path.child("hostname"), spec.hostname));
    if (!spec.subdomain.empty()) field::append(errors, labelErrors(path.child("subdomain"), spec.subdomain));
    field::append(errors, tolerationsErrors(spec.tolerations, path.child("tolerations")));
    for (std::size_t i = 0; i < spec.hostAliases.size(); ++i) {
        const field::Path at = path.child("hostAliases").index(i);
        field::append(errors, addressErrors(at.child("ip"), spec.hostAliases[i].ip));
        for (std::size_t n = 0; n < spec.hostAliases[i].hostnames.size(); ++n) {
            field::append(errors, subdomainErrors(at.child("hostnames").index(n), spec.hostAliases[i].hostnames[n]));
        }
    }
    if (!spec.priorityClassName.empty()) field::append(errors, subdomainErrors(path.child("priorityClassName"), spec.priorityClassName));
    if (spec.runtimeClassName) field::append(errors, subdomainErrors(path.child("runtimeClassName"), *spec.runtimeClassName));
    if (spec.preemptionPolicy) {
        field::append(errors, requiredChoiceErrors(path.child("preemptionPolicy"), *spec.preemptionPolicy, {"PreemptLowerPriority", "Never"}));
    }
    return errors;
}

field::Errors seccompAnnotationErrors(const std::string& value, const field::Path& path) {
    if (contains({"runtime/default", "docker/default", "unconfined"}, value)) return {};
    if (value.starts_with("localhost/")) return relativePathErrors(value.substr(10), path);
    return {field::invalid(path, value, "must be a valid seccomp profile")};
}

bool hasContainer(const PodSpec& spec, std::string_view name) {
    bool found = false;
    visitContainers(spec, field::Path(), [&](const auto& container, const field::Path&) { found = found || container.name == name; });
    return found;
}

bool isThirtyTwoBitInteger(const std::string& text) {
    if (text.empty()) return false;
    const bool canonical = text == "0" || (text[0] != '+' && text[0] != '0' && !text.starts_with("-0"));
    std::int32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return canonical && error == std::errc{} && end == text.data() + text.size();
}

void seccompMatch(field::Errors& errors, const std::string& annotation, const SeccompProfile& profile, const field::Path& path) {
    const bool runtime = profile.type == "RuntimeDefault" && annotation != "runtime/default" && annotation != "docker/default";
    const bool unconfined = profile.type == "Unconfined" && annotation != "unconfined";
    const bool localhost = profile.type == "Localhost" && !annotation.starts_with("localhost/");
    if (runtime || unconfined || localhost) {
        errors.push_back(field::forbidden(path.child("type"), "seccomp type in annotation and field must match"));
    } else if (profile.type == "Localhost" && profile.localhostProfile != annotation.substr(10)) {
        errors.push_back(field::forbidden(path.child("localhostProfile"), "seccomp profile in annotation and field must match"));
    }
}

void appArmorMatch(field::Errors& errors, const std::string& annotation, const AppArmorProfile& profile, const field::Path& path) {
    const bool runtime = profile.type == "RuntimeDefault" && annotation != "runtime/default";
    const bool unconfined = profile.type == "Unconfined" && annotation != "unconfined";
    const bool localhost = profile.type == "Localhost" && !annotation.starts_with("localhost/");
    if (runtime || unconfined || localhost) {
        errors.push_back(field::forbidden(path.child("type"), "apparmor type in annotation and field must match"));
    } else if (profile.type == "Localhost" && profile.localhostProfile != annotation.substr(10)) {
        errors.push_back(field::forbidden(path.child("localhostProfile"), "apparmor profile in annotation and field must match"));
    }
}

}  // namespace

field::Errors podSpecErrors(const PodSpec& spec, const metav1::ObjectMeta* podMetadata, bool isPod, const field::Path& path) {
    field::Errors errors;
    const auto add = [&](field::Errors more) { field::append(errors, std::move(more)); };
    if (!spec.terminationGracePeriodSeconds) errors.push_back(field::required(path.child("terminationGracePeriodSeconds")));
    PodContext context{.isPod = isPod, .metadata = podMetadata, .gracePeriod = spec.terminationGracePeriodSeconds, .restartPolicy = spec.restartPolicy,
                       .hostUsers = spec.hostUsers.value_or(true)};
    for (const auto& claim : spec.resourceClaims) {
        if (!claim.name.empty()) context.claims.insert(claim.name);
    }
    add(volumesErrors(spec.volumes, context, path.child("volumes")));
    add(resourceClaimsErrors(spec, podMetadata, path.child("resourceClaims")));
    add(containersErrors(spec, context, path.child("containers")));
    add(initContainersErrors(spec, context, path.child("initContainers")));
    add(ephemeralContainersErrors(spec, context, path.child("ephemeralContainers")));
    add(podResourcesErrors(spec, path));
    add(hostPortErrors(spec, isPod, path));
    add(requiredChoiceErrors(path.child("restartPolicy"), spec.restartPolicy, {"Always", "OnFailure", "Never"}));
    add(requiredChoiceErrors(path.child("dnsPolicy"), spec.dnsPolicy, {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"}));
    add(validateLabels(spec.nodeSelector, path.child("nodeSelector")));
    add(podSecurityErrors(spec, path));
    if (spec.affinity) add(affinityErrors(*spec.affinity, path.child("affinity")));
    add(dnsErrors(spec, path.child("dnsConfig")));
    add(gatesErrors(spec, path));
    add(spreadErrors(spec.topologySpreadConstraints, path.child("topologySpreadConstraints")));
    add(windowsErrors(spec, path));
    add(userNamespaceErrors(spec, path));
    add(hostnameErrors(spec, path));
    add(nameFieldsErrors(spec, path));
    if (!spec.overhead.empty()) {
        ResourceRequirements overhead;
        overhead.limits = spec.overhead;
        add(requirementsErrors(overhead, ResourceNames::OfContainers, {}, path.child("overhead")));
    }
    add(operatingSystemErrors(spec, path));
    add(fileKeyVolumesErrors(spec, path));
    return errors;
}

field::Errors podAnnotationErrors(const Map<std::string>& annotations, const PodSpec& spec, const field::Path& path) {
    field::Errors errors;
    if (const auto mirror = annotations.find(kMirrorAnnotation); mirror != annotations.end() && spec.nodeName.empty()) {
        errors.push_back(field::invalid(path.key(kMirrorAnnotation), mirror->second, "must set spec.nodeName if mirror pod annotation is set"));
    }
    if (const auto cost = annotations.find(kDeletionCostAnnotation); cost != annotations.end() && !isThirtyTwoBitInteger(cost->second)) {
        errors.push_back(field::invalid(path.key(kDeletionCostAnnotation), cost->second, "must be a 32bit integer"));
    }
    for (const auto& [key, value] : annotations) {
        if (key == kSeccompPodAnnotation || key.starts_with(kSeccompContainerPrefix)) field::append(errors, seccompAnnotationErrors(value, path.child(key)));
    }
    for (const auto& [key, value] : annotations) {
        if (!key.starts_with(kAppArmorPrefix)) continue;
        const std::string container = key.substr(kAppArmorPrefix.size());
        if (!hasContainer(spec, container)) errors.push_back(field::invalid(path.key(key), container, "container not found"));
        if (!value.empty() && value != "runtime/default" && value != "unconfined" && !value.starts_with("localhost/")) {
            errors.push_back(field::invalid(path.key(key), value, fmt::format("invalid AppArmor profile name: \"{}\"", value)));
        }
    }
    return errors;
}

field::Errors podProfileErrors(const metav1::ObjectMeta& metadata, const PodSpec& spec, const field::Path& specPath) {
    field::Errors errors;
    const auto& annotations = metadata.annotations;
    const auto* security = spec.securityContext.get();
    if (security && security->seccompProfile) {
        const auto found = annotations.find(kSeccompPodAnnotation);
        if (found != annotations.end()) seccompMatch(errors, found->second, *security->seccompProfile, specPath.child("securityContext", "seccompProfile"));
    }
    visitContainers(spec, specPath, [&](const auto& container, const field::Path& at) {
        if (!container.securityContext || !container.securityContext->seccompProfile) return;
        const auto found = annotations.find(std::string(kSeccompContainerPrefix) + container.name);
        if (found != annotations.end()) seccompMatch(errors, found->second, *container.securityContext->seccompProfile, at.child("securityContext", "seccompProfile"));
    });
    if (spec.os && spec.os->name == "windows") return errors;
    visitContainers(spec, specPath, [&](const auto& container, const field::Path& at) {
        const AppArmorProfile* profile = security ? security->appArmorProfile.get() : nullptr;
        if (container.securityContext && container.securityContext->appArmorProfile) profile = container.securityContext->appArmorProfile.get();
        const auto found = annotations.find(std::string(kAppArmorPrefix) + container.name);
        if (profile && found != annotations.end()) appArmorMatch(errors, found->second, *profile, at.child("securityContext", "appArmorProfile"));
    });
    return errors;
}

field::Errors podTemplateErrors(const PodTemplateSpec& pod, const field::Path& path) {
    field::Errors errors = validateLabels(pod.metadata.labels, path.child("labels"));
    field::append(errors, validateAnnotations(pod.metadata.annotations, path.child("annotations")));
    field::append(errors, podAnnotationErrors(pod.metadata.annotations, pod.spec, path.child("annotations")));
    field::append(errors, podSpecErrors(pod.spec, nullptr, false, path.child("spec")));
    field::append(errors, podProfileErrors(pod.metadata, pod.spec, path.child("spec")));
    if (!pod.spec.ephemeralContainers.empty()) {
        errors.push_back(field::forbidden(path.child("spec", "ephemeralContainers"), "ephemeral containers not allowed in pod template"));
    }
    return errors;
}

}  // namespace qd::api
