// The bridge between a client's channel and a streaming server like containerd's, which a test plays on loopback.
#include "vmnodes/agent/server/stream_bridge.h"

#include <QTcpServer>
#include <QTcpSocket>
#include <QtTest>
#include <future>
#include <mutex>

#include "cluster/base/executor.h"
#include "vmnodes/agent/server/spdy_frames.h"

using namespace qd;
using namespace qd::agent::server;

namespace {

// The client's end of an upgraded connection, as the transport would give it.
class FrontChannel final : public http::Channel {
public:
    void send(http::Buffers message, bool) override {
        const std::lock_guard lock(m_mutex);
        for (const http::Bytes& part : message) m_received += *part;
    }
    std::size_t queued() const override { return 0; }
    void pauseReading() override {}
    void resumeReading() override {}
    void close(std::uint16_t, std::string) override { m_closed = true; }

    std::string received() const {
        const std::lock_guard lock(m_mutex);
        return m_received;
    }
    bool isClosed() const { return m_closed; }

private:
    mutable std::mutex m_mutex;
    std::string m_received;
    std::atomic<bool> m_closed = false;
};

}  // namespace

class StreamBridgeTest : public QObject {
    Q_OBJECT
private slots:
    void spdyIsPassedThroughByteForByte() {
        QTcpServer runtime;
        QVERIFY(runtime.listen(QHostAddress::LocalHost));
        StreamBridge bridge;
        apiserver::Request request;
        request.headers = {
            {"Connection", "Upgrade"}, {"Upgrade", "SPDY/3.1"}, {"X-Stream-Protocol-Version", "v4.channel.k8s.io"}};
        auto opening = open(bridge, runtime, request);
        QTcpSocket* socket = accept(runtime);
        QVERIFY(socket != nullptr);
        const QByteArray head = readHead(socket);
        QVERIFY(head.startsWith("POST /exec/token HTTP/1.1\r\n"));
        QVERIFY(head.contains("Upgrade: SPDY/3.1\r\n"));
        QVERIFY(head.contains("X-Stream-Protocol-Version: v4.channel.k8s.io\r\n"));
        socket->write(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
            "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\nearly");
        socket->flush();
        apiserver::Response response = finish(opening);
        QVERIFY(response.upgrade.has_value());
        QCOMPARE(response.headers.get("X-Stream-Protocol-Version"), std::string_view("v4.channel.k8s.io"));
        const auto front = std::make_shared<FrontChannel>();
        response.upgrade->handler->opened(front);
        QTRY_COMPARE(front->received(), std::string("early"));
        response.upgrade->handler->received("to the runtime", false);
        QTRY_VERIFY(socket->bytesAvailable() >= 14);
        QCOMPARE(socket->readAll(), QByteArray("to the runtime"));
        socket->disconnectFromHost();
        QTRY_VERIFY(front->isClosed());
    }

    // As `kubectl exec -i pod -- cat < file`.
    void aWebSocketClientsInputEndsAndTheCommandWithIt() {
        QTcpServer runtime;
        QVERIFY(runtime.listen(QHostAddress::LocalHost));
        StreamBridge bridge;
        auto opening = open(bridge, runtime, webSocket());
        QTcpSocket* socket = agree(runtime);
        QVERIFY(socket != nullptr);
        apiserver::Response response = finish(opening);
        QVERIFY(response.upgrade.has_value());
        QCOMPARE(response.upgrade->protocol, std::string("websocket"));
        QCOMPARE(response.upgrade->subprotocol, std::string("v5.channel.k8s.io"));
        const auto front = std::make_shared<FrontChannel>();
        response.upgrade->handler->opened(front);
        response.upgrade->handler->received(std::string("\0all of it", 10), false);
        response.upgrade->handler->received(std::string("\xff\0", 2), false);
        playCat(socket);
        QTRY_VERIFY(front->isClosed());
        QCOMPARE(front->received(), std::string("\1") + "\1all of it" + "\3{}");
    }

    void theRuntimeHearsOfAQuietSessionNowAndThen() {
        QTcpServer runtime;
        QVERIFY(runtime.listen(QHostAddress::LocalHost));
        StreamBridge bridge(std::chrono::milliseconds(10));
        auto opening = open(bridge, runtime, webSocket());
        QTcpSocket* socket = agree(runtime);
        QVERIFY(socket != nullptr);
        apiserver::Response response = finish(opening);
        QVERIFY(response.upgrade.has_value());
        response.upgrade->handler->opened(std::make_shared<FrontChannel>());
        spdy::FrameReader reader;
        std::vector<std::uint32_t> pings;
        while (pings.size() < 2) {
            if (socket->bytesAvailable() == 0) QVERIFY(socket->waitForReadyRead(5000));
            const auto frames = reader.feed(socket->readAll().toStdString());
            QVERIFY(frames.has_value());
            for (const spdy::Frame& frame : *frames)
                if (const auto* ping = std::get_if<spdy::Ping>(&frame)) pings.push_back(ping->id);
        }
        QCOMPARE(pings.at(0), 1U);
        QCOMPARE(pings.at(1), 3U);
    }

