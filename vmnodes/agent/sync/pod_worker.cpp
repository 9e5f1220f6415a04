#include "vmnodes/agent/sync/pod_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cluster/base/log.h"
#include "vmnodes/agent/sync/container_starter.h"
#include "vmnodes/agent/sync/lifecycle_hooks.h"

namespace qd::agent::sync {
namespace {

using namespace std::chrono_literals;
using cri::ContainerState;

constexpr std::int64_t kLeastGrace = 2;  // seconds; even a forced end lets the runtime try SIGTERM first
constexpr base::Duration kRetry = 2s;
constexpr base::Duration kVolumeRefresh = 60s;

std::vector<Kill> runningContainers(const Observed& observed) {
    std::vector<Kill> running;
    for (const cri::ContainerStatus& status : observed.containers)
        if (status.state == ContainerState::Running || status.state == ContainerState::Unknown)
            running.push_back({status.id, containerName(status), {}, KillReason::None});
    return running;
}

}  // namespace

PodWorker::PodWorker(PodContext& context, std::shared_ptr<const corev1::Pod> pod)
    : m_context(context),
      m_strand(context.executor),
      m_reports(context.executor),
      m_pod(std::move(pod)),
      m_status(m_pod->status) {}

std::shared_ptr<const corev1::Pod> PodWorker::pod() const {
    const std::lock_guard lock(m_mutex);
    return m_pod;
}

corev1::PodStatus PodWorker::status() const {
    const std::lock_guard lock(m_mutex);
    return m_status;
}

Observed PodWorker::observed() const {
    const std::lock_guard lock(m_mutex);
    return m_observed;
}

void PodWorker::update(std::shared_ptr<const corev1::Pod> pod) {
    {
        const std::lock_guard lock(m_mutex);
        m_pod = std::move(pod);
    }
    poke();
}

void PodWorker::remove() {
    m_strand.post([self = shared_from_this()] {
        self->m_removed = true;
        self->sync();
    });
}

void PodWorker::evict(std::string reason, std::string message, std::chrono::seconds grace) {
    m_strand.post([self = shared_from_this(), reason = std::move(reason), message = std::move(message), grace] {
        self->m_eviction = {reason, message};
        self->m_graceOverride = grace.count();
        self->sync();
    });
}

void PodWorker::refuse(api::placement::Refusal refusal) {
    m_strand.post([self = shared_from_this(), refusal = std::move(refusal)] { self->m_refusal = refusal; });
}

bool PodWorker::isActive() const {
    if (m_over) return false;
    const std::lock_guard lock(m_mutex);
    return !isTerminalPhase(m_pod->status.phase) || m_observed.anyRunning();
}

void PodWorker::poke() {
    if (m_poked.exchange(true)) return;  // one is waiting already
    m_strand.post([self = shared_from_this()] { self->sync(); });
}

void PodWorker::resyncAfter(base::Duration delay) {
    const base::SteadyTime due = m_context.executor.clock().steady() + delay;
    if (m_timerDue > m_context.executor.clock().steady() && m_timerDue <= due) return;
    m_timerDue = due;
    m_timer = m_context.executor.postAfter(delay, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->poke();
    });
}

void PodWorker::sync() {
    m_poked = false;
    if (!m_gone) syncOnce();
}

bool PodWorker::shouldEnd(const Observed& observed) {
    const auto pod = this->pod();
    if (m_ending || m_removed || m_eviction || m_refusal || pod->metadata.deletionTimestamp) return true;
    if (pod->spec.activeDeadlineSeconds && m_status.startTime) {
        const auto deadline = m_status.startTime->wall() + std::chrono::seconds(*pod->spec.activeDeadlineSeconds);
        const auto left = deadline - m_context.executor.clock().now();
        if (left <= base::Duration::zero()) {
            m_eviction = {"DeadlineExceeded", "Pod was active on the node longer than the specified deadline"};
            return true;
        }
        resyncAfter(left);
    }
    // Ended by itself, or before the agent was restarted.
    return isTerminalPhase(m_status.phase) && (!observed.containers.empty() || isTerminalPhase(pod->status.phase));
}

