#include "vmnodes/agent/probes/http_get.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <optional>

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

base::Failure failed(const beast::error_code& error, const HttpRequest& request) {
    if (error == beast::error::timeout)
        return fail(Reason::Timeout, "context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
    return fail(Reason::InternalError,
                "dial tcp " + request.address + ":" + std::to_string(request.port) + ": " + error.message());
}

template <typename Stream>
Result<HttpAnswer> exchange(asio::io_context& context, Stream& stream, const HttpRequest& wish) {
    http::request<http::empty_body> request(http::verb::get, wish.path.empty() ? "/" : wish.path, 11);
    request.set(http::field::host, wish.address + ":" + std::to_string(wish.port));
    request.set(http::field::user_agent, wish.userAgent);
    request.set(http::field::accept, "*/*");
    request.set(http::field::connection, "close");
    for (const auto& [name, value] : wish.headers) request.set(name, value);
    if (auto error = step(context, [&](auto done) { http::async_write(stream, request, std::move(done)); }); error)
        return failed(error, wish);
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kMostBody);
    const auto error = step(context, [&](auto done) { http::async_read(stream, buffer, parser, std::move(done)); });
    // A longer body than we keep is no failure once the head is there.
    if (error && !(parser.is_header_done() && error != beast::error::timeout)) return failed(error, wish);
    return HttpAnswer{static_cast<int>(parser.get().result_int()), parser.get().body(),
                      std::string(parser.get()[http::field::location])};
}

Result<HttpAnswer> get(const HttpRequest& wish, base::Duration limit) {
    asio::io_context context(1);
    tcp::resolver resolver(context);
    beast::error_code error;
    const auto endpoints = resolver.resolve(wish.address, std::to_string(wish.port), error);
    if (error) return failed(error, wish);
    if (!wish.tls) {
        beast::tcp_stream stream(context);
        stream.expires_after(limit);
        error = step(context, [&](auto done) { stream.async_connect(endpoints, std::move(done)); });
        if (error) return failed(error, wish);
        return exchange(context, stream, wish);
    }
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.set_verify_mode(asio::ssl::verify_none);
    beast::ssl_stream<beast::tcp_stream> stream(context, tls);
    beast::get_lowest_layer(stream).expires_after(limit);
    error =
        step(context, [&](auto done) { beast::get_lowest_layer(stream).async_connect(endpoints, std::move(done)); });
    if (!error)
        error =
            step(context, [&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, std::move(done)); });
    if (error) return failed(error, wish);
    return exchange(context, stream, wish);
}

}  // namespace

Result<HttpAnswer> httpGet(const HttpRequest& request, base::Duration limit) {
    try {
        return get(request, limit);
    } catch (const std::exception& problem) {
        return fail(Reason::InternalError, problem.what());
    }
}

Result<void> tcpConnect(const std::string& address, int port, base::Duration limit) {
    try {
        asio::io_context context(1);
        tcp::resolver resolver(context);
        beast::error_code error;
        const auto endpoints = resolver.resolve(address, std::to_string(port), error);
        beast::tcp_stream stream(context);
        stream.expires_after(limit);
        if (!error) error = step(context, [&](auto done) { stream.async_connect(endpoints, std::move(done)); });
        if (!error) return {};
        const std::string target = "dial tcp " + address + ":" + std::to_string(port) + ": ";
        if (error == beast::error::timeout) return fail(Reason::Timeout, target + "i/o timeout");
        if (error == asio::error::connection_refused)
            return fail(Reason::InternalError, target + "connect: connection refused");
        return fail(Reason::InternalError, target + error.message());
    } catch (const std::exception& problem) {
        return fail(Reason::InternalError, problem.what());
    }
}

}  // namespace qd::agent::probes
