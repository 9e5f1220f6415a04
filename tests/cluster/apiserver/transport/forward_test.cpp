// A client, a server that forwards, and the "node" behind it: two servers and raw clients on loopback.
#include "cluster/apiserver/transport/forward.h"

#include <QTcpServer>
#include <QTcpSocket>
#include <QtTest>
#include <future>
#include <mutex>

#include "cluster/base/executor.h"
#include "cluster/client/transport/http_client.h"
#include "tests/cluster/apiserver/transport/server_fixture.h"

using namespace qd;
using namespace qd::apiserver;
using namespace qd::testing;

namespace {

constexpr int kPatience = 10'000;

// Sends back what it is sent.
class Echo final : public http::ChannelHandler {
public:
    void opened(std::shared_ptr<http::Channel> channel) override { m_channel = std::move(channel); }
    void received(std::string message, bool text) override { m_channel->send({http::bytes(std::move(message))}, text); }
    void closed(std::uint16_t, std::string_view) override { m_channel.reset(); }

private:
    std::shared_ptr<http::Channel> m_channel;
};

// A body whose pieces the test gives.
class Piecewise {
public:
    void give(std::string piece) {
        std::function<void()> wake;
        {
            const std::lock_guard lock(m_mutex);
            m_pieces.push_back(std::move(piece));
            wake = m_wake;
        }
        if (wake) wake();
    }
    bool isGone() {
        const std::lock_guard lock(m_mutex);
        return m_gone;
    }

    class Source final : public BodySource {
    public:
        explicit Source(Piecewise& owner) : m_owner(owner) {}
        ~Source() override {
            const std::lock_guard lock(m_owner.m_mutex);
            m_owner.m_wake = nullptr;
            m_owner.m_gone = true;
        }
        void start(std::function<void()> wake) override {
            const std::lock_guard lock(m_owner.m_mutex);
            m_owner.m_wake = std::move(wake);
        }
        State next(Buffers& out) override {
            const std::lock_guard lock(m_owner.m_mutex);
            for (auto& piece : m_owner.m_pieces) out.push_back(http::bytes(std::move(piece)));
            m_owner.m_pieces.clear();
            return State::Waiting;
        }

    private:
        Piecewise& m_owner;
    };

private:
    std::mutex m_mutex;
    std::vector<std::string> m_pieces;
    std::function<void()> m_wake;
    bool m_gone = false;
};

AgentCredentials credentials() {
    static const pki::Identity identity =
        testAuthority().issueClient({.commonName = "kube-apiserver-kubelet-client"}, testValidity()).value();
    return {testAuthority().certificate().pem(), identity.certificatePem, identity.keyPem};
}

// The server that clients speak to: whatever they ask goes to the backend under the same target.
struct Front {
    explicit Front(std::uint16_t backend, ForwardRequest::Security security = ForwardRequest::Security::NodeAgent,
                   std::string address = "127.0.0.1")
        : forwarder(Forwarder::create(credentials()).value()), server([=, this](Request request) {
              ForwardRequest forward;
              forward.address = address;
              forward.port = backend;
              forward.security = security;
              forward.target = request.rawPath;
              forward.upgrade = request.headers.hasToken("Connection", "upgrade");
              forward.unreachable = [](const std::string& why) { return textResponse(why, 503); };
              if (refuses)
                  forward.refused = [](int code, const std::string& body) {
                      return textResponse(std::to_string(code) + ": " + body, 418);
                  };
              return forwarder->forward(request, std::move(forward));
          }) {}

    std::unique_ptr<Forwarder> forwarder;
    bool refuses = false;
    TestServer server;
};

QByteArray get(const QByteArray& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n\r\n";
}

}  // namespace

class ForwardTest final : public QObject {
    Q_OBJECT
private slots:
    void theAgentSeesWhoTheServerIsAndNotTheClientsSecrets() {
        TestServer node([](const Request& request) {
            return textResponse((request.peer ? request.peer->commonName : "nobody") + "|" +
                                std::string(request.headers.get("Authorization")) + "|" + request.path + "|" +
                                std::string(request.headers.get("X-Forwarded-For")));
        });
        Front front(node.port());
        RawClient client(front.server);
        client.send(get("/containerLogs/a/b/c"));
        QVERIFY(
            client.readUntil("127.0.0.1").contains("kube-apiserver-kubelet-client||/containerLogs/a/b/c|127.0.0.1"));
    }