void PodWorker::syncOnce() {
    const auto pod = this->pod();
    auto observed = observe(m_context.runtime, pod->metadata.uid);
    if (!observed) {
        base::logger("pod")->warn("{}: cannot read its state: {}", podLabel(*pod), observed.error().message);
        resyncAfter(kRetry);
        return;
    }
    m_context.probes.follow(pod, *observed);
    std::erase_if(m_killing, [&](const auto& entry) {
        return std::ranges::none_of(observed->containers, [&](const cri::ContainerStatus& status) {
            return status.id == entry.first && status.state != ContainerState::Exited;
        });
    });
    if (!m_ending) report(*observed);
    if (shouldEnd(*observed)) {
        end(std::move(*observed));
        return;
    }
    keepRunning(*observed);
}

void PodWorker::keepRunning(const Observed& before) {
    const auto pod = this->pod();
    Observed observed = before;
    const PodPlan plan = planPod(*pod, observed, m_context.probes.verdicts(pod->metadata.uid));
    if (plan.killPod) {
        // Everything of the old sandbox ends first; what starts anew is planned when nothing runs any more.
        const auto running = runningContainers(observed);
        for (const Kill& one : running) kill(one, graceOf(one));
        if (!running.empty() || !stopSandboxes(observed)) return;
        if (!plan.createSandbox) return;
        if (!observed.sandboxes.empty() && pod->spec.restartPolicy != corev1::RestartPolicyNever &&
            !m_failures.contains(""))
            m_context.events.podEvent(*pod, "", false, "SandboxChanged",
                                      "Pod sandbox changed, it will be killed and re-created.");
    }
    for (const Kill& one : plan.kill) kill(one, graceOf(one));
    const bool refresh =
        m_volumesReady &&
        (m_context.executor.clock().steady() - m_volumesChecked >= kVolumeRefresh ||
         (m_volumes.refreshAt != base::WallTime{} && m_context.executor.clock().now() >= m_volumes.refreshAt));
    const bool starts = plan.createSandbox || !plan.start.empty() || !plan.startEphemeral.empty();
    if ((starts || refresh || !m_volumesReady) && !prepare(observed)) return;
    resyncAfter(kVolumeRefresh);
    if (!starts) return;
    std::string sandboxId = plan.sandboxId;
    if (plan.createSandbox) {
        if (!createSandbox(plan, observed)) return;
        sandboxId = observed.sandboxes.front().id;
    }
    startContainers(plan, observed, sandboxId, plan.attempt);
    if (auto after = observe(m_context.runtime, pod->metadata.uid)) {
        m_context.probes.follow(pod, *after);
        report(*after);
    }
}

api::downward::DownwardFacts PodWorker::facts(const Observed& observed) const {
    const NodeFacts node = m_context.node();
    return {pod()->spec.hostNetwork ? node.hostIps : observed.ips, node.hostIps, node.allocatableMilliCpu,
            node.allocatableMemory};
}

// Control group and volumes. False: not now; an event says why and a retry is due.
bool PodWorker::prepare(const Observed& observed) {
    const auto pod = this->pod();
    const base::WallTime now = m_context.executor.clock().now();
    const auto retryLater = [&](const char* reason, const std::string& message) {
        m_context.events.podEvent(*pod, "", true, reason, message);
        m_retries.next("prepare", now, now);
        resyncAfter(m_retries.current("prepare"));
        return false;
    };
    if (const base::Duration left = m_retries.remainingSinceUpdate("prepare", now); left > base::Duration::zero()) {
        resyncAfter(left);
        return false;
    }
    if (m_context.cgroups != nullptr)
        if (auto made = m_context.cgroups->ensurePod(*pod); !made)
            return retryLater("FailedCreatePodContainer",
                              "unable to ensure pod container exists: " + made.error().message);
    auto made = m_context.volumes.setUp(*pod, facts(observed), now);
    if (!made) return retryLater("FailedMount", made.error().message);
    m_volumes = std::move(*made);
    m_volumesReady = true;
    m_volumesChecked = m_context.executor.clock().steady();
    m_retries.forget("prepare");
    return true;
}

