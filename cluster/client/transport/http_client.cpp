#include "cluster/client/transport/http_client.h"

#include <algorithm>
#include <future>
#include <mutex>

#include "cluster/base/http/tls_channel.h"
#include "cluster/base/pki/private_file.h"
#include "cluster/client/transport/client_connection.h"

namespace qd::client {

namespace {

namespace asio = http::asio;

constexpr auto kTokenFileAge = std::chrono::minutes(1);

bool breaksALine(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool mayRepeat(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

}  // namespace

HttpThreads::HttpThreads(unsigned threads) : m_io(std::make_unique<http::IoThreads>("https", threads)) {}
HttpThreads::~HttpThreads() = default;

// What one request needs beyond the connection's own work: a second try, and the connection for cancelling.
class ClientExchange : public Exchange {
public:
    bool fresh = false;  // is, or must be, the first request of its connection

    void setConnection(const std::shared_ptr<ClientConnection>& connection) {
        const std::lock_guard lock(m_mutex);
        m_connection = connection;
    }
    std::shared_ptr<ClientConnection> connection() {
        const std::lock_guard lock(m_mutex);
        return m_connection.lock();
    }
    void finished(Result<void> result, bool unanswered) final {
        const bool lost = !result && unanswered && result.error().reason == Reason::ServiceUnavailable;
        if (lost && !fresh && mayRepeat(method) && again) return again();
        completed(std::move(result));
    }
    std::function<void()> again;

protected:
    virtual void completed(Result<void> result) = 0;

private:
    std::mutex m_mutex;
    std::weak_ptr<ClientConnection> m_connection;
};

namespace {

class WholeExchange final : public ClientExchange {
public:
    explicit WholeExchange(HttpClient::Done done) : m_done(std::move(done)) {}
    void head(int code, http::Headers headers) override {
        m_response.code = code;
        m_response.headers = std::move(headers);
    }
    void data(std::string_view part) override { m_response.body.append(part); }
    void completed(Result<void> result) override {
        auto done = std::exchange(m_done, nullptr);
        if (!done) return;
        result ? done(std::move(m_response)) : done(fail(std::move(result.error())));
    }

private:
    HttpResponse m_response;
    HttpClient::Done m_done;
};

class StreamExchange final : public ClientExchange {
public:
    explicit StreamExchange(std::shared_ptr<ResponseHandler> handler) : m_handler(std::move(handler)) {}
    void silence() { m_silent = true; }
    void head(int code, http::Headers headers) override {
        if (!m_silent) m_handler->head(code, std::move(headers));
    }
    void data(std::string_view part) override {
        if (!m_silent) m_handler->data(part);
    }
    void completed(Result<void> result) override {
        const auto handler = std::exchange(m_handler, nullptr);
        if (handler && !m_silent) handler->end(std::move(result));
    }

private:
    std::shared_ptr<ResponseHandler> m_handler;
    std::atomic<bool> m_silent = false;
};

class Stream final : public ResponseStream {
public:
    explicit Stream(std::shared_ptr<StreamExchange> exchange) : m_exchange(std::move(exchange)) {}
    ~Stream() override {
        m_exchange->silence();
        cancel();
    }
    void cancel() override {
        m_exchange->again = nullptr;
        if (const auto connection = m_exchange->connection()) {
            connection->abort({Reason::ServiceUnavailable, "the request was cancelled"});
        }
    }
    void pause() override {
        if (const auto connection = m_exchange->connection()) connection->pause();
    }
    void resume() override {
        if (const auto connection = m_exchange->connection()) connection->resume();
    }

private:
    std::shared_ptr<StreamExchange> m_exchange;
};

}  // namespace

struct HttpClient::State : std::enable_shared_from_this<State> {
    State(HttpThreads& theThreads, HttpClientOptions theOptions, const base::Clock& theClock, ServerUrl theUrl,
          std::shared_ptr<ClientTls> theTls)
        : threads(theThreads),
          options(std::move(theOptions)),
          clock(theClock),
          url(std::move(theUrl)),
          tls(std::move(theTls)) {}

    HttpThreads& threads;
    const HttpClientOptions options;
    const base::Clock& clock;
    const ServerUrl url;

    std::mutex mutex;  // guards the rest
    std::shared_ptr<ClientTls> tls;
    bool closed = false;
    std::vector<std::shared_ptr<ClientConnection>> idle;
    std::vector<std::weak_ptr<ClientConnection>> open;
    std::string fileToken;
    std::optional<base::SteadyTime> fileTokenRead;

    Result<std::string> token();
    Result<http::Headers> completeHeaders(const HttpRequest& request);
    Result<std::string> wireOf(const HttpRequest& request);
    bool isClosed() {
        const std::lock_guard lock(mutex);
        return closed;
    }
    std::shared_ptr<ClientTls> currentTls() {
        const std::lock_guard lock(mutex);
        return tls;
    }
    std::shared_ptr<ClientConnection> takeIdle();
    std::shared_ptr<ClientConnection> newConnection();
    void start(const std::shared_ptr<ClientExchange>& exchange);
    void keep(const std::shared_ptr<ClientConnection>& connection);
};

Result<std::string> HttpClient::State::token() {
    if (options.bearerTokenFile.empty()) return options.bearerToken;
    const std::lock_guard lock(mutex);
    const base::SteadyTime now = clock.steady();
    if (fileTokenRead && now - *fileTokenRead < kTokenFileAge) return fileToken;
    auto content = pki::readFile(options.bearerTokenFile);
    if (!content) {
        if (fileTokenRead) return fileToken;  // being replaced just now: the one that was good still is
        return fail(content.error().within("bearer token"));
    }
    while (!content->empty() && std::isspace(static_cast<unsigned char>(content->back())) != 0) content->pop_back();
    fileToken = std::move(*content);
    fileTokenRead = now;
    return fileToken;
}

Result<http::Headers> HttpClient::State::completeHeaders(const HttpRequest& request) {
    http::Headers headers = request.headers;
    if (headers.find("User-Agent") == nullptr) headers.add("User-Agent", options.userAgent);
    if (headers.find("Authorization") == nullptr) {
        const auto bearer = token();
        if (!bearer) return fail(bearer.error());
        if (!bearer->empty()) headers.add("Authorization", "Bearer " + *bearer);
    }
    for (const auto& [name, value] : headers) {
        if (breaksALine(name) || breaksALine(value))
            return fail(Reason::BadRequest, "header " + name + " holds a line end");
    }
    if (breaksALine(request.target) || request.target.contains(' ') || !request.target.starts_with('/')) {
        return fail(Reason::BadRequest, "\"" + request.target + "\" is not an escaped path");
    }
    return headers;
}

Result<std::string> HttpClient::State::wireOf(const HttpRequest& request) {
    const auto headers = completeHeaders(request);
    if (!headers) return fail(headers.error());
    std::string wire =
        request.method + " " + url.basePath + request.target + " HTTP/1.1\r\nHost: " + url.authority() + "\r\n";
    for (const auto& [name, value] : *headers) wire += name + ": " + value + "\r\n";
    const bool usuallyWithBody = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
    if (usuallyWithBody || !request.body.empty())
        wire += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    return wire + "\r\n" + request.body;
}

std::shared_ptr<ClientConnection> HttpClient::State::takeIdle() {
    const std::lock_guard lock(mutex);
    while (!idle.empty()) {
        auto connection = std::move(idle.back());
        idle.pop_back();
        if (!connection->isClosed()) return connection;
    }
    return nullptr;
}

std::shared_ptr<ClientConnection> HttpClient::State::newConnection() {
    auto connection = std::make_shared<ClientConnection>(
        threads.io(), currentTls(), [weak = weak_from_this()](const std::shared_ptr<ClientConnection>& done) {
            if (const auto self = weak.lock()) self->keep(done);
        });
    const std::lock_guard lock(mutex);
    std::erase_if(open, [](const auto& entry) { return entry.expired(); });
    open.push_back(connection);
    return connection;
}

void HttpClient::State::keep(const std::shared_ptr<ClientConnection>& connection) {
    const std::lock_guard lock(mutex);
    std::erase_if(idle, [](const auto& entry) { return entry->isClosed(); });
    const bool outdated = connection->tls() != tls;
    if (closed || outdated || idle.size() >= options.idleConnections) {
        connection->closeNow();
    } else {
        idle.push_back(connection);
    }
}

void HttpClient::State::start(const std::shared_ptr<ClientExchange>& exchange) {
    if (isClosed()) return exchange->finished(fail(Reason::ServiceUnavailable, "the client was closed"), false);
    auto connection = exchange->fresh ? nullptr : takeIdle();
    if (connection) {
        exchange->setConnection(connection);
        asio::post(connection->strand(), [connection, exchange] { connection->begin(exchange); });
        return;
    }
    exchange->fresh = true;
    connection = newConnection();
    exchange->setConnection(connection);
    const base::Duration within = std::min(exchange->within, options.connectTimeout);
    connection->open(url, within, [connection = connection.get(), exchange](Result<void> result) {
        if (!result) return exchange->finished(std::move(result), true);
        connection->begin(exchange);
    });
}

Result<std::unique_ptr<HttpClient>> HttpClient::create(HttpThreads& threads, HttpClientOptions options,
                                                       const base::Clock& clock) {
    auto url = parseServerUrl(options.server);
    if (!url) return fail(url.error());
    auto tls = ClientTls::create(options, url->host);
    if (!tls) return fail(tls.error());
    return std::unique_ptr<HttpClient>(
        new HttpClient(std::make_shared<State>(threads, std::move(options), clock, std::move(*url), std::move(*tls))));
}

HttpClient::~HttpClient() {
    std::vector<std::weak_ptr<ClientConnection>> open;
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->closed = true;
        m_state->idle.clear();
        open.swap(m_state->open);
    }
    for (const auto& entry : open) {
        if (const auto connection = entry.lock())
            connection->abort({Reason::ServiceUnavailable, "the client was closed"});
    }
}

Result<void> HttpClient::setCertificate(std::string certificatePem, std::string keyPem) {
    HttpClientOptions changed = m_state->options;
    changed.certificatePem = std::move(certificatePem);
    changed.keyPem = std::move(keyPem);
    auto tls = ClientTls::create(changed, m_state->url.host);
    if (!tls) return fail(tls.error());
    std::vector<std::shared_ptr<ClientConnection>> outdated;
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->tls = std::move(*tls);
        outdated.swap(m_state->idle);
    }
    for (const auto& connection : outdated)
        connection->abort({Reason::ServiceUnavailable, "the client has another certificate now"});
    return {};
}

void HttpClient::sendAsync(HttpRequest request, base::Duration within, Done done) {
    auto wire = m_state->wireOf(request);
    if (!wire) return done(fail(wire.error()));
    auto exchange = std::make_shared<WholeExchange>(std::move(done));
    exchange->method = request.method;
    exchange->wire = std::move(*wire);
    exchange->within = within;
    exchange->again = [weak = std::weak_ptr<WholeExchange>(exchange), state = m_state] {
        const auto self = weak.lock();
        if (!self) return;
        self->fresh = true;
        state->start(self);
    };
    m_state->start(exchange);
}

Result<HttpResponse> HttpClient::send(HttpRequest request, base::Duration within) {
    std::promise<Result<HttpResponse>> promise;
    auto future = promise.get_future();
    sendAsync(std::move(request), within,
              [&promise](Result<HttpResponse> result) { promise.set_value(std::move(result)); });
    return future.get();
}

std::unique_ptr<ResponseStream> HttpClient::stream(HttpRequest request, base::Duration headWithin,
                                                   std::shared_ptr<ResponseHandler> handler) {
    auto exchange = std::make_shared<StreamExchange>(handler);
    auto wire = m_state->wireOf(request);
    if (!wire) {
        handler->end(fail(wire.error()));
        return std::make_unique<Stream>(std::move(exchange));
    }
    exchange->method = request.method;
    exchange->wire = std::move(*wire);
    exchange->within = headWithin;
    exchange->untilEnd = false;
    // A connection of its own: it lasts, and cancelling closes it.
    exchange->fresh = true;
    m_state->start(exchange);
    return std::make_unique<Stream>(std::move(exchange));
}

void HttpClient::openWebSocket(HttpRequest request, std::vector<std::string> subprotocols,
                               std::shared_ptr<http::ChannelHandler> handler, Opened done) {
    auto headers = m_state->completeHeaders(request);
    if (!headers) return done(fail(headers.error()));
    if (!subprotocols.empty()) {
        std::string offered;
        for (const std::string& protocol : subprotocols) offered += (offered.empty() ? "" : ", ") + protocol;
        headers->set("Sec-WebSocket-Protocol", offered);
    }
    const auto connection = m_state->newConnection();
    const std::string target = m_state->url.basePath + request.target;
    connection->open(
        m_state->url, m_state->options.connectTimeout,
        [state = m_state, connection = connection.get(), target, headers = std::move(*headers),
         handler = std::move(handler), done = std::move(done)](Result<void> result) mutable {
            if (!result) return done(fail(std::move(result.error())));
            connection->releaseToChannel();
            const auto owner = connection->shared_from_this();
            http::ChannelTransport transport{
                .context = connection->context(), .owner = owner, .stream = &connection->stream(), .closeNow = [owner] {
                    owner->closeNow();
                }};
            http::connectWebSocket(std::move(transport), state->url.authority(), target, std::move(headers), {},
                                   std::move(handler), [done = std::move(done)](http::HandshakeResult answer) mutable {
                                       if (answer.code == 101)
                                           return done(std::string(answer.headers.get("Sec-WebSocket-Protocol")));
                                       if (answer.code == 0)
                                           return done(fail(Reason::ServiceUnavailable, "WebSocket: " + answer.text));
                                       Error refused{base::reasonFromHttpCode(answer.code), std::move(answer.text)};
                                       refused.code = answer.code;
                                       done(fail(std::move(refused)));
                                   });
        });
}

}  // namespace qd::client
