#include "vmnodes/agent/agent.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "cluster/apiserver/transport/server.h"
#include "cluster/base/log.h"
#include "cluster/client/typed.h"
#include "vmnodes/agent/access/api_cluster.h"
#include "vmnodes/agent/cri/client.h"
#include "vmnodes/agent/images/containerd_importer.h"
#include "vmnodes/agent/logs/cri_log.h"
#include "vmnodes/agent/network_keeper.h"
#include "vmnodes/agent/node/node_reporter.h"
#include "vmnodes/agent/probes/probe_manager.h"
#include "vmnodes/agent/server/stream_bridge.h"
#include "vmnodes/agent/static_pods.h"
#include "vmnodes/agent/sync/pod_workers.h"

namespace qd::agent {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kLookForManifests = 5s;
constexpr base::Duration kLookForSync = 200ms;
constexpr base::Duration kLookAtLogs = 10s;
// As kubelet's containerLogMaxSize and containerLogMaxFiles.
constexpr std::int64_t kLargestLog = 10LL << 20;
constexpr int kLogFiles = 5;

std::string readText(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

node::NodeSettings nodeSettings(const AgentSettings& settings) {
    node::NodeSettings result;
    result.name = settings.nodeName;
    if (settings.address) result.addresses = {settings.address->address.text()};
    result.port = settings.port;
    return result;
}

std::vector<network::Cidr> podCidrs(const corev1::Node& node) {
    std::vector<network::Cidr> cidrs;
    for (const std::string& text : node.spec.podCIDRs)
        if (const auto cidr = network::Cidr::parse(text)) cidrs.push_back(*cidr);
    if (const auto single = network::Cidr::parse(node.spec.podCIDR); single && cidrs.empty()) cidrs.push_back(*single);
    return cidrs;
}

network::Protocol protocolOf(const std::string& name) {
    return name == "UDP" ? network::Protocol::Udp : name == "SCTP" ? network::Protocol::Sctp : network::Protocol::Tcp;
}

}  // namespace

struct Agent::Parts {
    Parts(AgentSettings theSettings, base::Executor& theExecutor, std::unique_ptr<client::Client> theClient)
        : settings(std::move(theSettings)),
          executor(theExecutor),
          client(std::move(theClient)),
          machine(node::readMachine("", "/var")),
          runtime({.socket = settings.criSocket}),
          mounter(volumes::systemMounter()),
          importer({.socket = settings.criSocket}),
          uploads(settings.root + "/image-uploads", executor.clock()),
          imageEndpoint(uploads, importer) {
        if (client) {
            const client::Informer::Scope own{
                .ns = {}, .fieldSelector = "spec.nodeName=" + settings.nodeName, .labelSelector = {}};
            pods = std::make_unique<client::Informer>(*client, client::resourceOf<corev1::Pod>(), executor, own);
            services = std::make_unique<client::Informer>(*client, client::resourceOf<corev1::Service>(), executor,
                                                          client::Informer::Scope{});
            slices = std::make_unique<client::Informer>(*client, client::resourceOf<discoveryv1::EndpointSlice>(),
                                                        executor, client::Informer::Scope{});
            nodes = std::make_unique<client::Informer>(*client, client::resourceOf<corev1::Node>(), executor,
                                                       client::Informer::Scope{});
            apiCluster = std::make_unique<ApiCluster>(*client, executor, *services, settings.nodeName);
        }
        ClusterAccess& cluster = apiCluster ? static_cast<ClusterAccess&>(*apiCluster) : lonely;
        EventSink& events = apiCluster ? static_cast<EventSink&>(*apiCluster) : lonely;
        images = std::make_unique<sync::ImagePuller>(runtime, cluster, events, executor.clock());
        podVolumes = std::make_unique<volumes::Volumes>(settings.root, *mounter, cluster);
        probes = std::make_unique<probes::ProbeManager>(
            executor, events,
            [this](const corev1::Probe& probe, const corev1::Container& container, const probes::ProbeTarget& target,
                   std::chrono::seconds limit) { return probes::runProbe(runtime, probe, container, target, limit); },
            [this](const std::string& uid) { workers->poke(uid); },
            probes::ProbeSettings{.extraTimeout = settings.emulated ? 10s : 0s});
        context.reset(
            new sync::PodContext{.runtime = runtime,
                                 .images = *images,
                                 .volumes = *podVolumes,
                                 .cgroups = &cgroups,
                                 .cluster = cluster,
                                 .events = events,
                                 .probes = *probes,
                                 .executor = executor,
                                 .root = settings.root,
                                 .sandbox = {.dns = {.clusterDns = settings.clusterDns,
                                                     .clusterDomain = settings.clusterDomain,
                                                     .host = sync::parseResolvConf(readText("/etc/resolv.conf"))},
                                             .logRoot = "/var/log/pods"},
                                 .containerLogLinks = "/var/log/containers",
                                 .node = [this] { return facts(); }});
        if (client) context->nodeObject = [this](sync::NodeCopy copy) { return nodeObject(copy); };
        workers = std::make_unique<sync::PodWorkers>(*context);
        nodeServer = std::make_unique<server::NodeServer>(executor, runtime, *workers, streams, imageEndpoint,
                                                          server::Callers{});
        network = std::make_unique<NetworkKeeper>(executor, settings, [this] { return wishes(); });
        if (client)
            reporter = std::make_unique<node::NodeReporter>(*client, executor, &events, nodeSettings(settings), machine,
                                                            [this] { return findings(); });
    }