bool PodWorker::createSandbox(const PodPlan& plan, Observed& observed) {
    const auto pod = this->pod();
    const base::WallTime now = m_context.executor.clock().now();
    if (const base::Duration left = m_retries.remainingSinceUpdate("sandbox", now); left > base::Duration::zero()) {
        resyncAfter(left);
        return false;
    }
    const cri::SandboxConfig config = sandboxConfig(*pod, plan.attempt, m_context.sandbox);
    std::error_code error;
    std::filesystem::create_directories(config.logDirectory, error);
    const auto id = m_context.runtime.runPodSandbox(config);
    if (!id) {
        m_context.events.podEvent(*pod, "", true, "FailedCreatePodSandBox",
                                  "Failed to create pod sandbox: " + id.error().message);
        m_retries.next("sandbox", now, now);
        resyncAfter(m_retries.current("sandbox"));
        return false;
    }
    m_retries.forget("sandbox");
    auto after = observe(m_context.runtime, pod->metadata.uid);
    if (!after || after->sandboxes.empty()) {
        resyncAfter(kRetry);
        return false;
    }
    observed = std::move(*after);
    report(observed);
    return true;
}

void PodWorker::startContainers(const PodPlan& plan, const Observed& observed, const std::string& sandboxId,
                                std::uint32_t attempt) {
    const auto pod = this->pod();
    const cri::SandboxConfig sandbox = sandboxConfig(*pod, attempt, m_context.sandbox);
    for (const corev1::EphemeralContainer* ephemeral : plan.startEphemeral) {
        const corev1::Container container = ephemeralAsContainer(*ephemeral);
        startOne({&container, ContainerKind::Ephemeral}, ephemeral->targetContainerName, observed, sandboxId, sandbox);
    }
    for (const ContainerRef& ref : plan.start) {
        const bool killedFirst =
            std::ranges::any_of(plan.kill, [&](const Kill& one) { return one.name == ref.container->name; });
        if (killedFirst) continue;  // started when it has ended
        const bool started = startOne(ref, {}, observed, sandboxId, sandbox);
        if (!started && ref.kind == ContainerKind::Init) return;
    }
}

bool PodWorker::mustWait(const corev1::Container& container, const Observed& observed) {
    const cri::ContainerStatus* last = observed.find(container.name);
    if (last == nullptr || last->state != ContainerState::Exited) return false;
    const std::string key = container.name + "/" + containerHash(container);
    const base::WallTime now = m_context.executor.clock().now();
    const base::Duration left = m_crashes.remaining(key, last->finishedAt, now);
    if (left <= base::Duration::zero()) {
        m_crashes.next(key, last->finishedAt, now);
        m_saidBackOff.erase(key);
        return false;
    }
    const auto pod = this->pod();
    const base::Duration wait = m_crashes.current(key);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait).count();
    const std::string shown =
        seconds < 60 ? fmt::format("{}s", seconds) : fmt::format("{}m{}s", seconds / 60, seconds % 60);
    m_failures[container.name] = {"CrashLoopBackOff", fmt::format("back-off {} restarting failed container={} pod={}",
                                                                  shown, container.name, podLabel(*pod))};
    if (std::exchange(m_saidBackOff[key], wait) != wait)
        m_context.events.podEvent(
            *pod, container.name, true, "BackOff",
            fmt::format("Back-off restarting failed container {} in pod {}", container.name, podLabel(*pod)));
    resyncAfter(left);
    return true;
}

