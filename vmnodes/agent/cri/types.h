// What the container runtime interface (CRI v1) speaks of, as plain structs. Field names and meanings are those of
// k8s.io/cri-api pkg/apis/runtime/v1; fields that the agent neither sets nor reads are left out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/base/time.h"

namespace qd::agent::cri {

using StringMap = std::map<std::string, std::string>;

struct VersionInfo {
    std::string runtimeName;
    std::string runtimeVersion;
    std::string runtimeApiVersion;
};

struct RuntimeCondition {
    std::string type;  // RuntimeReady, NetworkReady
    bool status = false;
    std::string reason;
    std::string message;
};

enum class NamespaceMode { Pod, Container, Node, Target };

struct NamespaceOptions {
    NamespaceMode network = NamespaceMode::Pod;
    NamespaceMode pid = NamespaceMode::Container;
    NamespaceMode ipc = NamespaceMode::Pod;
    std::string targetId;  // for pid == Target
};

enum class ProfileType { RuntimeDefault, Unconfined, Localhost };

struct SecurityProfile {
    ProfileType type = ProfileType::RuntimeDefault;
    std::string localhostRef;
};

struct Resources {
    std::int64_t cpuPeriod = 0;
    std::int64_t cpuQuota = 0;
    std::int64_t cpuShares = 0;
    std::int64_t memoryLimit = 0;  // bytes, 0 = none
    std::int64_t oomScoreAdj = 0;
    StringMap unified;  // cgroup v2 files, e.g. memory.min

    bool operator==(const Resources&) const = default;
};

enum class Protocol { Tcp, Udp, Sctp };

struct PortMapping {
    Protocol protocol = Protocol::Tcp;
    int containerPort = 0;
    int hostPort = 0;
    std::string hostIp;
};

struct DnsConfig {
    std::vector<std::string> servers;
    std::vector<std::string> searches;
    std::vector<std::string> options;

