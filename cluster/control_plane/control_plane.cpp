#include "cluster/control_plane/control_plane.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/apiserver/admission/request_facts.h"
#include "cluster/apiserver/admission/resource_quota.h"
#include "cluster/apiserver/admission/store_reader.h"
#include "cluster/apiserver/allocation/service_allocation.h"
#include "cluster/apiserver/auth/bearer_tokens.h"
#include "cluster/apiserver/auth/bootstrap_tokens.h"
#include "cluster/apiserver/auth/certificates.h"
#include "cluster/apiserver/auth/default_policy.h"
#include "cluster/apiserver/auth/issuer_paths.h"
#include "cluster/apiserver/auth/legacy_tokens.h"
#include "cluster/apiserver/auth/node_authorizer.h"
#include "cluster/apiserver/discovery/openapi_paths.h"
#include "cluster/apiserver/auth/rbac.h"
#include "cluster/apiserver/auth/rbac_escalation.h"
#include "cluster/apiserver/auth/service_account_tokens.h"
#include "cluster/apiserver/auth/token_file.h"
#include "cluster/apiserver/status.h"
#include "cluster/apiserver/subresources/access_review.h"
#include "cluster/apiserver/subresources/binding.h"
#include "cluster/apiserver/subresources/component_statuses.h"
#include "cluster/apiserver/subresources/eviction.h"
#include "cluster/apiserver/subresources/pod_log.h"
#include "cluster/apiserver/subresources/pod_streams.h"
#include "cluster/apiserver/subresources/proxy.h"
#include "cluster/apiserver/subresources/scale.h"
#include "cluster/apiserver/subresources/token_request.h"
#include "cluster/apiserver/subresources/token_review.h"
#include "cluster/apiserver/subresources/usage_metrics.h"
#include "cluster/apiserver/subresources/metric_values.h"
#include "cluster/base/log.h"
#include "cluster/control_plane/bootstrap.h"
#include "cluster/control_plane/controller_host.h"
#include "cluster/control_plane/flow_control_bootstrap.h"
#include "cluster/control_plane/in_process_client.h"
#include "cluster/control_plane/insight/pod_placements.h"
#include "cluster/control_plane/joining.h"
#include "cluster/control_plane/load_balancer_range.h"
#include "cluster/control_plane/pki_folder.h"
#include "cluster/control_plane/rbac_bootstrap.h"
#include "cluster/control_plane/usage/agent_metrics.h"
#include "cluster/control_plane/usage/custom_metrics.h"
#include "cluster/control_plane/usage/pod_requests.h"
#include "cluster/control_plane/usage/pod_scraper.h"
#include "cluster/control_plane/usage/usage_collector.h"
#include "cluster/scheduler/config/configuration_file.h"
#include "cluster/scheduler/scheduler.h"
#include "cluster/store/api_codec.h"
#include "vmnodes/hollow/hollow_nodes.h"
#include "vmnodes/hollow/volumes/hollow_driver.h"

namespace qd::control_plane {
namespace {

constexpr unsigned kThreads = 4;
constexpr unsigned kWorkers = 16;  // most wait for the disk
constexpr unsigned kHollowThreads = 2;  // leave the cluster's own threads their turn, as machines elsewhere would
constexpr unsigned kScrapes = 4;   // wait for Pods that may not answer
constexpr std::size_t kBinders = 4;
constexpr base::Duration kGrace = std::chrono::seconds(2);

apiserver::User administrator() {
    return {.name = "kubernetes-admin", .uid = {}, .groups = {std::string(apiserver::kMastersGroup), std::string(apiserver::kAuthenticatedGroup)}, .extra = {}};
}

// Whom tokens for the API server are meant for.
std::vector<std::string> apiAudiences() { return {std::string(apiserver::kServiceAccountIssuer)}; }

std::string firstAddress(const std::string& cidr) {
    const std::string network = cidr.substr(0, cidr.find('/'));
    return network.substr(0, network.rfind('.') + 1) + "1";
}

}  // namespace

struct ControlPlane::State {
    explicit State(Options given) : options(std::move(given)), executor("cluster", kThreads), workers("controllers", kWorkers), asking("scrapes", kScrapes) {}