    void aFollowedBodyArrivesPieceByPieceAndEndsWithTheClient() {
        Piecewise log;
        TestServer node([&](const Request&) {
            Response response;
            response.stream = std::make_unique<Piecewise::Source>(log);
            return response;
        });
        Front front(node.port());
        {
            RawClient client(front.server);
            client.send(get("/log"));
            log.give("first line\n");
            QVERIFY(client.readUntil("first line\n").contains("200 OK"));
            log.give("second line\n");
            QVERIFY(client.readUntil("second line\n").contains("second line\n"));
            QVERIFY(!log.isGone());
        }
        QTRY_VERIFY_WITH_TIMEOUT(log.isGone(), kPatience);
    }

    void shuttingDownEndsWhatIsBeingForwarded() {
        Piecewise log;
        TestServer node([&](const Request& request) {
            Response response;
            if (request.path == "/exec") {
                response.code = 101;
                response.upgrade =
                    Upgrade{.protocol = "SPDY/3.1", .subprotocol = {}, .handler = std::make_shared<Echo>()};
            } else {
                response.stream = std::make_unique<Piecewise::Source>(log);
            }
            return response;
        });
        Front front(node.port());
        RawClient follower(front.server);
        follower.send(get("/log"));
        log.give("a line\n");
        QVERIFY(follower.readUntil("a line\n").contains("a line\n"));
        RawClient channel(front.server);
        channel.send(
            "POST /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n");
        QVERIFY(channel.readUntil("\r\n\r\n").startsWith("HTTP/1.1 101 "));
        front.server.server().shutDown(std::chrono::seconds(5));
        QTRY_VERIFY_WITH_TIMEOUT(log.isGone(), kPatience);
        QVERIFY(channel.waitClosed());
    }

