// A whole control plane with hollow nodes in one thread, under a seed: store in memory, API server, all controllers,
// scheduler, nodes. Everything but the server reaches it through a FaultyClient. Two runs with one seed are the same.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/api/usage_source.h"
#include "cluster/apiserver/api_server.h"
#include "cluster/base/pki/certificate.h"
#include "cluster/base/simulation.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/scheduler/scheduler.h"
#include "cluster/store/api_codec.h"
#include "cluster/store/store.h"
#include "tests/simulation/faulty_client.h"
#include "vmnodes/hollow/hollow_nodes.h"

namespace qd::simulation {

class SimulatedCluster {
public:
    struct Options {
        std::shared_ptr<const api::UsageSource> usage = {};                     // what autoscalers go by
        std::function<void(const corev1::Pod&, hollow::RunPlan&)> adjust = {};  // what Pods do on the nodes
        std::shared_ptr<const pki::Authority> authority = {};                   // signs certificates
    };
    SimulatedCluster(std::uint64_t seed, unsigned nodes, Options options);
    ~SimulatedCluster();

    base::SimulatedExecutor& executor() { return m_executor; }
    // For the simulation's own decisions.
    base::Random& random() { return m_random; }
    Faults& faults() { return m_faults; }
    store::Store& store() { return *m_store; }
    hollow::HollowNodes& nodes() { return *m_nodes; }
    // Controllers and scheduler forget everything that they do not find in the store, as after the program was started
    // again. They do so by themselves, after a while, when a fault has ended them.
    void restartControllers();
    // Moves the clock on the wall, for all.
    void stepClock(base::Duration by) { m_executor.simulatedClock().stepWall(by); }
    // When the answer to one of somebody's writes of a resource was last lost.
    std::optional<base::SteadyTime> lostAnswer(const std::string& actor, const std::string& resource) const;
    // Of a person: without faults.
    client::Client& user() { return *m_user; }
    // The same, of another name.
    std::unique_ptr<client::Client> clientOf(const std::string& name);

private:
    void startControllers();
    void stopControllers();
    std::unique_ptr<client::Client> faultyClientOf(const std::string& name, const std::shared_ptr<Process>& process);

    const Options m_options;
    base::SimulatedExecutor m_executor;
    base::Random m_random;
    Faults m_faults;
    std::map<std::pair<std::string, std::string>, base::SteadyTime> m_lostAnswers;  // by actor and resource
    store::ApiCodec m_codec;
    std::unique_ptr<store::Store> m_store;
    std::unique_ptr<apiserver::ApiServer> m_server;
    std::unique_ptr<client::Client> m_user;
    std::shared_ptr<Process> m_controllers;  // all of them and the scheduler
    base::Timer m_restart;
    std::unique_ptr<client::Client> m_reader;
    std::unique_ptr<client::Client> m_schedulerClient;
    std::unique_ptr<client::Client> m_nodeClient;
    std::unique_ptr<client::InformerFactory> m_informers;
    std::unique_ptr<client::InformerFactory> m_schedulerInformers;
    std::unique_ptr<client::InformerFactory> m_nodeInformers;
    std::vector<std::unique_ptr<controllers::Runner>> m_runners;
    std::unique_ptr<scheduler::Scheduler> m_scheduler;
    std::unique_ptr<hollow::HollowNodes> m_nodes;
};

}  // namespace qd::simulation
