#include "vmnodes/agent/sync/container_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "vmnodes/agent/cgroups/hierarchy.h"
#include "cluster/api/downward/expansion.h"

namespace qd::agent::sync {
namespace {

using cri::NamespaceMode;

cri::NamespaceOptions namespaces(const corev1::Pod& pod) {
    cri::NamespaceOptions options;
    options.network = pod.spec.hostNetwork ? NamespaceMode::Node : NamespaceMode::Pod;
    options.ipc = pod.spec.hostIPC ? NamespaceMode::Node : NamespaceMode::Pod;
    options.pid = pod.spec.hostPID                                 ? NamespaceMode::Node
                  : pod.spec.shareProcessNamespace.value_or(false) ? NamespaceMode::Pod
                                                                   : NamespaceMode::Container;
    return options;
}

std::optional<cri::SecurityProfile> profile(const corev1::SeccompProfile* seccomp) {
    if (seccomp == nullptr) return std::nullopt;
    if (seccomp->type == corev1::SeccompProfileTypeRuntimeDefault)
        return cri::SecurityProfile{cri::ProfileType::RuntimeDefault, ""};
    if (seccomp->type == corev1::SeccompProfileTypeLocalhost)
        return cri::SecurityProfile{cri::ProfileType::Localhost,
                                    "/var/lib/kubelet/seccomp/" + seccomp->localhostProfile.value_or("")};
    return cri::SecurityProfile{cri::ProfileType::Unconfined, ""};
}

// The container's own seccomp profile, else the Pod's, else unconfined as kubelet has it without --seccomp-default.
cri::SecurityProfile seccomp(const corev1::Pod& pod, const corev1::Container* container) {
    if (container != nullptr && container->securityContext)
        if (auto own = profile(container->securityContext->seccompProfile.get())) return *own;
    if (pod.spec.securityContext)
        if (auto ofPod = profile(pod.spec.securityContext->seccompProfile.get())) return *ofPod;
    return {cri::ProfileType::Unconfined, ""};
}

bool isPrivileged(const corev1::Container& container) {
    return container.securityContext && container.securityContext->privileged.value_or(false);
}

std::vector<std::int64_t> supplementalGroups(const corev1::Pod& pod) {
    std::vector<std::int64_t> groups;
    if (!pod.spec.securityContext) return groups;
    if (pod.spec.securityContext->fsGroup) groups.push_back(*pod.spec.securityContext->fsGroup);
    groups.insert(groups.end(), pod.spec.securityContext->supplementalGroups.begin(),
                  pod.spec.securityContext->supplementalGroups.end());
    return groups;
}

cri::Protocol protocolOf(const std::string& name) {
    return name == "UDP" ? cri::Protocol::Udp : name == "SCTP" ? cri::Protocol::Sctp : cri::Protocol::Tcp;
}

// The paths of /proc and /sys that a container must not see or write; source: Docker's and kubelet's defaults.
const std::vector<std::string> kMaskedPaths = {
    "/proc/asound",      "/proc/acpi",          "/proc/interrupts", "/proc/kcore",
    "/proc/keys",        "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
    "/proc/sched_debug", "/proc/scsi",          "/sys/firmware",    "/sys/devices/virtual/powercap"};
const std::vector<std::string> kReadonlyPaths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                 "/proc/sysrq-trigger"};

Result<cri::ContainerSecurity> security(const ContainerInput& input) {
    const corev1::SecurityContext none;
    const corev1::PodSecurityContext noPod;
    const auto& own = input.container.securityContext ? *input.container.securityContext : none;
    const auto& pod = input.pod.spec.securityContext ? *input.pod.spec.securityContext : noPod;
    cri::ContainerSecurity result;
    if (own.capabilities) {
        result.addCapabilities = own.capabilities->add;
        result.dropCapabilities = own.capabilities->drop;
    }
    result.privileged = isPrivileged(input.container);
    result.namespaces = namespaces(input.pod);
    if (!input.targetContainerId.empty()) {
        result.namespaces.pid = NamespaceMode::Target;
        result.namespaces.targetId = input.targetContainerId;
    }
    result.runAsUser = own.runAsUser ? own.runAsUser : pod.runAsUser;
    const auto nonRoot = own.runAsNonRoot ? own.runAsNonRoot : pod.runAsNonRoot;
    if (nonRoot.value_or(false)) {
        const auto label = fmt::format("(pod: \"{}\", container: {})", podLabel(input.pod), input.container.name);
        if (result.runAsUser && *result.runAsUser == 0)
            return fail(Reason::Invalid, "container's runAsUser breaks non-root policy " + label);
        if (!result.runAsUser && input.imageUser && *input.imageUser == 0)
            return fail(Reason::Invalid, "container has runAsNonRoot and image will run as root " + label);
        if (!result.runAsUser && !input.imageUser && !input.imageUserName.empty())
            return fail(
                Reason::Invalid,
                fmt::format(
                    "container has runAsNonRoot and image has non-numeric user ({}), cannot verify user is non-root {}",
                    input.imageUserName, label));
    }
    if (!result.runAsUser) {
        result.runAsUser = input.imageUser;
        result.runAsUsername = input.imageUserName;
    }
    result.runAsGroup = own.runAsGroup ? own.runAsGroup : pod.runAsGroup;
    result.readOnlyRootfs = own.readOnlyRootFilesystem.value_or(false);
    result.supplementalGroups = supplementalGroups(input.pod);
    result.noNewPrivs = own.allowPrivilegeEscalation.has_value() && !*own.allowPrivilegeEscalation;
    result.seccomp = result.privileged ? cri::SecurityProfile{cri::ProfileType::Unconfined, ""}
                                       : seccomp(input.pod, &input.container);
    if (own.procMount.value_or("Default") == "Default" && !result.privileged) {
        result.maskedPaths = kMaskedPaths;
        result.readonlyPaths = kReadonlyPaths;
    }
    return result;
}

}  // namespace

