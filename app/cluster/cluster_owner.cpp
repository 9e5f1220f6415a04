#include "app/cluster/cluster_owner.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

#include "app/cluster/manifest.h"
#include "app/cluster/node_configuration.h"
#include "app/cluster/pool_steps.h"
#include "app/cluster/readiness.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/base/log.h"
#include "cluster/base/pki/private_file.h"
#include "cluster/client/typed.h"
#include "cluster/control_plane/joining.h"
#include "vmnodes/host/metadata.h"

namespace qd::cluster {
namespace {

using namespace std::chrono_literals;

constexpr int kNodePort = 6443;  // of the API server on the cluster's bridge
constexpr const char* kComponent = "cluster";
// From each start of the cluster on, as kubeadm's tokens. Nodes that have joined need it no more until their certificate has
// ended, which can only be while they were off: then the cluster is started too.
constexpr base::Duration kJoinTokenLife = 24h;

std::string accelerationCache(const Environment& environment) { return environment.directories.cache + "/kvm"; }

std::string_view accelerationName(const host::Acceleration& acceleration) {
    return acceleration.kind == host::Acceleration::Kind::Kvm ? "KVM" : "TCG";
}

// Emulated nodes take ten times as long.
WaitLimits limitsFor(const host::Acceleration& acceleration) {
    if (acceleration.kind == host::Acceleration::Kind::Kvm) return {.node = 120s, .dns = 120s};
    return {.node = 600s, .dns = 600s};
}

// The port in the kubeconfig of the last run if it is free, else 0: exported kubeconfigs shall go on working.
std::uint16_t formerPort(const host::ClusterLayout& layout) {
    const auto text = pki::readFile(layout.kubeconfigFile());
    if (!text) return 0;
    const auto access = client::accessOf(*text, "", layout.folder());
    if (!access) return 0;
    std::uint16_t port = 0;
    const std::string& server = access->server;
    const auto colon = server.rfind(':');
    if (colon == server.npos) return 0;
    std::from_chars(server.data() + colon + 1, server.data() + server.size(), port);
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    ::close(probe);
    if (!free)
        base::logger(kComponent)->warn("port {} of {} is taken by another program; kubeconfigs of this cluster that were "
                                       "exported before must be exported again", port, layout.name());
    return free ? port : 0;
}

std::string firstLibvirtRemedy() { return "See that libvirtd runs and that you are in the group libvirt (then log in again)."; }

std::string remedyFor(const Error& error) {
    if (error.code == host::kCancelledCode) return "Nothing is left of it; try again whenever you like.";
    switch (error.reason) {
        case Reason::AlreadyExists: return "Choose another name, or delete what is there.";
        case Reason::Invalid: return "Change the named setting and try again.";
        case Reason::NotFound: return "Provide what is missing and try again.";
        case Reason::Forbidden:
        case Reason::Unauthorized:
        case Reason::ServiceUnavailable: return firstLibvirtRemedy();
        default: return "Look at the log, and try again.";
    }
}

// Removes the context that we wrote, if it is this cluster's and not one of the same name.
void forgetInUserKubeconfig(const Environment& environment, const host::ClusterLayout& layout, base::WallTime now) {
    if (environment.userKubeconfig.empty()) return;
    const auto users = pki::readFile(environment.userKubeconfig);
    const auto authority = pki::readFile(layout.pkiFolder() + "/ca.crt");
    if (!users || !authority) return;
    const std::string name = kubeconfigName(layout.name());
    const auto access = client::accessOf(*users, name, environment.userKubeconfig.parent_path());
    if (!access || access->authorityPem != *authority) return;
    const auto removed = client::removeFromFile(environment.userKubeconfig, name, now);
    if (!removed)
        base::logger(kComponent)->warn("{} still has an entry {}: {}", environment.userKubeconfig.string(), name,
                                       removed.error().message);
}

}  // namespace

std::string kubeconfigName(const std::string& cluster) { return "quarterdeck-" + cluster; }

struct ClusterOwner::State {
    State(Environment given, const std::string& name)
        : environment(std::move(given)), layout(environment.directories, name) {}

