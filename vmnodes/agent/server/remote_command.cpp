#include "vmnodes/agent/server/remote_command.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace qd::agent::server {
namespace {

constexpr char kCloseSignal = '\xff';
constexpr std::size_t kMostStatus = 1024 * 1024;

bool flag(const http::Query& query, const char* kubelets, const char* apis) {
    return std::ranges::any_of(std::initializer_list<const char*>{kubelets, apis},
                               [&](const char* name) { return query.get(name) == "1" || query.get(name) == "true"; });
}

std::string success() {
    return R"({"metadata":{},"status":"Success"})";
}

// The Status that apimachinery's NewInternalError makes.
std::string internalError(std::string_view problem) {
    const std::string text(problem);
    return boost::json::serialize(boost::json::object{
        {"metadata", boost::json::object{}},
        {"status", "Failure"},
        {"message", "Internal error occurred: " + text},
        {"reason", "InternalError"},
        {"details", boost::json::object{{"causes", boost::json::array{boost::json::object{{"message", text}}}}}},
        {"code", 500}});
}

}  // namespace

SessionStreams SessionStreams::of(const http::Query& query) {
    SessionStreams streams;
    streams.tty = flag(query, "tty", "tty");
    streams.input = flag(query, "input", "stdin");
    streams.output = flag(query, "output", "stdout");
    streams.error = flag(query, "error", "stderr") && !streams.tty;
    return streams;
}

RemoteCommand::RemoteCommand(SessionStreams streams, bool closeSignals)
    : m_wish(streams), m_closeSignals(closeSignals) {}

RemoteCommand::Step RemoteCommand::begin() {
    Step step;
    // An empty message on the lowest channel tells the client that the session stands, as kubelet's does.
    step.toClient.emplace_back(1, static_cast<char>(m_wish.output ? Output : m_wish.error ? ErrorOutput : Status));
    open(Status, "error", step);
    if (m_wish.input) open(Input, "stdin", step);
    if (m_wish.output) open(Output, "stdout", step);
    if (m_wish.error) open(ErrorOutput, "stderr", step);
    if (m_wish.tty) open(Resize, "resize", step);
    return step;
}

void RemoteCommand::open(Channel channel, std::string_view type, Step& step) {
    const auto opened = std::ranges::count_if(m_streams, [](const Stream& one) { return one.id != 0; });
    m_streams[channel].id = static_cast<std::uint32_t>(2 * opened + 1);
    spdy::SynStream frame;
    frame.stream = m_streams[channel].id;
    frame.headers = {{"streamtype", std::string(type)}};
    step.toRuntime += m_writer.write(frame);
}

RemoteCommand::Step RemoteCommand::fromClient(std::string_view message) {
    Step step;
    if (m_over || message.empty()) return step;
    const bool end = m_closeSignals && message.front() == kCloseSignal;
    if (end && message.size() != 2) return step;
    const auto channel = static_cast<unsigned char>(message[end ? 1 : 0]);
    if (channel != Input && channel != Resize) return step;
    send(m_streams[channel], end ? std::string_view() : message.substr(1), end, step);
    return step;
}

void RemoteCommand::send(Stream& stream, std::string_view bytes, bool end, Step& step) {
    if (stream.id == 0 || stream.sentEnd) return;
    if (!stream.accepted) {  // the runtime would drop it
        if (stream.earlyEnd) return;
        stream.early += bytes;
        stream.earlyEnd = end;
        return;
    }
    if (bytes.empty() && !end) return;
    stream.sentEnd = end;
    step.toRuntime += m_writer.write(spdy::Data{stream.id, end, std::string(bytes)});
}

std::optional<RemoteCommand::Channel> RemoteCommand::channelOf(std::uint32_t id) const {
    const auto found = std::ranges::find(m_streams, id, &Stream::id);
    if (id == 0 || found == m_streams.end()) return std::nullopt;
    return static_cast<Channel>(found - m_streams.begin());
}

RemoteCommand::Step RemoteCommand::fromRuntime(std::string_view bytes) {
    Step step;
    if (m_over) return step;
    const auto frames = m_reader.feed(bytes);
    if (!frames) {
        finish(frames.error().message, step);
        return step;
    }
    for (const spdy::Frame& frame : *frames) {
        if (m_over) break;
        if (const auto* data = std::get_if<spdy::Data>(&frame)) {
            received(*data, step);
        } else if (const auto* reply = std::get_if<spdy::SynReply>(&frame)) {
            received(*reply, step);
        } else if (const auto* reset = std::get_if<spdy::RstStream>(&frame)) {
            received(*reset, step);
        } else if (const auto* ping = std::get_if<spdy::Ping>(&frame)) {
            if (ping->id % 2 == 0) step.toRuntime += m_writer.write(*ping);
        } else if (std::holds_alternative<spdy::GoAway>(frame)) {
            finish({}, step);
        }  // settings and windows say nothing here; the runtime opens no streams of its own
    }
    return step;
}

void RemoteCommand::received(const spdy::Data& data, Step& step) {
    const auto channel = channelOf(data.stream);
    if (!channel) return;
    if (*channel == Status) {
        m_status += data.bytes;
        if (m_status.size() > kMostStatus) return finish("the runtime's status is too long", step);
    } else if ((*channel == Output || *channel == ErrorOutput) && !data.bytes.empty()) {
        step.toClient.push_back(static_cast<char>(*channel) + data.bytes);
    }
    if (data.fin) ended(m_streams[*channel], step);
}

// Nothing more comes on this stream. The session is over when that holds for the status and for all output.
void RemoteCommand::ended(Stream& stream, Step& step) {
    stream.receivedEnd = true;
    for (const Channel channel : {Status, Output, ErrorOutput})
        if (m_streams[channel].id != 0 && !m_streams[channel].receivedEnd) return;
    finish({}, step);
}

void RemoteCommand::received(const spdy::SynReply& reply, Step& step) {
    const auto channel = channelOf(reply.stream);
    if (!channel) return;
    Stream& stream = m_streams[*channel];
    stream.accepted = true;
    send(stream, std::exchange(stream.early, {}), stream.earlyEnd, step);
    if (reply.fin) ended(stream, step);
}

void RemoteCommand::received(const spdy::RstStream& reset, Step& step) {
    const auto channel = channelOf(reset.stream);
    if (!channel) return;
    Stream& stream = m_streams[*channel];
    if (!stream.accepted) return finish("the runtime refused a stream of the session", step);
    stream.sentEnd = true;
    ended(stream, step);
}

RemoteCommand::Step RemoteCommand::ping() {
    Step step;
    if (!m_over) step.toRuntime = m_writer.write(spdy::Ping{2 * m_pings++ + 1});
    return step;
}

RemoteCommand::Step RemoteCommand::runtimeGone() {
    Step step;
    finish(m_status.empty() ? "the connection to the container runtime was lost" : "", step);
    return step;
}

void RemoteCommand::finish(std::string_view problem, Step& step) {
    if (std::exchange(m_over, true)) return;
    std::string status = !problem.empty() ? internalError(problem) : m_status.empty() ? success() : m_status;
    step.toClient.push_back(static_cast<char>(Status) + std::move(status));
    step.over = true;
}

std::size_t RemoteCommand::waiting() const {
    std::size_t sum = 0;
    for (const Stream& stream : m_streams) sum += stream.early.size();
    return sum;
}

}  // namespace qd::agent::server
