#include "cluster/control_plane/usage/pod_requests.h"

#include <fmt/format.h>

#include <future>
#include <semaphore>

#include "cluster/api/meta/ip.h"
#include "cluster/apiserver/status.h"

namespace qd::control_plane {
namespace {

using apiserver::BodySource;
using apiserver::Response;

constexpr base::Duration kPatience = std::chrono::seconds(5);
constexpr std::size_t kMostBytes = 8 * 1024 * 1024;

bool mayBeAsked(const std::string& text) {
    const auto address = api::IpAddress::parse(text);
    return address && !address->isUnspecified() && !address->isLoopback() && !address->isLinkLocalUnicast() &&
           !address->isLinkLocalMulticast();
}

base::Failure tookTooLong() {
    return fail(Reason::Timeout, "context deadline exceeded");
}

// The other server's answer, once its head has come.
Result<Response> headOf(Response response, base::Duration within) {
    auto promise = std::make_shared<std::promise<std::unique_ptr<Response>>>();
    auto answered = promise->get_future();
    apiserver::Gate gate = std::exchange(response.gate, nullptr);
    gate([promise = std::move(promise)](std::unique_ptr<Response> other) { promise->set_value(std::move(other)); });
    if (answered.wait_for(within) != std::future_status::ready) return tookTooLong();
    try {
        auto other = answered.get();
        return other ? std::move(*other) : std::move(response);
    } catch (const std::future_error&) {  // the forwarder was stopped
        return fail(Reason::ServiceUnavailable, "the control plane is stopping");
    }
}

Result<std::string> bodyOf(Response response, base::SteadyTime until, const base::Clock& clock) {
    std::string body;
    for (const auto& piece : response.body) body += *piece;
    if (!response.stream) return body;
    auto awake = std::make_shared<std::counting_semaphore<>>(0);
    response.stream->start([awake] { awake->release(); });
    for (;;) {
        apiserver::Buffers pieces;
        const BodySource::State state = response.stream->next(pieces);
        for (const auto& piece : pieces) body += *piece;
        if (body.size() > kMostBytes) return fail(Reason::RequestEntityTooLarge, "the answer is longer than 8 MiB");
        if (state == BodySource::State::End) return body;
        if (state == BodySource::State::Abort) return fail(Reason::ServiceUnavailable, "the answer broke off");
        if (clock.steady() > until) return tookTooLong();
        if (state == BodySource::State::Waiting && !awake->try_acquire_for(until - clock.steady()))
            return tookTooLong();
    }
}

}  // namespace

Result<std::string> PodRequests::get(const ScrapeTarget& target) const {
    if (!mayBeAsked(target.address)) return fail(Reason::BadRequest, "address not allowed");
    const base::SteadyTime until = m_clock.steady() + kPatience;
    apiserver::Request asking;
    asking.headers = {{"Host", fmt::format("{}:{}", target.address, target.port)},
                      {"User-Agent", "quarterdeck"},
                      {"Accept", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}};
    asking.remoteAddress = "127.0.0.1";
    apiserver::ForwardRequest request;
    request.address = target.address;
    request.port = target.port;
    request.security =
        target.tls ? apiserver::ForwardRequest::Security::UnverifiedTls : apiserver::ForwardRequest::Security::Plain;
    request.target = target.path;
    const auto unreachable = std::make_shared<std::string>();  // why; empty while it is not
    request.unreachable = [unreachable](const std::string& why) {
        *unreachable = why;
        return apiserver::errorResponse({Reason::ServiceUnavailable, why});
    };
    auto response = headOf(m_forwarder.forward(asking, std::move(request)), kPatience);
    if (!response) return fail(std::move(response.error()));
    if (!unreachable->empty()) return fail(Reason::ServiceUnavailable, *unreachable);
    const int code = response->code;
    auto body = bodyOf(std::move(*response), until, m_clock);
    if (body && code != 200)
        return fail(Reason::ServiceUnavailable, fmt::format("server returned HTTP status {}", code));
    return body;
}

}  // namespace qd::control_plane