    sync::NodeFacts facts() const {
        const node::Allocatable allocatable = node::allocatableOf(machine, nodeSettings(settings));
        sync::NodeFacts result{{}, machine.memoryBytes, allocatable.milliCpu, allocatable.memory};
        if (settings.address) result.hostIps = {settings.address->address.text()};
        return result;
    }

    // Null until the node is registered and has said what it has.
    client::Ptr<corev1::Node> nodeObject(sync::NodeCopy copy) const {
        client::Ptr<corev1::Node> node;
        if (copy == sync::NodeCopy::Known) {
            node = client::Lister<corev1::Node>(*nodes).get("", settings.nodeName);
        } else if (const auto newest = client::Api<corev1::Node>(*client).get("", settings.nodeName)) {
            node = *newest;
        }
        return node && !node->status.allocatable.empty() ? node : nullptr;
    }

    std::optional<network::Cidr> podCidr() const {
        if (settings.podCidr) return settings.podCidr;
        if (!nodes) return std::nullopt;
        const auto own = client::Lister<corev1::Node>(*nodes).get("", settings.nodeName);
        const auto cidrs = own ? podCidrs(*own) : std::vector<network::Cidr>();
        if (cidrs.empty()) return std::nullopt;
        return cidrs.front();
    }

    NetworkWishes wishes() const {
        NetworkWishes result;
        result.podCidr = podCidr();
        result.services.nodeName = settings.nodeName;
        if (settings.address) result.services.nodeAddresses = {settings.address->address};
        result.hostPorts = hostPorts();
        result.hostPortsKnown = (!pods || workers->isOpen()) && std::ranges::all_of(workers->all(), [](const auto& one) {
                                    return one->isObserved() || one->isGone();
                                });
        if (!client) {
            result.servicesKnown = true;  // none, and host ports still want their rules
            return result;
        }
        result.peersKnown = nodes->synced();
        for (const auto& other : client::Lister<corev1::Node>(*nodes).list()) {
            network::Peer peer{other->metadata.name, podCidrs(*other), {}};
            for (const corev1::NodeAddress& address : other->status.addresses)
                if (const auto ip = network::IpAddress::parse(address.address);
                    ip && address.type == corev1::NodeInternalIP)
                    peer.addresses.push_back(*ip);
            result.peers.push_back(std::move(peer));
        }
        result.servicesKnown = services->synced() && slices->synced();
        result.services.services = client::Lister<corev1::Service>(*services).list();
        result.services.slices = client::Lister<discoveryv1::EndpointSlice>(*slices).list();
        return result;
    }

    std::vector<network::HostPort> hostPorts() const {
        std::vector<network::HostPort> ports;
        for (const auto& worker : workers->all()) {
            const auto pod = worker->pod();
            const auto ips = worker->observed().ips;
            if (worker->isOver() || pod->spec.hostNetwork || ips.empty()) continue;
            const auto ip = network::IpAddress::parse(ips.front());
            if (!ip) continue;
            for (const sync::ContainerRef& ref : sync::containersOf(*pod))
                for (const corev1::ContainerPort& port : ref.container->ports) {
                    if (port.hostPort == 0) continue;
                    const bool everywhere = port.hostIP.empty() || port.hostIP == "0.0.0.0";
                    ports.push_back({everywhere ? std::nullopt : network::IpAddress::parse(port.hostIP),
                                     protocolOf(port.protocol), port.hostPort, *ip, port.containerPort});
                }
        }
        std::ranges::sort(ports);
        return ports;
    }