    Result<void> readConfiguration();
    Result<void> open();
    Result<void> listen();
    Result<void> prepareControllers();
    Result<void> addAuthenticators(apiserver::ApiServerParts& parts);
    Result<void> addAuthorizers(apiserver::ApiServerParts& parts);
    void addSubresources();
    void addReviews();
    void addProxies();
    std::string url() const;
    bool takesJoiners() const;
    std::unique_ptr<client::Client> clientOf(std::string user, std::string group, std::string manager);
    bool runsControllers() const;
    void addComponentStatuses();
    void addUsage();
    void addInsight();
    void startControllers();

    Options options;
    std::optional<api::IpNetwork> loadBalancers;  // their addresses; none: nobody gives any
    controllers::Options controllerOptions;
    base::Random random;
    store::ApiCodec codec;
    base::ThreadPool executor;
    base::ThreadPool workers;
    std::unique_ptr<store::Store> store;
    std::optional<Pki> pki;
    std::optional<apiserver::ServiceAccountIssuer> issuer;
    const apiserver::BearerAuthenticator* tokens = nullptr;  // the API server's own
    const apiserver::RbacAuthorizer* rbac = nullptr;         // the same
    std::unique_ptr<apiserver::ApiServer> server;
    std::unique_ptr<apiserver::Forwarder> forwarder;
    std::unique_ptr<apiserver::Server> transport;
    std::unique_ptr<AgentMetrics> agentMetrics;
    std::shared_ptr<UsageCollector> usage;  // null: nobody measures, and nobody scrapes
    base::ThreadPool asking;                // waits for Pods' answers
    std::unique_ptr<PodRequests> podRequests;
    std::unique_ptr<PodScraper> scraper;
    std::unique_ptr<client::Client> metricsClient;
    std::shared_ptr<CustomMetrics> customMetrics;
    std::unique_ptr<ControllerHost> controllers;
    scheduler::Configuration schedulerConfiguration = scheduler::defaultConfiguration();
    std::shared_ptr<scheduler::PlacementLog> placements = std::make_shared<scheduler::PlacementLog>();
    std::shared_ptr<scheduler::SchedulerMetrics> schedulerMetrics = std::make_shared<scheduler::SchedulerMetrics>();
    std::unique_ptr<client::Client> schedulerClient;
    std::unique_ptr<scheduler::Scheduler> scheduler;
    std::optional<base::ThreadPool> hollowThreads;
    std::unique_ptr<client::Client> hollowClient;
    std::unique_ptr<hollow::HollowNodes> hollowNodes;
};

// Before anything is made or begun.
Result<void> ControlPlane::State::readConfiguration() {
    if (options.schedulerConfig.empty()) return {};
    auto configuration = scheduler::loadConfiguration(options.schedulerConfig);
    if (!configuration) return fail(std::move(configuration.error()));
    schedulerConfiguration = std::move(*configuration);
    return {};
}

Result<void> ControlPlane::State::open() {
    std::error_code error;
    std::filesystem::create_directories(options.dataDir, error);
    if (error) return fail(Reason::InternalError, fmt::format("cannot make the folder {}: {}", options.dataDir.string(), error.message()));
    auto opened = store::Store::open({.file = options.dataDir / "store.db"}, codec, executor.clock());
    if (!opened) return fail(std::move(opened.error()));
    store = std::move(*opened);
    std::vector<std::string> addresses = {"127.0.0.1", firstAddress(options.serviceCidr)};
    for (const auto& each : options.listen) addresses.push_back(each.address);
    addresses.insert(addresses.end(), options.certificateAddresses.begin(), options.certificateAddresses.end());
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    auto keys = openPki(options.dataDir / "pki", addresses, {}, executor.clock().now());
    if (!keys) return fail(std::move(keys.error()));
    pki.emplace(std::move(*keys));

    apiserver::ApiServerParts parts{.store = *store, .executor = executor, .random = random, .authenticators = {}, .authorizer = nullptr, .admission = {}, .reader = std::make_unique<apiserver::StoreReader>(*store)};
    if (auto added = addAuthenticators(parts); !added) return added;
    if (auto added = addAuthorizers(parts); !added) return added;
    const auto services = api::IpNetwork::parse(options.serviceCidr);
    if (!services || services->address.v6 || services->prefix > 30) {
        return fail(Reason::BadRequest, fmt::format("the Services' network must be an IPv4 network of at least four addresses: {}", options.serviceCidr));
    }
    auto balanced = loadBalancerRange(options.loadBalancerRange, *services, options.podCidr);
    if (!balanced) return fail(std::move(balanced.error()));
    loadBalancers = *balanced;
    if (auto prepared = prepareControllers(); !prepared) return prepared;
    parts.admission = apiserver::defaultAdmissionPlugins(random, parts.authorizer.get());
    parts.admission.push_back(std::make_unique<apiserver::RbacEscalation>(*parts.authorizer, *rbac));
    parts.admission.push_back(std::make_unique<apiserver::RequestFacts>(executor.clock()));
    // The last of the plugins that change objects: validation follows.
    const apiserver::ServiceRanges ranges{.addresses = *services, .reserved = loadBalancers};
    parts.admission.push_back(std::make_unique<apiserver::ServiceAllocation>(ranges, executor.clock(), random, store.get()));
    // The very last: what a quota has been charged for is to be written.
    parts.admission.push_back(std::make_unique<apiserver::ResourceQuotaAdmission>(*store, executor.clock()));
    server = std::make_unique<apiserver::ApiServer>(std::move(parts));
    auto forwarding = apiserver::Forwarder::create({pki->authority.certificate().pem(), pki->agentClient.certificatePem, pki->agentClient.keyPem});
    if (!forwarding) return fail(std::move(forwarding.error()));
    forwarder = std::move(*forwarding);
    addSubresources();
    return {};
}

Result<void> ControlPlane::State::addAuthenticators(apiserver::ApiServerParts& parts) {
    auto made = apiserver::ServiceAccountIssuer::create(pki->serviceAccountKey);
    if (!made) return fail(made.error().within("the key of service account tokens"));
    issuer.emplace(std::move(*made));
    std::vector<std::unique_ptr<apiserver::TokenSource>> sources;
    if (!options.tokenFile.empty()) {
        auto file = apiserver::TokenFile::load(options.tokenFile);
        if (!file) return fail(std::move(file.error()));
        sources.push_back(std::move(*file));
    }
    sources.push_back(std::make_unique<apiserver::ServiceAccountTokens>(*issuer, *parts.reader, executor.clock()));
    sources.push_back(std::make_unique<apiserver::LegacyTokens>(*issuer, *parts.reader, apiAudiences()));
    sources.push_back(std::make_unique<apiserver::BootstrapTokens>(*parts.reader, executor.clock(), apiAudiences()));
    auto bearer = std::make_unique<apiserver::BearerAuthenticator>(std::move(sources), apiAudiences());
    tokens = bearer.get();
    parts.authenticators.push_back(std::make_unique<apiserver::CertificateAuthenticator>());
    parts.authenticators.push_back(std::move(bearer));
    return {};
}

// Upstream's --authorization-mode=Node,RBAC.
Result<void> ControlPlane::State::addAuthorizers(apiserver::ApiServerParts& parts) {
    const auto policy = apiserver::defaultPolicy();
    if (!policy) return fail(policy.error());
    std::vector<rbacv1::PolicyRule> ofNodes;
    for (const auto& role : policy->clusterRoles) {
        if (role.metadata.name == "system:node") ofNodes = role.rules;
    }
    std::vector<std::unique_ptr<apiserver::Authorizer>> authorizers;
    authorizers.push_back(std::make_unique<apiserver::MastersAuthorizer>());
    authorizers.push_back(std::make_unique<apiserver::NodeAuthorizer>(*store, std::move(ofNodes)));
    auto byRoles = std::make_unique<apiserver::RbacAuthorizer>(*store);
    rbac = byRoles.get();
    authorizers.push_back(std::move(byRoles));
    parts.authorizer = std::make_unique<apiserver::UnionAuthorizer>(std::move(authorizers));
    return {};
}

void ControlPlane::State::addReviews() {
    for (const char* review : {"subjectaccessreviews", "localsubjectaccessreviews", "selfsubjectaccessreviews"}) {
        server->addSubresource(review + std::string(".authorization.k8s.io"), "", std::make_unique<apiserver::AccessReviewHandler>(*server));
    }
    server->addSubresource("selfsubjectrulesreviews.authorization.k8s.io", "", std::make_unique<apiserver::RulesReviewHandler>(*server, *rbac));
    server->addSubresource("tokenreviews.authentication.k8s.io", "", std::make_unique<apiserver::TokenReviewHandler>(*server, *tokens));
    server->addSubresource("selfsubjectreviews.authentication.k8s.io", "", std::make_unique<apiserver::SelfSubjectReviewHandler>(*server));
    server->addSubresource("serviceaccounts", "token", std::make_unique<apiserver::TokenRequestHandler>(*server, *issuer, apiAudiences()));
}

void ControlPlane::State::addProxies() {
    using Streams = apiserver::PodStreamHandler;
    using Proxy = apiserver::ProxyHandler;
    server->addSubresource("pods", "log", std::make_unique<apiserver::PodLogHandler>(*server, *forwarder));
    server->addSubresource("pods", "exec", std::make_unique<Streams>(*server, *forwarder, Streams::What::Exec));
    server->addSubresource("pods", "attach", std::make_unique<Streams>(*server, *forwarder, Streams::What::Attach));
    server->addSubresource("pods", "portforward", std::make_unique<Streams>(*server, *forwarder, Streams::What::PortForward));
    server->addSubresource("pods", "proxy", std::make_unique<Proxy>(*server, *forwarder, random, Proxy::To::Pod));
    server->addSubresource("services", "proxy", std::make_unique<Proxy>(*server, *forwarder, random, Proxy::To::Service));
    server->addSubresource("nodes", "proxy", std::make_unique<Proxy>(*server, *forwarder, random, Proxy::To::Node));
}

bool ControlPlane::State::runsControllers() const {
    const auto known = controllers::controllerDescriptors();
    return std::ranges::any_of(known, [this](const auto& one) { return controllers::isEnabled(options.controllers, one); });
}

void ControlPlane::State::addInsight() {
    server->addPath("/metrics/scheduler", [metrics = schedulerMetrics](const apiserver::Request&, const apiserver::User&) {
        apiserver::Response response = apiserver::textResponse(200, scheduler::metricsText(*metrics));
        response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
        return response;
    });
    server->addSubresource("podplacements.insight.quarterdeck.dev", "", std::make_unique<PodPlacementsHandler>(*server, placements));
}

// An API server alone measures nothing, as upstream's.
void ControlPlane::State::addUsage() {
    agentMetrics = std::make_unique<AgentMetrics>(pki->authority.certificate().pem(), pki->agentClient, executor.clock());
    const auto askNode = [this](const corev1::Node& node) { return agentMetrics->ask(node); };
    usage = std::make_shared<UsageCollector>(workers, askNode, options.metricResolution);
    for (const char* measured : {"nodes.metrics.k8s.io", "pods.metrics.k8s.io"})
        server->addSubresource(measured, "", std::make_unique<apiserver::UsageMetricsHandler>(*server, usage));
    podRequests = std::make_unique<PodRequests>(*forwarder, executor.clock());
    const auto series = std::make_shared<SeriesTable>();
    const auto askPod = [this](const ScrapeTarget& target) { return podRequests->get(target); };
    scraper = std::make_unique<PodScraper>(workers, asking, askPod, series, options.metricResolution);
    metricsClient = clientOf("system:custom-metrics", {}, "custom-metrics");
    customMetrics = std::make_shared<CustomMetrics>(series, *metricsClient);
    server->addGroup(std::make_unique<apiserver::CustomMetricsGroup>(customMetrics));
    server->addGroup(std::make_unique<apiserver::ExternalMetricsGroup>(customMetrics));
}

// Whoever answers is up, and its parts are up with it; the store has the name of what it stands for.
void ControlPlane::State::addComponentStatuses() {
    std::vector<apiserver::HealthCheck> parts = {{"etcd-0", [this] { return server->store().health(); }}};
    const auto runs = [] { return Result<void>(); };
    if (runsControllers()) parts.push_back({"controller-manager", runs});
    if (runsControllers() && options.scheduler) parts.push_back({"scheduler", runs});
    server->addSubresource("componentstatuses", "", std::make_unique<apiserver::ComponentStatusesHandler>(*server, std::move(parts)));
}

void ControlPlane::State::addSubresources() {
    server->addSubresource("pods", "binding", std::make_unique<apiserver::BindingHandler>(*server, false));
    server->addSubresource("pods", "eviction", std::make_unique<apiserver::EvictionHandler>(*server));
    server->addSubresource("bindings", "", std::make_unique<apiserver::BindingHandler>(*server, true));
    for (const char* workload : {"deployments.apps", "replicasets.apps", "statefulsets.apps", "replicationcontrollers"}) {
        server->addSubresource(workload, "scale", std::make_unique<apiserver::ScaleHandler>(*server));
    }
    addComponentStatuses();
    addReviews();
    addProxies();
    if (runsControllers()) {
        addUsage();
        if (options.scheduler) addInsight();
    }
    apiserver::addIssuerPaths(*server, *issuer, [this] { return url(); });
    apiserver::addOpenApiPaths(*server, "v1.36.2");
}

Result<void> ControlPlane::State::listen() {
    apiserver::ServerOptions transportOptions;
    transportOptions.listen = options.listen;
    transportOptions.identity = {pki->server.certificatePem, pki->server.keyPem};
    transportOptions.clientAuthoritiesPem = pki->authority.certificate().pem();
    auto started = apiserver::Server::start(std::move(transportOptions), executor.clock(), [this](apiserver::Request request) { return server->handle(request); });
    if (!started) return fail(std::move(started.error()));
    transport = std::move(*started);
    return {};
}

std::unique_ptr<client::Client> ControlPlane::State::clientOf(std::string user, std::string group, std::string manager) {
    apiserver::User as;
    as.name = std::move(user);
    as.groups = {std::string(apiserver::kAuthenticatedGroup)};
    if (!group.empty()) as.groups.push_back(std::move(group));
    return std::make_unique<InProcessClient>(*server, std::move(as), std::move(manager));
}

Result<void> ControlPlane::State::prepareControllers() {
    controllers::Options& known = controllerOptions;
    known.rootCa = pki->authority.certificate().pem();
    known.clusterCidr = options.podCidr;
    known.makeToken = [this](const corev1::Secret& secret, const corev1::ServiceAccount& account) {
        return apiserver::issueLegacyToken(*issuer, {.namespace_ = account.metadata.namespace_, .secret = secret.metadata.name, .account = {account.metadata.name, account.metadata.uid}});
    };
    known.authority = std::make_shared<pki::Authority>(pki->authority);
    if (loadBalancers) known.loadBalancers = std::make_shared<controllers::LoadBalancerRange>(*loadBalancers);
    return controllers::checkControllerList(options.controllers, known);
}

void ControlPlane::State::startControllers() {
    controllerOptions.metrics = std::make_shared<controllers::UsageReader>(usage, customMetrics);
    controllerOptions.autoscalerPeriod = options.autoscalerSyncPeriod;
    if (options.hollowNodes > 0) controllerOptions.provisioners[hollow::kDriver] = hollow::hollowProvisioner();
    controllers = std::make_unique<ControllerHost>(*server, executor, workers, random, controllerOptions, options.controllers);
    if (options.scheduler) {
        schedulerClient = clientOf("system:kube-scheduler", {}, "kube-scheduler");
        scheduler = std::make_unique<scheduler::Scheduler>(*schedulerClient, controllers->informers(), executor, random, scheduler::Options{.configuration = schedulerConfiguration, .placements = placements, .metrics = schedulerMetrics, .writers = kBinders, .writerExecutor = &workers});
    }
    if (options.hollowNodes > 0) {
        hollowClient = clientOf("system:hollow-nodes", {}, "kubelet");  // many nodes: none of the group system:nodes
        hollowThreads.emplace("hollow", kHollowThreads);
        hollowNodes = std::make_unique<hollow::HollowNodes>(*hollowClient, controllers->informers(), *hollowThreads, random, hollow::Options{.count = options.hollowNodes, .script = options.hollowScript});
    }
    if (usage) {
        UsageCollector::OfHollowPod ofHollowPod;
        if (hollowNodes) ofHollowPod = [nodes = hollowNodes.get()](const corev1::Pod& pod) { return nodes->usageOf(pod); };
        usage->begin(controllers->informers(), std::move(ofHollowPod));
        scraper->begin(controllers->informers());
        customMetrics->begin(controllers->informers());
    }
    controllers->start();
    if (scheduler) scheduler->start();
    if (hollowNodes) hollowNodes->start();
}

ControlPlane::ControlPlane(std::unique_ptr<State> state) : m_state(std::move(state)) {}
ControlPlane::~ControlPlane() { stop(); }

Result<std::unique_ptr<ControlPlane>> ControlPlane::start(Options options) {
    auto state = std::make_unique<State>(std::move(options));
    if (auto read = state->readConfiguration(); !read) return fail(std::move(read.error()));
    if (auto opened = state->open(); !opened) return fail(std::move(opened.error()));
    if (auto listening = state->listen(); !listening) return fail(std::move(listening.error()));
    std::unique_ptr<ControlPlane> plane(new ControlPlane(std::move(state)));
    const auto client = plane->client("kube-apiserver");
    if (auto made = createSystemObjects(*client, plane->m_state->options.serviceCidr, plane->executor().clock().now()); !made) return fail(std::move(made.error()));
    if (auto made = ensureDefaultPolicy(*plane->m_state->server); !made) return fail(std::move(made.error()));
    if (auto made = ensureFlowControl(*plane->m_state->server); !made) return fail(made.error().within("the default flow control"));
    if (plane->m_state->takesJoiners()) {
        if (auto made = ensureJoinRoles(*client); !made) return fail(made.error().within("the roles of machines that join"));
        if (auto told = plane->announce(plane->serverUrl()); !told) return fail(std::move(told.error()));
    }
    plane->m_state->startControllers();
    plane->m_state->server->setReady(true);
    return plane;
}

void ControlPlane::stop() {
    if (!m_state) return;
    if (m_state->transport) m_state->transport->shutDown(kGrace);
    m_state->transport.reset();
    if (m_state->usage) m_state->usage->stop();
    if (m_state->scraper) m_state->scraper->stop();
    if (m_state->agentMetrics) m_state->agentMetrics->close();
    if (m_state->hollowNodes) m_state->hollowNodes->stop();
    if (m_state->scheduler) m_state->scheduler->stop();
    if (m_state->controllers) m_state->controllers->stop();
    m_state->asking.stop();
    if (m_state->hollowThreads) m_state->hollowThreads->stop();
    m_state->workers.stop();
    m_state->executor.stop();
    m_state->usage.reset();
    m_state->scraper.reset();
    m_state->customMetrics.reset();
    m_state->hollowNodes.reset();
    m_state->scheduler.reset();
    m_state->controllers.reset();
    m_state->forwarder.reset();
    m_state->server.reset();
    m_state->store.reset();
}

apiserver::ApiServer& ControlPlane::apiServer() { return *m_state->server; }
apiserver::Server& ControlPlane::transport() { return *m_state->transport; }
base::Executor& ControlPlane::executor() { return m_state->executor; }

std::unique_ptr<client::Client> ControlPlane::client(const std::string& manager) {
    return std::make_unique<InProcessClient>(*m_state->server, administrator(), manager);
}

std::string ControlPlane::State::url() const {
    const auto address = transport->addresses().front();
    return fmt::format("https://{}:{}", address.address, address.port);
}

// Whether machines can join by bootstrap tokens: cluster-info is of use when it is signed.
bool ControlPlane::State::takesJoiners() const {
    const auto known = controllers::controllerDescriptors(controllerOptions);
    return std::ranges::any_of(known, [this](const auto& one) { return one.alias == "bootstrapsigner" && controllers::isEnabled(options.controllers, one); });
}

Result<void> ControlPlane::announce(const std::string& url) {
    return publishClusterInfo(*client("quarterdeck"), url, authorityPem());
}

std::string ControlPlane::serverUrl() const { return m_state->url(); }

client::KubeconfigEntry ControlPlane::kubeconfigEntry() const {
    client::KubeconfigEntry entry;
    entry.name = m_state->options.clusterName;
    entry.server = serverUrl();
    entry.authorityPem = authorityPem();
    entry.clientCertificatePem = m_state->pki->admin.certificatePem;
    entry.clientKeyPem = m_state->pki->admin.keyPem;
    return entry;
}

std::string ControlPlane::kubeconfig() const { return client::newKubeconfig(kubeconfigEntry()); }
std::string ControlPlane::authorityPem() const { return m_state->pki->authority.certificate().pem(); }

}  // namespace qd::control_plane
