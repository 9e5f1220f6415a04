#include "cluster/apiserver/transport/tls_context.h"

#include <openssl/ssl.h>

#include "cluster/base/pki/certificate.h"

namespace qd::apiserver {

namespace {

namespace asio = http::asio;

constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";
constexpr std::string_view kHttp2 = "h2";

int chooseProtocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                   unsigned offeredLength, void*) {
    unsigned char* selected = nullptr;
    if (SSL_select_next_proto(&selected, length, kProtocols, sizeof kProtocols - 1, offered, offeredLength) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = selected;
    return SSL_TLSEXT_ERR_OK;
}

// Lets the handshake go on whatever the certificate: the handler answers 401, which tells the user more than an alert.
int noteOnly(int, X509_STORE_CTX*) {
    return 1;
}

Result<void> askForCertificates(SSL_CTX* context, const std::string& authoritiesPem) {
    if (authoritiesPem.empty()) return {};
    const auto authorities = pki::Certificate::parseAll(authoritiesPem);
    if (!authorities) return fail(authorities.error().within("client authorities"));
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    for (const pki::Certificate& authority : *authorities) {
        X509_STORE_add_cert(store, authority.get());
        SSL_CTX_add_client_CA(context, authority.get());
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, noteOnly);
    return {};
}

}  // namespace

Result<std::shared_ptr<asio::ssl::context>> makeServerTlsContext(const ServerTlsIdentity& identity,
                                                                 const std::string& clientAuthoritiesPem) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    http::ErrorCode error;
    context->use_certificate_chain(asio::buffer(identity.certificatePem), error);
    if (error) return fail(Reason::BadRequest, "server certificate: " + error.message());
    context->use_private_key(asio::buffer(identity.keyPem), asio::ssl::context::pem, error);
    if (error) return fail(Reason::BadRequest, "server key: " + error.message());
    SSL_CTX_set_alpn_select_cb(native, chooseProtocol, nullptr);
    // Without an id, sessions of clients with certificates would not be resumed but refused.
    constexpr unsigned char kSessionId[] = "quarterdeck";
    SSL_CTX_set_session_id_context(native, kSessionId, sizeof kSessionId - 1);
    SSL_CTX_set_num_tickets(native, 1);
    if (auto asked = askForCertificates(native, clientAuthoritiesPem); !asked) return fail(asked.error());
    return context;
}

PeerIdentity peerIdentity(SSL* tls) {
    PeerIdentity peer;
    X509* presented = SSL_get1_peer_certificate(tls);
    if (presented == nullptr) return peer;
    const pki::Certificate certificate(std::shared_ptr<X509>(presented, X509_free));
    if (const long verdict = SSL_get_verify_result(tls); verdict != X509_V_OK) {
        peer.error = X509_verify_cert_error_string(verdict);
        return peer;
    }
    pki::Subject subject = certificate.subject();
    peer.certificate = PeerCertificate{.commonName = std::move(subject.commonName),
                                       .organizations = std::move(subject.organizations),
                                       .sha256 = certificate.sha256()};
    peer.notBefore = certificate.notBefore();
    peer.notAfter = certificate.notAfter();
    return peer;
}

bool negotiatedHttp2(SSL* tls) {
    const unsigned char* chosen = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(tls, &chosen, &length);
    return std::string_view(reinterpret_cast<const char*>(chosen), length) == kHttp2;
}

}  // namespace qd::apiserver
