#include "tests/simulation/simulated_cluster.h"

#include <stdexcept>

#include "cluster/apiserver/admission/request_facts.h"
#include "cluster/apiserver/admission/resource_quota.h"
#include "cluster/apiserver/admission/store_reader.h"
#include "cluster/apiserver/allocation/service_allocation.h"
#include "cluster/apiserver/auth/rbac.h"
#include "cluster/apiserver/subresources/access_review.h"
#include "cluster/apiserver/subresources/binding.h"
#include "cluster/apiserver/subresources/eviction.h"
#include "cluster/apiserver/subresources/scale.h"
#include "cluster/control_plane/bootstrap.h"
#include "cluster/control_plane/in_process_client.h"
#include "cluster/controllers/controllers.h"
#include "vmnodes/hollow/volumes/hollow_driver.h"

namespace qd::simulation {
namespace {

constexpr std::uint64_t kLongestAway = 30;  // seconds, after a crash

}  // namespace

SimulatedCluster::SimulatedCluster(std::uint64_t seed, unsigned nodes, Options options)
    : m_options(std::move(options)), m_executor(seed), m_random(seed * 2 + 1) {
    auto opened = store::Store::open({.file = {}, .commit = store::CommitMode::Inline}, m_codec, m_executor.clock());
    if (!opened) throw std::runtime_error(opened.error().message);
    m_store = std::move(*opened);
    apiserver::ApiServerParts parts{.store = *m_store,
                                    .executor = m_executor,
                                    .random = m_random,
                                    .authenticators = {},
                                    .authorizer = nullptr,
                                    .admission = {},
                                    .reader = std::make_unique<apiserver::StoreReader>(*m_store)};
    parts.authorizer = std::make_unique<apiserver::MastersAuthorizer>();
    const auto services = api::IpNetwork::parse("10.96.0.0/16");
    parts.admission = apiserver::defaultAdmissionPlugins(m_random);
    parts.admission.push_back(std::make_unique<apiserver::RequestFacts>(m_executor.clock()));
    parts.admission.push_back(std::make_unique<apiserver::ServiceAllocation>(
        apiserver::ServiceRanges{.addresses = *services}, m_executor.clock(), m_random));
    parts.admission.push_back(std::make_unique<apiserver::ResourceQuotaAdmission>(*m_store, m_executor.clock()));
    m_server = std::make_unique<apiserver::ApiServer>(std::move(parts));
    m_server->addSubresource("pods", "binding", std::make_unique<apiserver::BindingHandler>(*m_server, false));
    m_server->addSubresource("pods", "eviction", std::make_unique<apiserver::EvictionHandler>(*m_server));
    m_server->addSubresource("subjectaccessreviews.authorization.k8s.io", "",
                             std::make_unique<apiserver::AccessReviewHandler>(*m_server));
    for (const char* workload : {"deployments.apps", "replicasets.apps", "statefulsets.apps"})
        m_server->addSubresource(workload, "scale", std::make_unique<apiserver::ScaleHandler>(*m_server));
    m_user = clientOf("user");
    if (auto made = control_plane::createSystemObjects(*m_user, "10.96.0.0/16", m_executor.clock().now()); !made)
        throw std::runtime_error(made.error().message);

    startControllers();
    m_nodeClient = faultyClientOf("nodes", std::make_shared<Process>());
    m_nodeInformers = std::make_unique<client::InformerFactory>(*m_nodeClient, m_executor);
    m_nodes = std::make_unique<hollow::HollowNodes>(*m_nodeClient, *m_nodeInformers, m_executor, m_random,
                                                    hollow::Options{.count = nodes, .adjust = m_options.adjust});
    m_nodeInformers->start();
    m_nodes->start();
}

SimulatedCluster::~SimulatedCluster() {
    m_nodes->stop();
    stopControllers();
    m_nodeInformers->stop();
}

void SimulatedCluster::startControllers() {
    m_controllers = std::make_shared<Process>();
    m_controllers->died = [this] {
        m_restart = m_executor.postAfter(std::chrono::seconds(1 + m_random.below(kLongestAway)),
                                         [this] { restartControllers(); });
    };
    m_reader = faultyClientOf("informers", m_controllers);
    m_informers = std::make_unique<client::InformerFactory>(*m_reader, m_executor);
    controllers::Options options;
    options.rootCa = "simulated";
    options.provisioners[hollow::kDriver] = hollow::hollowProvisioner();
    options.authority = m_options.authority;
    options.metrics = std::make_shared<controllers::UsageReader>(m_options.usage);
    for (const auto& descriptor : controllers::controllerDescriptors(options)) {
        if (!descriptor.onByDefault) continue;
        m_runners.push_back(std::make_unique<controllers::Runner>(
            descriptor, faultyClientOf(std::string(descriptor.name), m_controllers), *m_informers, m_executor,
            m_random));
    }
    m_schedulerClient = faultyClientOf("scheduler", m_controllers);
    m_schedulerInformers = std::make_unique<client::InformerFactory>(*m_schedulerClient, m_executor);
    m_scheduler =
        std::make_unique<scheduler::Scheduler>(*m_schedulerClient, *m_schedulerInformers, m_executor, m_random);

    m_informers->start();
    m_schedulerInformers->start();
    for (auto& runner : m_runners) runner->start();
    m_scheduler->start();
}

void SimulatedCluster::stopControllers() {
    m_scheduler->stop();
    for (auto& runner : m_runners) runner->stop();
    m_informers->stop();
    m_schedulerInformers->stop();
    m_scheduler.reset();
    m_runners.clear();
    m_schedulerInformers.reset();
    m_informers.reset();
    m_schedulerClient.reset();
    m_reader.reset();
}

void SimulatedCluster::restartControllers() {
    m_restart.cancel();
    stopControllers();
    startControllers();
}

std::optional<base::SteadyTime> SimulatedCluster::lostAnswer(const std::string& actor,
                                                             const std::string& resource) const {
    const auto found = m_lostAnswers.find({actor, resource});
    return found == m_lostAnswers.end() ? std::nullopt : std::optional(found->second);
}

std::unique_ptr<client::Client> SimulatedCluster::clientOf(const std::string& name) {
    apiserver::User user;
    user.name = name;
    user.groups = {std::string(apiserver::kMastersGroup)};
    return std::make_unique<control_plane::InProcessClient>(*m_server, std::move(user), name);
}

std::unique_ptr<client::Client> SimulatedCluster::faultyClientOf(const std::string& name,
                                                                 const std::shared_ptr<Process>& process) {
    return std::make_unique<FaultyClient>(clientOf(name), m_executor, m_random, m_faults, process,
                                          [this, name](const client::ResourceName& resource) {
                                              m_lostAnswers[{name, resource.resource}] = m_executor.clock().steady();
                                          });
}

}  // namespace qd::simulation
