// The server's side of TLS: versions, ALPN, session resumption, client certificates. Private to the transport.
#pragma once

#include <memory>

#include "cluster/apiserver/transport/server.h"
#include "cluster/base/http/io.h"

namespace qd::apiserver {

// BadRequest when the identity or the authorities cannot be used.
Result<std::shared_ptr<http::asio::ssl::context>> makeServerTlsContext(const ServerTlsIdentity& identity,
                                                                       const std::string& clientAuthoritiesPem);

// What the handshake found out about the peer.
struct PeerIdentity {
    std::optional<PeerCertificate> certificate;
    base::WallTime notBefore;
    base::WallTime notAfter;
    std::string error;  // a certificate was presented and is not trusted
};
PeerIdentity peerIdentity(SSL* tls);

// Whether HTTP/2 was negotiated.
bool negotiatedHttp2(SSL* tls);

}  // namespace qd::apiserver
