#include "vmnodes/agent/node/node_reporter.h"

#include "cluster/api/types/coordination_v1.h"
#include "cluster/base/log.h"
#include "cluster/client/typed.h"

namespace qd::agent::node {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kHeartbeat = 10s;
constexpr base::Duration kStatusAtLeast = 5min;
constexpr base::Duration kRetry = 1s;
constexpr std::int32_t kLeaseSeconds = 40;
constexpr char kLeaseNamespace[] = "kube-node-lease";

}  // namespace

struct NodeReporter::State : std::enable_shared_from_this<State> {
    State(client::Client& theClient, base::Executor& theExecutor, EventSink* theEvents, NodeSettings theSettings,
          Machine theMachine, std::function<NodeFindings()> theFindings)
        : client(theClient),
          executor(theExecutor),
          strand(theExecutor),
          events(theEvents),
          settings(std::move(theSettings)),
          machine(std::move(theMachine)),
          findings(std::move(theFindings)) {}

    client::Client& client;
    base::Executor& executor;
    base::Strand strand;
    EventSink* events;
    const NodeSettings settings;
    const Machine machine;
    const std::function<NodeFindings()> findings;

    mutable std::mutex mutex;
    std::shared_ptr<const corev1::Node> node;  // guarded by mutex
    base::Timer timer;                         // guarded by mutex
    bool stopped = true;                       // guarded by mutex

    // On the strand only.
    base::SteadyTime statusWritten{};
    std::shared_ptr<const coordinationv1::Lease> lease;
    bool registered = false;

    void beat() {
        {
            const std::lock_guard lock(mutex);
            if (stopped) return;
        }
        bool good = true;
        for (const auto step : {&State::report, &State::renew}) {
            const auto done = (this->*step)();
            if (done) continue;
            base::logger("node")->warn("{}", done.error().message);
            good = false;
        }
        const std::lock_guard lock(mutex);
        if (stopped) return;
        timer = executor.postAfter(good ? kHeartbeat : kRetry, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->strand.post([self] { self->beat(); });
        });
    }

    Result<client::Ptr<corev1::Node>> registeredNode() {
        client::Api<corev1::Node> api(client);
        auto present = api.get("", settings.name);
        if (present || present.error().reason != Reason::NotFound) return present;
        corev1::Node fresh = newNode(settings);
        fillStatus(settings, machine, findings(), executor.clock().now(), fresh);
        auto created = api.create(fresh);
        if (!created && created.error().reason == Reason::AlreadyExists) return api.get("", settings.name);
        return created;
    }

    Result<void> report() {
        auto present = registeredNode();
        if (!present) return fail(present.error().within("cannot register the node"));
        client::Api<corev1::Node> api(client);
        if (!registered) {
            corev1::Node changed = **present;
            if (reconcileMetadata(settings, changed)) {
                present = api.update(changed);
                if (!present) return fail(present.error().within("cannot label the node"));
            }
            registered = true;
            if (events != nullptr) events->nodeEvent(false, "Starting", "Starting kubelet.");
        }
        corev1::Node changed = **present;
        fillStatus(settings, machine, findings(), executor.clock().now(), changed);
        const base::SteadyTime now = executor.clock().steady();
        const bool due = statusWritten == base::SteadyTime{} || now - statusWritten >= kStatusAtLeast;
        if (due || differs(changed.status, (*present)->status)) {
            const bool readyBefore = isReady((*present)->status), readyNow = isReady(changed.status);
            auto written = api.updateStatus(changed);
            if (!written && written.error().reason == Reason::Conflict)
                return fail(written.error());  // tried again at once
            if (!written) return fail(written.error().within("cannot write the node's status"));
            statusWritten = now;
            present = std::move(written);
            if (events != nullptr && readyBefore != readyNow)
                events->nodeEvent(
                    false, readyNow ? "NodeReady" : "NodeNotReady",
                    "Node " + settings.name + " status is now: " + (readyNow ? "NodeReady" : "NodeNotReady"));
        }
        const std::lock_guard lock(mutex);
        node = *present;
        return {};
    }

    Result<void> renew() {
        client::Api<coordinationv1::Lease> api(client);
        const api::MicroTime now(executor.clock().now());
        if (!lease) {
            auto present = api.get(kLeaseNamespace, settings.name);
            if (!present && present.error().reason == Reason::NotFound) {
                const auto owner = currentNode();
                coordinationv1::Lease fresh;
                fresh.metadata.name = settings.name;
                fresh.metadata.namespace_ = kLeaseNamespace;
                fresh.spec.holderIdentity = settings.name;
                fresh.spec.leaseDurationSeconds = kLeaseSeconds;
                fresh.spec.renewTime = now;
                if (owner) {
                    auto& reference = fresh.metadata.ownerReferences.emplace_back();
                    reference.apiVersion = "v1";
                    reference.kind = "Node";
                    reference.name = owner->metadata.name;
                    reference.uid = owner->metadata.uid;
                }
                present = api.create(fresh);
            }
            if (!present) return fail(present.error().within("cannot make the node's Lease"));
            lease = *present;
        }
        coordinationv1::Lease changed = *lease;
        changed.spec.holderIdentity = settings.name;
        changed.spec.leaseDurationSeconds = kLeaseSeconds;
        changed.spec.renewTime = now;
        auto written = api.update(changed);
        if (!written) {
            lease.reset();  // read anew
            return fail(written.error().within("cannot renew the node's Lease"));
        }
        lease = *written;
        return {};
    }

    std::shared_ptr<const corev1::Node> currentNode() const {
        const std::lock_guard lock(mutex);
        return node;
    }
};

NodeReporter::NodeReporter(client::Client& client, base::Executor& executor, EventSink* events, NodeSettings settings,
                           Machine machine, std::function<NodeFindings()> findings)
    : m_state(std::make_shared<State>(client, executor, events, std::move(settings), std::move(machine),
                                      std::move(findings))) {}

NodeReporter::~NodeReporter() {
    stop();
}

void NodeReporter::start() {
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->stopped = false;
    }
    poke();
}

void NodeReporter::poke() {
    m_state->strand.post([state = m_state] { state->beat(); });
}

void NodeReporter::stop() {
    const std::lock_guard lock(m_state->mutex);
    m_state->stopped = true;
    m_state->timer.cancel();
}

std::shared_ptr<const corev1::Node> NodeReporter::node() const {
    return m_state->currentNode();
}

}  // namespace qd::agent::node