bool PodWorker::startOne(const ContainerRef& ref, const std::string& target, const Observed& observed,
                         const std::string& sandboxId, const cri::SandboxConfig& sandbox) {
    const auto pod = this->pod();
    const corev1::Container& container = *ref.container;
    if (mustWait(container, observed)) return false;
    const auto started = startContainer(m_context, {.pod = *pod,
                                                    .container = container,
                                                    .kind = ref.kind,
                                                    .targetContainer = target,
                                                    .observed = observed,
                                                    .sandboxId = sandboxId,
                                                    .sandbox = sandbox,
                                                    .volumes = m_volumes});
    if (started) {
        m_failures.erase(container.name);
        return true;
    }
    m_failures[container.name] = started.error().failure;
    if (!started.error().containerId.empty())
        kill({started.error().containerId, container.name, "FailedPostStartHook", KillReason::FailedPostStart},
             gracePeriod(*pod));
    const base::Duration left = m_context.images.remaining(*pod, container);
    resyncAfter(left > base::Duration::zero() ? left : base::Duration(10s));
    return false;
}

std::int64_t PodWorker::graceOf(const Kill& kill) const {
    const auto pod = this->pod();
    std::int64_t grace = gracePeriod(*pod);
    const corev1::Container* container = findContainer(*pod, kill.name);
    const auto override = [&](const api::Box<corev1::Probe>& probe) {
        if (probe && probe->terminationGracePeriodSeconds) grace = *probe->terminationGracePeriodSeconds;
    };
    if (container != nullptr && kill.reason == KillReason::LivenessProbe) override(container->livenessProbe);
    if (container != nullptr && kill.reason == KillReason::StartupProbe) override(container->startupProbe);
    return grace;
}

void PodWorker::kill(const Kill& kill, std::int64_t grace) {
    const auto before = m_killing.find(kill.containerId);
    if (before != m_killing.end() && before->second.grace <= grace) return;
    const bool again = before != m_killing.end();
    m_killing[kill.containerId].grace = grace;
    const auto pod = this->pod();
    if (!again)
        m_context.events.podEvent(*pod, kill.name, false, "Killing",
                                  kill.message.empty() ? "Stopping container " + kill.name : kill.message);
    const corev1::Container* container = findContainer(*pod, kill.name);
    const auto hook = container != nullptr && container->lifecycle ? container->lifecycle->preStop
                                                                   : api::Box<corev1::LifecycleHandler>();
    if (again || !hook || grace <= 0) {
        stopAfterHook(kill.containerId, kill.name, grace);
    } else if (hook->sleep) {
        const std::int64_t nap = std::min(hook->sleep->seconds, grace);
        m_killing[kill.containerId].timer =
            m_context.executor.postAfter(std::chrono::seconds(nap), [weak = weak_from_this(), kill, grace, nap] {
                if (const auto self = weak.lock())
                    self->m_strand.post(
                        [self, kill, grace, nap] { self->stopAfterHook(kill.containerId, kill.name, grace - nap); });
            });
    } else {
        const std::string ip = m_observed.ips.empty() ? std::string("127.0.0.1") : m_observed.ips.front();
        m_context.executor.post(
            [self = shared_from_this(), pod, container = *container, hook = *hook, kill, grace, ip] {
                const base::SteadyTime begin = self->m_context.executor.clock().steady();
                if (const auto ran = runHook(self->m_context.runtime, kill.containerId, container, hook, ip,
                                             std::chrono::seconds(grace));
                    !ran)
                    self->m_context.events.podEvent(*pod, kill.name, true, "FailedPreStopHook", "PreStopHook failed");
                const auto took =
                    std::chrono::duration_cast<std::chrono::seconds>(self->m_context.executor.clock().steady() - begin);
                self->m_strand.post([self, kill, grace, took] {
                    self->stopAfterHook(kill.containerId, kill.name, grace - took.count());
                });
            });
    }
}

