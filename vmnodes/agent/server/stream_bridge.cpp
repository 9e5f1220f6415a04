#include "vmnodes/agent/server/stream_bridge.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "cluster/base/http/io.h"
#include "vmnodes/agent/server/remote_command.h"
#include "vmnodes/agent/server/stream_backend.h"

namespace qd::agent::server {
namespace {

constexpr std::size_t kMostQueued = 1024 * 1024;
constexpr char kStreamVersion[] = "X-Stream-Protocol-Version";
constexpr char kTunnel[] = "SPDY/3.1+";
constexpr char kRuntimeProtocol[] = "v4.channel.k8s.io";
constexpr char kWithCloseSignals[] = "v5.channel.k8s.io";

// The two ends of a session, and between them either nothing, so that messages pass as they are, or a command that
// translates. What comes for an end that is not there yet waits for it.
class Joint {
public:
    explicit Joint(std::unique_ptr<RemoteCommand> command) : m_command(std::move(command)) {
        if (m_command) carryOut(m_command->begin());
    }

    std::shared_ptr<http::Channel> get(bool front) {
        const std::lock_guard lock(m_mutex);
        return m_ends[front].channel;
    }
    void set(bool front, std::shared_ptr<http::Channel> channel) {
        const std::lock_guard lock(m_mutex);
        One& end = m_ends[front];
        end.channel = std::move(channel);
        for (http::Bytes& message : std::exchange(end.early, {})) end.channel->send({std::move(message)});
        if (m_over) closeBoth();
    }
    // One end has gone: the other one, now or when it comes, is closed.
    void finish(bool front) {
        const std::lock_guard lock(m_mutex);
        if (!front && m_command && !m_over) carryOut(m_command->runtimeGone());
        m_over = true;
        m_ends[front].channel.reset();
        closeBoth();
    }
    void keepAlive() {
        const std::lock_guard lock(m_mutex);
        if (m_command && !m_over) carryOut(m_command->ping());
    }
    // Passes on what the front, or the back, has sent. Answers whether there is more than enough of it on its way.
    bool pass(bool fromFront, std::string message) {
        const std::lock_guard lock(m_mutex);
        if (m_over) return false;
        if (m_command)
            carryOut(fromFront ? m_command->fromClient(message) : m_command->fromRuntime(message));
        else
            deliver(!fromFront, std::move(message));
        return onItsWay(!fromFront) > kMostQueued;
    }
    // Whether something is on its way to the end, which will tell when it has gone.
    bool isBusy(bool front) {
        const std::lock_guard lock(m_mutex);
        return onItsWay(front) > 0;
    }

private:
    struct One {
        std::shared_ptr<http::Channel> channel;
        http::Buffers early;
    };
    std::size_t onItsWay(bool toFront) const {
        const One& to = m_ends[toFront];
        const std::size_t waiting = m_command && !toFront ? m_command->waiting() : 0;
        return waiting + (to.channel ? to.channel->queued() : 0);
    }
    // Channels queue, and never call back: the lock may be held.
    void deliver(bool front, std::string message) {
        One& end = m_ends[front];
        if (end.channel)
            end.channel->send({http::bytes(std::move(message))});
        else
            end.early.push_back(http::bytes(std::move(message)));
    }
    void carryOut(RemoteCommand::Step step) {
        if (!step.toRuntime.empty()) deliver(false, std::move(step.toRuntime));
        for (std::string& message : step.toClient) deliver(true, std::move(message));
        if (!step.over) return;
        m_over = true;
        closeBoth();
    }
    void closeBoth() {
        for (One& end : m_ends)
            if (const auto channel = std::exchange(end.channel, nullptr)) channel->close();
    }

    std::mutex m_mutex;
    const std::unique_ptr<RemoteCommand> m_command;  // guarded by m_mutex; may be null
    One m_ends[2];                                   // guarded by m_mutex
    bool m_over = false;                             // guarded by m_mutex
};

class End final : public http::ChannelHandler {
public:
    End(std::shared_ptr<Joint> joint, bool isFront, std::shared_ptr<StreamBackend> toBegin, std::shared_ptr<End> other)
        : m_joint(std::move(joint)), m_isFront(isFront), m_toBegin(std::move(toBegin)), m_other(std::move(other)) {}
    ~End() override {
        if (m_toBegin) m_toBegin->close(1000, {});  // the client never came
    }

