#include "vmnodes/hollow/hollow_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "cluster/api/placement/advertised_resources.h"
#include "cluster/base/log.h"
#include "cluster/client/write_scope.h"
#include "vmnodes/hollow/pod_status.h"

namespace qd::hollow {
namespace {

constexpr base::Duration kRetry = std::chrono::milliseconds(500);
constexpr base::Duration kLongestRetry = std::chrono::seconds(10);
constexpr base::Duration kWaitForPodCidr = std::chrono::seconds(5);
constexpr base::Duration kWaitForPods = std::chrono::milliseconds(50);
constexpr int kConflicts = 3;  // answered at once before a pause

std::uint64_t revisionOf(const api::Object& object) {
    std::uint64_t revision = 0;
    const std::string& text = object.metadata.resourceVersion;
    std::from_chars(text.data(), text.data() + text.size(), revision);
    return revision;
}

// Addresses of machines that do not exist, out of a range that is for documentation or benchmarks (RFC 2544).
std::string machineAddress(unsigned index) { return fmt::format("198.18.{}.{}", (index / 250) % 256, index % 250 + 1); }

bool isOver(const corev1::Pod& pod) { return pod.status.phase == "Succeeded" || pod.status.phase == "Failed"; }

base::Duration within(base::Duration most, base::Random& random) {
    return base::Duration(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(std::max<std::int64_t>(1, most.count())))));
}

// Nodes whose turns are close take them together: one wake-up and one write to disk for all of them.
base::Duration untilHeartbeat(base::Duration interval, base::SteadyTime now) {
    const base::Duration step = std::max(interval / 10, base::Duration(1));
    const base::Duration due = now.time_since_epoch() + interval;
    return interval - due % step;
}

}  // namespace

HollowNode::HollowNode(Surroundings around, std::string name, unsigned index)
    : m_around(std::move(around)), m_name(std::move(name)), m_index(index), m_address(machineAddress(index)), m_events(m_around.client, m_around.executor, m_name), m_volumes(m_around.client, m_around.executor, m_around.volumes, m_events, m_name) {}

bool HollowNode::registerNode() {
    const base::WallTime now = m_around.clock.now();
    client::Api<corev1::Node> nodes(m_around.client);
    auto known = nodes.get("", m_name);
    if (!known && known.error().reason == Reason::NotFound) known = nodes.create(nodeObject(m_name, m_address, m_around.options.capacity, now));
    if (!known) {
        base::logger("hollow")->debug("registering {}: {}", m_name, known.error().message);
        return false;
    }
    m_node = *known;
    m_registered = m_around.clock.steady();
    reportStatus();
    return m_volumes.registerDriver(*m_node);
}

void HollowNode::begin(base::SteadyTime begun) {
    m_begun = begun;
    join();
}

void HollowNode::join() {
    const client::WriteScope unawaited;  // what is lost is found missing at the next heartbeat
    if (!registerNode()) {
        m_heartbeat = m_around.later(kRetry + within(kRetry, m_around.random), [this] { join(); });
        return;
    }
    renewLease();
    followScript();
    // Not all at once.
    m_heartbeat = m_around.later(within(m_around.options.heartbeat, m_around.random), [this] { heartbeat(); });
}

void HollowNode::followScript() {
    if (!m_around.options.script || !m_node) {
        for (auto& [uid, entry] : m_pods) sync(entry);
        return;
    }
    const auto was = std::exchange(m_scripted, m_around.options.script->node(m_name, m_around.clock.steady() - m_begun));
    if (m_scripted.ready != was.ready) setReady(m_scripted.ready);
    if (m_scripted.contact != was.contact) setContact(m_scripted.contact);
    for (auto& [uid, entry] : m_pods) sync(entry);
}

RunPlan HollowNode::planFor(const corev1::Pod& pod) const {
    RunPlan plan = planOf(pod, m_around.options.timing);
    if (m_around.options.adjust) m_around.options.adjust(pod, plan);
    if (m_around.options.script) m_around.options.script->tell(pod, m_around.clock.steady() - m_begun, plan);
    return plan;
}

void HollowNode::heartbeat() {
    const client::WriteScope unawaited;
    if (m_contact) {
        renewLease();
        corev1::NodeStatus advertised = m_node->status;
        if (m_around.clock.steady() - m_reported >= m_around.options.statusReport || api::offerAdvertised(advertised)) reportStatus();
        reportVolumes();  // when it could not be said at once
    }
    m_heartbeat = m_around.later(untilHeartbeat(m_around.options.heartbeat, m_around.clock.steady()), [this] { heartbeat(); });
}

