// HTTPS to one server: a pool of kept-alive HTTP/1.1 connections, streamed responses, WebSockets.
//
// Threads: HttpThreads owns a few, shared by any number of clients; no request and no watch holds one. Callbacks run on
// them, one at a time for one request, and must not block: hand long work to a base::Strand. send() blocks its caller
// and must not be called on one of these threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/base/http/message.h"
#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::http {
class IoThreads;
}

namespace qd::client {

class HttpThreads {
public:
    explicit HttpThreads(unsigned threads = 1);
    ~HttpThreads();
    http::IoThreads& io() { return *m_io; }

private:
    std::unique_ptr<http::IoThreads> m_io;
};

struct HttpClientOptions {
    std::string server;          // https://host:port, with an optional path that goes before every target
    std::string authoritiesPem;  // empty: the system's
    std::string serverName;      // the name that the certificate must have; empty: the URL's host
    bool insecureSkipVerify = false;
    std::string certificatePem;  // of the client; with the key, or both empty
    std::string keyPem;
    std::string bearerToken;
    std::string bearerTokenFile;  // goes before bearerToken; read again once a minute, as client-go does
    std::string userAgent = "quarterdeck";
    std::size_t idleConnections = 16;
    base::Duration connectTimeout = std::chrono::seconds(30);
};

struct HttpRequest {
    std::string method = "GET";
    std::string target = "/";  // path and query, already escaped
    http::Headers headers = {};
    std::string body = {};
};

struct HttpResponse {
    int code = 0;
    http::Headers headers = {};
    std::string body = {};
};

// Takes a streamed response. Calls come one at a time, end() exactly once and last.
class ResponseHandler {
public:
    virtual ~ResponseHandler() = default;
    virtual void head(int code, http::Headers headers) = 0;
    virtual void data(std::string_view part) = 0;
    // An error when the connection broke, or the stream was cancelled, before the body's end.
    virtual void end(Result<void> result) = 0;
};

// A streamed response that is under way. Destroying it cancels: no call begins after that, except one that is already
// running on another thread.
class ResponseStream {
public:
    virtual ~ResponseStream() = default;
    virtual void cancel() = 0;
    // Holds the server back; data() stops soon after.
    virtual void pause() = 0;
    virtual void resume() = 0;
};

class HttpClient {
public:
    // The threads and the clock must outlive the client.
    static Result<std::unique_ptr<HttpClient>> create(HttpThreads& threads, HttpClientOptions options,
                                                      const base::Clock& clock);
    // Cancels what is under way; send() calls return Timeout or ServiceUnavailable.
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // New connections show this certificate from now on. What is under way goes on over the connections that it has;
    // those are closed as they fall idle. BadRequest, and nothing has changed, when the key is not the certificate's.
    Result<void> setCertificate(std::string certificatePem, std::string keyPem);

    // Any HTTP status is a response; an Error means that there is none: ServiceUnavailable (cannot connect, connection
    // broke, certificate not trusted) or Timeout. A connection that the server had closed meanwhile is replaced
    // unnoticed where repeating is harmless (GET, HEAD, OPTIONS).
    Result<HttpResponse> send(HttpRequest request, base::Duration within);
    using Done = std::move_only_function<void(Result<HttpResponse>)>;
    void sendAsync(HttpRequest request, base::Duration within, Done done);

    // A response of any length, e.g. a watch. headWithin: until its head has come; the body has no time limit.
    std::unique_ptr<ResponseStream> stream(HttpRequest request, base::Duration headWithin,
                                           std::shared_ptr<ResponseHandler> handler);

    // Opens a WebSocket to the target, offering the subprotocols. `done` is called once; with a refusal's status and
    // body as an error, or with the chosen subprotocol after handler->opened().
    using Opened = std::move_only_function<void(Result<std::string> subprotocol)>;
    void openWebSocket(HttpRequest request, std::vector<std::string> subprotocols,
                       std::shared_ptr<http::ChannelHandler> handler, Opened done);

private:
    struct State;
    explicit HttpClient(std::shared_ptr<State> state) : m_state(std::move(state)) {}
    std::shared_ptr<State> m_state;
};

}  // namespace qd::client
