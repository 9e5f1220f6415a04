// The owner of a running cluster: the one object, in one process, that has its control plane inside, its machines in
// libvirt and the lock on its folder. `qdeck` and the window use it in the same way.
//
//     auto owner = ClusterOwner::create(Environment::ofThisProgram(), spec, report, stop);
//     (*owner)->controlPlane().client("gui");
//     (*owner)->end(Ending::Save, report, {});   // machines suspended, control plane stopped, lock released
//
// Every function is synchronous and takes seconds to minutes: call them on a thread that may wait, one at a time. Steps
// are reported on the caller's thread. A cancelled function fails with the code host::kCancelledCode.
//
// create() leaves nothing behind when it fails: no machine, network, volume or file. start() leaves the cluster as
// it found it. Destroying an owner stops the control plane and releases the lock; machines go on, as they do when the process
// is killed, and the next start() takes them over.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "app/cluster/cluster_status.h"
#include "app/cluster/environment.h"
#include "app/cluster/step.h"
#include "cluster/control_plane/control_plane.h"
#include "vmnodes/host/cluster_spec.h"

namespace qd::cluster {

enum class Ending : std::uint8_t {
    Save,      // machines are suspended to disk: starting again takes seconds
    ShutDown,  // machines are shut down, Pods ended in order
};

// "quarterdeck-<name>": the cluster, user and context in kubeconfigs.
std::string kubeconfigName(const std::string& cluster);

class ClusterOwner {
public:
    // Announces all steps first, each as Waiting.
    static Result<std::unique_ptr<ClusterOwner>> create(Environment environment, host::ClusterSpec spec,
                                                        const StepHandler& report, std::stop_token stop);
    static Result<std::unique_ptr<ClusterOwner>> start(Environment environment, const std::string& name,
                                                       const StepHandler& report, std::stop_token stop);
    ~ClusterOwner();
    ClusterOwner(const ClusterOwner&) = delete;
    ClusterOwner& operator=(const ClusterOwner&) = delete;

    const host::ClusterSpec& spec() const;
    const host::ClusterLayout& layout() const;
    control_plane::ControlPlane& controlPlane();
    // For the users' kubeconfigs.
    client::KubeconfigEntry kubeconfigEntry() const;
    ClusterView view() const;
    Result<std::string> consoleLog(const std::string& node) const;

    // Ends the machines in that way, then the control plane, then releases the lock.
    Result<void> end(Ending ending, const StepHandler& report, std::stop_token stop);
    // Removes everything of the cluster: machines, network, volumes, files, its entry in the user's kubeconfig.
    Result<void> remove(const StepHandler& report);

private:
    struct State;
    explicit ClusterOwner(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

// The same for a cluster that nobody owns. Conflict names the owner if there is one.
Result<void> removeCluster(const Environment& environment, const std::string& name, const StepHandler& report);
// Ends machines that were left running by an owner that was killed.
Result<void> endCluster(const Environment& environment, const std::string& name, Ending ending,
                        const StepHandler& report, std::stop_token stop);
// A node's console, of any cluster of this machine.
Result<std::string> consoleLog(const Environment& environment, const std::string& name, const std::string& node);

}  // namespace qd::cluster
