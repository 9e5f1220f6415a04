#include "cluster/apiserver/transport/forwarding.h"

#include <fmt/format.h>

#include "cluster/apiserver/transport/messages.h"

namespace qd::apiserver {
namespace {

namespace asio = http::asio;
namespace beast = boost::beast;

constexpr std::size_t kPart = 32 * 1024;
// More than this waits for the client; the other server is held back then.
constexpr std::size_t kAhead = 256 * 1024;
constexpr std::size_t kChannelAhead = 1024 * 1024;
constexpr std::size_t kRefusalLimit = 16 * 1024;
constexpr base::Duration kDialTime = std::chrono::seconds(30);
constexpr base::Duration kHeadTime = std::chrono::minutes(5);

std::string addressOf(const ForwardRequest& request) {
    const bool v6 = request.address.find(':') != std::string::npos;
    return fmt::format("{}:{}", v6 ? "[" + request.address + "]" : request.address, request.port);
}

// "Connection refused" as Go says it.
std::string lowerCase(std::string text) {
    if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
}

// The answer's body, pulled by the client's connection.
class ForwardedBody final : public BodySource {
public:
    explicit ForwardedBody(std::shared_ptr<Forwarding> forwarding) : m_forwarding(std::move(forwarding)) {}
    ~ForwardedBody() override { m_forwarding->cancel(); }
    void start(std::function<void()> wake) override { m_forwarding->setWake(std::move(wake)); }
    State next(Buffers& out) override { return m_forwarding->take(out); }

private:
    std::shared_ptr<Forwarding> m_forwarding;
};

// The client's end of an upgraded connection.
class ClientEnd final : public http::ChannelHandler {
public:
    explicit ClientEnd(std::shared_ptr<Forwarding> forwarding) : m_forwarding(std::move(forwarding)) {}
    ~ClientEnd() override {
        if (!m_opened) m_forwarding->cancel();
    }
    void opened(std::shared_ptr<http::Channel> channel) override {
        m_opened = true;
        m_forwarding->channelOpened(std::move(channel));
    }
    void received(std::string message, bool) override { m_forwarding->channelReceived(std::move(message)); }
    void drained() override { m_forwarding->channelDrained(); }
    void closed(std::uint16_t, std::string_view) override { m_forwarding->channelClosed(); }

private:
    bool m_opened = false;
    std::shared_ptr<Forwarding> m_forwarding;
};

}  // namespace

Forwarding::Forwarding(std::shared_ptr<asio::io_context> context, http::IoStrand strand,
                       std::unique_ptr<BackendStream> stream, ForwardRequest request, std::string wire,
                       std::string upgradeTo, bool head, Release release)
    : m_context(std::move(context)),
      m_strand(strand),
      m_timer(strand),
      m_stream(std::move(stream)),
      m_request(std::move(request)),
      m_where(addressOf(m_request)),
      m_wire(std::move(wire)),
      m_upgradeTo(std::move(upgradeTo)),
      m_release(std::move(release)) {
    m_parser.body_limit(boost::none);
    m_parser.header_limit(64 * 1024);
    m_parser.eager(true);
    if (head) m_parser.skip(true);
}

// --- Asking ---

void Forwarding::start() {
    ErrorCode error;
    const auto address = asio::ip::make_address(m_request.address, error);
    if (error) return giveUp(fmt::format("dial tcp: \"{}\" is not an address", m_request.address));
    setDeadline(kDialTime, "i/o timeout");
    m_stream->socket().async_connect(
        {address, m_request.port},
        asio::bind_executor(m_strand, [self = shared_from_this()](ErrorCode failure) { self->connected(failure); }));
}

void Forwarding::connected(ErrorCode error) {
    if (m_closed) return;
    if (error) return giveUp(fmt::format("dial tcp {}: connect: {}", m_where, lowerCase(error.message())));
    m_stream->socket().set_option(http::Tcp::no_delay(true), error);
    m_stream->socket().set_option(asio::socket_base::keep_alive(true), error);
    m_stream->handshake([self = shared_from_this()](ErrorCode failure) { self->handshaken(failure); });
}

void Forwarding::handshaken(ErrorCode error) {
    if (m_closed) return;
    if (error) return giveUp(fmt::format("tls: failed to verify certificate of {}: {}", m_where, error.message()));
    setDeadline(kHeadTime, "timeout awaiting response headers");
    m_stream->write(asio::buffer(m_wire), [self = shared_from_this()](ErrorCode failure, std::size_t) {
        if (self->m_closed) return;
        if (failure) return self->giveUp(fmt::format("write tcp {}: {}", self->m_where, lowerCase(failure.message())));
        self->m_wire.clear();
        self->readHead();
    });
}

void Forwarding::readHead() {
    m_part.resize(kPart);
    m_stream->readSome(asio::buffer(m_part), [self = shared_from_this()](ErrorCode error, std::size_t size) {
        self->parseHead(error, size);
    });
}

void Forwarding::parseHead(ErrorCode error, std::size_t size) {
    if (m_closed) return;
    if (error)
        return giveUp(error == asio::error::eof ? std::string("EOF")
                                                : fmt::format("read tcp {}: {}", m_where, lowerCase(error.message())));
    m_in.append(m_part, 0, size);
    ErrorCode wrong;
    m_in.erase(0, m_parser.put(asio::buffer(m_in), wrong));
    if (wrong && wrong != beast::http::error::need_more) return giveUp("malformed HTTP response: " + wrong.message());
    if (!m_parser.is_header_done()) return readHead();
    headArrived();
}

// --- Answering ---

void Forwarding::headArrived() {
    m_timer.cancel();
    const auto& message = m_parser.get();
    const int code = static_cast<int>(message.result_int());
    Headers headers;
    for (const auto& field : message) {
        const std::string name(field.name_string());
        if (!isConnectionField(name) && !http::equalIgnoringCase(name, "trailer"))
            headers.add(name, std::string(field.value()));
    }
    if (m_request.answered) m_request.answered(headers);
    if (m_request.upgrade && code < 400) {
        return code == 101 ? answerUpgraded(std::move(headers))
                           : giveUp(fmt::format("invalid upgrade response: status code {}", code));
    }
    const bool fine = code >= 200 && code <= 206;
    if (m_request.refused && !fine) {
        m_collecting = true;
        return m_parser.is_done() ? answerRefused() : readBody();
    }
    answerStreamed(code, std::move(headers));
}

void Forwarding::answerStreamed(int code, Headers headers) {
    Response response;
    response.code = code;
    response.headers = std::move(headers);
    response.compressible = false;
    keepBody(m_parser.is_done(), false);
    response.stream = std::make_unique<ForwardedBody>(shared_from_this());
    const bool done = m_parser.is_done();
    answer(std::move(response));
    done ? close() : readBody();
}

void Forwarding::answerUpgraded(Headers headers) {
    Response response;
    response.code = 101;
    response.headers = std::move(headers);
    response.upgrade = Upgrade{.protocol = m_upgradeTo,
                               .subprotocol = {},
                               .handler = std::make_shared<ClientEnd>(shared_from_this()),
                               .messageLimit = 0,
                               .raw = true};
    answer(std::move(response));
}

// Moves what the parser has of the body to where the client's connection takes it.
void Forwarding::keepBody(bool done, bool broken) {
    std::function<void()> wake;
    {
        const std::lock_guard lock(m_mutex);
        m_ready += std::exchange(m_parser.get().body(), {});
        m_ended = m_ended || done;
        m_broken = m_broken || broken;
        wake = m_wake;
    }
    if (wake) wake();
}

void Forwarding::readBody() {
    if (m_reading || m_closed) return;
    {
        const std::lock_guard lock(m_mutex);
        if (m_ready.size() >= kAhead || m_ended || m_broken) return;
    }
    m_reading = true;
    m_part.resize(kPart);
    m_stream->readSome(asio::buffer(m_part), [self = shared_from_this()](ErrorCode error, std::size_t size) {
        self->bodyArrived(error, size);
    });
}

void Forwarding::bodyArrived(ErrorCode error, std::size_t size) {
    m_reading = false;
    if (m_closed) return;
    ErrorCode wrong;
    if (error) {
        m_parser.put_eof(wrong);
        if (!wrong && !m_parser.is_done()) wrong = beast::http::error::partial_message;
    } else {
        m_in.append(m_part, 0, size);
        m_in.erase(0, m_parser.put(asio::buffer(m_in), wrong));
        if (wrong == beast::http::error::need_more) wrong = {};
    }
    const bool done = m_parser.is_done();
    const bool enough = m_parser.get().body().size() >= kRefusalLimit;
    if (m_collecting) return wrong || done || enough ? answerRefused() : readBody();
    keepBody(done && !wrong, static_cast<bool>(wrong));
    done || wrong ? close() : readBody();
}

void Forwarding::answerRefused() {
    const std::string& body = m_parser.get().body();
    answer(m_request.refused(static_cast<int>(m_parser.get().result_int()), body.substr(0, kRefusalLimit)));
    close();
}

void Forwarding::setWake(std::function<void()> wake) {
    const std::lock_guard lock(m_mutex);
    m_wake = std::move(wake);
}

BodySource::State Forwarding::take(Buffers& out) {
    bool ended = false;
    bool broken = false;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_ready.empty()) out.push_back(http::bytes(std::exchange(m_ready, {})));
        ended = m_ended;
        broken = m_broken;
    }
    if (ended) return BodySource::State::End;
    if (broken) return out.empty() ? BodySource::State::Abort : BodySource::State::More;
    onStrand([](Forwarding& self) { self.readBody(); });
    return BodySource::State::Waiting;
}