cri::SandboxConfig sandboxConfig(const corev1::Pod& pod, std::uint32_t attempt, const SandboxSettings& settings) {
    cri::SandboxConfig config;
    config.metadata = {pod.metadata.name, pod.metadata.uid, pod.metadata.namespace_, attempt};
    if (!pod.spec.hostNetwork) {
        const HostName host = hostName(pod, settings.dns.clusterDomain);
        config.hostname = host.name;
        if (pod.spec.setHostnameAsFQDN.value_or(false) && !host.domain.empty()) config.hostname += "." + host.domain;
    }
    config.logDirectory = podLogFolder(settings.logRoot, pod);
    config.dns = podDns(pod, settings.dns);
    config.labels.insert(pod.metadata.labels.begin(), pod.metadata.labels.end());
    config.labels[kPodNameLabel] = pod.metadata.name;
    config.labels[kPodNamespaceLabel] = pod.metadata.namespace_;
    config.labels[kPodUidLabel] = pod.metadata.uid;
    config.annotations.insert(pod.metadata.annotations.begin(), pod.metadata.annotations.end());
    for (const corev1::Container& container : pod.spec.containers)
        for (const corev1::ContainerPort& port : container.ports)
            config.portMappings.push_back({protocolOf(port.protocol), port.containerPort, port.hostPort, port.hostIP});
    config.cgroupParent = cgroups::Hierarchy::podGroup(pod);
    config.security.namespaces = namespaces(pod);
    config.security.seccomp = cri::SecurityProfile{cri::ProfileType::RuntimeDefault, ""};
    config.security.supplementalGroups = supplementalGroups(pod);
    if (pod.spec.securityContext) {
        config.security.runAsUser = pod.spec.securityContext->runAsUser;
        config.security.runAsGroup = pod.spec.securityContext->runAsGroup;
        for (const corev1::Sysctl& sysctl : pod.spec.securityContext->sysctls)
            config.sysctls[sysctl.name] = sysctl.value;
    }
    for (const ContainerRef& ref : containersOf(pod))
        config.security.privileged = config.security.privileged || isPrivileged(*ref.container);
    return config;
}

Result<cri::ContainerConfig> containerConfig(const ContainerInput& input) {
    auto secured = security(input);
    if (!secured) return fail(secured.error());
    const corev1::Container& container = input.container;
    cri::ContainerConfig config;
    config.security = std::move(*secured);
    config.metadata = {container.name, static_cast<std::uint32_t>(input.restartCount)};
    config.image = input.imageRef;
    config.userSpecifiedImage = container.image;
    for (const std::string& word : container.command)
        config.command.push_back(api::downward::expand(word, input.environment));
    for (const std::string& word : container.args) config.args.push_back(api::downward::expand(word, input.environment));
    config.workingDir = container.workingDir;
    config.envs.assign(input.environment.begin(), input.environment.end());
    config.mounts = input.mounts;
    config.labels = {{kPodNameLabel, input.pod.metadata.name},
                     {kPodNamespaceLabel, input.pod.metadata.namespace_},
                     {kPodUidLabel, input.pod.metadata.uid},
                     {kContainerNameLabel, container.name}};
    config.annotations = {{kHashAnnotation, containerHash(container)},
                          {kRestartCountAnnotation, std::to_string(input.restartCount)},
                          {kMessagePathAnnotation, container.terminationMessagePath},
                          {kMessagePolicyAnnotation, container.terminationMessagePolicy}};
    if (input.pod.spec.terminationGracePeriodSeconds)
        config.annotations[kGracePeriodAnnotation] = std::to_string(*input.pod.spec.terminationGracePeriodSeconds);
    config.logPath = fmt::format("{}/{}.log", container.name, input.restartCount);
    config.stdin_ = container.stdin;
    config.stdinOnce = container.stdinOnce;
    config.tty = container.tty;
    config.resources = cgroups::containerResources(input.pod, container, input.memoryCapacity);
    if (container.lifecycle && container.lifecycle->stopSignal) config.stopSignal = *container.lifecycle->stopSignal;
    return config;
}

}  // namespace qd::agent::sync
