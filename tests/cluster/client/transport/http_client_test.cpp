#include "cluster/client/transport/http_client.h"

#include <QtTest>
#include <condition_variable>
#include <future>
#include <set>

#include "cluster/base/pki/private_file.h"
#include "tests/cluster/apiserver/transport/server_fixture.h"

using namespace qd::apiserver;
using namespace qd::client;
using namespace qd::testing;
namespace http = qd::http;
namespace pki = qd::pki;
using qd::Reason;
using qd::Result;

namespace {

constexpr auto kPatience = std::chrono::seconds(20);

Response describe(const Request& request) {
    return textResponse(request.method + " " + request.path + "?" + request.rawQuery +
                        " peer=" + (request.peer ? request.peer->commonName : "") +
                        " groups=" + std::to_string(request.peer ? request.peer->organizations.size() : 0) +
                        " error=" + request.peerError + " auth=" + std::string(request.headers.get("authorization")) +
                        " body=" + request.body);
}

// Gives `count` events, in batches of changing size, waiting for its own wake-up between them.
class Events final : public BodySource {
public:
    Events(int count, std::atomic<int>& alive) : m_count(count), m_alive(alive) { ++m_alive; }
    ~Events() override { --m_alive; }
    void start(std::function<void()> wake) override { m_wake = std::move(wake); }
    State next(http::Buffers& out) override {
        for (int i = 0; i < 1 + m_next % 7 && m_next != m_count; ++i) {
            out.push_back(http::bytes("{\"event\":" + std::to_string(m_next++) + "}\n"));
        }
        if (m_next == m_count) return State::End;
        if (m_next % 3 == 0) return State::More;
        m_wake();
        return State::Waiting;
    }

private:
    int m_count;
    int m_next = 0;
    std::atomic<int>& m_alive;
    std::function<void()> m_wake;
};

Handler events(int count, std::atomic<int>& alive) {
    return [count, &alive](const Request&) {
        Response response;
        response.stream = std::make_unique<Events>(count, alive);
        return response;
    };
}

// Collects a streamed response; the test waits for what it needs.
class Collector final : public ResponseHandler {
public:
    void head(int code, http::Headers) override {
        change([&] { m_code = code; });
    }
    void data(std::string_view part) override {
        change([&] { m_text.append(part); });
        if (m_onData) m_onData();
    }
    void end(Result<void> result) override {
        change([&] { m_result = std::move(result); });
    }

    template <typename F>
    bool waitFor(F condition) {
        std::unique_lock lock(m_mutex);
        return m_changed.wait_for(lock, kPatience, [&] { return condition(*this); });
    }
    bool waitEnded() {
        return waitFor([](const Collector& self) { return self.m_result.has_value(); });
    }
    template <typename F>
    void change(F function) {
        const std::lock_guard lock(m_mutex);
        function();
        m_changed.notify_all();
    }
    int m_code = 0;
    std::string m_text;
    std::optional<Result<void>> m_result;
    std::function<void()> m_onData;

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
};

struct Rig {
    explicit Rig(Handler handler, const std::function<void(HttpClientOptions&)>& change = nullptr)
        : server(std::move(handler)), client(newClient(change)) {}
    std::unique_ptr<HttpClient> newClient(const std::function<void(HttpClientOptions&)>& change = nullptr) {
        HttpClientOptions options;
        options.server = server.url();
        options.authoritiesPem = testAuthority().certificate().pem();
        if (change) change(options);
        return HttpClient::create(threads, std::move(options), clock).value();
    }
    qd::base::SystemClock clock;
    HttpThreads threads{2};
    TestServer server;
    std::unique_ptr<HttpClient> client;
};

void identify(HttpClientOptions& options, const pki::Identity& identity) {
    options.certificatePem = identity.certificatePem;
    options.keyPem = identity.keyPem;
}

}  // namespace