void Forwarding::cancel() {
    {
        const std::lock_guard lock(m_mutex);
        m_wake = nullptr;
    }
    onStrand([](Forwarding& self) { self.close(); });
}

// --- The upgraded connection ---

void Forwarding::channelOpened(std::shared_ptr<http::Channel> channel) {
    onStrand([channel = std::move(channel)](Forwarding& self) mutable {
        if (self.m_closed) return channel->close();
        self.m_channel = std::move(channel);
        if (!self.m_in.empty()) self.m_channel->send({http::bytes(std::exchange(self.m_in, {}))});
        self.readRaw();
    });
}

void Forwarding::readRaw() {
    if (m_closed || m_reading) return;
    m_reading = true;
    m_part.resize(kPart);
    m_stream->readSome(asio::buffer(m_part), [self = shared_from_this()](ErrorCode error, std::size_t size) {
        self->m_reading = false;
        if (self->m_closed || !self->m_channel) return;
        if (error) {
            self->m_channel->close();
            return self->close();
        }
        self->m_channel->send({http::bytes(self->m_part.substr(0, size))});
        self->m_waitsForClient = self->m_channel->queued() > kChannelAhead;
        if (!self->m_waitsForClient) self->readRaw();
    });
}

void Forwarding::channelReceived(std::string message) {
    onStrand([message = std::move(message)](Forwarding& self) mutable {
        if (self.m_closed || message.empty()) return;
        self.m_toBackendSize += message.size();
        self.m_toBackend.push_back(std::move(message));
        if (self.m_toBackendSize > kChannelAhead && self.m_channel && !std::exchange(self.m_clientPaused, true))
            self.m_channel->pauseReading();
        self.writeRaw();
    });
}

