#include <QProcess>
#include <QtTest>
#include <atomic>
#include <mutex>

#include "tests/cluster/apiserver/transport/http2_client.h"

using namespace qd::apiserver;
using namespace qd::testing;
namespace http = qd::http;

namespace {

Response describe(const Request& request) {
    if (request.bodyTooLarge) return textResponse("limit is " + std::to_string(request.bodyLimit), 413);
    return textResponse(request.method + " " + request.path + "?" + request.rawQuery + " host=" +
                        std::string(request.headers.get("Host")) + " size=" + std::to_string(request.body.size()));
}

// A watch whose events the test hands out.
struct Channel {
    std::mutex mutex;
    std::string pending;
    std::function<void()> wake;
    std::atomic<int> alive = 0;
    void push(const std::string& text) {
        std::function<void()> wakeNow;
        {
            const std::lock_guard lock(mutex);
            pending += text;
            wakeNow = wake;
        }
        if (wakeNow) wakeNow();
    }
};

class Watch final : public BodySource {
public:
    explicit Watch(Channel& channel) : m_channel(channel) { ++m_channel.alive; }
    ~Watch() override { --m_channel.alive; }
    void start(std::function<void()> wake) override {
        const std::lock_guard lock(m_channel.mutex);
        m_channel.wake = std::move(wake);
    }
    State next(http::Buffers& out) override {
        const std::lock_guard lock(m_channel.mutex);
        if (!m_channel.pending.empty()) out.push_back(http::bytes(std::exchange(m_channel.pending, {})));
        return State::Waiting;
    }

private:
    Channel& m_channel;
};

}  // namespace

class Http2Test : public QObject {
    Q_OBJECT
private slots:
    void requestsShareAConnection() {
        TestServer server(describe);
        Http2Client client(server);
        std::vector<std::int32_t> ids;
        for (int i = 0; i < 100; ++i) ids.push_back(client.request("GET", "/" + std::to_string(i) + "?a=b"));
        for (int i = 0; i < 100; ++i) {
            QVERIFY(client.untilClosed(ids[i]));
            QCOMPARE(client.answer(ids[i]).code, 200);
            QCOMPARE(client.answer(ids[i]).body, "GET /" + std::to_string(i) + "?a=b host=localhost size=0");
        }
        QCOMPARE(server.server().counters().connections, 1U);
    }