    void aLargeBodyComesWhole() {
        const std::string large(5'000'000, 'Z');
        TestServer node([&](const Request&) { return textResponse(large); });
        Front front(node.port());
        RawClient client(front.server);
        client.send("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        QCOMPARE(client.readAll().count('Z'), qsizetype(large.size()));
    }

    void anUpgradedConnectionIsPassedOnByteForByte() {
        TestServer node([](const Request& request) {
            Response response;
            response.code = 101;
            response.headers = {{"X-Stream-Protocol-Version", "v4.channel.k8s.io"}};
            response.upgrade = Upgrade{.protocol = std::string(request.headers.get("Upgrade")),
                                       .subprotocol = {},
                                       .handler = std::make_shared<Echo>()};
            return response;
        });
        Front front(node.port());
        RawClient client(front.server);
        client.send(
            "POST /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n");
        const QByteArray head = client.readUntil("\r\n\r\n");
        QVERIFY(head.startsWith("HTTP/1.1 101 "));
        QVERIFY(head.contains("Upgrade: SPDY/3.1"));
        QVERIFY(head.contains("X-Stream-Protocol-Version: v4.channel.k8s.io"));
        QByteArray sent;
        for (int i = 0; i < 200'000; ++i) sent += char(i % 251);
        for (int round = 0; round < 20; ++round) {
            client.send(sent);
            QByteArray back;
            while (back.size() < sent.size()) {
                const QByteArray more = client.readUntil("no such bytes", 0);
                back += more;
                if (more.isEmpty() && !client.readSome()) break;
            }
            QCOMPARE(back, sent);
        }
    }

    void aWebSocketKeepsItsSubprotocol() {
        TestServer node([](const Request& request) {
            Response response;
            response.code = 101;
            response.upgrade = Upgrade{.protocol = "websocket",
                                       .subprotocol = std::string(offeredSubprotocols(request).front()),
                                       .handler = std::make_shared<Echo>()};
            return response;
        });
        Front front(node.port());
        struct Listener final : http::ChannelHandler {
            void opened(std::shared_ptr<http::Channel> channel) override {
                isOpen = true;
                channel->send({http::bytes("ping")});
            }
            void received(std::string message, bool) override { answer.set_value(std::move(message)); }
            void closed(std::uint16_t, std::string_view) override {}
            std::promise<std::string> answer;
            std::atomic<bool> isOpen = false;
        };
        base::SystemClock clock;
        client::HttpThreads threads;
        client::HttpClientOptions options;
        options.server = front.server.url();
        options.authoritiesPem = credentials().authoritiesPem;
        const auto client = client::HttpClient::create(threads, options, clock).value();
        auto listener = std::make_shared<Listener>();
        auto answer = listener->answer.get_future();
        std::promise<std::string> chosen;
        auto protocol = chosen.get_future();
        bool couldSend = false;  // whoever hears that the session stands may send at once
        client->openWebSocket({.target = "/exec"}, {"v5.channel.k8s.io", "v4.channel.k8s.io"}, listener,
                              [&](Result<std::string> result) {
                                  couldSend = listener->isOpen;
                                  chosen.set_value(result.value_or("refused"));
                              });
        QCOMPARE(protocol.get(), std::string("v5.channel.k8s.io"));
        QVERIFY(couldSend);
        QCOMPARE(answer.get(), std::string("ping"));
    }

    void aRefusedUpgradeIsToldAsItIs() {
        TestServer node([](const Request&) { return textResponse("container not found (\"c\")", 404); });
        Front front(node.port());
        RawClient client(front.server);
        client.send("GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        const QByteArray answer = client.readUntil("(\"c\")");
        QVERIFY(answer.startsWith("HTTP/1.1 404 "));
    }

    void aRefusalCanBePutInOtherWords() {
        TestServer node([](const Request&) { return textResponse("previous terminated container not found", 400); });
        Front front(node.port());
        front.refuses = true;
        RawClient client(front.server);
        client.send(get("/log"));
        QVERIFY(client.readUntil("not found").contains("400: previous terminated container not found"));
    }

    void nobodyThereIsToldAtOnce() {
        std::uint16_t free = 0;
        {
            QTcpServer taken;
            QVERIFY(taken.listen(QHostAddress::LocalHost));
            free = taken.serverPort();
        }
        Front front(free);
        RawClient client(front.server);
        client.send(get("/log"));
        QVERIFY(client.readUntil("refused").contains(QByteArray("dial tcp 127.0.0.1:") + QByteArray::number(free) +
                                                     ": connect: connection refused"));
    }

    void anAgentWithAForeignCertificateIsNotSpokenTo() {
        bool asked = false;
        const auto stranger = pki::Authority::create("stranger", testValidity()).value();
        const auto identity =
            stranger.issueServer({.commonName = "x", .ipAddresses = {"127.0.0.1"}}, testValidity()).value();
        TestServer node(
            [&](const Request&) {
                asked = true;
                return textResponse("secret");
            },
            [&](ServerOptions& options) {
                options.identity = {identity.certificatePem, identity.keyPem};
            });
        Front front(node.port());
        RawClient client(front.server);
        client.send(get("/log"));
        QVERIFY(client.readUntil("certificate").contains("tls: failed to verify certificate"));
        QVERIFY(!asked);
    }

    void aPodWithoutTlsIsSpokenToPlainly() {
        QTcpServer pod;
        QVERIFY(pod.listen(QHostAddress::LocalHost));
        const auto port = pod.serverPort();
        Front front(port, ForwardRequest::Security::Plain);
        RawClient client(front.server);
        client.send("PUT /shop?x=1 HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\n\r\nhello");
        QVERIFY(pod.waitForNewConnection(kPatience));
        QTcpSocket* asked = pod.nextPendingConnection();
        QByteArray request;
        while (!request.endsWith("hello") && asked->waitForReadyRead(kPatience)) request += asked->readAll();
        QVERIFY(request.startsWith("PUT /shop HTTP/1.1\r\nHost: shop\r\n"));
        asked->write("HTTP/1.0 201 Created\r\nX-Pod: 1\r\n\r\nmade");
        QVERIFY(asked->waitForBytesWritten(kPatience));
        asked->close();
        QVERIFY(client.readUntil("0\r\n\r\n").contains("made"));
    }
};

QTEST_GUILESS_MAIN(ForwardTest)
#include "forward_test.moc"
