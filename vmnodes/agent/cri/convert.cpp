#include "vmnodes/agent/cri/convert.h"

namespace qd::agent::cri {
namespace {

base::WallTime fromNanoseconds(std::int64_t value) {
    return base::WallTime(std::chrono::floor<base::Duration>(std::chrono::nanoseconds(value)));
}

template <typename Map>
StringMap plain(const Map& from) {
    return StringMap(from.begin(), from.end());
}

template <typename Map>
void fill(const StringMap& from, Map& to) {
    for (const auto& [key, value] : from) to[key] = value;
}

template <typename List, typename Repeated>
void append(const List& from, Repeated& to) {
    for (const auto& item : from) *to.Add() = item;
}

void appendNumbers(const std::vector<std::int64_t>& from, google::protobuf::RepeatedField<std::int64_t>& to) {
    for (const std::int64_t number : from) to.Add(number);
}

// The two enumerations have the same members in the same order.
v1::NamespaceMode mode(NamespaceMode from) {
    return static_cast<v1::NamespaceMode>(from);
}
NamespaceMode mode(v1::NamespaceMode from) {
    return static_cast<NamespaceMode>(from);
}

void write(const NamespaceOptions& from, v1::NamespaceOption& to) {
    to.set_network(mode(from.network));
    to.set_pid(mode(from.pid));
    to.set_ipc(mode(from.ipc));
    to.set_target_id(from.targetId);
}

void write(const SecurityProfile& from, v1::SecurityProfile& to) {
    to.set_profile_type(static_cast<v1::SecurityProfile::ProfileType>(from.type));
    to.set_localhost_ref(from.localhostRef);
}

void write(const SandboxSecurity& from, v1::LinuxSandboxSecurityContext& to) {
    write(from.namespaces, *to.mutable_namespace_options());
    if (from.runAsUser) to.mutable_run_as_user()->set_value(*from.runAsUser);
    if (from.runAsGroup) to.mutable_run_as_group()->set_value(*from.runAsGroup);
    appendNumbers(from.supplementalGroups, *to.mutable_supplemental_groups());
    to.set_privileged(from.privileged);
    if (from.seccomp) write(*from.seccomp, *to.mutable_seccomp());
}

void write(const ContainerSecurity& from, v1::LinuxContainerSecurityContext& to) {
    append(from.addCapabilities, *to.mutable_capabilities()->mutable_add_capabilities());
    append(from.dropCapabilities, *to.mutable_capabilities()->mutable_drop_capabilities());
    to.set_privileged(from.privileged);
    write(from.namespaces, *to.mutable_namespace_options());
    if (from.runAsUser) to.mutable_run_as_user()->set_value(*from.runAsUser);
    to.set_run_as_username(from.runAsUsername);
    if (from.runAsGroup) to.mutable_run_as_group()->set_value(*from.runAsGroup);
    to.set_readonly_rootfs(from.readOnlyRootfs);
    appendNumbers(from.supplementalGroups, *to.mutable_supplemental_groups());
    to.set_no_new_privs(from.noNewPrivs);
    append(from.maskedPaths, *to.mutable_masked_paths());
    append(from.readonlyPaths, *to.mutable_readonly_paths());
    if (from.seccomp) write(*from.seccomp, *to.mutable_seccomp());
}

SandboxMetadata read(const v1::PodSandboxMetadata& from) {
    return {from.name(), from.uid(), from.namespace_(), from.attempt()};
}

NamespaceOptions read(const v1::NamespaceOption& from) {
    return {mode(from.network()), mode(from.pid()), mode(from.ipc()), from.target_id()};
}

Mount read(const v1::Mount& from) {
    return {.containerPath = from.container_path(),
            .hostPath = from.host_path(),
            .readOnly = from.readonly(),
            .propagation = static_cast<MountPropagation>(from.propagation()),
            .recursiveReadOnly = from.recursive_read_only()};
}

Resources read(const v1::LinuxContainerResources& from) {
    return {.cpuPeriod = from.cpu_period(),
            .cpuQuota = from.cpu_quota(),
            .cpuShares = from.cpu_shares(),
            .memoryLimit = from.memory_limit_in_bytes(),
            .oomScoreAdj = from.oom_score_adj(),
            .unified = plain(from.unified())};
}

}  // namespace

void write(const Resources& from, v1::LinuxContainerResources& to) {
    to.set_cpu_period(from.cpuPeriod);
    to.set_cpu_quota(from.cpuQuota);
    to.set_cpu_shares(from.cpuShares);
    to.set_memory_limit_in_bytes(from.memoryLimit);
    to.set_oom_score_adj(from.oomScoreAdj);
    fill(from.unified, *to.mutable_unified());
}

void write(const SandboxConfig& from, v1::PodSandboxConfig& to) {
    auto& metadata = *to.mutable_metadata();
    metadata.set_name(from.metadata.name);
    metadata.set_uid(from.metadata.uid);
    metadata.set_namespace_(from.metadata.namespace_);
    metadata.set_attempt(from.metadata.attempt);
    to.set_hostname(from.hostname);
    to.set_log_directory(from.logDirectory);
    if (from.dns) {
        append(from.dns->servers, *to.mutable_dns_config()->mutable_servers());
        append(from.dns->searches, *to.mutable_dns_config()->mutable_searches());
        append(from.dns->options, *to.mutable_dns_config()->mutable_options());
    }
    for (const PortMapping& port : from.portMappings) {
        auto& mapping = *to.add_port_mappings();
        mapping.set_protocol(static_cast<v1::Protocol>(port.protocol));
        mapping.set_container_port(port.containerPort);
        mapping.set_host_port(port.hostPort);
        mapping.set_host_ip(port.hostIp);
    }
    fill(from.labels, *to.mutable_labels());
    fill(from.annotations, *to.mutable_annotations());
    auto& linux_ = *to.mutable_linux();
    linux_.set_cgroup_parent(from.cgroupParent);
    write(from.security, *linux_.mutable_security_context());
    fill(from.sysctls, *linux_.mutable_sysctls());
    write(from.resources, *linux_.mutable_resources());
}

void write(const ContainerConfig& from, v1::ContainerConfig& to) {
    to.mutable_metadata()->set_name(from.metadata.name);
    to.mutable_metadata()->set_attempt(from.metadata.attempt);
    to.mutable_image()->set_image(from.image);
    to.mutable_image()->set_user_specified_image(from.userSpecifiedImage);
    append(from.command, *to.mutable_command());
    append(from.args, *to.mutable_args());
    to.set_working_dir(from.workingDir);
    for (const auto& [key, value] : from.envs) {
        auto& variable = *to.add_envs();
        variable.set_key(key);
        variable.set_value(value);
    }
    for (const Mount& mount : from.mounts) {
        auto& entry = *to.add_mounts();
        entry.set_container_path(mount.containerPath);
        entry.set_host_path(mount.hostPath);
        entry.set_readonly(mount.readOnly);
        entry.set_propagation(static_cast<v1::MountPropagation>(mount.propagation));
        entry.set_recursive_read_only(mount.recursiveReadOnly);
    }
    for (const Device& device : from.devices) {
        auto& entry = *to.add_devices();
        entry.set_container_path(device.containerPath);
        entry.set_host_path(device.hostPath);
        entry.set_permissions(device.permissions);
    }
    fill(from.labels, *to.mutable_labels());
    fill(from.annotations, *to.mutable_annotations());
    to.set_log_path(from.logPath);
    to.set_stdin(from.stdin_);
    to.set_stdin_once(from.stdinOnce);
    to.set_tty(from.tty);
    write(from.resources, *to.mutable_linux()->mutable_resources());
    write(from.security, *to.mutable_linux()->mutable_security_context());
    if (v1::Signal signal; !from.stopSignal.empty() && v1::Signal_Parse(from.stopSignal, &signal))
        to.set_stop_signal(signal);
}

void write(const SandboxFilter& from, v1::PodSandboxFilter& to) {
    to.set_id(from.id);
    if (from.ready) to.mutable_state()->set_state(*from.ready ? v1::SANDBOX_READY : v1::SANDBOX_NOTREADY);
    fill(from.labels, *to.mutable_label_selector());
}

void write(const ContainerFilter& from, v1::ContainerFilter& to) {
    to.set_id(from.id);
    if (from.state) to.mutable_state()->set_state(static_cast<v1::ContainerState>(*from.state));
    to.set_pod_sandbox_id(from.sandboxId);
    fill(from.labels, *to.mutable_label_selector());
}

void write(const AuthConfig& from, v1::AuthConfig& to) {
    to.set_username(from.username);
    to.set_password(from.password);
    to.set_server_address(from.serverAddress);
    to.set_identity_token(from.identityToken);
    to.set_registry_token(from.registryToken);
}

Sandbox read(const v1::PodSandbox& from) {
    return {.id = from.id(),
            .metadata = read(from.metadata()),
            .ready = from.state() == v1::SANDBOX_READY,
            .createdAt = fromNanoseconds(from.created_at()),
            .labels = plain(from.labels()),
            .annotations = plain(from.annotations())};
}

SandboxStatus read(const v1::PodSandboxStatus& from) {
    SandboxStatus to{.id = from.id(),
                     .metadata = read(from.metadata()),
                     .ready = from.state() == v1::SANDBOX_READY,
                     .createdAt = fromNanoseconds(from.created_at()),
                     .ips = {},
                     .namespaces = read(from.linux().namespaces().options()),
                     .labels = plain(from.labels()),
                     .annotations = plain(from.annotations())};
    if (!from.network().ip().empty()) to.ips.push_back(from.network().ip());
    for (const auto& more : from.network().additional_ips()) to.ips.push_back(more.ip());
    return to;
}

Container read(const v1::Container& from) {
    return {.id = from.id(),
            .sandboxId = from.pod_sandbox_id(),
            .metadata = {from.metadata().name(), from.metadata().attempt()},
            .image = from.image().image(),
            .imageRef = from.image_ref(),
            .state = static_cast<ContainerState>(from.state()),
            .createdAt = fromNanoseconds(from.created_at()),
            .labels = plain(from.labels()),
            .annotations = plain(from.annotations())};
}

ContainerStatus read(const v1::ContainerStatus& from) {
    ContainerStatus to;
    to.id = from.id();
    to.metadata = {from.metadata().name(), from.metadata().attempt()};
    to.state = static_cast<ContainerState>(from.state());
    to.createdAt = fromNanoseconds(from.created_at());
    to.startedAt = fromNanoseconds(from.started_at());
    to.finishedAt = fromNanoseconds(from.finished_at());
    to.exitCode = from.exit_code();
    to.image = from.image().user_specified_image().empty() ? from.image().image() : from.image().user_specified_image();
    to.imageRef = from.image_ref();
    to.imageId = from.image_id();
    to.reason = from.reason();
    to.message = from.message();
    to.labels = plain(from.labels());
    to.annotations = plain(from.annotations());
    for (const auto& mount : from.mounts()) to.mounts.push_back(read(mount));
    to.logPath = from.log_path();
    if (from.has_resources() && from.resources().has_linux()) to.resources = read(from.resources().linux());
    if (from.has_user() && from.user().has_linux()) {
        to.uid = from.user().linux().uid();
        to.gid = from.user().linux().gid();
        to.supplementalGroups.assign(from.user().linux().supplemental_groups().begin(),
                                     from.user().linux().supplemental_groups().end());
    }
    return to;
}

ContainerStats read(const v1::ContainerStats& from) {
    ContainerStats to;
    to.id = from.attributes().id();
    to.metadata = {from.attributes().metadata().name(), from.attributes().metadata().attempt()};
    to.labels = plain(from.attributes().labels());
    to.cpuTimestamp = fromNanoseconds(from.cpu().timestamp());
    to.cpuUsageNanoseconds = from.cpu().usage_core_nano_seconds().value();
    to.memoryTimestamp = fromNanoseconds(from.memory().timestamp());
    to.workingSetBytes = from.memory().working_set_bytes().value();
    to.usageBytes = from.memory().usage_bytes().value();
    to.rssBytes = from.memory().rss_bytes().value();
    to.pageFaults = from.memory().page_faults().value();
    to.majorPageFaults = from.memory().major_page_faults().value();
    if (from.has_writable_layer()) to.writableLayer = read(from.writable_layer());
    return to;
}

Image read(const v1::Image& from) {
    Image to{.id = from.id(),
             .repoTags = {from.repo_tags().begin(), from.repo_tags().end()},
             .repoDigests = {from.repo_digests().begin(), from.repo_digests().end()},
             .size = from.size(),
             .uid = std::nullopt,
             .username = from.username(),
             .pinned = from.pinned()};
    if (from.has_uid()) to.uid = from.uid().value();
    return to;
}

FilesystemUsage read(const v1::FilesystemUsage& from) {
    return {.timestamp = fromNanoseconds(from.timestamp()),
            .mountpoint = from.fs_id().mountpoint(),
            .usedBytes = from.used_bytes().value(),
            .inodesUsed = from.inodes_used().value()};
}

}  // namespace qd::agent::cri