    bool operator==(const DnsConfig&) const = default;
};

struct SandboxSecurity {
    NamespaceOptions namespaces;
    std::optional<std::int64_t> runAsUser;
    std::optional<std::int64_t> runAsGroup;
    std::vector<std::int64_t> supplementalGroups;
    bool privileged = false;
    std::optional<SecurityProfile> seccomp;
};

struct SandboxMetadata {
    std::string name;
    std::string uid;
    std::string namespace_;
    std::uint32_t attempt = 0;
};

struct SandboxConfig {
    SandboxMetadata metadata;
    std::string hostname;
    std::string logDirectory;
    std::optional<DnsConfig> dns;
    std::vector<PortMapping> portMappings;
    StringMap labels;
    StringMap annotations;
    std::string cgroupParent;
    SandboxSecurity security;
    StringMap sysctls;
    Resources resources;
};

struct Sandbox {
    std::string id;
    SandboxMetadata metadata;
    bool ready = false;
    base::WallTime createdAt{};
    StringMap labels;
    StringMap annotations;
};

struct SandboxStatus {
    std::string id;
    SandboxMetadata metadata;
    bool ready = false;
    base::WallTime createdAt{};
    std::vector<std::string> ips;  // the first is the Pod's own
    NamespaceOptions namespaces;
    StringMap labels;
    StringMap annotations;
};

struct SandboxFilter {
    std::string id;
    std::optional<bool> ready;
    StringMap labels;
};

enum class MountPropagation { Private, HostToContainer, Bidirectional };

struct Mount {
    std::string containerPath;
    std::string hostPath;
    bool readOnly = false;
    MountPropagation propagation = MountPropagation::Private;
    bool recursiveReadOnly = false;
};

struct Device {
    std::string containerPath;
    std::string hostPath;
    std::string permissions;
};

struct ContainerSecurity {
    std::vector<std::string> addCapabilities;
    std::vector<std::string> dropCapabilities;
    bool privileged = false;
    NamespaceOptions namespaces;
    std::optional<std::int64_t> runAsUser;
    std::string runAsUsername;
    std::optional<std::int64_t> runAsGroup;
    bool readOnlyRootfs = false;
    std::vector<std::int64_t> supplementalGroups;
    bool noNewPrivs = false;
    std::vector<std::string> maskedPaths;
    std::vector<std::string> readonlyPaths;
    std::optional<SecurityProfile> seccomp;
};

struct ContainerMetadata {
    std::string name;
    std::uint32_t attempt = 0;
};

struct ContainerConfig {
    ContainerMetadata metadata;
    std::string image;               // the reference to run: what pullImage or imageStatus answered
    std::string userSpecifiedImage;  // what the Pod says
    std::vector<std::string> command;
    std::vector<std::string> args;
    std::string workingDir;
    std::vector<std::pair<std::string, std::string>> envs;
    std::vector<Mount> mounts;
    std::vector<Device> devices;
    StringMap labels;
    StringMap annotations;
    std::string logPath;  // relative to the sandbox's log directory
    bool stdin_ = false;
    bool stdinOnce = false;
    bool tty = false;
    Resources resources;
    ContainerSecurity security;
    std::string stopSignal;  // e.g. "SIGUSR1"; empty: the image's, else SIGTERM
};

enum class ContainerState { Created, Running, Exited, Unknown };

struct Container {
    std::string id;
    std::string sandboxId;
    ContainerMetadata metadata;
    std::string image;
    std::string imageRef;
    ContainerState state = ContainerState::Unknown;
    base::WallTime createdAt{};
    StringMap labels;
    StringMap annotations;
};

struct ContainerFilter {
    std::string id;
    std::optional<ContainerState> state;
    std::string sandboxId;
    StringMap labels;
};

struct ContainerStatus {
    std::string id;
    ContainerMetadata metadata;
    ContainerState state = ContainerState::Unknown;
    base::WallTime createdAt{};
    base::WallTime startedAt{};   // 1970 = never
    base::WallTime finishedAt{};  // 1970 = never
    int exitCode = 0;
    std::string image;     // the name the user gave, as far as the runtime knows
    std::string imageRef;  // repository digest or image id
    std::string imageId;
    std::string reason;  // e.g. OOMKilled, Error, Completed
    std::string message;
    StringMap labels;
    StringMap annotations;
    std::vector<Mount> mounts;
    std::string logPath;
    std::optional<Resources> resources;
    std::optional<std::int64_t> uid;
    std::optional<std::int64_t> gid;
    std::vector<std::int64_t> supplementalGroups;
};

struct ExecResult {
    std::string standardOutput;
    std::string standardError;
    int exitCode = 0;
};

struct ExecRequest {
    std::string containerId;
    std::vector<std::string> command;
    bool tty = false;
    bool stdin_ = false;
    bool stdout_ = true;
    bool stderr_ = true;
};

struct FilesystemUsage {
    base::WallTime timestamp{};
    std::string mountpoint;
    std::uint64_t usedBytes = 0;
    std::uint64_t inodesUsed = 0;
};

struct ContainerStats {
    std::string id;
    ContainerMetadata metadata;
    StringMap labels;
    base::WallTime cpuTimestamp{};
    std::uint64_t cpuUsageNanoseconds = 0;
    base::WallTime memoryTimestamp{};
    std::uint64_t workingSetBytes = 0;
    std::uint64_t usageBytes = 0;
    std::uint64_t rssBytes = 0;
    std::uint64_t pageFaults = 0;
    std::uint64_t majorPageFaults = 0;
    std::optional<FilesystemUsage> writableLayer;
};

struct Image {
    std::string id;
    std::vector<std::string> repoTags;
    std::vector<std::string> repoDigests;
    std::uint64_t size = 0;
    std::optional<std::int64_t> uid;
    std::string username;
    bool pinned = false;
};

struct AuthConfig {
    std::string username;
    std::string password;
    std::string serverAddress;
    std::string identityToken;
    std::string registryToken;
};

enum class ContainerEventType { Created, Started, Stopped, Deleted };

struct ContainerEvent {
    std::string containerId;  // a sandbox's id for sandbox events
    ContainerEventType type = ContainerEventType::Created;
    std::string podUid;
};

}  // namespace qd::agent::cri
