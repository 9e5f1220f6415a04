#include "vmnodes/agent/probes/http_get.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <algorithm>
#include <cctype>

namespace qd::agent::probes {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr std::size_t kMostBody = 10 * 1024;

// Runs one asynchronous step and waits for it until the deadline of the stream ends it.
template <typename Start>
beast::error_code step(asio::io_context& context, Start start) {
    beast::error_code result = asio::error::operation_aborted;
    start([&result](beast::error_code error, auto&&...) { result = error; });
    context.restart();
    context.run();
    return result;
}

constexpr char kDeadline[] = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
constexpr char kBroken[] = "net/http: HTTP/1.x transport connection broken: ";

// Go's net.OpError, as kubelet puts it into Events. The C library's words are Go's but for the first letter.
std::string problem(const char* operation, const std::string& ends, const char* call, const beast::error_code& error) {
    std::string words = error.message();
    if (!words.empty()) words.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(words.front())));
    return std::string(operation) + " tcp " + ends + ": " + call + ": " + words;
}

std::string joined(const std::string& address, int port) {
    return (address.find(':') == std::string::npos ? address : "[" + address + "]") + ":" + std::to_string(port);
}

// The connection could not be made. `waited` is what Go says when the time was over.
base::Failure notDialed(const std::string& address, int port, const beast::error_code& error, std::string waited) {
    if (error == beast::error::timeout) return fail(Reason::Timeout, std::move(waited));
    if (error.category() != boost::system::system_category())
        return fail(Reason::InternalError, "dial tcp: lookup " + address + ": no such host");
    return fail(Reason::InternalError, problem("dial", joined(address, port), "connect", error));
}

bool answeredInPlainText(const beast::error_code& error) {
    return error.category() == asio::error::get_ssl_category() &&
           ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_WRONG_VERSION_NUMBER;
}

// The exchange on a connection broke. `call` is read or write.
base::Failure broken(const char* call, const std::string& ends, const beast::error_code& error) {
    if (error == beast::error::timeout) return fail(Reason::Timeout, kDeadline);
    if (error == http::error::end_of_stream || error == asio::error::eof || error == asio::ssl::error::stream_truncated)
        return fail(Reason::InternalError, "EOF");
    if (error == http::error::partial_message)
        return fail(Reason::InternalError, kBroken + std::string("unexpected EOF"));
    if (answeredInPlainText(error))
        return fail(Reason::InternalError, "http: server gave HTTP response to HTTPS client");
    if (error.category() != boost::system::system_category()) return fail(Reason::InternalError, error.message());
    return fail(Reason::InternalError, problem(call, ends, call, error));
}

// What came is no HTTP.
base::Failure malformed(const beast::flat_buffer& received) {
    std::string line = beast::buffers_to_string(received.data());
    line.resize(std::min(line.find_first_of("\r\n"), line.size()));
    return fail(Reason::InternalError, kBroken + ("malformed HTTP response \"" + line + "\""));
}

// Both ends of a connection, as Go names them.
std::string endsOf(const tcp::socket& socket) {
    const auto text = [](const tcp::endpoint& end) { return joined(end.address().to_string(), end.port()); };
    beast::error_code ignored;
    return text(socket.local_endpoint(ignored)) + "->" + text(socket.remote_endpoint(ignored));
}

template <typename Stream>
Result<HttpAnswer> exchange(asio::io_context& context, Stream& stream, const HttpRequest& wish,
                            const std::string& ends) {
    http::request<http::empty_body> request(http::verb::get, wish.path.empty() ? "/" : wish.path, 11);
    request.set(http::field::host, joined(wish.address, wish.port));
    request.set(http::field::user_agent, wish.userAgent);
    request.set(http::field::accept, "*/*");
    request.set(http::field::connection, "close");
    for (const auto& [name, value] : wish.headers) request.set(name, value);
    if (auto error = step(context, [&](auto done) { http::async_write(stream, request, std::move(done)); }); error)
        return broken("write", ends, error);
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kMostBody);
    const auto error = step(context, [&](auto done) { http::async_read(stream, buffer, parser, std::move(done)); });
    // A longer body than we keep is no failure once the head is there.
    if (!error || (parser.is_header_done() && error != beast::error::timeout))
        return HttpAnswer{static_cast<int>(parser.get().result_int()), parser.get().body(),
                          std::string(parser.get()[http::field::location])};
    const bool ofHttp = error.category() == beast::error_code(http::error::bad_version).category();
    if (ofHttp && error != http::error::end_of_stream && error != http::error::partial_message)
        return malformed(buffer);
    return broken("read", ends, error);
}

// Resolves and connects.
beast::error_code connect(asio::io_context& context, beast::tcp_stream& stream, const std::string& address, int port,
                          base::Duration limit) {
    beast::error_code error;
    const auto endpoints = tcp::resolver(context).resolve(address, std::to_string(port), error);
    if (error) return error;
    stream.expires_after(limit);
    return step(context, [&](auto done) { stream.async_connect(endpoints, std::move(done)); });
}

Result<HttpAnswer> get(const HttpRequest& wish, base::Duration limit) {
    asio::io_context context(1);
    if (!wish.tls) {
        beast::tcp_stream stream(context);
        if (const auto error = connect(context, stream, wish.address, wish.port, limit))
            return notDialed(wish.address, wish.port, error, kDeadline);
        return exchange(context, stream, wish, endsOf(stream.socket()));
    }
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.set_verify_mode(asio::ssl::verify_none);
    beast::ssl_stream<beast::tcp_stream> stream(context, tls);
    beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
    if (const auto error = connect(context, lowest, wish.address, wish.port, limit))
        return notDialed(wish.address, wish.port, error, kDeadline);
    const std::string ends = endsOf(lowest.socket());
    if (const auto error =
            step(context, [&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, std::move(done)); }))
        return broken("read", ends, error);
    return exchange(context, stream, wish, ends);
}

}  // namespace

Result<HttpAnswer> httpGet(const HttpRequest& request, base::Duration limit) {
    const std::string what = "Get \"" + std::string(request.tls ? "https://" : "http://") +
                             joined(request.address, request.port) + request.path + "\": ";
    try {
        auto answer = get(request, limit);
        if (!answer) return fail(answer.error().reason, what + answer.error().message);
        return answer;
    } catch (const std::exception& problem) {
        return fail(Reason::InternalError, what + problem.what());
    }
}

Result<void> tcpConnect(const std::string& address, int port, base::Duration limit) {
    try {
        asio::io_context context(1);
        beast::tcp_stream stream(context);
        if (const auto error = connect(context, stream, address, port, limit))
            return notDialed(address, port, error, "dial tcp " + joined(address, port) + ": i/o timeout");
        return {};
    } catch (const std::exception& problem) {
        return fail(Reason::InternalError, problem.what());
    }
}

}  // namespace qd::agent::probes