    void bodiesOfEachSizeArriveWhole() {
        TestServer server(describe);
        Http2Client client(server);
        for (const std::size_t size : {1U, 16'384U, 65'535U, 65'536U, 3'145'728U}) {
            const auto id = client.request("POST", "/", std::string(size, 'a'));
            QVERIFY(client.untilClosed(id));
            QCOMPARE(client.answer(id).body, "POST /? host=localhost size=" + std::to_string(size));
        }
    }

    void aBodyBeyondTheLimitIsAnsweredByTheHandler() {
        TestServer server(describe);
        Http2Client client(server);
        const auto id = client.request("POST", "/", std::string(4 * 1024 * 1024, 'a'));
        QVERIFY(client.untilClosed(id));
        QCOMPARE(client.answer(id).code, 413);
        QCOMPARE(client.answer(id).body, std::string("limit is 3145728"));
        const auto next = client.request("GET", "/next");
        QVERIFY(client.untilClosed(next));
        QCOMPARE(client.answer(next).code, 200);
    }

    void aBigResponseRespectsTheWindowAndArrivesWhole() {
        const auto part = http::bytes(std::string(100'000, 'x'));
        TestServer server([&](const Request&) {
            Response response;
            response.body.assign(100, part);
            return response;
        });
        Http2Client client(server);
        const auto id = client.request("GET", "/");
        QVERIFY(client.untilClosed(id));
        QCOMPARE(client.answer(id).body.size(), 10'000'000U);
        QCOMPARE(client.answer(id).headers["content-length"], std::string("10000000"));
    }

    void manyWatchesLiveOnOneConnection() {
        std::vector<std::unique_ptr<Channel>> channels;
        for (int i = 0; i < 60; ++i) channels.push_back(std::make_unique<Channel>());
        {
            TestServer server([&](const Request& request) {
                Response response;
                response.stream = std::make_unique<Watch>(*channels.at(std::stoul(request.path.substr(1))));
                return response;
            });
            Http2Client client(server);
            std::vector<std::int32_t> ids;
            for (int i = 0; i < 60; ++i) ids.push_back(client.request("GET", "/" + std::to_string(i)));
            QVERIFY(client.until([&] { return client.answer(ids.back()).code == 200; }));
            for (int round = 0; round < 20; ++round) {
                for (const auto& channel : channels) channel->push("event " + std::to_string(round) + "\n");
            }
            for (const std::int32_t id : ids) {
                QVERIFY(client.until([&] { return client.answer(id).body.ends_with("event 19\n"); }));
                QCOMPARE(std::ranges::count(client.answer(id).body, '\n'), 20);
            }
            client.cancel(ids[0]);
            client.flush();
            QTRY_COMPARE(channels[0]->alive.load(), 0);
            QCOMPARE(channels[1]->alive.load(), 1);
        }
        for (const auto& channel : channels) QCOMPARE(channel->alive.load(), 0);
    }

    void aClosedConnectionEndsItsWatches() {
        Channel channel;
        TestServer server([&](const Request&) {
            Response response;
            response.stream = std::make_unique<Watch>(channel);
            return response;
        });
        {
            Http2Client client(server);
            const auto id = client.request("GET", "/");
            QVERIFY(client.until([&] { return client.answer(id).code == 200; }));
            QCOMPARE(channel.alive.load(), 1);
        }
        QTRY_COMPARE(channel.alive.load(), 0);
    }

    void aGatedResponseWaitsWithoutHoldingUpOthers() {
        std::mutex mutex;
        std::optional<Release> waiting;
        TestServer server([&](const Request& request) {
            Response response = describe(request);
            if (request.path == "/gated") {
                response.gate = [&](Release release) {
                    const std::lock_guard lock(mutex);
                    waiting = std::move(release);
                };
            }
            return response;
        });
        Http2Client client(server);
        const auto gated = client.request("POST", "/gated");
        const auto free = client.request("GET", "/free");
        QVERIFY(client.untilClosed(free));
        QVERIFY(!client.answer(gated).closed);
        const auto someoneWaits = [&] {
            const std::lock_guard lock(mutex);
            return waiting.has_value();
        };
        QTRY_VERIFY(someoneWaits());
        (*waiting)(nullptr);
        QVERIFY(client.untilClosed(gated));
        QCOMPARE(client.answer(gated).code, 200);
    }

    void rubbishEndsTheConnectionAndCallsNothing() {
        std::atomic<int> calls = 0;
        TestServer server([&](const Request& request) {
            ++calls;
            return describe(request);
        });
        RawClient client(server, "h2");
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        QVERIFY(client.waitClosed());
        QCOMPARE(calls.load(), 0);
    }

    void shuttingDownEndsWatchesCleanly() {
        Channel channel;
        TestServer server([&](const Request&) {
            Response response;
            response.stream = std::make_unique<Watch>(channel);
            return response;
        });
        Http2Client client(server);
        const auto id = client.request("GET", "/");
        QVERIFY(client.until([&] { return client.answer(id).code == 200; }));
        server.server().shutDown(std::chrono::seconds(1));
        QVERIFY(client.untilClosed(id));
        QCOMPARE(client.answer(id).error, 0U);
        QCOMPARE(channel.alive.load(), 0);
    }

    void curlSpeaksIt() {
        TestServer server(describe);
        QProcess curl;
        curl.start("curl",
                   {"-sk", "--http2", "-w", " %{http_version}", QString::fromStdString(server.url() + "/c?d=e")});
        if (!curl.waitForStarted()) QSKIP("curl is not installed");
        QVERIFY(curl.waitForFinished());
        const QByteArray output = curl.readAllStandardOutput();
        QVERIFY2(output.startsWith("GET /c?d=e host=127.0.0.1:") && output.endsWith(" 2"), output.constData());
    }
};

QTEST_GUILESS_MAIN(Http2Test)
#include "http2_test.moc"
