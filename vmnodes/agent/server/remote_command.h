// One exec or attach session between a client that speaks WebSocket (v5.channel.k8s.io, or v4) and a runtime that is
// spoken to in SPDY/3.1 (v4.channel.k8s.io): what the API server's stream translator is upstream. SPDY can end one
// direction, which the runtime's own WebSocket cannot, so that standard input has an end.
//
// A pure state machine: messages and bytes go in, messages and bytes come out. Its caller lets one call happen at a
// time and sends what comes out in order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/http/message.h"
#include "vmnodes/agent/server/spdy_frames.h"

namespace qd::agent::server {

// Which streams a session has, as the query says: kubelet's names (input, output, error, tty) or the API's (stdin,
// ...).
struct SessionStreams {
    bool input = false;
    bool output = false;
    bool error = false;  // never with a terminal: what it shows is one stream
    bool tty = false;

    static SessionStreams of(const http::Query& query);
};

class RemoteCommand {
public:
    struct Step {
        std::string toRuntime;
        std::vector<std::string> toClient;  // a message each
        bool over = false;                  // both sides are to be closed when this has been sent
    };

    // closeSignals: whether the client speaks v5, in which the message (255, channel) ends a channel.
    RemoteCommand(SessionStreams streams, bool closeSignals);

    // Once, first.
    Step begin();
    Step fromClient(std::string_view message);
    Step fromRuntime(std::string_view bytes);
    // Asks the runtime for a sign of life: a session that it sees nothing of for hours is ended by it.
    Step ping();
    // The runtime's connection has ended, with or without a word.
    Step runtimeGone();
    // Bytes of the client that wait for the runtime to accept their stream.
    std::size_t waiting() const;

private:
    // Numbered as the WebSocket's channels.
    enum Channel : std::uint8_t { Input, Output, ErrorOutput, Status, Resize, kChannels };
    struct Stream {
        std::uint32_t id = 0;  // 0: not part of this session
        bool accepted = false;
        bool sentEnd = false;      // or was reset
        bool receivedEnd = false;  // or was reset
        std::string early;
        bool earlyEnd = false;
    };

    void open(Channel channel, std::string_view type, Step& step);
    void send(Stream& stream, std::string_view bytes, bool end, Step& step);
    std::optional<Channel> channelOf(std::uint32_t id) const;
    void received(const spdy::Data& data, Step& step);
    void received(const spdy::SynReply& reply, Step& step);
    void received(const spdy::RstStream& reset, Step& step);
    void ended(Stream& stream, Step& step);
    // Tells the client how it ended: in the runtime's words, or with `problem` as an internal error.
    void finish(std::string_view problem, Step& step);

    SessionStreams m_wish;
    bool m_closeSignals;
    spdy::FrameWriter m_writer;
    spdy::FrameReader m_reader;
    std::array<Stream, kChannels> m_streams;
    std::string m_status;  // what the runtime has written to the error stream
    std::uint32_t m_pings = 0;
    bool m_over = false;
};

}  // namespace qd::agent::server