    void opened(std::shared_ptr<http::Channel> channel) override {
        m_joint->set(m_isFront, std::move(channel));
        if (m_toBegin) std::exchange(m_toBegin, nullptr)->begin(std::exchange(m_other, nullptr));
    }
    void received(std::string message, bool) override {
        if (!m_joint->pass(m_isFront, std::move(message))) return;
        const auto own = m_joint->get(m_isFront);
        if (!own) return;
        own->pauseReading();
        // The other end may have sent everything meanwhile, and told so before this one paused.
        if (!m_joint->isBusy(!m_isFront)) own->resumeReading();
    }
    void drained() override {
        if (const auto peer = m_joint->get(!m_isFront)) peer->resumeReading();
    }
    void closed(std::uint16_t, std::string_view) override { m_joint->finish(m_isFront); }

private:
    std::shared_ptr<Joint> m_joint;
    bool m_isFront;
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

apiserver::Response joined(std::shared_ptr<StreamBackend> backend, apiserver::Upgrade upgrade,
                           std::unique_ptr<RemoteCommand> command, base::Duration keepAlive) {
    const bool translated = command != nullptr;
    const auto joint = std::make_shared<Joint>(std::move(command));
    if (translated)
        backend->setTick(keepAlive, [weak = std::weak_ptr(joint)] {
            if (const auto session = weak.lock()) session->keepAlive();
        });
    auto back = std::make_shared<End>(joint, false, nullptr, nullptr);
    upgrade.handler = std::make_shared<End>(joint, true, backend, std::move(back));
    apiserver::Response response;
    response.code = 101;
    if (const std::string* version = backend->answer.find(kStreamVersion);
        version != nullptr && upgrade.protocol != "websocket")
        response.headers.set(kStreamVersion, *version);
    response.upgrade = std::move(upgrade);
    return response;
}

// What the client and the bridge have agreed on.
struct Agreement {
    apiserver::Upgrade upgrade;
    std::vector<std::string> versions;       // offered to the runtime
    std::unique_ptr<RemoteCommand> command;  // null: bytes pass as they are
};

Result<Agreement> agree(const apiserver::Request& request) {
    Agreement agreement;
    if (apiserver::wantsUpgrade(request, "SPDY/3.1")) {
        agreement.upgrade.protocol = "SPDY/3.1";
        for (const std::string_view version : request.headers.all(kStreamVersion))
            agreement.versions.emplace_back(version);
        return agreement;
    }
    if (!apiserver::wantsUpgrade(request, "websocket")) return fail(Reason::BadRequest, "Upgrade request required");
    for (const std::string_view offered : apiserver::offeredSubprotocols(request)) {
        agreement.upgrade.subprotocol = offered;
        if (offered.starts_with(kTunnel)) {
            agreement.versions.emplace_back(offered.substr(std::string_view(kTunnel).size()));
            return agreement;
        }
        if (offered != kWithCloseSignals && offered != kRuntimeProtocol) continue;
        agreement.versions.emplace_back(kRuntimeProtocol);
        agreement.command =
            std::make_unique<RemoteCommand>(SessionStreams::of(request.query), offered == kWithCloseSignals);
        return agreement;
    }
    return fail(Reason::BadRequest, "none of the offered subprotocols is known here");
}

}  // namespace

StreamBridge::StreamBridge(base::Duration keepAlive)
    : m_keepAlive(keepAlive), m_io(std::make_unique<http::IoThreads>("streams", 1)) {}
StreamBridge::~StreamBridge() = default;

apiserver::Response StreamBridge::open(const std::string& url, const apiserver::Request& request) {
    auto agreement = agree(request);
    if (!agreement) return refused(400, agreement.error().message);
    BackendRequest wish{url, {}};
    for (std::string& version : agreement->versions) wish.headers.add(kStreamVersion, std::move(version));
    auto backend = openSpdyBackend(*m_io, wish);
    if (!backend) return refused(500, backend.error().message);
    return joined(std::move(*backend), std::move(agreement->upgrade), std::move(agreement->command), m_keepAlive);
}

}  // namespace qd::agent::server
