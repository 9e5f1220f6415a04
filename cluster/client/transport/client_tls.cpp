#include "cluster/client/transport/client_tls.h"

#include <openssl/ssl.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

#include "cluster/base/pki/certificate.h"

namespace qd::client {

namespace {

namespace asio = http::asio;

constexpr unsigned char kProtocols[] = "\x08http/1.1";

bool isAddress(const std::string& host) {
    http::ErrorCode error;
    asio::ip::make_address(host, error);
    return !error;
}

// Where a context keeps its ClientTls; the first place is Asio's own.
int ownerIndex() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

}  // namespace

std::string ServerUrl::authority() const {
    const std::string name = host.contains(':') ? "[" + host + "]" : host;
    return port == "443" ? name : name + ":" + port;
}

Result<ServerUrl> parseServerUrl(const std::string& url) {
    constexpr std::string_view kScheme = "https://";
    if (!url.starts_with(kScheme)) return fail(Reason::BadRequest, "\"" + url + "\" is not an https URL");
    std::string_view rest = std::string_view(url).substr(kScheme.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    std::string_view authority = rest.substr(0, slash);
    ServerUrl parsed;
    parsed.basePath = rest.substr(slash);
    while (parsed.basePath.ends_with('/')) parsed.basePath.pop_back();
    std::size_t hostEnd = 0;
    if (authority.starts_with('[')) {
        hostEnd = authority.find(']');
        if (hostEnd == std::string_view::npos) return fail(Reason::BadRequest, "\"" + url + "\": bracket not closed");
        parsed.host = authority.substr(1, hostEnd - 1);
        ++hostEnd;
    } else {
        hostEnd = std::min(authority.find(':'), authority.size());
        parsed.host = authority.substr(0, hostEnd);
    }
    std::string_view port = authority.substr(hostEnd);
    parsed.port = port.starts_with(':') ? std::string(port.substr(1)) : "443";
    const bool digits = !parsed.port.empty() && parsed.port.find_first_not_of("0123456789") == std::string::npos;
    if (parsed.host.empty() || !digits || (!port.empty() && !port.starts_with(':'))) {
        return fail(Reason::BadRequest, "\"" + url + "\" has no host and port");
    }
    return parsed;
}

Result<std::shared_ptr<ClientTls>> ClientTls::create(const HttpClientOptions& options, const std::string& host) {
    std::shared_ptr<ClientTls> tls(new ClientTls);
    SSL_CTX* native = tls->m_context.native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    http::ErrorCode error;
    if (options.authoritiesPem.empty()) {
        tls->m_context.set_default_verify_paths(error);
    } else {
        const auto authorities = pki::Certificate::parseAll(options.authoritiesPem);
        if (!authorities) return fail(authorities.error().within("certificate authority of " + options.server));
        X509_STORE* store = SSL_CTX_get_cert_store(native);
        for (const pki::Certificate& authority : *authorities) X509_STORE_add_cert(store, authority.get());
    }
    if (!options.certificatePem.empty() || !options.keyPem.empty()) {
        tls->m_context.use_certificate_chain(asio::buffer(options.certificatePem), error);
        if (error) return fail(Reason::BadRequest, "client certificate: " + error.message());
        tls->m_context.use_private_key(asio::buffer(options.keyPem), asio::ssl::context::pem, error);
        if (error) return fail(Reason::BadRequest, "client key: " + error.message());
    }
    tls->m_name = options.serverName.empty() ? host : options.serverName;
    tls->m_verify = !options.insecureSkipVerify;
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_ex_data(native, ownerIndex(), tls.get());
    SSL_CTX_sess_set_new_cb(native, rememberSession);
    return tls;
}

ClientTls::~ClientTls() {
    SSL_SESSION_free(m_session);
}

int ClientTls::rememberSession(SSL* tls, SSL_SESSION* session) {
    auto* self = static_cast<ClientTls*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(tls), ownerIndex()));
    const std::lock_guard lock(self->m_mutex);
    SSL_SESSION_free(self->m_session);
    self->m_session = session;
    return 1;  // it is ours now
}

void ClientTls::prepare(http::TlsStream& stream) {
    SSL* tls = stream.native_handle();
    http::ErrorCode ignored;
    if (m_verify) {
        stream.set_verify_mode(asio::ssl::verify_peer, ignored);
        stream.set_verify_callback(asio::ssl::host_name_verification(m_name), ignored);
    } else {
        stream.set_verify_mode(asio::ssl::verify_none, ignored);
    }
    if (!isAddress(m_name)) SSL_set_tlsext_host_name(tls, m_name.c_str());
    SSL_set_alpn_protos(tls, kProtocols, sizeof kProtocols - 1);
    const std::lock_guard lock(m_mutex);
    if (m_session != nullptr) SSL_set_session(tls, m_session);
}

}  // namespace qd::client
