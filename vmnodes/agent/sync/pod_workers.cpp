#include "vmnodes/agent/sync/pod_workers.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>

#include "cluster/base/log.h"

namespace qd::agent::sync {
namespace {

using namespace std::chrono_literals;

// Events tell at once; looking is for what events missed.
constexpr base::Duration kRelist = 1s;
constexpr auto kEventRetry = 5s;

std::string label(const cri::StringMap& labels, const char* key) {
    const auto found = labels.find(key);
    return found == labels.end() ? std::string() : found->second;
}

}  // namespace

PodWorkers::~PodWorkers() {
    stopWatching();
}

void PodWorkers::update(std::shared_ptr<const corev1::Pod> pod) {
    std::shared_ptr<PodWorker> worker;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_workers.find(pod->metadata.uid);
        const bool isNew = found == m_workers.end() || found->second->isGone();
        if (isNew && mustWait(*pod)) {
            m_waiting[pod->metadata.uid] = pod;
        } else {
            if (isNew) m_taken.insert(pod->metadata.uid);
            worker = workerOf(pod);
        }
    }
    if (worker) return worker->update(std::move(pod));
    admitWaiting();
}

bool PodWorkers::mustWait(const corev1::Pod& pod) const {
    const bool isBegun = pod.status.startTime || isTerminalPhase(pod.status.phase) || pod.metadata.deletionTimestamp;
    return m_context.nodeObject && !isStaticPod(pod) && !isBegun;
}

std::shared_ptr<PodWorker> PodWorkers::workerOf(const std::shared_ptr<const corev1::Pod>& pod) {
    m_waiting.erase(pod->metadata.uid);
    auto& slot = m_workers[pod->metadata.uid];
    if (!slot || slot->isGone()) slot = std::make_shared<PodWorker>(m_context, pod);
    return slot;
}

bool PodWorkers::open() {
    const auto sandboxes = m_context.runtime.listPodSandboxes({});
    if (!sandboxes) {
        base::logger("pods")->warn("cannot read what runs: {}", sandboxes.error().message);
        return false;
    }
    std::vector<std::shared_ptr<const corev1::Pod>> begun;
    {
        const std::lock_guard lock(m_mutex);
        m_open = true;
        for (const cri::Sandbox& sandbox : *sandboxes)
            if (const auto found = m_waiting.find(label(sandbox.labels, kPodUidLabel)); found != m_waiting.end()) {
                begun.push_back(found->second);
                m_taken.insert(found->first);
                workerOf(begun.back());
            }
    }
    for (const auto& pod : begun) update(pod);
    admitWaiting();
    return true;
}

bool PodWorkers::isOpen() const {
    const std::lock_guard lock(m_mutex);
    return m_open;
}

std::vector<std::shared_ptr<const corev1::Pod>> PodWorkers::waiting() const {
    const std::lock_guard lock(m_mutex);
    std::vector<std::shared_ptr<const corev1::Pod>> pods;
    if (!m_open) return pods;
    for (const auto& [uid, pod] : m_waiting) pods.push_back(pod);
    std::ranges::sort(pods, [](const auto& a, const auto& b) { return api::placement::comesBefore(*a, *b); });
    return pods;
}

api::placement::PodNeeds PodWorkers::taken() const {
    const std::lock_guard lock(m_mutex);
    api::placement::PodNeeds sum;
    for (const auto& [uid, worker] : m_workers)
        if (m_taken.contains(uid) && worker->isActive()) sum += api::placement::needsOf(*worker->pod());
    return sum;
}

void PodWorkers::admitWaiting() {
    const std::lock_guard one(m_deciding);
    const auto pods = waiting();
    const auto node = pods.empty() ? nullptr : m_context.nodeObject(NodeCopy::Known);
    if (!node) return;
    for (const auto& pod : pods) admit(*pod, *node);
}

void PodWorkers::admit(const corev1::Pod& pod, const corev1::Node& node) {
    const base::SteadyTime now = m_context.executor.clock().steady();
    auto [refusal, wait] = api::placement::decide(pod, node, taken(), m_pace, now, [this] { return m_context.nodeObject(NodeCopy::Newest); });
    if (wait > base::Duration(0)) {
        m_decideLater = m_context.executor.postAfter(wait, [this] { admitWaiting(); });
        return;
    }
    std::shared_ptr<const corev1::Pod> last;
    std::shared_ptr<PodWorker> worker;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_waiting.find(pod.metadata.uid);
        if (found == m_waiting.end()) return;  // gone meanwhile
        last = found->second;
        worker = workerOf(last);
        if (!refusal) m_taken.insert(pod.metadata.uid);
    }
    if (refusal) {
        m_pace.spend(now);
        m_context.events.podEvent(*last, "", true, refusal->reason, refusal->message);
        worker->refuse(std::move(*refusal));
    }
    worker->update(last);
}

void PodWorkers::remove(const std::string& uid) {
    const std::lock_guard lock(m_mutex);
    m_waiting.erase(uid);
    m_taken.erase(uid);
    if (const auto found = m_workers.find(uid); found != m_workers.end()) found->second->remove();
}

void PodWorkers::poke(const std::string& uid) {
    const std::lock_guard lock(m_mutex);
    if (const auto found = m_workers.find(uid); found != m_workers.end()) found->second->poke();
}

