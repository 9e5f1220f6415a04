// The owner as a process in the background: `qdeck own`, started by `qdeck create` and `qdeck start`, which follow its steps
// until the cluster is up and then leave it alone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cluster/cluster_owner.h"

namespace qd::cluster {

class OwnerProcess {
public:
    // Runs this program's `own` with these words, apart from the caller's session and terminal; `input` is what it reads on
    // standard input, its output and errors go to `logFile`. To be called before the program has threads: it forks.
    static Result<std::unique_ptr<OwnerProcess>> launch(const std::vector<std::string>& arguments, const std::string& input,
                                                        const std::string& logFile);
    ~OwnerProcess();
    OwnerProcess(const OwnerProcess&) = delete;
    OwnerProcess& operator=(const OwnerProcess&) = delete;

    // Reports steps until the cluster is up (its view) or has failed.
    Result<ClusterView> follow(const StepHandler& report);
    // Asks it to give up what it is doing; follow() then returns its error.
    void cancel();
    int pid() const { return m_pid; }

private:
    OwnerProcess(int pid, int reports) : m_pid(pid), m_reports(reports) {}

    int m_pid;
    int m_reports;
};

// The other side: where `own` reports, as given by launch() on its command line.
struct OwnRequest {
    std::string name;
    std::string spec;  // YAML: create this cluster; empty: start the one of that name
    int reportFile = -1;
};
// Owns the cluster until it is stopped or deleted through its control socket, or SIGTERM asks it to end, upon which the
// machines are suspended. Returns the exit code. Blocks signals; to be called by a program without threads.
int runOwner(const Environment& environment, const OwnRequest& request);

}  // namespace qd::cluster
