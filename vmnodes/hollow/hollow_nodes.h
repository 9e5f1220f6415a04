// Nodes without machines: they register, send heartbeats and report Pods as running, all in this process. For scale tests,
// for the simulation, and for whoever wants a cluster that costs nothing (qdeck control-plane --hollow-nodes N).
//
// Pods behave as run_plan.h says, and as a script tells them (script.h). All nodes share the factory's informers of Pods and Nodes. Nodes are dealt to a few
// strands, and everything about a node happens on its strand; writes block there for a commit. What the functions below
// ask for happens soon after they return.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/base/random.h"
#include "cluster/client/informer.h"
#include "vmnodes/hollow/node_object.h"
#include "vmnodes/hollow/pod_run.h"
#include "vmnodes/hollow/pod_usage.h"
#include "vmnodes/hollow/script.h"
#include "vmnodes/hollow/volumes/attacher.h"

namespace qd::hollow {

struct Options {
    unsigned count = 1;
    std::string prefix = "hollow-node-";  // and the number, from 0
    Capacity capacity = {};
    Timing timing = {};
    base::Duration heartbeat = std::chrono::seconds(10);     // of the Lease
    base::Duration statusReport = std::chrono::minutes(5);   // of the Node, when nothing changed
    unsigned strands = 16;
    std::shared_ptr<const Script> script = {};  // timed from start()
    // Changes what a Pod's containers do; called on any strand, again and again, and should say the same each time.
    std::function<void(const corev1::Pod& pod, RunPlan& plan)> adjust = {};
    VolumeTiming volumes = {};
};

class HollowNodes {
public:
    // client: writes as the nodes. Asks the factory for its informers: make it before the factory starts.
    HollowNodes(client::Client& client, client::InformerFactory& informers, base::Executor& executor, base::Random& random, Options options);
    ~HollowNodes();

    void start();
    void stop();  // nothing is begun after this returns; waits for what runs, unless under simulation

    const std::vector<std::string>& names() const;
    // As when the machine loses its network: it says nothing and hears nothing, its Pods run on.
    void loseContact(const std::string& node);
    void regainContact(const std::string& node);
    // What a Pod uses, by its annotations and the script. Thread-safe.
    std::optional<metricsv1beta1::PodMetrics> usageOf(const corev1::Pod& pod) const;
    // The Ready condition that it reports.
    void setNodeReady(const std::string& node, bool ready);
    // Whether the readiness probes of a Pod succeed.
    void setPodReady(const std::string& ns, const std::string& pod, bool ready);

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::hollow
