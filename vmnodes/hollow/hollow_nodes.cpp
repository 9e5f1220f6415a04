#include "vmnodes/hollow/hollow_nodes.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <unordered_map>

#include "cluster/api/volumes/attachment_rules.h"
#include "vmnodes/hollow/hollow_node.h"

namespace qd::hollow {
namespace {

constexpr char kByClaim[] = "volumes/claims";

}  // namespace

struct HollowNodes::State : std::enable_shared_from_this<HollowNodes::State> {
    State(client::Client& onClient, client::InformerFactory& informers, base::Executor& onExecutor, base::Random& source, Options given)
        : client(onClient),
          executor(onExecutor),
          random(source),
          options(std::move(given)),
          pods(informers.informer(client::resourceOf<corev1::Pod>())),
          nodes(informers.informer(client::resourceOf<corev1::Node>())),
          volumes(informers),
          attacher(onClient, informers, onExecutor, options.volumes) {}

    struct Placed {
        std::size_t strand;
        std::unique_ptr<HollowNode> node;
    };

    void build();
    void listen();
    // Runs a task about a node on its strand, unless everything was stopped. Nodes that are not ours are passed over.
    void about(const std::string& node, std::function<void(HollowNode&)> task);
    void run(std::size_t strand, base::Task task);
    base::Timer later(std::size_t strand, base::Duration delay, base::Task task);

    client::Client& client;
    base::Executor& executor;
    base::Random& random;
    const Options options;
    client::Informer& pods;
    client::Informer& nodes;
    VolumeCopies volumes;
    Attacher attacher;
    std::vector<base::Strand> strands;
    std::vector<std::string> names;
    std::unordered_map<std::string, Placed> placed;  // not changed after build()
    std::atomic<base::SteadyTime::rep> begun = 0;
    std::vector<base::Timer> scripted;

