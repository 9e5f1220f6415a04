// What a probe says when its target does not answer as it should: the words of Go's net/http, which kubelet's Events
// show. Targets are played on loopback.
#include "vmnodes/agent/probes/http_get.h"

#include <QTcpServer>
#include <QTcpSocket>
#include <QtTest>

#include <sys/socket.h>
#include <future>

using namespace qd;
using namespace qd::agent::probes;
using namespace std::chrono_literals;

namespace {

enum class Manner { Closes, Resets, Answers, StaysSilent };

// Takes one connection and its request, then does what the test wants.
class Target : public QObject {
public:
    Target(Manner manner, const QByteArray& answer) {
        m_server.listen(QHostAddress::LocalHost);
        connect(&m_server, &QTcpServer::newConnection, this, [this, manner, answer] {
            QTcpSocket* socket = m_server.nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, this, [socket, manner, answer] {
                socket->readAll();
                if (manner == Manner::StaysSilent) return;
                if (manner == Manner::Resets) {
                    const linger atOnce{1, 0};
                    setsockopt(static_cast<int>(socket->socketDescriptor()), SOL_SOCKET, SO_LINGER, &atOnce,
                               sizeof atOnce);
                    socket->abort();
                    return;
                }
                socket->write(answer);
                socket->disconnectFromHost();
            });
        });
    }
    int port() const { return m_server.serverPort(); }

private:
    QTcpServer m_server;
};

// Blocks: it runs beside the test's own loop.
template <typename Work>
auto beside(Work work) {
    auto result = std::async(std::launch::async, std::move(work));
    while (result.wait_for(0ms) != std::future_status::ready) QTest::qWait(5);
    return result.get();
}

int closedPort() {
    QTcpServer server;
    server.listen(QHostAddress::LocalHost);
    return server.serverPort();
}

}  // namespace

class HttpGetTest : public QObject {
    Q_OBJECT
private slots:
    void anAnswerIsRead() {
        Target target(Manner::Answers, "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 4\r\n\r\nbody");
        const auto answer = beside([&] { return httpGet(request(target.port()), 20s); });
        QVERIFY2(answer.has_value(), answer ? "" : answer.error().message.c_str());
        QCOMPARE(answer->status, 302);
        QCOMPARE(answer->location, std::string("/other"));
        QCOMPARE(answer->body, std::string("body"));
    }

    void nobodyListens() {
        const int port = closedPort();
        const auto answer = httpGet(request(port), 20s);
        QVERIFY(!answer);
        const QString end = QStringLiteral("127.0.0.1:%1").arg(port);
        QCOMPARE(QString::fromStdString(answer.error().message),
                 QStringLiteral("Get \"http://%1/health\": dial tcp %1: connect: connection refused").arg(end));
        const auto connected = tcpConnect("127.0.0.1", port, 20s);
        QVERIFY(!connected);
        QCOMPARE(QString::fromStdString(connected.error().message),
                 QStringLiteral("dial tcp %1: connect: connection refused").arg(end));
    }

    void anAddressOfSixGroupsStandsInBrackets() {
        const auto connected = tcpConnect("::1", closedPort(), 20s);
        QVERIFY(!connected);
        QVERIFY2(connected.error().message.starts_with("dial tcp [::1]:"), connected.error().message.c_str());
    }

    void theTargetFails_data() {
        QTest::addColumn<int>("manner");
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<bool>("tls");
        QTest::addColumn<QString>("words");  // a pattern
        const QByteArray nothing;
        QTest::newRow("closes") << int(Manner::Closes) << nothing << false << "EOF";
        QTest::newRow("resets")
            << int(Manner::Resets) << nothing << false
            << "read tcp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:PORT: read: connection reset by peer";
        QTest::newRow("is silent")
            << int(Manner::StaysSilent) << nothing << false
            << "context deadline exceeded \\(Client\\.Timeout exceeded while awaiting headers\\)";
        QTest::newRow("speaks another protocol")
            << int(Manner::Answers) << QByteArray("SSH-2.0-x\r\n") << false
            << "net/http: HTTP/1\\.x transport connection broken: malformed HTTP response \"SSH-2\\.0-x\"";
        QTest::newRow("stops in the head") << int(Manner::Answers) << QByteArray("HTTP/1.1 200 OK\r\nFoo: b") << false
                                           << "net/http: HTTP/1\\.x transport connection broken: unexpected EOF";
        QTest::newRow("knows no TLS") << int(Manner::Answers) << QByteArray("HTTP/1.1 400 Bad Request\r\n\r\n") << true
                                      << "http: server gave HTTP response to HTTPS client";
        QTest::newRow("closes in the handshake") << int(Manner::Closes) << nothing << true << "EOF";
    }
    void theTargetFails() {
        QFETCH(int, manner);
        QFETCH(QByteArray, answer);
        QFETCH(bool, tls);
        QFETCH(QString, words);
        Target target(static_cast<Manner>(manner), answer);
        HttpRequest wish = request(target.port());
        wish.tls = tls;
        const auto limit = static_cast<Manner>(manner) == Manner::StaysSilent ? 200ms : 20s;
        const auto result = beside([&] { return httpGet(wish, limit); });
        QVERIFY(!result);
        const QString port = QString::number(target.port());
        const QRegularExpression expected(QStringLiteral("^Get \"%1://127\\.0\\.0\\.1:PORT/health\": %2$")
                                              .arg(tls ? "https" : "http", words)
                                              .replace("PORT", port));
        const QString said = QString::fromStdString(result.error().message);
        QVERIFY2(expected.match(said).hasMatch(), qPrintable(said));
    }

private:
    static HttpRequest request(int port) {
        HttpRequest request;
        request.address = "127.0.0.1";
        request.port = port;
        request.path = "/health";
        return request;
    }
};

QTEST_GUILESS_MAIN(HttpGetTest)
#include "http_get_test.moc"
