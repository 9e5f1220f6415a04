#include <QtTest>
#include <atomic>
#include <condition_variable>
#include <deque>

#include "cluster/client/transport/http_client.h"
#include "tests/cluster/apiserver/transport/server_fixture.h"

using namespace qd::apiserver;
using namespace qd::testing;
using qd::client::HttpClient;
using qd::client::HttpClientOptions;
using qd::client::HttpThreads;
namespace http = qd::http;

namespace {

constexpr auto kPatience = std::chrono::seconds(20);

// Sends every message back.
class Echo final : public http::ChannelHandler {
public:
    explicit Echo(std::atomic<int>& closed) : m_closed(closed) {}
    void opened(std::shared_ptr<http::Channel> channel) override { m_channel = std::move(channel); }
    void received(std::string message, bool text) override {
        if (message == "bye") return m_channel->close(4001, "as asked");
        m_channel->send({http::bytes("<"), http::bytes(std::move(message)), http::bytes(">")}, text);
    }
    void closed(std::uint16_t, std::string_view) override { ++m_closed; }

private:
    std::shared_ptr<http::Channel> m_channel;
    std::atomic<int>& m_closed;
};

class Recorder final : public http::ChannelHandler {
public:
    void opened(std::shared_ptr<http::Channel> channel) override {
        change([&] { m_channel = std::move(channel); });
    }
    void received(std::string message, bool text) override {
        change([&] { m_messages.emplace_back(std::move(message), text); });
    }
    void closed(std::uint16_t code, std::string_view reason) override {
        change([&] {
            m_code = code;
            m_reason = reason;
        });
    }
    template <typename F>
    bool waitFor(F condition) {
        std::unique_lock lock(m_mutex);
        return m_changed.wait_for(lock, kPatience, [&] { return condition(); });
    }

    std::shared_ptr<http::Channel> m_channel;
    std::deque<std::pair<std::string, bool>> m_messages;
    int m_code = 0;
    std::string m_reason;

private:
    template <typename F>
    void change(F function) {
        const std::lock_guard lock(m_mutex);
        function();
        m_changed.notify_all();
    }
    std::mutex m_mutex;
    std::condition_variable m_changed;
};

struct Rig {
    explicit Rig(Handler handler) : server(std::move(handler)) {
        HttpClientOptions options;
        options.server = server.url();
        options.authoritiesPem = testAuthority().certificate().pem();
        client = HttpClient::create(threads, options, clock).value();
    }
    qd::Result<std::string> open(const std::shared_ptr<Recorder>& recorder, const std::string& target = "/exec") {
        std::mutex mutex;
        std::condition_variable changed;
        std::optional<qd::Result<std::string>> result;
        client->openWebSocket({.target = target}, {"v5.channel.k8s.io", "v4.channel.k8s.io"}, recorder,
                              [&](qd::Result<std::string> opened) {
                                  const std::lock_guard lock(mutex);
                                  result = std::move(opened);
                                  changed.notify_all();
                              });
        std::unique_lock lock(mutex);
        changed.wait_for(lock, kPatience, [&] { return result.has_value(); });
        return result.value_or(qd::fail(qd::Reason::Timeout, "not opened"));
    }
    qd::base::SystemClock clock;
    HttpThreads threads;
    TestServer server;
    std::unique_ptr<HttpClient> client;
};

Handler echoing(std::atomic<int>& closed) {
    return [&closed](const Request& request) {
        if (request.path == "/refused") return textResponse("no such container", 404);
        if (!wantsUpgrade(request, "websocket") && !wantsUpgrade(request, "raw")) return textResponse("plain", 400);
        Response response;
        response.upgrade = Upgrade{.protocol = wantsUpgrade(request, "raw") ? "raw" : "websocket",
                                   .subprotocol = {},
                                   .handler = std::make_shared<Echo>(closed)};
        if (const auto offered = offeredSubprotocols(request); !offered.empty()) {
            response.upgrade->subprotocol = offered.back();
        }
        return response;
    };
}

}  // namespace