void HollowNode::renewLease() {
    client::Api<coordinationv1::Lease> leases(m_around.client);
    const base::WallTime now = m_around.clock.now();
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (!m_lease) {
            auto found = leases.get("kube-node-lease", m_name);
            if (!found && found.error().reason == Reason::NotFound) found = leases.create(leaseObject(*m_node, now));
            if (!found) return;  // the next heartbeat tries again
            m_lease = *found;
        }
        auto renewed = *m_lease;
        renewed.spec.renewTime = api::MicroTime(now);
        if (auto written = leases.update(renewed)) {
            m_lease = *written;
            return;
        }
        m_lease = nullptr;
    }
}

void HollowNode::reportStatus() {
    const base::WallTime now = m_around.clock.now();
    client::Api<corev1::Node> nodes(m_around.client);
    for (int attempt = 0; attempt < kConflicts; ++attempt) {
        const corev1::Node wanted = nodeObject(m_name, m_address, m_around.options.capacity, now);
        auto node = *m_node;
        for (const auto& [name, amount] : wanted.status.capacity) node.status.capacity[name] = amount;
        for (const auto& [name, amount] : wanted.status.allocatable) node.status.allocatable[name] = amount;
        api::offerAdvertised(node.status);
        node.status.addresses = wanted.status.addresses;
        node.status.nodeInfo = wanted.status.nodeInfo;
        node.status.daemonEndpoints = wanted.status.daemonEndpoints;
        node.status.volumesInUse = m_volumes.inUse();
        reportNode(node, m_ready, now);
        auto written = nodes.updateStatus(node);
        if (written) {
            m_node = *written;
            m_reported = m_around.clock.steady();
            return;
        }
        if (written.error().reason != Reason::Conflict) return;
        auto newest = nodes.get("", m_name);
        if (!newest) return;
        m_node = *newest;
    }
}

void HollowNode::nodeSeen(const client::Ptr<corev1::Node>& node) {
    if (!m_node || revisionOf(*node) <= revisionOf(*m_node)) return;
    m_node = node;
    for (auto& [uid, entry] : m_pods)
        if (m_volumes.isWaiting(uid)) sync(entry);
}

AddressPool* HollowNode::pool() {
    std::string cidr = m_node ? m_node->spec.podCIDR : "";
    if (cidr.empty()) {
        // Nobody hands out parts of the Pod network: one of its own choice.
        if (m_around.clock.steady() - m_registered < kWaitForPodCidr) return nullptr;
        cidr = fmt::format("10.{}.{}.0/24", 128 + (m_index / 256) % 64, m_index % 256);
    }
    if (m_pool && m_poolCidr == cidr) return &*m_pool;
    auto made = AddressPool::of(cidr);
    if (!made) {
        base::logger("hollow")->warn("{}: {}", m_name, made.error().message);
        return nullptr;
    }
    m_pool = std::move(*made);
    m_poolCidr = cidr;
    for (const auto& [uid, entry] : m_pods) {
        if (!entry.run.address.empty()) m_pool->mark(entry.run.address);
    }
    return &*m_pool;
}

void HollowNode::podSeen(const client::Ptr<corev1::Pod>& pod) {
    const auto [place, fresh] = m_pods.try_emplace(pod->metadata.uid);
    HollowPod& entry = place->second;
    if (fresh) {
        entry.run = resumed(*pod, Moment::now(m_around.clock));
        entry.taken = pod->status.startTime || isOver(*pod);  // it was here before
        if (m_pool && !entry.run.address.empty()) m_pool->mark(entry.run.address);
    }
    if (!entry.pod || revisionOf(*pod) > revisionOf(*entry.pod)) entry.pod = pod;
    sync(entry);
}

void HollowNode::podGone(const std::string& uid) {
    const auto found = m_pods.find(uid);
    if (found == m_pods.end()) return;
    if (m_pool && !found->second.run.address.empty()) m_pool->release(found->second.run.address);
    m_pods.erase(found);
    unmountVolumes(uid);
}

void HollowNode::setContact(bool contact) {
    if (m_contact == contact) return;
    m_contact = contact;
    if (!contact || !m_node) return;
    renewLease();
    reportStatus();
    for (auto& [uid, entry] : m_pods) sync(entry);
}

void HollowNode::setReady(bool ready) {
    m_ready = ready;
    if (m_contact && m_node) reportStatus();
}

