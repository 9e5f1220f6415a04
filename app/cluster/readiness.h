// Waiting until nodes and the cluster's DNS are seen to be ready, through watches; nothing is polled but the nodes'
// consoles, which tell how far a boot has come and why it failed.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "app/cluster/step.h"
#include "cluster/client/informer.h"

namespace qd::cluster {

// Raised by watches, waited for by one thread.
class Signal {
public:
    void raise();
    // Until it is raised (also if it was before), that time has passed, or stop is requested.
    void wait(base::Duration atMost, std::stop_token stop);

private:
    std::mutex m_mutex;
    std::condition_variable_any m_raised;
    bool m_isRaised = false;
};

using ConsoleReader = std::function<Result<std::string>(const std::string& node)>;

struct WaitLimits {
    base::Duration node;  // from now until every node is Ready
    base::Duration dns;
};

// What the console tells of a boot.
struct BootState {
    bool booted = false;  // containerd answers
    std::string failure;  // the node's own words
    std::string stage;    // the last stage that was reached
};
BootState readConsole(std::string_view console);
// The console's end, at most so many lines.
std::string lastLines(std::string_view text, std::size_t lines);

class Readiness {
public:
    Readiness(client::Client& client, base::Executor& executor, Steps& steps, WaitLimits limits, std::stop_token stop);
    ~Readiness();

    // Steps "<node>/booted", "<node>/registered", "<node>/ready". A node counts as registered when its agent has renewed its
    // Lease after this object was made, so that what it said before a stop does not count.
    Result<void> waitForNodes(const std::vector<std::string>& nodes, const ConsoleReader& console);
    // Step "dns": every replica of the Deployment coredns is ready.
    Result<void> waitForDns();

private:
    struct Progress;
    bool heardFrom(const std::string& node) const;
    Result<void> look(const std::string& node, Progress& progress, const ConsoleReader& console);

    base::Executor& m_executor;
    Steps& m_steps;
    WaitLimits m_limits;
    std::stop_token m_stop;
    Signal m_signal;
    client::Informer m_nodes;
    client::Informer m_leases;
    client::Informer m_deployments;
    mutable std::mutex m_mutex;
    std::set<std::string> m_renewed;  // guarded by m_mutex: nodes whose Lease changed
};

}  // namespace qd::cluster