class UpgradeTest : public QObject {
    Q_OBJECT
private slots:
    void messagesComeBackInOrderAndOfTheirKind() {
        std::atomic<int> closed = 0;
        Rig rig(echoing(closed));
        const auto recorder = std::make_shared<Recorder>();
        QCOMPARE(rig.open(recorder).value(), std::string("v4.channel.k8s.io"));
        for (int i = 0; i < 500; ++i) recorder->m_channel->send({http::bytes(std::to_string(i))}, i % 2 == 0);
        QVERIFY(recorder->waitFor([&] { return recorder->m_messages.size() == 500; }));
        for (int i = 0; i < 500; ++i) {
            QCOMPARE(recorder->m_messages[i].first, "<" + std::to_string(i) + ">");
            QCOMPARE(recorder->m_messages[i].second, i % 2 == 0);
        }
        recorder->m_channel->send({http::bytes(std::string(900'000, 'b'))});
        QVERIFY(recorder->waitFor([&] { return recorder->m_messages.size() == 501; }));
        QCOMPARE(recorder->m_messages.back().first.size(), 900'002U);
    }

    void theServersReasonForClosingArrives() {
        std::atomic<int> closed = 0;
        Rig rig(echoing(closed));
        const auto recorder = std::make_shared<Recorder>();
        QVERIFY(rig.open(recorder).has_value());
        recorder->m_channel->send({http::bytes("bye")}, true);
        QVERIFY(recorder->waitFor([&] { return recorder->m_code != 0; }));
        QCOMPARE(recorder->m_code, 4001);
        QCOMPARE(recorder->m_reason, std::string("as asked"));
        QTRY_COMPARE(closed.load(), 1);
    }

    void aClientThatClosesEndsTheServersSide() {
        std::atomic<int> closed = 0;
        Rig rig(echoing(closed));
        const auto recorder = std::make_shared<Recorder>();
        QVERIFY(rig.open(recorder).has_value());
        recorder->m_channel->close();
        QTRY_COMPARE(closed.load(), 1);
        QVERIFY(recorder->waitFor([&] { return recorder->m_code == 1000; }));
    }

    void aTooLongMessageEndsTheChannel() {
        std::atomic<int> closed = 0;
        Rig rig(echoing(closed));
        const auto recorder = std::make_shared<Recorder>();
        QVERIFY(rig.open(recorder).has_value());
        recorder->m_channel->send({http::bytes(std::string(2 * 1024 * 1024, 'b'))});
        QTRY_COMPARE(closed.load(), 1);
    }

    void aRefusalIsTheHandlersOwn() {
        std::atomic<int> closed = 0;
        Rig rig(echoing(closed));
        const auto refused = rig.open(std::make_shared<Recorder>(), "/refused");
        QVERIFY(!refused);
        QCOMPARE(refused.error().httpStatus(), 404);
    }

    void aShutDownClosesChannels() {
        std::atomic<int> closed = 0;
        Rig rig(echoing(closed));
        const auto recorder = std::make_shared<Recorder>();
        QVERIFY(rig.open(recorder).has_value());
        rig.server.server().shutDown(std::chrono::seconds(5));
        QCOMPARE(closed.load(), 1);
        QVERIFY(recorder->waitFor([&] { return recorder->m_code != 0; }));
    }

    void aRawUpgradeCarriesBytes() {
        std::atomic<int> closed = 0;
        TestServer server(echoing(closed));
        RawClient client(server);
        client.send("GET /raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n");
        const QByteArray head = client.readUntil("\r\n\r\n");
        QVERIFY(head.startsWith("HTTP/1.1 101 ") && head.contains("Upgrade: raw\r\n"));
        client.send("hello");
        QCOMPARE(client.readUntil(">"), QByteArray("<hello>"));
        client.socket().disconnectFromHost();
        QTRY_COMPARE(closed.load(), 1);
    }

    void aPeerThatVanishesEndsTheChannel() {
        std::atomic<int> closed = 0;
        TestServer server(echoing(closed));
        {
            RawClient client(server);
            client.send("GET /raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n");
            client.readUntil("\r\n\r\n");
            client.socket().abort();
        }
        QTRY_COMPARE(closed.load(), 1);
    }
};

QTEST_GUILESS_MAIN(UpgradeTest)
#include "upgrade_test.moc"