    Result<void> connect();
    Result<void> build(Steps& steps, std::stop_token stop);
    Result<void> resume(Steps& steps, std::stop_token stop);
    Result<void> fixAddresses(Steps& steps);
    Result<void> startControlPlane(Steps& steps);
    Result<void> registerNodes();
    Result<void> letNodesJoin();
    Result<void> makeMachines(Steps& steps, std::stop_token stop);
    Result<void> openToNodes(Steps& steps);
    Result<void> makeDns(Steps& steps);
    Result<void> runMachines(Steps& steps, std::stop_token stop);
    void announce(Steps& steps, const host::PoolStatus* known) const;
    void stopControlPlane() {
        plane.reset();
        if (ownership) static_cast<void>(ownership->publish({}));
    }
    std::vector<std::string> nodeNames() const {
        std::vector<std::string> names;
        for (const host::NodeIdentity& node : pool->identities(*plan)) names.push_back(node.name);
        return names;
    }
    std::string serverForNodes() const { return fmt::format("https://{}:{}", plan->gateway().toString(), kNodePort); }
    const base::Clock& clock() const { return threads.clock(); }

    Environment environment;
    host::ClusterLayout layout;
    base::Random random;
    base::ThreadPool threads{"owner", 2};
    host::ClusterSpec spec;
    std::optional<host::Ownership> ownership;
    std::unique_ptr<host::Connection> connection;
    std::optional<host::NodePool> pool;
    std::optional<host::NodeImage> image;
    std::optional<host::Acceleration> acceleration;
    std::optional<host::AddressPlan> plan;
    api::BootstrapToken joinToken;
    std::unique_ptr<control_plane::ControlPlane> plane;
};

// The steps that will come, for machines as they are known to be; null when there are none yet.
void ClusterOwner::State::announce(Steps& steps, const host::PoolStatus* known) const {
    const bool fresh = known == nullptr;
    if (fresh) {
        steps.announce("image", "Node image");
        steps.announce("acceleration", "Virtualisation");
        steps.announce("network", "Network");
    }
    steps.announce("control-plane", "Control plane");
    if (fresh) steps.announce("storage", "Storage");
    for (int index = 1; index <= spec.nodes; ++index) {
        const std::string node = host::nodeName(index);
        if (fresh) steps.announce(node + "/defined", node + " defined");
        const auto state = fresh ? host::DomainState::Shutoff : known->nodes[static_cast<std::size_t>(index - 1)].state;
        announceStart(steps, node, state);
        steps.announce(node + "/booted", node + " booted");
        steps.announce(node + "/registered", node + " registered");
        steps.announce(node + "/ready", node + " Ready");
    }
    steps.announce("dns", "Cluster DNS");
}

Result<void> ClusterOwner::State::connect() {
    auto opened = host::Connection::open(spec.libvirtUri);
    if (!opened) return fail(opened.error());
    connection = std::move(*opened);
    pool.emplace(*connection, threads, spec, environment.pool);
    return {};
}

// Chosen once and kept as settings: the control plane and the machines must agree, and a later start finds the same.
Result<void> ClusterOwner::State::fixAddresses(Steps& steps) {
    steps.begin("network", "Network");
    auto chosen = pool->addresses();
    if (!chosen) return fail(std::move(chosen.error()));
    plan = *chosen;
    spec.nodeCidr = plan->nodes.toString();
    spec.podCidr = plan->pods.toString();
    spec.serviceCidr = plan->services.toString();
    pool.emplace(*connection, threads, spec, environment.pool);
    return layout.save(spec);
}

Result<void> ClusterOwner::State::startControlPlane(Steps& steps) {
    steps.begin("control-plane", "Control plane");
    control_plane::Options options;
    options.dataDir = layout.folder();
    options.clusterName = kubeconfigName(spec.name);
    options.listen = {{"127.0.0.1", formerPort(layout)}};
    options.certificateAddresses = {plan->gateway().toString()};
    options.serviceCidr = plan->services.toString();
    options.podCidr = plan->pods.toString();
    auto started = control_plane::ControlPlane::start(std::move(options));
    if (!started) return fail(started.error().within("the control plane"));
    plane = std::move(*started);
    if (auto written = pki::writePrivateFile(layout.kubeconfigFile(), plane->kubeconfig()); !written) return written;
    if (auto admitted = letNodesJoin(); !admitted) return admitted;
    return registerNodes();
}

// The nodes' disks are written once, so the token stays the same for as long as the cluster is there.
Result<void> ClusterOwner::State::letNodesJoin() {
    const auto kept = pki::readFile(layout.joinTokenFile());
    const auto known = kept ? api::parseBootstrapToken(*kept) : std::nullopt;
    if (known) {
        joinToken = *known;
    } else {
        auto made = control_plane::newBootstrapToken();
        if (!made) return fail(std::move(made.error()));
        joinToken = std::move(*made);
        if (auto written = pki::writePrivateFile(layout.joinTokenFile(), api::textOf(joinToken)); !written) return written;
    }
    return control_plane::admitBootstrapToken(*plane->client("quarterdeck"), joinToken, clock().now() + kJoinTokenLife);
}

// The Node objects come first, so that their Pod ranges are those that the host routes to them.
Result<void> ClusterOwner::State::registerNodes() {
    const auto client = plane->client("quarterdeck");
    for (const host::NodeIdentity& identity : pool->identities(*plan)) {
        corev1::Node node;
        node.metadata.name = identity.name;
        node.metadata.labels = {{"kubernetes.io/hostname", identity.name}};
        node.spec.podCIDR = identity.podCidr;
        node.spec.podCIDRs = {identity.podCidr};
        const auto made = client::Api<corev1::Node>(*client).create(node);
        if (!made && made.error().reason != Reason::AlreadyExists) return fail(made.error().within(identity.name));
    }
    return {};
}

Result<void> ClusterOwner::State::makeMachines(Steps& steps, std::stop_token stop) {
    const auto certificate = pki::readFile(layout.pkiFolder() + "/ca.crt");
    const auto key = pki::readFile(layout.pkiFolder() + "/ca.key");
    if (!certificate || !key) return fail((certificate ? key : certificate).error().within("the cluster's authority"));
    const auto authority = pki::Authority::load(*certificate, *key);
    if (!authority) return fail(authority.error().within("the cluster's authority"));
    const NodeTerms terms{.server = serverForNodes(),
                          .joinToken = api::textOf(joinToken),
                          .now = clock().now(),
                          .emulated = acceleration->kind == host::Acceleration::Kind::Tcg,
                          .debug = environment.debug};
    return pool->create(
        *image, *acceleration,
        [&](const host::NodeIdentity& node, const host::AddressPlan& addresses) {
            return configureNode(node, addresses, terms, *authority);
        },
        poolSteps(steps), stop);
}

// The bridge is up: the API server may listen there, for nodes and Pods alone.
Result<void> ClusterOwner::State::openToNodes(Steps& steps) {
    const std::string gateway = plan->gateway().toString();
    const auto listening = plane->transport().listen({gateway, kNodePort});
    if (!listening) return fail(listening.error().within("listening for the nodes"));
    const auto client = plane->client("quarterdeck");
    if (auto applied = applyManifest(*client, nodeAccessManifest()); !applied)
        return fail(applied.error().within("the nodes' access"));
    if (auto applied = applyManifest(*client, apiEndpointManifest(gateway, kNodePort)); !applied)
        return fail(applied.error().within("the Service kubernetes"));
    if (auto told = plane->announce(serverForNodes()); !told) return fail(std::move(told.error()));
    steps.done("control-plane", plane->serverUrl());
    return {};
}

// Only when the nodes can take Pods: the replicas then go to different ones.
Result<void> ClusterOwner::State::makeDns(Steps& steps) {
    steps.begin("dns", "Cluster DNS");
    const auto manifest = dnsManifest(plan->dnsService().toString(), std::string(kClusterDomain));
    if (!manifest) return fail(manifest.error());
    if (auto applied = applyManifest(*plane->client("quarterdeck"), *manifest); !applied)
        return fail(applied.error().within("the cluster's DNS"));
    return {};
}

Result<void> ClusterOwner::State::runMachines(Steps& steps, std::stop_token stop) {
    const auto client = plane->client("quarterdeck");
    const WaitLimits limits = limitsFor(acceleration.value_or(host::Acceleration{}));
    Readiness readiness(*client, threads, steps, limits, stop);
    if (auto started = pool->start(poolSteps(steps), stop); !started) return started;
    if (!plane->transport().addresses().empty() && steps.isUnderWay("control-plane"))
        if (auto opened = openToNodes(steps); !opened) return opened;
    const auto console = [this](const std::string& node) { return pool->consoleLog(node); };
    if (auto ready = readiness.waitForNodes(nodeNames(), console); !ready) return ready;
    if (auto made = makeDns(steps); !made) return made;
    if (auto ready = readiness.waitForDns(); !ready) return ready;
    return ownership->publish(plane->serverUrl());
}

Result<void> ClusterOwner::State::build(Steps& steps, std::stop_token stop) {
    steps.begin("image", "Node image");
    if (auto connected = connect(); !connected) return connected;
    auto provided = provideNodeImage(environment, clock(), steps, stop);
    if (!provided) return fail(std::move(provided.error()));
    image = std::move(*provided);
    steps.done("image", image->hash);
    steps.begin("acceleration", "Virtualisation");
    auto chosen = host::chooseAcceleration(spec.acceleration, *connection, *image, accelerationCache(environment), clock(), stop);
    if (!chosen) return fail(std::move(chosen.error()));
    acceleration = std::move(*chosen);
    steps.done("acceleration", acceleration->reason);
    if (auto fixed = fixAddresses(steps); !fixed) return fixed;
    if (auto started = startControlPlane(steps); !started) return started;
    if (auto made = makeMachines(steps, stop); !made) return made;
    if (auto opened = openToNodes(steps); !opened) return opened;
    return runMachines(steps, stop);
}

Result<void> ClusterOwner::State::resume(Steps& steps, std::stop_token stop) {
    if (auto connected = connect(); !connected) return connected;
    const auto found = pool->inspect();
    if (!found && found.error().reason != Reason::NotFound) return fail(found.error());
    if (!found || static_cast<int>(found->nodes.size()) < spec.nodes) {
        announce(steps, nullptr);
        return build(steps, stop);  // a creation that was killed: what is missing is made
    }
    announce(steps, &*found);
    plan = found->addresses;
    if (auto started = startControlPlane(steps); !started) return started;
    return runMachines(steps, stop);
}

ClusterOwner::ClusterOwner(std::unique_ptr<State> state) : m_state(std::move(state)) {}

ClusterOwner::~ClusterOwner() {
    if (m_state) m_state->stopControlPlane();
}

Result<std::unique_ptr<ClusterOwner>> ClusterOwner::create(Environment environment, host::ClusterSpec spec,
                                                           const StepHandler& report, std::stop_token stop) {
    if (auto valid = host::validate(spec); !valid) return fail(std::move(valid.error()));
    auto state = std::make_unique<State>(std::move(environment), spec.name);
    auto kept = state->layout.create(spec, state->random);
    if (!kept) return fail(std::move(kept.error()));
    state->spec = std::move(*kept);
    auto ownership = host::Ownership::acquire(state->layout);
    if (!ownership) return fail(std::move(ownership.error()));
    state->ownership.emplace(std::move(*ownership));
    std::unique_ptr<ClusterOwner> owner(new ClusterOwner(std::move(state)));
    Steps steps(owner->m_state->clock(), report);
    owner->m_state->announce(steps, nullptr);
    auto built = owner->m_state->build(steps, stop);
    if (!built) {
        Error error = built.error();
        if (const std::string step = steps.current(); !step.empty() && !steps.hasFailed())
            steps.failed(step, error, remedyFor(error));
        if (auto removed = owner->remove({}); !removed)
            error.message += "; and not everything could be removed: " + removed.error().message;
        return fail(std::move(error));
    }
    return owner;
}

Result<std::unique_ptr<ClusterOwner>> ClusterOwner::start(Environment environment, const std::string& name,
                                                          const StepHandler& report, std::stop_token stop) {
    auto state = std::make_unique<State>(std::move(environment), name);
    auto spec = state->layout.load();
    if (!spec) return fail(std::move(spec.error()));
    state->spec = std::move(*spec);
    auto ownership = host::Ownership::acquire(state->layout);
    if (!ownership) return fail(std::move(ownership.error()));
    state->ownership.emplace(std::move(*ownership));
    std::unique_ptr<ClusterOwner> owner(new ClusterOwner(std::move(state)));
    Steps steps(owner->m_state->clock(), report);
    auto resumed = owner->m_state->resume(steps, stop);
    if (!resumed) {
        Error error = resumed.error();
        if (const std::string step = steps.current(); !step.empty() && !steps.hasFailed())
            steps.failed(step, error, remedyFor(error));
        return fail(std::move(error));
    }
    return owner;
}

const host::ClusterSpec& ClusterOwner::spec() const { return m_state->spec; }
const host::ClusterLayout& ClusterOwner::layout() const { return m_state->layout; }
control_plane::ControlPlane& ClusterOwner::controlPlane() { return *m_state->plane; }
client::KubeconfigEntry ClusterOwner::kubeconfigEntry() const { return m_state->plane->kubeconfigEntry(); }
Result<std::string> ClusterOwner::consoleLog(const std::string& node) const { return m_state->pool->consoleLog(node); }

ClusterView ClusterOwner::view() const {
    ClusterView view;
    view.spec = m_state->spec;
    view.state = "Running";
    view.ownerPid = ::getpid();
    view.server = m_state->plane->serverUrl();
    if (m_state->acceleration) {
        view.acceleration = accelerationName(*m_state->acceleration);
        view.accelerationReason = m_state->acceleration->reason;
    }
    const auto pool = m_state->pool->inspect();
    if (!pool) {
        view.detail = pool.error().message;
        return view;
    }
    view.nodes = machinesOf(*pool);
    const auto client = m_state->plane->client("quarterdeck");
    for (NodeView& node : view.nodes) {
        const auto object = client::Api<corev1::Node>(*client).get("", node.name);
        node.ready = false;
        if (!object) continue;
        node.version = (*object)->status.nodeInfo.kubeletVersion;
        for (const corev1::NodeCondition& condition : (*object)->status.conditions)
            if (condition.type == "Ready") node.ready = condition.status == "True";
        for (const corev1::ContainerImage& image : (*object)->status.images)
            if (!image.names.empty()) node.images.push_back(image.names.back());
    }
    return view;
}

Result<void> ClusterOwner::end(Ending ending, const StepHandler& report, std::stop_token stop) {
    Steps steps(m_state->clock(), report);
    if (m_state->pool) {
        auto ended = ending == Ending::Save ? m_state->pool->save(poolSteps(steps), stop)
                                            : m_state->pool->stop(poolSteps(steps), stop);
        if (!ended) return ended;
    }
    steps.begin("control-plane", "Control plane stopped");
    m_state->stopControlPlane();
    steps.done("control-plane");
    m_state->ownership.reset();
    return {};
}

Result<void> ClusterOwner::remove(const StepHandler& report) {
    Steps steps(m_state->clock(), report);
    m_state->stopControlPlane();
    if (m_state->pool)
        if (auto removed = m_state->pool->remove(poolSteps(steps)); !removed) return removed;
    forgetInUserKubeconfig(m_state->environment, m_state->layout, m_state->clock().now());
    m_state->ownership.reset();  // the layout takes it itself while it removes
    return m_state->layout.remove();
}

namespace {

// The machines of a cluster that nobody owns, for as long as this lives.
struct Unowned {
    static Result<std::unique_ptr<Unowned>> take(const Environment& environment, const std::string& name) {
        auto unowned = std::make_unique<Unowned>(host::ClusterLayout(environment.directories, name));
        auto spec = unowned->layout.load();
        if (!spec) return fail(std::move(spec.error()));
        auto ownership = host::Ownership::acquire(unowned->layout);
        if (!ownership) return fail(std::move(ownership.error()));
        unowned->ownership.emplace(std::move(*ownership));
        auto connection = host::Connection::open(spec->libvirtUri);
        if (!connection) return fail(connection.error());
        unowned->connection = std::move(*connection);
        unowned->pool.emplace(*unowned->connection, unowned->threads, *spec, environment.pool);
        return unowned;
    }
    explicit Unowned(host::ClusterLayout of) : layout(std::move(of)) {}

