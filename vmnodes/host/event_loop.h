// The event loop that libvirt's connections of this process share: a thread of its own, over poll(2).
//
// libvirt's default loop lives in GLib's default main context, which belongs to Qt's main thread in any Qt program:
// libvirt's sockets would be served by the window's thread, and a second thread that runs the loop would wait for it
// for ever.
#pragma once

#include <memory>

namespace qd::host {

class EventLoop {
public:
    // The running loop; starts its thread when nobody else holds it. libvirt is told of it with the first call, for
    // good.
    static std::shared_ptr<EventLoop> shared();
    // Stops the thread. Connections must be closed before.
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

private:
    class Poller;
    struct Running;
    EventLoop();
    std::unique_ptr<Running> m_running;
};

}  // namespace qd::host
