// The connection to libvirt.
//
// One Connection is one virConnect. libvirt's calls block and may be made from any thread but the event loop's, so
// callers run them on a thread of their own (the node pool's functions are synchronous for that reason). Events arrive
// on libvirt's loop, a thread that all connections of the process share, and are posted to the subscriber's strand: in
// the order in which libvirt sent them, and never after the Subscription is gone.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/base/executor.h"
#include "cluster/base/result.h"
#include "vmnodes/host/handles.h"

namespace qd::host {

enum class DomainState : std::uint8_t { Undefined, Shutoff, Running, Paused, ShuttingDown, Crashed, Saved };

// "shutoff", "running", …; what the command line and the window show.
std::string_view domainStateName(DomainState state);

struct LifecycleEvent {
    enum class Source : std::uint8_t { Domain, Network, StoragePool, Connection };
    enum class Kind : std::uint8_t {
        Defined,
        Undefined,
        Started,
        Suspended,
        Resumed,
        Stopped,
        ShuttingDown,  // domains: the guest has finished; Stopped follows
        Crashed,
        Other,
        Lost,  // the connection itself broke: no further events come
    };
    Source source;
    Kind kind;
    std::string name;
    std::string detail;  // libvirt's own word for the cause, e.g. "destroyed" or "saved"; may be empty
};

// Ends a subscription when destroyed. A handler that is running on its strand then is not waited for.
class Subscription {
public:
    Subscription() = default;

private:
    friend class Connection;
    explicit Subscription(std::shared_ptr<void> listener) : m_listener(std::move(listener)) {}
    std::shared_ptr<void> m_listener;
};

class EventLoop;

class Connection {
public:
    using Handler = std::move_only_function<void(const LifecycleEvent&)>;

    // Starts libvirt's event loop with the process's first connection. `uri` as libvirt spells it, e.g. qemu:///system.
    static Result<std::unique_ptr<Connection>> open(const std::string& uri);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    virConnectPtr get() const { return m_handle.get(); }
    const std::string& uri() const { return m_uri; }
    // Whether libvirtd runs as root there (qemu:///system), and so decides where volumes lie and which networks there
    // can be.
    bool isSystem() const;
    bool isAlive() const;

    // Domain, network and storage pool life cycle, and the loss of the connection. Handlers run on the strand.
    Subscription subscribe(base::Strand& strand, Handler handler);

private:
    class Hub;
    Connection(std::string uri, std::shared_ptr<EventLoop> loop, ConnectHandle handle);
    Result<void> listen();

    std::string m_uri;
    std::shared_ptr<EventLoop> m_loop;  // outlives the handle
    ConnectHandle m_handle;
    std::shared_ptr<Hub> m_hub;
    int m_domainCallback = -1;
    int m_networkCallback = -1;
    int m_poolCallback = -1;
};

}  // namespace qd::host
