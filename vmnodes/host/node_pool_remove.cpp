#include <fmt/format.h>
#include <libvirt/virterror.h>

#include <algorithm>

#include "vmnodes/host/libvirt_error.h"
#include "vmnodes/host/node_pool_impl.h"

namespace qd::host {

Result<void> NodePool::Impl::removeNetwork() const {
    const auto record = network();
    if (!record) return fail(record.error());
    if (!*record) return {};
    const virNetworkPtr handle = (*record)->handle.get();
    if ((*record)->active && virNetworkDestroy(handle) != 0)
        return fail(lastLibvirtError("stopping the network " + (*record)->name));
    if (virNetworkUndefine(handle) != 0) return fail(lastLibvirtError("removing the network " + (*record)->name));
    return {};
}

Result<void> NodePool::Impl::removeDomain(const DomainRecord& domain) const {
    const virDomainPtr handle = domain.handle.get();
    if (virDomainIsActive(handle) == 1 && virDomainDestroy(handle) != 0 && virDomainIsActive(handle) == 1) {
        return fail(lastLibvirtError("switching off the domain " + domain.name));
    }
    constexpr unsigned everything = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                                    VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA;
    if (virDomainUndefineFlags(handle, everything) != 0)
        return fail(lastLibvirtError("removing the domain " + domain.name));
    return {};
}

Result<void> NodePool::Impl::collectStorage() const {
    auto storage = Storage::find(connection, options.storagePool);
    if (!storage) return storage.error().reason == Reason::NotFound ? Result<void>{} : fail(storage.error());
    const auto used = imagesInUse(connection);
    if (!used) return fail(used.error());
    if (auto removed = storage->removeImagesBut(*used); !removed) return removed;
    return storage->removeIfEmpty();
}

Result<void> NodePool::remove(const ProgressHandler& progress) {
    const Reporter report(progress, m_impl->clock());
    const std::string& cluster = m_impl->spec.name;
    // A foreign object that has one of the cluster's names does not keep the cluster's own from being removed; but then
    // volumes, which carry no mark, cannot be told apart and stay.
    auto all = listDomains(m_impl->connection);
    if (!all) return fail(all.error());
    const auto network = m_impl->network();
    if (!network && network.error().reason != Reason::AlreadyExists) return fail(network.error());
    bool nameIsOurs = network.has_value();
    for (const DomainRecord& domain : *all) {
        if (!m_impl->isOurs(domain.mark)) {
            nameIsOurs = nameIsOurs && !(domain.name.starts_with("qd-" + cluster + "-node-") &&
                                         (!domain.mark || domain.mark->cluster == cluster));
            continue;
        }
        const std::string node = nodeName(domain.mark->index);
        report(Step::Remove, StepState::Started, node);
        if (auto removed = m_impl->removeDomain(domain); !removed) return removed;
        report(Step::Remove, StepState::Done, node);
    }
    auto storage = Storage::find(m_impl->connection, m_impl->options.storagePool);
    if (!storage && storage.error().reason != Reason::NotFound) return fail(storage.error());
    if (storage && nameIsOurs) {
        report(Step::Remove, StepState::Started, {}, "volumes");
        const auto volumes = storage->volumes();
        if (!volumes) return fail(volumes.error());
        for (const std::string& volume : *volumes) {
            if (!isVolumeOf(cluster, volume)) continue;
            if (auto removed = storage->remove(volume); !removed) return removed;
        }
    }
    if (network) {
        report(Step::Remove, StepState::Started, {}, "network");
        if (auto removed = m_impl->removeNetwork(); !removed) return removed;
    }
    if (auto collected = m_impl->collectStorage(); !collected) return collected;
    report(Step::Remove, StepState::Done, {}, cluster);
    return {};
}

}  // namespace qd::host