    node::NodeFindings findings() {
        node::NodeFindings result;
        result.pressure = node::readPressure("", "/var");
        if (auto conditions = runtime.status()) result.runtime = std::move(*conditions);
        result.runtimeVersion = runtimeVersion;
        result.networkConfigured = network->isConfigured();
        if (const auto list = runtime.listImages())
            for (const cri::Image& image : *list) {
                auto& entry = result.images.emplace_back();
                entry.names = image.repoDigests;
                entry.names.insert(entry.names.end(), image.repoTags.begin(), image.repoTags.end());
                entry.sizeBytes = static_cast<std::int64_t>(image.size);
            }
        return result;
    }

    void followPods() {
        pods->addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
            const auto before = client::as<corev1::Pod>(old), after = client::as<corev1::Pod>(now);
            if (before && (!after || before->metadata.uid != after->metadata.uid))
                workers->remove(before->metadata.uid);
            if (after) workers->update(after);
            network->poke();
        });
        for (client::Informer* other : {services.get(), slices.get(), nodes.get()})
            other->addHandler([this](const api::ObjectPtr&, const api::ObjectPtr&) { network->poke(); });
        nodes->addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
            if (now && now->metadata.name == settings.nodeName) workers->admitWaiting();
        });
        for (client::Informer* informer : {services.get(), slices.get(), nodes.get(), pods.get()}) informer->start();
        awaitPods();
    }

    // Once the node's Pods are known, others may come, and whatever else runs here has no owner.
    void awaitPods() {
        const std::lock_guard lock(mutex);
        if (stopping) return;
        if (!pods->synced()) {
            syncTimer = executor.postAfter(kLookForSync, [this] { awaitPods(); });
            return;
        }
        std::vector<std::string> known;
        for (const api::ObjectPtr& pod : pods->list()) known.push_back(pod->metadata.uid);
        known.insert(known.end(), staticUids.begin(), staticUids.end());
        executor.post([this, known] {
            if (!workers->open()) {
                const std::lock_guard again(mutex);
                if (!stopping) syncTimer = executor.postAfter(kLookForSync, [this] { awaitPods(); });
                return;
            }
            workers->endOrphans(known);
            network->poke();
        });
    }

    void lookForManifests() {
        std::set<std::string> now;
        for (const auto& pod : readStaticPods(settings.manifests, settings.nodeName)) {
            now.insert(pod->metadata.uid);
            bool fresh = false;
            {
                const std::lock_guard lock(mutex);
                fresh = staticUids.insert(pod->metadata.uid).second;
            }
            if (fresh) workers->update(pod);
        }
        const std::lock_guard lock(mutex);
        for (const std::string& uid : staticUids)
            if (!now.contains(uid)) workers->remove(uid);
        staticUids = now;
        if (stopping) return;
        network->poke();
        manifestTimer = executor.postAfter(kLookForManifests, [this] { lookForManifests(); });
    }

    // Logs, exec and the rest, when the configuration has a certificate to serve with and an authority to trust.
    Result<void> serve() {
        const std::string folder = settings.configFolder + "/";
        apiserver::ServerOptions options;
        options.identity = {readText(folder + "serving.crt"), readText(folder + "serving.key")};
        options.clientAuthoritiesPem = readText(folder + "ca.crt");
        if (options.identity.certificatePem.empty() || options.identity.keyPem.empty() ||
            options.clientAuthoritiesPem.empty()) {
            base::logger("agent")->warn("no serving.crt, serving.key and ca.crt in {}: logs and exec are not served",
                                        settings.configFolder);
            return {};
        }
        options.listen = {{settings.address ? settings.address->address.text() : "127.0.0.1",
                           static_cast<std::uint16_t>(settings.port)}};
        auto started = apiserver::Server::start(
            std::move(options), executor.clock(),
            [this](apiserver::Request request) { return nodeServer->handle(std::move(request)); });
        if (!started) return fail(started.error().within("cannot serve logs and exec"));
        httpServer = std::move(*started);
        return {};
    }

    void lookAtLogs() {
        for (const auto& worker : workers->all())
            for (const cri::ContainerStatus& one : worker->observed().containers) {
                if (one.state != cri::ContainerState::Running || one.logPath.empty()) continue;
                const auto rotated = logs::rotateIfLarge(one.logPath, kLargestLog, kLogFiles, executor.clock().now());
                Result<void> reopened;
                if (rotated && *rotated) reopened = runtime.reopenContainerLog(one.id);
                if (!rotated || !reopened)
                    base::logger("logs")->warn("{}", rotated ? reopened.error().message : rotated.error().message);
            }
        const std::lock_guard lock(mutex);
        if (!stopping) logTimer = executor.postAfter(kLookAtLogs, [this] { lookAtLogs(); });
    }

    const AgentSettings settings;
    base::Executor& executor;
    const std::unique_ptr<client::Client> client;
    const node::Machine machine;
    cri::Client runtime;
    std::string runtimeVersion;
    cgroups::Hierarchy cgroups;
    const std::unique_ptr<volumes::Mounter> mounter;
    std::unique_ptr<client::Informer> pods, services, slices, nodes;
    std::unique_ptr<ApiCluster> apiCluster;
    LonelyCluster lonely;
    std::unique_ptr<sync::ImagePuller> images;
    std::unique_ptr<volumes::Volumes> podVolumes;
    std::unique_ptr<probes::ProbeManager> probes;
    std::unique_ptr<sync::PodContext> context;
    std::unique_ptr<sync::PodWorkers> workers;
    std::unique_ptr<NetworkKeeper> network;
    std::unique_ptr<node::NodeReporter> reporter;
    server::StreamBridge streams;
    images::ContainerdImporter importer;
    images::Uploads uploads;
    server::ImageEndpoint imageEndpoint;
    std::unique_ptr<server::NodeServer> nodeServer;
    std::unique_ptr<apiserver::Server> httpServer;

    std::mutex mutex;
    std::set<std::string> staticUids;  // guarded by mutex
    bool stopping = false;             // guarded by mutex
    base::Timer syncTimer, manifestTimer, logTimer;
};

