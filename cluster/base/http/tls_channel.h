// Channels over a TLS connection: WebSocket frames, by Beast, and raw bytes. For the transports' own files only.
#pragma once

#include <memory>
#include <string>

#include "cluster/base/http/io.h"
#include "cluster/base/http/message.h"

namespace qd::http {

// The connection that a channel takes over. `owner` keeps `stream` alive and is let go when the channel has ended, even
// if somebody still holds the channel; `closeNow` is called on the strand when the channel has ended.
struct ChannelTransport {
    std::shared_ptr<asio::io_context> context;
    std::shared_ptr<void> owner;
    TlsStream* stream = nullptr;
    std::function<void()> closeNow;
};

struct WebSocketOptions {
    std::string subprotocol;
    std::size_t messageLimit = 1024 * 1024;
};

// Server: answers the upgrade request, given as text (request line, headers, empty line), and opens the handler.
std::shared_ptr<Channel> acceptWebSocket(ChannelTransport transport, const std::string& requestHead,
                                         WebSocketOptions options, std::shared_ptr<ChannelHandler> handler);

// Client: the handshake. `done` is called once on the strand: code 101 when the channel is open (`opened` has been
// called then), another status when the server refused, 0 with the error's text when the connection failed.
struct HandshakeResult {
    int code = 0;
    std::string text;  // error, or the refusal's body
    Headers headers;
};
void connectWebSocket(ChannelTransport transport, const std::string& host, const std::string& target, Headers headers,
                      WebSocketOptions options, std::shared_ptr<ChannelHandler> handler,
                      std::move_only_function<void(HandshakeResult)> done);

// Raw bytes from now on; `received` is what has been read already.
std::shared_ptr<Channel> openRawChannel(ChannelTransport transport, std::string received,
                                        std::shared_ptr<ChannelHandler> handler);

// Ends a channel whose connection is gone although it was not reading: closed() comes with code 1006.
void abandonChannel(const std::shared_ptr<Channel>& channel);

}  // namespace qd::http
