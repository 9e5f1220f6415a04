#include "app/cluster/readiness.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/coordination_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/client/typed.h"
#include "vmnodes/host/node_pool.h"

namespace qd::cluster {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kLookAtConsoles = 1s;
constexpr std::size_t kShownLines = 40;
constexpr std::string_view kMark = "quarterdeck: ";
constexpr const char* kDnsStep = "dns";

bool isReady(const corev1::Node& node) {
    return std::ranges::any_of(node.status.conditions, [](const corev1::NodeCondition& condition) {
        return condition.type == "Ready" && condition.status == "True";
    });
}

std::string whyNotReady(const corev1::Node* node) {
    if (node == nullptr) return "its Node object is gone";
    for (const corev1::NodeCondition& condition : node->status.conditions)
        if (condition.type == "Ready") return fmt::format("{}: {}", condition.reason, condition.message);
    return "it has not reported a status";
}

base::Failure cancelled() { return fail({Reason::Timeout, "cancelled", {}, {}, host::kCancelledCode}); }

}  // namespace

void Signal::raise() {
    {
        std::lock_guard lock(m_mutex);
        m_isRaised = true;
    }
    m_raised.notify_all();
}

void Signal::wait(base::Duration atMost, std::stop_token stop) {
    std::unique_lock lock(m_mutex);
    m_raised.wait_for(lock, stop, atMost, [this] { return m_isRaised; });
    m_isRaised = false;
}

BootState readConsole(std::string_view console) {
    BootState state;
    for (auto at = console.find(kMark); at != console.npos; at = console.find(kMark, at + 1)) {
        std::string_view line = console.substr(at + kMark.size());
        line = line.substr(0, line.find_first_of("\r\n"));
        if (line.starts_with("failed: ")) {
            state.failure = line.substr(8);
        } else if (const auto space = line.find(' '); space != line.npos) {
            state.stage = line.substr(space + 1);
            if (state.stage == "containerd") state.booted = true;
            if (state.stage == "root") state = {.booted = false, .failure = {}, .stage = state.stage};  // booted anew
        }
    }
    return state;
}

std::string lastLines(std::string_view text, std::size_t lines) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    std::size_t at = text.size();
    while (lines-- > 0 && at != text.npos && at > 0) at = text.rfind('\n', at - 1);
    return std::string(at == text.npos || at == 0 ? text : text.substr(at + 1));
}

struct Readiness::Progress {
    bool booted = false;
    bool registered = false;
    bool ready = false;
};

Readiness::Readiness(client::Client& client, base::Executor& executor, Steps& steps, WaitLimits limits,
                     std::stop_token stop)
    : m_executor(executor),
      m_steps(steps),
      m_limits(limits),
      m_stop(std::move(stop)),
      m_nodes(client, client::resourceOf<corev1::Node>(), executor, {}),
      m_leases(client, client::resourceOf<coordinationv1::Lease>(), executor,
               {.ns = "kube-node-lease", .fieldSelector = {}, .labelSelector = {}}),
      m_deployments(client, client::resourceOf<appsv1::Deployment>(), executor,
                    {.ns = "kube-system", .fieldSelector = {}, .labelSelector = {}}) {
    const auto raise = [this](const api::ObjectPtr&, const api::ObjectPtr&) { m_signal.raise(); };
    m_nodes.addHandler(raise);
    m_deployments.addHandler(raise);
    // What the first list brings is from before.
    m_leases.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (!now || (!old && !m_leases.synced())) return;
        {
            std::lock_guard lock(m_mutex);
            m_renewed.insert(now->metadata.name);
        }
        m_signal.raise();
    });
    m_nodes.start();
    m_leases.start();
    m_deployments.start();
}

Readiness::~Readiness() {
    m_nodes.stop();
    m_leases.stop();
    m_deployments.stop();
}

bool Readiness::heardFrom(const std::string& node) const {
    std::lock_guard lock(m_mutex);
    return m_renewed.contains(node);
}

