#include <fmt/format.h>

#include <algorithm>

#include "vmnodes/host/libvirt_error.h"
#include "vmnodes/host/node_pool_impl.h"
#include "vmnodes/host/state_watch.h"

namespace qd::host {
namespace {

// A guest that has not yet loaded its power button's driver misses the press, so it is pressed again.
constexpr base::Duration kPressAgain = std::chrono::seconds(5);

bool isOff(DomainState state) {
    return state == DomainState::Shutoff || state == DomainState::Saved || state == DomainState::Crashed;
}

std::string nodeOf(const DomainRecord& domain) {
    return nodeName(domain.mark->index);
}

// Restores a saved domain, starts one that is off, resumes one that is paused.
Result<void> bringUp(const DomainRecord& domain, UndoList& undo) {
    if (domain.state == DomainState::Paused) {
        if (virDomainResume(domain.handle.get()) != 0)
            return fail(lastLibvirtError("resuming the domain " + domain.name));
        return {};
    }
    if (virDomainCreate(domain.handle.get()) != 0) return fail(lastLibvirtError("starting the domain " + domain.name));
    undo.add("the start of " + domain.name, [&domain]() -> Result<void> {
        // What was restored is saved again: ending it would lose its memory.
        const bool saved = domain.state == DomainState::Saved && virDomainManagedSave(domain.handle.get(), 0) == 0;
        if (!saved && virDomainIsActive(domain.handle.get()) == 1 && virDomainDestroy(domain.handle.get()) != 0) {
            return fail(lastLibvirtError("switching off the domain " + domain.name));
        }
        return {};
    });
    return {};
}

// Presses the power button of every running domain until all are off, the deadline passes or it is cancelled.
Result<StateWatch::Outcome> pressPowerButtons(const std::vector<DomainRecord*>& running, StateWatch& watch,
                                              const base::Clock& clock, base::SteadyTime deadline, std::stop_token stop,
                                              const Reporter& report) {
    const auto allOff = [&]() -> Result<bool> {
        bool off = true;
        for (DomainRecord* domain : running) {
            if (isOff(domain->state)) continue;
            const auto state = observe(domain->handle.get());
            if (!state) return fail(state.error());
            domain->state = *state;
            if (isOff(*state)) report(Step::Stop, StepState::Done, nodeOf(*domain), "ended by itself");
            off = off && isOff(*state);
        }
        return off;
    };
    for (;;) {
        for (const DomainRecord* domain : running) {
            // Refused when the guest ends just now: the next look tells.
            if (!isOff(domain->state)) virDomainShutdownFlags(domain->handle.get(), VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN);
        }
        const auto outcome = watch.waitUntil(allOff, std::min(deadline, clock.steady() + kPressAgain), stop);
        if (!outcome || *outcome != StateWatch::Outcome::DeadlinePassed || clock.steady() >= deadline) return outcome;
    }
}

}  // namespace

Result<void> NodePool::start(const ProgressHandler& progress, std::stop_token stop) {
    const Reporter report(progress, m_impl->clock());
    const auto network = m_impl->network();
    if (!network) return fail(network.error());
    if (!*network)
        return fail(Reason::NotFound,
                    fmt::format("the cluster \"{}\" has no machines; create them first", m_impl->spec.name));
    // Neither starts by itself after the host did.
    if (!(*network)->active && virNetworkCreate((*network)->handle.get()) != 0) {
        return fail(lastLibvirtError("starting the network " + (*network)->name));
    }
    if (const auto storage = Storage::find(m_impl->connection, m_impl->options.storagePool); !storage)
        return fail(storage.error());
    const auto domains = m_impl->domains();
    if (!domains) return fail(domains.error());

    UndoList undo;
    for (const DomainRecord& domain : *domains) {
        if (stop.stop_requested())
            return fail(undo.undo(cancelled("starting the cluster \"" + m_impl->spec.name + "\""), report));
        if (domain.state == DomainState::Running) continue;
        const Step step = domain.state == DomainState::Saved ? Step::Restore : Step::Start;
        report(step, StepState::Started, nodeOf(domain));
        if (const auto up = bringUp(domain, undo); !up) {
            report(step, StepState::Failed, nodeOf(domain), up.error().message);
            return fail(undo.undo(up.error(), report));
        }
        const auto state = observe(domain.handle.get());
        if (!state) return fail(undo.undo(state.error(), report));
        report(step, StepState::Done, nodeOf(domain), std::string(domainStateName(*state)));
    }
    return {};
}

Result<void> NodePool::stop(const ProgressHandler& progress, std::stop_token stop) {
    const Reporter report(progress, m_impl->clock());
    auto domains = m_impl->domains();
    if (!domains) return fail(domains.error());
    StateWatch watch(m_impl->connection, m_impl->executor);
    std::vector<DomainRecord*> running;
    for (DomainRecord& domain : *domains) {
        if (virDomainHasManagedSaveImage(domain.handle.get(), 0) == 1 &&
            virDomainManagedSaveRemove(domain.handle.get(), 0) != 0) {
            return fail(lastLibvirtError("dropping the saved state of the domain " + domain.name));
        }
        if (isOff(domain.state)) continue;
        if (domain.state == DomainState::Paused) virDomainResume(domain.handle.get());
        report(Step::Stop, StepState::Started, nodeOf(domain));
        running.push_back(&domain);
    }
    const auto deadline = m_impl->clock().steady() + m_impl->options.shutdownDeadline;
    const auto outcome = pressPowerButtons(running, watch, m_impl->clock(), deadline, stop, report);
    if (!outcome) return fail(outcome.error());
    if (*outcome == StateWatch::Outcome::Cancelled)
        return fail(cancelled("stopping the cluster \"" + m_impl->spec.name + "\""));
    for (const DomainRecord* domain : running) {
        if (isOff(domain->state)) continue;
        if (virDomainDestroy(domain->handle.get()) != 0 && virDomainIsActive(domain->handle.get()) == 1) {
            return fail(lastLibvirtError("switching off the domain " + domain->name));
        }
        report(Step::Stop, StepState::Done, nodeOf(*domain), "switched off: it did not shut down in time");
    }
    return {};
}

Result<void> NodePool::save(const ProgressHandler& progress, std::stop_token stop) {
    const Reporter report(progress, m_impl->clock());
    const auto domains = m_impl->domains();
    if (!domains) return fail(domains.error());
    for (const DomainRecord& domain : *domains) {
        if (isOff(domain.state)) continue;
        if (stop.stop_requested()) return fail(cancelled("saving the cluster \"" + m_impl->spec.name + "\""));
        report(Step::Save, StepState::Started, nodeOf(domain));
        if (virDomainManagedSave(domain.handle.get(), VIR_DOMAIN_SAVE_RUNNING) != 0) {
            return fail(lastLibvirtError("saving the domain " + domain.name));
        }
        report(Step::Save, StepState::Done, nodeOf(domain));
    }
    return {};
}

}  // namespace qd::host