Agent::Agent(AgentSettings settings, base::Executor& executor, std::unique_ptr<client::Client> client)
    : m_parts(std::make_unique<Parts>(std::move(settings), executor, std::move(client))) {}

Agent::~Agent() {
    stop();
}

Result<void> Agent::start() {
    Parts& parts = *m_parts;
    const auto log = base::logger("agent");
    const auto version = parts.runtime.version();
    if (!version) return fail(version.error().within("the container runtime does not answer"));
    parts.runtimeVersion = version->runtimeName + "://" + version->runtimeVersion;
    log->info("node {}: {} answers", parts.settings.nodeName, parts.runtimeVersion);
    const node::Allocatable allocatable = node::allocatableOf(parts.machine, nodeSettings(parts.settings));
    if (auto made = parts.cgroups.setUp(allocatable.milliCpu, allocatable.memory); !made)
        return fail(made.error().within("cannot set up the control groups of Pods"));
    std::error_code ignored;
    std::filesystem::create_directories(parts.settings.root + "/pods", ignored);
    parts.network->poke();
    if (!parts.settings.manifests.empty()) parts.lookForManifests();
    if (parts.client) {
        parts.reporter->start();
        parts.followPods();
    }
    parts.workers->startWatching();
    parts.lookAtLogs();
    return parts.serve();
}

void Agent::endPods(std::chrono::seconds within) {
    Parts& parts = *m_parts;
    parts.workers->endAll(std::max(within - 5s, 1s));
    const base::SteadyTime deadline = parts.executor.clock().steady() + within;
    std::mutex mutex;
    std::condition_variable wake;
    std::unique_lock lock(mutex);
    while (!parts.workers->allOver() && parts.executor.clock().steady() < deadline) wake.wait_for(lock, 100ms);
}

void Agent::stop() {
    Parts& parts = *m_parts;
    {
        const std::lock_guard lock(parts.mutex);
        if (std::exchange(parts.stopping, true)) return;
        parts.syncTimer.cancel();
        parts.manifestTimer.cancel();
        parts.logTimer.cancel();
    }
    if (parts.httpServer) parts.httpServer->shutDown(1s);
    for (client::Informer* informer : {parts.pods.get(), parts.services.get(), parts.slices.get(), parts.nodes.get()})
        if (informer != nullptr) informer->stop();
    if (parts.reporter) parts.reporter->stop();
    parts.network->stop();
    parts.workers->stopWatching();
}

}  // namespace qd::agent