    std::mutex mutex;
    std::condition_variable idle;
    unsigned running = 0;
    bool stopped = false;
};

void HollowNodes::State::build() {
    for (unsigned i = 0; i < std::max(1U, options.strands); ++i) strands.emplace_back(executor);
    for (unsigned i = 0; i < options.count; ++i) {
        const std::size_t strand = i % strands.size();
        const HollowNode::Surroundings around{client, executor.clock(), random, options, [this, strand](base::Duration delay, base::Task task) {
                                                  return later(strand, delay, std::move(task));
                                              }, executor, volumes, [this] { return pods.synced(); }};
        names.push_back(options.prefix + std::to_string(i));
        placed[names.back()] = {strand, std::make_unique<HollowNode>(around, names.back(), i)};
    }
}

void HollowNodes::State::run(std::size_t strand, base::Task task) {
    strands[strand].post([weak = weak_from_this(), task = std::move(task)]() mutable {
        const auto self = weak.lock();
        if (!self) return;
        {
            std::lock_guard lock(self->mutex);
            if (self->stopped) return;
            ++self->running;
        }
        task();
        {
            std::lock_guard lock(self->mutex);
            --self->running;
        }
        self->idle.notify_all();
    });
}

base::Timer HollowNodes::State::later(std::size_t strand, base::Duration delay, base::Task task) {
    // A timer's task may find the timer gone when it comes to run on the strand: then it must not.
    auto gone = std::make_shared<std::atomic<bool>>(false);
    base::Timer inner = executor.postAfter(delay, [weak = weak_from_this(), strand, gone, task = std::move(task)]() mutable {
        const auto self = weak.lock();
        if (!self) return;
        self->run(strand, [gone, task = std::move(task)]() mutable {
            if (!gone->load()) task();
        });
    });
    inner.detach();
    return base::Timer(std::move(gone));
}

void HollowNodes::State::about(const std::string& node, std::function<void(HollowNode&)> task) {
    const auto found = placed.find(node);
    if (found == placed.end()) return;
    run(found->second.strand, [which = found->second.node.get(), task = std::move(task)] { task(*which); });
}

void HollowNodes::State::listen() {
    pods.addIndex(kByClaim, [](const api::Object& pod) { return api::volumes::claimKeys(static_cast<const corev1::Pod&>(pod)); });
    volumes.claims.addHandler([weak = weak_from_this()](const api::ObjectPtr&, const api::ObjectPtr& claim) {
        const auto self = weak.lock();
        if (!self || !claim) return;
        const std::string key = claim->metadata.namespace_ + "/" + claim->metadata.name;
        for (const auto& pod : client::Lister<corev1::Pod>(self->pods).byIndex(kByClaim, key))
            self->about(pod->spec.nodeName, [uid = pod->metadata.uid](HollowNode& node) { node.claimChanged(uid); });
    });
    pods.addHandler([weak = weak_from_this()](const api::ObjectPtr& before, const api::ObjectPtr& after) {
        const auto self = weak.lock();
        if (!self) return;
        const auto was = client::as<corev1::Pod>(before);
        const auto is = client::as<corev1::Pod>(after);
        if (was && (!is || was->metadata.uid != is->metadata.uid)) {
            self->about(was->spec.nodeName, [uid = was->metadata.uid](HollowNode& node) { node.podGone(uid); });
        }
        if (is) self->about(is->spec.nodeName, [is](HollowNode& node) { node.podSeen(is); });
    });
    nodes.addHandler([weak = weak_from_this()](const api::ObjectPtr&, const api::ObjectPtr& after) {
        const auto self = weak.lock();
        if (!self || !after) return;
        const auto seen = client::as<corev1::Node>(after);
        self->about(seen->metadata.name, [seen](HollowNode& node) { node.nodeSeen(seen); });
    });
}

HollowNodes::HollowNodes(client::Client& client, client::InformerFactory& informers, base::Executor& executor, base::Random& random, Options options)
    : m_state(std::make_shared<State>(client, informers, executor, random, std::move(options))) {
    m_state->build();
    m_state->listen();
}

HollowNodes::~HollowNodes() { stop(); }

void HollowNodes::start() {
    m_state->attacher.start();
    const base::SteadyTime begun = m_state->executor.clock().steady();
    m_state->begun = begun.time_since_epoch().count();
    for (const auto& name : m_state->names) m_state->about(name, [begun](HollowNode& node) { node.begin(begun); });
    if (!m_state->options.script) return;
    for (const auto moment : m_state->options.script->moments()) {
        m_state->scripted.push_back(m_state->executor.postAfter(moment, [weak = std::weak_ptr(m_state)] {
            const auto self = weak.lock();
            if (!self) return;
            for (const auto& name : self->names) self->about(name, [](HollowNode& node) { node.followScript(); });
        }));
    }
}

void HollowNodes::stop() {
    m_state->attacher.stop();
    std::unique_lock lock(m_state->mutex);
    m_state->stopped = true;
    if (m_state->executor.mayBlock()) m_state->idle.wait(lock, [this] { return m_state->running == 0; });
}

const std::vector<std::string>& HollowNodes::names() const { return m_state->names; }
void HollowNodes::loseContact(const std::string& node) { m_state->about(node, [](HollowNode& which) { which.setContact(false); }); }
void HollowNodes::regainContact(const std::string& node) { m_state->about(node, [](HollowNode& which) { which.setContact(true); }); }
void HollowNodes::setNodeReady(const std::string& node, bool ready) { m_state->about(node, [ready](HollowNode& which) { which.setReady(ready); }); }

std::optional<metricsv1beta1::PodMetrics> HollowNodes::usageOf(const corev1::Pod& pod) const {
    const base::Clock& clock = m_state->executor.clock();
    auto usage = hollow::usageOf(pod, clock.now());
    const base::SteadyTime begun{base::SteadyTime::duration(m_state->begun.load())};
    if (usage && m_state->options.script) m_state->options.script->tell(pod, clock.steady() - begun, *usage);
    return usage;
}

void HollowNodes::setPodReady(const std::string& ns, const std::string& pod, bool ready) {
    const auto found = client::as<corev1::Pod>(m_state->pods.get(ns, pod));
    if (!found) return;
    m_state->about(found->spec.nodeName, [uid = found->metadata.uid, ready](HollowNode& node) { node.setPodReady(uid, ready); });
}

}  // namespace qd::hollow
