#include "vmnodes/host/inventory.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <tuple>

#include "vmnodes/host/libvirt_error.h"

namespace qd::host {
namespace {

using Text = std::unique_ptr<char, void (*)(void*)>;

// The prefix length of "24" or "255.255.255.0"; -1 when it is neither.
int prefixOf(const std::optional<std::string>& prefix, const std::optional<std::string>& netmask) {
    if (prefix) {
        int value = -1;
        std::from_chars(prefix->data(), prefix->data() + prefix->size(), value);
        return value;
    }
    const auto mask = netmask ? Ipv4::parse(*netmask) : std::nullopt;
    return mask ? std::popcount(mask->value) : -1;
}

std::vector<Cidr> rangesOf(const XmlDocument& document) {
    std::vector<Cidr> ranges;
    for (const char* kind : {"ip", "route"}) {
        const std::size_t count = document.all(fmt::format("/network/{}", kind).c_str()).size();
        for (std::size_t i = 1; i <= count; ++i) {
            const auto attribute = [&](const char* name) {
                return document.first(fmt::format("/network/{}[{}]/@{}", kind, i, name).c_str());
            };
            const auto address = Ipv4::parse(attribute("address").value_or(""));
            const int prefix = prefixOf(attribute("prefix"), attribute("netmask"));
            if (!address || prefix < 1 || prefix > 32) continue;  // IPv6, or a family that has no bearing here
            ranges.push_back({{address->value & ~std::uint32_t{0} << (32 - prefix)}, prefix});
        }
    }
    return ranges;
}

Result<NetworkRecord> describe(NetworkHandle handle) {
    const std::string name = virNetworkGetName(handle.get());
    const Text text(virNetworkGetXMLDesc(handle.get(), VIR_NETWORK_XML_INACTIVE), std::free);
    if (!text) return fail(lastLibvirtError("reading the network " + name));
    const auto document = XmlDocument::parse(text.get());
    if (!document) return fail(document.error().within("the network " + name));
    const bool active = virNetworkIsActive(handle.get()) == 1;
    return NetworkRecord{std::move(handle), name, readMark(*document, "/network"), active, rangesOf(*document)};
}

Result<DomainRecord> describe(DomainHandle handle) {
    const std::string name = virDomainGetName(handle.get());
    const Text text(virDomainGetXMLDesc(handle.get(), VIR_DOMAIN_XML_INACTIVE), std::free);
    if (!text) return fail(lastLibvirtError("reading the domain " + name));
    const auto document = XmlDocument::parse(text.get());
    if (!document) return fail(document.error().within("the domain " + name));
    const auto state = observe(handle.get());
    if (!state) return fail(state.error());
    return DomainRecord{std::move(handle), name, readMark(*document, "/domain"), *state};
}

// Describes each of libvirt's list; one that vanished meanwhile is left out.
template <typename Record, typename Handle, typename Raw>
Result<std::vector<Record>> describeAll(Raw* list, int count) {
    std::vector<Handle> handles;
    for (int i = 0; i < count; ++i) handles.emplace_back(list[i]);
    std::free(list);
    std::vector<Record> records;
    for (Handle& handle : handles) {
        auto record = describe(std::move(handle));
        if (record) {
            records.push_back(std::move(*record));
        } else if (record.error().reason != Reason::NotFound) {
            return fail(record.error());
        }
    }
    return records;
}

}  // namespace

Result<DomainState> observe(virDomainPtr domain) {
    int state = 0;
    if (virDomainGetState(domain, &state, nullptr, 0) != 0) {
        return fail(lastLibvirtError(fmt::format("asking for the state of the domain {}", virDomainGetName(domain))));
    }
    switch (state) {
        case VIR_DOMAIN_RUNNING:
        case VIR_DOMAIN_BLOCKED:
            return DomainState::Running;
        case VIR_DOMAIN_PAUSED:
        case VIR_DOMAIN_PMSUSPENDED:
            return DomainState::Paused;
        case VIR_DOMAIN_SHUTDOWN:
            return DomainState::ShuttingDown;
        case VIR_DOMAIN_CRASHED:
            return DomainState::Crashed;
        default:
            return virDomainHasManagedSaveImage(domain, 0) == 1 ? DomainState::Saved : DomainState::Shutoff;
    }
}

Result<std::vector<NetworkRecord>> listNetworks(const Connection& connection) {
    virNetworkPtr* list = nullptr;
    const int count = virConnectListAllNetworks(connection.get(), &list, 0);
    if (count < 0) return fail(lastLibvirtError("listing networks"));
    return describeAll<NetworkRecord, NetworkHandle>(list, count);
}

Result<std::vector<DomainRecord>> listDomains(const Connection& connection) {
    virDomainPtr* list = nullptr;
    const int count = virConnectListAllDomains(connection.get(), &list, 0);
    if (count < 0) return fail(lastLibvirtError("listing domains"));
    auto records = describeAll<DomainRecord, DomainHandle>(list, count);
    if (records) {
        std::ranges::sort(*records, {}, [](const DomainRecord& record) {
            return std::tuple(record.mark ? record.mark->index : 0, record.name);
        });
    }
    return records;
}

Result<std::set<std::string>> imagesInUse(const Connection& connection) {
    std::set<std::string> hashes;
    const auto add = [&](const std::optional<Mark>& mark) {
        if (mark) hashes.insert(mark->images.begin(), mark->images.end());
    };
    const auto networks = listNetworks(connection);
    if (!networks) return fail(networks.error());
    for (const NetworkRecord& network : *networks) add(network.mark);
    const auto domains = listDomains(connection);
    if (!domains) return fail(domains.error());
    for (const DomainRecord& domain : *domains) add(domain.mark);
    return hashes;
}

}  // namespace qd::host