class HttpClientTest : public QObject {
    Q_OBJECT
private slots:
    void requestsShareAConnection() {
        Rig rig(describe);
        for (int i = 0; i < 20; ++i) {
            const auto answer = rig.client->send({.method = "POST", .target = "/a?x=1", .body = "hello"}, kPatience);
            QVERIFY2(answer.has_value(), answer ? "" : answer.error().message.c_str());
            QVERIFY(answer->body.starts_with("POST /a?x=1 ") && answer->body.ends_with("body=hello"));
        }
        QCOMPARE(rig.server.server().counters().connections, 1U);
    }

    void twoHundredRequestsAtOnceAreAllAnswered() {
        Rig rig(describe);
        std::mutex mutex;
        std::condition_variable changed;
        std::set<std::string> answers;
        int done = 0;
        for (int i = 0; i < 200; ++i) {
            rig.client->sendAsync({.target = "/" + std::to_string(i)}, kPatience, [&](Result<HttpResponse> result) {
                const std::lock_guard lock(mutex);
                if (result) answers.insert(result->body);
                ++done;
                changed.notify_all();
            });
        }
        std::unique_lock lock(mutex);
        QVERIFY(changed.wait_for(lock, kPatience, [&] { return done == 200; }));
        QCOMPARE(answers.size(), 200U);
    }

    void aBigBodyGoesAndComesWhole() {
        Rig rig([](const Request& request) { return textResponse(request.body); });
        std::string body;
        for (int i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i) + ",";
        const auto answer = rig.client->send({.method = "PUT", .target = "/", .body = body}, kPatience);
        QVERIFY(answer.has_value() && answer->body == body);
    }

    void theServerLearnsWhoTheClientIs() {
        const pki::Identity identity =
            testAuthority()
                .issueClient({.commonName = "jane", .organizations = {"devs", "admins"}}, testValidity())
                .value();
        Rig rig(describe, [&](HttpClientOptions& options) { identify(options, identity); });
        // The second connection resumes the first one's session and must know the same.
        for (int i = 0; i < 2; ++i) {
            const auto client = rig.newClient([&](HttpClientOptions& options) { identify(options, identity); });
            for (int k = 0; k < 2; ++k) {
                const auto answer =
                    client->send({.target = "/", .headers = {{"Connection", "close"}}}, kPatience).value();
                QVERIFY2(answer.body.contains("peer=jane groups=2 error= "), answer.body.c_str());
            }
        }
    }

    void anotherCertificateIsShownFromNowOnAndWatchesGoOn() {
        const auto named = [](const char* name) {
            return testAuthority().issueClient({.commonName = name}, testValidity()).value();
        };
        const auto before = named("before"), after = named("after");
        std::atomic<int> alive = 0;
        Rig rig(
            [&](const Request& request) {
                if (request.path != "/watch") return describe(request);
                Response response;
                response.stream = std::make_unique<Events>(-1, alive);
                return response;
            },
            [&](HttpClientOptions& options) { identify(options, before); });
        const auto collector = std::make_shared<Collector>();
        const auto stream = rig.client->stream({.target = "/watch"}, kPatience, collector);
        QVERIFY(rig.client->send({.target = "/"}, kPatience)->body.contains("peer=before "));

        QVERIFY(rig.client->setCertificate(after.certificatePem, after.keyPem).has_value());
        for (int i = 0; i < 3; ++i)
            QVERIFY(rig.client->send({.method = "POST", .target = "/"}, kPatience)->body.contains("peer=after "));
        std::size_t seen = 0;
        QVERIFY(collector->waitFor([&](const Collector& self) { return (seen = self.m_text.size()) > 0; }));
        QVERIFY(collector->waitFor([&](const Collector& self) { return self.m_text.size() > seen; }));
        QVERIFY(!collector->m_result);
        // The watch's, the one that was idle, the new one.
        QCOMPARE(rig.server.server().counters().connections, 3U);
    }