void PodWorkers::endOrphans(const std::vector<std::string>& known) {
    std::map<std::string, std::shared_ptr<corev1::Pod>> orphans;
    const auto orphan = [&](const std::string& uid) -> corev1::Pod* {
        if (uid.empty() || std::ranges::find(known, uid) != known.end()) return nullptr;
        auto& slot = orphans[uid];
        if (!slot) {
            slot = std::make_shared<corev1::Pod>();
            slot->metadata.uid = uid;
        }
        return slot.get();
    };
    for (const std::string& uid : m_context.volumes.podsOnDisk()) orphan(uid);
    if (m_context.cgroups != nullptr)
        for (const std::string& group : m_context.cgroups->pods()) orphan(group.substr(group.rfind("/pod") + 4));
    const auto sandboxes = m_context.runtime.listPodSandboxes({});
    if (sandboxes)
        for (const cri::Sandbox& sandbox : *sandboxes)
            if (corev1::Pod* pod = orphan(label(sandbox.labels, kPodUidLabel)); pod != nullptr) {
                pod->metadata.name = label(sandbox.labels, kPodNameLabel);
                pod->metadata.namespace_ = label(sandbox.labels, kPodNamespaceLabel);
            }
    for (auto& [uid, pod] : orphans) {
        base::logger("pods")->info("ending {}: its Pod is gone", pod->metadata.name.empty() ? uid : podLabel(*pod));
        {
            const std::lock_guard lock(m_mutex);
            workerOf(pod);
        }
        remove(uid);
    }
}

void PodWorkers::endAll(std::chrono::seconds grace) {
    {
        const std::lock_guard lock(m_mutex);
        m_open = false;
    }
    for (const auto& worker : all())
        worker->evict("Terminated", "Pod was terminated in response to imminent node shutdown.", grace);
}

bool PodWorkers::allOver() const {
    const std::lock_guard lock(m_mutex);
    return std::ranges::all_of(m_workers, [](const auto& entry) { return entry.second->isOver(); });
}

std::shared_ptr<PodWorker> PodWorkers::find(const std::string& ns, const std::string& name) const {
    const std::lock_guard lock(m_mutex);
    std::shared_ptr<PodWorker> best;
    for (const auto& [uid, worker] : m_workers) {
        const auto pod = worker->pod();
        if (pod->metadata.namespace_ != ns || pod->metadata.name != name || worker->isGone()) continue;
        // A new Pod of the name may already be here while the old one ends.
        if (!best || best->pod()->metadata.creationTimestamp < pod->metadata.creationTimestamp) best = worker;
    }
    return best;
}

std::vector<std::shared_ptr<PodWorker>> PodWorkers::all() const {
    const std::lock_guard lock(m_mutex);
    std::vector<std::shared_ptr<PodWorker>> workers;
    for (const auto& [uid, worker] : m_workers) workers.push_back(worker);
    return workers;
}

void PodWorkers::startWatching() {
    {
        const std::lock_guard lock(m_mutex);
        m_watching = true;
    }
    m_events = base::Thread("cri-events", [this](std::stop_token stop) {
        std::mutex mutex;
        std::condition_variable_any wake;
        while (!stop.stop_requested()) {
            const auto ended = m_context.runtime.watchContainerEvents(
                [this](const cri::ContainerEvent& event) { poke(event.podUid); }, stop);
            if (!ended) base::logger("pods")->debug("no container events: {}", ended.error().message);
            std::unique_lock lock(mutex);
            wake.wait_for(lock, stop, kEventRetry, [] { return false; });
        }
    });
    m_context.executor.post([this] { relist(); });
}

void PodWorkers::stopWatching() {
    {
        const std::lock_guard lock(m_mutex);
        m_watching = false;
        m_timer.cancel();
    }
    m_events = base::Thread();
}

void PodWorkers::relist() {
    const auto sandboxes = m_context.runtime.listPodSandboxes({});
    const auto containers = m_context.runtime.listContainers({});
    std::map<std::string, std::string> now;
    if (sandboxes && containers) {
        for (const cri::Sandbox& sandbox : *sandboxes)
            now[label(sandbox.labels, kPodUidLabel)] += sandbox.id + (sandbox.ready ? "+" : "-");
        for (const cri::Container& container : *containers)
            now[label(container.labels, kPodUidLabel)] +=
                container.id + std::to_string(static_cast<int>(container.state));
    }
    std::set<std::string> changed;
    const std::lock_guard lock(m_mutex);
    if (!m_watching) return;
    if (sandboxes && containers) {
        for (const auto& [uid, what] : now)
            if (const auto before = m_seen.find(uid); before == m_seen.end() || before->second != what)
                changed.insert(uid);
        for (const auto& [uid, what] : m_seen)
            if (!now.contains(uid)) changed.insert(uid);
        m_seen = std::move(now);
    }
    for (const std::string& uid : changed)
        if (const auto found = m_workers.find(uid); found != m_workers.end()) found->second->poke();
    std::erase_if(m_workers, [](const auto& entry) { return entry.second->isGone(); });
    m_timer = m_context.executor.postAfter(kRelist, [this] { relist(); });
}

}  // namespace qd::agent::sync