void HollowNode::setPodReady(const std::string& uid, bool ready) {
    const auto found = m_pods.find(uid);
    if (found == m_pods.end()) return;
    found->second.run.setReadinessFails(!ready);
    sync(found->second);
}

void HollowNode::claimChanged(const std::string& uid) {
    const auto found = m_pods.find(uid);
    if (found == m_pods.end() || !m_contact || !m_node) return;
    if (m_volumes.isWaiting(uid)) return sync(found->second);
    if (!m_volumes.grow(*found->second.pod)) {
        found->second.growing = m_around.later(kRetry, [this, uid] { claimChanged(uid); });
    }
}

bool HollowNode::mountVolumes(HollowPod& entry) {
    const bool mounted = m_volumes.mount(*entry.pod, *m_node);
    if (mounted) claimChanged(entry.pod->metadata.uid);
    reportVolumes();
    return mounted;
}

void HollowNode::unmountVolumes(const std::string& uid) {
    m_volumes.unmount(uid);
    if (m_node && m_contact) reportVolumes();
}

void HollowNode::reportVolumes() {
    if (m_node->status.volumesInUse != m_volumes.inUse()) reportStatus();
}

void HollowNode::again(HollowPod& entry, base::Duration delay) {
    entry.timer = m_around.later(delay, [this, uid = entry.pod->metadata.uid] {
        if (const auto found = m_pods.find(uid); found != m_pods.end()) sync(found->second);
    });
}

void HollowNode::retry(HollowPod& entry) {
    const int doublings = std::min(entry.failures++, 5);
    again(entry, std::min(kLongestRetry, kRetry * (1 << doublings)));
}

void HollowNode::tell(const corev1::Pod& pod, const std::vector<PodEvent>& events) {
    for (const auto& event : events) m_events.event(pod, event.type, event.reason, event.message, event.fieldPath);
}

bool HollowNode::write(HollowPod& entry, const corev1::PodStatus& status) {
    const client::WriteScope unawaited;  // a status that is lost makes the next one conflict
    client::Api<corev1::Pod> pods(m_around.client);
    const client::CauseScope cause(revisionOf(*entry.pod));
    auto changed = *entry.pod;
    changed.status = status;
    auto written = pods.updateStatus(changed);
    if (written) {
        tell(*entry.pod, eventsOf(*entry.pod, status));
        entry.pod = *written;
        entry.failures = 0;
        return true;
    }
    if (written.error().reason == Reason::NotFound) {
        entry.removed = true;  // the informer will say so
        return false;
    }
    if (written.error().reason == Reason::Conflict && entry.failures < kConflicts) {
        auto newest = pods.get(entry.pod->metadata.namespace_, entry.pod->metadata.name);
        if (newest && (*newest)->metadata.uid == entry.pod->metadata.uid) {
            entry.pod = *newest;
            ++entry.failures;
            again(entry, base::Duration(0));
            return false;
        }
    }
    retry(entry);
    return false;
}

void HollowNode::stop(HollowPod& entry) {
    const Moment now = Moment::now(m_around.clock);
    const RunPlan plan = planFor(*entry.pod);
    const bool atOnce = entry.run.ended() || entry.run.step == PodRun::Step::Creating;
    const base::SteadyTime stopAt = atOnce ? now.steady : now.steady + stopTakes(entry.run, plan);
    // A grace period may still be shortened, never made longer.
    entry.stopAt = entry.stopAt ? std::min(*entry.stopAt, stopAt) : stopAt;
    if (*entry.stopAt > now.steady) return again(entry, *entry.stopAt - now.steady);
    hollow::stop(entry.run, plan, *entry.pod, now);
    if (!isOver(*entry.pod)) {
        const corev1::PodStatus last = statusNow(entry, now.wall);
        if (last != entry.pod->status && !write(entry, last)) return;
    }
    unmountVolumes(entry.pod->metadata.uid);
    const client::CauseScope cause(revisionOf(*entry.pod));
    client::DeleteOptions options;
    options.gracePeriodSeconds = 0;
    options.uid = entry.pod->metadata.uid;
    const auto removed = client::Api<corev1::Pod>(m_around.client).remove(entry.pod->metadata.namespace_, entry.pod->metadata.name, options);
    if (removed || removed.error().reason == Reason::NotFound || removed.error().reason == Reason::Conflict) {
        entry.removed = true;
    } else {
        retry(entry);
    }
}

corev1::PodStatus HollowNode::statusNow(const HollowPod& entry, base::WallTime now) const {
    if (entry.refusal) return api::placement::refusedStatus(*entry.pod, *entry.refusal, now);
    return statusOf(*entry.pod, entry.run, m_around.options.timing, m_address, now);
}

