#include <QtTest>
#include <atomic>

#include "tests/cluster/apiserver/transport/server_fixture.h"

using namespace qd::apiserver;
using namespace qd::testing;
namespace http = qd::http;

namespace {

// Tells the client what the handler saw.
Response describe(const Request& request) {
    return textResponse(request.method + " " + request.path + " [" + request.rawQuery + "] body=" + request.body +
                        (request.bodyTooLarge ? " too large" : "") + " peer=" +
                        (request.peer ? request.peer->commonName : "") + " error=" + request.peerError + "\n");
}

QByteArray get(const QByteArray& path, const QByteArray& more = {}) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}

}  // namespace

class Http1Test : public QObject {
    Q_OBJECT
private slots:
    void oneConnectionServesManyRequests() {
        TestServer server(describe);
        RawClient client(server);
        QVERIFY(client.isOpen());
        for (int i = 0; i < 20; ++i) {
            client.send(get("/" + QByteArray::number(i) + "?a=b%20c"));
            const QByteArray answer = client.readUntil("error=\n");
            QVERIFY(answer.startsWith("HTTP/1.1 200 OK\r\n"));
            QVERIFY(answer.contains("GET /" + QByteArray::number(i) + " [a=b%20c]"));
        }
        QCOMPARE(server.server().counters().connections, 1U);
    }

    void pipelinedRequestsAreAnsweredInOrder() {
        TestServer server(describe);
        RawClient client(server);
        QByteArray requests;
        for (int i = 0; i < 50; ++i) requests += get("/" + QByteArray::number(i));
        client.send(requests);
        const QByteArray answers = client.readUntil("error=\n", 50);
        qsizetype position = 0;
        for (int i = 0; i < 50; ++i) {
            position = answers.indexOf("GET /" + QByteArray::number(i) + " ", position);
            QVERIFY(position > 0);
        }
    }

    void aChunkedUploadArrivesWhole() {
        TestServer server(describe);
        RawClient client(server);
        client.send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        client.send("1;x=y\r\n \r\n5\r\nwo");
        client.send("rld\r\n0\r\nTrailer: x\r\n\r\n");
        QVERIFY(client.readUntil("error=\n").contains("POST /a [] body=hello world peer="));
    }

    void aRequestInSingleBytesIsTheSameRequest() {
        TestServer server(describe);
        RawClient client(server);
        for (const char c : QByteArray("PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")) {
            client.send(QByteArray(1, c));
        }
        QVERIFY(client.readUntil("error=\n").contains("PUT /b [] body=abc "));
    }