void Forwarding::writeRaw() {
    if (m_writing || m_closed) return;
    if (m_toBackend.empty()) {
        if (m_clientGone) close();
        return;
    }
    m_writing = true;
    m_stream->write(asio::buffer(m_toBackend.front()), [self = shared_from_this()](ErrorCode error, std::size_t) {
        self->m_writing = false;
        if (self->m_closed) return;
        if (error) {
            if (self->m_channel) self->m_channel->close();
            return self->close();
        }
        self->m_toBackendSize -= self->m_toBackend.front().size();
        self->m_toBackend.pop_front();
        if (self->m_toBackend.empty() && self->m_channel && std::exchange(self->m_clientPaused, false))
            self->m_channel->resumeReading();
        self->writeRaw();
    });
}

void Forwarding::channelDrained() {
    onStrand([](Forwarding& self) {
        if (std::exchange(self.m_waitsForClient, false)) self.readRaw();
    });
}

void Forwarding::channelClosed() {
    onStrand([](Forwarding& self) {
        self.m_clientGone = true;
        self.writeRaw();
    });
}

// --- The end ---

void Forwarding::giveUp(const std::string& why) {
    if (m_closed) return;
    answer(m_request.unreachable(why));
    close();
}

void Forwarding::answer(Response response) {
    if (!m_release) return;
    Release release = std::move(*m_release);
    m_release.reset();
    release(std::make_unique<Response>(std::move(response)));
}

void Forwarding::setDeadline(base::Duration within, const char* what) {
    m_timer.expires_after(within);
    m_timer.async_wait([self = shared_from_this(), what](ErrorCode error) {
        if (!error) self->giveUp(fmt::format("dial tcp {}: {}", self->m_where, what));
    });
}

void Forwarding::close() {
    if (std::exchange(m_closed, true)) return;
    m_timer.cancel();
    ErrorCode ignored;
    m_stream->socket().close(ignored);
    m_channel.reset();
    m_toBackend.clear();
}

}  // namespace qd::apiserver
