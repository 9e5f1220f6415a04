// The client's side of TLS and the parts of a server's URL. Private to the transport.
#pragma once

#include <mutex>

#include "cluster/base/http/io.h"
#include "cluster/client/transport/http_client.h"

namespace qd::client {

struct ServerUrl {
    std::string host;  // without brackets
    std::string port;
    std::string basePath;  // without a slash at its end
    // As it stands in a Host field.
    std::string authority() const;
};
Result<ServerUrl> parseServerUrl(const std::string& url);

// A TLS context that remembers the last session, so that further connections need no full handshake.
class ClientTls {
public:
    static Result<std::shared_ptr<ClientTls>> create(const HttpClientOptions& options, const std::string& host);
    ~ClientTls();
    ClientTls(const ClientTls&) = delete;
    ClientTls& operator=(const ClientTls&) = delete;

    http::asio::ssl::context& context() { return m_context; }
    // Name check, server name indication, protocol and a remembered session.
    void prepare(http::TlsStream& stream);

private:
    ClientTls() : m_context(http::asio::ssl::context::tls_client) {}
    static int rememberSession(SSL* tls, SSL_SESSION* session);

    http::asio::ssl::context m_context;
    std::string m_name;
    bool m_verify = true;
    std::mutex m_mutex;
    SSL_SESSION* m_session = nullptr;
};

}  // namespace qd::client
