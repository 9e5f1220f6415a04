// Source: https://kubernetes.io/docs/concepts/workloads/pods/ (containers, init and ephemeral containers, probes, environment).
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"

namespace qd::api {
namespace {

using namespace corev1;

constexpr std::size_t kMostRestartRules = 20;
constexpr std::size_t kMostExitCodes = 255;
constexpr std::string_view kAlwaysOnly = "may not be set for init containers without restartPolicy=Always";
constexpr std::string_view kNotEphemeral = "cannot be set for an Ephemeral Container";

field::Errors portsErrors(const std::vector<ContainerPort>& ports, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> names;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const auto& port = ports[i];
        const field::Path at = path.index(i);
        if (!port.name.empty()) {
            const auto complaints = portNameErrors(port.name);
            field::append(errors, complaintErrors(at.child("name"), port.name, complaints));
            if (complaints.empty() && !names.insert(port.name).second) errors.push_back(field::duplicate(at.child("name"), port.name));
        }
        if (port.containerPort == 0) {
            errors.push_back(field::required(at.child("containerPort")));
        } else {
            field::append(errors, portNumberErrors(at.child("containerPort"), port.containerPort));
        }
        if (port.hostPort != 0) field::append(errors, portNumberErrors(at.child("hostPort"), port.hostPort));
        field::append(errors, protocolErrors(at.child("protocol"), port.protocol));
    }
    return errors;
}

template <typename Selector>
field::Errors keySelectorErrors(const Selector& selector, const field::Path& path) {
    field::Errors errors = subdomainErrors(path.child("name"), selector.name);
    if (selector.key.empty()) {
        errors.push_back(field::required(path.child("key")));
    } else {
        field::append(errors, complaintErrors(path.child("key"), selector.key, configMapKeyErrors(selector.key)));
    }
    return errors;
}

field::Errors fileKeyErrors(const FileKeySelector& selector, const field::Path& path) {
    field::Errors errors;
    const auto require = [&](const std::string& value, const char* name, auto check) {
        if (value.empty()) {
            errors.push_back(field::required(path.child(name)));
        } else {
            field::append(errors, check(path.child(name), value));
        }
    };
    require(selector.key, "key", [](const field::Path& at, const std::string& value) { return complaintErrors(at, value, environmentNameErrors(value)); });
    require(selector.volumeName, "volumeName", [](const field::Path& at, const std::string& value) { return labelErrors(at, value); });
    require(selector.path, "path", [](const field::Path& at, const std::string& value) { return pathWithoutBackstepsErrors(value, at); });
    return errors;
}

field::Errors valueFromErrors(const EnvVar& variable, const field::Path& path) {
    if (!variable.valueFrom) return {};
    const EnvVarSource& source = *variable.valueFrom;
    field::Errors errors;
    int count = 0;
    if (source.fieldRef && ++count) {
        field::append(errors, objectFieldErrors(*source.fieldRef,
                                                {"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
                                                 "status.hostIPs", "status.podIP", "status.podIPs"},
                                                path.child("fieldRef")));
    }
    if (source.resourceFieldRef && ++count) field::append(errors, resourceFieldErrors(*source.resourceFieldRef, false, path.child("resourceFieldRef")));
    if (source.configMapKeyRef && ++count) field::append(errors, keySelectorErrors(*source.configMapKeyRef, path.child("configMapKeyRef")));
    if (source.secretKeyRef && ++count) field::append(errors, keySelectorErrors(*source.secretKeyRef, path.child("secretKeyRef")));
    if (source.fileKeyRef && ++count) field::append(errors, fileKeyErrors(*source.fileKeyRef, path.child("fileKeyRef")));
    if (count == 0) {
        errors.push_back(field::invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"));
    } else if (!variable.value.empty()) {
        errors.push_back(field::invalid(path, "", "may not be specified when `value` is not empty"));
    } else if (count > 1) {
        errors.push_back(field::invalid(path, "", "may not have more than one field specified at a time"));
    }
    return errors;
}

field::Errors environmentErrors(const std::vector<EnvVar>& variables, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < variables.size(); ++i) {
        const field::Path at = path.index(i);
        if (variables[i].name.empty()) {
            errors.push_back(field::required(at.child("name")));
        } else {
            field::append(errors, complaintErrors(at.child("name"), variables[i].name, environmentNameErrors(variables[i].name)));
        }
        field::append(errors, valueFromErrors(variables[i], at.child("valueFrom")));
    }
    return errors;
}

field::Errors sourceNameErrors(const std::string& name, const field::Path& path) {
    if (name.empty()) return {field::required(path)};
    return complaintErrors(path, name, nameAsSubdomainErrors(name, true));
}

field::Errors environmentSourcesErrors(const std::vector<EnvFromSource>& sources, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const auto& source = sources[i];
        const field::Path at = path.index(i);
        if (!source.prefix.empty()) field::append(errors, complaintErrors(at.child("prefix"), source.prefix, environmentNameErrors(source.prefix)));
        if (source.configMapRef) field::append(errors, sourceNameErrors(source.configMapRef->name, at.child("configMapRef", "name")));
        if (source.secretRef) field::append(errors, sourceNameErrors(source.secretRef->name, at.child("secretRef", "name")));
        if (!source.configMapRef && !source.secretRef) {
            errors.push_back(field::invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"));
        } else if (source.configMapRef && source.secretRef) {
            errors.push_back(field::invalid(path, "", "may not have more than one field specified at a time"));
        }
    }
    return errors;
}

field::Errors recursiveReadOnlyErrors(const VolumeMount& mount, const field::Path& path) {
    if (!mount.recursiveReadOnly || *mount.recursiveReadOnly == "Disabled") return {};
    field::Errors errors = choiceErrors(path, *mount.recursiveReadOnly, {"Disabled", "Enabled", "IfPossible"});
    if (!errors.empty()) return errors;
    if (!mount.readOnly) errors.push_back(field::forbidden(path, "may only be specified when readOnly is true"));
    if (mount.mountPropagation && *mount.mountPropagation != "None") errors.push_back(field::forbidden(path, "may only be specified when mountPropagation is None or not specified"));
    return errors;
}

template <typename C>
field::Errors mountsErrors(const C& container, const PodContext& context, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> places;
    const bool privileged = container.securityContext && container.securityContext->privileged.value_or(false);
    for (std::size_t i = 0; i < container.volumeMounts.size(); ++i) {
        const auto& mount = container.volumeMounts[i];
        const field::Path at = path.index(i);
        if (mount.name.empty()) errors.push_back(field::required(at.child("name")));
        if (!context.volumes.contains(mount.name)) errors.push_back(field::notFound(at.child("name"), mount.name));
        if (mount.mountPath.empty()) errors.push_back(field::required(at.child("mountPath")));
        if (!places.insert(mount.mountPath).second) errors.push_back(field::invalid(at.child("mountPath"), mount.mountPath, "must be unique"));
        for (const auto& device : container.volumeDevices) {
            if (device.name == mount.name) errors.push_back(field::invalid(at.child("name"), mount.name, "must not already exist in volumeDevices"));
        }
        for (const auto& device : container.volumeDevices) {
            if (device.devicePath != mount.mountPath) continue;
            errors.push_back(field::invalid(at.child("mountPath"), mount.mountPath, "must not already exist as a path in volumeDevices"));
            break;
        }
        // Upstream names the list here, not the mount.
        if (!mount.subPath.empty()) field::append(errors, relativePathErrors(mount.subPath, path.child("subPath")));
        if (!mount.subPathExpr.empty()) {
            if (!mount.subPath.empty()) errors.push_back(field::invalid(at.child("subPathExpr"), mount.subPathExpr, "subPathExpr and subPath are mutually exclusive"));
            field::append(errors, relativePathErrors(mount.subPathExpr, path.child("subPathExpr")));
        }
        if (mount.mountPropagation) {
            field::append(errors, choiceErrors(path.child("mountPropagation"), *mount.mountPropagation, {"Bidirectional", "HostToContainer", "None"}));
            if (*mount.mountPropagation == "Bidirectional" && !privileged) {
                errors.push_back(field::forbidden(path.child("mountPropagation"), "Bidirectional mount propagation is available only to privileged containers"));
            }
        }
        field::append(errors, recursiveReadOnlyErrors(mount, path.child("recursiveReadOnly")));
    }
    return errors;
}

template <typename C>
field::Errors devicesErrors(const C& container, const PodContext& context, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> names;
    std::set<std::string> places;
    for (std::size_t i = 0; i < container.volumeDevices.size(); ++i) {
        const auto& device = container.volumeDevices[i];
        const field::Path at = path.index(i);
        const auto found = context.volumes.find(device.name);
        if (device.name.empty()) errors.push_back(field::required(at.child("name")));
        if (names.contains(device.name)) errors.push_back(field::invalid(at.child("name"), device.name, "must be unique"));
        if (found == context.volumes.end()) {
            errors.push_back(field::notFound(at.child("name"), device.name));
        } else if (!found->second->persistentVolumeClaim && !found->second->ephemeral) {
            errors.push_back(field::invalid(at.child("name"), device.name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"));
        }
        if (device.devicePath.empty()) errors.push_back(field::required(at.child("devicePath")));
        if (places.contains(device.devicePath)) errors.push_back(field::invalid(at.child("devicePath"), device.devicePath, "must be unique"));
        if (!device.devicePath.empty() && !pathWithoutBackstepsErrors(device.devicePath, at).empty()) {
            errors.push_back(field::invalid(at.child("devicePath"), device.devicePath, "can not contain backsteps ('..')"));
        } else {
            places.insert(device.devicePath);
        }
        const auto& mounts = container.volumeMounts;
        if (std::any_of(mounts.begin(), mounts.end(), [&](const auto& mount) { return mount.name == device.name; })) {
            errors.push_back(field::invalid(at.child("name"), device.name, "must not already exist in volumeMounts"));
        }
        if (std::any_of(mounts.begin(), mounts.end(), [&](const auto& mount) { return mount.mountPath == device.devicePath; })) {
            errors.push_back(field::invalid(at.child("devicePath"), device.devicePath, "must not already exist as a path in volumeMounts"));
        }
        if (!device.name.empty()) names.insert(device.name);
    }
    return errors;
}

field::Errors resizePolicyErrors(const std::vector<ContainerResizePolicy>& policies, const std::string& podRestartPolicy, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < policies.size(); ++i) {
        const auto& policy = policies[i];
        if (!seen.insert(policy.resourceName).second) errors.push_back(field::duplicate(path.index(i), policy.resourceName));
        field::append(errors, requiredChoiceErrors(path, policy.resourceName, {"cpu", "memory"}));
        field::append(errors, requiredChoiceErrors(path, policy.restartPolicy, {"NotRequired", "RestartContainer"}));
        if (podRestartPolicy == "Never" && policy.restartPolicy != "NotRequired") {
            errors.push_back(field::invalid(path, policy.restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
        }
    }
    return errors;
}

// What holds for containers, init containers and ephemeral containers.
template <typename C>
field::Errors commonErrors(const C& container, const PodContext& context, const field::Path& path) {
    field::Errors errors;
    if (container.name.empty()) {
        errors.push_back(field::required(path.child("name")));
    } else {
        field::append(errors, labelErrors(path.child("name"), container.name));
    }
    if (container.image.empty()) errors.push_back(field::required(path.child("image")));
    field::append(errors, requiredChoiceErrors(path.child("terminationMessagePolicy"), container.terminationMessagePolicy, {"File", "FallbackToLogsOnError"}));
    field::append(errors, portsErrors(container.ports, path.child("ports")));
    field::append(errors, environmentErrors(container.env, path.child("env")));
    field::append(errors, environmentSourcesErrors(container.envFrom, path.child("envFrom")));
    field::append(errors, mountsErrors(container, context, path.child("volumeMounts")));
    field::append(errors, devicesErrors(container, context, path.child("volumeDevices")));
    field::append(errors, pullPolicyErrors(container.imagePullPolicy, path.child("imagePullPolicy")));
    field::append(errors, requirementsErrors(container.resources, ResourceNames::OfContainers, context.claims, path.child("resources")));
    field::append(errors, resizePolicyErrors(container.resizePolicy, context.restartPolicy, path.child("resizePolicy")));
    field::append(errors, containerSecurityErrors(container.securityContext.get(), context.hostUsers, path.child("securityContext")));
    return errors;
}

field::Errors httpErrors(const HTTPGetAction& action, const field::Path& path) {
    field::Errors errors;
    if (action.path.empty()) errors.push_back(field::required(path.child("path")));
    field::append(errors, portErrors(path.child("port"), action.port));
    field::append(errors, choiceErrors(path.child("scheme"), action.scheme, {"HTTP", "HTTPS"}));
    for (const auto& header : action.httpHeaders) field::append(errors, complaintErrors(path.child("httpHeaders"), header.name, httpHeaderNameErrors(header.name)));
    return errors;
}

struct Handler {
    const ExecAction* exec = nullptr;
    const HTTPGetAction* http = nullptr;
    const TCPSocketAction* tcp = nullptr;
    const GRPCAction* grpc = nullptr;
    const SleepAction* sleep = nullptr;
};

field::Errors handlerErrors(const Handler& handler, const std::optional<std::int64_t>& gracePeriod, const field::Path& path) {
    field::Errors errors;
    int count = 0;
    const auto visit = [&](bool given, const char* name, auto check) {
        if (!given) return;
        if (count++ > 0) {
            errors.push_back(field::forbidden(path.child(name), "may not specify more than 1 handler type"));
        } else {
            field::append(errors, check(path.child(name)));
        }
    };
    visit(handler.exec, "exec", [&](const field::Path& at) {
        return handler.exec->command.empty() ? field::Errors{field::required(at.child("command"))} : field::Errors{};
    });
    visit(handler.http, "httpGet", [&](const field::Path& at) { return httpErrors(*handler.http, at); });
    visit(handler.tcp, "tcpSocket", [&](const field::Path& at) { return portErrors(at.child("port"), handler.tcp->port); });
    visit(handler.grpc, "grpc", [&](const field::Path& at) { return portNumberErrors(at.child("port"), handler.grpc->port); });
    visit(handler.sleep, "sleep", [&](const field::Path& at) {
        const std::int64_t seconds = handler.sleep->seconds;
        if (!gracePeriod || (seconds >= 0 && seconds <= *gracePeriod)) return field::Errors{};
        return field::Errors{field::invalid(at, seconds, fmt::format("must be non-negative and less than terminationGracePeriodSeconds ({})", *gracePeriod))};
    });
    if (count == 0) errors.push_back(field::required(path, "must specify a handler type"));
    return errors;
}

enum class ProbeUse { Liveness, Readiness, Startup };

field::Errors probeErrors(const Probe* probe, ProbeUse use, const PodContext& context, const field::Path& path) {
    if (!probe) return {};
    const Handler handler{probe->exec.get(), probe->httpGet.get(), probe->tcpSocket.get(), probe->grpc.get(), nullptr};
    field::Errors errors = handlerErrors(handler, context.gracePeriod, path);
    field::append(errors, validateNonNegative(probe->initialDelaySeconds, path.child("initialDelaySeconds")));
    field::append(errors, validateNonNegative(probe->timeoutSeconds, path.child("timeoutSeconds")));
    field::append(errors, validateNonNegative(probe->periodSeconds, path.child("periodSeconds")));
    field::append(errors, validateNonNegative(probe->successThreshold, path.child("successThreshold")));
    field::append(errors, validateNonNegative(probe->failureThreshold, path.child("failureThreshold")));
    const field::Path grace = path.child("terminationGracePeriodSeconds");
    if (probe->terminationGracePeriodSeconds && *probe->terminationGracePeriodSeconds <= 0) {
        errors.push_back(field::invalid(grace, *probe->terminationGracePeriodSeconds, "must be greater than 0"));
    }
    if (use == ProbeUse::Readiness) {
        if (probe->terminationGracePeriodSeconds) errors.push_back(field::invalid(grace, *probe->terminationGracePeriodSeconds, "must not be set for readinessProbes"));
    } else if (probe->successThreshold != 1) {
        errors.push_back(field::invalid(path.child("successThreshold"), probe->successThreshold, "must be 1"));
    }
    return errors;
}

field::Errors hookErrors(const LifecycleHandler* hook, const PodContext& context, const field::Path& path) {
    if (!hook) return {};
    return handlerErrors({hook->exec.get(), hook->httpGet.get(), hook->tcpSocket.get(), nullptr, hook->sleep.get()}, context.gracePeriod, path);
}

// Probes and hooks of containers that run as long as the Pod does.
template <typename C>
field::Errors runningErrors(const C& container, const PodContext& context, const field::Path& path) {
    field::Errors errors;
    if (container.lifecycle) {
        errors = hookErrors(container.lifecycle->postStart.get(), context, path.child("lifecycle", "postStart"));
        field::append(errors, hookErrors(container.lifecycle->preStop.get(), context, path.child("lifecycle", "preStop")));
    }
    field::append(errors, probeErrors(container.livenessProbe.get(), ProbeUse::Liveness, context, path.child("livenessProbe")));
    field::append(errors, probeErrors(container.readinessProbe.get(), ProbeUse::Readiness, context, path.child("readinessProbe")));
    field::append(errors, probeErrors(container.startupProbe.get(), ProbeUse::Startup, context, path.child("startupProbe")));
    return errors;
}

field::Errors restartErrors(const Container& container, const field::Path& path) {
    field::Errors errors;
    const auto& rules = container.restartPolicyRules;
    if (!container.restartPolicy) {
        if (rules.empty()) return errors;
        errors.push_back(field::required(path.child("restartPolicy"), "must specify restartPolicy when restart rules are used"));
    } else {
        field::append(errors, choiceErrors(path.child("restartPolicy"), *container.restartPolicy, {"Always", "Never", "OnFailure"}));
    }
    const field::Path list = path.child("restartPolicyRules");
    if (rules.size() > kMostRestartRules) errors.push_back(field::tooMany(list, static_cast<std::int64_t>(rules.size()), kMostRestartRules));
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const field::Path at = list.index(i);
        field::append(errors, choiceErrors(at.child("action"), rules[i].action, {"Restart", "RestartAllContainers"}));
        if (!rules[i].exitCodes) {
            errors.push_back(field::required(at.child("exitCodes"), "must be specified"));
            continue;
        }
        field::append(errors, choiceErrors(at.child("exitCodes", "operator"), rules[i].exitCodes->operator_, {"In", "NotIn"}));
        const auto count = rules[i].exitCodes->values.size();
        if (count > kMostExitCodes) errors.push_back(field::tooMany(at.child("exitCodes", "values"), static_cast<std::int64_t>(count), kMostExitCodes));
    }
    return errors;
}

field::Errors hostPortConflicts(const std::vector<const Container*>& containers, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> taken;
    for (std::size_t c = 0; c < containers.size(); ++c) {
        for (std::size_t p = 0; p < containers[c]->ports.size(); ++p) {
            const auto& port = containers[c]->ports[p];
            if (port.hostPort == 0) continue;
            const std::string key = fmt::format("{}/{}/{}", port.protocol, port.hostIP, port.hostPort);
            if (!taken.insert(key).second) errors.push_back(field::duplicate(path.index(c).child("ports").index(p).child("hostPort"), key));
        }
    }
    return errors;
}

field::Errors onlyEphemeralErrors(const EphemeralContainer& container, const field::Path& path) {
    field::Errors errors;
    const auto refuse = [&](bool given, const char* name) {
        if (given) errors.push_back(field::forbidden(path.child(name), kNotEphemeral));
    };
    refuse(!container.ports.empty(), "ports");
    refuse(!container.resources.limits.empty() || !container.resources.requests.empty() || !container.resources.claims.empty(), "resources");
    refuse(!container.resizePolicy.empty(), "resizePolicy");
    refuse(container.restartPolicy.has_value(), "restartPolicy");
    refuse(!container.restartPolicyRules.empty(), "restartPolicyRules");
    refuse(container.livenessProbe.has_value(), "livenessProbe");
    refuse(container.readinessProbe.has_value(), "readinessProbe");
    refuse(container.startupProbe.has_value(), "startupProbe");
    refuse(container.lifecycle.has_value(), "lifecycle");
    for (std::size_t i = 0; i < container.volumeMounts.size(); ++i) {
        const field::Path at = path.child("volumeMounts").index(i);
        if (!container.volumeMounts[i].subPath.empty()) errors.push_back(field::forbidden(at.child("subPath"), kNotEphemeral));
        if (!container.volumeMounts[i].subPathExpr.empty()) errors.push_back(field::forbidden(at.child("subPathExpr"), kNotEphemeral));
    }
    return errors;
}

bool isPadded(std::string_view text) {
    constexpr std::string_view kSpace = " \t\n\r\v\f";
    return !text.empty() && (kSpace.find(text.front()) != std::string_view::npos || kSpace.find(text.back()) != std::string_view::npos);
}

template <typename C>
field::Errors paddedImageErrors(const C& container, const field::Path& path) {
    if (!isPadded(container.image)) return {};
    return {field::invalid(path.child("image"), container.image, "must not have leading or trailing whitespace")};
}

// metadata.labels['x'] -> {"metadata.labels", "x"}
bool splitSubscript(std::string_view text, std::string_view& path, std::string_view& subscript) {
    if (!text.ends_with("']")) return false;
    const auto open = text.find("['");
    if (open == std::string_view::npos || open == 0) return false;
    path = text.substr(0, open);
    subscript = text.substr(open + 2, text.size() - open - 4);
    return true;
}

}  // namespace

field::Errors pullPolicyErrors(const std::string& policy, const field::Path& path) { return requiredChoiceErrors(path, policy, {"Always", "IfNotPresent", "Never"}); }

field::Errors objectFieldErrors(const ObjectFieldSelector& selector, std::initializer_list<std::string_view> allowed, const field::Path& path) {
    if (selector.apiVersion.empty()) return {field::required(path.child("apiVersion"))};
    if (selector.fieldPath.empty()) return {field::required(path.child("fieldPath"))};
    const field::Path at = path.child("fieldPath");
    const auto unconverted = [&](const std::string& why) {
        return field::Errors{field::invalid(at, selector.fieldPath, "error converting fieldPath: " + why)};
    };
    if (selector.apiVersion != "v1") return unconverted("unsupported pod version: " + selector.apiVersion);
    std::string_view base;
    std::string_view subscript;
    if (splitSubscript(selector.fieldPath, base, subscript)) {
        if (base == "metadata.labels") return qualifiedErrors(path, std::string(subscript));
        if (base != "metadata.annotations") return unconverted("field label does not support subscript: " + selector.fieldPath);
        std::string lower(subscript);
        std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
        return qualifiedErrors(path, lower);
    }
    const std::string name = selector.fieldPath == "spec.host" ? "spec.nodeName" : selector.fieldPath;
    if (!contains({"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.restartPolicy",
                   "spec.serviceAccountName", "spec.schedulerName", "status.phase", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"},
                  name)) {
        return unconverted("field label not supported: " + selector.fieldPath);
    }
    return choiceErrors(at, name, allowed);
}

field::Errors resourceFieldErrors(const ResourceFieldSelector& selector, bool inVolume, const field::Path& path) {
    field::Errors errors;
    const std::string& name = selector.resource;
    const bool huge = name.starts_with("requests.hugepages-") || name.starts_with("limits.hugepages-");
    if (inVolume && selector.containerName.empty()) {
        errors.push_back(field::required(path.child("containerName")));
    } else if (name.empty()) {
        errors.push_back(field::required(path.child("resource")));
    } else if (!huge) {
        field::append(errors, choiceErrors(path.child("resource"), name,
                                           {"limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"}));
    }
    if (selector.divisor.isZero()) return errors;
    const std::string divisor = selector.divisor.toString();
    const auto refuse = [&](const std::string& why) { errors.push_back(field::invalid(path.child("divisor"), name, why)); };
    const bool sized = contains({"1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"}, divisor);
    const auto sizes = [](std::string_view what) {
        return fmt::format("only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the {} resource", what);
    };
    if ((name == "limits.cpu" || name == "requests.cpu") && !contains({"1m", "1"}, divisor)) refuse("only divisor's values 1m and 1 are supported with the cpu resource");
    if ((name == "limits.memory" || name == "requests.memory") && !sized) refuse(sizes("memory"));
    if ((name == "limits.ephemeral-storage" || name == "requests.ephemeral-storage") && !sized) refuse(sizes("local ephemeral storage"));
    if (huge && !sized) refuse(sizes("hugepages"));
    return errors;
}

field::Errors containersErrors(const PodSpec& spec, const PodContext& context, const field::Path& path) {
    if (spec.containers.empty()) return {field::required(path)};
    field::Errors errors;
    std::set<std::string> names;
    std::vector<const Container*> all;
    for (std::size_t i = 0; i < spec.containers.size(); ++i) {
        const auto& container = spec.containers[i];
        const field::Path at = path.index(i);
        field::append(errors, commonErrors(container, context, at));
        if (!names.insert(container.name).second) errors.push_back(field::duplicate(at.child("name"), container.name));
        field::append(errors, runningErrors(container, context, at));
        field::append(errors, restartErrors(container, at));
        all.push_back(&container);
    }
    field::append(errors, hostPortConflicts(all, path));
    return errors;
}

field::Errors initContainersErrors(const PodSpec& spec, const PodContext& context, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> names;
    for (const auto& container : spec.containers) names.insert(container.name);
    for (std::size_t i = 0; i < spec.initContainers.size(); ++i) {
        const auto& container = spec.initContainers[i];
        const field::Path at = path.index(i);
        field::append(errors, commonErrors(container, context, at));
        if (container.restartPolicy) {
            field::append(errors, restartErrors(container, at));
        } else if (!container.restartPolicyRules.empty()) {
            errors.push_back(field::required(at.child("restartPolicy"), "must specify restartPolicy when restart rules are used"));
        }
        if (names.contains(container.name)) {
            errors.push_back(field::duplicate(at.child("name"), container.name));
        } else if (!container.name.empty()) {
            names.insert(container.name);
        }
        field::append(errors, hostPortConflicts({&container}, path));
        if (isSidecar(container)) {
            field::append(errors, runningErrors(container, context, at));
            continue;
        }
        if (container.lifecycle) errors.push_back(field::forbidden(at.child("lifecycle"), kAlwaysOnly));
        if (container.livenessProbe) errors.push_back(field::forbidden(at.child("livenessProbe"), kAlwaysOnly));
        if (container.readinessProbe) errors.push_back(field::forbidden(at.child("readinessProbe"), kAlwaysOnly));
        if (container.startupProbe) errors.push_back(field::forbidden(at.child("startupProbe"), kAlwaysOnly));
        for (std::size_t p = 0; p < container.resizePolicy.size(); ++p) {
            if (container.resizePolicy[p].restartPolicy != "RestartContainer") continue;
            errors.push_back(field::invalid(at.child("resizePolicy").index(p).child("restartPolicy"), container.resizePolicy[p].restartPolicy,
                                            "must not be set to 'RestartContainer' for non-sidecar initContainers"));
        }
    }
    return errors;
}

field::Errors ephemeralContainersErrors(const PodSpec& spec, const PodContext& context, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> others;
    for (const auto& container : spec.containers) others.insert(container.name);
    for (const auto& container : spec.initContainers) others.insert(container.name);
    std::set<std::string> names = others;
    for (std::size_t i = 0; i < spec.ephemeralContainers.size(); ++i) {
        const auto& container = spec.ephemeralContainers[i];
        const field::Path at = path.index(i);
        field::append(errors, commonErrors(container, context, at));
        field::append(errors, paddedImageErrors(container, at));
        if (!names.insert(container.name).second) errors.push_back(field::duplicate(at.child("name"), container.name));
        if (!container.targetContainerName.empty() && !others.contains(container.targetContainerName)) {
            errors.push_back(field::notFound(at.child("targetContainerName"), container.targetContainerName));
        }
        field::append(errors, onlyEphemeralErrors(container, at));
    }
    return errors;
}

field::Errors imageSpaceErrors(const PodSpec& spec, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < spec.containers.size(); ++i) field::append(errors, paddedImageErrors(spec.containers[i], path.child("containers").index(i)));
    for (std::size_t i = 0; i < spec.initContainers.size(); ++i) field::append(errors, paddedImageErrors(spec.initContainers[i], path.child("initContainers").index(i)));
    return errors;
}

}  // namespace qd::api
