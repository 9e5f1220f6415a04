#include "vmnodes/host/connection.h"

#include <mutex>
#include <vector>

#include "vmnodes/host/event_loop.h"
#include "vmnodes/host/libvirt_error.h"

namespace qd::host {
namespace {

constexpr int kKeepAliveSeconds = 5;
constexpr unsigned kKeepAliveCount = 6;

using Kind = LifecycleEvent::Kind;
using Source = LifecycleEvent::Source;

Kind domainEventKind(int event) {
    switch (event) {
        case VIR_DOMAIN_EVENT_DEFINED:
            return Kind::Defined;
        case VIR_DOMAIN_EVENT_UNDEFINED:
            return Kind::Undefined;
        case VIR_DOMAIN_EVENT_STARTED:
            return Kind::Started;
        case VIR_DOMAIN_EVENT_SUSPENDED:
            return Kind::Suspended;
        case VIR_DOMAIN_EVENT_RESUMED:
            return Kind::Resumed;
        case VIR_DOMAIN_EVENT_STOPPED:
            return Kind::Stopped;
        case VIR_DOMAIN_EVENT_SHUTDOWN:
            return Kind::ShuttingDown;
        case VIR_DOMAIN_EVENT_CRASHED:
            return Kind::Crashed;
        default:
            return Kind::Other;
    }
}

std::string stoppedDetail(int event, int detail) {
    if (event != VIR_DOMAIN_EVENT_STOPPED) return {};
    switch (detail) {
        case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN:
            return "shutdown";
        case VIR_DOMAIN_EVENT_STOPPED_DESTROYED:
            return "destroyed";
        case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
            return "crashed";
        case VIR_DOMAIN_EVENT_STOPPED_SAVED:
            return "saved";
        case VIR_DOMAIN_EVENT_STOPPED_FAILED:
            return "failed";
        default:
            return {};
    }
}

// Networks and pools number their first four events alike.
Kind objectEventKind(int event) {
    switch (event) {
        case VIR_NETWORK_EVENT_DEFINED:
            return Kind::Defined;
        case VIR_NETWORK_EVENT_UNDEFINED:
            return Kind::Undefined;
        case VIR_NETWORK_EVENT_STARTED:
            return Kind::Started;
        case VIR_NETWORK_EVENT_STOPPED:
            return Kind::Stopped;
        default:
            return Kind::Other;
    }
}
static_assert(int{VIR_NETWORK_EVENT_STOPPED} == int{VIR_STORAGE_POOL_EVENT_STOPPED});

}  // namespace

std::string_view domainStateName(DomainState state) {
    switch (state) {
        case DomainState::Undefined:
            return "undefined";
        case DomainState::Shutoff:
            return "shutoff";
        case DomainState::Running:
            return "running";
        case DomainState::Paused:
            return "paused";
        case DomainState::ShuttingDown:
            return "shutting down";
        case DomainState::Crashed:
            return "crashed";
        case DomainState::Saved:
            return "saved";
    }
    return "unknown";
}

// Hands each event to every living listener's strand.
class Connection::Hub {
public:
    struct Listener {
        Listener(const base::Strand& where, Handler what) : strand(where), handler(std::move(what)) {}
        base::Strand strand;
        Handler handler;
    };

    void add(const std::shared_ptr<Listener>& listener) {
        const std::lock_guard lock(m_mutex);
        std::erase_if(m_listeners, [](const auto& one) { return one.expired(); });
        m_listeners.push_back(listener);
    }
    void dispatch(const LifecycleEvent& event) {
        std::vector<std::shared_ptr<Listener>> listeners;
        {
            const std::lock_guard lock(m_mutex);
            for (const auto& one : m_listeners) {
                if (auto listener = one.lock()) listeners.push_back(std::move(listener));
            }
        }
        for (const auto& listener : listeners) {
            listener->strand.post([weak = std::weak_ptr(listener), event] {
                if (const auto alive = weak.lock()) alive->handler(event);
            });
        }
    }