api::placement::PodNeeds HollowNode::taken() {
    api::placement::PodNeeds sum;
    for (auto& [uid, entry] : m_pods) {
        if (!entry.taken || entry.removed || isOver(*entry.pod)) continue;
        if (const auto revision = revisionOf(*entry.pod); entry.measured != revision) {
            entry.needs = api::placement::needsOf(*entry.pod);
            entry.measured = revision;
        }
        sum += entry.needs;
    }
    return sum;
}

void HollowNode::admit(HollowPod& entry) {
    const base::SteadyTime now = m_around.clock.steady();
    const auto node = m_node;  // a newer one may take its place meanwhile
    const auto newer = [this]() -> client::Ptr<corev1::Node> {
        auto newest = client::Api<corev1::Node>(m_around.client).get("", m_name);
        if (!newest || revisionOf(**newest) <= revisionOf(*m_node)) return nullptr;
        return m_node = *newest;
    };
    auto [refusal, wait] = api::placement::decide(*entry.pod, *node, taken(), m_pace, now, newer);
    if (wait > base::Duration(0)) {
        m_admission = m_around.later(wait, [this] { admitWaiting(); });
        return;
    }
    entry.taken = !refusal;
    if (!refusal) return;
    m_pace.spend(now);
    m_events.event(*entry.pod, "Warning", refusal->reason, refusal->message);
    entry.run.step = PodRun::Step::Failed;
    entry.refusal = std::move(refusal);
}

void HollowNode::admitWaiting() {
    if (!m_contact || !m_node) return;
    if (!m_open) {
        // What is done later on the strand comes after all podSeen() that were asked for before.
        const bool known = m_around.podsKnown();
        m_admission = m_around.later(known ? base::Duration(0) : kWaitForPods, [this, known] {
            m_open = known;
            admitWaiting();
        });
        return;
    }
    std::vector<HollowPod*> waiting;
    for (auto& [uid, entry] : m_pods) {
        const bool open = !entry.taken && !entry.refusal && !entry.removed;
        if (open && !entry.pod->metadata.deletionTimestamp) waiting.push_back(&entry);
    }
    std::ranges::sort(waiting, [](const HollowPod* a, const HollowPod* b) { return api::placement::comesBefore(*a->pod, *b->pod); });
    for (HollowPod* entry : waiting) {
        admit(*entry);
        if (entry->taken || entry->refusal) sync(*entry);
    }
}

void HollowNode::sync(HollowPod& entry) {
    if (!m_contact || !m_node || entry.removed) return;
    if (entry.pod->metadata.deletionTimestamp) return stop(entry);
    if (!entry.taken && !entry.refusal) return admitWaiting();
    const Moment now = Moment::now(m_around.clock);
    const Timing& timing = m_around.options.timing;
    const RunPlan plan = planFor(*entry.pod);
    if (isOver(*entry.pod)) {
        // It said so itself, or somebody else has: then what runs is stopped, and there is nothing to report.
        hollow::stop(entry.run, plan, *entry.pod, now);
        unmountVolumes(entry.pod->metadata.uid);
        return;
    }
    if (entry.refusal) return (void)write(entry, statusNow(entry, now.wall));
    if (entry.run.address.empty() && !entry.pod->spec.hostNetwork && !entry.run.ended()) {
        AddressPool* addresses = pool();
        entry.run.address = addresses ? addresses->take() : "";
        if (entry.run.address.empty()) {
            entry.run.since = now;  // its containers cannot be made yet
            if (!entry.pod->status.startTime) (void)write(entry, statusOf(*entry.pod, entry.run, timing, m_address, now.wall));
            return again(entry, kRetry);
        }
    }
    if (!entry.run.ended() && !mountVolumes(entry) && entry.run.step == PodRun::Step::Creating) {
        entry.run.since = now;
        if (!entry.pod->status.startTime) (void)write(entry, statusOf(*entry.pod, entry.run, timing, m_address, now.wall));
        return again(entry, kRetry);
    }
    const auto next = advance(entry.run, plan, *entry.pod, timing, now);
    const corev1::PodStatus status = statusOf(*entry.pod, entry.run, timing, m_address, now.wall);
    if (status != entry.pod->status && !write(entry, status)) return;
    if (entry.run.ended()) unmountVolumes(entry.pod->metadata.uid);
    if (next) again(entry, std::max<base::Duration>(base::Duration(0), std::chrono::duration_cast<base::Duration>(*next - now.steady)));
}

}  // namespace qd::hollow
