// HTTP/1.0 and 1.1 on one connection: requests one after another, pipelined ones wait. Private to the transport.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>

#include "cluster/apiserver/transport/connection.h"

namespace qd::apiserver {

class Http1Session final : public Session, public std::enable_shared_from_this<Http1Session> {
public:
    explicit Http1Session(std::shared_ptr<Connection> connection) : m_connection(std::move(connection)) {}

    void start() override;
    void drain() override;
    void closed() override;

private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
    enum class Phase : std::uint8_t {
        Reading,     // waiting for a request or in the middle of one
        Responding,  // from the handler's call to the last byte of its response
        Discarding,  // the response has been sent; what the peer still sends of a refused body is thrown away
        Closed,
    };

    // Reading
    void readMore();
    void received(std::string_view data);
    void parse();
    bool headArrived();
    void refuse(int code, const std::string& text);
    void dispatch(bool bodyTooLarge);

    // Responding
    void respond(Response response);
    void waitAtGate(Response response);
    void send(Response response);
    std::string headOf(const Response& response, bool withBody) const;
    void upgrade(Response response);
    void pumpStream();
    void streamSent(bool good);
    void responseSent(bool good);

    const std::shared_ptr<Connection> m_connection;
    std::string m_in;
    std::optional<Parser> m_parser;
    Phase m_phase = Phase::Reading;
    bool m_readPending = false;
    bool m_peerGone = false;
    bool m_keepAlive = true;
    bool m_draining = false;

    // About the request that is being answered.
    bool m_isHead = false;
    bool m_http10 = false;
    bool m_gzip = false;
    bool m_wantsUpgrade = false;
    base::Duration m_discardAfter{};  // how long to read on after the answer; zero: not at all
    std::string m_upgradeHead;  // request line and headers again, for the WebSocket handshake
    std::size_t m_discarded = 0;

    std::unique_ptr<BodySource> m_source;
    BodySource::State m_sourceState = BodySource::State::More;
    bool m_sourceWoken = false;
    bool m_sourceWriting = false;
    std::weak_ptr<http::Channel> m_channel;
};

}  // namespace qd::apiserver