    // libvirt's callbacks carry a Hub kept alive by their own shared_ptr on the heap.
    static void* argument(const std::shared_ptr<Hub>& hub) { return new std::shared_ptr<Hub>(hub); }
    static Hub& of(void* opaque) { return **static_cast<std::shared_ptr<Hub>*>(opaque); }
    static void lost(virConnectPtr, int, void* hub) { of(hub).dispatch({Source::Connection, Kind::Lost, {}, {}}); }
    static void release(void* opaque) { delete static_cast<std::shared_ptr<Hub>*>(opaque); }

private:
    std::mutex m_mutex;
    std::vector<std::weak_ptr<Listener>> m_listeners;
};

Connection::Connection(std::string uri, std::shared_ptr<EventLoop> loop, ConnectHandle handle)
    : m_uri(std::move(uri)), m_loop(std::move(loop)), m_handle(std::move(handle)), m_hub(std::make_shared<Hub>()) {}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& uri) {
    auto loop = EventLoop::shared();
    ConnectHandle handle(virConnectOpenAuth(uri.c_str(), virConnectAuthPtrDefault, 0));
    if (!handle) return fail(lastConnectError(uri));
    virConnectSetKeepAlive(handle.get(), kKeepAliveSeconds,
                           kKeepAliveCount);  // refused by drivers without a daemon: harmless
    auto connection = std::unique_ptr<Connection>(new Connection(uri, std::move(loop), std::move(handle)));
    if (auto listening = connection->listen(); !listening) return fail(listening.error());
    return connection;
}

Result<void> Connection::listen() {
    virConnectPtr connect = m_handle.get();
    m_domainCallback = virConnectDomainEventRegisterAny(
        connect, nullptr, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
        VIR_DOMAIN_EVENT_CALLBACK(+[](virConnectPtr, virDomainPtr domain, int event, int detail, void* hub) {
            Hub::of(hub).dispatch(
                {Source::Domain, domainEventKind(event), virDomainGetName(domain), stoppedDetail(event, detail)});
            return 0;
        }),
        Hub::argument(m_hub), Hub::release);
    if (m_domainCallback < 0) return fail(lastLibvirtError("listening to domain events"));
    m_networkCallback = virConnectNetworkEventRegisterAny(
        connect, nullptr, VIR_NETWORK_EVENT_ID_LIFECYCLE,
        VIR_NETWORK_EVENT_CALLBACK(+[](virConnectPtr, virNetworkPtr network, int event, int, void* hub) {
            Hub::of(hub).dispatch({Source::Network, objectEventKind(event), virNetworkGetName(network), {}});
        }),
        Hub::argument(m_hub), Hub::release);
    if (m_networkCallback < 0) return fail(lastLibvirtError("listening to network events"));
    m_poolCallback = virConnectStoragePoolEventRegisterAny(
        connect, nullptr, VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE,
        VIR_STORAGE_POOL_EVENT_CALLBACK(+[](virConnectPtr, virStoragePoolPtr pool, int event, int, void* hub) {
            Hub::of(hub).dispatch({Source::StoragePool, objectEventKind(event), virStoragePoolGetName(pool), {}});
        }),
        Hub::argument(m_hub), Hub::release);
    if (m_poolCallback < 0) return fail(lastLibvirtError("listening to storage pool events"));
    if (virConnectRegisterCloseCallback(connect, &Hub::lost, Hub::argument(m_hub), Hub::release) != 0) {
        return fail(lastLibvirtError("listening to the connection's end"));
    }
    return {};
}

Connection::~Connection() {
    virConnectPtr connect = m_handle.get();
    if (m_domainCallback >= 0) virConnectDomainEventDeregisterAny(connect, m_domainCallback);
    if (m_networkCallback >= 0) virConnectNetworkEventDeregisterAny(connect, m_networkCallback);
    if (m_poolCallback >= 0) virConnectStoragePoolEventDeregisterAny(connect, m_poolCallback);
    virConnectUnregisterCloseCallback(connect, &Hub::lost);
}

bool Connection::isSystem() const {
    return m_uri.find("/session") == m_uri.npos;
}

bool Connection::isAlive() const {
    return virConnectIsAlive(m_handle.get()) == 1;
}

Subscription Connection::subscribe(base::Strand& strand, Handler handler) {
    auto listener = std::make_shared<Hub::Listener>(strand, std::move(handler));
    m_hub->add(listener);
    return Subscription(std::move(listener));
}

}  // namespace qd::host
