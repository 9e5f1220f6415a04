// A request and its response, as the API server's handlers see them. No transport type appears here; the server that
// carries them is cluster/apiserver/transport/server.h, and a test may call a handler without any.
//
// A handler is a synchronous, quick function that runs on one of the transport's threads, many at a time. What takes
// longer goes into the response:
//   - body:     bytes that are ready. They are shared, never copied.
//   - gate:     the response waits for something (the store's ticket; a webhook's or an agent's answer computed on an
//               executor) and may be replaced by another one when that is known. No thread waits.
//   - stream:   a body that goes on: watches and followed logs.
//   - upgrade:  the connection becomes a two-way channel: exec, attach, port-forward, proxied protocols.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/base/http/message.h"
#include "cluster/base/time.h"

namespace qd::apiserver {

using http::Buffers;
using http::Bytes;
using http::Headers;
using http::Query;

// The client certificate of the connection, already verified against the client CA at the time of the request.
struct PeerCertificate {
    std::string commonName;
    std::vector<std::string> organizations;
    // Hexadecimal SHA-256 of the certificate, for `authentication.kubernetes.io/credential-id: X509SHA256=...`.
    std::string sha256;
};

enum class HttpVersion : std::uint8_t { Http10, Http11, Http2 };

struct Request {
    std::string method = "GET";  // upper case, as sent
    std::string path = "/";      // percent-decoded; always begins with a slash
    std::string rawPath;         // as sent, for proxies
    std::string rawQuery;        // as sent, without the question mark
    Query query;
    Headers headers;   // over HTTP/2 `:authority` stands here as Host
    std::string body;  // whole; empty when bodyTooLarge
    // The body was longer than the server's limit and was not kept: answer 413 "limit is <bodyLimit>".
    bool bodyTooLarge = false;
    std::size_t bodyLimit = 3 * 1024 * 1024;

    std::optional<PeerCertificate> peer;
    // Why a client certificate that was presented is not trusted (unknown CA, expired, ...): answer 401. Empty
    // otherwise.
    std::string peerError;
    std::string remoteAddress;  // without the port, e.g. 127.0.0.1
    std::uint16_t remotePort = 0;
    std::string localAddress;
    HttpVersion version = HttpVersion::Http11;
};

struct Response;

// Lets a gated response go. With nullptr it is sent as it is, otherwise the given response is sent instead (it may be
// gated itself). May be called on any thread, also inside the gate; at most once. One that is destroyed without having
// been called makes the transport abort the request.
using Release = std::move_only_function<void(std::unique_ptr<Response> instead)>;
// Called once by the transport, on one of its threads. Must not block.
using Gate = std::move_only_function<void(Release release)>;

// A body without a known end, pulled by the transport as fast as the peer takes it. All calls come one at a time; the
// transport destroys the source when it has ended, when the peer has gone and when the server shuts down: whatever must
// happen then belongs in the destructor. The destructor must not wait for a wake-up that runs on another thread.
class BodySource {
public:
    enum class State : std::uint8_t {
        More,     // something was appended; ask again when it has been sent
        Waiting,  // nothing (more) now: the wake-up will be called. Something may have been appended too
        End,      // that was all
        Abort,    // the body cannot be completed: the connection is reset, so that the peer does not take it for whole
    };
    virtual ~BodySource() = default;
    // Called once, before the first next(). `wake` may be called on any thread, at any time, also after the source's
    // end, and returns at once without calling back.
    virtual void start(std::function<void()> wake) = 0;
    // Appends what is ready, about 64 KiB at a time where there is a choice. What one call appends is sent and flushed
    // together, as one HTTP chunk.
    virtual State next(Buffers& out) = 0;
};

// The connection becomes a channel. `protocol` "websocket" speaks RFC 6455 with the given subprotocol (one that the
// request's Sec-WebSocket-Protocol offers; empty for none); any other one is answered `101` and is raw bytes from then
// on. Possible over HTTP/1.1 only.
struct Upgrade {
    std::string protocol = "websocket";
    std::string subprotocol;
    std::shared_ptr<http::ChannelHandler> handler;
    // The longest message that is accepted from the peer.
    std::size_t messageLimit = 1024 * 1024;
    // The bytes are passed on as they are, whatever the protocol: the other end of what is proxied has shaken hands. The
    // response's header fields go with the 101.
    bool raw = false;
};

struct Response {
    int code = 200;
    // Content-Length, Transfer-Encoding, Connection, Date and Content-Encoding are the transport's own.
    Headers headers;
    Buffers body;
    Gate gate;
    std::unique_ptr<BodySource> stream;  // after `body`
    std::optional<Upgrade> upgrade;
    // Whether the transport may gzip it: it does for bodies of 128 KiB and more when the client accepts that, as
    // kube-apiserver does. Streams are never compressed.
    bool compressible = true;
};

// Called concurrently on the transport's threads; must not throw (an exception is logged and answered with 500).
using Handler = std::function<Response(Request request)>;

// Whether the request asks for an upgrade to the protocol ("websocket", "SPDY/3.1"), without regard to case.
bool wantsUpgrade(const Request& request, std::string_view protocol);
// The WebSocket subprotocols that the client offers, in its order of preference.
std::vector<std::string_view> offeredSubprotocols(const Request& request);

}  // namespace qd::apiserver
