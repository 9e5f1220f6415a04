// A small HTTP/2 client for tests: nghttp2's client half over Qt's TLS, so that the server is not tested against
// itself.
#pragma once

#include <nghttp2/nghttp2.h>

#include <map>
#include <string>

#include "tests/cluster/apiserver/transport/server_fixture.h"

namespace qd::testing {

class Http2Client {
public:
    struct Answer {
        int code = 0;
        std::map<std::string, std::string> headers;
        std::string body;
        bool closed = false;
        std::uint32_t error = 0;
    };

    explicit Http2Client(const TestServer& server) : m_raw(server, "h2") {
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_header_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t nameSize,
                          const std::uint8_t* value, std::size_t valueSize, std::uint8_t, void* data) {
                Answer& answer = static_cast<Http2Client*>(data)->m_answers[frame->hd.stream_id];
                const std::string key(reinterpret_cast<const char*>(name), nameSize);
                const std::string text(reinterpret_cast<const char*>(value), valueSize);
                if (key == ":status") answer.code = std::stoi(text);
                answer.headers[key] = text;
                return 0;
            });
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
            callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size,
                          void* data) {
                static_cast<Http2Client*>(data)->m_answers[id].body.append(reinterpret_cast<const char*>(bytes), size);
                return 0;
            });
        nghttp2_session_callbacks_set_on_stream_close_callback(
            callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t error, void* data) {
                Answer& answer = static_cast<Http2Client*>(data)->m_answers[id];
                answer.closed = true;
                answer.error = error;
                return 0;
            });
        nghttp2_session_client_new(&m_session, callbacks, this);
        nghttp2_session_callbacks_del(callbacks);
        nghttp2_submit_settings(m_session, NGHTTP2_FLAG_NONE, nullptr, 0);
    }
    ~Http2Client() { nghttp2_session_del(m_session); }
    Http2Client(const Http2Client&) = delete;
    Http2Client& operator=(const Http2Client&) = delete;

    RawClient& raw() { return m_raw; }
    Answer& answer(std::int32_t id) { return m_answers[id]; }

    std::int32_t request(const std::string& method, const std::string& path, const std::string& body = {},
                         const std::map<std::string, std::string>& headers = {}) {
        std::vector<nghttp2_nv> fields;
        const auto add = [&](const std::string& name, const std::string& value) {
            fields.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                              reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                              value.size(), NGHTTP2_NV_FLAG_NONE});
        };
        const std::string names[] = {":method", ":path", ":scheme", ":authority"};
        const std::string https = "https";
        const std::string host = "localhost";
        add(names[0], method);
        add(names[1], path);
        add(names[2], https);
        add(names[3], host);
        for (const auto& [name, value] : headers) add(name, value);
        nghttp2_data_provider provider{};
        provider.source.ptr = this;
        provider.read_callback = [](nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t room,
                                    std::uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
            std::string& left = static_cast<Http2Client*>(source->ptr)->m_bodies[id];
            const std::size_t size = std::min(room, left.size());
            std::copy_n(left.data(), size, reinterpret_cast<char*>(out));
            left.erase(0, size);
            if (left.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
            return static_cast<ssize_t>(size);
        };
        const std::int32_t id = nghttp2_submit_request(m_session, nullptr, fields.data(), fields.size(),
                                                       body.empty() ? nullptr : &provider, nullptr);
        m_bodies[id] = body;
        return id;
    }
    void cancel(std::int32_t id) { nghttp2_submit_rst_stream(m_session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL); }

    void flush() {
        QByteArray out;
        const std::uint8_t* data = nullptr;
        while (const auto size = nghttp2_session_mem_send(m_session, &data)) {
            if (size < 0) return;
            out.append(reinterpret_cast<const char*>(data), size);
        }
        if (!out.isEmpty()) m_raw.send(out);
    }
    // Talks until the condition holds; false when nothing comes any more.
    template <typename F>
    bool until(F condition) {
        for (;;) {
            flush();
            if (condition()) return true;
            QSslSocket& socket = m_raw.socket();
            if (socket.bytesAvailable() == 0 && !socket.waitForReadyRead(RawClient::kPatience)) return false;
            const QByteArray data = socket.readAll();
            if (nghttp2_session_mem_recv(m_session, reinterpret_cast<const std::uint8_t*>(data.data()),
                                         static_cast<std::size_t>(data.size())) < 0) {
                return false;
            }
        }
    }
    bool untilClosed(std::int32_t id) {
        return until([&] { return m_answers[id].closed; });
    }

private:
    RawClient m_raw;
    nghttp2_session* m_session = nullptr;
    std::map<std::int32_t, Answer> m_answers;
    std::map<std::int32_t, std::string> m_bodies;
};

}  // namespace qd::testing
