#include "cluster/apiserver/transport/backend_stream.h"

#include <openssl/ssl.h>

#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

#include "cluster/base/pki/certificate.h"

namespace qd::apiserver {
namespace {

namespace asio = http::asio;

constexpr unsigned char kProtocols[] = "\x08http/1.1";

class PlainBackend final : public BackendStream {
public:
    explicit PlainBackend(const http::IoStrand& strand) : m_socket(strand) {}
    http::Socket& socket() override { return m_socket; }
    void handshake(std::move_only_function<void(http::ErrorCode)> done) override { done({}); }
    void readSome(asio::mutable_buffer into, Done done) override { m_socket.async_read_some(into, std::move(done)); }
    void write(asio::const_buffer bytes, Done done) override { asio::async_write(m_socket, bytes, std::move(done)); }

private:
    http::Socket m_socket;
};

class TlsBackend final : public BackendStream {
public:
    TlsBackend(const http::IoStrand& strand, std::shared_ptr<asio::ssl::context> tls, const std::string& verifiedAs)
        : m_tls(std::move(tls)), m_stream(http::Socket(strand), *m_tls) {
        http::ErrorCode ignored;
        if (verifiedAs.empty()) {
            m_stream.set_verify_mode(asio::ssl::verify_none, ignored);
        } else {
            m_stream.set_verify_mode(asio::ssl::verify_peer, ignored);
            m_stream.set_verify_callback(asio::ssl::host_name_verification(verifiedAs), ignored);
        }
        SSL_set_alpn_protos(m_stream.native_handle(), kProtocols, sizeof kProtocols - 1);
    }
    http::Socket& socket() override { return m_stream.next_layer(); }
    void handshake(std::move_only_function<void(http::ErrorCode)> done) override {
        m_stream.async_handshake(asio::ssl::stream_base::client, std::move(done));
    }
    void readSome(asio::mutable_buffer into, Done done) override { m_stream.async_read_some(into, std::move(done)); }
    void write(asio::const_buffer bytes, Done done) override { asio::async_write(m_stream, bytes, std::move(done)); }

private:
    const std::shared_ptr<asio::ssl::context> m_tls;
    http::TlsStream m_stream;
};

}  // namespace

std::unique_ptr<BackendStream> plainBackend(const http::IoStrand& strand) {
    return std::make_unique<PlainBackend>(strand);
}

std::unique_ptr<BackendStream> tlsBackend(const http::IoStrand& strand, std::shared_ptr<asio::ssl::context> tls,
                                          const std::string& verifiedAs) {
    return std::make_unique<TlsBackend>(strand, std::move(tls), verifiedAs);
}

Result<std::shared_ptr<asio::ssl::context>> makeBackendTls(const std::string& authoritiesPem,
                                                           const std::string& certificatePem,
                                                           const std::string& keyPem) {
    auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX* native = tls->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    if (!authoritiesPem.empty()) {
        const auto authorities = pki::Certificate::parseAll(authoritiesPem);
        if (!authorities) return fail(authorities.error().within("authority of the nodes' certificates"));
        for (const auto& authority : *authorities) X509_STORE_add_cert(SSL_CTX_get_cert_store(native), authority.get());
    }
    if (certificatePem.empty()) return tls;
    http::ErrorCode error;
    tls->use_certificate_chain(asio::buffer(certificatePem), error);
    if (error) return fail(Reason::BadRequest, "certificate for the nodes' agents: " + error.message());
    tls->use_private_key(asio::buffer(keyPem), asio::ssl::context::pem, error);
    if (error) return fail(Reason::BadRequest, "key for the nodes' agents: " + error.message());
    return tls;
}

}  // namespace qd::apiserver