    void aTruncatedRequestCallsNothing_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("half a line") << QByteArray("GET /a HT");
        QTest::newRow("half a head") << QByteArray("GET /a HTTP/1.1\r\nHost: x\r\n");
        QTest::newRow("half a body") << QByteArray("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
        QTest::newRow("half a chunk") << QByteArray(
            "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
        QTest::newRow("no last chunk") << QByteArray(
            "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    }
    void aTruncatedRequestCallsNothing() {
        QFETCH(QByteArray, text);
        std::atomic<int> calls = 0;
        TestServer server([&](const Request& request) {
            ++calls;
            return describe(request);
        });
        {
            RawClient client(server);
            QVERIFY(client.isOpen());
            client.send(text);
            client.socket().disconnectFromHost();
            if (client.socket().state() != QAbstractSocket::UnconnectedState)
                client.socket().waitForDisconnected(10'000);
        }
        server.server().shutDown(std::chrono::seconds(5));
        QCOMPARE(calls.load(), 0);
    }

    void whatIsNotHttpIsRefusedAndCallsNothing_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("code");
        const QByteArray host = "Host: x\r\n";
        QTest::newRow("rubbish") << QByteArray("\x01\x02\x03\x04 hello\r\n\r\n") << 400;
        QTest::newRow("no version") << QByteArray("GET /\r\n\r\n") << 400;
        QTest::newRow("version 3") << "GET / HTTP/3.0\r\n" + host + "\r\n" << 400;
        QTest::newRow("no host") << QByteArray("GET / HTTP/1.1\r\n\r\n") << 400;
        QTest::newRow("two hosts") << "GET / HTTP/1.1\r\n" + host + host + "\r\n" << 400;
        QTest::newRow("relative path") << "GET a/b HTTP/1.1\r\n" + host + "\r\n" << 400;
        QTest::newRow("broken escape") << "GET /%zz HTTP/1.1\r\n" + host + "\r\n" << 400;
        QTest::newRow("zero in the path") << "GET /a%00b HTTP/1.1\r\n" + host + "\r\n" << 400;
        QTest::newRow("bad field name") << "GET / HTTP/1.1\r\n" + host + "a b: c\r\n\r\n" << 400;
        QTest::newRow("no colon") << "GET / HTTP/1.1\r\n" + host + "abc\r\n\r\n" << 400;
        QTest::newRow("bad length") << "POST / HTTP/1.1\r\n" + host + "Content-Length: 1x\r\n\r\n" << 400;
        QTest::newRow("negative length") << "POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n" << 400;
        QTest::newRow("two lengths") << "POST / HTTP/1.1\r\n" + host +
                                            "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"
                                     << 400;
        QTest::newRow("length and chunks")
            << "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            << 400;
        QTest::newRow("unknown coding") << "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n" << 501;
        QTest::newRow("bad chunk size") << "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"
                                        << 400;
        QTest::newRow("huge chunk size") << "POST / HTTP/1.1\r\n" + host +
                                                "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"
                                         << 400;
        QTest::newRow("long head") << "GET / HTTP/1.1\r\n" + host + "a: " + QByteArray(70'000, 'a') + "\r\n\r\n" << 431;
        QTest::newRow("endless head") << "GET / HTTP/1.1\r\n" + host + "a: " + QByteArray(70'000, 'a') << 431;
    }
    void whatIsNotHttpIsRefusedAndCallsNothing() {
        QFETCH(QByteArray, text);
        QFETCH(int, code);
        std::atomic<int> calls = 0;
        TestServer server(
            [&](const Request& request) {
                ++calls;
                return describe(request);
            },
            [](ServerOptions& options) { options.headerLimit = 64 * 1024; });
        RawClient client(server);
        client.send(text);
        const QByteArray answer = client.readUntil("\r\n\r\n");
        QVERIFY2(answer.startsWith("HTTP/1.1 " + QByteArray::number(code)), answer.constData());
        QVERIFY(answer.contains("Connection: close\r\n"));
        QCOMPARE(calls.load(), 0);
        QCOMPARE(server.server().counters().malformed, 1U);
    }

    void aBodyBeyondTheLimitIsAnsweredByTheHandler_data() {
        QTest::addColumn<bool>("chunked");
        QTest::newRow("announced") << false;
        QTest::newRow("in chunks") << true;
    }
    void aBodyBeyondTheLimitIsAnsweredByTheHandler() {
        QFETCH(bool, chunked);
        TestServer server([](const Request& request) {
            if (request.bodyTooLarge) return textResponse("limit is " + std::to_string(request.bodyLimit) + "\n", 413);
            return describe(request);
        });
        RawClient client(server);
        const QByteArray body(4 * 1024 * 1024, 'a');
        if (chunked) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n400000\r\n" + body +
                        "\r\n0\r\n\r\n");
        } else {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n" + body);
        }
        const QByteArray answer = client.readUntil("3145728\n");
        QVERIFY2(answer.startsWith("HTTP/1.1 413 "), answer.left(100).constData());
        QVERIFY(answer.contains("Connection: close\r\n"));
    }

    void threeMebibytesAreNotTooMuch() {
        TestServer server(
            [](const Request& request) { return textResponse(std::to_string(request.body.size()) + "\n"); });
        RawClient client(server);
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3145728\r\n\r\n" + QByteArray(3145728, 'a'));
        QVERIFY(client.readUntil("3145728\n").startsWith("HTTP/1.1 200 "));
    }

    void aClientThatWaitsIsToldToContinue() {
        TestServer server(describe);
        RawClient client(server);
        client.send("POST /c HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
        QCOMPARE(client.readUntil("\r\n\r\n"), QByteArray("HTTP/1.1 100 Continue\r\n\r\n"));
        client.send("hi");
        QVERIFY(client.readUntil("error=\n").contains("body=hi "));
    }

    void headHasALengthButNoBody() {
        TestServer server(describe);
        RawClient client(server);
        client.send("HEAD /h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        const QByteArray answer = client.readAll();
        QVERIFY(answer.contains("Content-Length: "));
        QVERIFY(answer.endsWith("\r\n\r\n"));
    }

    void anOldClientIsServedAndClosed() {
        TestServer server(describe);
        RawClient client(server);
        client.send("GET /old HTTP/1.0\r\n\r\n");
        const QByteArray answer = client.readAll();
        QVERIFY(answer.contains("GET /old "));
        QVERIFY(answer.contains("Connection: close\r\n"));
    }

    void aGatedResponseIsSentWhenItIsReleased() {
        std::mutex mutex;
        std::vector<Release> waiting;
        TestServer server([&](const Request&) {
            Response response = textResponse("first thought\n");
            response.gate = [&](Release release) {
                const std::lock_guard lock(mutex);
                waiting.push_back(std::move(release));
            };
            return response;
        });
        const auto someoneWaits = [&] {
            const std::lock_guard lock(mutex);
            return !waiting.empty();
        };
        const auto releaseOne = [&](std::unique_ptr<Response> instead) {
            QTRY_VERIFY(someoneWaits());
            Release release = std::move(waiting.back());
            waiting.pop_back();
            if (instead) instead->code = 409;
            release(std::move(instead));
        };
        RawClient client(server);
        client.send(get("/"));
        QVERIFY(!client.socket().waitForReadyRead(50));
        releaseOne(nullptr);
        QVERIFY(client.readUntil("thought\n").startsWith("HTTP/1.1 200 "));
        client.send(get("/"));
        releaseOne(std::make_unique<Response>(textResponse("second thought\n")));
        const QByteArray replaced = client.readUntil("thought\n");
        QVERIFY(replaced.startsWith("HTTP/1.1 409 ") && replaced.contains("second"));
        client.send(get("/"));
        QTRY_VERIFY(someoneWaits());
        waiting.clear();
        QVERIFY(client.waitClosed());
    }

    void anExceptionIsAnInternalError() {
        TestServer server([](const Request&) -> Response { throw std::runtime_error("boom"); });
        RawClient client(server);
        client.send(get("/"));
        const QByteArray answer = client.readUntil("500}\n");
        QVERIFY(answer.startsWith("HTTP/1.1 500 "));
        QVERIFY(answer.contains(R"("reason":"InternalError")"));
        QVERIFY(!answer.contains("boom"));
    }

    void bigBodiesAreCompressedForWhoAcceptsIt() {
        const auto big = http::bytes(std::string(200 * 1024, 'z'));
        TestServer server([&](const Request& request) {
            Response response = textResponse("");
            response.body = {big};
            if (request.path == "/small") response.body = {http::bytes(std::string(1000, 'z'))};
            return response;
        });
        RawClient client(server);
        client.send(get("/", "Accept-Encoding: br, gzip\r\n"));
        QByteArray answer = client.readUntil("\r\n\r\n");
        QVERIFY(answer.contains("Content-Encoding: gzip\r\n"));
        QVERIFY(answer.contains("Vary: Accept-Encoding\r\n"));
        for (const QByteArray& accept : {QByteArray("identity"), QByteArray("gzip;q=0")}) {
            RawClient plain(server);
            plain.send(get("/", "Connection: close\r\nAccept-Encoding: " + accept + "\r\n"));
            answer = plain.readAll();
            QVERIFY(!answer.contains("Content-Encoding"));
            QCOMPARE(answer.count('z'), 200 * 1024);
        }
        RawClient small(server);
        small.send(get("/small", "Connection: close\r\nAccept-Encoding: gzip\r\n"));
        QVERIFY(!small.readAll().contains("Content-Encoding"));
    }

    void handlersCannotBreakOutOfAHeaderLine() {
        TestServer server([](const Request&) {
            Response response = textResponse("x\n");
            response.headers.add("X-Bad", "a\r\nSet-Cookie: b");
            response.headers.add("Content-Length", "99");
            return response;
        });
        RawClient client(server);
        client.send(get("/"));
        const QByteArray answer = client.readUntil("x\n");
        QVERIFY(!answer.contains("Set-Cookie"));
        QVERIFY(answer.contains("Content-Length: 2\r\n"));
    }
};

QTEST_GUILESS_MAIN(Http1Test)
#include "http1_test.moc"
