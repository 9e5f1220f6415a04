// A server on loopback with its own authority, and a client that sends exactly the bytes it is told to, over Qt's TLS
// and therefore independent of what is tested.
#pragma once

#include <QSslCertificate>
#include <QSslKey>
#include <QSslSocket>
#include <functional>
#include <memory>

#include "cluster/apiserver/transport/server.h"
#include "cluster/base/pki/certificate.h"

namespace qd::testing {

inline const pki::Authority& testAuthority() {
    static const pki::Authority authority =
        pki::Authority::create("test-ca", pki::Validity::from(base::SystemClock().now(), std::chrono::days(10)))
            .value();
    return authority;
}

inline pki::Validity testValidity(std::chrono::days length = std::chrono::days(5)) {
    return pki::Validity::from(base::SystemClock().now(), length);
}

class TestServer {
public:
    explicit TestServer(apiserver::Handler handler,
                        const std::function<void(apiserver::ServerOptions&)>& change = nullptr) {
        const auto identity =
            testAuthority()
                .issueServer({.commonName = "server", .dnsNames = {"localhost"}, .ipAddresses = {"127.0.0.1"}},
                             testValidity())
                .value();
        apiserver::ServerOptions options;
        options.listen = {{"127.0.0.1", 0}};
        options.identity = {identity.certificatePem, identity.keyPem};
        options.clientAuthoritiesPem = testAuthority().certificate().pem();
        if (change) change(options);
        m_server = apiserver::Server::start(std::move(options), m_clock, std::move(handler)).value();
    }
    apiserver::Server& server() { return *m_server; }
    std::uint16_t port() const { return m_server->addresses().front().port; }
    std::string url() const { return "https://127.0.0.1:" + std::to_string(port()); }

private:
    base::SystemClock m_clock;
    std::unique_ptr<apiserver::Server> m_server;
};

class RawClient {
public:
    explicit RawClient(const TestServer& server, const QByteArray& protocol = "http/1.1",
                       const pki::Identity* identity = nullptr) {
        QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
        configuration.setCaCertificates(
            QSslCertificate::fromData(QByteArray::fromStdString(testAuthority().certificate().pem())));
        configuration.setAllowedNextProtocols({protocol});
        if (identity != nullptr) {
            configuration.setLocalCertificateChain(
                QSslCertificate::fromData(QByteArray::fromStdString(identity->certificatePem)));
            configuration.setPrivateKey(QSslKey(QByteArray::fromStdString(identity->keyPem), QSsl::Ec));
        }
        m_socket.setSslConfiguration(configuration);
        m_socket.connectToHostEncrypted("127.0.0.1", server.port());
        m_open = m_socket.waitForEncrypted(kPatience);
    }

    bool isOpen() const { return m_open; }
    QSslSocket& socket() { return m_socket; }
    void send(const QByteArray& bytes) {
        m_socket.write(bytes);
        while (m_socket.bytesToWrite() > 0 || m_socket.encryptedBytesToWrite() > 0) {
            if (!m_socket.waitForBytesWritten(kPatience)) return;
        }
    }
    // What has come when it holds `needle` `times` times; what has come at all when the peer closes or nothing comes.
    QByteArray readUntil(const QByteArray& needle, int times = 1) {
        while (m_received.count(needle) < times && readSome()) {
        }
        return std::exchange(m_received, {});
    }
    // Reads until the peer closes.
    QByteArray readAll() {
        while (readSome()) {
        }
        return std::exchange(m_received, {});
    }
    bool readSome() {
        if (m_socket.bytesAvailable() == 0 && !m_socket.waitForReadyRead(kPatience)) return false;
        m_received += m_socket.readAll();
        return true;
    }
    // Whether the peer closes within the patience.
    bool waitClosed() {
        while (m_socket.state() == QAbstractSocket::ConnectedState) {
            if (!m_socket.waitForReadyRead(kPatience) && m_socket.state() == QAbstractSocket::ConnectedState)
                return false;
            m_socket.readAll();
        }
        return true;
    }

    static constexpr int kPatience = 10'000;

private:
    QSslSocket m_socket;
    QByteArray m_received;
    bool m_open = false;
};

inline apiserver::Response textResponse(std::string text, int code = 200) {
    apiserver::Response response;
    response.code = code;
    response.headers = {{"Content-Type", "text/plain"}};
    response.body.push_back(http::bytes(std::move(text)));
    return response;
}

}  // namespace qd::testing