    void aCertificateWithAnothersKeyIsRefusedAndTheOldOneStays() {
        const auto jane = testAuthority().issueClient({.commonName = "jane"}, testValidity()).value();
        const auto john = testAuthority().issueClient({.commonName = "john"}, testValidity()).value();
        Rig rig(describe, [&](HttpClientOptions& options) { identify(options, jane); });
        const auto refused = rig.client->setCertificate(john.certificatePem, jane.keyPem);
        QVERIFY(!refused && refused.error().reason == Reason::BadRequest);
        QVERIFY(rig.client->send({.target = "/"}, kPatience)->body.contains("peer=jane "));
    }

    void aCertificateThatIsNotTrustedIsReportedToTheHandler_data() {
        QTest::addColumn<QString>("kind");
        QTest::newRow("of another authority") << "stranger";
        QTest::newRow("expired") << "expired";
        QTest::newRow("for servers") << "server";
    }
    void aCertificateThatIsNotTrustedIsReportedToTheHandler() {
        QFETCH(QString, kind);
        const auto now = qd::base::SystemClock().now();
        const pki::Validity past{now - std::chrono::days(2), now - std::chrono::days(1)};
        const pki::Authority stranger = pki::Authority::create("test-ca", testValidity()).value();
        const pki::Identity identity =
            kind == "stranger"  ? stranger.issueClient({.commonName = "jane"}, testValidity()).value()
            : kind == "expired" ? testAuthority().issueClient({.commonName = "jane"}, past).value()
                                : testAuthority().issueServer({.commonName = "jane"}, testValidity()).value();
        Rig rig(describe, [&](HttpClientOptions& options) { identify(options, identity); });
        const auto answer = rig.client->send({.target = "/"}, kPatience).value();
        QVERIFY2(answer.body.contains("peer= groups=0"), answer.body.c_str());
        QVERIFY2(!answer.body.contains("error= "), answer.body.c_str());
    }

    void aServerThatIsNotTrustedIsNotTalkedTo() {
        Rig rig(describe);
        const pki::Authority stranger = pki::Authority::create("test-ca", testValidity()).value();
        const auto strangers =
            rig.newClient([&](HttpClientOptions& options) { options.authoritiesPem = stranger.certificate().pem(); });
        const auto refused = strangers->send({.method = "GET", .target = "/"}, kPatience);
        QVERIFY(!refused && refused.error().reason == Reason::ServiceUnavailable);
        QVERIFY2(refused.error().message.contains("certificate"), refused.error().message.c_str());
        const auto misnamed = rig.newClient([&](HttpClientOptions& options) { options.serverName = "elsewhere"; });
        QVERIFY(!misnamed->send({.target = "/"}, kPatience).has_value());
        QCOMPARE(rig.server.server().counters().requests, 0U);
    }

    void theTokenComesFromItsFile() {
        const QTemporaryDir folder;
        const std::string path = folder.filePath("token").toStdString();
        QVERIFY(pki::writePrivateFile(path, "abc\n").has_value());
        Rig rig(describe, [&](HttpClientOptions& options) { options.bearerTokenFile = path; });
        QVERIFY(rig.client->send({.target = "/"}, kPatience)->body.contains("auth=Bearer abc "));
    }

    void whatWouldBreakTheRequestIsRefused() {
        Rig rig(describe);
        for (const char* target : {"", "a", "/a b", "/a\r\nX: y"}) {
            const auto refused = rig.client->send({.target = target}, kPatience);
            QVERIFY(!refused && refused.error().reason == Reason::BadRequest);
        }
        const auto refused = rig.client->send({.target = "/", .headers = {{"X", "a\r\nY: b"}}}, kPatience);
        QVERIFY(!refused && refused.error().reason == Reason::BadRequest);
    }

    void anAnswerThatDoesNotComeIsATimeout() {
        std::vector<Release> never;
        std::mutex mutex;
        Rig rig([&](const Request&) {
            Response response;
            response.gate = [&](Release release) {
                const std::lock_guard lock(mutex);
                never.push_back(std::move(release));
            };
            return response;
        });
        const auto late = rig.client->send({.method = "POST", .target = "/"}, std::chrono::milliseconds(100));
        QVERIFY(!late && late.error().reason == Reason::Timeout);
    }