void PodWorker::stopAfterHook(const std::string& id, const std::string& name, std::int64_t grace) {
    m_context.executor.post([self = shared_from_this(), id, name, grace = std::max(grace, kLeastGrace)] {
        const auto stopped = self->m_context.runtime.stopContainer(id, std::chrono::seconds(grace));
        self->m_strand.post([self, id, name, failed = !stopped && stopped.error().reason != Reason::NotFound,
                             message = stopped ? std::string() : stopped.error().message] {
            if (failed) {
                self->m_context.events.podEvent(*self->pod(), "", true, "FailedKillPod",
                                                "error killing pod: " + message);
                self->m_killing.erase(id);  // tried again by the next look
            }
            self->poke();
        });
    });
}

std::int64_t PodWorker::remainingGrace() const {
    const std::int64_t grace = m_graceOverride ? std::min(*m_graceOverride, gracePeriod(*pod())) : gracePeriod(*pod());
    const auto passed =
        std::chrono::duration_cast<std::chrono::seconds>(m_context.executor.clock().steady() - m_endingSince);
    return std::max<std::int64_t>(grace - passed.count(), 0);
}

// Ends what runs: regular containers first, then sidecars from the last to the first.
void PodWorker::end(Observed observed) {
    const auto pod = this->pod();
    if (!m_ending) {
        m_ending = true;
        m_endingSince = m_context.executor.clock().steady();
    }
    auto running = runningContainers(observed);
    if (!running.empty()) {
        std::vector<Kill> sidecars;
        for (auto spec = pod->spec.initContainers.rbegin(); spec != pod->spec.initContainers.rend(); ++spec) {
            const auto found = std::ranges::find(running, spec->name, &Kill::name);
            if (!isSidecar(*spec) || found == running.end()) continue;
            sidecars.push_back(*found);
            running.erase(found);
        }
        if (running.empty()) running = {sidecars.front()};
        // A forced deletion shortens what is under way; otherwise each container is told once.
        const std::int64_t grace = remainingGrace();
        for (const Kill& one : running)
            if (const auto known = m_killing.find(one.containerId);
                known == m_killing.end() || gracePeriod(*pod) < known->second.grace)
                kill(one, grace);
        report(observed);
        resyncAfter(kRetry);
        return;
    }
    if (!stopSandboxes(observed)) return;
    if (!m_over) {
        m_context.probes.forget(pod->metadata.uid);
        if (auto after = observe(m_context.runtime, pod->metadata.uid)) observed = std::move(*after);
    }
    finishEnding(observed);
}

void PodWorker::finishEnding(const Observed& observed) {
    const auto pod = this->pod();
    report(observed);
    if (auto down = m_context.volumes.tearDown(pod->metadata.uid); !down) {
        base::logger("pod")->warn("{}: {}", podLabel(*pod), down.error().message);
        resyncAfter(kRetry);
        return;
    }
    if (m_context.cgroups != nullptr)
        if (auto removed = m_context.cgroups->removePod(cgroups::Hierarchy::podGroup(*pod)); !removed) {
            resyncAfter(kRetry);
            return;
        }
    m_over = true;
    if (m_removed) {
        cleanUp(observed);
    } else if (pod->metadata.deletionTimestamp && !isStaticPod(*pod) && !std::exchange(m_deleting, true)) {
        m_reports.post([self = shared_from_this()] { self->deleteObject(); });  // after the last status
    }
}

void PodWorker::deleteObject() {
    const auto deleted = m_context.cluster.deletePod(*pod());
    // remove() follows when the watch says that it is gone.
    if (deleted || deleted.error().reason == Reason::NotFound || deleted.error().reason == Reason::Conflict) return;
    m_strand.post([self = shared_from_this()] {
        self->m_deleting = false;
        self->resyncAfter(kRetry);
    });
}