    host::ClusterLayout layout;
    base::ThreadPool threads{"owner", 1};
    std::optional<host::Ownership> ownership;
    std::unique_ptr<host::Connection> connection;
    std::optional<host::NodePool> pool;
};

}  // namespace

Result<void> removeCluster(const Environment& environment, const std::string& name, const StepHandler& report) {
    auto cluster = Unowned::take(environment, name);
    if (!cluster) return fail(std::move(cluster.error()));
    Steps steps((*cluster)->threads.clock(), report);
    if (auto removed = (*cluster)->pool->remove(poolSteps(steps)); !removed) return removed;
    forgetInUserKubeconfig(environment, (*cluster)->layout, (*cluster)->threads.clock().now());
    (*cluster)->ownership.reset();
    return (*cluster)->layout.remove();
}

Result<void> endCluster(const Environment& environment, const std::string& name, Ending ending,
                        const StepHandler& report, std::stop_token stop) {
    auto cluster = Unowned::take(environment, name);
    if (!cluster) return fail(std::move(cluster.error()));
    Steps steps((*cluster)->threads.clock(), report);
    return ending == Ending::Save ? (*cluster)->pool->save(poolSteps(steps), stop)
                                  : (*cluster)->pool->stop(poolSteps(steps), stop);
}

Result<std::string> consoleLog(const Environment& environment, const std::string& name, const std::string& node) {
    const host::ClusterLayout layout(environment.directories, name);
    const auto spec = layout.load();
    if (!spec) return fail(spec.error());
    const auto connection = host::Connection::open(spec->libvirtUri);
    if (!connection) return fail(connection.error());
    base::ThreadPool threads("owner", 1);
    const host::NodePool pool(**connection, threads, *spec, environment.pool);
    return pool.consoleLog(node);
}

}  // namespace qd::cluster
