#include "vmnodes/host/node_pool.h"

#include <fmt/format.h>

#include <algorithm>

#include "vmnodes/host/libvirt_error.h"
#include "vmnodes/host/metadata.h"
#include "vmnodes/host/node_pool_impl.h"

namespace qd::host {
namespace {

Error notOurs(std::string_view kind, const std::string& name, const std::string& cluster) {
    return {Reason::AlreadyExists, fmt::format("libvirt has a {} named {} that does not belong to the cluster \"{}\"; "
                                               "choose another cluster name, or remove it yourself",
                                               kind, name, cluster)};
}

NodeIdentity identityOf(const std::string& uuid, int index, const AddressPlan& plan) {
    return {nodeName(index), index, macAddress(uuid, index), plan.node(index), plan.podsOf(index).toString()};
}

Result<PoolStatus> statusOf(const NetworkRecord& network, const std::vector<DomainRecord>& domains) {
    const auto plan = parsePlan(network.mark->cidrs);
    if (!plan) return fail(plan.error().within(network.name));
    PoolStatus status{network.mark->cluster, network.mark->uuid, network.active, *plan, {}};
    for (const DomainRecord& domain : domains) {
        if (!domain.mark || domain.mark->uuid != status.uuid) continue;
        status.nodes.push_back({identityOf(status.uuid, domain.mark->index, *plan), domain.name, domain.state});
    }
    return status;
}

}  // namespace

std::string_view stepName(Step step) {
    switch (step) {
        case Step::Network:
            return "network";
        case Step::Storage:
            return "storage";
        case Step::UploadImage:
            return "image";
        case Step::Disks:
            return "disks";
        case Step::Define:
            return "define";
        case Step::Start:
            return "start";
        case Step::Stop:
            return "stop";
        case Step::Save:
            return "save";
        case Step::Restore:
            return "restore";
        case Step::Remove:
            return "remove";
        case Step::Undo:
            return "undo";
    }
    return "";
}

Error UndoList::undo(Error error, const Reporter& report) {
    if (!m_actions.empty()) report(Step::Undo, StepState::Started, {}, error.message);
    bool clean = true;
    while (!m_actions.empty()) {
        const auto [what, action] = std::move(m_actions.back());
        m_actions.pop_back();
        if (const auto undone = action(); !undone) {
            clean = false;
            error.message += fmt::format("; and {} could not be undone: {}", what, undone.error().message);
        }
    }
    report(Step::Undo, clean ? StepState::Done : StepState::Failed);
    return error;
}

NodePool::NodePool(Connection& connection, base::Executor& executor, ClusterSpec spec, NodePoolOptions options)
    : m_impl(std::make_unique<Impl>(Impl{connection, executor, std::move(spec), std::move(options)})) {}

NodePool::~NodePool() = default;

Result<std::optional<NetworkRecord>> NodePool::Impl::network() const {
    auto networks = listNetworks(connection);
    if (!networks) return fail(networks.error());
    for (NetworkRecord& record : *networks) {
        if (record.name != networkName(spec.name)) continue;
        if (!isOurs(record.mark)) return fail(notOurs("network", record.name, spec.name));
        return std::optional(std::move(record));
    }
    return std::optional<NetworkRecord>();
}

Result<std::vector<DomainRecord>> NodePool::Impl::domains() const {
    auto all = listDomains(connection);
    if (!all) return fail(all.error());
    std::vector<DomainRecord> ours;
    for (DomainRecord& record : *all) {
        if (isOurs(record.mark)) {
            ours.push_back(std::move(record));
            continue;
        }
        for (int index = 1; index <= spec.nodes; ++index) {
            if (record.name == domainName(spec.name, index)) return fail(notOurs("domain", record.name, spec.name));
        }
    }
    return ours;
}

NodeIdentity NodePool::Impl::identity(int index, const AddressPlan& plan) const {
    return identityOf(spec.uuid, index, plan);
}

Result<AddressPlan> NodePool::Impl::chooseFreshAddresses() const {
    AddressWishes wishes;
    const std::pair<const std::string&, std::optional<Cidr>&> texts[] = {
        {spec.nodeCidr, wishes.nodes}, {spec.podCidr, wishes.pods}, {spec.serviceCidr, wishes.services}};
    for (const auto& [text, wish] : texts) {
        if (text.empty()) continue;
        const auto cidr = Cidr::parse(text);
        if (!cidr) return fail(cidr.error());
        wish = *cidr;
    }
    auto taken = readHostRoutes();
    if (!taken) return fail(taken.error());
    // Networks that are not started have no routes yet but will want them.
    const auto networks = listNetworks(connection);
    if (!networks) return fail(networks.error());
    for (const NetworkRecord& record : *networks)
        taken->insert(taken->end(), record.ranges.begin(), record.ranges.end());
    return chooseAddresses(*taken, wishes);
}

Result<AddressPlan> NodePool::addresses() const {
    const auto network = m_impl->network();
    if (!network) return fail(network.error());
    return *network ? parsePlan((*network)->mark->cidrs) : m_impl->chooseFreshAddresses();
}

std::vector<NodeIdentity> NodePool::identities(const AddressPlan& plan) const {
    std::vector<NodeIdentity> all;
    for (int index = 1; index <= m_impl->spec.nodes; ++index) all.push_back(m_impl->identity(index, plan));
    return all;
}

Result<PoolStatus> NodePool::inspect() const {
    const auto network = m_impl->network();
    if (!network) return fail(network.error());
    if (!*network)
        return fail(Reason::NotFound, fmt::format("the cluster \"{}\" has no machines in libvirt", m_impl->spec.name));
    const auto domains = m_impl->domains();
    if (!domains) return fail(domains.error());
    return statusOf(**network, *domains);
}

Result<std::vector<PoolStatus>> NodePool::list(Connection& connection) {
    const auto networks = listNetworks(connection);
    if (!networks) return fail(networks.error());
    const auto domains = listDomains(connection);
    if (!domains) return fail(domains.error());
    std::vector<PoolStatus> clusters;
    for (const NetworkRecord& network : *networks) {
        if (!network.mark || network.name != networkName(network.mark->cluster)) continue;
        auto status = statusOf(network, *domains);
        if (!status) return fail(status.error());
        clusters.push_back(std::move(*status));
    }
    return clusters;
}

Result<std::string> NodePool::consoleLog(const std::string& node) const {
    auto storage = Storage::find(m_impl->connection, m_impl->options.storagePool);
    if (!storage) return fail(storage.error());
    for (int index = 1; index <= kMaxNodes; ++index) {
        if (nodeName(index) == node) return storage->read(volumeName(m_impl->spec.name, index, "console.log"));
    }
    return fail(Reason::NotFound, fmt::format("the cluster \"{}\" has no node \"{}\"", m_impl->spec.name, node));
}

}  // namespace qd::host