// Removes what the runtime keeps of a Pod whose object is gone.
void PodWorker::cleanUp(const Observed& observed) {
    for (const cri::ContainerStatus& container : observed.containers) {
        if (auto removed = m_context.runtime.removeContainer(container.id);
            !removed && removed.error().reason != Reason::NotFound) {
            resyncAfter(kRetry);
            return;
        }
    }
    for (const cri::SandboxStatus& sandbox : observed.sandboxes) {
        if (auto removed = m_context.runtime.removePodSandbox(sandbox.id);
            !removed && removed.error().reason != Reason::NotFound) {
            resyncAfter(kRetry);
            return;
        }
    }
    std::error_code error;
    const auto pod = this->pod();
    std::filesystem::remove_all(podLogFolder(m_context.sandbox.logRoot, *pod), error);
    const std::string prefix = pod->metadata.name + "_" + pod->metadata.namespace_ + "_";
    std::filesystem::directory_iterator it(m_context.containerLogLinks, error), last;
    std::vector<std::filesystem::path> dangling;
    for (; !error && it != last; it.increment(error)) {
        std::error_code ignored;
        if (it->path().filename().string().starts_with(prefix) && !std::filesystem::exists(it->path(), ignored))
            dangling.push_back(it->path());
    }
    for (const auto& link : dangling) std::filesystem::remove(link, error);
    m_gone = true;
    m_timer.cancel();
}

bool PodWorker::stopSandboxes(const Observed& observed) {
    for (const cri::SandboxStatus& sandbox : observed.sandboxes) {
        if (!sandbox.ready && m_over) continue;
        if (auto stopped = m_context.runtime.stopPodSandbox(sandbox.id);
            !stopped && stopped.error().reason != Reason::NotFound) {
            m_context.events.podEvent(*pod(), "", true, "FailedKillPod",
                                      "error killing pod: " + stopped.error().message);
            resyncAfter(kRetry);
            return false;
        }
    }
    return true;
}

corev1::PodStatus PodWorker::statusNow(const Observed& observed) const {
    const auto pod = this->pod();
    const base::WallTime now = m_context.executor.clock().now();
    if (m_refusal) {
        auto status = api::placement::refusedStatus(*pod, *m_refusal, now);
        if (m_status.startTime) status.startTime = m_status.startTime;
        return status;
    }
    // It ended in an earlier life of the agent, which has said everything; or it never was here.
    if (isTerminalPhase(pod->status.phase) && observed.sandboxes.empty() && observed.containers.empty())
        return pod->status;
    const bool nothingRuns = m_ending && !observed.anyRunning();
    corev1::PodStatus status = podStatus({.pod = *pod,
                                          .observed = observed,
                                          .old = m_status,
                                          .probes = m_context.probes.verdicts(pod->metadata.uid),
                                          .failures = m_failures,
                                          .hostIps = m_context.node().hostIps,
                                          .finished = nothingRuns,
                                          .now = now});
    if (m_eviction) {
        status.phase = corev1::PodFailed;
        status.reason = m_eviction->first;
        status.message = m_eviction->second;
    }
    return status;
}

void PodWorker::report(const Observed& observed) {
    corev1::PodStatus status = statusNow(observed);
    const bool changed = !std::exchange(m_everReported, true) || !(status == m_status);
    {
        const std::lock_guard lock(m_mutex);
        m_status = status;
        m_observed = observed;
        m_seen = true;
        if (changed && !m_removed) m_unreported = std::move(status);
        if (!m_unreported) return;
    }
    m_reports.post([self = shared_from_this()] { self->sendStatus(); });
}

void PodWorker::sendStatus() {
    std::shared_ptr<const corev1::Pod> pod;
    std::optional<corev1::PodStatus> status;
    {
        const std::lock_guard lock(m_mutex);
        pod = m_pod;
        status = std::exchange(m_unreported, std::nullopt);
    }
    if (!status) return;  // a later one went already
    const auto updated = m_context.cluster.updateStatus(*pod, *status);
    if (updated || updated.error().reason == Reason::NotFound) return;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_unreported) m_unreported = std::move(status);
    }
    m_strand.post([self = shared_from_this()] { self->resyncAfter(kRetry); });
}

}  // namespace qd::agent::sync
