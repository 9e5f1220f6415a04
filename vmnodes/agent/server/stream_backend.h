// A session with the runtime's streaming server (plain HTTP on loopback): raw bytes after an upgrade to SPDY/3.1.
// Private to server/.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/base/http/message.h"
#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::http {
class IoThreads;
}

namespace qd::agent::server {

class StreamBackend : public http::Channel {
public:
    // Begins to read: opened() is called with this channel, then the rest. Once.
    virtual void begin(std::shared_ptr<http::ChannelHandler> handler) = 0;
    // Calls `tick` each `period` from the beginning to the end, one call at a time with the handler's. Before begin().
    virtual void setTick(base::Duration period, std::function<void()> tick) = 0;
    // What the server answered the handshake with.
    http::Headers answer;
};

struct BackendRequest {
    std::string url;  // http://127.0.0.1:<port>/<path>
    http::Headers headers;
};

// Connects and shakes hands before it returns. An error carries the server's own words.
Result<std::shared_ptr<StreamBackend>> openSpdyBackend(http::IoThreads& io, const BackendRequest& request);

}  // namespace qd::agent::server
