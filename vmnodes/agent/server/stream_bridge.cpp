#include "vmnodes/agent/server/stream_bridge.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "cluster/base/http/io.h"
#include "vmnodes/agent/server/stream_backend.h"

namespace qd::agent::server {
namespace {

constexpr std::size_t kMostQueued = 1024 * 1024;
constexpr char kStreamVersion[] = "X-Stream-Protocol-Version";
constexpr char kTunnel[] = "SPDY/3.1+";
constexpr char kRuntimeProtocol[] = "v4.channel.k8s.io";
constexpr char kCloseSignal = '\xff';  // v5: the channel in the second byte has ended

// The two ends of a session. What comes for an end that is not there yet waits for it.
class Joint {
public:
    std::shared_ptr<http::Channel> get(bool front) {
        const std::lock_guard lock(m_mutex);
        return m_ends[front].channel;
    }
    void set(bool front, std::shared_ptr<http::Channel> channel) {
        const std::lock_guard lock(m_mutex);
        One& end = m_ends[front];
        end.channel = std::move(channel);
        for (http::Bytes& message : std::exchange(end.early, {})) end.channel->send({std::move(message)});
        if (m_over) std::exchange(end.channel, nullptr)->close();
    }
    // One end has gone: the other one, now or when it comes, is closed.
    void finish(bool front) {
        const std::lock_guard lock(m_mutex);
        m_over = true;
        m_ends[front].channel.reset();
        if (const auto other = std::exchange(m_ends[!front].channel, nullptr)) other->close();
    }
    // Answers whether the end has more than enough to do.
    bool deliver(bool front, http::Bytes message) {
        const std::lock_guard lock(m_mutex);
        One& end = m_ends[front];
        if (!end.channel) {
            end.early.push_back(std::move(message));
            return false;
        }
        end.channel->send({std::move(message)});  // queues, and never calls back
        return end.channel->queued() > kMostQueued;
    }

private:
    struct One {
        std::shared_ptr<http::Channel> channel;
        http::Buffers early;
    };
    std::mutex m_mutex;
    One m_ends[2];        // guarded by m_mutex
    bool m_over = false;  // guarded by m_mutex
};

class End final : public http::ChannelHandler {
public:
    End(std::shared_ptr<Joint> joint, bool isFront, bool dropCloseSignals, std::shared_ptr<StreamBackend> toBegin,
        std::shared_ptr<End> other)
        : m_joint(std::move(joint)),
          m_isFront(isFront),
          m_dropCloseSignals(dropCloseSignals),
          m_toBegin(std::move(toBegin)),
          m_other(std::move(other)) {}
    ~End() override {
        if (m_toBegin) m_toBegin->close(1000, {});  // the client never came
    }

    void opened(std::shared_ptr<http::Channel> channel) override {
        m_joint->set(m_isFront, std::move(channel));
        if (m_toBegin) std::exchange(m_toBegin, nullptr)->begin(std::exchange(m_other, nullptr));
    }
    void received(std::string message, bool) override {
        if (m_dropCloseSignals && !message.empty() && message.front() == kCloseSignal) return;
        if (m_joint->deliver(!m_isFront, http::bytes(std::move(message))))
            if (const auto own = m_joint->get(m_isFront)) own->pauseReading();
    }
    void drained() override {
        if (const auto peer = m_joint->get(!m_isFront)) peer->resumeReading();
    }
    void closed(std::uint16_t, std::string_view) override { m_joint->finish(m_isFront); }

private:
    std::shared_ptr<Joint> m_joint;
    bool m_isFront;
    bool m_dropCloseSignals;
    std::shared_ptr<StreamBackend> m_toBegin;
    std::shared_ptr<End> m_other;
};

apiserver::Response refused(int code, const std::string& message) {
    apiserver::Response response;
    response.code = code;
    response.headers.set("Content-Type", "text/plain; charset=utf-8");
    response.body.push_back(http::bytes(message + "\n"));
    return response;
}

apiserver::Response joined(std::shared_ptr<StreamBackend> backend, apiserver::Upgrade upgrade, bool dropCloseSignals) {
    const auto joint = std::make_shared<Joint>();
    auto back = std::make_shared<End>(joint, false, false, nullptr, nullptr);
    upgrade.handler = std::make_shared<End>(joint, true, dropCloseSignals, backend, std::move(back));
    apiserver::Response response;
    response.code = 101;
    if (const std::string* version = backend->answer.find(kStreamVersion);
        version != nullptr && upgrade.protocol != "websocket")
        response.headers.set(kStreamVersion, *version);
    response.upgrade = std::move(upgrade);
    return response;
}

}  // namespace

StreamBridge::StreamBridge() : m_io(std::make_unique<http::IoThreads>("streams", 1)) {}
StreamBridge::~StreamBridge() = default;

apiserver::Response StreamBridge::open(const std::string& url, const apiserver::Request& request) {
    BackendRequest wish{url, {}};
    apiserver::Upgrade upgrade;
    if (apiserver::wantsUpgrade(request, "SPDY/3.1")) {
        for (const std::string_view version : request.headers.all(kStreamVersion))
            wish.headers.add(kStreamVersion, std::string(version));
        auto backend = openSpdyBackend(*m_io, wish);
        if (!backend) return refused(500, backend.error().message);
        upgrade.protocol = "SPDY/3.1";
        return joined(std::move(*backend), std::move(upgrade), false);
    }
    if (!apiserver::wantsUpgrade(request, "websocket")) return refused(400, "Upgrade request required");
    for (const std::string_view offered : apiserver::offeredSubprotocols(request)) {
        if (offered.starts_with(kTunnel)) {
            wish.headers.add(kStreamVersion, std::string(offered.substr(std::string_view(kTunnel).size())));
            auto backend = openSpdyBackend(*m_io, wish);
            if (!backend) return refused(500, backend.error().message);
            upgrade.subprotocol = std::string(offered);
            return joined(std::move(*backend), std::move(upgrade), false);
        }
        if (offered != "v5.channel.k8s.io" && offered != kRuntimeProtocol) continue;
        auto backend = openWebSocketBackend(*m_io, wish, kRuntimeProtocol);
        if (!backend) return refused(500, backend.error().message);
        upgrade.subprotocol = std::string(offered);
        return joined(std::move(*backend), std::move(upgrade), offered == "v5.channel.k8s.io");
    }
    return refused(400, "none of the offered subprotocols is known here");
}

}  // namespace qd::agent::server