    void nobodyListeningIsSaidAtOnce() {
        Rig rig(describe);
        rig.server.server().shutDown(std::chrono::seconds(1));
        const auto refused = rig.client->send({.target = "/"}, kPatience);
        QVERIFY(!refused && refused.error().reason == Reason::ServiceUnavailable);
    }

    void aWatchDeliversTenThousandEventsInOrder() {
        std::atomic<int> alive = 0;
        Rig rig(events(10'000, alive));
        std::string expected;
        for (int i = 0; i < 10'000; ++i) expected += "{\"event\":" + std::to_string(i) + "}\n";
        const auto collector = std::make_shared<Collector>();
        const auto stream = rig.client->stream({.target = "/watch"}, kPatience, collector);
        QVERIFY(collector->waitEnded());
        QVERIFY(collector->m_result->has_value());
        QCOMPARE(collector->m_code, 200);
        QVERIFY(collector->m_text == expected);
        QTRY_COMPARE(alive.load(), 0);
    }

    void aCancelledWatchEndsOnBothSides() {
        std::atomic<int> alive = 0;
        Rig rig(events(-1, alive));
        const auto collector = std::make_shared<Collector>();
        auto stream = rig.client->stream({.target = "/watch"}, kPatience, collector);
        QVERIFY(collector->waitFor([](const Collector& self) { return self.m_text.size() > 100'000; }));
        QCOMPARE(alive.load(), 1);
        stream->cancel();
        QVERIFY(collector->waitEnded());
        QVERIFY(!collector->m_result->has_value());
        QTRY_COMPARE(alive.load(), 0);
    }

    void aPausedWatchHoldsTheServerBack() {
        std::atomic<int> alive = 0;
        Rig rig(events(200'000, alive));
        const auto collector = std::make_shared<Collector>();
        const auto stream = rig.client->stream({.target = "/watch"}, kPatience, collector);
        QVERIFY(collector->waitFor([](const Collector& self) { return !self.m_text.empty(); }));
        stream->pause();
        stream->resume();
        QVERIFY(collector->waitEnded());
        QVERIFY(collector->m_text.ends_with("{\"event\":199999}\n"));
    }

    // What arrives after pause() was the last that the connection waited for: until resume() nothing else needs it.
    void aPausedWatchKeepsItsConnection() {
        constexpr int kRounds = 20;
        std::atomic<int> alive = 0;
        Rig rig(events(200'000, alive));
        const auto collector = std::make_shared<Collector>();
        std::promise<ResponseStream*> opened;
        int parts = 0;
        int quiet = 0;
        collector->m_onData = [&, stream = opened.get_future().share()] {
            ++parts;
            if (quiet == kRounds) return;
            if (parts % 3 == 1) stream.get()->pause();
            if (parts % 3 == 2) collector->change([&] { ++quiet; });
        };
        const auto stream = rig.client->stream({.target = "/watch"}, kPatience, collector);
        opened.set_value(stream.get());
        for (int round = 1; round <= kRounds; ++round) {
            QVERIFY(collector->waitFor([&](const Collector&) { return quiet >= round; }));
            stream->resume();
        }
        QVERIFY(collector->waitEnded());
        QVERIFY(collector->m_text.ends_with("{\"event\":199999}\n"));
    }

    void aShutDownEndsWatchesWell() {
        std::atomic<int> alive = 0;
        Rig rig(events(-1, alive));
        const auto collector = std::make_shared<Collector>();
        const auto stream = rig.client->stream({.target = "/watch"}, kPatience, collector);
        QVERIFY(collector->waitFor([](const Collector& self) { return self.m_text.size() > 1000; }));
        rig.server.server().shutDown(std::chrono::seconds(10));
        QVERIFY(collector->waitEnded());
        QVERIFY(collector->m_result->has_value());
        QVERIFY(collector->m_text.ends_with("}\n"));
        QCOMPARE(alive.load(), 0);
    }
};

QTEST_GUILESS_MAIN(HttpClientTest)
#include "http_client_test.moc"
