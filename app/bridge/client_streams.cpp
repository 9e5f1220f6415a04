#include "app/bridge/client_streams.h"

#include <QUrl>
#include <boost/json.hpp>

#include "app/bridge/qt_door.h"

namespace qd::bridge {

namespace {

constexpr auto kHeadWithin = std::chrono::seconds(30);  // a log of a container that has not started is refused before

enum Channel : char { kStdin = 0, kStdout = 1, kStderr = 2, kError = 3, kResize = 4 };

std::string escaped(const std::string& text) {
    return QUrl::toPercentEncoding(QString::fromStdString(text)).toStdString();
}

std::string podPath(const std::string& space, const std::string& pod, const char* what) {
    return "/api/v1/namespaces/" + escaped(space) + "/pods/" + escaped(pod) + '/' + what + '?';
}

QString fromServer(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

// The message of a Status object, or the text itself.
QString statusMessage(std::string_view body) {
    boost::json::error_code error;
    const boost::json::value status = boost::json::parse(body, error);
    const boost::json::value* message = error ? nullptr : status.find_pointer("/message", error);
    return message && message->is_string() ? fromServer(message->get_string()) : fromServer(body);
}

// A log. What comes on the transport's threads goes through the door.
class LogStream : public ByteStream {
public:
    LogStream(std::shared_ptr<ClientStreams::Line> line, const LogRequest& request)
        : m_line(std::move(line)), m_door(std::make_shared<QtDoor>(*this)) {
        client::HttpRequest get;
        get.target = logPath(request);
        m_stream = m_line->http->stream(std::move(get), kHeadWithin, std::make_shared<Handler>(*this, m_door));
    }
    ~LogStream() override { m_door->close(); }
    void write(const QByteArray&) override {}
    void resize(int, int) override {}

private:
    class Handler : public client::ResponseHandler {
    public:
        Handler(LogStream& stream, std::shared_ptr<QtDoor> door) : m_stream(stream), m_door(std::move(door)) {}
        void head(int code, http::Headers) override { m_code = code; }
        void data(std::string_view part) override {
            if (m_code != 200) {
                m_refusal += part;
                return;
            }
            m_door->post([stream = &m_stream, bytes = QByteArray(part.data(), static_cast<qsizetype>(part.size()))] {
                emit stream->received(bytes);
            });
        }
        void end(Result<void> result) override {
            QString why;
            if (!result)
                why = QString::fromStdString(result.error().message);
            else if (m_code != 200)
                why = statusMessage(m_refusal);
            m_door->post([stream = &m_stream, why] { emit stream->closed(why); });
        }

    private:
        LogStream& m_stream;  // only behind the door
        std::shared_ptr<QtDoor> m_door;
        int m_code = 0;
        std::string m_refusal;
    };

    std::shared_ptr<ClientStreams::Line> m_line;
    std::shared_ptr<QtDoor> m_door;
    std::unique_ptr<client::ResponseStream> m_stream;
};

class ExecStream : public ByteStream {
public:
    ExecStream(std::shared_ptr<ClientStreams::Line> line, const ExecRequest& request)
        : m_line(std::move(line)),
          m_door(std::make_shared<QtDoor>(*this)),
          m_columns(request.columns),
          m_rows(request.rows) {
        client::HttpRequest get;
        get.target = execPath(request);
        m_line->http->openWebSocket(std::move(get), {"v5.channel.k8s.io", "v4.channel.k8s.io"},
                                    std::make_shared<Handler>(*this, m_door),
                                    [door = m_door, this](Result<std::string> opened) {
                                        if (opened) return;
                                        const QString why = QString::fromStdString(opened.error().message);
                                        door->post([this, why] { end(why); });
                                    });
    }
    ~ExecStream() override {
        m_door->close();
        if (m_channel) m_channel->close(1000, "");
    }
    void write(const QByteArray& bytes) override { send(kStdin, bytes.toStdString()); }
    void resize(int columns, int rows) override {
        m_columns = columns;
        m_rows = rows;
        send(kResize, R"({"Width":)" + std::to_string(columns) + R"(,"Height":)" + std::to_string(rows) + "}");
    }

private:
    class Handler : public http::ChannelHandler {
    public:
        Handler(ExecStream& stream, std::shared_ptr<QtDoor> door) : m_stream(stream), m_door(std::move(door)) {}
        void opened(std::shared_ptr<http::Channel> channel) override {
            m_door->post([stream = &m_stream, channel = std::move(channel)] { stream->open(channel); });
        }
        void received(std::string message, bool) override {
            m_door->post([stream = &m_stream, message = std::move(message)] { stream->take(message); });
        }
        void closed(std::uint16_t, std::string_view reason) override {
            m_door->post([stream = &m_stream, why = fromServer(reason)] { stream->end(why); });
        }

    private:
        ExecStream& m_stream;  // only behind the door
        std::shared_ptr<QtDoor> m_door;
    };

    void open(std::shared_ptr<http::Channel> channel) {
        m_channel = std::move(channel);
        resize(m_columns, m_rows);
        for (std::string& message : m_early) m_channel->send({http::bytes(std::move(message))});
        m_early.clear();
    }

    void send(Channel channel, const std::string& bytes) {
        std::string message(1, channel);
        message += bytes;
        if (m_channel)
            m_channel->send({http::bytes(std::move(message))});
        else if (channel == kStdin)
            m_early.push_back(std::move(message));
    }

    void take(const std::string& message) {
        if (message.empty()) return;
        const QByteArray rest(message.data() + 1, static_cast<qsizetype>(message.size() - 1));
        if (message[0] == kStdout || message[0] == kStderr) emit received(rest);
        if (message[0] == kError && rest.contains("Failure"))
            m_error = statusMessage(std::string_view(message).substr(1));
    }

    void end(const QString& reason) {
        // A refused channel is told twice: as refused and as closed.
        if (m_over) return;
        m_over = true;
        m_channel.reset();
        emit closed(m_error.isEmpty() ? reason : m_error);
    }

    std::shared_ptr<ClientStreams::Line> m_line;
    std::shared_ptr<QtDoor> m_door;
    std::shared_ptr<http::Channel> m_channel;
    std::vector<std::string> m_early;  // typed before the channel was open
    QString m_error;
    int m_columns;
    int m_rows;
    bool m_over = false;
};

}  // namespace

std::string logPath(const LogRequest& request) {
    std::string path = podPath(request.space, request.pod, "log") + "tailLines=" + std::to_string(request.tailLines);
    if (!request.container.empty()) path += "&container=" + escaped(request.container);
    if (request.follow) path += "&follow=true";
    if (request.previous) path += "&previous=true";
    if (request.timestamps) path += "&timestamps=true";
    return path;
}

std::string execPath(const ExecRequest& request) {
    std::string path = podPath(request.space, request.pod, "exec") + "stdin=true&stdout=true&tty=true";
    if (!request.container.empty()) path += "&container=" + escaped(request.container);
    for (const std::string& word : request.command) path += "&command=" + escaped(word);
    return path;
}

Result<std::unique_ptr<ClientStreams>> ClientStreams::open(const client::KubeconfigEntry& entry,
                                                           const base::Clock& clock) {
    client::HttpClientOptions options;
    options.server = entry.server;
    options.authoritiesPem = entry.authorityPem;
    options.certificatePem = entry.clientCertificatePem;
    options.keyPem = entry.clientKeyPem;
    options.bearerToken = entry.token;
    return open(std::move(options), clock);
}

Result<std::unique_ptr<ClientStreams>> ClientStreams::open(client::HttpClientOptions options,
                                                           const base::Clock& clock) {
    auto line = std::make_shared<Line>();
    auto http = client::HttpClient::create(line->threads, std::move(options), clock);
    if (!http) return fail(std::move(http.error()));
    line->http = std::move(*http);
    return std::unique_ptr<ClientStreams>(new ClientStreams(std::move(line)));
}

std::unique_ptr<ByteStream> ClientStreams::logs(const LogRequest& request) {
    return std::make_unique<LogStream>(m_line, request);
}
std::unique_ptr<ByteStream> ClientStreams::exec(const ExecRequest& request) {
    return std::make_unique<ExecStream>(m_line, request);
}

}  // namespace qd::bridge
