#include "cluster/control_plane/usage/usage_collector.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <set>

#include "cluster/base/log.h"
#include "cluster/client/typed.h"
#include "vmnodes/hollow/pod_usage.h"

namespace qd::control_plane {
namespace {

constexpr base::Duration kFirst = std::chrono::seconds(1);
constexpr char kByNode[] = "usage/node";

bool isHollow(const corev1::Node& node) {
    return node.metadata.labels.contains("quarterdeck.dev/hollow");
}

bool isReady(const corev1::Node& node) {
    for (const auto& condition : node.status.conditions)
        if (condition.type == corev1::NodeReady) return condition.status == corev1::ConditionTrue;
    return false;
}

}  // namespace

struct UsageCollector::State : std::enable_shared_from_this<State> {
    State(base::Executor& executor, Ask question, base::Duration every)
        : work(executor), ask(std::move(question)), period(every) {}

    void round();
    void readHollow(const std::string& node);
    void read(const client::Ptr<corev1::Node>& node);
    void readLater(base::Duration delay);

    std::atomic<client::Informer*> nodes = nullptr;  // both set once, pods first
    std::atomic<client::Informer*> pods = nullptr;
    base::Executor& work;
    Ask ask;
    OfHollowPod ofHollowPod;  // set before the first round
    base::Duration period;
    UsageTable table;
    std::mutex mutex;
    std::set<std::string> asked;  // nodes that have not answered yet; guarded by mutex
    std::set<std::string> known;  // guarded by mutex
    base::Timer timer;            // guarded by mutex
    bool stopped = false;         // guarded by mutex
};

void UsageCollector::State::readLater(base::Duration delay) {
    const std::lock_guard lock(mutex);
    if (stopped) return;
    timer = work.postAfter(delay, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->round();
    });
}

void UsageCollector::State::round() {
    std::set<std::string> present;
    for (const auto& node : client::Lister<corev1::Node>(*nodes).list()) {
        const std::string& name = node->metadata.name;
        present.insert(name);
        if (!isReady(*node)) {
            table.forget(name);
        } else if (isHollow(*node)) {
            readHollow(name);
        } else {
            const std::lock_guard lock(mutex);
            if (!asked.insert(name).second) continue;
            work.post([weak = weak_from_this(), node] {
                if (const auto self = weak.lock()) self->read(node);
            });
        }
    }
    std::set<std::string> gone;
    {
        const std::lock_guard lock(mutex);
        std::ranges::set_difference(known, present, std::inserter(gone, gone.end()));
        known = std::move(present);
    }
    for (const auto& name : gone) table.forget(name);
    readLater(period);
}

void UsageCollector::State::readHollow(const std::string& node) {
    const base::WallTime now = work.clock().now();
    const std::int64_t window = std::chrono::nanoseconds(period).count();
    std::vector<metricsv1beta1::PodMetrics> used;
    for (const auto& pod : client::Lister<corev1::Pod>(*pods).byIndex(kByNode, node))
        if (auto usage = ofHollowPod ? ofHollowPod(*pod) : hollow::usageOf(*pod, now)) {
            usage->window.nanoseconds = window;
            used.push_back(std::move(*usage));
        }
    auto whole = hollow::usageOfNode(node, used, now);
    whole.window.nanoseconds = window;
    table.set(node, std::move(whole), std::move(used));
}

void UsageCollector::State::read(const client::Ptr<corev1::Node>& node) {
    const std::string& name = node->metadata.name;
    const auto text = ask(*node);
    if (text) {
        table.take(name, readResourceMetrics(*text, work.clock().now()));
    } else {
        base::logger("usage")->debug("{} does not tell what it uses: {}", name, text.error().message);
        table.forget(name);
    }
    const std::lock_guard lock(mutex);
    asked.erase(name);
}

UsageCollector::UsageCollector(base::Executor& work, Ask ask, base::Duration period)
    : m_state(std::make_shared<State>(work, std::move(ask), period)) {}
UsageCollector::~UsageCollector() = default;

void UsageCollector::begin(client::InformerFactory& informers, OfHollowPod ofHollowPod) {
    m_state->ofHollowPod = std::move(ofHollowPod);
    client::Informer& pods = informers.informer(client::resourceOf<corev1::Pod>());
    pods.addIndex(kByNode, [](const api::Object& object) -> std::vector<std::string> {
        const auto& pod = static_cast<const corev1::Pod&>(object);
        if (pod.spec.nodeName.empty()) return {};
        return {pod.spec.nodeName};
    });
    m_state->pods = &pods;
    m_state->nodes = &informers.informer(client::resourceOf<corev1::Node>());
    m_state->readLater(std::min(kFirst, m_state->period));
}

void UsageCollector::stop() {
    const std::lock_guard lock(m_state->mutex);
    m_state->stopped = true;
    m_state->timer.cancel();
}

std::vector<std::shared_ptr<const metricsv1beta1::NodeMetrics>> UsageCollector::nodes() const {
    std::vector<std::shared_ptr<const metricsv1beta1::NodeMetrics>> all;
    for (const auto& usage : m_state->table.nodes()) {
        const auto node = m_state->nodes.load()->get("", usage->metadata.name);
        if (!node) continue;
        auto labelled = std::make_shared<metricsv1beta1::NodeMetrics>(*usage);
        labelled->metadata.labels = node->metadata.labels;
        labelled->metadata.creationTimestamp = usage->timestamp;
        all.push_back(std::move(labelled));
    }
    return all;
}

std::vector<std::shared_ptr<const metricsv1beta1::PodMetrics>> UsageCollector::pods(const std::string& ns) const {
    std::vector<std::shared_ptr<const metricsv1beta1::PodMetrics>> all;
    for (const auto& usage : m_state->table.pods(ns)) {
        const auto pod = m_state->pods.load()->get(usage->metadata.namespace_, usage->metadata.name);
        if (!pod) continue;
        auto labelled = std::make_shared<metricsv1beta1::PodMetrics>(*usage);
        labelled->metadata.labels = pod->metadata.labels;
        labelled->metadata.creationTimestamp = usage->timestamp;
        all.push_back(std::move(labelled));
    }
    return all;
}

}  // namespace qd::control_plane
