// HTTP/2 on one connection, by nghttp2: client-go's usual transport, with all of a program's watches on one connection.
// Handlers of different streams run concurrently; nghttp2 itself is touched on the connection's strand only. Private to
// the transport.
#pragma once

#include <nghttp2/nghttp2.h>

#include <map>

#include "cluster/apiserver/transport/connection.h"

namespace qd::apiserver {

class Http2Session final : public Session, public std::enable_shared_from_this<Http2Session> {
public:
    explicit Http2Session(std::shared_ptr<Connection> connection) : m_connection(std::move(connection)) {}

    void start() override;
    void drain() override;
    void closed() override;

private:
    struct Stream {
        Request request;
        std::string target;
        std::size_t headerSize = 0;
        bool dispatched = false;  // given to the handler, or refused
        // The body that is being sent: buffers, then the source.
        Buffers body;
        std::size_t index = 0;
        std::size_t offset = 0;
        std::unique_ptr<BodySource> source;
        BodySource::State sourceState = BodySource::State::More;
        bool resetAfter = false;  // the rest of the request's body is not wanted
    };
    struct SessionFree {
        void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
    };

    // Reading
    void readMore();
    void received(std::string_view data);
    void headerArrived(Stream& stream, std::string_view name, std::string_view value);
    void bodyArrived(std::int32_t id, Stream& stream, std::string_view data);
    void requestComplete(std::int32_t id);
    void dispatchReady();

    // Responding
    void respond(std::int32_t id, Response response);
    void waitAtGate(std::int32_t id, Response response);
    void submit(std::int32_t id, Stream& stream, Response response);
    ssize_t fill(std::int32_t id, Stream& stream, std::uint8_t* out, std::size_t room, std::uint32_t* flags);
    bool pullSource(Stream& stream);
    void wake(std::int32_t id);
    void reset(std::int32_t id, std::uint32_t code);
    void flush();
    void updateDeadline();

    Stream* find(std::int32_t id);
    void makeCallbacks(nghttp2_session_callbacks* callbacks);

    const std::shared_ptr<Connection> m_connection;
    std::unique_ptr<nghttp2_session, SessionFree> m_session;
    std::map<std::int32_t, Stream> m_streams;
    std::vector<std::int32_t> m_ready;
    bool m_writing = false;
    bool m_receiving = false;
    bool m_draining = false;
    bool m_closed = false;
};

}  // namespace qd::apiserver
