#include "vmnodes/agent/proxy/ipvs.h"

#include <algorithm>
#include <map>

namespace qd::agent::proxy {
namespace {

VirtualServer withoutServers(const VirtualServer& service) {
    return {service.where, service.scheduler, service.persistentSeconds, {}};
}

const RealServer* find(const std::vector<RealServer>& servers, const RealServer& wanted) {
    const auto found = std::ranges::find_if(servers, [&](const RealServer& one) { return one.sameTarget(wanted); });
    return found == servers.end() ? nullptr : &*found;
}

bool mayDrain(const VirtualServer& service, const RealServer& server) {
    return service.where.protocol != Protocol::Udp && server.activeConnections + server.inactiveConnections > 0;
}

using Index = std::map<SocketAddress, const VirtualServer*>;

Index indexOf(const std::vector<VirtualServer>& services) {
    Index index;
    for (const VirtualServer& service : services) index.emplace(service.where, &service);
    return index;
}

void changeServers(const VirtualServer& actual, const VirtualServer& desired, std::vector<Change>& result) {
    const VirtualServer service = withoutServers(desired);
    for (const RealServer& server : desired.servers) {
        const RealServer* present = find(actual.servers, server);
        if (present == nullptr)
            result.push_back({Change::Kind::AddServer, service, server});
        else if (present->weight != server.weight)
            result.push_back({Change::Kind::SetServer, service, server});
    }
    for (const RealServer& server : actual.servers) {
        if (find(desired.servers, server) != nullptr) continue;
        if (!mayDrain(desired, server))
            result.push_back({Change::Kind::RemoveServer, service, server});
        else if (server.weight != 0)
            result.push_back({Change::Kind::SetServer, service, {server.address, server.port, 0}});
    }
}

}  // namespace

std::vector<Change> changes(const std::vector<VirtualServer>& actual, const std::vector<VirtualServer>& desired) {
    std::vector<Change> result;
    const Index present = indexOf(actual);
    const Index wanted = indexOf(desired);
    for (const auto& [where, service] : present)
        if (!wanted.contains(where)) result.push_back({Change::Kind::RemoveService, withoutServers(*service), {}});
    for (const auto& [where, service] : wanted) {
        const auto found = present.find(where);
        if (found == present.end()) {
            result.push_back({Change::Kind::AddService, withoutServers(*service), {}});
            changeServers({}, *service, result);
            continue;
        }
        if (found->second->scheduler != service->scheduler ||
            found->second->persistentSeconds != service->persistentSeconds)
            result.push_back({Change::Kind::SetService, withoutServers(*service), {}});
        changeServers(*found->second, *service, result);
    }
    return result;
}

bool isDraining(const std::vector<VirtualServer>& actual, const std::vector<VirtualServer>& desired) {
    const Index wanted = indexOf(desired);
    return std::ranges::any_of(actual, [&](const VirtualServer& service) {
        const auto found = wanted.find(service.where);
        return found != wanted.end() && std::ranges::any_of(service.servers, [&](const RealServer& server) {
                   return find(found->second->servers, server) == nullptr;
               });
    });
}

}  // namespace qd::agent::proxy
