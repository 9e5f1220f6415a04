#include "vmnodes/agent/network_keeper.h"

#include <atomic>

#include "cluster/base/log.h"
#include "vmnodes/agent/network/cni_config.h"
#include "vmnodes/agent/network/sysctl.h"

namespace qd::agent {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kTogether = 50ms;  // changes that come within this time are made at once
constexpr base::Duration kAwaitPods = 200ms;
constexpr base::Duration kDraining = 5s;
constexpr base::Duration kRetry = 5s;
constexpr base::Duration kLook = 60s;  // against what others change behind our back

}  // namespace

struct NetworkKeeper::State : std::enable_shared_from_this<State> {
    State(base::Executor& theExecutor, AgentSettings theSettings, std::function<NetworkWishes()> theWishes)
        : executor(theExecutor), strand(theExecutor), settings(std::move(theSettings)), wishes(std::move(theWishes)) {}

    base::Executor& executor;
    base::Strand strand;
    const AgentSettings settings;
    const std::function<NetworkWishes()> wishes;
    std::atomic<bool> poked = false;
    std::atomic<bool> configured = false;
    std::mutex mutex;
    bool stopped = false;  // guarded by mutex
    base::Timer timer;     // guarded by mutex
    base::Timer later;     // guarded by mutex

    // On the strand only.
    std::unique_ptr<network::Links> links;
    std::unique_ptr<proxy::Proxy> proxy;
    std::map<std::string, std::string> complaints;  // by what went wrong, so that each is said once
    bool sysctlsDone = false;
    bool served = false;  // the rules are ours, and no longer an earlier agent's

    void schedule(base::Timer& slot, base::Duration delay) {
        const std::lock_guard lock(mutex);
        if (stopped) return;
        slot = executor.postAfter(delay, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->strand.post([self] { self->work(); });
        });
    }

    bool good(const std::string& what, const Result<void>& result) {
        if (result) {
            complaints.erase(what);
            return true;
        }
        if (std::exchange(complaints[what], result.error().message) != result.error().message)
            base::logger("network")->error("{}", result.error().message);
        return false;
    }

    Result<void> setRoutes(const NetworkWishes& now) {
        if (!now.peersKnown) return {};
        if (!links) {
            auto opened = network::Links::open();
            if (!opened) return fail(opened.error());
            links = std::make_unique<network::Links>(std::move(*opened));
        }
        const auto present = links->ownRoutes();
        if (!present) return fail(present.error());
        const auto changes = network::routeChanges(*present, network::routesToPeers(now.peers, settings.nodeName));
        Result<void> first;
        for (const network::Route& route : changes.replace)
            if (auto set = links->replaceRoute(route); !set && first) first = std::move(set);
        for (const network::Route& route : changes.remove)
            if (auto removed = links->deleteRoute(route); !removed && first) first = std::move(removed);
        return first;
    }

    // The first rules replace those of the agent before this one, and must not lack what that one knew.
    bool awaitsPods(const NetworkWishes& now) const { return now.servicesKnown && !served && !now.hostPortsKnown; }

    // Answers whether it is to look again soon.
    Result<bool> setServices(const NetworkWishes& now) {
        if (!proxy) {
            auto opened = proxy::Proxy::open();
            if (!opened) return fail(opened.error());
            proxy = std::move(*opened);
        }
        if (!now.servicesKnown || awaitsPods(now)) return false;
        served = true;
        return proxy->apply(proxy::planProxy(now.services), {settings.clusterCidr, now.podCidr, now.hostPorts});
    }

    void work() {
        poked = false;
        {
            const std::lock_guard lock(mutex);
            if (stopped) return;
        }
        const NetworkWishes now = wishes();
        bool all = true;
        if (!std::exchange(sysctlsDone, true))
            for (const network::Sysctl& sysctl : network::podNetworkSysctls())
                sysctlsDone = good("sysctl " + sysctl.name, network::writeSysctl(sysctl)) && sysctlsDone;
        if (now.podCidr) {
            const auto written = network::writeCniConfiguration({.podCidr = *now.podCidr, .mtu = settings.mtu});
            Result<void> outcome;
            if (!written) outcome = fail(written.error());
            all = good("cni", outcome) && all;
            configured = written.has_value();
        }
        all = good("routes", setRoutes(now)) && all;
        const bool waits = awaitsPods(now);
        const auto drains = setServices(now);
        Result<void> outcome;
        if (!drains) outcome = fail(drains.error());
        all = good("services", outcome) && all;
        schedule(later, waits ? kAwaitPods : !all ? kRetry : *drains ? kDraining : kLook);
    }
};

NetworkKeeper::NetworkKeeper(base::Executor& executor, AgentSettings settings, std::function<NetworkWishes()> wishes)
    : m_state(std::make_shared<State>(executor, std::move(settings), std::move(wishes))) {}

NetworkKeeper::~NetworkKeeper() {
    stop();
}

void NetworkKeeper::poke() {
    if (!m_state->poked.exchange(true)) m_state->schedule(m_state->timer, kTogether);
}

void NetworkKeeper::stop() {
    const std::lock_guard lock(m_state->mutex);
    m_state->stopped = true;
    m_state->timer.cancel();
    m_state->later.cancel();
}

bool NetworkKeeper::isConfigured() const {
    return m_state->configured;
}

}  // namespace qd::agent
