// A connection to another server, with or without TLS. Private to the transport.
#pragma once

#include <boost/asio/buffer.hpp>

#include "cluster/base/http/io.h"
#include "cluster/base/result.h"

namespace qd::apiserver {

class BackendStream {
public:
    using Done = std::move_only_function<void(http::ErrorCode, std::size_t)>;

    virtual ~BackendStream() = default;
    virtual http::Socket& socket() = 0;
    virtual void handshake(std::move_only_function<void(http::ErrorCode)> done) = 0;
    virtual void readSome(http::asio::mutable_buffer into, Done done) = 0;
    // The bytes must stay until `done`.
    virtual void write(http::asio::const_buffer bytes, Done done) = 0;
};

std::unique_ptr<BackendStream> plainBackend(const http::IoStrand& strand);
// verifiedAs: the address that the certificate must be good for; empty: any certificate is taken.
std::unique_ptr<BackendStream> tlsBackend(const http::IoStrand& strand, std::shared_ptr<http::asio::ssl::context> tls,
                                          const std::string& verifiedAs);

// authorities, certificate and key may be empty.
Result<std::shared_ptr<http::asio::ssl::context>> makeBackendTls(const std::string& authoritiesPem,
                                                                 const std::string& certificatePem,
                                                                 const std::string& keyPem);

}  // namespace qd::apiserver
