// What the parts of NodePool share. node_pool.cpp looks, node_pool_create.cpp makes, node_pool_power.cpp starts and
// stops, node_pool_remove.cpp removes.
#pragma once

#include <functional>
#include <set>
#include <utility>

#include "vmnodes/host/inventory.h"
#include "vmnodes/host/node_pool.h"
#include "vmnodes/host/storage.h"

namespace qd::host {

// Tells the caller about steps, with the time since the function began.
class Reporter {
public:
    Reporter(const ProgressHandler& handler, const base::Clock& clock)
        : m_handler(handler), m_clock(clock), m_begin(clock.steady()) {}
    void operator()(Step step, StepState state, const std::string& node = {}, std::string detail = {},
                    double fraction = 0) const {
        if (m_handler) m_handler({step, state, node, m_clock.steady() - m_begin, std::move(detail), fraction});
    }

private:
    const ProgressHandler& m_handler;
    const base::Clock& m_clock;
    base::SteadyTime m_begin;
};

// The reverse of what has been done so far, run backwards unless dismissed.
class UndoList {
public:
    using Action = std::function<Result<void>()>;
    void add(std::string what, Action action) { m_actions.emplace_back(std::move(what), std::move(action)); }
    // Runs everything, also after a failure, and returns the error with what could not be undone.
    Error undo(Error error, const Reporter& report);

private:
    std::vector<std::pair<std::string, Action>> m_actions;
};

struct NodePool::Impl {
    Connection& connection;
    base::Executor& executor;
    ClusterSpec spec;
    NodePoolOptions options;

    const base::Clock& clock() const { return executor.clock(); }
    bool isOurs(const std::optional<Mark>& mark) const {
        return mark && mark->uuid == spec.uuid && mark->cluster == spec.name;
    }

    // The cluster's network; nullopt when there is none; AlreadyExists when one of that name is not the cluster's.
    Result<std::optional<NetworkRecord>> network() const;
    // The cluster's domains, by index. AlreadyExists when one of a name that it needs is not the cluster's.
    Result<std::vector<DomainRecord>> domains() const;
    Result<AddressPlan> chooseFreshAddresses() const;
    NodeIdentity identity(int index, const AddressPlan& plan) const;

    Result<AddressPlan> ensureNetwork(const NodeImage& image, UndoList& undo, const Reporter& report) const;
    Result<void> ensureImages(Storage& storage, const NodeImage& image, const Reporter& report,
                              std::stop_token stop) const;
    Result<void> ensureNode(Storage& storage, const NodeImage& image, const Acceleration& acceleration,
                            const NodeIdentity& node, const AddressPlan& plan, const Configure& configure,
                            UndoList& undo, const Reporter& report) const;
    Result<void> removeNetwork() const;
    Result<void> removeDomain(const DomainRecord& domain) const;
    // Removes the shared images that nobody refers to any more, and the storage pool when it is empty.
    Result<void> collectStorage() const;
};

}  // namespace qd::host