Result<void> Readiness::look(const std::string& node, Progress& progress, const ConsoleReader& console) {
    if (!progress.booted) {
        const auto text = console(node);
        if (!text) return fail(text.error());
        const BootState state = readConsole(*text);
        if (!state.failure.empty()) {
            Error error{Reason::InternalError, fmt::format("{} did not boot: {}", node, state.failure)};
            m_steps.failed(node + "/booted", error, "Look at what the node wrote; create the cluster again.",
                           lastLines(*text, kShownLines));
            return fail(std::move(error));
        }
        progress.booted = state.booted;
        if (state.booted) {
            m_steps.done(node + "/booted");
            m_steps.begin(node + "/registered", node + " registered");
        }
    }
    const auto object = client::Lister<corev1::Node>(m_nodes).get("", node);
    if (progress.booted && !progress.registered && heardFrom(node)) {
        progress.registered = true;
        m_steps.done(node + "/registered", object ? object->status.nodeInfo.kubeletVersion : std::string());
        m_steps.begin(node + "/ready", node + " Ready");
    }
    if (progress.registered && !progress.ready && object && isReady(*object)) {
        progress.ready = true;
        m_steps.done(node + "/ready");
    }
    return {};
}

Result<void> Readiness::waitForNodes(const std::vector<std::string>& nodes, const ConsoleReader& console) {
    const auto deadline = m_executor.clock().steady() + m_limits.node;
    std::map<std::string, Progress> all;
    for (const std::string& node : nodes) m_steps.begin(node + "/booted", node + " booted");
    for (;;) {
        bool complete = true;
        for (const std::string& node : nodes) {
            if (auto looked = look(node, all[node], console); !looked) return looked;
            complete = complete && all[node].ready;
        }
        if (complete) return {};
        const auto late = std::ranges::find_if(nodes, [&](const std::string& node) { return !all[node].ready; });
        const Progress& progress = all[*late];
        const char* missing = !progress.booted ? "booted" : !progress.registered ? "registered" : "ready";
        const auto object = client::Lister<corev1::Node>(m_nodes).get("", *late);
        Error error{Reason::Timeout,
                    fmt::format("{} is not {} after {} s{}", *late, missing,
                                std::chrono::duration_cast<std::chrono::seconds>(m_limits.node).count(),
                                progress.registered ? " (" + whyNotReady(object.get()) + ")" : "")};
        if (m_stop.stop_requested()) return cancelled();
        if (m_executor.clock().steady() >= deadline) {
            m_steps.failed(*late + "/" + missing, error,
                           "Look at what the node wrote. With fewer or smaller nodes the machine may be fast enough.",
                           lastLines(console(*late).value_or(""), kShownLines));
            return fail(std::move(error));
        }
        m_signal.wait(kLookAtConsoles, m_stop);
    }
}

Result<void> Readiness::waitForDns() {
    const auto deadline = m_executor.clock().steady() + m_limits.dns;
    std::string shown;
    for (;;) {
        const auto coredns = client::Lister<appsv1::Deployment>(m_deployments).get("kube-system", "coredns");
        if (coredns) {
            const int wanted = coredns->spec.replicas.value_or(1);
            const int ready = coredns->status.readyReplicas;
            const std::string detail = fmt::format("{} of {} replicas ready", ready, wanted);
            if (ready >= wanted && coredns->status.observedGeneration >= coredns->metadata.generation) {
                m_steps.done(kDnsStep, detail);
                return {};
            }
            if (shown != detail) m_steps.progress(kDnsStep, shown = detail, static_cast<double>(ready) / wanted);
        }
        Error late{Reason::Timeout,
                   fmt::format("the cluster's DNS is not ready after {} s ({})",
                                     std::chrono::duration_cast<std::chrono::seconds>(m_limits.dns).count(),
                                     shown.empty() ? "there is no Deployment coredns" : shown)};
        if (m_stop.stop_requested()) return cancelled();
        if (m_executor.clock().steady() >= deadline) {
            m_steps.failed(kDnsStep, late, "Look at the Pods of kube-system and their events.");
            return fail(std::move(late));
        }
        m_signal.wait(1s, m_stop);
    }
}

}  // namespace qd::cluster