    void aRefusalOfTheRuntimeIsPassedOn() {
        QTcpServer runtime;
        QVERIFY(runtime.listen(QHostAddress::LocalHost));
        StreamBridge bridge;
        apiserver::Request request;
        request.headers = {{"Connection", "Upgrade"}, {"Upgrade", "SPDY/3.1"}};
        auto opening = open(bridge, runtime, request);
        QTcpSocket* socket = accept(runtime);
        QVERIFY(socket != nullptr);
        readHead(socket);
        socket->write("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
        socket->flush();
        QCOMPARE(finish(opening).code, 500);
    }

    void whatIsNoUpgradeIsRefused() {
        StreamBridge bridge;
        QCOMPARE(bridge.open("http://127.0.0.1:1/exec/x", {}).code, 400);
    }

private:
    static apiserver::Request webSocket() {
        apiserver::Request request;
        request.query = http::Query::parse("command=cat&input=1&output=1&error=1");
        request.headers = {{"Connection", "Upgrade"},
                           {"Upgrade", "websocket"},
                           {"Sec-WebSocket-Protocol", "v5.channel.k8s.io, v4.channel.k8s.io"}};
        return request;
    }
    // Takes the bridge's connection and agrees to speak SPDY; null when it asks for something else.
    static QTcpSocket* agree(QTcpServer& runtime) {
        QTcpSocket* socket = accept(runtime);
        if (socket == nullptr || !readHead(socket).contains("X-Stream-Protocol-Version: v4.channel.k8s.io\r\n"))
            return nullptr;
        socket->write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n");
        socket->flush();
        return socket;
    }
    // The runtime's part: accepts what is opened, sends back what comes, and ends when the input has ended.
    static void playCat(QTcpSocket* socket) {
        spdy::FrameReader reader;
        spdy::FrameWriter writer;
        const auto say = [&](const spdy::Frame& frame) {
            socket->write(QByteArray::fromStdString(writer.write(frame)));
        };
        constexpr std::uint32_t kStatus = 1, kOutput = 5;
        for (bool ended = false; !ended;) {
            if (socket->bytesAvailable() == 0) QVERIFY(socket->waitForReadyRead(5000));
            const auto frames = reader.feed(socket->readAll().toStdString());
            QVERIFY(frames.has_value());
            for (const spdy::Frame& frame : *frames) {
                if (const auto* stream = std::get_if<spdy::SynStream>(&frame))
                    say(spdy::SynReply{stream->stream, false, {}});
                const auto* data = std::get_if<spdy::Data>(&frame);
                if (data == nullptr) continue;
                say(spdy::Data{kOutput, false, data->bytes});
                ended = data->fin;
            }
        }
        say(spdy::Data{kStatus, false, "{}"});
        say(spdy::GoAway{7, 0});
        socket->flush();
    }
    // open() blocks: it runs beside the test's own loop.
    std::future<apiserver::Response> open(StreamBridge& bridge, const QTcpServer& runtime,
                                          const apiserver::Request& request) {
        const std::string url = "http://127.0.0.1:" + std::to_string(runtime.serverPort()) + "/exec/token";
        return std::async(std::launch::async, [&bridge, url, request] { return bridge.open(url, request); });
    }
    static QTcpSocket* accept(QTcpServer& server) {
        return server.hasPendingConnections() || server.waitForNewConnection(5000) ? server.nextPendingConnection()
                                                                                   : nullptr;
    }
    static QByteArray readHead(QTcpSocket* socket) {
        QByteArray head;
        while (!head.contains("\r\n\r\n") && socket->waitForReadyRead(5000)) head += socket->readAll();
        return head;
    }
    static apiserver::Response finish(std::future<apiserver::Response>& opening) {
        while (opening.wait_for(std::chrono::milliseconds(0)) != std::future_status::ready) QTest::qWait(5);
        return opening.get();
    }
};

QTEST_GUILESS_MAIN(StreamBridgeTest)
#include "stream_bridge_test.moc"
