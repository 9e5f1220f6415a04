// Where a cluster lies on this machine, and who owns it.
//
//   $XDG_DATA_HOME/quarterdeck/clusters/<name>/   0700
//     cluster.yaml     the ClusterSpec; written whole or not at all
//     store.db         the control plane's database
//     pki/             keys and certificates, 0700
//     kubeconfig       the administrator's, 0600
//     join-token       the bootstrap token that the cluster's nodes join by, 0600
//     owner            locked by the process that runs the cluster; holds its pid and the API server's URL
//   $XDG_STATE_HOME/quarterdeck/<name>.log
//   $XDG_CACHE_HOME/quarterdeck/                  node images, what is known about KVM (or $QD_CACHE_DIR)
//
// The lock is an open-file-description lock: it goes with the process, however it ends, and asking who holds it takes
// nothing.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/base/random.h"
#include "cluster/base/result.h"
#include "vmnodes/host/cluster_spec.h"

namespace qd::host {

struct Directories {
    std::string data;   // …/quarterdeck
    std::string state;  // …/quarterdeck
    std::string cache;  // …/quarterdeck
    // By the XDG base directory specification and QD_CACHE_DIR.
    static Directories fromEnvironment();
};

struct Owner {
    pid_t pid = 0;
    std::string server;  // URL of the API server; empty until it listens
};

class ClusterLayout {
public:
    // The name must be valid (see validate()).
    ClusterLayout(const Directories& directories, const std::string& name);

    const std::string& name() const { return m_name; }
    std::string folder() const { return m_folder; }
    std::string specFile() const { return m_folder + "/cluster.yaml"; }
    std::string pkiFolder() const { return m_folder + "/pki"; }
    std::string kubeconfigFile() const { return m_folder + "/kubeconfig"; }
    std::string joinTokenFile() const { return m_folder + "/join-token"; }
    std::string ownerFile() const { return m_folder + "/owner"; }
    std::string logFile() const { return m_logFile; }

    bool exists() const;
    // Makes the folders and writes the spec, with a fresh uuid when it has none. AlreadyExists when there is such a
    // cluster.
    Result<ClusterSpec> create(ClusterSpec spec, base::Random& random) const;
    // NotFound names the cluster and how to list those that there are.
    Result<ClusterSpec> load() const;
    // Replaces the spec, durably, whole or not at all.
    Result<void> save(const ClusterSpec& spec) const;
    // Removes everything of the cluster on this machine; its machines must be gone already. Conflict while a process
    // owns it.
    Result<void> remove() const;
    // The process that runs the cluster; nullopt when none does.
    Result<std::optional<Owner>> owner() const;

private:
    std::string m_name;
    std::string m_folder;
    std::string m_logFile;
};

// Held by the one process that runs a cluster.
class Ownership {
public:
    // Conflict, with the owner's pid, when another process (or another Ownership of this one) has it.
    static Result<Ownership> acquire(const ClusterLayout& layout);
    Ownership(Ownership&& other) noexcept;
    Ownership& operator=(Ownership&& other) noexcept;
    ~Ownership();

    // Tells others where the API server listens.
    Result<void> publish(const std::string& server);

private:
    explicit Ownership(int file) : m_file(file) {}
    int m_file;
};

struct ClusterEntry {
    std::string name;
    Result<ClusterSpec> spec;  // an error when cluster.yaml cannot be read
    std::optional<Owner> owner;
};

// The clusters of this user, by name.
Result<std::vector<ClusterEntry>> listClusters(const Directories& directories);

}  // namespace qd::host
